# SPDX-License-Identifier: Apache-2.0
"""How long a file, a function and its parameter list may be.

CONTRIBUTING.md has the numbers and the aims.  clang-format puts a function's
braces into the first column, which is what makes this check so short.
"""
import re
import sys

import lintlib

FILE, HEADER, FUNCTION, PARAMETERS, NESTING = 400, 250, 60, 5, 3

# Longer than a header should be, because they are one table or one API.
LONG = {
    'include/confbox/abi.h': 390,
    'src/core/domain.h': 280,
    'src/hal/hal.h': 290,
    'include/confbox/confbox.h': 770,
}


def parameters(head):
    """Number of parameters in the text before a function's brace."""
    match = re.search(r'\((.*)\)', head, re.S)
    inside = match.group(1).strip() if match else ''
    while re.search(r'\([^()]*\)', inside):
        inside = re.sub(r'\([^()]*\)', '', inside)
    # Where a range stopped is part of its status, not one more thing to get right.
    inside = re.sub(r',\s*uint64_t \*\s*done$', '', inside)
    return 0 if inside in ('', 'void') else inside.count(',') + 1


def nesting(lines):
    """Deepest block: control statements inside each other."""
    stack, deepest = [], 0
    for line in lines:
        for match in re.finditer(r'[{}]', line):
            if match.group() == '}':
                if stack:
                    stack.pop()
                continue
            before = line[:match.start()].rstrip()
            stack.append(before == '' or before.endswith((')', 'else', 'do', ':')))
            deepest = max(deepest, sum(stack))
    return deepest


def functions(text):
    """(line, name, head, body lines) of every function."""
    lines = lintlib.without_comments(text).splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == '{' and start is None:
            start = number
        elif line.startswith('}') and start is not None:
            head, n = [], start - 1
            while n >= 0 and lines[n].strip() and not lines[n].startswith(('}', '#')) and \
                    not lines[n].rstrip().endswith(';'):
                head.insert(0, lines[n])
                n -= 1
            names = re.findall(r'(\w+)\s*\(', ' '.join(head))
            if names:
                yield start + 1, names[0], ' '.join(head), lines[start + 1:number]
            start = None


def check_function(path, line, name, head, body):
    where = f'{path}:{line}: {name}'
    if len(body) > FUNCTION:
        yield f'{where} has {len(body)} lines; at most {FUNCTION}'
    if parameters(head) > PARAMETERS:
        yield f'{where} has {parameters(head)} parameters; at most {PARAMETERS}'
    if nesting(body) > NESTING:
        yield f'{where} is nested {nesting(body)} deep; at most {NESTING}'


def check(tree):
    for path in tree.paths('src/', 'include/', 'examples/', ext=('.c', '.h')):
        if '/tests/' in path:
            continue
        limit = LONG.get(path, HEADER if path.endswith('.h') else FILE)
        if len(tree.lines(path)) > limit:
            yield f'{path}:1: {len(tree.lines(path))} lines; at most {limit}'
        for line, name, head, body in functions(tree.files[path]):
            yield from check_function(path, line, name, head, body)
    for path in tree.paths('src/', 'tests/', 'bench/', ext=('.c',)):
        if path.startswith('src/') and '/tests/' not in path:
            continue
        for line, name, head, body in functions(tree.files[path]):
            if len(body) > 2 * FUNCTION:
                yield f'{path}:{line}: {name} has {len(body)} lines; at most {2 * FUNCTION}'


def function(lines, head='int f(void)'):
    return head + '\n{\n' + lines + '}\n'


DEEP = '\tif (a) {\n\twhile (b) {\n\tfor (;;) {\n\tif (c) {\n\t}\n\t}\n\t}\n\t}\n'
BAD = {
    'a long file': {'src/a.c': '\n' * 401},
    'a long header': {'src/a.h': '\n' * 251},
    'a long function': {'src/a.c': function('\ta();\n' * 61)},
    'six parameters': {'src/a.c': function('', 'int f(int a, int b, int c,\n\tint d, int e, int g)')},
    'four levels': {'src/a.c': function(DEEP)},
}
GOOD = {
    'the longest function': {'src/a.c': function('\ta();\n' * 60)},
    'three levels': {'src/a.c': function(DEEP.replace('\tfor (;;) {\n', '').replace('\t}\n', '', 1))},
    'an initialiser': {'src/a.c': 'static const int a[] = {\n\t{ 1 },\n};\n'},
    'done is free': {'src/a.c': function('', 'int f(int a, int b, int c, int d, int e,\n'
                                         '\tuint64_t *done)')},
    'five': {'src/a.c': function('', 'int f(int a, void (*b)(int, int), int c, int d, int e)')},
}

if __name__ == '__main__':
    sys.exit(lintlib.main('budgets', check, BAD, GOOD))
