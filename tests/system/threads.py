# SPDX-License-Identifier: Apache-2.0
"""Programs with threads print the same in a box and outside, however many CPUs
the box may use.

    threads.py CONFBOX NAME=PROGRAM...
"""
import os
import re
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
import patience  # noqa: E402 (tests/support)

CONFBOX = ''
PROGRAMS = {}
CPUS = (1, 2, 3)
SECONDS = patience.SECONDS


class Threads(unittest.TestCase):
    maxDiff = None

    def outside(self, *command, **options):
        done = subprocess.run([PROGRAMS[command[0]], *command[1:]], capture_output=True,
                              timeout=SECONDS, check=False, **options)
        return done.returncode, done.stdout, done.stderr

    def boxed(self, cpus, *command, how=(), **options):
        done = subprocess.run([CONFBOX, 'run', *how, '--cpus', str(cpus), '--memory', '128M', '--',
                               PROGRAMS[command[0]], *command[1:]], capture_output=True,
                              timeout=SECONDS, check=False, **options)
        return done.returncode, done.stdout, done.stderr

    def assert_same(self, *command):
        wanted = self.outside(*command, stdin=subprocess.DEVNULL)
        for cpus in CPUS:
            with self.subTest(command=command, cpus=cpus):
                self.assertEqual(self.boxed(cpus, *command, stdin=subprocess.DEVNULL), wanted)

    def test_every_way_to_wait(self):
        self.assert_same('calls_thread')

    def test_no_wake_up_is_lost(self):
        self.assert_same('thread_stress')

    def test_a_process_ends_with_all_its_threads(self):
        self.assert_same('thread_stress', 'ends')

    def assert_turns(self, turns, *options):
        for cpus in CPUS:
            with self.subTest(cpus=cpus):
                status, out, errors = self.boxed(cpus, 'signal_flood', str(turns), *options)
                found = re.fullmatch(rb'ended 0, turns %d, late (\d+), at most \d+\n' % turns, out)
                self.assertTrue(status == 0 and found, (status, out, errors))
                # as many again come whenever the machine lends no CPU for a turn
                self.assertLess(int(found[1]), turns // 2, out)

    def test_a_flood_of_signals_leaves_a_program_its_turns(self):
        self.assert_turns(300)

    def test_a_flood_by_a_thread_leaves_another_its_turns(self):
        self.assert_turns(1000, 'thread')

    def test_a_flood_of_signals_does_not_stop_what_makes_no_call(self):
        for cpus in CPUS:
            for options in ((), ('thread',)):
                with self.subTest(cpus=cpus, options=options):
                    self.assertEqual(self.boxed(cpus, 'signal_flood', 'run', *options),
                                     (0, b'ended 0, turns 0, late 0, at most 0\n', b''))

    def assert_kept(self, work, count, *options, how=()):
        # of those that nest, most interrupt a handler, not the work
        count *= 3 if 'nodefer' in options else 1
        for cpus in CPUS[:2]:
            with self.subTest(work=work, options=options, how=how, cpus=cpus):
                self.assertEqual(self.boxed(cpus, 'signal_storm', work, str(count), *options, how=how),
                                 (0, b'ended 0\n', b''))

    def test_many_signals_change_nothing_around_a_call(self):
        self.assert_kept('call', 1000, how=('--rewrite', 'never'))
        for options in ((), ('stack',), ('nodefer',), ('stack', 'nodefer')):
            self.assert_kept('call', 500, *options)

    def test_many_signals_change_nothing_between_calls(self):
        for options in ((), ('stack',), ('nodefer',), ('stack', 'nodefer')):
            self.assert_kept('compute', 300, *options)

    def test_many_signals_change_nothing_that_is_touched_first(self):
        for options in ((), ('stack', 'nodefer')):
            self.assert_kept('touch', 300, *options)

    def test_a_flood_of_output_leaves_others_their_turns(self):
        for cpus in CPUS:
            with self.subTest(cpus=cpus):
                status, out, errors = self.boxed(cpus, 'write_flood')
                self.assertEqual((status, out.strip(b'x'), errors), (0, b'', b''))

    def test_exceptions(self):
        if 'thread_throw' not in PROGRAMS:
            self.skipTest('there is no C++ compiler here')
        self.assert_same('thread_throw')

    def test_a_thread_that_reads_stops_nobody(self):
        for cpus in CPUS[:2]:
            with self.subTest(cpus=cpus):
                child = subprocess.Popen(
                    [CONFBOX, 'run', '--cpus', str(cpus), PROGRAMS['thread_stress'], 'input'],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                watchdog = threading.Timer(SECONDS, child.kill)
                watchdog.start()
                # all of that comes while standard input says nothing
                for i in range(5):
                    self.assertEqual(child.stdout.readline(), b'awake %d\n' % i)
                child.stdin.write(b'hello')
                child.stdin.close()
                self.assertEqual(child.stdout.read(), b'read 5: hello, computed: yes\n')
                child.stdout.close()
                self.assertEqual(child.wait(), 0)
                watchdog.cancel()

    def test_a_box_with_many_cpus_is_ended_by_its_time(self):
        silent, ours = os.pipe()
        with open(silent, 'rb') as silent, open(ours, 'wb'):
            done = subprocess.run([CONFBOX, 'run', '--cpus', '3', '--timeout', '0.5',
                                   PROGRAMS['thread_stress'], 'input'], stdin=silent,
                                  capture_output=True, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 124)

    def lenders(self, options, enough=0):
        """Threads of confbox, on one CPU, that lend a program theirs: one that waits for input while another
        computes; when there are enough."""
        one = set(list(os.sched_getaffinity(0))[:1])
        child = subprocess.Popen([CONFBOX, 'run', *options, '--memory', '128M', PROGRAMS['thread_stress'], 'input'],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 preexec_fn=lambda: os.sched_setaffinity(0, one))
        try:
            # the first thread reads: what comes, comes by another
            for i in range(5):
                self.assertEqual(child.stdout.readline(), b'awake %d\n' % i)
            return patience.until(f'{enough} threads', lambda: (count := len(os.listdir(f'/proc/{child.pid}/task')))
                                  >= enough and count)
        finally:
            child.kill()
            child.communicate()

    def test_a_box_has_the_cpus_that_confbox_may_use(self):
        alone = self.lenders(['--cpus', '1'])
        self.assertEqual(self.lenders([]), alone)
        self.lenders(['--cpus', '3'], alone + 1)

    def test_the_number_of_cpus_is_checked(self):
        for cpus in ('0', '17', '-1', 'x', ''):
            with self.subTest(cpus=cpus):
                self.assertEqual(self.boxed(cpus, 'calls_thread')[0], 125)


if __name__ == '__main__':
    CONFBOX = sys.argv[1]
    PROGRAMS = dict(word.split('=', 1) for word in sys.argv[2:])
    unittest.main(argv=sys.argv[:1])
