# SPDX-License-Identifier: Apache-2.0
"""What those who start an emulator make of its end: a stock kernel that met a stale
breakpoint is booted anew, and nothing else is; who is out of time tells what was said.

A script stands for the emulator; a file counts how often it was started.
"""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', part) for part in ('../lab/x86/tests', 'support')]
import machine  # pylint: disable=wrong-import-position
import run as lab_run  # pylint: disable=wrong-import-position
from patience import until  # pylint: disable=wrong-import-position

BARE = os.path.join(HERE, '../support/bare/run.py')
STALE = 'Oops: int3: 0000 [#1] PREEMPT SMP\\nRIP: 0010:run_timer_softirq+0x12/0x30'
OURS = 'Oops: int3: 0000 [#1] PREEMPT SMP\\nRIP: 0010:cbx_enter+0x12/0x30 [confbox]'
LOST = "lab: lost: cpu 1 vmpl 1 rip 8000271: a page that is not the guest.s so: 8044000"
SCRIPT = """#!/bin/sh
echo >> @COUNT@
if [ $(wc -l < @COUNT@) -le @BAD@ ]; then
	printf '%s' 'half a line '
	printf '@WORD@\\n'
	exit 1
fi
echo pass
: > @COUNT@.said
exec sleep @SLEEP@
"""


class Runners(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        before = os.environ['PATH']
        self.addCleanup(lambda: os.environ.update(PATH=before))
        os.environ['PATH'] = f'{self.folder}:{before}'

    def name(self, name):
        return os.path.join(self.folder, name)

    def emulator(self, bad, word=STALE, sleep=0):
        """It says the word so often before it passes."""
        script = SCRIPT
        for name, value in {'COUNT': self.name('count'), 'BAD': bad, 'WORD': word, 'SLEEP': sleep}.items():
            script = script.replace(f'@{name}@', str(value))
        with open(self.name(lab_run.QEMU), 'w', encoding='ascii') as file:
            file.write(script)
        os.chmod(self.name(lab_run.QEMU), 0o755)
        with open(self.name('count'), 'w', encoding='ascii'):
            pass

    def count(self):
        with open(self.name('count'), encoding='ascii') as file:
            return len(file.readlines())

    def test_a_stock_kernel(self):
        for bad, word, passed, count in ((0, STALE, True, 1), (1, STALE, True, 2),
                                         (machine.TRIES - 1, STALE, True, machine.TRIES),
                                         (machine.TRIES, STALE, False, machine.TRIES),
                                         (1, OURS, False, 1), (1, LOST, False, 1), (1, 'bad a_test', False, 1)):
            with self.subTest(bad=bad, word=word):
                self.emulator(bad, word)
                self.assertEqual('pass' in machine.boot(self.folder, '/dev/null', b'', 60), passed)
                self.assertEqual(self.count(), count)

    def test_the_lab_is_never_started_anew(self):
        self.emulator(1, STALE)
        self.assertEqual(lab_run.boot('/dev/null', '/dev/null')[0], 1)
        self.assertEqual(self.count(), 1)

    def start(self, seconds='60'):
        with open(self.name('host'), 'wb'):
            pass
        return subprocess.Popen([sys.executable, '-B', BARE, self.name('host'), self.name('host')],
                                env={**os.environ, 'BARE_SECONDS': seconds}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_time_out_tells_what_was_said(self):
        self.emulator(0, sleep=60)
        with self.start('4') as process:
            out, err = process.communicate()
        self.assertEqual((process.returncode, out, err), (1, 'pass\n', 'run.py: no end after 4 s\n'))
        self.assertEqual(self.count(), 1)

    def test_who_ends_it_is_told_what_was_said(self):
        self.emulator(0, sleep=60)
        with self.start() as process:
            until('the emulator', lambda: os.path.exists(self.name('count.said')))
            process.terminate()
            out, err = process.communicate()
        self.assertEqual((process.returncode, out, err), (1, 'pass\n', 'run.py: ended from outside\n'))


if __name__ == '__main__':
    unittest.main()
