#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pack the keeper: the runtime, the keeper program and its start block, as the
constant tables from which src/monitor/keeper.c builds the first box.

usage: keeper_pack.py RUNTIME KEEPER OUT.S OUT.c

The same inputs give the same bytes.  Layouts: src/base/start.h and contents.h,
System V ABI (ELF-64 program headers), POSIX ustar.
"""
import io
import struct
import sys
import tarfile

PAGE = 4096
RUNTIME_VA, START_VA, FILES_VA = 0x600000000000, 0x610000000000, 0x620000000000
STACK_VA, STACK_PAGES = 0x630000000000, 16
START_MAGIC, START_VERSION, START_KEEPER = 0x5452415453584243, 6, 1
START = '<QIIQQQQQQQQQQQQQQQQ'
MEMORY_PAGES = 1024  # the program's own, out of the reserve
SLACK_PAGES = 96     # page tables, threads
PATH = '/keeper'


def pages(size):
    return (size + PAGE - 1) // PAGE


def segments(elf):
    """(address, bytes, pages, rights) of each PT_LOAD, page aligned, and the
    entry point."""
    if elf[:6] != b'\x7fELF\x02\x01':
        sys.exit('keeper_pack: the runtime is no 64-bit little-endian ELF file')
    entry, phoff = struct.unpack_from('<QQ', elf, 24)
    phentsize, phnum = struct.unpack_from('<HH', elf, 54)
    found = []
    for i in range(phnum):
        kind, flags, offset, va, _, filesz, memsz = struct.unpack_from(
            '<IIQQQQQ', elf, phoff + i * phentsize)
        if kind != 1 or memsz == 0:
            continue
        lead = va % PAGE
        rights = (flags & 4) >> 2 | (flags & 2) | (flags & 1) << 2
        data = b'\0' * lead + elf[offset:offset + filesz]
        found.append((va - lead, data, pages(lead + memsz), rights))
    return found, entry


def archive(program):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(PATH.lstrip('/'))
        info.size, info.mode = len(program), 0o755
        tar.addfile(info, io.BytesIO(program))
    return out.getvalue()


def contents(archive_bytes):
    """The list of an archive of files, directories above them made up."""
    members, strings, numbers = [], b'', {'': 0}

    def add(path, mode, offset=0, size=0):
        nonlocal strings
        above, _, name = path.rpartition('/')
        if above not in numbers:
            add(above, 0o040755)
        members.append(struct.pack('<QQIIII', offset, size, numbers[above], len(strings), mode,
                                   len(name)))
        strings += name.encode() + b'\0'
        numbers[path] = len(members)

    with tarfile.open(fileobj=io.BytesIO(archive_bytes)) as tar:
        for info in tar:
            add(info.name, 0o100000 | info.mode, info.offset_data, info.size)
    return struct.pack('<QQQQ', len(members), len(strings), 0, 0) + b''.join(members) + strings


def with_list(archive_bytes):
    """An archive and its list, and what the start block says of them."""
    listed = contents(archive_bytes)
    gap = bytes(pages(len(archive_bytes)) * PAGE - len(archive_bytes))
    return archive_bytes + gap + listed, (len(archive_bytes), len(listed))


def start_block(sizes):
    head = struct.calcsize(START)
    strings = b''

    def add(text):
        nonlocal strings
        at = head + len(strings)
        strings += text.encode() + b'\0'
        return at

    argv, path, cwd = add('keeper'), add(PATH), add('/')
    files_bytes, list_bytes = sizes
    return struct.pack(START, START_MAGIC, START_VERSION, START_KEEPER,
                       head + len(strings), MEMORY_PAGES, files_bytes, 1, argv, 0, head, path,
                       cwd, 0, 0, 0, head, 0, list_bytes, 0) + strings


def main():
    runtime, keeper, out_s, out_c = sys.argv[1:]
    with open(runtime, 'rb') as f:
        loads, entry = segments(f.read())
    with open(keeper, 'rb') as f:
        files, sizes = with_list(archive(f.read()))
    start = start_block(sizes)
    parts = loads + [(START_VA, start, pages(len(start)), 1),
                     (FILES_VA, files, pages(len(files)), 1),
                     (STACK_VA, b'', STACK_PAGES, 3)]
    with open(out_s, 'w', encoding='ascii') as f:
        f.write('.section .rodata\n.balign 16\n')
        for i, (_, data, _, _) in enumerate(parts):
            f.write(f'.globl cbx_keeper_part{i}\n.hidden cbx_keeper_part{i}\n'
                    f'cbx_keeper_part{i}:\n')
            for at in range(0, len(data), 16):
                f.write('.byte ' + ','.join(str(b) for b in data[at:at + 16]) + '\n')
        f.write('.section .note.GNU-stack,"",@progbits\n')
    with open(out_c, 'w', encoding='ascii') as f:
        f.write('#include <monitor/keeper.h>\n\n')
        for i in range(len(parts)):
            f.write(f'extern const uint8_t cbx_keeper_part{i}[];\n')
        f.write('\nstatic const struct cbx_keeper_part parts[] = {\n')
        for i, (va, data, count, rights) in enumerate(parts):
            f.write(f'\t{{ {{ {va:#x} }}, cbx_keeper_part{i}, {len(data)}, {count}, '
                    f'{{ {rights} }} }},\n')
        f.write('};\n\nconst struct cbx_keeper_image cbx_keeper_image = {\n'
                f'\tparts, {len(parts)}, {MEMORY_PAGES + SLACK_PAGES}, {entry:#x},\n'
                f'\t{STACK_VA + STACK_PAGES * PAGE:#x}, {START_VA:#x}\n}};\n')


if __name__ == '__main__':
    main()
