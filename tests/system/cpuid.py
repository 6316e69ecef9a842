# SPDX-License-Identifier: Apache-2.0
"""What a box is told by CPUID: confbox run --cpuid.

    cpuid.py CONFBOX PROGRAM COMPARE LIST [NAME=PROGRAM]...
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

CONFBOX = PROGRAM = COMPARE = None
NONCE = bytes(range(32)).hex()
LEVELS = ('v1', 'v2', 'v3', 'v4')
LOADER = '/lib64/ld-linux-x86-64.so.2'
SUM = 'import hashlib, sys; print(hashlib.sha256(bytes(range(256)) * 5000).hexdigest(), sys.maxsize)'


def run(*words, data=b''):
    done = subprocess.run([CONFBOX, *words], input=data, capture_output=True, timeout=200, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Case(unittest.TestCase):
    def good(self, *words, data=b''):
        status, out, err = run(*words, data=data)
        self.assertEqual((status, err), (0, ''), words)
        return out

    def outside(self, *words):
        return subprocess.run(words, stdout=subprocess.PIPE, timeout=200, check=True).stdout.decode()


class Words(Case):
    """What needs no machine that can."""

    def test_it_is_measured(self):
        values = {self.good('measure', *options, '--', PROGRAM)
                  for options in ((), *(('--cpuid', level) for level in LEVELS))}
        self.assertEqual(len(values), 5)

    def test_a_policy_file_says_the_same(self):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as policy:
            json.dump({'cpuid': 'v2'}, policy)
            policy.flush()
            self.assertEqual(self.good('measure', '--policy', policy.name, '--', PROGRAM),
                             self.good('measure', '--cpuid', 'v2', '--', PROGRAM))

    def test_what_cannot_be_is_refused(self):
        for words, why in ((['--cpuid', 'v5'], 'v1, v2, v3 or v4'), (['--cpuid', ''], 'v1, v2, v3 or v4'),
                           (['--cpuid', 'v22'], 'v1, v2, v3 or v4'),
                           (['--cpuid', 'v1', '--text', 'execute-only'], 'leave out one of the two'),
                           (['--cpuid', 'v3', '--features', 'basic,counter'], 'withheld')):
            status, out, err = run('measure', *words, '--', PROGRAM)
            self.assertEqual((status, out), (125, ''), words)
            self.assertIn(why, err)


class Machine(Case):
    """What only a machine that can shows; the others refuse."""

    def setUp(self):
        if not re.search('(?m)^cpuid +withheld on request', self.good('info')):
            status, out, err = run('run', '--cpuid', 'v1', '--', PROGRAM)
            self.assertEqual((status, out), (125, ''))
            self.assertIn('cannot do that; build it without --text, --features or --cpuid', err)
            self.skipTest('this machine cannot withhold CPUID')
        self.here = []
        for level in LEVELS:
            status, out, err = run('run', '--cpuid', level, '--', PROGRAM, 'expect', '1')
            if status == 0:
                self.here.append(level)
                continue
            self.assertEqual((status, out), (125, ''))
            self.assertIn(f'told of x86-64-{level}, and this machine has {self.here[-1]}; tell it that or less', err)
        self.assertGreaterEqual(len(self.here), 2)

    def test_it_is_the_table_everywhere_in_a_box(self):
        for level in self.here:
            table = self.outside(PROGRAM, 'expect', level[1])
            parts = re.split(r'(?m)^(main|thread|child|exec|handler .*)\n', self.good('run', '--cpuid', level, '--', PROGRAM))
            self.assertEqual(parts[1::2], ['main', 'thread', 'child', 'thread', 'exec', f'handler {level[1]}'])
            self.assertEqual(parts[2:-2:2], [table] * 5)
            features = re.search('(?m)^1.0 .* ([0-9a-f]+)$', table)[1]
            self.assertEqual(parts[-1], f'hwcap {features}\n')

    def test_without_it_the_machine_speaks(self):
        self.assertNotIn(self.outside(PROGRAM, 'expect', '2'), self.good('run', '--', PROGRAM))

    def test_proc_says_the_same(self):
        out = self.good('run', '--cpuid', 'v2', '--', 'cat', '/proc/cpuinfo')
        self.assertRegex(out, r'vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: x86-64-v2\nstepping\t: 7\n')

    def test_what_xsave_stores_has_room(self):
        for level in self.here[2:]:
            self.assertEqual(self.good('run', '--cpuid', level, '--', PROGRAM, 'state'), 'has room\nframes fit\n')

    def test_the_c_library_believes_it(self):
        for level in self.here:
            out = self.good('run', '--cpuid', level, '--', LOADER, '--help')
            found = re.findall(r'(?m)^  x86-64-(v\d) \(supported', out)
            self.assertEqual(sorted(found), [n for n in LEVELS[1:] if n <= level])
            out = self.good('run', '--cpuid', level, '--', LOADER, '--list-diagnostics')
            for name, least in (('non_temporal_threshold', 1 << 20), ('data_cache_size', 1 << 14), ('shared_cache_size', 1 << 18)):
                value = int(re.search(rf'(?m)^x86.cpu_features.{name}=0x([0-9a-f]+)$', out)[1], 16)
                self.assertGreaterEqual(value, least, name)
                self.assertLess(value, 1 << 30, name)

    def test_programs_do_the_same(self):
        words = ('python3', '-c', SUM)
        digest = ('openssl', 'dgst', '-sha512', LOADER)
        for level in self.here:
            self.assertEqual(self.good('run', '--cpuid', level, '--', *words), self.outside(*words))
            self.assertEqual(self.good('run', '--cpuid', level, '--file', LOADER, '--', *digest), self.outside(*digest))

    def test_system_calls_and_signals_are_as_outside(self):
        done = subprocess.run([sys.executable, COMPARE[0], CONFBOX, *COMPARE[1:]], capture_output=True, text=True, timeout=250,
                              check=False, env={**os.environ, 'CONFBOX_OPTIONS': f'--cpuid {self.here[-1]}'})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_evidence_says_that_it_is_withheld(self):
        for options, withheld in (((), 'no'), (('--cpuid', 'v2'), 'yes')):
            with tempfile.NamedTemporaryFile() as file:
                self.good('attest', '--nonce', NONCE, '--output', file.name, *options, '--', PROGRAM)
                out = self.good('verify', '--allow-no-hardware', '--nonce', NONCE, file.name)
            self.assertRegex(out, rf'(?m)^ *box\.policy\.cpuid +{withheld}$')
            self.assertRegex(out, r'(?m)^ *monitor\.caps\.cpuid +yes$')

    def test_a_clone_is_told_the_same(self):
        out = self.good('run', '--cpuid', 'v2', '--warm', '2', '--', '/bin/busybox', 'sh', '-c',
                        'read -r w < /dev/template; while read -r l; do case $l in *name*) echo $l;; esac; done < /proc/cpuinfo')
        self.assertEqual(out, 'model name : x86-64-v2\n' * 2)


if __name__ == '__main__':
    CONFBOX, PROGRAM, *COMPARE = (os.path.abspath(path) for path in sys.argv[1:5])
    COMPARE += sys.argv[5:]
    unittest.main(argv=sys.argv[:1])
