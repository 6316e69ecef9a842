# SPDX-License-Identifier: Apache-2.0
"""The wire is frozen: abi.py [--write] ABI_PRINT

ABI_PRINT is the program built from abi_print.c.  A difference to abi.golden is
either a mistake, or a change of the ABI: then run this with --write, and say in
CHANGELOG.md whether old callers still work.
"""
import difflib
import os
import re
import sys

import lintlib

HEADER, GOLDEN = 'include/confbox/abi.h', 'tests/lint/abi.golden'
NOT_VALUES = {'CBX_AT', 'CBX_SIZE'}


def names_of(text):
    """Constants and fields a header defines: nothing may be left out."""
    code = lintlib.without_comments(text)
    names = set(re.findall(r'^#define\s+(CBX_\w+)', code, re.M)) - NOT_VALUES
    for body in re.findall(r'\benum\s+\w+\s*\{(.*?)\}', code, re.S):
        names |= set(re.findall(r'\b(CBX_\w+)\s*=', body)) - {'CBX_CALL_', 'CBX_'}
    fields = set()
    for struct, body in re.findall(r'\bstruct\s+(cbx_\w+)\s*\{(.*?)\}', code, re.S):
        names.add(struct)
        fields |= {(struct, f) for f in re.findall(r'(\w+)\s*(?:\[\w+\])?\s*;', body)}
    return names, fields


def printed(text):
    names = set(re.findall(r'^(?:struct )?(cbx_\w+|CBX_\w+)\b', text, re.M))
    fields, struct = set(), None
    for line in text.splitlines():
        match = re.match(r'struct (cbx_\w+)', line)
        struct = match.group(1) if match else struct
        match = re.match(r'  \+0x[0-9a-f]+\s+\d+\s+(\w+)$', line)
        if match:
            fields.add((struct, match.group(1)))
    return names, fields


def missing(header, output):
    names, fields = names_of(header)
    have_names, have_fields = printed(output)
    for name in sorted(names - have_names):
        yield f'{HEADER}: {name} is not printed by tests/lint/abi_print.c'
    for struct, field in sorted(fields - have_fields):
        yield f'{HEADER}: struct {struct}.{field} is not printed by tests/lint/abi_print.c'


def difference(golden, output):
    for line in difflib.unified_diff(golden.splitlines(), output.splitlines(), GOLDEN,
                                     'this build', lineterm='', n=1):
        yield line


SMALL = '#define CBX_A 1\nenum cbx_b {\n\tCBX_B = 2,\n};\nstruct cbx_c {\n\tuint64_t d[CBX_A];\n};\n'


def self_test():
    whole = 'CBX_A 0x1\nCBX_B 0x2\nstruct cbx_c 8 bytes\n  +0x00    8  d\n'
    if list(missing(SMALL, whole)):
        yield f'wrongly complains: {list(missing(SMALL, whole))}'
    for line in whole.splitlines(True):
        if not list(missing(SMALL, whole.replace(line, ''))):
            yield f'does not see that it is missing: {line.strip()}'
    if not list(difference(whole, whole.replace('0x2', '0x3'))):
        yield 'does not see a changed number'


def main():
    wrong = list(self_test())
    if wrong:
        return lintlib.report('abi (self-test)', wrong)
    output = lintlib.run(sys.argv[-1]).stdout
    golden = os.path.join(lintlib.ROOT, GOLDEN)
    if '--write' in sys.argv:
        with open(golden, 'w', encoding='utf-8') as f:
            f.write(output)
    tree = lintlib.Tree()
    findings = list(missing(tree.files[HEADER], output))
    findings += difference(tree.files.get(GOLDEN, ''), output)
    return lintlib.report('abi', findings)


if __name__ == '__main__':
    sys.exit(main())
