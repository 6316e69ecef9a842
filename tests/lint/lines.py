# SPDX-License-Identifier: Apache-2.0
"""How many lines must be trusted.  `lines.py --print` only prints the table.

Counted are lines with something to read on them: no blanks, no comments, no
lone braces.  Contracts in headers are free.
"""
import sys

import lintlib

BUDGET = 3000
COUNTED = ('src/core/', 'src/hal/hal.h', 'src/arch/arch.h')
ALSO = {
    'src/monitor/': 'trusted: the loop, building the keeper',
    'src/base/': 'what several rooms share',
    'src/arch/soft/': 'page tables in software (mock, linux)',
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
    paths = list(tree.paths(prefix, ext=('.c', '.h', '.S', '.def')))
    return (len(paths), sum(code_lines(tree.files[p]) for p in paths),
            sum(len(tree.lines(p)) for p in paths))


def trusted(tree):
    return sum(count(tree, prefix)[1] for prefix in COUNTED)


def table(tree):
    row = '{:<20} {:>5} {:>6} {:>6}  {}'
    print(row.format('trusted everywhere', 'files', 'code', 'all', ''))
    for prefix in COUNTED:
        print(row.format(prefix, *count(tree, prefix), ''))
    print(f'trusted lines of code: {trusted(tree)} of at most {BUDGET}\n')
    print(row.format('besides', 'files', 'code', 'all', ''))
    for prefix, why in ALSO.items():
        print(row.format(prefix, *count(tree, prefix), why))


def check(tree):
    if trusted(tree) > BUDGET:
        yield f'src/core: {trusted(tree)} trusted lines of code; at most {BUDGET}'
    if trusted(tree) == 0:
        yield 'src/core: no code was counted'


BAD = {'too much': {'src/core/a.c': 'int a;\n' * (BUDGET + 1)}, 'nothing': {'doc/a.md': ''}}
GOOD = {'enough': {'src/core/a.c': 'int a;\n' * BUDGET + '/* not\ncounted */\n\n{\n}\n'}}

if __name__ == '__main__':
    table(lintlib.Tree())
    sys.exit(0 if '--print' in sys.argv else lintlib.main('lines', check, BAD, GOOD))
