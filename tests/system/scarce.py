# SPDX-License-Identifier: Apache-2.0
"""A kernel that gives no more processes, threads or descriptors, from the first one
on that a run asks for: each run ends in its time, does what it was to do or names
what is missing and what to do about it, and leaves no process behind.

    scarce.py CONFBOX BUSYBOX THREADS
"""
import ctypes
import os
import re
import resource
import subprocess
import sys
import time
import unittest

CONFBOX = BUSYBOX = THREADS = ''
SOMEBODY = 60000 + os.getpid() % 5000  # root is not limited: nobody else's number
SUBREAPER = 36  # prctl's: what loses its parent is our child
SECONDS = 100   # far more than a run takes, far less than for ever
DYING = 20      # far more than a killed process takes to be gone
STEPS = 26      # more than a run needs of either

TOO_FEW = re.compile(r'confbox: [^\n;]+; (raise the limits \(ulimit\), or run fewer at once'
                     r'|free memory, ask for less \(--memory\), or raise the limit \(ulimit -v\))\n')
OVER = 'confbox: the box was ended: its time of 0.5 s was over; give it more with --timeout\n'


def limited(kind, number):
    """What a child does before it is confbox."""
    def become():
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(SOMEBODY)
            os.setuid(SOMEBODY)
        resource.setrlimit(kind, (number, number))
    return become


def run(kind, number, *words):
    """A finished confbox, to which nobody says anything."""
    silent, ours = os.pipe()
    try:
        return subprocess.run([CONFBOX, *words], stdin=silent, capture_output=True, text=True, check=False,
                              timeout=SECONDS, env={}, preexec_fn=limited(kind, number))
    finally:
        os.close(silent)
        os.close(ours)


def tasks():
    """Processes and threads that count for RLIMIT_NPROC already."""
    if os.getuid() == 0:
        return 0
    count = 0
    for process in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.stat(f'/proc/{process}').st_uid == os.getuid():
                count += len(os.listdir(f'/proc/{process}/task'))
        except OSError:
            pass  # it ended
    return count


class Scarce(unittest.TestCase):
    def assert_nothing_left(self):
        """Who was killed may take a while to die, on a busy machine."""
        until = time.monotonic() + DYING
        try:
            while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) or time.monotonic() < until:
                time.sleep(0.01)
        except ChildProcessError:
            return
        self.fail('processes are left, and still run')

    def step(self, kind, first, words, good):
        """All limits from the first on; at least one was too low and the last one was not."""
        outcomes = []
        for number in range(first, first + STEPS):
            if run(kind, number, '--version').returncode == 127:
                continue  # not even its libraries could be opened
            with self.subTest(number=number):
                began = time.monotonic()
                done = run(kind, number, 'run', *words)
                result = (done.returncode, done.stderr)
                outcomes.append(done.returncode)
                if result == good[:2]:
                    self.assertIn(done.stdout, good[2])
                else:
                    self.assertEqual(done.returncode, 125, result)
                    self.assertRegex(done.stderr, TOO_FEW)
                    self.assertRegex(done.stderr, r'\A[^\n]*\n\Z')
                    self.assertEqual(done.stdout, '')
                self.assertLess(time.monotonic() - began, SECONDS / 2)
                self.assert_nothing_left()
        self.assertEqual((outcomes[0], outcomes[-1]), (125, good[0]))

    def step_both(self, words, good):
        with self.subTest('processes'):
            self.step(resource.RLIMIT_NPROC, tasks(), words, good)
        with self.subTest('descriptors'):
            self.step(resource.RLIMIT_NOFILE, 3, words, good)

    def test_a_box_of_several_threads_is_ended_by_its_time(self):
        awake = ''.join(f'awake {i}\n' for i in range(5))
        said = [awake[:8 * i] for i in range(6)]
        self.step_both(['--cpus', '3', '--timeout', '0.5', '--', THREADS, 'input'], (124, OVER, said))

    def test_a_program_does_what_it_does(self):
        self.step_both(['--', BUSYBOX, 'echo', 'hello'], (0, '', ['hello\n']))


if __name__ == '__main__':
    CONFBOX, BUSYBOX, THREADS = (os.path.abspath(word) for word in sys.argv[1:4])
    if ctypes.CDLL(None).prctl(SUBREAPER, 1) != 0:
        print('this kernel has no subreaper: what is left behind would not be seen')
        sys.exit(77)
    try:
        subprocess.run([CONFBOX, '--version'], preexec_fn=limited(resource.RLIMIT_CORE, 0), check=True,
                       stdout=subprocess.DEVNULL, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        print(f'root cannot run {CONFBOX} as somebody whom the limits bind: {error}')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + ['-q'])
