# SPDX-License-Identifier: Apache-2.0
"""A client, a service, and somebody in between: what each of them gets to see.

    service.py CONFBOX WORDCOUNT-SERVICE
"""
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
import patience  # noqa: E402 (tests/support)

CONFBOX = SERVICE = None
MARK = b'the client keeps this to itself: '


def document(secret, megabytes=0):
    """Lines that hold the secret, all of them."""
    line = MARK + secret + b' and words\n'
    return line * max(100, megabytes * 1000000 // len(line))


def count(data):
    """What wc says."""
    return [data.count(b'\n'), len(data.split()), len(data)]


class Between:
    """A proxy that keeps what passes, and may change it."""

    def __init__(self, port, change=None):
        self.target, self.change = port, change
        self.seen = {'up': b'', 'down': b''}
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            service = socket.create_connection(('127.0.0.1', self.target))
            for way, source, to in (('up', client, service), ('down', service, client)):
                threading.Thread(target=self.carry, args=(way, source, to), daemon=True).start()

    def carry(self, way, source, to):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                self.seen[way] += data
                if self.change:
                    data = self.change(way, len(self.seen[way]) - len(data), data)
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:  # one of them hung up: so does the other
            for side in (source, to):
                try:
                    side.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()


def ranges_of(pid, begin, end, line):
    """The parts of a mapping that hold anything: of a file in memory, its data."""
    if 'memfd' not in line:
        return [(begin, end)]
    try:
        file = os.open(f'/proc/{pid}/map_files/{begin:x}-{end:x}', os.O_RDONLY)
    except PermissionError:  # only root may ask
        return [(begin, end)]
    offset = int(line.split()[2], 16)
    found, at = [], offset
    try:
        while at < offset + end - begin:
            data = os.lseek(file, at, os.SEEK_DATA)
            at = min(os.lseek(file, data, os.SEEK_HOLE), offset + end - begin)
            found.append((begin + data - offset, begin + at - offset))
    except OSError:  # no more data
        pass
    os.close(file)
    return found


def memory_of(pid):
    """Every byte of a process that can be read, part by part."""
    with open(f'/proc/{pid}/maps', encoding='utf-8') as maps, \
            open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for line in maps:
            begin, end, rights = re.match(r'(\w+)-(\w+) (\S+)', line).groups()
            if rights[0] != 'r' or line.endswith(('[vvar]\n', '[vsyscall]\n')):
                continue
            for at, stop in ranges_of(pid, int(begin, 16), int(end, 16), line):
                tail = b''
                while at < stop:
                    try:
                        part = os.pread(memory.fileno(), min(1 << 20, stop - at), at)
                    except OSError:
                        break
                    if not part:
                        break
                    yield tail + part
                    tail = part[-128:]
                    at += len(part)


def holds(pid, needle):
    return any(needle in part for part in memory_of(pid))


def files_of(pid):
    """What its descriptors lead to, when it is a file that can be read."""
    for name in os.listdir(f'/proc/{pid}/fd'):
        path = f'/proc/{pid}/fd/{name}'
        try:
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    yield os.readlink(path), file
        except OSError:
            continue


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-service-')
        self.service = subprocess.Popen([SERVICE, '0'], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.measurement = self.service.stdout.readline().split()[1].decode()
        self.port = int(self.service.stdout.readline().split()[1])

    def tearDown(self):
        self.service.kill()
        self.service.communicate()
        shutil.rmtree(self.folder)

    def path(self, name, data=b''):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def policy(self, **more):
        policy = {'require': {'box.measurement': self.measurement}, 'allow': ['no-hardware']}
        return self.path('policy.json', json.dumps({**policy, **more}).encode())

    def send(self, data, port=None, policy=None, *more):
        return subprocess.run(
            [CONFBOX, 'send', '--to', f'localhost:{port or self.port}', '--verify-policy',
             policy or self.policy(), *more], input=data, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=200, check=False)

    def answered(self, done, data):
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        self.assertEqual([int(word) for word in done.stdout.split()], count(data))

    def failed(self, done, code, pattern):
        self.assertEqual((done.returncode, done.stdout), (code, b''), done.stderr)
        self.assertRegex(done.stderr.decode(), pattern)


class Service(Case):
    def test_its_measurement_is_what_a_client_computes(self):
        done = subprocess.run([CONFBOX, 'measure', '--confine', '--memory', '64M', '--',
                               '/bin/busybox', 'wc'], stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout.decode().split()[0], self.measurement)

    def test_the_answer_is_the_programs(self):
        for data in (b'', b'one\n', document(b'x'), base64.b64encode(os.urandom(200000)),
                     document(b'y', 20)):
            self.answered(self.send(data), data)

    def test_clients_at_the_same_time(self):
        data = [document(str(i).encode() * i) for i in range(1, 9)]
        done = [None] * len(data)

        def one(i):
            done[i] = self.send(data[i], self.port, policy)

        policy = self.policy()
        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(data))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result, sent in zip(done, data):
            self.answered(result, sent)

    def test_what_is_not_accepted_is_not_sent(self):
        between = Between(self.port)
        data = document(b'never leaves')
        for policy, reason in (
                ({'require': {'box.measurement': '00' * 48}}, 'requirement'),
                ({'allow': []}, 'no-hardware'),
                ({'require': {'monitor.backend': 'snp'}}, 'requirement')):
            self.failed(self.send(data, between.port, self.policy(**policy)), 123,
                        rf'\Arefused: {reason}: ')
        self.assertEqual(len(between.seen['up']), 3 * 40)  # three challenges
        between.close()


class Seen(Case):
    """T01 to T05, X15: neither the service nor the network sees anything."""

    def test_nothing_is_seen(self):
        secret = os.urandom(16).hex().encode()
        data = document(secret, 20)
        between = Between(self.port)
        policy = self.policy()
        found = []
        stop = threading.Event()

        def look():
            while not stop.is_set():
                if holds(self.service.pid, secret):
                    found.append('while it served')
                    return

        looker = threading.Thread(target=look)
        looker.start()
        done = self.send(data, between.port, policy)
        stop.set()
        looker.join()
        self.answered(done, data)
        self.assertEqual(found, [])
        self.assertFalse(holds(self.service.pid, secret), 'afterwards, in its memory')
        self.assertFalse(holds(self.service.pid, MARK[:16]), 'afterwards, in its memory')
        for name, file in files_of(self.service.pid):
            self.assertNotIn(secret, file.read(), name)
        for way, seen in between.seen.items():
            self.assertGreater(len(seen), 4096, way)
            self.assertNotIn(secret, seen, way)
            self.assertNotIn(MARK[:16], seen, way)
            self.assertNotIn(str(len(data)).encode(), seen, way)
        between.close()

    def test_the_search_finds_what_is_there(self):
        """What the service was given: its own argument, and half a message, in the memory
        it shares with its monitor."""
        session = os.urandom(32)
        with socket.create_connection(('127.0.0.1', self.port)) as client:
            client.sendall(b'CBXHELO1' + os.urandom(32))
            size = int.from_bytes(client.recv(16, socket.MSG_WAITALL)[8:], 'little')
            self.assertEqual(len(client.recv(size, socket.MSG_WAITALL)), size)
            client.sendall(b'CBXCHAN1' + session + bytes(40))
            patience.until('what the service carries is found', lambda: holds(self.service.pid, session))
        self.assertTrue(holds(self.service.pid, SERVICE.encode()))
        self.assertFalse(holds(self.service.pid, os.urandom(16)))

    def test_sizes_are_the_policys(self):
        down = []
        for data in (b'', b'x', document(b'secret')):
            between = Between(self.port)
            self.answered(self.send(data, between.port), data)
            size = int.from_bytes(between.seen['down'][8:16], 'little')
            down.append(len(between.seen['down']) - 16 - size)
            between.close()
        self.assertEqual(len(set(down)), 1, 'frames of one size, and as many')
        self.assertEqual(down[0] % 4096, 0)

    def test_equal_documents_look_different(self):
        data, seen = document(b'the same'), []
        for _ in range(2):
            between = Between(self.port)
            self.answered(self.send(data, between.port), data)
            seen.append(between.seen['up'][40:])
            between.close()
        self.assertEqual(len(seen[0]), len(seen[1]))
        same = sum(a == b for a, b in zip(*seen))
        self.assertLess(same, len(seen[0]) // 16)


class Meddling(Case):
    """Somebody between client and service changes what passes."""

    def through(self, change, data=None):
        between = Between(self.port, change)
        try:
            return self.send(data or document(b'meddle'), between.port)
        finally:
            between.close()

    @staticmethod
    def flip(way, at):
        def change(direction, offset, data):
            if direction == way and offset <= at < offset + len(data):
                changed = bytearray(data)
                changed[at - offset] ^= 1
                return bytes(changed)
            return data
        return change

    def test_the_challenge(self):
        for at in (8, 39):
            self.failed(self.through(self.flip('up', at)), 123, 'nonce')
        self.failed(self.through(self.flip('up', 0)), 125, 'the service says: ')

    def test_the_evidence(self):
        for at in (16 + 2, 16 + 40, 16 + 200):
            self.failed(self.through(self.flip('down', at)), 123, 'refused: ')
        for at in (0, 15):
            self.failed(self.through(self.flip('down', at)), 125, 'does not offer evidence')

    def test_the_message(self):
        # Session, encapsulated key, and the first record's header and body.
        for at in (40 + 8, 40 + 0x28, 40 + 0x50, 40 + 0x58, 40 + 0x70):
            done = self.through(self.flip('up', at))
            self.assertEqual((done.returncode, done.stdout), (125, b''), at)

    def test_the_answer(self):
        between = Between(self.port)
        self.answered(self.send(document(b'meddle'), between.port), document(b'meddle'))
        size = int.from_bytes(between.seen['down'][8:16], 'little')
        between.close()
        for at in (16 + size, 16 + size + 100):
            self.failed(self.through(self.flip('down', at)), 125, 'not the next frame|no frame')

    def test_a_message_that_ends_too_early(self):
        def cut(direction, offset, data):
            if direction == 'up' and offset + len(data) > 5000:
                raise OSError
            return data
        done = self.through(cut, document(b'long', 1))
        self.assertEqual((done.returncode, done.stdout), (125, b''))

    def test_a_message_played_again(self):
        """To another box of the same image: it opens in none but its own."""
        between = Between(self.port)
        self.answered(self.send(document(b'again'), between.port), document(b'again'))
        played = between.seen['up']
        between.close()
        with socket.create_connection(('127.0.0.1', self.port)) as again:
            again.sendall(played)
            again.shutdown(socket.SHUT_WR)
            seen = b''
            while True:
                data = again.recv(65536)
                if not data:
                    break
                seen += data
        size = int.from_bytes(seen[8:16], 'little')
        self.assertEqual(seen[:8], b'CBXEVID1')
        self.assertEqual(len(seen), 16 + size, 'evidence, and nothing more')
        self.assertIn(b'a client was not served', self.line_of_service())

    def line_of_service(self):
        return self.service.stderr.readline()

    def test_a_client_that_says_nothing_costs_its_box_only(self):
        with socket.create_connection(('127.0.0.1', self.port)):
            self.answered(self.send(b'a b c\n'), b'a b c\n')
        with socket.create_connection(('127.0.0.1', self.port)) as other:
            other.sendall(b'GET / HTTP/1.0\r\n\r\n'.ljust(40))
            self.assertTrue(other.recv(4096).startswith(b'CBXSORRY'))


class Later(Case):
    """By file: what is sent now, and answered when somebody carries it."""

    def box_evidence(self, client, nonce):
        """What the service offers for that challenge."""
        client.sendall(b'CBXHELO1' + nonce)
        offer = client.recv(16, socket.MSG_WAITALL)
        self.assertEqual(offer[:8], b'CBXEVID1')
        return client.recv(int.from_bytes(offer[8:], 'little'), socket.MSG_WAITALL)

    def write(self, data, evidence, *more):
        """confbox send into a file; its name, and the session's."""
        names = [os.path.join(self.folder, name) for name in ('message', 'session')]
        done = subprocess.run(
            [CONFBOX, 'send', '--to', names[0], '--evidence', self.path('evidence', evidence),
             '--session', names[1], '--verify-policy', self.policy(), *more], input=data,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200, check=False)
        return done, names

    def receive(self, session, frames):
        return subprocess.run([CONFBOX, 'receive', session], input=frames,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200,
                              check=False)

    def test_a_file_and_its_answer(self):
        data, nonce = document(b'later'), os.urandom(32)
        with socket.create_connection(('127.0.0.1', self.port)) as client:
            done, (message, session) = self.write(
                data, self.box_evidence(client, nonce), '--nonce', nonce.hex())
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'', b''))
            self.assertEqual(os.stat(session).st_mode & 0o777, 0o600)
            with open(message, 'rb') as file:
                sealed = file.read()
            self.assertNotIn(b'later', sealed)
            client.sendall(sealed)
            frames = b''
            while True:
                part = client.recv(65536)
                if not part:
                    break
                frames += part
        self.answered(self.receive(session, frames), data)
        self.answered(self.receive(session, frames), data)  # it may be read again
        size = len(frames) // 2
        self.failed(self.receive(session, frames[size:]), 125, 'not the next frame|no frame')
        changed = bytearray(frames)
        changed[10] ^= 1
        self.failed(self.receive(session, bytes(changed)), 125, 'not the next frame|no frame')
        self.assertEqual(self.receive(session, frames[:size + 5]).returncode, 125)
        self.assertEqual(self.receive(session, b'').returncode, 125)

    def test_what_is_refused_leaves_no_file(self):
        nonce = os.urandom(32)
        with socket.create_connection(('127.0.0.1', self.port)) as client:
            evidence = self.box_evidence(client, nonce)
        changed = bytearray(evidence)
        changed[300] ^= 1
        for proof, challenge in ((evidence, os.urandom(32)), (bytes(changed), nonce),
                                 (b'nonsense', nonce)):
            done, names = self.write(b'data', proof, '--nonce', challenge.hex())
            self.assertEqual((done.returncode, done.stdout), (123, b''))
            self.assertRegex(done.stderr.decode(), r'\Arefused: [a-z-]+: ')
            for name in names:
                self.assertFalse(os.path.exists(name), name)

    def test_nothing_is_overwritten(self):
        nonce = os.urandom(32)
        with socket.create_connection(('127.0.0.1', self.port)) as client:
            evidence = self.box_evidence(client, nonce)
        kept = self.path('session', b'an older one')
        done, (message, _) = self.write(b'data', evidence)
        self.failed(done, 125, 'not there yet')
        self.assertFalse(os.path.exists(message))
        with open(kept, 'rb') as file:
            self.assertEqual(file.read(), b'an older one')

    def test_sessions_that_are_none(self):
        for content in (b'', b'x' * 72, b'x' * 10):
            self.failed(self.receive(self.path('session', content), b''), 125, 'session')
        self.failed(self.receive(os.path.join(self.folder, 'none'), b''), 125, 'check the path')


class Use(Case):
    """What a newcomer gets wrong."""

    def unsent(self, *args):
        done = subprocess.run([CONFBOX, 'send', *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stdout), (125, b''), done.stderr)
        self.assertRegex(done.stderr.decode(), r'\Aconfbox: [^\n]+\n\Z')
        return done.stderr.decode()

    def test_wrong_words(self):
        policy = self.policy()
        self.assertIn('who gets it', self.unsent())
        self.assertIn('any program', self.unsent('--to', 'localhost:1'))
        self.assertIn('is the service running', self.unsent(
            '--to', 'localhost:1', '--verify-policy', policy))
        self.assertIn('neither HOST:PORT nor a socket', self.unsent(
            '--to', 'nowhere', '--verify-policy', policy))
        self.assertIn('check the path', self.unsent(
            '--to', 'localhost:1', '--verify-policy', 'nowhere'))
        self.assertIn('< file', self.unsent('--to', 'localhost:1', '--verify-policy', policy,
                                            'file'))
        self.assertIn('unknown option', self.unsent('--snp', 'report'))
        self.assertIn('asked with a new one', self.unsent(
            '--to', 'localhost:1', '--verify-policy', policy, '--nonce', '00' * 16))

    def test_somebody_else_answers(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            def answer():
                client, _ = listener.accept()
                client.sendall(b'HTTP/1.0 400 Bad Request\r\n\r\n' * 10)
                client.close()
            threading.Thread(target=answer, daemon=True).start()
            self.assertIn('is it a service for confbox send', self.unsent(
                '--to', f'localhost:{listener.getsockname()[1]}', '--verify-policy',
                self.policy()))


if __name__ == '__main__':
    CONFBOX, SERVICE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
