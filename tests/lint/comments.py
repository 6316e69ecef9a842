# SPDX-License-Identifier: Apache-2.0
"""Every external function a header declares has a contract.

Declarations that follow each other without a blank line share the comment in
front of the first.
"""
import re
import sys

import lintlib

FUNCTION = re.compile(r'^[A-Za-z_][^;={}#]*?\b([a-z_]\w*)\s*\((?!\s*\*)', re.S)
NOT_A_FUNCTION = re.compile(r'^\s*(?:#|typedef\b|struct\s+\w+\s*\{|enum\b[^(]*\{|_Static_assert|'
                            r'CBX_AT\b|CBX_SIZE\b|extern\s+"C"|\}|\*|/\*)')


def paragraphs(text):
    """(line, text) of blocks without a blank line, a comment joined to what
    follows it."""
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'\n[ \t]*\n', '\n *\n', m.group(0)),
                  text, flags=re.S)
    number, block, start = 0, [], 1
    depth = 0
    for number, line in enumerate(text.splitlines() + [''], 1):
        depth += line.count('{') - line.count('}')
        if line.strip() or depth > 0:
            if not block:
                start = number
            block.append(line)
        elif block:
            yield start, '\n'.join(block)
            block = []


def functions(block):
    """Names of functions declared or defined at the outer level."""
    code = re.sub(r'/\*.*?\*/', ' ', block, flags=re.S)
    code = re.sub(r'^[ \t]*#(?:.*\\\n)*.*$', '', code, flags=re.M)
    while True:
        shorter = re.sub(r'\{[^{}]*\}', ';', code)
        if shorter == code:
            break
        code = shorter
    for statement in code.split(';'):
        statement = statement.strip()
        statement = re.sub(r'^CBX_\w+\s+(?=\w)', '', statement)
        if statement.startswith('static '):
            continue  # read it: it is there
        if statement and not NOT_A_FUNCTION.match(statement):
            match = FUNCTION.match(statement)
            if match and match.group(1) not in ('if', 'while', 'for', 'switch', '__attribute__'):
                yield match.group(1)


def check(tree):
    for path in tree.paths('include/', 'src/', 'tests/support/', ext=('.h',)):
        for line, block in paragraphs(tree.files[path]):
            names = list(functions(block))
            if names and not block.lstrip().startswith('/*') and \
                    not re.search(r'/\*.*?\b' + re.escape(names[0]), block, re.S):
                yield f'{path}:{line}: {names[0]} has no contract'


BAD = {
    'a bare declaration': {'src/a.h': '#define A\n\nvoid cbx_a_do(int x);\n'},
    'after an inline function': {'src/a.h': 'static inline int a(void)\n{\n\treturn 1;\n}\n'
                                 '\nint b(void);\n'},
    'the second of two': {'src/a.h': '/** One. */\nint a(void);\n\nint b(\n\tint x);\n'},
}
GOOD = {
    'a contract': {'src/a.h': '/** Do it.\n\n@param x  what */\nvoid cbx_a_do(int x);\n'},
    'a pair': {'src/a.h': '/** Map, unmap. */\nvoid *a(void);\nvoid b(void *a);\n'},
    'no functions': {'src/a.h': '#define F(x) g(x)\n\nstruct a {\n\tint x;\n};\n\n'
                                'enum b {\n\tB = 1,\n};\n\nCBX_SIZE(1, a);\n'},
}

if __name__ == '__main__':
    sys.exit(lintlib.main('comments', check, BAD, GOOD))
