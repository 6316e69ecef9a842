# SPDX-License-Identifier: Apache-2.0
"""count.py BENCH_CORE: instructions of a gate, counted by callgrind.

Callgrind says for each source line what was executed in it, so what is the
core's, what the mock machine's and what the C library's is told apart.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

import table

REPEATS = 1000
# Sizes: what is asked for, what it is called.  64 GiB is more than valgrind
# gives a program; bench_core times it.
BOXES = (('1b', '1 box'), ('100b', '100 boxes'), ('10000b', '10000 boxes'))
GIBS = (('1g', '1 GiB'), ('16g', '16 GiB'), ('60g', '60 GiB'))
MOST = 60  # instructions of gate dispatch

# Where a file belongs, by the first pattern that fits.
PLACES = (('lock', 'src/core/lock.h'), ('dispatch', r'src/core/gate\.c|confbox/gate\.def'),
          ('core', 'src/core/'), ('mock', 'src/hal/mock/|src/arch/'), ('bench', '/bench/'),
          ('other', ''))


def place_of(path):
    return next(place for place, pattern in PLACES if re.search(pattern, path))


def self_cost(path):
    """Instructions by place of one callgrind dump."""
    cost, names, place, skip = collections.Counter(), {}, 'other', False
    with open(path, encoding='utf-8') as dump:
        for line in dump:
            file = re.match(r'f[ile]=\((\d+)\)(?: (.*))?', line)
            if file:
                names.setdefault(file[1], file[2])
                place = place_of(names[file[1]] or '')
            elif re.match(r'c(?:fi|fl)=\((\d+)\) ', line):
                called = re.match(r'c(?:fi|fl)=\((\d+)\) (.*)', line)
                names.setdefault(called[1], called[2])
            elif line.startswith('calls='):
                skip = True  # the next line is what the called function cost
            elif re.match(r'[+*-]?\d* ?\d+\b', line) and not skip:
                cost[place] += int(line.split()[1])
            elif skip:
                skip = False
    return cost


def count(program, amount):
    """{call: {place: instructions of one}}"""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out')
        said = subprocess.run(
            ['valgrind', '--tool=callgrind', '--toggle-collect=bench_repeat',
             '--dump-after=bench_repeat', f'--callgrind-out-file={out}',
             program, '--count', amount, str(REPEATS)],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        calls = said.stdout.splitlines()
        dumps = sorted(glob.glob(out + '.*'), key=lambda name: int(name.rsplit('.', 1)[1]))
        if not calls or len(dumps) < len(calls):
            sys.exit(f'count.py: {len(dumps)} dumps for {len(calls)} calls')
        return {call: {place: n / REPEATS for place, n in self_cost(dump).items()}
                for call, dump in zip(calls, dumps)}


def total(cost):
    return sum(n for place, n in cost.items() if place != 'bench')


def print_dispatch(cost):
    table.heading('Instructions of a gate')
    version = cost['VERSION']
    table.row('VERSION: finding it, checking it, its reply', version['dispatch'], 'instructions',
              limit=MOST)
    table.row('VERSION: all, with lock, handler and the mock', total(version), 'instructions',
              limit=MOST)
    table.row('- of it the gate lock and its rank', version['lock'], 'instructions')
    table.row('- of it the handler', version['core'], 'instructions')
    table.row('- of it the mock', version['mock'], 'instructions')
    for call, each in cost.items():
        if call != 'VERSION':
            table.row(f'{call}: the core', total(each) - each['mock'] - each.get('other', 0),
                      'instructions')
            table.row(f'{call}: the core and the mock', total(each), 'instructions')


def print_flat(program, sizes, first):
    for amount, size in sizes[1:]:
        cost = count(program, amount)
        for call, each in cost.items():
            table.row(f'{call}, {size}', total(each), 'instructions', f'at {sizes[0][1]}',
                      total(first[call]), 1.01)


def main():
    program = sys.argv[1]
    first = count(program, '1b')
    print_dispatch(first)
    table.heading('Instructions of a gate, however much there is')
    print_flat(program, BOXES, first)
    print_flat(program, GIBS, first)


if __name__ == '__main__':
    main()
