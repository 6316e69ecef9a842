# SPDX-License-Identifier: Apache-2.0
"""A client outside, a service in a stock Linux under the monitor, and somebody between
them: what becomes of what he alters, leaves out, exchanges, keeps and shows.

    between.py SOURCE BUILD

X15, T01 and T04 of the attacks (tests/attack/attack.def), as tests/lab/sealed.py tries
them on pks-vm.  Each client has a clone of one box.
"""
import os
import re
import shutil
import socket
import sys
import tempfile
import time
import traceback

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), path) for path in ('.', '../lab')]
import rooted  # pylint: disable=wrong-import-position
from rooted import SOURCE, machine, until  # pylint: disable=wrong-import-position
from message import KEY, MOST, flip, letters, moved, records  # pylint: disable=wrong-import-position
from scene import PORT, Scene, read  # pylint: disable=wrong-import-position
import lab as script  # pylint: disable=wrong-import-order,wrong-import-position

BUSYBOX = '/bin/busybox'
STATUS = 5
SCRIPT = f'{BUSYBOX} tr a-z b-za; exit {STATUS}'
TEMPLATE = f'read -r clone < /dev/template; {SCRIPT}'
FRAME = 4096
NOT_TAKEN = "the monitor does not take the client's data"
BROKEN_OFF = "the client's message is broken off"
BEGUN = time.monotonic()


def expect(condition, *what):
    if not condition:
        raise AssertionError(*what)


def say(what):
    print(f'{time.monotonic() - BEGUN:4.0f} s  {what}', flush=True)


class Served(Scene):
    """A clone for each client."""
    more = "insmod /confbox.ko area=$(sed -n 's/.*confbox.area=\\([^ ]*\\).*/\\1/p' /proc/cmdline)\n"

    def files(self, kernel):
        lab = script.Snp(SOURCE, self.build)
        short = self.path('short', b'{"output_pages": 1}')  # the line is slow
        options = ['--memory', '24M', '--confine', '--policy', short]
        template, self.measured = lab.image(options, [BUSYBOX, 'sh', '-c', TEMPLATE], self.name('image'), clone=True)
        return {**self.program('line'), **self.program('serve'), 'template': template}

    def start(self):
        self.linux.root(f'SERVE_PORT={PORT} serve 0 clone:/template > /out 2> /err &')
        self.linux.root(f'line /dev/ttyS1 {PORT} > /line.log 2>&1 &')
        self.linux.until('grep -q waits /line.log')

    def complaints(self):
        return [line for line in self.linux.root('cat /err')[1] if line]


class Between:
    def __init__(self, scene):
        self.scene = scene

    def offer(self, nonce=None):
        peer, nonce, path = self.scene.offer(nonce)
        return peer, nonce, read(path)

    def seal(self, text, evidence, nonce, policy=None):
        """(what became of it, the message, what opens the answer)"""
        scene, tag = self.scene, os.urandom(8).hex()
        message, session = scene.name(f'message-{tag}'), scene.name(f'session-{tag}')
        done = scene.client('send', '--to', message, '--evidence', scene.path(f'evidence-{tag}', evidence), '--session', session,
                            '--nonce', nonce.hex(), '--verify-policy', policy or scene.policy(), *scene.root, data=text)
        return done, read(message) if done.returncode == 0 else None, session

    def sealed(self, text, evidence, nonce, policy=None):
        done, message, session = self.seal(text, evidence, nonce, policy)
        expect(message is not None, done)
        return message, session

    def unsealed(self, why, evidence, nonce, policy=None):
        """Who verifies it sends nothing."""
        done, message, _ = self.seal(b'never leaves', evidence, nonce, policy)
        text = done.stderr.decode()
        expect((done.returncode, done.stdout, message) == (123, b'', None), done)
        expect(re.match(rf'refused: ({why}): ', text), done)

    def deliver(self, peer, message):
        """What comes back."""
        answer = b''
        try:
            peer.sendall(message)
            peer.shutdown(socket.SHUT_WR)
            while part := peer.recv(65536):
                answer += part
        except (BrokenPipeError, ConnectionResetError):  # it has heard enough
            pass
        peer.close()
        return answer

    def refused(self, what, peer, message, why=NOT_TAKEN):
        """Not a byte comes back, and the service is told why."""
        before = len(self.scene.complaints())
        answer = self.deliver(peer, message)
        lines = until('the complaint', lambda: self.scene.complaints()[before:])
        expect(answer == b'' and len(lines) == 1 and f'a client was not served: {why}' in lines[0], what, lines)
        say(f'{what}: {lines[0]}')

    def opens(self, session, frames):
        return self.scene.client('receive', session, data=frames)

    def opened(self, session, frames, text):
        done = self.opens(session, frames)
        expect((done.returncode, done.stdout, done.stderr) == (STATUS, moved(text), b''), done)

    def closed(self, session, frames):
        done = self.opens(session, frames)
        expect((done.returncode, done.stdout) == (125, b''), done)

    # ---- what he tries ----

    def answer(self, text):
        peer, nonce, evidence = self.offer()
        message, session = self.sealed(text, evidence, nonce)
        frames = self.deliver(peer, message)
        self.opened(session, frames, text)
        expect(text not in b''.join(self.scene.seen), 'it was on the line')
        return session, frames

    def x15_output_opens_for_its_client_alone(self):
        (first, mine), (second, others) = (self.answer(letters(2 * FRAME - 100)) for _ in range(2))
        expect(len(mine) % FRAME == 0 and len(mine) > 2 * FRAME, len(mine))
        self.closed(first, others)
        self.closed(second, mine)
        self.closed(first, mine[FRAME:])
        self.closed(first, mine[FRAME:2 * FRAME] + mine[:FRAME] + mine[2 * FRAME:])
        self.closed(first, flip(mine, 100))
        for frames in (mine[:-FRAME], others[:FRAME] + mine[FRAME:], mine[:FRAME] + others[FRAME:]):
            expect(self.opens(first, frames).returncode == 125, 'it opens')
        say('X15: an answer opens for its client alone, and whole, in its order, unchanged')

    def x15_records_that_are_not_the_next(self):
        for what, text, why, change in (
                ('altered', b'short', NOT_TAKEN, lambda head, found: head + flip(found[0], -1)),
                ('for another key', b'short', NOT_TAKEN, lambda head, found: flip(head, 0x28) + found[0]),
                ('the first left out', letters(MOST + 100), NOT_TAKEN, lambda head, found: head + found[1]),
                ('cut off', b'short', BROKEN_OFF, lambda head, found: head + found[0][:-1])):
            peer, nonce, evidence = self.offer()
            message, _ = self.sealed(text, evidence, nonce)
            self.refused(f'X15: {what}', peer, change(*records(message)), why)

    def t01_exchanged_channel_key_is_noticed(self):
        """In between has a box of his own, of the same program, for the same nonce."""
        own, nonce, mine = self.offer()
        message, _ = self.sealed(b'to another box', mine, nonce)
        self.refused('T01: nothing', own, b'', BROKEN_OFF)
        peer, _, evidence = self.offer(nonce)
        at, other = (shown.index(KEY) + len(KEY) for shown in (evidence, mine))
        expect(KEY in evidence[at:] and evidence[at:at + 32] != mine[other:other + 32], "the box's key, and the monitor's")
        self.unsealed('signature', evidence[:at] + mine[other:other + 32] + evidence[at + 32:], nonce)
        self.unsealed('signature', flip(evidence, -1), nonce)
        self.unsealed('nonce', evidence, os.urandom(32))
        self.refused('T01: sealed to the other box', peer, message)
        say('T01: a key that is not the one vouched for is refused by the client, and what was sealed to it by the box')

    def t04_evidence_shows_all_a_box_is_made_of(self):
        scene = self.scene
        peer, nonce, evidence = self.offer()
        done = scene.client('verify', scene.path('clone', evidence), '--nonce', nonce.hex(), '--policy', scene.policy(), *scene.root)
        expect(done.returncode == 0, done)
        claims = dict(line.split(None, 1) for line in done.stdout.decode().splitlines() if len(line.split(None, 1)) == 2)
        lender = claims['box.lender0.measurement']
        expect([claims.get(f'box.{name}') for name in ('lenders', 'clone', 'parent', 'children')] == ['1', 'yes', lender, '0'], claims)
        expect(lender != scene.measured, claims)
        self.unsealed('signature|malformed', flip(evidence, evidence.index(bytes.fromhex(lender))), nonce)
        self.unsealed('[a-z-]+', evidence, nonce, scene.policy(pristine=True))
        for rules in ({'require': {'box.lenders': 0}}, {'measurement': lender}):
            self.unsealed('requirement', evidence, nonce, scene.policy(**rules))
        message, session = self.sealed(b'abc', evidence, nonce, scene.policy())
        self.opened(session, self.deliver(peer, message), b'abc')
        say('T04: a clone says whose it is, and without that it is refused')

    def play(self):
        self.t04_evidence_shows_all_a_box_is_made_of()
        self.x15_output_opens_for_its_client_alone()
        self.x15_records_that_are_not_the_next()
        self.t01_exchanged_channel_key_is_noticed()
        self.scene.linux.until('[ "$(cat /sys/class/misc/confbox/boxes)" = 1 ]')  # the template
        ill = [line for line in self.scene.linux.root('dmesg')[1] if machine.ILL.search(line)]
        expect(ill == [], ill)


def main(build):
    for program in (machine.QEMU, 'make', 'gcc', 'nm'):
        if shutil.which(program) is None:
            machine.skip(f'{program} is not installed')
    with tempfile.TemporaryDirectory(prefix='confbox-between-') as folder:
        scene = Served(build, folder, machine.skip)
        try:
            Between(scene).play()
            return 0
        except AssertionError:
            traceback.print_exc()
            print(scene.linux.root('cat /out /err /line.log')[1])
            return 1
        finally:
            scene.close()


if __name__ == '__main__':
    sys.exit(main(sys.argv[2]))
