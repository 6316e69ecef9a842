#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a static Linux program in user mode of the test host, beside the monitor.

usage: process.py [OPTION]... MONITOR HOST PROGRAM [ARGUMENT]...

PROGRAM is a file here; inside it is /bin/NAME.  Standard input is given to it,
its output and exit status are this command's.
"""
import argparse
import dataclasses
import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
import emulator

SKIP = 77
QEMU = emulator.QEMU
GOOD = 2 * 0x2A + 1  # what isa-debug-exit makes of the kernel's own status
SECONDS = 200
PAGE = 4096
ARCHIVE_MAGIC = 0x45564948435241


@dataclasses.dataclass
class Result:
    """What became of a run."""
    status: int | None  # the program's, -N: ended by signal N; None: it did not end
    out: bytes
    err: bytes
    console: str  # the monitor's and the kernel's lines
    machine: int  # QEMU's own status


def archive(argv, files, envp=(), stdin=b''):
    """Files for the kernel: argv[0] must be among them, {path: bytes}."""
    everything = dict(files)
    everything['/init.argv'] = b''.join(word.encode() + b'\0' for word in argv)
    everything['/init.envp'] = b''.join(word.encode() + b'\0' for word in envp)
    everything['/init.epoch'] = str(int(time.time())).encode()
    everything['/stdin'] = stdin
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for path, data in everything.items():
            info = tarfile.TarInfo(path.lstrip('/'))
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
    packed = out.getvalue()
    return struct.pack('<QQ', ARCHIVE_MAGIC, len(packed)).ljust(PAGE, b'\0') + packed


def command(monitor, host, folder, cpus=1, memory=512, more=()):
    """The emulator's words."""
    words = [QEMU, *emulator.CLOSED, *emulator.IOMMU, '-cpu', 'max,-la57', '-m', str(memory),
             '-smp', str(cpus), '-nodefaults', '-no-reboot', '-display', 'none',
             '-kernel', monitor, '-initrd', host,
             '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
             '-chardev', f'file,id=console,path={folder}/console', '-serial', 'chardev:console']
    for name, port in (('out', 0xe9), ('err', 0xea), ('status', 0xeb)):
        words += ['-chardev', f'file,id={name},path={folder}/{name}',
                  '-device', f'isa-debugcon,iobase={port:#x},chardev={name}']
    return [*words, *more]


def read(folder, name):
    try:
        with open(os.path.join(folder, name), 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return b''


def write_host(path, host, packed, tail):
    """The file that is loaded: kernel, archive at a page's beginning, a boot log."""
    with open(host, 'rb') as file:
        kernel = file.read()
    with open(path, 'wb') as file:
        file.write(kernel.ljust((len(kernel) + PAGE - 1) // PAGE * PAGE, b'\0'))
        file.write(packed + tail)


def run(monitor, host, argv, files, *, envp=(), stdin=b'', cpus=1, memory=512, more=(),
        tail=b'', seconds=SECONDS, watch=None):
    """Run argv, whose files are {path inside: bytes}, to its end.  watch(folder) is called in a
    thread; the folder has the growing output, and is not there any more after the end."""
    with tempfile.TemporaryDirectory(prefix='confbox-os-') as folder:
        if watch is not None:
            threading.Thread(target=watch, args=(folder,), daemon=True).start()
        loaded = os.path.join(folder, 'host')
        write_host(loaded, host, archive(argv, files, envp, stdin), tail)
        try:
            machine = subprocess.run(command(monitor, loaded, folder, cpus, memory, more),
                                     stdin=subprocess.DEVNULL, timeout=seconds,
                                     check=False).returncode
        except subprocess.TimeoutExpired:
            machine = None
        status = read(folder, 'status').split()
        return Result(int(status[0]) if machine == GOOD and status else None, read(folder, 'out'),
                      read(folder, 'err'),
                      read(folder, 'console').decode(errors='replace').replace('\r', ''), machine)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--cpus', type=int, default=1)
    parser.add_argument('--memory', type=int, default=512, help='MiB')
    parser.add_argument('--seconds', type=int, default=SECONDS)
    parser.add_argument('--file', action='append', default=[], metavar='INSIDE=HERE')
    parser.add_argument('monitor')
    parser.add_argument('host')
    parser.add_argument('program')
    parser.add_argument('argument', nargs=argparse.REMAINDER)
    words = parser.parse_args()
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed', file=sys.stderr)
        sys.exit(SKIP)
    inside = '/bin/' + os.path.basename(words.program)
    files = {}
    for path, here in [(inside, words.program), *(word.split('=', 1) for word in words.file)]:
        with open(here, 'rb') as file:
            files[path] = file.read()
    stdin = b'' if sys.stdin.isatty() else sys.stdin.buffer.read()
    result = run(words.monitor, words.host, [inside, *words.argument], files, stdin=stdin,
                 cpus=words.cpus, memory=words.memory, seconds=words.seconds)
    sys.stdout.buffer.write(result.out)
    sys.stdout.flush()
    sys.stderr.buffer.write(result.err)
    if result.status is None:
        sys.exit(f'{result.console}process.py: it did not end (machine {result.machine})')
    sys.exit(result.status if result.status >= 0 else 128 - result.status)


if __name__ == '__main__':
    main()
