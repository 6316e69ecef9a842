# SPDX-License-Identifier: Apache-2.0
"""What boxes seal outlives them, and opens for nobody else:
seal.py CONFBOX CONFBOX-SEAL KEY-SERVICE STATE [NAME...]"""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../support'))
import patience  # noqa: E402 (tests/support)

CONFBOX, SEAL, KEYS, STATE = (os.path.abspath(sys.argv.pop(1)) for _ in range(4))
BUSYBOX = shutil.which('busybox')
if BUSYBOX is None:
    print('busybox-static is not installed')
    sys.exit(77)
SECRET = 'a line only the box knows'

# Open what there is, add the input's line, seal all of it for the next, show it.
SCRIPT = '''B={busybox}; S="{seal}"; D={data}; O="--root {root} --context notes"
if $B test -e $D/blob; then
    $B cp $D/blob /tmp/old && $S open $O --counter {counter} </tmp/old >/tmp/state || exit 1
    HOW="--after /tmp/old"
else
    HOW="--counter {counter}"
fi
$B cat >>/tmp/state && $S seal $O $HOW </tmp/state >/tmp/new && $B cat /tmp/new >$D/blob &&
    $B cat /tmp/state'''


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='seal-'))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.path('data')
        os.mkdir(self.data)
        self.blob = os.path.join(self.data, 'blob')
        self.counters = self.path('counters')
        self.service = subprocess.run([CONFBOX, 'counter', self.counters], check=True,
                                      stdout=subprocess.PIPE).stdout.decode().strip()
        self.assertRegex(self.service, '^[0-9a-f]{64}$')
        self.policy = self.write('policy.json', json.dumps({'forward': [
            {'open': self.data, 'for': ['read', 'write', 'create', 'truncate']},
            {'counter': True}]}))
        self.keys = self.start_keys('keys', os.urandom(32))
        self.root = self.confbox('run', '--key-service', self.keys, '--', SEAL, 'root')[1].strip()
        self.assertRegex(self.root, '^[0-9a-f]{64}$')

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), 'wb') as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def read(self):
        with open(self.blob, 'rb') as f:
            return f.read()

    def put(self, content):
        with open(self.blob, 'wb') as f:
            f.write(content)

    def start(self, *command, socket_path):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        patience.until(f'{command[0]} listens', lambda: os.path.exists(socket_path))
        return process

    def start_keys(self, name, root, **policy):
        rules = {'require': {'monitor.backend': 'linux'}, 'allow': ['no-hardware'], **policy}
        self.keys_process = self.start(
            KEYS, self.write(name + '.json', json.dumps(rules)), self.write(name + '.root', root),
            self.path(name), socket_path=self.path(name))
        return self.path(name)

    def confbox(self, *args, data=b''):
        done = subprocess.run([CONFBOX, *args], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False)
        return done.returncode, done.stdout.decode('latin-1'), done.stderr.decode()

    def script(self, line, keys=None, counters=None, change='', root=None):
        script = SCRIPT.format(busybox=BUSYBOX, seal=SEAL, data=self.data,
                               root=root or self.root, counter=f'{self.service}:notes') + change
        return self.confbox(
            'run', '--policy', self.policy, '--counter', counters or self.counters,
            '--key-service', keys or self.keys, '--with', SEAL, '--', BUSYBOX, 'sh', '-c', script,
            data=line.encode())

    def adds(self, line, shown, **how):
        code, out, error = self.script(line, **how)
        self.assertEqual((code, out), (0, shown), error)
        self.assertNotIn(SECRET.encode(), self.read())

    def refuses(self, why, **how):
        """Nothing is shown, and the blob stays what it was."""
        before = self.read() if os.path.exists(self.blob) else None
        code, out, error = self.script('no line\n', **how)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, '')
        self.assertIn(why, error)
        self.assertEqual(self.read() if os.path.exists(self.blob) else None, before)


class Script(Case):
    def test_state_outlives_the_monitor(self):
        text = ''
        for line in (SECRET + '\n', 'two\n', 'three\n'):
            text += line
            self.adds(line, text)

    def test_counters_may_be_kept_elsewhere(self):
        self.start(CONFBOX, 'counter', self.counters, '--listen', self.path('counting'),
                   socket_path=self.path('counting'))
        self.adds(SECRET + '\n', SECRET + '\n', counters=self.path('counting'))
        self.adds('two\n', SECRET + '\ntwo\n', counters=self.path('counting'))

    def test_another_program_opens_nothing(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        self.refuses('altered, or sealed by another box', change='; true')
        self.adds('two\n', SECRET + '\ntwo\n')

    def test_another_root_opens_nothing(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        other = self.start_keys('other', os.urandom(32))
        self.refuses('there is no root for keys, or one of another kind', keys=other)
        # Not even a program that believes in it: it is another program.
        name = self.confbox('run', '--key-service', other, '--', SEAL, 'root')[1].strip()
        self.assertNotEqual(name, self.root)
        self.refuses('altered, or sealed by another box', keys=other, root=name)
        self.adds('two\n', SECRET + '\ntwo\n')

    def test_the_hosts_root_gets_no_data(self):
        mine = self.start_keys('mine', bytes(32))
        self.refuses('there is no root for keys, or one of another kind', keys=mine)
        self.assertFalse(os.path.exists(self.blob))

    def test_a_blob_of_yesterday_is_refused(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        yesterday = self.read()
        self.adds('two\n', SECRET + '\ntwo\n')
        today = self.read()
        self.put(yesterday)
        self.refuses('rolled back: its counter is further')
        os.unlink(self.blob)
        self.refuses('it is at 2')
        self.put(today)
        self.adds('three\n', SECRET + '\ntwo\nthree\n')

    def test_counters_of_yesterday_are_found_out(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        shutil.copytree(self.counters, self.path('copy'))
        self.adds('two\n', SECRET + '\ntwo\n')
        self.refuses('its counter went back', counters=self.path('copy'))

    def test_another_service_is_not_believed(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        self.assertEqual(self.confbox('counter', self.path('mine'))[0], 0)
        self.refuses('counter: no answer', counters=self.path('mine'))

    def test_an_altered_blob_is_refused(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        blob = self.read()
        for at in (0, 12, 16, 32, 64, 96, 128, 136, 152, 160, len(blob) - 1):
            self.put(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:])
            self.refuses('confbox-seal: ')
        for content in (blob[:-1], blob + b'\0', blob[:160], b''):
            self.put(content)
            self.refuses('shorter or longer than it says')

    def test_two_that_go_on_from_one_blob(self):
        self.adds(SECRET + '\n', SECRET + '\n')
        results = []
        start = threading.Barrier(3)

        def go():
            start.wait()
            results.append(self.script('two\n')[0])
        both = [threading.Thread(target=go) for _ in range(2)]
        for thread in both:
            thread.start()
        start.wait()
        for thread in both:
            thread.join()
        # One at least, both only one after the other.
        with open(os.path.join(self.counters, 'values'), encoding='ascii') as f:
            value = int(f.read().splitlines()[1].split()[1])
        self.assertEqual(value, 1 + results.count(0))
        self.assertIn(0, results)


class Tool(Case):
    def seal(self, *args, data=b'x', options=()):
        return self.confbox('run', '--key-service', self.keys, '--policy', self.policy,
                            '--counter', self.counters, *options, '--', BUSYBOX, 'sh', '-c',
                            f'{SEAL} "$@"', 'sh', *args, data=data)

    def test_says_what_is_not_detected(self):
        script = f'{SEAL} seal --root {self.root} >/tmp/b && {SEAL} open --root {self.root} </tmp/b'
        code, out, error = self.confbox('run', '--key-service', self.keys, '--with', SEAL, '--',
                                        BUSYBOX, 'sh', '-c', script, data=b'plain')
        self.assertEqual((code, out), (0, 'plain'))
        self.assertIn('no counter: rollback is not detected', error)
        self.assertNotIn('--root', error)

    def test_says_that_the_root_is_anybodys(self):
        code, out, error = self.confbox('run', '--key-service', self.keys, '--', SEAL, 'seal',
                                        data=b'plain')
        self.assertEqual(code, 0)
        self.assertEqual(len(out), len('plain') + 176)
        self.assertIn('name it with --root', error)

    def test_a_step_that_is_interrupted_loses_nothing(self):
        """--ahead: the old state for the next value; --uncounted opens any."""
        script = f'''S={SEAL}; O="--root {self.root}"; echo old |
            $S seal $O --counter {self.service}:step >/tmp/1 &&
            $S open $O </tmp/1 | $S seal $O --ahead /tmp/1 >/tmp/2 &&
            $S open $O </tmp/1 && ! $S open $O </tmp/2 && $S advance $O --after /tmp/1 &&
            $S open $O </tmp/2 && ! $S open $O </tmp/1 && $S open $O --uncounted </tmp/1'''
        code, out, error = self.confbox(
            'run', '--key-service', self.keys, '--policy', self.policy, '--counter', self.counters,
            '--with', SEAL, '--', BUSYBOX, 'sh', '-c', script)
        self.assertEqual((code, out), (0, 'old\n' * 3), error)
        self.assertIn('its counter went back', error)
        self.assertIn('rolled back: its counter is further', error)

    def test_without_a_root_there_is_no_key(self):
        code, out, error = self.confbox('run', '--', SEAL, 'seal', data=b'x')
        self.assertEqual((code, out), (1, ''))
        self.assertIn('there is no root for keys', error)

    def test_outside_a_box_there_is_no_key(self):
        done = subprocess.run([SEAL, 'seal'], input=b'x', stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, b''))
        self.assertIn(b'root: no answer', done.stderr)

    def test_versions_want_a_signer(self):
        for args, why in ((('seal', '--for', 'signer'), 'this box gets no such key'),
                          (('seal', '--for', 'family'), 'this box gets no such key'),
                          (('seal', '--security-version', '1'), 'out of range')):
            code, out, error = self.confbox('run', '--key-service', self.keys, '--', SEAL, *args,
                                            data=b'x')
            self.assertNotEqual(code, 0)
            self.assertEqual(out, '')
            self.assertIn(why, error)

    def test_the_command_line_is_checked(self):
        service = 64 * 'a'
        for args in ([], ['close'], ['seal', '--for', 'me'], ['seal', '--for'],
                     ['seal', '--counter', service], ['seal', '--counter', service + ':'],
                     ['seal', '--counter', service + ':' + 33 * 'n'],
                     ['seal', '--counter', 63 * 'a' + ':n'], ['seal', '--root', 'ab'],
                     ['seal', '--root', service + 'a'], ['seal', '--security-version', '-1'],
                     ['seal', '--uncounted'], ['open', '--after', 'x'], ['open', '--ahead', 'x'],
                     ['seal', '--after', 'x', '--ahead', 'y'], ['advance'], ['seal', '--what', 'x'],
                     ['root', '--after', 'x']):
            done = subprocess.run([SEAL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b''), args)
            self.assertTrue(done.stderr, args)
        done = subprocess.run([SEAL, '--help'], stdout=subprocess.PIPE, check=True)
        self.assertIn(b'--ahead FILE', done.stdout)


class Program(Case):
    """A C program, confined: STATE adds what its client gives it."""
    def state(self, numbers, **how):
        command = ['run', '--confine', '--policy', self.policy, '--counter', self.counters,
                   '--key-service', how.get('keys', self.keys), '--', STATE, self.blob,
                   f'{self.service}:sum', self.root]
        done = subprocess.run([CONFBOX, *command], input=numbers.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def adds(self, numbers):
        code, out, error = self.state(numbers)
        self.assertEqual((code, len(out)), (0, 184), error)
        self.put(out)

    def test_sums_over_its_boxes(self):
        self.adds('1 2 3')
        self.adds('10')
        code, out, error = self.state('100 show')
        self.assertEqual((code, out), (0, b'116\n'), error)

    def test_is_not_set_back(self):
        self.adds('1 2 3')
        old = self.read()
        self.adds('10')
        self.put(old)
        code, out, error = self.state('show')
        self.assertEqual((code, out), (1, b''))
        self.assertIn('rolled back', error)
        os.unlink(self.blob)
        code, out, error = self.state('show')
        self.assertEqual((code, out), (1, b''))
        self.assertIn('no blob: rolled back', error)


class Keys(Case):
    def asked(self):
        """What the service said of the last monitor."""
        return self.keys_process.stdout.readline().decode()

    def test_the_service_says_whom_it_accepted(self):
        self.assertEqual(self.asked(), f'released {self.root} to linux\n')

    def test_a_monitor_that_is_not_accepted_gets_no_root(self):
        for number, policy in enumerate(({'require': {'monitor.backend': 'snp'}}, {'allow': []})):
            keys = self.start_keys(f'strict{number}', bytes(32), **policy)
            code, out, error = self.confbox('run', '--key-service', keys, '--', BUSYBOX, 'echo',
                                            'runs')
            self.assertEqual((code, out), (125, ''))
            self.assertIn('key service: it refuses this monitor', error)
            self.assertRegex(self.asked(), '^refused (requirement|no-hardware): ')

    def test_nobody_there(self):
        code, out, error = self.confbox('run', '--key-service', self.path('nobody'), '--', BUSYBOX,
                                        'echo', 'runs')
        self.assertEqual((code, out), (125, ''))
        self.assertIn('name the socket of a key service that runs', error)

    def stand_in(self, path, serve):
        """Serve one connection there."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()

        def run():
            with listener.accept()[0] as asker:
                serve(asker)
            listener.close()
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)

    @staticmethod
    def all_of(peer, size):
        got = b''
        while len(got) < size:
            part = peer.recv(size - len(got))
            if not part:
                break
            got += part
        return got

    def carry(self, asker, alter=lambda evidence: evidence):
        """Between a monitor and the service. @return what the service said"""
        with socket.socket(socket.AF_UNIX) as service:
            service.connect(self.keys)
            asker.sendall(self.all_of(service, 32))
            size = struct.unpack('<I', self.all_of(asker, 4))[0]
            evidence = alter(self.all_of(asker, size))
            service.sendall(struct.pack('<I', len(evidence)) + evidence)
            return self.all_of(service, 148)

    def run_by(self, serve):
        path = self.path('between')
        self.stand_in(path, serve)
        code, out, error = self.confbox('run', '--key-service', path, '--', SEAL, 'root')
        os.unlink(path)
        return code, out.strip(), error

    def test_whoever_carries_it_learns_nothing(self):
        said = []

        def serve(asker):
            said.append(self.carry(asker))
            asker.sendall(said[0])
        code, out, error = self.run_by(serve)
        self.assertEqual((code, out), (0, self.root), error)
        self.assertEqual(len(said[0]), 148)
        with open(self.path('keys.root'), 'rb') as f:
            self.assertNotIn(f.read(), said[0])

        # The next monitor does not open what was sealed for this one.
        def again(asker):
            self.carry(asker)
            asker.sendall(said[0])
        code, out, error = self.run_by(again)
        self.assertEqual((code, out), (125, ''))
        self.assertIn('the keeper does not take a root', error)

    def test_an_altered_message_is_refused(self):
        for at in (4, 12, 44, 76, 84, 88, 92, 100, 147):
            def serve(asker, at=at):
                said = bytearray(self.carry(asker))
                said[at] ^= 1
                asker.sendall(said)
            code, out, error = self.run_by(serve)
            self.assertEqual((code, out), (125, ''), at)
            self.assertIn('the keeper does not take a root', error)

    def test_altered_evidence_is_refused(self):
        for at in (0, 8, 100, 300, -1):
            said = []

            def serve(asker, at=at, said=said):
                def alter(evidence):
                    evidence = bytearray(evidence)
                    evidence[at] ^= 1
                    return bytes(evidence)
                said.append(self.carry(asker, alter))
                asker.sendall(said[0])
            code, out, error = self.run_by(serve)
            self.assertEqual((code, out), (125, ''), at)
            self.assertEqual(len(said[0]), 4)
            self.assertIn('it refuses this monitor', error)

    def test_evidence_of_another_nonce_is_refused(self):
        kept = []

        def keep(asker):
            def alter(evidence):
                kept.append(evidence)
                return evidence
            asker.sendall(self.carry(asker, alter))
        self.assertEqual(self.run_by(keep)[0], 0)
        self.asked()  # of setUp

        def replay(asker):
            asker.sendall(self.carry(asker, lambda evidence: kept[0]))
        self.asked()
        code, out, _ = self.run_by(replay)
        self.assertEqual((code, out), (125, ''))
        self.assertRegex(self.asked(), '^refused nonce: ')

    def test_a_service_that_breaks_off(self):
        for serve in (lambda asker: None, lambda asker: asker.sendall(bytes(31)),
                      lambda asker: asker.sendall(bytes(32)),
                      lambda asker: (asker.sendall(bytes(32)), self.all_of(asker, 100),
                                     asker.sendall(bytes(4 + 143)))):
            code, out, error = self.run_by(serve)
            self.assertEqual((code, out), (125, ''))
            self.assertIn('key service: ', error)


class Signer(Case):
    """Two programs, one signer: what the first seals the second opens."""
    def setUp(self):
        super().setUp()
        self.keys_of = {name: self.write(name, os.urandom(48)) for name in ('me', 'other')}

    def signed(self, args, data=b'', key='me', family='notes', version='3', of=None):
        """Run confbox-seal with args in a box that is signed so."""
        program = ['--', SEAL, *args]
        measurement = self.confbox('measure', *(of or program))[1].strip()
        signature = self.path('signature')
        with open(signature, 'wb') as f:
            subprocess.run([CONFBOX, 'sign', self.keys_of[key], family, version, measurement],
                           stdout=f, check=True)
        done = subprocess.run([CONFBOX, 'run', '--key-service', self.keys, '--signature',
                               signature, *program], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def seal(self, *args, **how):
        code, out, error = self.signed(['seal', '--root', self.root, *args], b'ours', **how)
        self.assertEqual(code, 0, error)
        return out

    def opens(self, blob, *args, **how):
        code, out, error = self.signed(['open', '--root', self.root, *args], blob, **how)
        self.assertEqual((code, out), (0, b'ours'), error)

    def refuses(self, why, blob, *args, **how):
        code, out, error = self.signed(['open', '--root', self.root, *args], blob, **how)
        self.assertEqual((code, out), (1, b''))
        self.assertIn(why, error)

    def test_boxes_of_one_signer_share(self):
        blob = self.seal('--for', 'signer')
        self.opens(blob)
        self.opens(blob, family='mail')
        self.refuses('altered, or sealed by another box', blob, key='other')
        self.refuses('sealed for another selector', blob, '--for', 'family')

    def test_a_family_is_its_signers(self):
        blob = self.seal('--for', 'family')
        self.opens(blob)
        self.refuses('altered, or sealed by another box', blob, family='mail')
        self.refuses('altered, or sealed by another box', blob, key='other')

    def test_what_a_newer_version_seals_is_closed_to_older_ones(self):
        blob = self.seal('--for', 'signer', '--security-version', '3')
        self.opens(blob)
        self.opens(blob, version='4')
        self.refuses('this box gets no such key', blob, version='2')
        old = self.seal('--for', 'signer', '--security-version', '1')
        self.opens(old)
        self.refuses('sealed for another selector, version', old, '--security-version', '2')
        code, out, error = self.signed(['seal', '--for', 'signer', '--security-version', '4'], b'x')
        self.assertEqual((code, out), (1, b''))
        self.assertIn('this box gets no such key', error)

    def test_a_signature_of_another_measurement_is_refused(self):
        code, out, error = self.signed(['root'], of=['--', BUSYBOX, 'echo'])
        self.assertEqual((code, out), (125, b''))
        self.assertIn('the monitor does not take the signature', error)
        code, _, error = self.confbox('run', '--signature', self.policy, '--', BUSYBOX, 'echo')
        self.assertEqual(code, 125)
        self.assertIn('not a signature', error)

    def test_the_command_line_is_checked(self):
        digest = 96 * 'a'
        me = self.keys_of['me']
        for args in ((), (me, 'f', '1'), (me, 'f', '1', digest, 'x'), (me, 17 * 'f', '1', digest),
                     (me, 'f', '-1', digest), (me, 'f', '', digest), (me, 'f', '1x', digest),
                     (me, 'f', 20 * '9', digest),
                     (me, 'f', '1', digest[:-1]), (me, 'f', '1', digest + 'aa'),
                     (me, 'f', '1', 'g' + digest[1:]), (self.policy, 'f', '1', digest),
                     (self.path('none'), 'f', '1', digest),
                     (self.write('zero', bytes(48)), 'f', '1', digest),
                     (self.write('large', 48 * b'\xff'), 'f', '1', digest)):
            code, out, error = self.confbox('sign', *args)
            self.assertEqual((code, out), (125, ''), args)
            self.assertTrue(error.startswith('confbox: sign: '), error)
        self.assertIn('usage: ', self.confbox('sign', '--help')[1])
        self.assertEqual(len(self.confbox('sign', me, '', '0', digest)[1]), 216)


class Counter(Case):
    def counter(self, *args):
        done = subprocess.run([CONFBOX, 'counter', *args], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_prints_the_same_name_each_time(self):
        self.assertEqual(self.counter(self.counters), (0, self.service + '\n', ''))
        other = self.counter(self.path('others'))[1]
        self.assertNotEqual(other, self.service + '\n')
        self.assertEqual(os.stat(self.path('others')).st_mode & 0o777, 0o700)

    def test_the_command_line_is_checked(self):
        for args in ((), ('--listen', 'x'), (self.counters, '--listen'), (self.counters, 'x'),
                     (self.counters, '--listen', 'x', 'y'),
                     (self.counters, '--listen', self.path(200 * 'x')),
                     (self.counters, '--listen', self.path('no/socket')),
                     (self.counters, '--listen', self.policy), (self.policy,),
                     (self.path('no/directory'),)):
            code, _, error = self.counter(*args)
            self.assertEqual(code, 125, args)
            self.assertTrue(error.startswith('confbox: '), error)
        self.assertIn('usage: ', self.counter('--help')[1])

    def test_a_broken_directory_is_said_to_be_one(self):
        self.write('counters/values', 'libconfbox counters 1\n')
        code, out, error = self.counter(self.counters)
        self.assertEqual((code, out), (125, ''))
        self.assertIn('a broken one', error)
        code, out, error = self.confbox('run', '--counter', self.counters, '--', BUSYBOX, 'echo')
        self.assertEqual((code, out), (125, ''))
        self.assertIn('a broken one', error)

    def test_a_box_asks_no_counters_that_are_none(self):
        """A mistyped path is no beginning of others, in a new directory or in one for something else."""
        os.mkdir(self.path('other'))
        for path in (self.path('countesr'), self.path('other')):
            code, out, error = self.confbox('run', '--counter', path, '--', BUSYBOX, 'echo')
            self.assertEqual((code, out), (125, ''))
            self.assertIn(f'{path}: no counters are kept there; confbox counter makes', error)
        self.assertFalse(os.path.exists(self.path('countesr')))
        self.assertEqual(os.listdir(self.path('other')), [])

    def test_a_socket_is_used_by_one_and_left_by_none(self):
        path = self.path('counting')
        first = self.start(CONFBOX, 'counter', self.counters, '--listen', path, socket_path=path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o700)
        self.assertEqual(self.counter(self.counters, '--listen', path)[0], 125)
        first.terminate()
        self.assertEqual(first.wait(), 0)
        self.assertFalse(os.path.exists(path))
        killed = self.start(CONFBOX, 'counter', self.counters, '--listen', path, socket_path=path)
        killed.kill()
        killed.wait()
        again = subprocess.Popen([CONFBOX, 'counter', self.counters, '--listen', path],
                                 stdout=subprocess.PIPE)
        self.addCleanup(again.stdout.close)
        self.addCleanup(again.wait)
        self.addCleanup(again.kill)
        self.assertEqual(again.stdout.readline().decode(), self.service + '\n')

        def listens():
            with socket.socket(socket.AF_UNIX) as peer:
                return peer.connect_ex(path) == 0
        patience.until('it listens', listens)

    def test_a_silent_asker_holds_up_nobody_for_long(self):
        path = self.path('counting')
        self.start(CONFBOX, 'counter', self.counters, '--listen', path, socket_path=path)
        with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as peer:
            silent.connect(path)
            peer.connect(path)
            peer.settimeout(200)
            question = struct.pack('<QQ', 1, 0) + bytes.fromhex(self.service) + bytes(64)
            peer.sendall(question)
            answer = Keys.all_of(peer, 328)
        self.assertEqual(answer[:128], question + bytes(16))


if __name__ == '__main__':
    unittest.main(verbosity=1)
