# SPDX-License-Identifier: Apache-2.0
"""What the README shows is true: the program compiles, the numbers are the numbers.

readme.py [--write]   --write corrects the numbers of trusted lines
"""
import os
import re
import sys
import tempfile

import lines
import lintlib

README = 'README.md'
NUMBERS = {  # and what each is of
    re.compile(r'(the two contracts: about )(\S+)( lines of code)'): (lines.COUNTED, lines.NOT_MACHINE),
    re.compile(r'(all at VMPL0 is about )(\d+)()'): (lines.VMPL0, lines.NOT_VMPL0),
}


def about(tree, of):
    """A number of trusted lines, to the next hundred."""
    return str((lines.trusted(tree, *of) + 99) // 100 * 100)


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
    for number, of in NUMBERS.items():
        said = number.search(text)
        if not said or said.group(2) != about(tree, of):
            yield (f'{README}: about {about(tree, of)} trusted lines, not '
                   f'{said.group(2) if said else "a sentence about them"}; '
                   'run: python3 tests/lint/readme.py --write')


PROGRAM = '```c\n#include <confbox/abi.h>\nint main(void)\n{\n\treturn CBX_OK;\n}\n```\n'
CORE = {'src/core/a.c': 'int a;\n' * 150}
FULL = {**CORE, 'src/hal/snp/a.c': 'int b;\n' * 150,
        README: PROGRAM + 'the two contracts: about 200 lines of code; all at VMPL0 is about 300'}
BAD = {
    'no program': {**FULL, README: FULL[README].replace('```c', '```')},
    'a wrong program': {**FULL, README: FULL[README].replace('CBX_OK', 'CBX_NOT_THERE')},
    'a wrong number': {**FULL, README: FULL[README].replace('200', '100')},
    'another wrong number': {**FULL, README: FULL[README].replace('300', '100')},
}

if __name__ == '__main__':
    if '--write' in sys.argv:
        sources = lintlib.Tree()
        with open(os.path.join(lintlib.ROOT, README), 'w', encoding='utf-8') as out:
            text = sources.files[README]
            for number, of in NUMBERS.items():
                text = number.sub(rf'\g<1>{about(sources, of)}\g<3>', text)
            out.write(text)
    sys.exit(lintlib.main('readme', check, BAD, {'a true one': FULL}))
