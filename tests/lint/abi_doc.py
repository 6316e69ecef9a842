# SPDX-License-Identifier: Apache-2.0
"""doc/abi.md is made from the tables: abi_doc.py [--write | --output FILE]

Numbers, callers, states and layouts come from gate.def, status.def and abi.h;
what a gate's arguments mean comes from doc/abi.in.md, which must have one
section per gate and none too many.
"""
import os
import re
import sys

import lintlib

GATES, STATUSES = 'include/confbox/gate.def', 'include/confbox/status.def'
HEADER, WORDS, PAGE = 'include/confbox/abi.h', 'doc/abi.in.md', 'doc/abi.md'
STATES = {'B': 'BUILDING', 'R': 'READY', 'C': 'CONFINED', 'D': 'DYING', 'T': 'TEMPLATE'}


def gates(text):
    row = r'^X\((0x[0-9a-f]+),\s*(\w+),\s*\w+,\s*(\w+),\s*(\d),\s*([\w|]+),\s*(\w+)\)'
    return re.findall(row, text, re.M)


def statuses(text):
    return re.findall(r'^X\((\d+),\s*(\w+),\s*"([^"]*)"\)', text, re.M)


def layouts(text):
    """struct: [(offset, size, field)], from the assertions the compiler keeps."""
    found = {}
    for offset, size, struct, field in re.findall(
            r'^CBX_AT\((0x[0-9a-f]+),\s*(\d+),\s*(\w+),\s*(\w+)\);', text, re.M):
        found.setdefault(struct, []).append((offset, size, field))
    return found


def sections(text):
    """(introduction, {gate: what it does})."""
    parts = re.split(r'^### (\w+)\n', text, flags=re.M)
    return parts[0], {n: t.strip() for n, t in zip(parts[1::2], parts[2::2])}


def gate_section(gate, words):
    number, name, callers, nargs, states, repeat = gate
    allowed = 'any' if states == 'NONE' else ', '.join(
        STATES[s] for s in states.split('|'))
    again = '; may answer E_BUSY: repeat' if repeat == 'REPEAT' else ''
    return (f'### {name}\n\n`{number}` · caller {callers} · {nargs} argument'
            f'{"" if nargs == "1" else "s"} · states {allowed}{again}\n\n{words}\n')


def page(tree):
    intro, words = sections(tree.files[WORDS])
    out = [intro.rstrip() + '\n']
    out.append('\n## Gates\n')
    for gate in gates(tree.files[GATES]):
        out.append('\n' + gate_section(gate, words.get(gate[1], '')))
    out.append('\n## Statuses\n\n| number | name | what the caller does |\n|---|---|---|\n')
    out += [f'| {n} | CBX_{name} | {text} |\n' for n, name, text in statuses(tree.files[STATUSES])]
    out.append('\n## Layouts\n')
    for struct, fields in layouts(tree.files[HEADER]).items():
        out.append(f'\n`struct {struct}`\n\n| offset | bytes | field |\n|---|---|---|\n')
        out += [f'| {o} | {s} | {f} |\n' for o, s, f in fields]
    return ''.join(out)


def check(tree):
    names = [g[1] for g in gates(tree.files[GATES])]
    rows = len(re.findall(r'^X\(', tree.files[GATES], re.M))
    if not names or rows != len(names):
        yield f'{GATES}: {rows} rows, of which {len(names)} were understood'
    words = sections(tree.files[WORDS])[1]
    for name in sorted(set(names) ^ set(words)):
        yield f'{WORDS}: {name}: ' + ('no such gate' if name in words else 'no section')
    for name, text in words.items():
        if not text:
            yield f'{WORDS}: {name}: an empty section'
    if tree.files.get(PAGE) != page(tree):
        yield f'{PAGE}: out of date; run: python3 tests/lint/abi_doc.py --write'


SMALL = {
    GATES: 'X(0x000, VERSION, version, ANY, 0, NONE, ONCE)\n'
           'X(0x021, BOX_GRANT,        box_grant,        HOST,   3, B|R,  REPEAT)\n',
    STATUSES: 'X(0, OK, "done")\n',
    HEADER: 'CBX_AT(0x00, 8, cbx_call, id);\n',
    WORDS: '# ABI\n\n### VERSION\n\nWhich one.\n\n### BOX_GRANT\n\nGive.\n',
}
FULL = {**SMALL, PAGE: page(lintlib.Tree(SMALL))}
BAD = {
    'a new gate': {**FULL, GATES: FULL[GATES] + 'X(0x030, NEW, new, HOST, 0, NONE, ONCE)\n'},
    'a row nobody understands': {**FULL, GATES: FULL[GATES] + 'X(48, NEW)\n'},
    'a gate that is gone': {**FULL, WORDS: FULL[WORDS] + '\n### OLD\n\nGone.\n'},
    'a changed status': {**FULL, STATUSES: 'X(1, OK, "done")\n'},
    'a changed layout': {**FULL, HEADER: 'CBX_AT(0x08, 8, cbx_call, id);\n'},
}

if __name__ == '__main__':
    if len(sys.argv) > 1:
        target = sys.argv[2] if sys.argv[1] == '--output' else os.path.join(lintlib.ROOT, PAGE)
        with open(target, 'w', encoding='utf-8') as f:
            f.write(page(lintlib.Tree()))
    sys.exit(lintlib.main('abi document', check, BAD, {'the same': FULL}))
