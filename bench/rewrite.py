# SPDX-License-Identifier: Apache-2.0
"""rewrite.py CONFBOX BENCH_HELLO [--quick]: what the rewriting of system calls is worth to whole programs.

CPU time of the whole command, boxes and monitor included, with every call a trap (never), with those made
often a jump (often), and with every one that can be (first); and how many calls there are.  What a rewriting
before the start could gain at most is less than the calls made until then, as traps.
"""
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

import table

WAYS = ('never', 'often', 'first')
RUNS = 7
REPORT = os.path.join(os.path.dirname(__file__), '..', 'tests', 'system', 'real')
SEARCH = '/usr/bin:/bin'
SHELL = 'for ((i = 0; i < 100; i++)); do x=$(echo $i); (true); done; echo $x'
BASE = '''import sqlite3
base = sqlite3.connect("input.db")
base.execute("create table sales(region text, year int, amount real)")
base.executemany("insert into sales values(?, ?, ?)",
                 [(f"r{n % 7}", 2000 + n % 20, n * 1.25) for n in range(20000)])
base.commit()'''


def programs(hello):
    """What is run: name, argv, standard input."""
    with open(os.path.join(REPORT, 'shop.sql'), 'rb') as file:
        shop = file.read()
    return (('hello', [hello], b''), ('python3, start', ['python3', '-c', 'pass'], b''),
            ('python3, a script', ['python3', 'report.py', 'data.json', 'input.db'], b''),
            ('sqlite3, a script', ['sqlite3', ':memory:'], shop),
            ('bash, 200 subshells', ['bash', '-c', SHELL], b''))


def fill(folder):
    """The script, and what it reads."""
    rows = [{'name': f'n{n % 91}', 'value': n * 7919 % 10007, 'tags': ['t'] * (n % 5)} for n in range(3000)]
    with open(os.path.join(folder, 'data.json'), 'w', encoding='utf-8') as file:
        json.dump(rows, file)
    with open(os.path.join(REPORT, 'report.py'), 'rb') as source, \
            open(os.path.join(folder, 'report.py'), 'wb') as file:
        file.write(source.read())
    subprocess.run([sys.executable, '-c', BASE], cwd=folder, check=True)


def run(confbox, options, argv, data):
    """CPU time in ms, and standard error."""
    os.environ['PATH'] = SEARCH
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([confbox, 'run', '--memory', '512M', '--cpus', '1', '--dir', os.getcwd(),
                           '--cwd', os.getcwd(), *options, '--', *argv], input=data, check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stderr.decode()


def calls(confbox, argv, data):
    """System calls, by the profile's table."""
    said = run(confbox, ['--profile'], argv, data)[1].split('exit, and the host')[0]
    return sum(int(row[1]) for row in re.finditer(r'^ +[0-9.]+ +[0-9.]+ +(\d+) +\d+  \w+$', said, re.M))


def main(confbox, hello, *quick):
    confbox, hello = os.path.abspath(confbox), os.path.abspath(hello)
    table.heading('Whole programs, and when their system calls become jumps')
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        fill(folder)
        for name, argv, data in programs(hello):
            least = dict.fromkeys(WAYS, float('inf'))
            for _ in range(1 if quick else RUNS):
                for way in WAYS:
                    least[way] = min(least[way], run(confbox, ['--rewrite', way], argv, data)[0])
            table.row(f'{name}: calls', calls(confbox, argv, data), '')
            table.row(f'{name}, those made often', least['often'], 'ms', 'every call a trap', least['never'])
            table.row(f'{name}, each at its first call', least['first'], 'ms', 'every call a trap', least['never'])
        os.chdir('/')


if __name__ == '__main__':
    main(*sys.argv[1:])
