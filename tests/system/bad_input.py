# SPDX-License-Identifier: Apache-2.0
"""What confbox(1) does with bad input and bad luck.

Each test asserts one clear line that names the cause, the exit status, and
that no process is left: this script is a subreaper, so whatever a confbox
leaves behind becomes its child.

    bad_input.py CONFBOX
"""
import ctypes
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

CONFBOX = None
BUSYBOX = '/bin/busybox'
PR_SET_CHILD_SUBREAPER = 36
SECONDS = 200  # for what comes soon, or never


def children_of(pid):
    """Processes started by any thread of a process."""
    found = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children', encoding='ascii') as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass
    return found


def wait_until(what, seconds=SECONDS):
    """The first true result of what(), or the last one."""
    end = time.monotonic() + seconds
    result = what()
    while not result and time.monotonic() < end:
        time.sleep(0.01)
        result = what()
    return result


def childless():
    """Reap what is dead; whether nobody is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return True
    return False


class Case(unittest.TestCase):
    """A folder of its own, and nobody left at the end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-bad-')

    def tearDown(self):
        shutil.rmtree(self.folder)
        left = wait_until(childless)
        self.assertTrue(left, f'processes are left: {children_of(os.getpid())}')

    def path(self, name, data=None, mode=0o755):
        path = os.path.join(self.folder, name)
        if data is not None:
            with open(path, 'wb') as file:
                file.write(data)
            os.chmod(path, mode)
        return path

    def run_box(self, *args, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        more.setdefault('stdout', subprocess.PIPE)
        done = subprocess.run([CONFBOX, *args], stderr=subprocess.PIPE, timeout=SECONDS,
                              check=False, **more)
        return done.returncode, done.stdout, done.stderr.decode()

    def assert_line(self, text, *words):
        """Exactly one line of ours, and it holds the words and a remedy."""
        lines = [line for line in text.splitlines() if line.startswith('confbox: ')]
        self.assertEqual(len(lines), 1, text)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertLess(len(lines[0]), 300)
        return lines[0]

    def assert_refused(self, code, words, *args, quiet=True, **more):
        """confbox fails with the code and says why in one line, and nothing
        else on either stream, but for what a program says that is not quiet."""
        status, out, err = self.run_box(*args, **more)
        self.assertEqual(status, code, err)
        self.assertEqual(out or b'', b'')
        if quiet:
            self.assertEqual(len(err.splitlines()), 1, err)
        return self.assert_line(err, *words)


class BadPrograms(Case):
    def test_missing_program(self):
        self.assert_refused(127, ['/no/such', 'No such file'], 'run', '--', '/no/such')
        self.assert_refused(127, ['nosuch', 'PATH'], 'run', '--', 'nosuch')

    def changed(self, name, before, after):
        """A dynamically linked program, one of its strings another."""
        with open('/bin/ls', 'rb') as file:
            data = file.read()
        self.assertIn(before, data)
        self.assertEqual(len(before), len(after))
        return self.path(name, data.replace(before, after))

    def test_missing_library(self):
        path = self.changed('lost', b'libc.so.6\0', b'libn.so.6\0')
        self.assert_refused(125, [path, 'libn.so.6', 'install', 'LD_LIBRARY_PATH'],
                            'run', '--', path)

    def test_missing_interpreter(self):
        name = b'/lib64/ld-linux-x86-64.so.2'
        path = self.changed('none', name, name.replace(b'linux', b'LINUX'))
        self.assert_refused(125, [path, 'ld-LINUX-x86-64.so.2', 'install', '--root'],
                            'run', '--', path)
        status, out, err = self.run_box('run', '--alone', '--', path)
        self.assertEqual((status, out), (127, b''))
        self.assertIn('ld-LINUX-x86-64.so.2 is not in the box', err)

    def test_interpreter_that_is_none(self):
        text = self.path('text', b'hello')
        status, out, err = self.run_box('run', '--alone', '--file', f'{text}:/lib64/ld-linux-x86-64.so.2',
                                        '--', '/bin/ls')
        self.assertEqual((status, out), (126, b''))
        self.assertIn('not an ELF file', err)

    def test_missing_script_interpreter(self):
        path = self.path('lost.sh', b'#!/no/such/sh -e\n')
        self.assert_refused(125, [path, '/no/such/sh', 'install'], 'run', '--', path)

    def test_truncated_program(self):
        with open(BUSYBOX, 'rb') as file:
            whole = file.read()
        for size in (10, 63, 200, 4096, len(whole) // 2):
            path = self.path(f'cut{size}', whole[:size])
            self.assert_refused(126, [path, 'truncated'], 'run', '--', path)

    def test_no_program_at_all(self):
        cases = {'empty': (b'', 'empty'), 'text': (b'hello\n', 'not an ELF'),
                 'script': (b'#! \n', 'not an ELF')}
        for name, (data, word) in cases.items():
            path = self.path(name, data)
            self.assert_refused(126, [path, word], 'run', '--', path)

    def test_program_for_another_machine(self):
        with open(BUSYBOX, 'rb') as file:
            data = bytearray(file.read())
        data[18:20] = struct.pack('<H', 183)
        path = self.path('aarch64', bytes(data))
        self.assert_refused(126, [path, 'another machine'], 'run', '--', path)

    def test_program_is_a_directory(self):
        self.assert_refused(126, ['/tmp', 'directory'], 'run', '--', '/tmp')

    def test_unreadable_program(self):
        if os.geteuid() == 0:
            self.skipTest('root reads everything')
        path = self.path('secret', b'\x7fELF', 0o100)
        self.assert_refused(126, [path, 'Permission denied'], 'run', '--', path)


class BadImages(Case):
    def build(self, *program):
        path = self.path('image.cbx')
        self.assertEqual(self.run_box('build', '-o', path, '--', *program)[0], 0)
        with open(path, 'rb') as file:
            return path, file.read()

    def test_image_that_is_none(self):
        text = self.path('text', b'hello, this is text\n')
        self.assert_refused(126, [text, 'not a well-formed confbox image', '--'], 'run', text)
        path = self.path('empty', b'')
        self.assert_refused(126, [path, 'too short'], 'run', path)
        self.assert_refused(126, [path, 'too short'], 'measure', path)

    def test_image_with_arguments(self):
        path, _ = self.build('busybox')
        self.assert_refused(125, ['true', '--'], 'run', path, 'true')

    def test_missing_image(self):
        self.assert_refused(127, ['/no/such.cbx', 'No such file'], 'run', '/no/such.cbx')

    def test_truncated_image(self):
        _, whole = self.build('busybox', 'true')
        for size in (16, 100, 5000, len(whole) - 1):
            path = self.path('cut.cbx', whole[:size])
            self.assert_refused(126, [path, 'truncated'], 'run', path)

    def test_image_of_another_version(self):
        _, whole = self.build('busybox', 'true')
        path = self.path('later.cbx', whole[:8] + struct.pack('<I', 9) + whole[12:])
        self.assert_refused(125, ['version 9'], 'run', path)

    def test_damaged_image(self):
        _, whole = self.build('busybox', 'true')
        path = self.path('bad.cbx', whole[:64] + b'\xff' * 64 + whole[128:])
        self.assert_refused(126, [path, 'policy'], 'run', path)

    def test_changed_image_measures_differently(self):
        path, whole = self.build('busybox', 'true')
        before = self.run_box('measure', path)[1]
        changed = self.path('changed.cbx', whole[:-5000] + b'X' + whole[-4999:])
        after = self.run_box('measure', changed)
        self.assertEqual(after[0], 0)
        self.assertNotEqual(before, after[1])

    def test_image_with_options_of_a_program(self):
        path, _ = self.build('busybox', 'true')
        self.assert_refused(125, ['--memory', 'build'], 'run', '--memory', '8M', path)

    def test_image_cannot_be_written(self):
        self.assert_refused(125, ['/dev/full', 'No space left'],
                            'build', '-o', '/dev/full', '--', 'busybox')
        self.assertTrue(os.path.exists('/dev/full'))
        self.assert_refused(125, ['/no/such/i.cbx', 'No such file'],
                            'build', '-o', '/no/such/i.cbx', '--', 'busybox')
        self.assertEqual(os.listdir(self.folder), [])


class BadCommandLines(Case):
    def test_unknown_option(self):
        self.assert_refused(125, ['--bogus', 'unknown option', 'run --help'],
                            'run', '--bogus', '--', 'busybox')
        self.assert_refused(125, ['-x', 'unknown option'], 'run', '-x')
        self.assert_refused(125, ['--timeout', 'unknown option'],
                            'build', '--timeout', '3')

    def test_unknown_command(self):
        self.assert_refused(125, ['frobnicate', 'unknown command'], 'frobnicate')
        self.assert_refused(125, ['no command'])

    def test_bad_values(self):
        for args in (['--memory', '12Q'], ['--memory', ''], ['--memory', '-1'],
                     ['--memory', '99999999999999999999'], ['--memory', '1K'],
                     ['--timeout', '0'], ['--timeout', 'soon'], ['--timeout', '1.'],
                     ['--env', 'NOVALUE'], ['--epoch', 'yesterday']):
            self.assert_refused(125, [args[0]], 'run', *args, '--', 'busybox')

    def test_missing_value_and_program(self):
        self.assert_refused(125, ['--memory', 'needs a value'], 'run', '--memory')
        self.assert_refused(125, ['no program'], 'run')
        self.assert_refused(125, ['no program'], 'run', '--')
        self.assert_refused(125, ['--output'], 'build', '--', 'busybox')
        self.assert_refused(125, ['--confine', 'no value'],
                            'run', '--confine=yes', '--', 'busybox')

    def test_missing_and_bad_files(self):
        run = ['run', '--file']
        rest = ['--', 'busybox', 'true']
        self.assert_refused(125, ['/no/such', 'No such file'], *run, '/no/such', *rest)
        self.assert_refused(125, ['/tmp', 'directory'], *run, '/tmp', *rest)
        self.assert_refused(125, ['/dev/null', 'not a regular'], *run, '/dev/null', *rest)
        self.assert_refused(125, ['/no/such', 'No such file'],
                            'run', '--dir', '/no/such', *rest)
        long = '/' + 'n' * 256
        self.assert_refused(125, ['too long'], *run, f'/etc/hostname:{long}', *rest)
        self.assert_refused(125, ['/f', 'two different'], *run, '/etc/hostname:/f',
                            '--file', '/etc/passwd:/f', *rest)
        os.mkfifo(self.path('pipe'))
        self.assert_refused(125, ['pipe'], 'run', '--dir', self.folder, *rest)

    def test_a_file_that_only_is_here(self):
        script = self.path('script', b'exit 3\n', 0o644)
        sh = ['--', 'busybox', 'sh']
        line = self.assert_refused(2, ['script', 'not given', f'--file {script}:{script}'],
                                   'run', *sh, script, quiet=False)
        self.assertIn(f'confbox: {script}: ', line)
        for given in (['--file', script], ['--with', script], ['--dir', self.folder]):
            self.assertEqual(self.run_box('run', *given, *sh, script), (3, b'', ''))
        name = self.run_box('run', *sh, 'script', cwd=self.folder)
        self.assertIn('--file script:/script\n', name[2])
        name = self.run_box('run', '--cwd', '/tmp', *sh, './script', cwd=self.folder)
        self.assertIn('--file ./script:/tmp/script\n', name[2])
        # nothing of ours when all is well, or when it is nobody's file
        for quiet in (['true', script], ['false', '/no/such'], ['false', self.folder]):
            status, out, err = self.run_box('run', '--', 'busybox', *quiet)
            self.assertEqual((status, out, err), (0 if quiet[0] == 'true' else 1, b'', ''))


class BadLuck(Case):
    def test_more_memory_than_there_is(self):
        self.assert_refused(125, ['no memory', 'this machine has', '--memory'],
                            'run', '--memory', '3T', '--', 'busybox', 'true')
        self.assert_refused(125, ['memory'], 'run', '--memory', '999T', '--', 'busybox')

    def test_memory_limit_of_the_shell(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))
        self.assert_refused(125, ['memory'], 'run', '--', 'busybox', 'true',
                            preexec_fn=limit)

    def test_descriptor_limit_of_the_shell(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))
        self.assert_refused(125, ['Too many open files', 'ulimit'],
                            'run', '--', 'busybox', 'true', preexec_fn=limit)

    def test_program_that_runs_out_of_memory(self):
        big = self.path('big', os.urandom(12 << 20).hex().encode())
        with open(big, 'rb') as stdin:
            status, out, err = self.run_box('run', '--memory', '8M', '--', 'busybox',
                                            'sort', stdin=stdin)
        self.assertNotIn(status, (0, 124))
        self.assertEqual(out, b'')
        self.assertIn('memory', err)

    def test_full_disk_on_output(self):
        with open('/dev/full', 'wb') as full:
            status, _, err = self.run_box('run', '--', 'busybox', 'echo', 'x', stdout=full)
        self.assertEqual(status, 1)  # echo's own: it was told
        self.assert_line(err, 'standard output', 'No space left')

    def test_full_disk_on_confined_output(self):
        with open('/dev/full', 'wb') as full:
            status, _, err = self.run_box('run', '--confine', '--', 'busybox', 'cat',
                                          stdout=full, stdin=open('/etc/passwd', 'rb'))
        self.assertEqual(status, 125)
        self.assert_line(err, 'standard output', 'No space left')

    def test_file_size_limit_of_the_shell(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        self.assert_refused(125, ['cannot prepare the monitor', 'File too large'],
                            'run', '--', 'busybox', 'true', preexec_fn=limit)

    def test_closed_output(self):
        for command, code in ((['run', '--', 'busybox', 'echo', 'x'], 1), (['info'], 125),
                              (['measure', '--', 'busybox'], 125), (['run', '--help'], 125)):
            status, _, err = self.run_box(*command, stdout=None,
                                          preexec_fn=lambda: os.close(1))
            self.assertEqual(status, code, command)
            self.assert_line(err, 'standard output', 'closed')

    def test_full_disk_on_our_own_output(self):
        for command in (['info'], ['measure', '--', 'busybox'], ['--version']):
            with open('/dev/full', 'wb') as full:
                status, _, err = self.run_box(*command, stdout=full)
            self.assertEqual(status, 125)
            self.assert_line(err, 'standard output', 'No space left')

    def test_closed_input_is_empty(self):
        status, out, err = self.run_box('run', '--', 'busybox', 'wc', '-c', stdin=None,
                                        preexec_fn=lambda: os.close(0))
        self.assertEqual((status, out.strip(), err), (0, b'0', ''))

    def test_unreadable_input(self):
        folder = os.open('/', os.O_RDONLY)
        status, _, err = self.run_box('run', '--', 'busybox', 'cat', stdin=folder)
        os.close(folder)
        self.assertEqual(status, 1)
        self.assert_line(err, 'standard input', 'directory')

    def test_reader_that_goes_away(self):
        """As outside: death by SIGPIPE, without a word."""
        pipe = os.pipe()
        os.close(pipe[0])
        status, _, err = self.run_box('run', '--', 'busybox', 'yes', stdout=pipe[1])
        os.close(pipe[1])
        self.assertEqual((status, err), (128 + signal.SIGPIPE, ''))

    def test_timeout(self):
        for program in (['sleep', '60'], ['sh', '-c', 'while :; do :; done'], ['cat']):
            pipe = os.pipe()
            self.assert_refused(124, ['0.3 s', '--timeout'], 'run', '--timeout', '0.3',
                                '--', 'busybox', *program, stdin=pipe[0])
            os.close(pipe[0])
            os.close(pipe[1])


class Killed(Case):
    """A box that runs for ever, and somebody kills something."""

    def start(self, *options):
        started = subprocess.Popen(
            [CONFBOX, 'run', *options, '--', 'busybox', 'sh', '-c',
             'echo ready; while :; do :; done'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=default_signals)
        self.assertEqual(started.stdout.readline(), b'ready\n')
        return started

    def end(self, started):
        out, err = started.communicate(timeout=SECONDS)
        self.assertEqual(out, b'')
        return started.returncode, err.decode()

    def monitor_of(self, started):
        monitors = wait_until(lambda: children_of(started.pid))
        self.assertEqual(len(monitors), 1)
        return monitors[0]

    def test_killed_monitor(self):
        started = self.start()
        os.kill(self.monitor_of(started), signal.SIGKILL)
        status, err = self.end(started)
        self.assertEqual(status, 125)
        self.assert_line(err, 'the monitor ended', 'signal 9')

    def test_killed_box(self):
        started = self.start()
        boxes = children_of(self.monitor_of(started))
        self.assertGreaterEqual(len(boxes), 2)  # the keeper's, and the box's
        os.kill(max(boxes), signal.SIGKILL)
        status, err = self.end(started)
        self.assertEqual(status, 125)
        self.assert_line(err, 'the box was lost', 'killed')

    def test_killed_keeper(self):
        """Nothing asks for it while the box computes; the end is orderly."""
        started = self.start()
        os.kill(min(children_of(self.monitor_of(started))), signal.SIGKILL)
        started.send_signal(signal.SIGTERM)
        status, err = self.end(started)
        self.assertEqual(status, 128 + signal.SIGTERM)
        self.assert_line(err, 'signal 15')

    def test_killed_service(self):
        started = self.start()
        monitor = self.monitor_of(started)
        boxes = children_of(monitor)
        started.kill()
        started.communicate()
        gone = wait_until(lambda: all(not os.path.exists(f'/proc/{pid}/exe') or
                                      not alive(pid) for pid in [monitor, *boxes]))
        self.assertTrue(gone, 'a process outlived its service')

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            started = self.start()
            started.send_signal(number)
            status, err = self.end(started)
            self.assertEqual(status, 128 + number)
            self.assert_line(err, f'signal {int(number)}')

    def test_signal_to_a_box_that_waits(self):
        for program in (['cat'], ['sleep', '60']):
            pipe = os.pipe()
            started = subprocess.Popen([CONFBOX, 'run', '--', 'busybox', *program],
                                       stdin=pipe[0], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            boxes = wait_until(lambda: len(children_of(
                (children_of(started.pid) or [0])[0])) >= 2)
            self.assertTrue(boxes)
            started.send_signal(signal.SIGTERM)
            self.assertEqual(self.end(started)[0], 128 + signal.SIGTERM)
            os.close(pipe[0])
            os.close(pipe[1])

    def test_ignored_signals_stay_ignored(self):
        started = subprocess.Popen(
            [CONFBOX, 'run', '--', 'busybox', 'sh', '-c', 'read x; echo $x'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        started.send_signal(signal.SIGHUP)
        out, err = started.communicate(b'still here\n', timeout=SECONDS)
        self.assertEqual((started.returncode, out, err), (0, b'still here\n', b''))

    def test_program_that_dies(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
            status, _, err = self.run_box('run', '--', 'busybox', 'sh', '-c',
                                          f'kill -{int(number)} $$')
            self.assertEqual((status, err), (128 + number, ''))


def default_signals():
    """What nohup, or a shell's background, ignores would stay ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError:
        return False


if __name__ == '__main__':
    CONFBOX = os.path.abspath(sys.argv.pop(1))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ['LC_ALL'] = 'C'
    unittest.main(verbosity=2)
