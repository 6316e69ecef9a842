# SPDX-License-Identifier: Apache-2.0
"""What a monitor costs a stock Linux above it that runs no box: in the lab, counted.

usage: snp.py [--only NAME]... [--quick] LAB MONITOR FETCH FOLDER

-icount shift=0 makes the time stamp counter count instructions; the lab says how
many of them each level had, and how often one began after another.  Every workload
is a machine of its own; what the start alone takes is subtracted.
"""
import argparse
import os
import re
import sys
import tempfile

import table
from snp_work import WORK, files
import linux
from run import boot

COUNT = ['-icount', 'shift=0,sleep=off']
SECONDS = 900
SHARE = 1.0  # percent
PUBLISHED = {'Veil': 7135, 'NestedSGX': 19400}  # cycles a world switch


def run(options, kernel, name):
    """The monitor's start, and {level: (instructions, turns)} after it, of a machine
    that did the work."""
    content = files(name, os.path.join(options.folder, 'programs'))
    with tempfile.NamedTemporaryFile() as module:
        module.write(linux.pack(kernel, content, linux.MAGIC['snp'], options.monitor))
        module.flush()
        status, lines = boot(options.lab, module.name, *COUNT, '-append', linux.COMMAND_LINE,
                             seconds=SECONDS)
    said = [line for line in lines if line.startswith('lab: levels: ')]
    if status != 0 or 'init: status 0' not in lines or len(said) != 1:
        sys.exit('\n'.join(lines[-20:]) + f'\nsnp.py: {name}: status {status}')
    start = int(re.search(r' start (\d+);', said[0])[1])
    levels = {int(level): (int(ticks), int(turns)) for level, ticks, turns in
              re.findall(r'; (\d) ticks (\d+) turns (\d+)', said[0])}
    levels[0] = (levels[0][0] - start, levels[0][1])
    return start, levels


def print_share(name, levels):
    """A workload's row. @return its instructions of both levels, and its switches.
    Of none, the two starts that are subtracted differ by a few."""
    (inside, turns), (host, _) = levels[0], levels[1]
    everything = inside + host
    table.row(f'{name}: instructions, the monitor\'s among them', everything / 1e6, 'M')
    table.row(f'{name}: of them the monitor\'s', abs(100 * inside / everything), '%', limit=SHARE)
    return everything, turns


def less(levels, start):
    return {level: (ticks - start[level][0], turns - start[level][1])
            for level, (ticks, turns) in levels.items()}


def print_model(counts):
    """What the switches would cost at the prices others published: a model."""
    table.heading('snp: World switches, and a model of their cost')
    for name, (everything, turns) in counts.items():
        table.row(f'{name}: into the monitor', turns, 'times')
        for system, cycles in PUBLISHED.items() if turns else ():
            table.row(f'{name}: at {system}\'s {cycles} cycles each, one instruction a cycle',
                      100 * turns * cycles / everything, '%')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--only', action='append', choices=[name for name in WORK if name != 'boot'])
    parser.add_argument('--quick', action='store_true', help='the start alone')
    for name in ('lab', 'monitor', 'fetch', 'folder'):
        parser.add_argument(name)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with open(linux.fetch(options.fetch, options.folder, linux.SUITE['snp']), 'rb') as file:
        kernel = file.read()
    with open(options.monitor, 'rb') as file:
        options.monitor = file.read()
    table.heading('snp: A stock Linux above the monitor, no box')
    start, boot_levels = run(options, kernel, 'boot')
    table.row('the monitor\'s own start, once', start / 1e6, 'M')
    counts = {'boot to shell': print_share('boot to shell', boot_levels)}
    rest = [] if options.quick else options.only or [name for name in WORK if name != 'boot']
    for name in rest:
        counts[name] = print_share(name, less(run(options, kernel, name)[1], boot_levels))
    print_model(counts)


if __name__ == '__main__':
    main()
