# SPDX-License-Identifier: Apache-2.0
"""A run that the emulator spoilt (the lab says so, or Linux met a breakpoint of its
own) is begun anew, any other never.

A script stands for the emulator; a file counts how often it was started.
"""
import os
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', part) for part in ('../lab/x86/tests', 'driver', 'root', 'lab')]
import machine as driver_machine  # pylint: disable=wrong-import-position
import run as lab_run  # pylint: disable=wrong-import-position
import rooted  # pylint: disable=wrong-import-position
import snp_lab  # pylint: disable=wrong-import-position
from patience import until  # pylint: disable=wrong-import-position

BARE = os.path.join(HERE, '../support/bare/run.py')
MIXED = 'lab: mixed: cpu 1 vmpl 0 entered at 1000, exit 60 0 0 event 0'
STALE = 'Oops: int3: 0000 [#1] PREEMPT SMP\\nRIP: 0010:run_timer_softirq+0x12/0x30'
OURS = 'Oops: int3: 0000 [#1] PREEMPT SMP\\nRIP: 0010:cbx_enter+0x12/0x30 [confbox]'
LOST = "lab: lost: cpu 1 vmpl 1 rip 8000271: a page that is not the guest's so: 8044000"
SCRIPT = """#!/bin/sh
echo >> @COUNT@
if [ $(wc -l < @COUNT@) -le @BAD@ ]; then
	printf '%s' 'half a line '
	printf '@WORD@\\n'
	exit @WRONG@
fi
echo pass
: > @COUNT@.said
[ @SLEEP@ = 0 ] || exec sleep @SLEEP@
exit @RIGHT@
"""


class Again(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        before = os.environ['PATH']
        self.addCleanup(lambda: os.environ.update(PATH=before))
        os.environ['PATH'] = f'{self.folder}:{before}'

    def emulator(self, bad, word=MIXED, wrong=lab_run.BAD, right=lab_run.GOOD, sleep=0):
        """It says the word so often before it passes."""
        script = SCRIPT
        for name, value in {'COUNT': self.name('count'), 'BAD': bad, 'WORD': word.replace("'", '.'), 'WRONG': wrong,
                            'RIGHT': right, 'SLEEP': sleep}.items():
            script = script.replace(f'@{name}@', str(value))
        with open(self.name(lab_run.QEMU), 'w', encoding='ascii') as file:
            file.write(script)
        os.chmod(self.name(lab_run.QEMU), 0o755)

    def name(self, name):
        return os.path.join(self.folder, name)

    def count(self):
        with open(self.name('count'), encoding='ascii') as file:
            return len(file.readlines())

    def check(self, run, bad, word, passed, count):
        """A machine of run() that says the word so often passes or does not, after as many starts."""
        if os.path.exists(self.name('count')):
            os.unlink(self.name('count'))
        self.emulator(bad, word)
        self.assertEqual((run(), self.count()), (passed, count), (bad, word))

    def check_all(self, run):
        self.check(run, 0, MIXED, True, 1)
        self.check(run, 1, MIXED, True, 2)
        self.check(run, lab_run.TRIES - 1, MIXED, True, lab_run.TRIES)
        self.check(run, lab_run.TRIES, MIXED, False, lab_run.TRIES)
        self.check(run, 1, STALE, True, 2)
        self.check(run, 1, OURS, False, 1)
        self.check(run, 1, LOST, False, 1)
        self.check(run, 1, 'bad a_test', False, 1)

    def test_a_guest(self):
        self.check_all(lambda: lab_run.boot('/dev/null', '/dev/null')[0] == lab_run.GOOD)

    def test_a_stock_kernel(self):
        self.check_all(lambda: 'pass' in driver_machine.boot(self.folder, '/dev/null', b'', 60))

    def start(self, *words, seconds='60'):
        with open(self.name('host'), 'wb'):
            pass
        return subprocess.Popen([sys.executable, '-B', BARE, *words, self.name('host'), self.name('host')],
                                env={**os.environ, 'BARE_SECONDS': seconds}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def bare(self, *words, **options):
        """(status, standard output, standard error)"""
        with self.start(*words, **options) as process:
            out, err = process.communicate()
            return process.returncode, out, err

    def test_a_program_beside_the_puppet(self):
        self.check_all(lambda: self.bare('--lab', '/dev/null', self.folder)[0] == 0)
        self.check(lambda: self.bare()[0] == 0, 1, MIXED, False, 1)  # no machine of the lab's

    def test_a_time_out_tells_what_was_said(self):
        self.emulator(0, sleep=60)
        self.assertEqual(self.bare(seconds='4'), (1, 'pass\n', 'run.py: no end after 4 s\n'))
        self.assertEqual(self.count(), 1)

    def test_who_ends_it_is_told_what_was_said(self):
        self.emulator(0, sleep=60)
        with self.start() as process:
            until('the emulator', lambda: os.path.exists(self.name('count.said')))
            process.terminate()
            out, err = process.communicate()
        self.assertEqual((process.returncode, out, err), (1, 'pass\n', 'run.py: ended from outside\n'))

    def test_a_command(self):
        with open(self.name('vmlinuz'), 'wb'):
            pass
        lab = types.SimpleNamespace(build=self.folder, source='', monitor='/dev/null', KERNELS={'6.12': 'snp'})
        own = {'--kernel': '6.12', '--cpus': '2', '--seconds': '1'}

        def run():
            with mock.patch.object(snp_lab, 'module', lambda *_: (self.folder, b'')), \
                    mock.patch.object(snp_lab.machine, 'initial', lambda *_: b''), \
                    mock.patch.object(snp_lab, 'boot', boot_to_file):
                return 'pass' in snp_lab.run(lab, own, ['true'], {}).console
        self.check_all(run)

    def test_a_linux(self):
        """What is wrong is raised, with the console at hand or without."""
        def run():
            try:
                rooted.again(Machine, Machine.play)
            except AssertionError:
                return False
            return True
        self.check_all(run)


def boot_to_file(argv, _seconds):
    path = next(word for word in argv if word.endswith('/console'))
    with open(path.removeprefix('file:'), 'wb') as file:
        subprocess.run([argv[0]], stdout=file, check=False)
    return snp_lab.TURNED_OFF


class Machine:
    """As rooted.Linux and who has one."""

    def __init__(self, folder):
        self.folder, self.linux, self.said = folder, self, ''

    def text(self):
        return self.said

    def play(self):
        done = subprocess.run([lab_run.QEMU], stdout=subprocess.PIPE, text=True, check=False)
        self.said = done.stdout
        assert os.path.isdir(self.folder) and done.returncode == lab_run.GOOD, 'the machine ended'

    def close(self):
        pass


if __name__ == '__main__':
    unittest.main()
