# SPDX-License-Identifier: Apache-2.0
"""The stressors of stress-ng, each for a number of operations in a box and
outside.

    stress.py CONFBOX LIST [NAME]...      NAME: all stressors otherwise

The list says what is expected of each, and why one is refused (see there).
What passes verifies its own results (--verify).  Wrong is a stressor that does
not do what the list says: one that failed, or ended by a signal, or that is
refused and passes now; one that the list does not name has to pass.  Outside they
run as nobody when this is root.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

STRESS = '/usr/bin/stress-ng'
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'HOME': '/', 'LC_ALL': 'C'}
SECONDS = 60  # a stressor; more than any wants
MORE = 10  # times as many, for one that did nothing in its own
REFUSED_SECONDS = 1  # many go on trying
REFUSED_OPS = 20  # some count what was refused, too
BOXES = 2  # at once
NOBODY = 65534
STATES = ('passed', 'refused', 'failed')


class Row:
    def __init__(self, line):
        text, _, self.reason = line.partition(': ')
        self.kind, self.name, *rest = text.split()
        self.ops = int(rest.pop(0)) if self.kind != 'refused' else REFUSED_OPS
        self.options = rest
        self.timed = '-t' in rest
        if self.kind not in ('same', 'inside', 'refused') or (self.kind != 'same') != bool(self.reason):
            raise ValueError(f'no row of the list: {line}')

    def command(self, times=1):
        limit = REFUSED_SECONDS if self.kind == 'refused' else SECONDS
        timed = [] if self.timed else ['-t', str(limit)]
        options = [str(int(word) * times) if before == '-t' else word
                   for before, word in zip([None, *self.options], self.options)]
        return [STRESS, f'--{self.name}', '1', f'--{self.name}-ops', str(self.ops), '--verify', '--metrics',
                *timed, *options]


def read_list(path):
    with open(path, encoding='ascii') as file:
        return [Row(line.strip()) for line in file if line.strip() and not line.startswith('#')]


def known():
    return subprocess.run([STRESS, '--stressors'], stdout=subprocess.PIPE, check=True, text=True).stdout.split()


def done_ops(row, text):
    """The operations it counted; 0 when it says that it did nothing."""
    found = re.search(rf'\] {re.escape(row.name)} +(\d+) ', text)
    return int(found.group(1)) if found else 0


def judge(row, status, text):
    """passed, refused or failed."""
    if status not in range(8):  # those of stress-ng; 124 and more are confbox's
        return 'failed'
    wrong = status == 2 or re.search(r'^stress-ng: fail:', text, re.M)
    if row.kind != 'refused' and wrong:
        return 'failed'
    enough = done_ops(row, text) >= (1 if row.timed else row.ops)
    return 'passed' if status == 0 and enough and not wrong else 'refused'


def run(command, folder, user=None):
    began = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=ENVIRONMENT, cwd=folder, timeout=3 * SECONDS, check=False, user=user, group=user,
                              extra_groups=None if user is None else [])
        status, text = done.returncode, done.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as late:
        status, text = -1, (late.stdout or b'').decode(errors='replace') + '\nit does not end'
    return status, text, time.monotonic() - began


def in_time(row, start):
    """A row with a time of its own has more when that was too short for one operation."""
    result = start(row.command())
    if row.timed and result[0] == 0 and done_ops(row, result[1]) == 0:
        result = start(row.command(MORE))
    return result


def inside(confbox, row, folder):
    env = [word for pair in ENVIRONMENT.items() for word in ('--env', '='.join(pair))]
    return in_time(row, lambda command: run([confbox, 'run', '--memory', '512M', '--timeout', str(2 * SECONDS),
                                             '--cwd', '/tmp', *env, '--', *command], folder))


def outside(row, folder):
    user = NOBODY if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(dir=folder) as own:
        if user is not None:
            os.chown(own, user, user)
        return in_time(row, lambda command: run(command, own, user))


def both(confbox, row, folder):
    """What it was inside and outside, what it printed inside, both times."""
    status, text, seconds = inside(confbox, row, folder)
    state = judge(row, status, text)
    beside, besides = None, 0
    if row.kind == 'same':
        there, said, besides = outside(row, folder)
        beside = judge(row, there, said)
    return row, state, beside, text, (seconds, besides)


def check(row, state, beside, text):
    """Whether that is as the list says; what is not is printed."""
    if state == ('refused' if row.kind == 'refused' else 'passed'):
        if beside not in (None, 'passed'):
            print(f'not compared: {row.name}: {beside} outside')
        return True
    print(f'WRONG: {row.name} {state} in a box, the list says {row.kind}; outside: {beside or "not run"}')
    print('  ' + '\n  '.join(text.splitlines()[-12:]))
    return False


def main(confbox, path, *names):
    if not os.path.exists(STRESS):
        print('the package stress-ng is not installed')
        return 77
    there = known()
    rows = {row.name: row for row in read_list(path)}
    for name in there:
        rows.setdefault(name, Row(f'same {name} 1 -t 5'))
    wanted = [rows[name] for name in names or there]
    with tempfile.TemporaryDirectory(prefix='confbox-stress-') as folder:
        os.chmod(folder, 0o755)
        with concurrent.futures.ThreadPoolExecutor(BOXES) as pool:
            results = list(pool.map(lambda row: both(os.path.abspath(confbox), row, folder), wanted))
    wrong = [row.name for row, state, beside, text, _ in results if not check(row, state, beside, text)]
    for state in STATES:
        print(f'{state}: ' + ' '.join(row.name for row, got, *_ in results if got == state))
    for row, *_ in results:
        if row.kind == 'refused':
            print(f'  {row.name}: {row.reason}')
    compared = [times for row, state, beside, _, times in results if state == beside == 'passed']
    print(f'{len(wanted)} stressors: ' + ', '.join(f'{sum(r[1] == s for r in results)} {s}' for s in STATES) +
          f'; {len(compared)} compared with outside: {sum(t[0] for t in compared):.0f} s in boxes, '
          f'{sum(t[1] for t in compared):.0f} s outside; not as the list says: {" ".join(wrong) or "none"}')
    return 1 if wrong or not results else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
