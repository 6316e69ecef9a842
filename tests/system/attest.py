# SPDX-License-Identifier: Apache-2.0
"""confbox attest: evidence that confbox verify accepts, for what it says and no
more; and a confined run, sealed to its box.

    attest.py CONFBOX
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CONFBOX = None
NONCE = bytes(range(32)).hex()
PROGRAM = ['--', '/bin/sh', '-c', 'read line; echo "got $line"; echo told >&2; exit 5']


def confbox(*args, **more):
    return subprocess.run([CONFBOX, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=200, check=False, **more)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-attest-')
        self.path = os.path.join(self.folder, 'evidence')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def attest(self, *args, nonce=NONCE):
        done = confbox('attest', '--nonce', nonce, '--output', self.path, *args)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'', b''))

    def claims(self, *args, nonce=NONCE):
        """What confbox verify says of it: {name: text}."""
        done = confbox('verify', '--allow-no-hardware', '--nonce', nonce, *args, self.path)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        lines = done.stdout.decode().splitlines()[1:]
        return dict(line.split(None, 1) for line in lines)

    def refused(self, reason, *args):
        done = confbox('verify', *args, self.path)
        self.assertEqual((done.returncode, done.stdout), (1, b''))
        self.assertEqual(done.stderr.decode().split(': ')[:2], ['refused', reason])


class Evidence(Case):
    def test_a_box_is_what_was_measured(self):
        self.attest('--confine', *PROGRAM)
        claims = self.claims()
        measured = confbox('measure', '--confine', *PROGRAM).stdout.decode().strip()
        self.assertEqual(claims['box.measurement'], measured)
        self.assertEqual(set(claims['box.input-digest']), {'0'})
        self.assertEqual(claims['box.policy.plain'], 'no')
        self.assertEqual(claims['monitor.backend'], 'linux')
        self.assertEqual(claims['platform.kind'], 'none')

    def policy(self, **require):
        path = os.path.join(self.folder, 'policy.json')
        with open(path, 'w', encoding='ascii') as file:
            json.dump({'allow': ['no-hardware'], 'require': require}, file)
        return path

    def test_runtime_and_monitor_are_what_this_installation_has(self):
        self.attest(*PROGRAM)
        claims = self.claims()
        runtime = confbox('measure', '--runtime', *PROGRAM).stdout.decode().strip()
        self.assertEqual(claims['box.runtime'], runtime)
        self.assertEqual(confbox('measure', '--runtime', '--', '/bin/true').stdout.decode().strip(), runtime)
        said = dict(line.split(None, 1) for line in confbox('info').stdout.decode().splitlines())
        self.assertEqual(claims['monitor.image'], said['monitor'].split(',')[0])
        self.assertEqual(claims['monitor.measured-by'], 'itself')
        self.assertEqual(claims['box.has-parent'], 'no')
        good = {'box.runtime': runtime, 'monitor.image': claims['monitor.image'],
                'monitor.measured-by': 'itself'}
        self.claims('--policy', self.policy(**good))
        for name, value in good.items():
            wrong = value[:-1] + ('0' if value[-1] != '0' else '1')
            self.refused('requirement', '--policy', self.policy(**{**good, name: wrong}))
            self.refused('requirement', '--policy', self.policy(**{'box.parent': runtime}))

    def test_every_box_and_every_start_has_keys_of_its_own(self):
        keys = set()
        for _ in range(2):
            self.attest(*PROGRAM)
            claims = self.claims()
            keys |= {claims['box.channel-key'], claims['monitor.channel-key'], claims['monitor.key']}
        self.assertEqual(len(keys), 6)

    def test_the_monitor_alone(self):
        self.attest()
        done = confbox('verify', '--allow-no-hardware', '--nonce', NONCE, '--monitor', self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b'box.measurement', done.stdout)
        self.refused('wrong-type', '--allow-no-hardware')

    def test_no_hardware_vouches_for_it(self):
        self.attest(*PROGRAM)
        self.refused('no-hardware')

    def test_another_nonce_is_not_answered(self):
        self.attest(*PROGRAM)
        self.refused('nonce', '--allow-no-hardware', '--nonce', NONCE[2:] + '77')

    def test_a_bit_that_is_wrong_is_found(self):
        self.attest(*PROGRAM)
        with open(self.path, 'rb') as file:
            good = file.read()
        for at in range(0, len(good), 7):
            with open(self.path, 'wb') as file:
                file.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            done = confbox('verify', '--allow-no-hardware', '--nonce', NONCE, self.path)
            self.assertEqual(done.returncode, 1, at)

    def test_standard_output_has_it_too(self):
        done = confbox('attest', '--nonce', NONCE, *PROGRAM)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        checked = confbox('verify', '--allow-no-hardware', '-', input=done.stdout)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn(b'accepted', checked.stdout)


class Use(Case):
    def wrong(self, text, *args):
        done = confbox('attest', *args)
        self.assertEqual((done.returncode, done.stdout), (125, b''))
        self.assertIn(text, done.stderr.decode())

    def test_a_nonce_is_wanted(self):
        self.wrong('--nonce', *PROGRAM)
        for nonce in ('', '00' * 15, '00' * 65, 'xy' * 16, '0' * 33):
            self.wrong('hexadecimal', '--nonce', nonce, *PROGRAM)

    def test_a_file_that_cannot_be_written_is_named(self):
        self.wrong('/nowhere/file', '--nonce', NONCE, '--output', '/nowhere/file')


class Confined(Case):
    def test_its_client_is_told_output_errors_and_status(self):
        done = confbox('run', '--confine', *PROGRAM, input=b'data\n')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (5, b'got data\n', b'told\n'))

    def test_data_of_every_size_arrives(self):
        for size in (0, 1, 65504, 65505, 262144 - 80, 262144, 1000000):
            data = os.urandom(size)
            done = confbox('run', '--confine', '--', '/bin/cat', input=data)
            self.assertEqual((done.returncode, done.stdout == data), (0, True), size)


if __name__ == '__main__':
    CONFBOX = sys.argv.pop(1)
    unittest.main()
