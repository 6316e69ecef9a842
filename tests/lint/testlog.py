# SPDX-License-Identifier: Apache-2.0
"""scripts/summary.py counts what made-up test logs hold, and says why something failed."""
import contextlib
import io
import json
import os
import sys
import tempfile

import lintlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(lintlib.ROOT, 'scripts'))
import summary  # noqa: E402 (of scripts)

LONG = '\n'.join(f'line {n}' for n in range(1000))
TESTS = [
    {'name': 'confbox:unit / good', 'result': 'OK', 'stdout': 'of a good one\n', 'stderr': ''},
    {'name': 'confbox:unit / absent', 'result': 'SKIP', 'stdout': 'no emulator\n', 'stderr': ''},
    {'name': 'confbox:unit / cases', 'result': 'FAIL', 'returncode': 1, 'duration': 1.25,
     'stdout': f'[       OK ] first\nwhy \x1b[1mit did\r\n[  FAILED  ] second\n{LONG}\n',
     'stderr': f'{"x" * 1000}\nlast words\n'},
    {'name': 'confbox:pks / silent', 'result': 'TIMEOUT', 'returncode': -15, 'duration': 60},
    {'name': 'confbox:pks / loud', 'result': 'FAIL', 'returncode': 2, 'duration': 0.5,
     'stdout': f'{"y" * 300}\n' * 60, 'stderr': 'the end of it\n'},
]


def printed(function, *arguments):
    """What it prints, and returns."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        value = function(*arguments)
    return out.getvalue(), value


def of_log(tests, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'log.json')
        with open(path, 'w', encoding='utf-8') as f:
            f.writelines(json.dumps(test) + '\n' for test in tests)
        return printed(summary.main, [*arguments[:-1], arguments[-1] + path])


def check():
    said, _ = of_log(TESTS, '--said', '')
    for wanted in ('cases: FAIL, status 1, after 1.2 s', '| why ?[1mit did\n', '| [  FAILED  ] second',
                   '| ...\n      | line 940\n', '| line 999', '| last words', 'silent: TIMEOUT, status -15',
                   '      nothing', '| the end of it'):
        if wanted not in said:
            yield f'said: does not show: {wanted!r}'
    for unwanted in ('of a good one', 'no emulator', 'line 500', 'x' * 401):
        if unwanted in said:
            yield f'said: shows {unwanted[:20]!r}'
    if not 10000 < said.count('y') < 12000:
        yield f'said: shows {said.count("y")} characters of a loud program'

    text, status = of_log(TESTS, 'here=')
    for wanted in ('2 passed, 3 failed, 1 skipped', 'here: cases: second', 'here: silent: timeout',
                   'here: absent: no emulator', '| last words'):
        if wanted not in text:
            yield f'sum: does not show: {wanted!r}'
    if '| the end of it' not in text or not 1000 < len(text) < 8000:
        yield f'sum: {len(text)} characters of what those that failed said'
    if status != 1:
        yield f'sum: status {status} when something failed'
    if of_log(TESTS[:2], 'here=')[1] != 0:
        yield 'sum: a status when nothing failed'
    if of_log([], 'here=')[1] != 1:
        yield 'sum: no status when nothing ran'


if __name__ == '__main__':
    sys.exit(lintlib.report('testlog', check()))
