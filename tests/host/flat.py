# SPDX-License-Identifier: Apache-2.0
"""Make a linked kernel the image that the monitor lets in as a host.

usage: flat.py ELF IMAGE

A page with struct cbx_pks_image (src/hal/pks-vm/image.h), then the kernel's
pages as they are to lie in memory from its first address on, without the zeros
at the end.  The ELF file has, in this order and each on pages of its own,
segments that are executed, read, written.
"""
import struct
import sys

PAGE = 4096
BASE = 0xffffffff80000000
MAGIC = b'CBXHOST1'
PT_LOAD, EXECUTE, WRITE = 1, 1, 2


def segments(elf):
    offset, = struct.unpack_from('<Q', elf, 32)
    number, = struct.unpack_from('<H', elf, 56)
    rows = [struct.unpack_from('<IIQQQQQQ', elf, offset + 56 * i) for i in range(number)]
    return [row for row in rows if row[0] == PT_LOAD and row[6] != 0]


def kind_of(flags):
    return 2 if flags & WRITE else 0 if flags & EXECUTE else 1


def pages(size):
    return -(-size // PAGE)


def flat(elf):
    """The image of an ELF file's bytes."""
    memory = bytearray()
    ends = [0, 0, 0]  # of what is executed, read, written; in pages
    for _, flags, offset, va, _, size, room, _ in segments(elf):
        if flags & EXECUTE and flags & WRITE:
            raise ValueError('a segment is written and executed')
        if va % PAGE or va < BASE + max(ends) * PAGE:
            raise ValueError('segments are not apart, or not on pages')
        if any(ends[kind_of(flags) + 1:]):
            raise ValueError('segments are not in order')
        memory += bytes(va - BASE - len(memory)) + elf[offset:offset + size]
        memory += bytes(-len(memory) % PAGE)
        ends[kind_of(flags)] = pages(va - BASE + room)
    text, constants, data = ends[0], max(ends[:2]), max(ends)
    entry, = struct.unpack_from('<Q', elf, 24)
    head = struct.pack('<8sQQQQQ', MAGIC, entry, text, constants - text, data, len(memory) // PAGE)
    return head.ljust(PAGE, b'\0') + memory


def convert(elf, image):
    with open(elf, 'rb') as file:
        made = flat(file.read())
    with open(image, 'wb') as file:
        file.write(made)


if __name__ == '__main__':
    convert(*sys.argv[1:])
