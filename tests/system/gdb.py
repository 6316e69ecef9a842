# SPDX-License-Identifier: Apache-2.0
"""gdb and a box: confbox run --gdb.

    gdb.py CONFBOX PROGRAM
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
import patience  # noqa: E402 (tests/support)

CONFBOX = PROGRAM = None
GDB = '/usr/bin/gdb'
SECONDS = 200


class Session:
    """A box that waits for gdb, and a gdb that runs commands."""

    def __init__(self, commands, arguments=(), options=(), data=b''):
        self.folder = tempfile.TemporaryDirectory(prefix='confbox-gdb-')
        self.place = os.path.join(self.folder.name, 'gdb')
        self.box = subprocess.Popen([CONFBOX, 'run', f'--gdb={self.place}', *options, '--', PROGRAM, *arguments],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.box.stdin.write(data)
        self.box.stdin.close()
        self.box.stdin = None
        while not os.path.exists(self.place) and self.box.poll() is None:
            time.sleep(0.01)
        script = [f'file {PROGRAM}', 'set pagination off', 'set confirm off', 'set width 0',
                  f'target remote {self.place}', *commands]
        # a program of its own group: a signal for one is not for the other
        self.gdb = subprocess.Popen([GDB, '-q', '-nx', '-batch', *[word for line in script for word in ('-ex', line)]],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    start_new_session=True, env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'HOME': self.folder.name})

    def end(self):
        """What gdb said; the box's status and output."""
        try:
            said, _ = self.gdb.communicate(timeout=SECONDS)
            out, err = self.box.communicate(timeout=SECONDS)
        finally:
            self.gdb.kill()
            self.box.kill()
            self.folder.cleanup()
        return said.decode(), self.box.returncode, out.decode(), err.decode()


class Debugging(unittest.TestCase):
    def expect(self, said, *patterns):
        at = 0
        for pattern in patterns:
            found = re.compile(pattern, re.M).search(said, at)
            self.assertIsNotNone(found, f'{pattern} is not in what gdb said:\n{said}')
            at = found.end()

    def test_a_program_with_libraries(self):
        said, status, out, _ = Session([
            'break twice', 'continue', 'backtrace', 'info args', 'next', 'next', 'print result', 'info sharedlibrary',
            'finish', 'next', 'print pair', 'set var pair.a = 10', 'continue', 'print n', 'stepi', 'print $pc > 0',
            'delete', 'print twice(1000)', 'continue']).end()
        self.expect(said, r'Breakpoint 1, twice \(n=21\)', r'#1 .* in main', r'^n = 21', r'= 42$', r'libc\.so\.6',
                    r'Value returned is .* = 42', r'= \{a = 3, b = 1\}', r'Breakpoint 1, twice \(n=10\)', r'= 10$',
                    r'= 1$', r'= 2000$', r'exited with code 06')
        self.assertEqual((status, out), (62 % 7, 'x 62, total 2062\n'))

    def test_threads(self):
        said, status, out, _ = Session([
            'break twice', 'continue', 'info threads', 'thread apply all print $pc > 0', 'next', 'continue', 'continue',
            'delete', 'continue'], ['threads']).end()
        self.expect(said, r'hit Breakpoint 1, twice \(n=[123]00\)', r'Thread \d+ .*\n.*Thread \d+ .*\n.*Thread \d+ ',
                    r'= 1$', r'hit Breakpoint 1, twice', r'hit Breakpoint 1, twice', r'exited with code 04')
        self.assertEqual(sorted(set(re.findall(r'hit Breakpoint 1, twice \(n=(\d+)\)', said))), ['100', '200', '300'])
        self.assertEqual((status, out), (4, 'total 1200\n'))

    def test_an_interrupt(self):
        session = Session(['break spin', 'continue', 'delete', 'shell touch $HOME/there', 'continue', 'backtrace 1',
                           'print turns > 0', 'set var spinning = 0', 'continue'], ['spin'])
        patience.until('it spins', lambda: os.path.exists(os.path.join(session.folder.name, 'there')))
        time.sleep(1)  # for a turn
        os.kill(session.gdb.pid, signal.SIGINT)
        said, status, _, _ = session.end()
        self.expect(said, r'received signal SIGINT', r'#0 .*spin \(\)', r'= 1$', r'exited with code 011')
        self.assertEqual(status, 9)

    def test_a_detached_program_goes_on(self):
        said, status, out, _ = Session(['break twice', 'continue', 'delete', 'detach']).end()
        self.expect(said, r'Breakpoint 1, twice', r'detached')
        self.assertEqual((status, out), (48 % 7, 'x 48, total 48\n'))

    def test_a_killed_program_ends(self):
        _, status, out, _ = Session(['break twice', 'continue', 'kill']).end()
        self.assertEqual((status, out), (128 + signal.SIGKILL, ''))

    def test_a_confined_box_is_not_debugged(self):
        """X20: from the client's first byte on the debugger hears and does nothing."""
        said, _, out, _ = Session(['break answer', 'continue', 'print sizeof(text)', 'delete', 'continue', 'backtrace'],
                                  ['answer'], ['--confine'], b'the data of a client\n').end()
        self.expect(said, r'Breakpoint 1, answer', r'= 64$')
        self.assertNotRegex(said, r'exited|received signal')
        self.assertEqual(out.rstrip('\0'), 'the data of a client\n')

    def test_it_is_measured(self):
        def measure(*options):
            return subprocess.run([CONFBOX, 'measure', '--epoch', '1', *options, '--', PROGRAM], stdout=subprocess.PIPE,
                                  check=True).stdout
        plain = measure()
        self.assertEqual(plain, measure())
        self.assertNotEqual(plain, measure('--gdb'))

    def test_a_place_that_cannot_be(self):
        for place in ('/none/there/gdb', '65536', 'x', '-1'):
            done = subprocess.run([CONFBOX, 'run', f'--gdb={place}', '--', PROGRAM], stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 125, place)
            self.assertIn(b'--gdb', done.stderr)


def main(confbox, program, *names):
    global CONFBOX, PROGRAM
    CONFBOX, PROGRAM = os.path.abspath(confbox), os.path.abspath(program)
    if not os.path.exists(GDB):
        print('the package gdb is not installed')
        return 77
    return unittest.main(argv=[sys.argv[0], '-v', *names], exit=False).result.wasSuccessful() is False


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
