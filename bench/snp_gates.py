# SPDX-License-Identifier: Apache-2.0
"""What gates cost a service in a stock Linux above the snp monitor: in the lab, counted.

usage: snp_gates.py [--quick] SOURCE BUILD

bench/snp_gates.c makes them; the lab tells its counts before and after (lab/README.md).
"""
import os
import re
import sys
import tempfile

import table

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', part) for part in ('lab/x86/tests', 'tests/lab', 'tests/driver')]
import linux
import machine
import snp_lab
from run import boot

COUNT = ['-icount', 'shift=0,sleep=off']
SECONDS = 900
KERNEL = '6.12'
LEVELS = re.compile(r'^lab: levels: .*; 0 ticks (\d+) turns (\d+); 1 ', re.M)
ROW = re.compile(r'^row (\w+) (\d+)$', re.M)

INIT = """#!/bin/busybox sh
busybox mount -t devtmpfs none /dev
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
area=$(busybox sed -n 's/.*confbox.area=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
busybox insmod /confbox.ko area=$area
/gates
busybox poweroff -f
"""

# What is called so there, and how many pages one of them is for.
WHAT = {'version': ('VERSION, which does nothing', 1),
        'donate': ('donate a batch of 512 pages', 512),
        'return': ('return a batch of 512 pages', 512),
        'add': ('add a batch of 64 pages, measured and mapped', 64),
        'enter': ('BOX_ENTER, the box makes a gate, exit', 1),
        'reclaim': ('reclaim a batch of 512 pages', 512)}
AT_MOST_ONE = ('donate', 'return', 'add', 'reclaim')


def gates(source, build):
    """{row: (rounds, instructions, switches)} of one run."""
    kernel, driver = snp_lab.module(source, build, KERNEL, sys.exit)
    with open(os.path.join(build, 'bench/bench_snp_gates'), 'rb') as file:
        files = machine.initial(INIT, {'confbox.ko': driver, 'gates': file.read()})
    with open(os.path.join(kernel, 'vmlinuz'), 'rb') as image, \
            open(os.path.join(build, 'src/monitor/snp/confbox-monitor.elf'), 'rb') as monitor, \
            tempfile.NamedTemporaryFile() as module:
        module.write(linux.pack(image.read(), files, linux.MAGIC['snp'], monitor.read()))
        module.flush()
        status, lines = boot(os.path.join(build, 'lab/x86/confbox-lab.elf'), module.name, *COUNT,
                             '-append', linux.COMMAND_LINE, seconds=SECONDS)
    said = '\n'.join(lines)
    rows = ROW.findall(said)
    counts = [tuple(map(int, one)) for one in LEVELS.findall(said)]
    if status != 0 or 'rows end' not in lines or len(counts) != 2 * len(rows) + 1 or \
            [name for name, _ in rows] != list(WHAT):
        sys.exit(f'{said}\nsnp_gates.py: status {status}')
    return {name: (int(rounds), after[0] - before[0], after[1] - before[1]) for (name, rounds), before, after in
            zip(rows, counts[0::2], counts[1::2])}


def main():
    source, build = [word for word in sys.argv[1:] if word != '--quick']
    table.heading('snp: Gates of a service in a stock Linux')
    for name, (rounds, instructions, switches) in gates(source, build).items():
        what, pages = WHAT[name]
        table.row(f'{what}: switches into the monitor', switches / rounds, 'times',
                  limit=1 if name in AT_MOST_ONE else None)
        table.row(f'{what}: instructions at VMPL0' + (', a page' if pages > 1 else ''),
                  instructions / rounds / pages, 'instr.')


if __name__ == '__main__':
    main()
