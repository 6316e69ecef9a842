#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot a test program beside the puppet host under QEMU, and judge the run.

usage: run.py [--lab LAB VENDOR] [--turns] PROGRAM HOST [WORD...]

With LAB the machine is the lab's, with a chip of VENDOR; program and host are
levels of it, and its CPUs take turns (ADR 35).  With --turns others' do, too: most
of what is done is done by the first, while others that wait would have the build
machine's time.

The words are the program's: name=value is its environment, others arguments.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, part) for part in ('../../../lab/x86/tests', '../../snp')]
from pack import pack  # noqa: E402 (the lab's module)
import run as lab_run  # noqa: E402 (the lab's machine)

SKIP = 77
QEMU = 'qemu-system-x86_64'
GOOD, BAD = 2 * 0x2A + 1, 2 * 0x2B + 1  # what isa-debug-exit makes of its status
SECONDS = int(os.environ.get('BARE_SECONDS', '880'))
WORDS = 0x1800000  # bare.h
MACHINE = ['-M', 'q35', '-smp', '4', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
# Mutants of the lab's machine (tests/attack/mutation.py): a device that writes memory; a chipset that may be told to hide it.
OPEN = {'firmware': ['-global', 'fw_cfg_io.dma_enabled=on'], 'timer': ['-M', 'hpet=on'], 'disk': ['-M', 'sata=on']}
MUTANT = os.environ.get('ATTACK_MUTANT')
LAB = [*lab_run.MACHINE, *OPEN.get(MUTANT, [])]
OPTIONS = 'lab.host=ask' + ' lab.chipset=open' * (MUTANT == 'chipset')


def boot(program, host, words, lab=None, vendor=None, turns=False):
    """(status, console); no status when the time was over."""
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        file.write(' '.join(words).encode() + b'\0')
        file.flush()
        if lab is None:
            more = [*MACHINE, '-cpu', 'max,-la57', '-m', os.environ.get('BARE_MEMORY', '64'), '-kernel', program, '-initrd', host]
            if turns:
                more += ['-accel', 'tcg,thread=single']
        else:
            more = [*LAB, '-smp', '4', '-m', '256', '-kernel', lab, '-initrd', pack(folder, program, host),
                    '-append', OPTIONS, *lab_run.chip(vendor)]
        loader = f'loader,file={file.name},addr={WORDS:#x},force-raw=on'
        return watch([QEMU, *more, '-device', loader])


def watch(argv):
    with tempfile.TemporaryFile() as said:
        status = None
        try:
            status = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=said, check=False, timeout=SECONDS).returncode
        except subprocess.TimeoutExpired:
            pass
        except SystemExit:  # somebody else's patience is over
            print(text_of(said), end='', flush=True)
            raise
        return status, text_of(said)


def text_of(file):
    file.seek(0)
    return file.read().decode(errors='replace').replace('\r', '')


def main():
    words = sys.argv[1:]
    lab = words[1:3] if words[0] == '--lab' else []
    words = words[len(lab) and 3:]
    turns = words[0] == '--turns'
    program, host, *words = words[turns:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('run.py: ended from outside'))
    status, console = boot(program, host, words, *lab, turns=turns)
    print(console, end='', flush=True)
    if status is None:
        sys.exit(f'run.py: no end after {SECONDS} s')
    if status not in (GOOD, BAD):
        sys.exit(f'run.py: the machine ended with status {status}')
    sys.exit(0 if status == GOOD else 1)


if __name__ == '__main__':
    main()
