# SPDX-License-Identifier: Apache-2.0
"""Python's own tests in a box: as many run and as many fail as outside.

    python_tests.py CONFBOX LIST [MODULE]...      MODULE: all marked "same" otherwise

The list has a module a line: "same NAME", or "other NAME: what differs, why".
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PYTHON = '/usr/bin/python3'
TESTS = '/usr/lib/python3.11/test'
TOOLS = ['sh', 'true', 'env', 'cat', 'sleep', 'echo', 'ls', 'ps']
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'HOME': '/', 'LC_ALL': 'C.UTF-8'}
SECONDS = 200


def read_list(path):
    """Names of the modules that are the same."""
    with open(path, encoding='ascii') as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith('#')]
    return [row[1] for row in rows if row[0] == 'same']


def result(command, folder):
    """How many tests ran, and how many failed; what is skipped may differ with the machine."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=ENVIRONMENT, cwd=folder, timeout=SECONDS, check=False)
    text = done.stdout.decode(errors='replace')
    ran = re.findall(r'^Ran (\d+) tests?', text, re.M)
    bad = re.findall(r'^(?:FAIL|ERROR): (\S+)', text, re.M)
    return (done.returncode, ran[-1:], sorted(bad)), text


def main(confbox, path, *names):
    if not os.path.exists(os.path.join(TESTS, 'test_json')) or not os.path.exists(PYTHON):
        print('the package libpython3.11-testsuite is not installed')
        return 77
    bad = 0
    box = [os.path.abspath(confbox), 'run', '--memory', '1G', '--with', TESTS, '--cwd', '/tmp']
    box += [word for pair in ENVIRONMENT.items() for word in ('--env', '='.join(pair))]
    box += [word for tool in TOOLS if shutil.which(tool, path='/bin') for word in ('--with', f'/bin/{tool}')]
    for name in names or read_list(path):
        command = [PYTHON, '-W', 'ignore', '-m', 'unittest', '-q', f'test.test_{name}']
        with tempfile.TemporaryDirectory(prefix='confbox-python-') as folder:
            outside, _ = result(command, folder)
            inside, text = result([*box, '--', *command], folder)
        if inside != outside or not outside[1]:
            bad += 1
            print(f'DIFFERS: {name}\n  outside: {outside}\n  inside:  {inside}\n{text[-2000:]}')
    print(f'{len(names or read_list(path))} modules, {bad} differ')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
