# SPDX-License-Identifier: Apache-2.0
"""What documents claim is there: checkers of invariants, cells of the porting
table, links, files they name."""
import posixpath
import re
import sys

import lintlib

BACKENDS = {'mock', 'linux', 'pks-vm', 'snp', 'tdx', 'cca'}


def rows(text):
    """Cells of each row of a table."""
    for line in text.splitlines():
        if line.startswith('|') and not re.match(r'^\|[\s:|-]+\|$', line):
            yield [cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]]


def contract_functions(tree):
    for path in ('src/hal/hal.h', 'src/arch/arch.h'):
        code = lintlib.without_comments(tree.files.get(path, ''))
        yield from re.findall(r'\b(cbx_(?:hal|arch)_\w+)\s*\(', code)


def porting(tree):
    """Every function of the contracts, on every backend, no empty cell."""
    text = tree.files.get('doc/porting.md', '')
    parts = re.split(r'^### (cbx_\w+)\s*$', text, flags=re.M)
    told = dict(zip(parts[1::2], parts[2::2]))
    for name in sorted(set(contract_functions(tree)) ^ set(told)):
        yield f'doc/porting.md: {name} is ' + (
            'in no header' if name in told else 'not in the table')
    for name, part in told.items():
        seen = []
        for cells in list(rows(part.split('\n# ')[0]))[1:]:
            seen += [b.strip() for b in cells[0].split(',')]
            if len(cells) != 5 or not all(cells):
                yield f'doc/porting.md: {name}: an empty cell: {" | ".join(cells)}'
        if sorted(seen) != sorted(BACKENDS):
            yield f'doc/porting.md: {name}: not each backend once: {seen}'


def invariants(tree):
    """Every checker doc/invariants.md names is a function or a test."""
    code = '\n'.join(tree.files[p] for p in tree.paths(
        'src/', 'tests/', 'include/', ext=('.c', '.h', '.py', '.build')))
    for cells in list(rows(tree.files.get('doc/invariants.md', '')))[1:]:
        checkers = re.findall(r'`([\w/.]+)`', cells[-1])
        if not checkers:
            yield f'doc/invariants.md: {cells[0]} has no checker'
        for checker in checkers:
            found = checker in tree if '/' in checker else re.search(
                rf'^[^\n;=]*\b{re.escape(checker)}\s*\([^;]*?\)\s*\n?{{', code, re.M | re.S)
            if not found:
                yield f'doc/invariants.md: {cells[0]}: there is no {checker}'


def links(tree):
    """Relative links lead to files."""
    for path in tree.paths(ext=('.md',)):
        for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', tree.files[path]):
            if re.match(r'[a-z]+:', target):
                continue
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if full not in tree and not any(p.startswith(full + '/') for p in tree.files):
                yield f'{path}: a link to {target}, which is not there'


NAMED = re.compile(r'(?:`|^\.Pa )((?:src|tests|scripts|lab|doc|bench|include|examples)/[\w./-]+?)/?(?:`| ?\.?$)', re.M)
BUILT = ('.elf',)


def named(tree):
    """Files and folders named by their path are there; decisions and changes tell of their time."""
    for path in tree.paths('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'doc/', 'lab/', ext=('.md', '.1', '.3', '.4', '.5')):
        for target in NAMED.findall(tree.files[path]) if not path.startswith('doc/adr/') else ():
            if target not in tree and not target.endswith(BUILT) and \
                    not any(p.startswith((target + '/', target + '.')) for p in tree.files):
                yield f'{path}: {target} is not there'


def check(tree):
    yield from porting(tree)
    yield from invariants(tree)
    yield from links(tree)
    yield from named(tree)


HEADERS = {'src/hal/hal.h': 'void cbx_hal_log(const char *t);\n', 'src/arch/arch.h': ''}
HEAD = '### cbx_hal_log\n\n| b | by | f | r | l |\n|---|---|---|---|---|\n'
FULL = HEAD + '| mock, linux, pks-vm, snp, tdx, cca | a | b | c | d |\n'
INV = '| | statement | checked by |\n|---|---|---|\n| I1 | true | `cbx_x_assert_all` |\n'
BAD = {
    'a function without a table': {**HEADERS, 'doc/porting.md': ''},
    'an empty cell': {**HEADERS, 'doc/porting.md': FULL.replace('| b |', '|  |', 2)},
    'a backend forgotten': {**HEADERS, 'doc/porting.md': FULL.replace(', cca', '')},
    'a table without a function': {'src/hal/hal.h': '', 'doc/porting.md': FULL},
    'a checker that is not there': {'doc/invariants.md': INV,
                                    'src/core/x.h': 'void cbx_x_assert_all(void);\n'},
    'a dead link': {'doc/a.md': 'see [there](gone.md)'},
    'a file that went': {'doc/a.md': 'see `src/core/gone.c`'},
    'a file that went, in a manual': {'doc/man/a.1': 'see\n.Pa doc/gone.md .\n'},
}
GOOD = {
    'a full table': {**HEADERS, 'doc/porting.md': FULL},
    'a checker': {'doc/invariants.md': INV,
                  'src/core/x.c': 'void cbx_x_assert_all(void)\n{\n}\n'},
    'files': {'doc/a.md': '`src/core`, `src/core/a.c` and `src/core/a`', 'src/core/a.c': ''},
    'a link': {'doc/a.md': 'see [b](b.md#there), [x](https://www.apache.org)', 'doc/b.md': ''},
}

if __name__ == '__main__':
    sys.exit(lintlib.main('documents', check, BAD, GOOD))
