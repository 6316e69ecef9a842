# SPDX-License-Identifier: Apache-2.0
"""The test host's kernel at VMPL1, above the snp monitor, in the x86 lab: runs one static
Linux program in its user mode."""
import os
import struct
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
sys.path[:0] = [os.path.join(ROOT, part) for part in ('lab/x86/tests', 'tests/host', 'tests/lab')]
import linux
import process
import run as lab_run
import snp_lab

PT_LOAD = 1
MOST = 100 << 20  # of an archive: the lab lies behind it (lab/README.md)


def with_archive(elf, packed):
    """The kernel's file, the last of whose segments is the archive."""
    at, size, count = *struct.unpack_from('<Q', elf, 32), *struct.unpack_from('<HH', elf, 54)
    row = max(at + i * size for i in range(count) if elf[at + i * size:at + i * size + 4] == struct.pack('<I', PT_LOAD))
    file = bytearray(elf.ljust(-(-len(elf) // process.PAGE) * process.PAGE, b'\0'))
    struct.pack_into('<Q', file, row + 8, len(file))
    struct.pack_into('<QQ', file, row + 32, len(packed), len(packed))
    return bytes(file) + packed


def words(build, folder, pack):
    """The emulator's."""
    argv = snp_lab.machine_words(build, folder, pack)
    for name, port in (('out', 0xe9), ('err', 0xea), ('status', 0xeb)):
        argv += ['-chardev', f'file,id={name},path={folder}/{name}',
                 '-device', f'isa-debugcon,iobase={port:#x},chardev={name}']
    return argv


def result(folder, machine):
    """What came of it."""
    status = process.read(folder, 'status').split()
    return process.Result(int(status[0]) if machine == process.GOOD and status else None,
                          process.read(folder, 'out'), process.read(folder, 'err'),
                          process.read(folder, 'console').decode(errors='replace').replace('\r', ''), machine)


def start(build, images, packed, seconds):
    """Boot monitor and kernel with an archive; what came of it."""
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        pack = os.path.join(folder, 'pack')
        monitor, kernel = images
        with open(pack, 'wb') as file:
            file.write(linux.pack(with_archive(kernel, packed), b'', linux.MAGIC['blind'], monitor))
        argv = words(build, folder, pack)
        return result(folder, snp_lab.boot(argv, seconds))


def run(lab, own, argv, files, fail=sys.exit):
    """Boot and run; files are {path: bytes}, /stdin among them.  Ends by fail(why) when they are too many."""
    packed = process.archive(argv, files, stdin=files['/stdin'])
    if len(packed) > MOST:
        fail(f'--host test: it has room for {MOST >> 20} MiB of files, and these are {-(-len(packed) >> 20)}; '
             'leave --host test out')
    with open(lab.host, 'rb') as host, open(lab.monitor, 'rb') as monitor:
        return start(lab.build, (monitor.read(), host.read()), packed, float(own['--seconds']))
