# SPDX-License-Identifier: Apache-2.0
"""The core archive, as the linker and the CPU see it.

    archive.py symbols ARCHIVE    needs only the HAL, the arch and mem*();
                                  exports only cbx_*
    archive.py code ARCHIVE...    no indirect branch, no writable initialised
                                  data

Both need GNU binutils.  The self-test compiles small files with the compiler
given in $CC (default cc).
"""
import os
import re
import sys
import tempfile

import lintlib

NEEDED = re.compile(r'^(cbx_(hal|arch)_\w+|mem(cpy|set|move|cmp)|_GLOBAL_OFFSET_TABLE_)$')
EXPORTED = re.compile(r'^cbx_\w+$')

# AT&T syntax: an indirect branch has a star in front of its target.
INDIRECT = re.compile(r'\b(?:notrack\s+|bnd\s+)?(?:jmp|call|ljmp|lcall)[wlq]?\s+\*|'
                      r'__x86_indirect_thunk|__llvm_retpoline')


def output(*command):
    done = lintlib.run(*command)
    if done.returncode != 0:
        raise SystemExit(f'{" ".join(command)}: {done.stdout}')
    return done.stdout


def symbols(archive):
    """(defined, undefined) external symbols of all members."""
    defined, undefined = set(), set()
    for line in output('nm', '-g', archive).splitlines():
        match = re.match(r'^(?:[0-9a-f]+)?\s+([A-Za-z])\s+(\S+)$', line)
        if match:
            (undefined if match.group(1) in 'UwvV' and not line[0].isalnum()
             else defined).add(match.group(2))
    return defined, undefined - defined


def check_symbols(archive):
    defined, undefined = symbols(archive)
    if not defined:
        yield f'{archive}: exports nothing; was it built?'
    for name in sorted(undefined):
        if not NEEDED.match(name):
            yield f'{archive}: needs {name}, which is neither HAL, arch nor mem*()'
    for name in sorted(defined):
        if not EXPORTED.match(name):
            yield f'{archive}: exports {name}, which does not begin with cbx_'


def check_branches(archive):
    member = where = ''
    for line in output('objdump', '-d', '--no-show-raw-insn', archive).splitlines():
        match = re.match(r'^(\S+):\s+file format', line)
        if match:
            member = os.path.basename(match.group(1))
        match = re.match(r'^[0-9a-f]+ <(.+)>:$', line)
        if match:
            where = match.group(1)
        if INDIRECT.search(line):
            yield f'{member}: {where}: an indirect branch: {" ".join(line.split()[1:])}'
    if not where:
        yield f'{archive}: holds no code; was it built?'


def check_data(archive):
    member = ''
    for line in output('readelf', '-SW', archive).splitlines():
        match = re.match(r'^File: (?:.*\()?([^()]*)\)?$', line)
        if match:
            member = os.path.basename(match.group(1))
        match = re.match(r'^\s*\[\s*\d+\]\s+(\S+)\s+PROGBITS\s+\S+\s+\S+\s+(\S+)\s+\S+\s+(\w*)\s', line)
        if match and 'W' in match.group(3) and int(match.group(2), 16) != 0:
            yield (f'{member}: {int(match.group(2), 16)} bytes of writable initialised data '
                   f'in {match.group(1)}')


def check_code(archive):
    yield from check_branches(archive)
    yield from check_data(archive)


BAD_SYMBOLS = {
    'a libc function': 'int puts(const char *s); int cbx_a(void) { return puts("a"); }',
    'a function of the client': 'int cbx_client_x(void); int cbx_a(void) { return cbx_client_x(); }',
    'a name without prefix': 'int helper(void) { return 1; }',
}
BAD_CODE = {
    'a call through a pointer': 'int cbx_a(int (*f)(void)) { return f() + 1; }',
    'a tail call through a pointer': 'int cbx_a(int (*f)(void)) { return f(); }',
    'writable data': 'int cbx_a = 7;',
    'writable static data': 'static int a = 7; int *cbx_a(void) { return &a; }',
    'relocated data': 'const char *const cbx_a[] = { "x", "y" };',
    'a jump table': 'int cbx_g(int); int cbx_a(int i) { switch (i) {' +
                    ''.join(f'case {i}: return cbx_g({i * i + 7}) * {i};' for i in range(20)) +
                    '} return 0; }',
}
GOOD = ('int cbx_hal_x(int); void *memcpy(void *, const void *, unsigned long);'
        'static int state; int cbx_a(char *to, const char *from, unsigned long n)'
        '{ memcpy(to, from, n); state++; return cbx_hal_x(state); }')


def archive_of(source, folder):
    cc = os.environ.get('CC', 'cc').split()
    c, o, a = (os.path.join(folder, n) for n in ('a.c', 'a.o', 'a.a'))
    with open(c, 'w', encoding='utf-8') as f:
        f.write(source)
    if os.path.exists(a):
        os.unlink(a)
    output(*cc, '-O2', '-fPIE', '-ffreestanding', '-fno-builtin', '-w', '-c', c, '-o', o)
    output('ar', 'rcs', a, o)
    return a


def self_test(checker, bad):
    with tempfile.TemporaryDirectory() as folder:
        wrong = [f'does not see: {title}' for title, source in bad.items()
                 if not list(checker(archive_of(source, folder)))]
        wrong += [f'wrongly complains: {f}' for f in checker(archive_of(GOOD, folder))]
    return wrong


def main():
    what, archives = sys.argv[1], sys.argv[2:]
    for program in ('nm', 'objdump', 'readelf', 'ar'):
        lintlib.need(program)
    checker, bad = {'symbols': (check_symbols, BAD_SYMBOLS),
                    'code': (check_code, BAD_CODE)}[what]
    wrong = self_test(checker, bad)
    if wrong:
        return lintlib.report(f'archive {what} (self-test)', wrong)
    return lintlib.report(f'archive {what}', [f for a in archives for f in checker(a)])


if __name__ == '__main__':
    sys.exit(main())
