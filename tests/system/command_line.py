# SPDX-License-Identifier: Apache-2.0
"""What confbox(1) does when all is well.

    command_line.py CONFBOX
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CONFBOX = None


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-line-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, name, data=None):
        path = os.path.join(self.folder, name)
        if data is not None:
            with open(path, 'wb') as file:
                file.write(data)
        return path

    def good(self, *args, **more):
        """Run, expect success, return both streams."""
        done = subprocess.run([CONFBOX, *args], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False,
                              **({'stdin': subprocess.DEVNULL} | more))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode(), done.stderr.decode()


class Readme(Case):
    """What the README shows works as it stands there, in an empty folder with the
    files it names; what needs a service or evidence is shown by other tests."""
    ELSEWHERE = ('run --key-service', 'verify', 'send', 'lab')
    FILES = {'file': b'a\n', 'data.txt': b'b\na\nb\n',
             'app.py': b'open("/dev/template").close()\nprint("on")\n'}

    def test_the_command_line(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
        with open(os.path.join(root, 'README.md'), encoding='utf-8') as file:
            text = re.search(r'^## The command line\n(.*?)^`confbox', file.read(), re.M | re.S)[1]
        lines = re.findall(r'^    build/confbox (.*?)(?: +#.*)?$', text, re.M)
        wanted = [line for line in lines if not line.startswith(self.ELSEWHERE)]
        self.assertGreaterEqual(len(wanted), 8)
        for name, data in self.FILES.items():
            self.path(name, data)
        os.symlink(os.path.join(root, 'examples'), self.path('examples'))
        said = ''
        for line in wanted:
            done = subprocess.run(f'"{CONFBOX}" {line}', shell=True, cwd=self.folder, timeout=200, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, (line, done.stderr))
            said += done.stdout.decode()
        self.assertIn(hashlib.sha256(b'a\n').hexdigest(), said)
        self.assertIn('[1, 2]', said)
        self.assertIn('      2 b\n', said)
        self.assertEqual(said.count('on\n'), 3)


class Run(Case):
    def test_status_is_passed_through(self):
        for status in (0, 1, 42, 255):
            done = subprocess.run([CONFBOX, 'run', '--', 'busybox', 'sh', '-c',
                                   f'exit {status}'], check=False)
            self.assertEqual(done.returncode, status)

    def test_output_is_the_programs_only(self):
        out, err = self.good('run', '--', 'busybox', 'sh', '-c', 'echo out; echo err >&2')
        self.assertEqual((out, err), ('out\n', 'err\n'))

    def test_a_program_needs_no_mark(self):
        self.assertEqual(self.good('run', 'busybox', 'echo', '-n', 'x')[0], 'x')
        self.assertEqual(self.good('run', shutil.which('busybox'))[0],
                         self.good('run', '--', shutil.which('busybox'))[0])
        self.assertEqual(self.good('measure', 'busybox', 'true'),
                         self.good('measure', '--', 'busybox', 'true'))

    def test_shims_come_last(self):
        os.makedirs(self.path('shims'))
        os.makedirs(self.path('bin'))
        for folder in ('shims', 'bin'):
            path = self.path(f'{folder}/tool', f'#!/bin/sh\necho {folder}\n'.encode())
            os.chmod(path, 0o755)
        both = {'PATH': f'{self.path("shims")}:{self.path("bin")}'}
        self.assertEqual(self.good('run', 'tool', env=both)[0], 'bin\n')
        self.assertEqual(self.good('run', 'tool', env={'PATH': self.path('shims')})[0], 'shims\n')

    def test_environment_is_what_was_given(self):
        out, _ = self.good('run', '--env', 'B=two words', '--env=A=1', '--', 'busybox', 'env')
        self.assertEqual(sorted(out.splitlines()), ['A=1', 'B=two words'])
        self.assertEqual(self.good('run', '--', 'busybox', 'env')[0], '')

    def test_files_and_directories(self):
        os.makedirs(self.path('tree/below'))
        self.path('tree/below/file', b'content\n')
        os.symlink('below/file', self.path('tree/link'))
        out, _ = self.good('run', '--dir', self.path('tree') + ':/t', '--file',
                           self.path('tree/below/file') + ':/f', '--', 'busybox', 'cat',
                           '/t/link', '/f')
        self.assertEqual(out, 'content\ncontent\n')

    def test_nothing_else_of_this_machine_is_there(self):
        out, _ = self.good('run', '--', 'busybox', 'find', '/', '-type', 'f', '-not', '-path',
                           '/proc/*', '-not', '-path', '/dev/*', '-not', '-path', '/sys/*')
        names = set(out.split())
        self.assertIn(os.path.realpath(shutil.which('busybox')),
                      {os.path.realpath(name) for name in names})
        self.assertLessEqual(names, {shutil.which('busybox'), '/etc/passwd', '/etc/group', '/etc/hosts',
                                     '/etc/nsswitch.conf'})

    def test_a_dynamic_program_brings_what_it_needs(self):
        """Nothing but interpreter, libraries, locale, under their own names."""
        out, _ = self.good('run', '/bin/ls', '-R', '/')
        names = set(out.split())
        self.assertLessEqual({'ls', 'libc.so.6', 'ld-linux-x86-64.so.2', 'C.utf8'}, names)
        self.assertFalse({'apt', 'dpkg', 'busybox', 'libz.so.1'} & names)
        out, _ = self.good('run', '/bin/ls', '-d', '-l', '/lib64')
        self.assertEqual('usr/lib64' in out, os.path.islink('/lib64'))

    def test_an_added_file_and_what_it_needs(self):
        out, _ = self.good('run', '--file', '/bin/ls', '--', 'busybox', 'sh', '-c',
                           'exec /bin/ls /bin')
        self.assertIn('ls\n', out)
        out, _ = self.good('run', '--with', '/usr/share/doc/busybox-static', '--', 'busybox',
                           'ls', '/usr/share/doc')
        self.assertEqual(out, 'busybox-static\n')

    def test_working_directory_and_clock(self):
        self.assertEqual(self.good('run', '--cwd', '/a/b', '--', 'busybox', 'pwd')[0],
                         '/a/b\n')
        self.assertEqual(self.good('run', '--epoch', '86400', '--', 'busybox', 'date', '+%F')[0],
                         '1970-01-02\n')
        self.assertEqual(self.good('run', '--', 'busybox', 'date', '+%F')[0], '2025-01-01\n')

    def test_input_through_a_pipe_and_a_file(self):
        data = os.urandom(3 << 20)
        with open(self.path('data', data), 'rb') as file:
            whole = subprocess.run([CONFBOX, 'run', '--', 'busybox', 'cat'], stdin=file,
                                   stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(whole, data)
        piped = subprocess.run([CONFBOX, 'run', '--', 'busybox', 'cat'], input=data,
                               stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(piped, data)

    def test_confined_run(self):
        data = os.urandom(1 << 20)
        answer = subprocess.run([CONFBOX, 'run', '--confine', '--', 'busybox', 'cat'],
                                input=data, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(answer, data)


class Trace(Case):
    def test_calls_are_written_as_strace_does(self):
        path = self.path('file', b'hello\n')
        out, err = self.good('run', '--trace', '--file', path, '--', 'busybox', 'md5sum', path)
        self.assertEqual(out, f'b1946ac92492d2347c6235b4d2611184  {path}\n')
        for pattern in (rf'open(at)?\((AT_FDCWD, )?"{path}", O_RDONLY.*\) = 3',
                        r'brk\(NULL\) = 0x[0-9a-f]+', r'exit_group\(0\) = \?', r'mprotect\(.*, PROT_READ\)',
                        r'ARCH_SET_FS', r'\{mode=01.*, AT_EMPTY_PATH\)', r'write\(1.* host>',
                        r'"hello\\n"'):
            self.assertRegex(err, pattern)
        for line in err.splitlines():
            self.assertRegex(line, r'^[a-z_0-9]+\(.*\) = (\?|(-?\d+|0x[0-9a-f]+|-1 E.*) '
                                   r'<\d+\.\d{6} (runtime|monitor|host)>)$')

    def test_json_lines_of_several_tasks(self):
        to = self.path('trace.json')
        script = 'busybox true; (read x; echo "$x") < /etc/hostname; exit 3'
        done = subprocess.run([CONFBOX, 'run', '--trace=json', '--trace-file', to, '--file',
                               '/etc/hostname', '--', 'busybox', 'sh', '-c', script],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr), (3, b''))
        with open(to, encoding='ascii') as file:
            rows = [json.loads(line) for line in file]
        self.assertGreater(len({row['tid'] for row in rows}), 1)
        self.assertLessEqual({row['served'] for row in rows if row['result'] is not None},
                             {'runtime', 'monitor', 'host'})
        self.assertIn('host', {row.get('served') for row in rows if row['call'] == 'write'})
        opened = [row for row in rows if '"/etc/hostname"' in row['args']]
        self.assertEqual((opened[0]['result'], len(opened[0]['raw'])), (3, 6))
        self.assertEqual([row['args'] for row in rows if row['result'] is None][-1], ['3'])
        self.assertTrue(all(row['seconds'] < 60 for row in rows if row['result'] is not None))

    def test_a_profile_counts(self):
        out, err = self.good('run', '--profile', '--', 'busybox', 'echo', 'hi')
        self.assertEqual(out, 'hi\n')
        self.assertRegex(err, r'(?m)^ +\d+\.\d{6} +\d+\.\d+ +1 +0  write$')
        self.assertRegex(err, r'(?m)^ +\d+\.\d{6} +\d+\.\d+ +1 +0  output$')

    def test_calls_that_fail_and_calls_unknown(self):
        done = subprocess.run([CONFBOX, 'run', '--trace', '--', 'busybox', 'cat', '/no'],
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'"/no", O_RDONLY', done.stderr)
        self.assertIn(b'= -1 ENOENT (No such file or directory)', done.stderr)


class Measurement(Case):
    def test_three_ways_to_the_same_value(self):
        image = self.path('i.cbx')
        program = ['--env', 'A=1', '--', 'busybox', 'true']
        offline, _ = self.good('measure', *program)
        self.assertRegex(offline, r'^[0-9a-f]{96}\n$')
        self.good('build', '--output', image, *program)
        self.assertEqual(self.good('measure', image)[0], offline)
        _, running = self.good('run', '--print-measurement', *program)
        self.assertEqual(running, offline)
        _, running = self.good('run', '--print-measurement', image)
        self.assertEqual(running, offline)

    def test_same_inputs_same_bytes(self):
        images = []
        for name in ('a', 'b'):
            os.makedirs(self.path(f'{name}/d'))
            for file in ('2', '1', '3') if name == 'a' else ('3', '2', '1'):
                self.path(f'{name}/d/{file}', file.encode())
            self.good('build', '-o', self.path(name + '.cbx'), '--dir',
                      self.path(name + '/d') + ':/d', '--', 'busybox', 'true')
            with open(self.path(name + '.cbx'), 'rb') as file:
                images.append(file.read())
        self.assertEqual(images[0], images[1])

    def test_text_and_features_are_kept_or_refused(self):
        words = ['--', 'busybox', 'echo', 'hi']
        plain = self.good('measure', *words)[0]
        for option in (['--text', 'execute-only'], ['--features', 'avx,counter']):
            self.assertNotEqual(plain, self.good('measure', *option, *words)[0])
            done = subprocess.run([CONFBOX, 'run', *option, *words], capture_output=True,
                                  text=True, check=False)
            if done.returncode == 125:  # never a box that only looks like one
                self.assertIn('cannot do that; build it without --text, --features or --cpuid', done.stderr)
                self.assertEqual(done.stdout, '')
            else:
                self.assertEqual((done.returncode, done.stdout), (0, 'hi\n'))
        for option in (['--text', 'readable'], ['--features', 'sse9'], ['--features', '']):
            done = subprocess.run([CONFBOX, 'measure', *option, *words], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 125)

    def test_trace_and_confine_are_measured(self):
        values = {self.good('measure', *options, '--', 'busybox')[0]
                  for options in ([], ['--trace'], ['--confine'], ['--memory', '64M'])}
        self.assertEqual(len(values), 4)


class Information(Case):
    def test_info_is_honest(self):
        out, _ = self.good('info')
        withheld = 'cpuid_fault' in open('/proc/cpuinfo', encoding='ascii').read().split()
        self.assertRegex(out, r'(?m)^cpuid  +withheld on request' if withheld else r"(?m)^cpuid  +the machine's; a box")
        keys = 'ospke' in open('/proc/cpuinfo', encoding='ascii').read().split()
        self.assertIn('text          execute-only' if keys else 'text          can be read', out)
        self.assertRegex(out, r'backend +linux')
        self.assertIn('process isolation; the kernel and root are not kept out', out)

    def test_help_lists_every_command(self):
        out, _ = self.good('--help')
        for command in ('run', 'build', 'measure', 'info', 'scan'):
            self.assertIn(f'confbox {command}', out)
            self.assertTrue(self.good(command, '--help')[0].startswith('usage: '))

    def test_version(self):
        self.assertTrue(re.fullmatch(r'confbox \d+\.\d+\.\d+\n', self.good('--version')[0]))


if __name__ == '__main__':
    CONFBOX = os.path.abspath(sys.argv.pop(1))
    os.environ['LC_ALL'] = 'C'
    unittest.main(verbosity=2)
