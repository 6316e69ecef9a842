# SPDX-License-Identifier: Apache-2.0
"""What a policy file lets a box ask of its host: policy.py CONFBOX [NAME...]"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

CONFBOX = os.path.abspath(sys.argv.pop(1))
BUSYBOX = shutil.which('busybox')
if BUSYBOX is None:
    print('busybox-static is not installed')
    sys.exit(77)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='policy-'))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = os.path.join(self.folder, 'data')
        os.makedirs(os.path.join(self.data, 'sub'))
        self.write('data/a.txt', 'bytes of the host\n')
        self.write('data/sub/b.txt', 'two\n')
        self.write('secret.txt', 'not for boxes\n')

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding='utf-8') as f:
            return f.read()

    def policy(self, rules, **words):
        path = os.path.join(self.folder, 'policy.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'forward': rules, **words}, f, indent=1)
        return path

    def confbox(self, *args, data=b''):
        done = subprocess.run([CONFBOX, *args], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def run_shell(self, policy, script, *options, data=b''):
        return self.confbox('run', '--timeout', '50', '--policy', policy, *options, '--', BUSYBOX,
                            'sh', '-c', script, data=data)

    def use(self, *uses):
        return {'open': self.data, 'for': ['read', *uses]}


class Files(Case):
    def test_reads_what_the_host_has(self):
        policy = self.policy([self.use()])
        script = f'B={BUSYBOX}; C={self.data}; $B cat $C/a.txt $C/sub/../sub/b.txt; $B find $C | $B sort; ' \
                 '$B stat -c "%s %F %Y" $C/a.txt; read x < $C/a.txt; echo "$x"; cd $C/.. && $B pwd'
        outside = subprocess.run([BUSYBOX, 'sh', '-c', script], stdout=subprocess.PIPE,
                                 check=True).stdout.decode()
        self.assertEqual(self.run_shell(policy, script), (0, outside, ''))

    def test_writes_arrive(self):
        policy = self.policy([self.use('write', 'create', 'truncate')])
        code, _, err = self.run_shell(policy, f'echo one > {self.data}/new; echo two >> {self.data}/new;'
                                      f'echo x > {self.data}/a.txt')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.read('data/new'), 'one\ntwo\n')
        self.assertEqual(self.read('data/a.txt'), 'x\n')

    def test_what_is_not_allowed_is_refused_and_said(self):
        policy = self.policy([self.use()])
        code, _, err = self.run_shell(policy, f'echo x > {self.data}/a.txt')
        self.assertNotEqual(code, 0)
        self.assertIn(f'policy: open {self.data}/a.txt', err)
        self.assertIn('Permission denied', err)
        self.assertEqual(self.read('data/a.txt'), 'bytes of the host\n')

    def test_nothing_beside_it_is_there(self):
        policy = self.policy([self.use()])
        for path in (f'{self.folder}/secret.txt', f'{self.data}/../secret.txt',
                     f'{self.data}x', '/etc/hostname'):
            code, out, err = self.run_shell(policy, f'{BUSYBOX} cat {path}')
            self.assertEqual((code, out), (1, ''), path)
            self.assertIn('No such file', err)

    def test_a_violation_can_end_the_box(self):
        policy = self.policy([self.use()], violation='kill')
        code, out, err = self.run_shell(policy, f'echo alive; echo x > {self.data}/a.txt; echo still')
        self.assertEqual((code, out), (128 + 31, 'alive\n'))
        self.assertIn('policy forbids', err)

    def test_an_image_is_served_only_if_asked(self):
        policy = self.policy([self.use()])
        image = os.path.join(self.folder, 'x.cbx')
        code, _, err = self.confbox('build', '--policy', policy, '-o', image, '--', BUSYBOX, 'cat',
                                    f'{self.data}/a.txt')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(self.confbox('run', image)[0], 1)
        self.assertEqual(self.confbox('run', '--serve', image)[:2], (0, 'bytes of the host\n'))

    def test_the_policy_is_measured(self):
        one = self.confbox('measure', '--policy', self.policy([self.use()]), '--', BUSYBOX)[1]
        two = self.confbox('measure', '--policy', self.policy([self.use('write')]), '--', BUSYBOX)[1]
        self.assertNotEqual(one, two)
        self.assertEqual(len(one), 97)

    def test_a_clean_box_is_not_confined_once_it_was_told_something(self):
        policy = self.policy([self.use()], clean=True, confine=True)
        code, out, err = self.run_shell(policy, 'read l; echo $l', data=b'data\n')
        self.assertEqual((code, out, err), (0, 'data\n', ''))
        code, out, err = self.run_shell(policy, f'read h < {self.data}/a.txt; read l; echo $l', data=b'data\n')
        self.assertEqual((code, out), (125, ''))
        self.assertIn('the monitor does not take', err)

    def test_a_confined_box_asks_nothing(self):
        policy = self.policy([self.use()])
        script = f'B={BUSYBOX}; $B cat {self.data}/a.txt; $B cat; $B cat {self.data}/a.txt 2>/dev/null || echo gone'
        code, out, err = self.run_shell(policy, script, '--confine', data=b"client's\n")
        self.assertEqual((code, out, err), (0, "bytes of the host\nclient's\ngone\n", err))
        self.assertNotIn('policy', err)


class Peers(Case):
    def serve(self, answer):
        """A server for one connection; returns its port."""
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)

        def work():
            with server.accept()[0] as peer:
                answer(peer)
        threading.Thread(target=work, daemon=True).start()
        return server.getsockname()[1]

    def test_connects_and_talks(self):
        def answer(peer):
            got = b''
            while not got.endswith(b'\n'):
                got += peer.recv(100)
            peer.sendall(b'you said ' + got + b'x' * 300000)
        port = self.serve(answer)
        policy = self.policy([{'connect': f'127.0.0.1:{port}'}])
        code, out, err = self.run_shell(policy, f'echo hello | {BUSYBOX} nc 127.0.0.1 {port}')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(out, 'you said hello\n' + 'x' * 300000)

    def test_other_peers_are_refused(self):
        policy = self.policy([{'connect': '192.0.2.0/24:80'}])
        code, _, err = self.run_shell(policy, f'{BUSYBOX} nc 198.51.100.1 80')
        self.assertEqual(code, 1)
        self.assertIn('policy: connect 198.51.100.1:80', err)

    def test_listens(self):
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        policy = self.policy([{'listen': f'*:{port}'}])
        box = subprocess.Popen([CONFBOX, 'run', '--timeout', '50', '--policy', policy, '--', BUSYBOX,
                                'sh', '-c', f'echo from the box | {BUSYBOX} nc -l -p {port}'],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        got = b''
        for _ in range(200):
            try:
                with socket.create_connection(('127.0.0.1', port), timeout=200) as peer:
                    peer.sendall(b'to the box\n')
                    peer.shutdown(socket.SHUT_WR)
                    while True:
                        part = peer.recv(100)
                        if part == b'':
                            break
                        got += part
                break
            except ConnectionRefusedError:
                threading.Event().wait(0.1)
        out, err = box.communicate(timeout=200)
        self.assertEqual((got, out, err), (b'from the box\n', b'to the box\n', b''))

    def test_without_a_policy_nobody_is_reached(self):
        port = self.serve(lambda peer: peer.sendall(b'reached'))
        code, out, _ = self.confbox('run', '--', BUSYBOX, 'nc', '127.0.0.1', str(port))
        self.assertEqual((code, out), (1, ''))


class Errors(Case):
    def wrong(self, text, line, *words):
        self.write('bad.json', text)
        path = os.path.join(self.folder, 'bad.json')
        code, out, err = self.confbox('policy', 'check', path)
        self.assertEqual((code, out), (125, ''), text)
        self.assertTrue(err.startswith(f'confbox: {path}:{line}:'), err)
        self.assertEqual(err.count('\n'), 1)
        for word in words:
            self.assertIn(word, err)

    def test_line_cause_remedy(self):
        self.wrong('{\n "threads": 0\n}', 2, 'threads', '1 to 1024')
        self.wrong('{\n\n "thread": 1}', 3, 'unknown word')
        self.wrong('{ "forward": [\n {"open": "/a"},\n {"open": "b"}] }', 3, "'b'", 'absolute')
        self.wrong('{ "forward": [\n {"open": "/a/../b"}] }', 2, 'forward[0].open')
        self.wrong('{ "forward": [ {"open": "/"} ] }', 1, 'everything')
        self.wrong('{ "forward": [ {"connect": "localhost:80"} ] }', 1, 'ADDRESS:PORT')
        self.wrong('{ "forward": [ {"connect": "1.2.3.4:99999"} ] }', 1, 'ADDRESS:PORT')
        self.wrong('{ "forward": [ {"connect": "1.2.3.4/33:9"} ] }', 1, 'ADDRESS:PORT')
        self.wrong('{ "forward": [ {"listen": "1.2.3.4:9", "for": ["read"]} ] }', 1, 'one rule')
        self.wrong('{ "forward": [ {"open": "/a", "for": ["read", "rite"]} ] }', 1, 'for[1]')
        self.wrong('{ "violation": "ignore" }', 1, 'errno or kill')
        self.wrong('{ "trace": 1 }', 1, 'true or false')
        self.wrong('{ "threads": 1,\n "threads": 2 }', 2, 'duplicate')
        self.wrong('{\n "threads": 1', 2)
        self.wrong('[]', 1, 'object')
        rules = ',\n'.join('{"open": "/a%d"}' % i for i in range(40))
        self.wrong('{ "forward": [\n' + rules + '] }', 18, 'no room')

    def test_files_that_are_none(self):
        for path in (os.path.join(self.folder, 'nowhere'), self.folder):
            code, _, err = self.confbox('policy', 'check', path)
            self.assertEqual((code, err.count('\n')), (125, 1))
        self.assertEqual(self.confbox('policy')[0], 125)

    def test_the_example_works(self):
        example = os.path.join(os.path.dirname(__file__), '../../examples/policy.json')
        code, out, err = self.confbox('policy', 'check', example)
        self.assertEqual((code, err), (0, ''))
        self.assertIn('16 rules', out)


unittest.main(verbosity=2)
