# SPDX-License-Identifier: Apache-2.0
"""Count the instructions of the pks-vm backend under QEMU.

usage: pks.py [--quick] MONITOR HOST NOTHING

-icount shift=0 makes the time stamp counter count instructions; each
repetition of a string instruction counts as one.  --quick boots less often for the
time it takes.
"""
import os
import shutil
import subprocess
import sys

from table import heading, row

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'support'))
from emulator import MACHINE, QEMU

SKIP = 77
GOOD = 2 * 0x2A + 1  # what isa-debug-exit makes of the host's own status
SECONDS = 50
BOOTS = 10
COUNT = ['-icount', 'shift=0,sleep=off']


def machine(image, host, *more):
    return [QEMU, *MACHINE, *more, '-accel', 'tcg', '-kernel', image, '-initrd', host]


def output(image, host, *more):
    done = subprocess.run(machine(image, host, *more), timeout=SECONDS, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if done.returncode != GOOD:
        sys.exit(f'{done.stdout.decode(errors="replace")}\npks.py: status {done.returncode}')
    return done.stdout


def said(text):
    """What the host says it counted."""
    words = [line.split() for line in text.decode().splitlines()]
    return {line[2]: int(line[3]) for line in words if line[:2] == ['host:', 'row']}


def first(text):
    """The time stamp counter at the first instruction of an image that is nothing."""
    return int.from_bytes(text[:8], 'little')


def mhz():
    """What the time stamp counter counts in a microsecond, without -icount."""
    with open('/proc/cpuinfo', encoding='ascii') as file:
        return next(float(line.split(':')[1]) for line in file if line.startswith('cpu MHz'))


def boot(monitor, host, nothing, times):
    """Milliseconds from the monitor's first instruction to the host's, by the
    machine's own counter: the least of both."""
    whole, before = [], []
    for _ in range(times):
        whole.append(said(output(monitor, host))['start'])
        before.append(first(output(nothing, host)))
    return (min(whole) - min(before)) / mhz() / 1000


def gates(count):
    heading('Gates')
    row('an empty gate: the backend answers, after one INVLPG', count['empty'], 'instr.', limit=150)
    row('VERSION: the same, the loop, and the core', count['version'], 'instr.')
    for name, what in (('donate', 'PAGE_DONATE'), ('return', 'PAGE_RETURN')):
        many = count[name + '-256'] / 256
        row(f'{what} of a page', count[name], 'instr.')
        row(f'{what} of 256 pages, each', many, 'instr.')
    heading("The host's page tables")
    for name, what in (('set', 'written'), ('clear', 'cleared')):
        row(f'a leaf {what}', count['update-' + name], 'instr.')
        row(f'a leaf {what}, in a batch of 512', count[f'batch-{name}-512'] / 512, 'instr.',
            limit=40)


def boxes(count):
    nothing = count['box-nothing']
    heading('Boxes')
    row("out of a box and in again: its gate VERSION", count['box-version'] - nothing, 'instr.',
        limit=400)
    row('BOX_ENTER, the box makes a gate, exit', count['enter-exit'], 'instr.', limit=400)
    row('BOX_ENTER, the box writes a byte, exit', count['enter-output'], 'instr.')
    row('a system call, to the runtime', count['box-upcall'] - nothing, 'instr.')
    row('a system call, to the runtime and back', count['box-answer'] - nothing, 'instr.')


def main():
    quick = '--quick' in sys.argv
    monitor, host, nothing = [word for word in sys.argv[1:] if word != '--quick']
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    count = said(output(monitor, host, *COUNT))
    before = first(output(nothing, host, *COUNT))
    gates(count)
    boxes(count)
    heading('Start')
    row('from the monitor to the host', (count['start'] - before) / 1e6, 'M instr.')
    row('the same, time', boot(monitor, host, nothing, 3 if quick else BOOTS), 'ms', limit=50)
    heading('What the counter counts')
    row('REP STOSB of 1000 bytes', count['rep-1000'], 'instr.')


if __name__ == '__main__':
    main()
