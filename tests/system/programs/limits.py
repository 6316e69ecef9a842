# SPDX-License-Identifier: Apache-2.0
"""What a program meets at the edges of its box.

    limits.py CONFBOX BUSYBOX FORKS
"""
import hashlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

CONFBOX = BUSYBOX = FORKS = None


def run(options, command, data=b''):
    """A finished box."""
    return subprocess.run([CONFBOX, 'run', *options, '--', BUSYBOX, *command], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200, check=False)


def forks(options, *words):
    """A finished box with the program of many processes."""
    return subprocess.run([CONFBOX, 'run', *options, '--', FORKS, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200, check=False)


class Limits(unittest.TestCase):
    def test_a_small_box_is_enough_for_a_small_program(self):
        done = run(['--memory', '4M'], ['sort'], b'b\na\n')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'a\nb\n', b''))

    def test_too_large_an_allocation_is_the_programs_error(self):
        done = run(['--memory', '16M'], ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'out of memory', done.stderr)

    def test_a_full_file_system_is_an_error_and_the_files_stay_whole(self):
        done = run(['--memory', '16M'], ['dd', 'if=/dev/zero', 'of=/tmp/x', 'bs=1M'])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'No space left on device', done.stderr)

    def test_endless_recursion_is_a_segmentation_fault(self):
        done = run([], ['sh', '-c', 'f() { f; }; f'])
        self.assertEqual(done.returncode, 139)

    def test_a_closed_output_is_a_signal(self):
        with subprocess.Popen([CONFBOX, 'run', '--', BUSYBOX, 'yes'], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL) as box:
            self.assertEqual(box.stdout.read(2), b'y\n')
            box.stdout.close()
            self.assertEqual(box.wait(timeout=200), 141)

    def test_a_terminal_that_stands_still_keeps_no_box_from_its_end(self):
        """As after Ctrl-S: it takes some of the output, and then none."""
        for options, sent, wanted in ((['--timeout', '0.5'], None, 124), ([], signal.SIGTERM, 143)):
            shown, ours = os.openpty()
            with subprocess.Popen([CONFBOX, 'run', *options, '--', BUSYBOX, 'yes'], stdin=subprocess.DEVNULL,
                                  stdout=ours, stderr=subprocess.DEVNULL) as box:
                watchdog = threading.Timer(200, box.kill)
                watchdog.start()
                select.select([shown], [], [])
                if sent is not None:
                    box.send_signal(sent)
                self.assertEqual(box.wait(), wanted)
                watchdog.cancel()
            os.close(shown)
            os.close(ours)

    def test_many_arguments_arrive(self):
        words = [f'word{i}' for i in range(5000)]
        done = run([], ['echo', *words])
        self.assertEqual(done.stdout, (' '.join(words) + '\n').encode())

    def test_a_large_input_arrives_whole(self):
        data = os.urandom(9000001)
        for options in ([], ['--confine']):
            done = run(options, ['sha256sum'], data)
            self.assertEqual(done.stdout.split()[0].decode(), hashlib.sha256(data).hexdigest())

    def test_a_large_output_of_a_confined_box_arrives_whole(self):
        data = os.urandom(3000000)
        done = run(['--confine'], ['cat'], data)
        self.assertEqual(done.stdout, data)

    def test_a_large_file_is_held_once(self):
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(64 << 20)
            done = run(['--memory', '16M', '--file', f'{file.name}:/big'], ['wc', '-c', '/big'])
            self.assertEqual(done.stdout, b'67108864 /big\n')
            done = run(['--memory', '16M', '--file', f'{file.name}:/big'], ['sha256sum', '/big'])
            expected = hashlib.sha256(bytes(64 << 20)).hexdigest()
            self.assertEqual(done.stdout, f'{expected}  /big\n'.encode())

    def test_a_file_without_permission_is_not_run(self):
        done = run([], ['sh', '-c', 'echo "#!/bin/busybox true" > /tmp/s; exec /tmp/s y'])
        self.assertEqual(done.returncode, 126)
        self.assertIn(b'Permission denied', done.stderr)

    def test_the_clock_begins_at_the_epoch_and_goes_on(self):
        done = run(['--epoch', '1000000'], ['date', '-u', '+%Y %j'])
        self.assertEqual(done.stdout, b'1970 012\n')

    def test_processes_cost_nothing_for_good(self):
        done = forks([], 'leak', '150')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(int(done.stdout), 1024)

    def test_more_processes_than_there_can_be_are_refused(self):
        for memory in ('64M', '256M'):
            done = forks(['--memory', memory], 'bomb')
            count, why = done.stdout.decode().splitlines()[0].split(' ', 1)
            self.assertGreater(int(count), 64)
            self.assertIn(why, ('Cannot allocate memory', 'Resource temporarily unavailable'))
            self.assertIn(b'then 7', done.stdout, done.stderr)

    def test_a_box_survives_processes_that_only_make_more(self):
        self.assertIn(b'then 6', forks([], 'tree').stdout)

    def test_a_process_that_wants_all_memory_dies_alone(self):
        done = forks(['--memory', '64M'], 'hog')
        self.assertEqual(done.stdout, b'killed by 9\nthen 5\n')
        self.assertRegex(done.stderr, rb'out of memory: all 64 MiB.*process \d+ \(forks\)')


if __name__ == '__main__':
    CONFBOX, BUSYBOX, FORKS = (os.path.abspath(word) for word in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + ['-q'])
