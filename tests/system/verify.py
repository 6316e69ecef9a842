# SPDX-License-Identifier: Apache-2.0
"""confbox verify: genuine evidence, evidence that is not, and wrong use.

    verify.py CONFBOX EVIDENCE     EVIDENCE: the folder of the samples
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CONFBOX = EVIDENCE = None


def confbox(*args, **more):
    return subprocess.run([CONFBOX, 'verify', *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200, check=False, **more)


def sample(name):
    return os.path.join(EVIDENCE, name)


def open_sample(name):
    with open(sample(name), 'rb') as file:
        return file.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-verify-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def accepted(self, *args, **more):
        """What is said of it."""
        done = confbox(*args, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        return done.stdout.decode()

    def refused(self, reason, *args, **more):
        """Exactly one line with one reason, and nothing that could be taken for good."""
        done = confbox(*args, **more)
        self.assertEqual((done.returncode, done.stdout), (1, b''), done.stderr)
        line = done.stderr.decode()
        self.assertRegex(line, r'\Arefused: [a-z-]+: [^\n]+\n\Z')
        self.assertEqual(line.split(': ')[1], reason, line)
        return line

    def unread(self, *args, **more):
        """A line that names cause and remedy."""
        done = confbox(*args, **more)
        self.assertEqual((done.returncode, done.stdout), (2, b''))
        line = done.stderr.decode()
        self.assertRegex(line, r'\Aconfbox: [^\n]+\n\Z')
        return line


class Use(Case):
    """What a newcomer gets wrong."""

    def test_help_is_there(self):
        for word in ('--help', '-h'):
            self.assertIn('usage: confbox verify', self.accepted(word))

    def test_no_evidence(self):
        self.assertIn('no evidence is named', self.unread())
        self.assertIn('no evidence is named', self.unread('--json'))
        self.assertIn('no evidence is named', self.unread('--'))

    def test_a_file_that_is_not_there(self):
        for args in (['nowhere'], ['--snp', 'nowhere'], ['--tdx=nowhere'],
                     ['--cca', 'nowhere', '--key', 'nowhere'], ['--', '--odd']):
            self.assertIn('check the path', self.unread(*args))

    def test_a_folder_is_no_evidence(self):
        self.assertIn('Is a directory; check the path', self.unread(self.folder))

    def test_too_large_a_file(self):
        path = self.path('large', b'')
        os.truncate(path, (16 << 20) + 1)
        self.assertIn('above 16 MiB', self.unread('--snp', path))
        with open('/dev/zero', 'rb') as zeros:
            self.assertIn('above 16 MiB', self.unread('--snp', '-', stdin=zeros))

    def test_unknown_options(self):
        for word in ('--frob', '-x', '--snp2', '--sn', '--json=yes', '--help=1', '--'):
            line = self.unread(word)
            self.assertIn('--help', line)

    def test_options_without_a_value(self):
        for word in ('--snp', '--cert', '--nonce', '--at', '--policy'):
            self.assertIn('needs a value', self.unread(word))
            self.assertIn('needs a value', self.unread(word, '--json'))

    def test_two_pieces_of_evidence(self):
        one = self.path('one', b'1')
        self.assertIn('one piece of evidence', self.unread(one, one))
        self.assertIn('one piece of evidence', self.unread('--snp', one, '--tdx', one))

    def test_options_given_twice(self):
        one = self.path('one', b'1')
        self.assertIn('given twice', self.unread('--auxblob', one, '--auxblob', one, one))
        self.assertIn('too many', self.unread('--cert', *[one] * 17, '--', one))

    def test_nonces(self):
        one = self.path('one', b'1')
        for nonce in ('0', '0g', 'xyz', '00' * 65, '00:', ':00', '00::00', ' 00', ''):
            self.assertIn('hexadecimal', self.unread('--nonce=' + nonce, one))

    def test_times(self):
        one = self.path('one', b'1')
        for time in ('yesterday', '2025-13-01', '2025-02-29', '2025-6-1', '2025-06-31', '-1', '',
                     '2025-06-01T25:00:00Z', '2025-06-01T10:00:00', '2025-06-01 10:00:00Z',
                     '2025-06-01T10:00:00Zx', '1e9', '99999999999999999999'):
            self.assertIn('not a time', self.unread('--at=' + time, one))

    def test_a_token_needs_a_key(self):
        one = self.path('one', b'1')
        self.assertIn('--key', self.unread('--cca', one))

    def test_nonsense_is_refused_whatever_it_is_called(self):
        for data in (b'', b'\0', b'x' * 1184, bytes(5000), b'\xd2\x84', os.urandom(4096)):
            path = self.path('nonsense', data)
            for kind in ('--snp', '--tdx'):
                self.assertRegex(self.anything(kind, path), 'malformed|wrong-type|unsupported')
            for args in ([path], ['--monitor', path],
                         ['--cca', path, '--key', sample('cca/tf-rmm/platform_pub.pem')]):
                self.assertRegex(self.anything(*args), 'malformed|wrong-type')

    def anything(self, *args):
        done = confbox(*args)
        self.assertEqual((done.returncode, done.stdout), (1, b''), done.stderr)
        return re.match(r'refused: ([a-z-]+): .', done.stderr.decode()).group(1)

    def test_a_full_disk_is_no_acceptance(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([CONFBOX, 'verify', '--help'], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)


class Genuine(Case):
    """Evidence of real machines."""

    SNP = (
        # folder, certificate, signing key, product, measurement begins with
        ('milan-v2-virtee', 'vcek.der', 'vcek', '7a1e5c266c01'),
        ('milan-v2-trustee', 'vcek.der', 'vcek', 'a1f393041324'),
        ('milan-v3-vlek', 'vlek.der', 'vlek', '8922ebbdd00e'),
        ('genoa-v3-azure', 'vcek.pem', 'vcek', 'f57dc09a507c'),
        ('turin-v5-msft', 'vcek.pem', 'vcek', '6d6c354511d6'),
    )
    AT = ('--at', '2025-06-01')

    def at(self, folder):
        """A day in the validity of its certificates."""
        return ('--at', '2026-03-01' if folder.startswith('turin') else '2025-06-01')

    def test_reports(self):
        for folder, leaf, signer, measurement in self.SNP:
            with self.subTest(folder):
                out = self.accepted('--snp', sample(f'snp/{folder}/report.bin'),
                                    '--cert', sample(f'snp/{folder}/{leaf}'), *self.at(folder))
                self.assertIn('accepted: an AMD SEV-SNP report', out)
                self.assertRegex(out, rf'(?m)^  snp\.measurement +{measurement}[0-9a-f]{{84}}$')
                self.assertRegex(out, rf'(?m)^  snp\.signing-key +{signer}$')

    def test_certificates_in_any_order_and_form(self):
        report = sample('snp/turin-v5-msft/report.bin')
        files = [sample(f'snp/turin-v5-msft/{name}.pem') for name in ('ark', 'ask', 'vcek')]
        for args in (['--cert', *files], ['--cert', *reversed(files)],
                     [f'--cert={files[2]}', '--cert', files[0]]):
            self.accepted(*args, '--at', '2026-03-01', '--snp', report)
        joined = b''.join(open_sample(f'snp/turin-v5-msft/{name}.pem')
                          for name in ('ark', 'ask', 'vcek'))
        self.accepted('--snp', report, '--cert', self.path('all', joined), '--at', '2026-03-01')

    def test_the_wrong_time(self):
        args = ['--snp', sample('snp/milan-v3-vlek/report.bin'),
                '--cert', sample('snp/milan-v3-vlek/vlek.der')]
        self.accepted(*args, '--at', '2025-12-09')
        for time in ('2024-12-09', '2026-01-01', '0', '2026-06-01T12:00:00Z'):
            self.refused('expired', *args, '--at', time)

    def test_the_wrong_certificates(self):
        report = sample('snp/milan-v2-trustee/report.bin')
        for leaf in ('legacy', 'new'):
            self.refused('chain', '--snp', report, '--cert',
                         sample(f'snp/milan-v2-trustee/vcek-invalid-{leaf}.der'), *self.AT)
        self.refused('certificate', '--snp', report, *self.AT)
        self.refused('certificate', '--snp', report, *self.AT,
                     '--cert', self.path('nonsense', b'no certificate'))
        vcek = sample('snp/milan-v2-trustee/vcek.der')
        self.refused('certificate', '--snp', sample('snp/milan-v3-vlek/report.bin'),
                     '--cert', vcek, *self.AT)
        self.refused('identity', '--snp', sample('snp/milan-v2-virtee/report.bin'),
                     '--cert', vcek, *self.AT)

    def test_the_challenge(self):
        args = ['--snp', sample('snp/genoa-v3-azure/report.bin'),
                '--cert', sample('snp/genoa-v3-azure/vcek.pem'), *self.AT]
        nonce = 'b581f12e29a2d7d64e5e0b738d563879a78b51c644d0fa0cce02b48699f6bf5f'
        out = self.accepted(*args, '--nonce', nonce)
        self.assertNotIn('old evidence', out)
        self.accepted(*args, '--nonce', nonce.upper() + '00' * 32)
        self.accepted(*args, '--nonce', ':'.join(nonce[i:i + 2] for i in range(0, 64, 2)))
        for wrong in (nonce[:-2], '00' + nonce[2:], nonce + '01', nonce + '00' * 31 + '01'):
            self.refused('nonce', *args, '--nonce', wrong)

    def test_a_report_with_one_bit_changed(self):
        args = ['--cert', sample('snp/milan-v2-virtee/vcek.der'), *self.AT, '--snp', '-']
        report = open_sample('snp/milan-v2-virtee/report.bin')
        self.accepted(*args, input=report)
        for at in (0x90, 0x50, 0x1a0, 0x2a0, 0x2e8):
            changed = bytearray(report)
            changed[at] ^= 1
            self.refused('identity' if at == 0x1a0 else 'signature', *args, input=bytes(changed))
        for wrong in (report[:-1], report + b'\0', b''):
            self.refused('malformed', *args, input=wrong)

    def test_quotes(self):
        for folder, mrtd in (('v4-spr-e4', '6363b8043668'), ('v5-google', '7348651a34b2'),
                             ('ccel-cos113', 'dae67181d3d6')):
            out = self.accepted('--tdx', sample(f'tdx/{folder}/quote.bin'), '--at', '2026-03-01')
            self.assertIn('accepted: an Intel TD quote', out)
            self.assertRegex(out, rf'(?m)^  tdx\.mrtd +{mrtd}[0-9a-f]{{84}}$')

    def test_what_is_no_quote_of_a_td(self):
        for name in ('neg-sgx-v3/quote.bin', 'tdreport/tdreport.bin'):
            self.refused('wrong-type', '--tdx', sample(f'tdx/{name}'), *self.AT)

    def test_the_event_log(self):
        args = ['--tdx', sample('tdx/ccel-cos113/quote.bin'), *self.AT]
        log = sample('tdx/ccel-cos113/ccel_data.bin')
        self.accepted(*args, '--event-log', log)
        changed = bytearray(open_sample('tdx/ccel-cos113/ccel_data.bin'))
        changed[80] ^= 1  # in the first digest
        self.refused('event-log', *args, '--event-log', self.path('log', bytes(changed)))

    def test_collateral(self):
        args = ['--tdx', sample('tdx/v5-google/quote.bin')]
        collateral = [sample(f'tdx/collateral-google/{name}') for name in
                      ('sample_tcbinfo_response_v5',)]
        done = confbox(*args, '--collateral', *collateral, '--at', '2026-02-10')
        self.assertIn(done.returncode, (0, 1))
        self.assertNotIn(b'malformed', done.stderr)
        self.refused('collateral', *args, '--collateral', self.path('x', b'{}'),
                     '--at', '2026-02-10')


class Tokens(Case):
    """Arm CCA: there is no root but the platform's key."""

    CCA = (
        ('tf-rmm', 'platform_pub.pem'),
        ('rust-01', 'platform_pub.jwk'),
        ('draft-ffm-00', 'platform_pub.jwk'),
        ('veraison-good', 'platform_pub.jwk'),
    )

    def test_tokens(self):
        for folder, key in self.CCA:
            with self.subTest(folder):
                out = self.accepted('--cca', sample(f'cca/{folder}/token.cbor'),
                                    '--key', sample(f'cca/{folder}/{key}'))
                self.assertIn('accepted: an Arm CCA token', out)
                self.assertRegex(out, r'(?m)^  cca\.rim +[0-9a-f]{64,128}$')

    def test_wrong_keys(self):
        token = sample('cca/veraison-good/token.cbor')
        for name, reason in (('ta', 'signature'), ('ta-02-bad', 'certificate')):
            key = json.loads(open_sample(f'cca/neg-keys/{name}.json'))[0]['pkey']
            self.refused(reason, '--cca', token, '--key',
                         self.path('jwk', json.dumps(key).encode()))
        self.refused('certificate', '--cca', token, '--key', self.path('key', b'no key'))
        for folder, key in self.CCA[:3]:
            self.refused('signature', '--cca', token, '--key', sample(f'cca/{folder}/{key}'))

    def test_the_challenge(self):
        args = ['--cca', sample('cca/tf-rmm/token.cbor'),
                '--key', sample('cca/tf-rmm/platform_pub.pem')]
        self.accepted(*args, '--nonce', 'ab' * 64)
        self.refused('nonce', *args, '--nonce', 'ab' * 63)
        self.refused('nonce', *args, '--nonce', 'ab' * 63 + 'ac')

    def test_a_token_with_one_bit_changed(self):
        token = open_sample('cca/tf-rmm/token.cbor')
        for at in range(0, len(token), 97):
            changed = bytearray(token)
            changed[at] ^= 1
            done = confbox('--cca', '-', '--key', sample('cca/tf-rmm/platform_pub.pem'),
                           input=bytes(changed))
            self.assertEqual((done.returncode, done.stdout), (1, b''), at)


class Result(Case):
    """--json: the same verdict, for programs (draft-fv-rats-ear)."""

    ARGS = ('--snp', 'snp/genoa-v3-azure/report.bin', '--cert', 'snp/genoa-v3-azure/vcek.pem')

    def run_json(self, *more):
        args = [sample(word) if '/' in word else word for word in self.ARGS]
        done = confbox(*args, '--json', *more)
        result = json.loads(done.stdout)
        self.assertEqual(result['eat_profile'], 'tag:github.com,2023:veraison/ear')
        (name, part), = result['submods'].items()
        self.assertEqual(name, 'snp')
        return done, result, part

    def test_accepted(self):
        done, result, part = self.run_json('--at', '2025-06-01')
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        self.assertEqual(result['iat'], 1748736000)
        self.assertEqual(part['ear.status'], 'affirming')
        self.assertIn('f57dc09a507c', json.dumps(part))

    def test_refused(self):
        done, _, part = self.run_json('--at', '2040-06-01')
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r'\Arefused: expired: ')
        self.assertEqual(part['ear.status'], 'contraindicated')
        self.assertIn('expired', json.dumps(part))


class Policy(Case):
    """What is genuine, and is not what was asked for."""

    def appraise(self, policy, *more):
        path = self.path('policy.json', json.dumps(policy).encode())
        return ['--policy', path, '--snp', sample('snp/genoa-v3-azure/report.bin'),
                '--cert', sample('snp/genoa-v3-azure/vcek.pem'), '--at', '2025-06-01', *more]

    def test_what_is_asked_for(self):
        right = ('f57dc09a507c6ecd82369bffb600f0003792f4d99bc26e985ec0c266fc34faf3'
                 '706faf814c9e61065768a6ff917c89ae')
        for policy in ({}, {'require': {'snp.measurement': right}},
                       {'require': {'snp.measurement': ['00' * 48, right.upper()]}},
                       {'require': {'snp.product': 'Genoa', 'snp.vmpl': 0}},
                       {'at-least': {'snp.reported-tcb.microcode': 84}}):
            self.accepted(*self.appraise(policy))
        for policy, claim in (({'require': {'snp.measurement': '00' * 48}}, 'snp.measurement'),
                              ({'require': {'snp.product': ['Milan', 'Turin']}}, 'snp.product'),
                              ({'require': {'snp.measurment': right}}, 'snp.measurment'),
                              ({'at-least': {'snp.reported-tcb.microcode': 85}},
                               'snp.reported-tcb.microcode')):
            self.assertIn(claim, self.refused('requirement', *self.appraise(policy)))

    def test_policies_that_are_none(self):
        for policy in ({'requires': {}}, {'require': []}, [], {'require': {'a': []}},
                       {'at-least': {'snp.vmpl': 'x'}}, {'allow': ['everything']}):
            self.assertIn('policy.json: ', self.unread(*self.appraise(policy)))
        path = self.path('broken.json', b'{"require": {\n\n"a": }')
        self.assertRegex(self.unread('--policy', path, '--snp', path), r'broken\.json: 3')

    def test_roots_are_beside_the_policy(self):
        self.path('root.pem', open_sample('snp/turin-v5-msft/ark.pem'))
        self.accepted(*self.appraise({'roots': ['root.pem']}))
        self.accepted(*self.appraise({'roots': [os.path.join(self.folder, 'root.pem')]}))
        self.assertIn('check the path', self.unread(*self.appraise({'roots': ['none.pem']})))


if __name__ == '__main__':
    CONFBOX, EVIDENCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
