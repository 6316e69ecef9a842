# SPDX-License-Identifier: Apache-2.0
"""Clients outside the machine, a service inside, and whoever is between: what each
gets to see, and what becomes of what it tries.

    sealed.py SOURCE BUILD

A test that is named after an attack (tests/attack/attack.def) is that attack.
"""
import os
import shutil
import struct
import sys
import threading
import time
import unittest

SOURCE, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
sys.path[:0] = [os.path.join(SOURCE, 'tests', part)
                for part in ('fault', 'host', 'lab', 'support', 'system')]
import served  # pylint: disable=wrong-import-position
from message import HELLO, KEY, MOST, TAG, flip, letters, moved, records  # pylint: disable=wrong-import-position

BUSYBOX = '/bin/busybox'
# Its client's letters, each moved on by one; after a while, if the first line says so.
SCRIPT = f'''read -r how; {BUSYBOX} tr a-z b-za >/tmp/answer
case $how in hold) {BUSYBOX} sleep 10;; esac; {BUSYBOX} cat /tmp/answer; exit 5'''
TEMPLATE = f'read -r clone < /dev/template; {SCRIPT}'
MARK = b'the client keeps this to itself '
MAIN, ALIKE, CLONES = range(3)  # lines
THING = None


class Thing:
    """The machine all tests share."""

    def __init__(self):
        self.tools = served.Tools(BUILD)
        image, self.measured = self.tools.image([], BUSYBOX, 'sh', '-c', SCRIPT)
        template, self.clone = self.tools.image(['--template'], BUSYBOX, 'sh', '-c', TEMPLATE)
        self.machine = served.Machine(self.tools, BUILD, {'/image': image, '/template': template},
                                      ['/image', '/image', 'clone:/template'])

    def close(self):
        self.machine.close()
        self.tools.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.machine, self.tools = THING.machine, THING.tools
        main, clones = (self.machine.policy(m) for m in (THING.measured, THING.clone))
        self.policy = {MAIN: main, ALIKE: main, CLONES: clones}

    def send(self, data, line=MAIN, policy=None):
        return self.machine.send(data, policy or self.policy[line], self.machine.address(line))

    def answered(self, done, text):
        """All of it, and the program's status."""
        self.assertEqual((done.returncode, done.stdout, done.stderr), (5, moved(text), b''))

    def failed(self, done, code, pattern):
        self.assertEqual((done.returncode, done.stdout), (code, b''), done.stderr)
        self.assertRegex(done.stderr.decode(), pattern)

    def offer(self, line=CLONES):
        """(connection, evidence, nonce)"""
        nonce = os.urandom(32)
        peer, evidence = self.machine.offer(nonce, line)
        self.addCleanup(peer.close)
        return peer, evidence, nonce

    def seal(self, text, evidence, nonce, line=CLONES):
        """(message, what opens the answer)"""
        done, message, session = self.machine.seal(b'now\n' + text, evidence, nonce,
                                                   self.policy[line])
        self.assertEqual(done.returncode, 0, done.stderr)
        return message, session

    def deliver(self, peer, message):
        """Frames that come back."""
        try:
            peer.sendall(message)
            peer.shutdown(served.socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):  # it has heard enough
            pass
        return served.everything(peer)

    def refused(self, peer, message, why="the monitor does not take the client's data"):
        """Not a byte comes back, and the service is told why."""
        before = len(self.machine.complaints())
        self.assertEqual(self.deliver(peer, message), b'')
        lines = served.until('the complaint', lambda: self.machine.complaints()[before:])
        self.assertEqual(len(lines), 1, lines)
        self.assertIn('a client was not served: ' + why, lines[0])

    def opened(self, session, frames, text):
        self.answered(self.machine.open(session, frames), text)

    def closed(self, session, frames, why='not the next frame|no frame|ends too early'):
        self.failed(self.machine.open(session, frames), 125, why)


class Seen(Case):
    """What the service, its kernel and the network get to see."""

    def hold(self, secret):
        """The client's run, while its box has the data and sleeps."""
        done = []
        data = b'hold\n' + (MARK + secret + b'\n') * 300
        client = threading.Thread(target=lambda: done.append(self.send(data)))
        client.start()
        return client, done, data

    def look(self, needles):
        """The owners of the pages each is in."""
        pages = self.machine.memory()
        try:
            return [pages.where(needle) for needle in needles]
        finally:
            pages.close()

    def test_only_box_and_monitor_hold_the_data(self):
        secret = letters(20)
        needles = [secret, moved(secret), MARK[:-1], moved(MARK[:-1])]
        begun = [len(way) for way in self.machine.seen[MAIN]]
        sessions = self.machine.lines[MAIN].sessions
        client, done, data = self.hold(secret)
        found = []
        served.until('the message', lambda: len(self.machine.seen[MAIN][0]) - begun[0] > len(data))
        while client.is_alive() and not (found and all(found[-1])):
            time.sleep(2)  # the machine stands still while it is looked at
            found.append(self.look(needles))
        client.join()
        self.answered(done[0], data[5:])
        self.assertTrue(all(found[-1]), f'no look came while the box had data and answer: {found}')
        for owners in (owners for look in found for owners in look):
            self.assertLessEqual(set(owners), {'PRIVATE', 'META'})
        served.until('the end', lambda: self.machine.lines[MAIN].sessions > sessions)
        self.assertEqual(self.look(needles), [{}] * len(needles), 'left when the box is gone')
        for way, start in zip(self.machine.seen[MAIN], begun):
            self.assertGreater(len(way) - start, 4096)
            for needle in needles:
                self.assertNotIn(needle, way)
        for channel in ('console', 'out', 'err'):
            self.assertNotIn(secret, self.machine.said(channel))
        print('data and answer were in pages', found[-1])

    def test_the_search_finds_what_is_the_hosts(self):
        """The service's words, and what it carries."""
        session = os.urandom(32)
        peer, _, _ = self.offer()
        peer.sendall(b'CBXCHAN1' + session + bytes(32))
        needles = [b'clone:/template', session, os.urandom(32)]
        found = served.until('what is carried', lambda: (look := self.look(needles))[1] and look)
        argument, carried, nothing = found
        self.assertIn('HOST', argument)
        self.assertTrue(carried and 'PRIVATE' not in carried, carried)
        self.assertEqual(nothing, {})

    def test_sizes_are_the_policys(self):
        sizes = set()
        for text in (b'', b'x', letters(3000)):
            peer, evidence, nonce = self.offer()
            message, session = self.seal(text, evidence, nonce)
            frames = self.deliver(peer, message)
            self.opened(session, frames, text)
            self.assertEqual(len(frames) % 4096, 0)
            sizes.add(len(frames) if text else 0)
        self.assertEqual(len(sizes), 2)


class Attack(Case):
    """Whoever carries it tries."""

    def test_records_that_are_not_the_next(self):
        """Altered, left out, exchanged, doubled, cut off, followed by others."""
        text = letters(2 * MOST + 100)
        for what, change in (
                ('the session', lambda head, r: flip(head, 8) + b''.join(r)),
                ('the encapsulated key', lambda head, r: flip(head, 0x28) + b''.join(r)),
                ('a size', lambda head, r: head + flip(r[0], 0)[:-1] + b''.join(r[1:])),
                ('a number', lambda head, r: head + flip(r[0], 8) + b''.join(r[1:])),
                ('a byte', lambda head, r: head + flip(r[0], 500) + b''.join(r[1:])),
                ('a tag', lambda head, r: head + flip(r[0], -1) + b''.join(r[1:])),
                ('the first left out', lambda head, r: head + b''.join(r[1:])),
                ('the second left out', lambda head, r: head + r[0] + r[2]),
                ('exchanged', lambda head, r: head + r[1] + r[0] + r[2]),
                ('doubled', lambda head, r: head + r[0] + b''.join(r)),
                ('two headers', lambda head, r: head + r[0] + head + b''.join(r[1:]))):
            peer, evidence, nonce = self.offer()
            message, _ = self.seal(text, evidence, nonce)
            head, found = records(message)
            self.assertEqual(len(found), 3)
            with self.subTest(what):
                self.refused(peer, change(head, found), 'the ')
        peer, evidence, nonce = self.offer()
        message, _ = self.seal(text, evidence, nonce)
        self.refused(peer, message[:-len(records(message)[1][2])],
                     "the client's message is broken off")
        peer, evidence, nonce = self.offer()
        message, session = self.seal(b'the same box, as it is', evidence, nonce)
        self.opened(session, self.deliver(peer, message), b'the same box, as it is')

    def test_x15_output_opens_for_its_client_alone(self):
        texts = [letters(6000), letters(6000)]
        answers = []
        for line, text in zip((MAIN, ALIKE), texts):
            peer, evidence, nonce = self.offer(line)
            message, session = self.seal(text, evidence, nonce, line)
            answers.append((session, self.deliver(peer, message)))
        (first, mine), (second, others) = answers
        size = 4096
        self.closed(first, others)
        self.closed(second, mine)
        self.closed(first, mine[size:])
        self.closed(first, mine[size:2 * size] + mine[:size] + mine[2 * size:])
        self.closed(first, flip(mine, 100))
        self.assertEqual(self.machine.open(first, mine[:-size]).returncode, 125)
        self.assertEqual(self.machine.open(first, others[:size] + mine[size:]).returncode, 125)
        self.opened(first, mine, texts[0])
        self.opened(second, others, texts[1])

    def test_x15_a_second_client_gets_nothing(self):
        """Of one box: what a second one sealed to it is taken instead of the first's, not
        besides, and the answer is whose it took."""
        peer, evidence, nonce = self.offer()
        one, first = self.seal(letters(MOST + 10), evidence, nonce)
        other, second = self.seal(b'second', evidence, nonce)
        head, found = records(one)
        self.refused(peer, head + found[0] + other, 'the ')
        peer, evidence, nonce = self.offer()
        one, first = self.seal(b'first', evidence, nonce)
        other, second = self.seal(b'second', evidence, nonce)
        frames = self.deliver(peer, one + other)
        self.opened(first, frames, b'first')
        self.closed(second, frames)

    def test_x15_nothing_comes_before_the_clients_data(self):
        with self.machine.connect(CLONES) as silent:
            silent.settimeout(1)
            self.assertRaises(TimeoutError, silent.recv, 1)
        peer, _, _ = self.offer()
        peer.settimeout(1)
        self.assertRaises(TimeoutError, peer.recv, 1)

    def test_h08_evidence_of_another_time_is_of_no_use(self):
        old, evidence, nonce = self.offer(MAIN)
        message, session = self.seal(b'old', evidence, nonce, MAIN)
        # Shown to who asks anew, or asks for something else.
        for shown, asked, policy, why in (
                (evidence, os.urandom(32), self.policy[MAIN], 'nonce'),
                (flip(evidence, 300), nonce, self.policy[MAIN], '[a-z-]+'),
                (evidence, nonce, self.machine.policy('00' * 48), 'requirement'),
                (evidence, nonce, self.machine.policy(THING.measured, allow=[]), 'no-hardware')):
            done, sealed, _ = self.machine.seal(b'data', shown, asked, policy)
            self.assertIsNone(sealed)
            self.failed(done, 123, rf'\Arefused: ({why}): ')
        # What was sealed to that box, to one like it: before and after the first took it.
        peer, _, _ = self.offer(ALIKE)
        self.refused(peer, message)
        self.opened(session, self.deliver(old, message), b'old')
        peer, _, _ = self.offer(MAIN)
        self.refused(peer, message)

    def key_of(self, evidence):
        """Where the box's channel key is: its map comes before the monitor's."""
        at = evidence.index(KEY) + len(KEY)
        self.assertIn(KEY, evidence[at:])
        return at

    def test_t01_exchanged_channel_key_is_noticed(self):
        peer, evidence, nonce = self.offer(MAIN)
        own, others = self.machine.offer(nonce, CLONES)  # in between has its own box
        self.addCleanup(own.close)
        at, theirs = self.key_of(evidence), self.key_of(others)
        exchanged = evidence[:at] + others[theirs:theirs + 32] + evidence[at + 32:]
        self.assertNotEqual(exchanged, evidence)
        for shown, why in ((exchanged, 'signature'), (others, 'requirement'),
                           (flip(evidence, -1), 'signature'), (evidence[:-1], '[a-z-]+')):
            done, message, _ = self.machine.seal(b'data', shown, nonce, self.policy[MAIN])
            self.assertIsNone(message)
            self.failed(done, 123, rf'\Arefused: ({why}): ')
        # Sealed to the other box, as by a client who did not look, it does not open here.
        message, _ = self.seal(b'data', others, nonce)
        self.refused(peer, message)

    def test_t04_evidence_shows_all_a_box_is_made_of(self):
        peer, evidence, nonce = self.offer()
        done = self.tools.run(self.tools.client, 'verify', self.tools.path(evidence), '--nonce',
                              nonce.hex(), '--policy', self.policy[CLONES])
        self.assertEqual(done.returncode, 0, done.stderr)
        claims = dict(line.split(None, 1) for line in done.stdout.decode().splitlines()
                      if len(line.split(None, 1)) == 2)
        self.assertEqual({name: claims.get(name) for name in (
            'box.lenders', 'box.clone', 'box.parent', 'box.children')},
            {'box.lenders': '1', 'box.clone': 'yes', 'box.children': '0',
             'box.parent': claims['box.lender0.measurement']}, claims)
        lender = bytes.fromhex(claims['box.lender0.measurement'])
        at = evidence.index(lender)
        for shown, rules, why in (
                (flip(evidence, at), {}, 'signature|malformed'),
                (evidence, {'pristine': True}, '[a-z-]+'),
                (evidence, {'require': {'box.lenders': 0}}, 'requirement'),
                (evidence, {'require': {'box.measurement': THING.measured}}, 'requirement')):
            done, message, _ = self.machine.seal(b'data', shown, nonce,
                                                 self.machine.policy(THING.clone, **rules))
            self.assertIsNone(message)
            self.failed(done, 123, rf'\Arefused: ({why}): ')
        message, session = self.seal(b'abc', evidence, nonce)
        self.opened(session, self.deliver(peer, message), b'abc')

    def test_t05_nothing_is_sent_before_evidence_is_accepted(self):
        began = len(self.machine.seen[MAIN][0])
        rules = ({'require': {'box.measurement': '00' * 48}}, {'allow': []},
                 {'require': {'monitor.backend': 'snp'}})
        for more in rules:
            self.failed(self.send(b'now\nnever leaves', policy=self.machine.policy(
                THING.measured, **more)), 123, r'\Arefused: ')
        self.assertEqual(len(self.machine.seen[MAIN][0]) - began, len(rules) * HELLO)

    def test_t05_data_without_a_session_reach_no_box(self):
        record = struct.pack('<IIQ', 8, 1, 0) + bytes(8 + TAG)
        for what, message, why in (
                ('plain', b'in plain, and much of it\n' * 100, 'the '),
                ('nothing', b'', "the client's message is broken off"),
                ('to nobody', b'CBXCHAN1' + os.urandom(64) + bytes(8) + record,
                 "the monitor does not take the client's data"),
                ('a key of small order', b'CBXCHAN1' + os.urandom(32) + bytes(40) + record,
                 "the monitor does not take the client's data"),
                ('no magic', b'CBXCHAN2' + os.urandom(64) + bytes(8) + record,
                 "the monitor does not take the client's data")):
            peer, _, _ = self.offer()
            with self.subTest(what):
                self.refused(peer, message, why)


def setUpModule():
    global THING
    THING = Thing()


def tearDownModule():
    THING.close()


if __name__ == '__main__':
    if shutil.which('qemu-system-x86_64') is None:
        print('qemu-system-x86_64 is not installed')
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
