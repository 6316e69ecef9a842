#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot a test program beside the puppet host under QEMU, and judge the run.

usage: run.py PROGRAM HOST [WORD...]

The words are the program's: name=value is its environment, others arguments.
"""
import os
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
QEMU = 'qemu-system-x86_64'
GOOD, BAD = 2 * 0x2A + 1, 2 * 0x2B + 1  # what isa-debug-exit makes of its status
SECONDS = int(os.environ.get('BARE_SECONDS', '880'))
WORDS = 0x1800000  # bare.h
MACHINE = ['-M', 'q35', '-cpu', 'max,-la57', '-m', os.environ.get('BARE_MEMORY', '64'), '-smp', '4',
           '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']


def boot(program, host, words, **options):
    """The run; its output is the console."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(' '.join(words).encode() + b'\0')
        file.flush()
        loader = f'loader,file={file.name},addr={WORDS:#x},force-raw=on'
        return subprocess.run([QEMU, *MACHINE, '-device', loader, '-kernel', program,
                               '-initrd', host], stdin=subprocess.DEVNULL, check=False,
                              timeout=SECONDS, **options)


def main():
    program, host, *words = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    try:
        status = boot(program, host, words).returncode
    except subprocess.TimeoutExpired:
        sys.exit(f'run.py: no end after {SECONDS} s')
    if status not in (GOOD, BAD):
        sys.exit(f'run.py: the machine ended with status {status}')
    sys.exit(0 if status == GOOD else 1)


if __name__ == '__main__':
    main()
