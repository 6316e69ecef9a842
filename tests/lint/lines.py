# SPDX-License-Identifier: Apache-2.0
"""How many lines must be trusted.  `lines.py --print` only prints the table.

Counted are lines with something to read on them: no blanks, no comments, no
lone braces.  Contracts in headers are free.
"""
import sys

import lintlib

BUDGET = 3000
COUNTED = ('src/core/', 'src/hal/hal.h', 'src/arch/arch.h')
# All that runs with rights on a machine of its own.  The limit is what has been
# reached, to the next hundred: it only goes down, until it is the target.
MACHINE_BUDGET = 9100
MACHINE_TARGET = 8000
MACHINE = ('src/core/', 'src/hal/hal.h', 'src/hal/pks-vm/', 'src/arch/', 'src/monitor/')
NOT_MACHINE = ('src/monitor/main_linux.c',)  # the linux backend's main: not in that image
ALSO = {
    'src/base/': 'what several rooms share',
    'src/hal/linux/': 'trusted on the linux backend',
    'src/hal/mock/': 'tests only',
    'src/keeper/': 'trusted for the measurement; mbedTLS comes on top',
    'src/runtime/': 'trusted by its own box only',
    'src/client/': 'not trusted',
    'src/tools/': 'not trusted',
}


def code_lines(text):
    return sum(1 for line in lintlib.without_comments(text).splitlines()
               if line.strip() not in ('', '{', '}', '};', '} else {'))


def count(tree, prefix):
    """(files, lines of code, all lines) below a prefix."""
    paths = [path for path in tree.paths(prefix, ext=('.c', '.h', '.S', '.def'))
             if path not in NOT_MACHINE]
    return (len(paths), sum(code_lines(tree.files[p]) for p in paths),
            sum(len(tree.lines(p)) for p in paths))


def trusted(tree, prefixes=COUNTED):
    return sum(count(tree, prefix)[1] for prefix in prefixes)


def table(tree):
    row = '{:<20} {:>5} {:>6} {:>6}  {}'
    machine = f'{MACHINE_BUDGET}, and {MACHINE_TARGET} one day'
    for title, prefixes, budget in (('trusted everywhere', COUNTED, BUDGET),
                                    ('trusted on pks-vm', MACHINE, machine)):
        print(row.format(title, 'files', 'code', 'all', ''))
        for prefix in prefixes:
            print(row.format(prefix, *count(tree, prefix), ''))
        print(f'trusted lines of code: {trusted(tree, prefixes)} of at most {budget}\n')
    print(row.format('besides', 'files', 'code', 'all', ''))
    for prefix, why in ALSO.items():
        print(row.format(prefix, *count(tree, prefix), why))


def check(tree):
    if trusted(tree) > BUDGET:
        yield f'src/core: {trusted(tree)} trusted lines of code; at most {BUDGET}'
    if trusted(tree, MACHINE) > MACHINE_BUDGET:
        yield f'src/hal/pks-vm: {trusted(tree, MACHINE)} trusted lines of code with core, ' \
              f'arch and monitor; at most {MACHINE_BUDGET}'
    if trusted(tree) == 0:
        yield 'src/core: no code was counted'


BAD = {
    'too much': {'src/core/a.c': 'int a;\n' * (BUDGET + 1)},
    'nothing': {'doc/a.md': ''},
    'too much on a machine': {'src/core/a.c': 'int a;\n', 'src/hal/pks-vm/pure/b.c': 'int b;\n' * (MACHINE_BUDGET - 3000),
                              'src/arch/x86_64/c.S': '\tret\n' * 2000, 'src/monitor/d.h': 'int d;\n' * 1000},
}
GOOD = {
    'enough': {'src/core/a.c': 'int a;\n' * BUDGET + '/* not\ncounted */\n\n{\n}\n'},
    'enough on a machine': {'src/core/a.c': 'int a;\n' * BUDGET,
                            'src/hal/pks-vm/b.c': 'int b;\n' * (MACHINE_BUDGET - BUDGET)},
}

if __name__ == '__main__':
    table(lintlib.Tree())
    sys.exit(0 if '--print' in sys.argv else lintlib.main('lines', check, BAD, GOOD))
