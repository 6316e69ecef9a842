# SPDX-License-Identifier: Apache-2.0
"""What the README shows is true: the program compiles, the number is the number.

readme.py [--write]   --write corrects the number of trusted lines
"""
import os
import re
import sys
import tempfile

import lines
import lintlib

README = 'README.md'
NUMBER = re.compile(r'(the two contracts: about )(\S+)( lines of code)')


def about(tree):
    """The number of trusted lines, to the next hundred."""
    return str((lines.trusted(tree) + 99) // 100 * 100)


def compiles(source):
    """None, or what the compiler says."""
    cc = os.environ.get('CC', 'cc').split()
    with tempfile.NamedTemporaryFile('w', suffix='.c', encoding='utf-8') as f:
        f.write(source)
        f.flush()
        done = lintlib.run(*cc, '-std=c11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                           '-I', os.path.join(lintlib.ROOT, 'include'), f.name)
    return done.stdout if done.returncode else None


def check(tree):
    text = tree.files[README]
    programs = re.findall(r'^```c\n(.*?)^```', text, re.M | re.S)
    if not programs:
        yield f'{README}: shows no program in C'
    for program in programs:
        complaint = compiles(program)
        if complaint:
            yield f'{README}: the program does not compile:\n{complaint}'
    said = NUMBER.search(text)
    if not said or said.group(2) != about(tree):
        yield (f'{README}: about {about(tree)} trusted lines, not '
               f'{said.group(2) if said else "a sentence about them"}; '
               'run: python3 tests/lint/readme.py --write')


PROGRAM = '```c\n#include <confbox/abi.h>\nint main(void)\n{\n\treturn CBX_OK;\n}\n```\n'
CORE = {'src/core/a.c': 'int a;\n' * 150}
FULL = {**CORE, README: PROGRAM + 'the two contracts: about 200 lines of code'}
BAD = {
    'no program': {**FULL, README: FULL[README].replace('```c', '```')},
    'a wrong program': {**FULL, README: FULL[README].replace('CBX_OK', 'CBX_NOT_THERE')},
    'a wrong number': {**FULL, README: FULL[README].replace('200', '100')},
}

if __name__ == '__main__':
    if '--write' in sys.argv:
        sources = lintlib.Tree()
        with open(os.path.join(lintlib.ROOT, README), 'w', encoding='utf-8') as out:
            out.write(NUMBER.sub(rf'\g<1>{about(sources)}\g<3>', sources.files[README]))
    sys.exit(lintlib.main('readme', check, BAD, {'a true one': FULL}))
