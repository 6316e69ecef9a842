# SPDX-License-Identifier: Apache-2.0
"""A client outside, a service in a stock Linux under the monitor, and that Linux's
root: who gets to see the client's document.

    root.py SOURCE BUILD

The service is the example of this repository; at a signal it turns on its own box
(turn.c).  Root has a debugger, /dev/mem and a kernel module (tools.py tests them
where nothing is kept from them), and a look is had at all memory from outside.
"""
import os
import shutil
import subprocess
import sys
import time
import traceback

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), path) for path in ('.', '../lab')]
import rooted  # pylint: disable=wrong-import-position
from rooted import machine, until  # pylint: disable=wrong-import-position
from message import HELLO  # pylint: disable=wrong-import-position
from scene import MONITOR_AT, MONITOR_END, OPEN, WORDS, Scene, exactly, read  # pylint: disable=wrong-import-position
from tools import ADJUST, LEAST, READ, RESCIND, WRITE, Tools, hold, read_row  # pylint: disable=wrong-import-position

DONE = {READ: 'reads', WRITE: 'writes', ADJUST: 'RMPADJUST', RESCIND: 'PVALIDATE'}
BOX = (24 << 20) // rooted.PAGE  # pages of the service's program
BEGUN = time.monotonic()


def expect(condition, *what):
    if not condition:
        raise AssertionError(*what)


def say(what):
    print(f'{time.monotonic() - BEGUN:4.0f} s  {what}', flush=True)


def show(who, row):
    say(f'  {who:<31}{row.pages:>8,} {row.refused:>8,} {row.own:>10,} {row.found:>9,}')


class Play:
    def __init__(self, scene):
        self.scene, self.linux, self.secret = scene, scene.linux, scene.secret
        self.document = (self.secret + b' is what nobody is to read\n') * 40

    # ---- the client ----

    def refused(self, what, done, code, pattern):
        """In one line, with its reason."""
        why = done.stderr.decode().strip()
        expect((done.returncode, done.stdout) == (code, b'') and why.startswith(f'refused: {pattern}: '), what, done)
        say(f'{what}: {why}')

    def wary(self):
        """Who does not trust the lab, or expects another program, sends nothing."""
        scene, policy = self.scene, '--verify-policy'
        self.refused("a client without the lab's root", scene.send(b'never leaves', policy, scene.policy()), 123, 'chain')
        self.refused('a client of another program', scene.send(
            b'never leaves', policy, scene.policy('00' * 48), *scene.root), 123, 'requirement')
        expect(len(scene.seen[0]) == 2 * HELLO, 'more than a nonce was sent')

    def verify(self, nonce, evidence):
        """What the relying party's command says of a box in that Linux."""
        scene = self.scene
        words = ('verify', evidence, '--policy', scene.policy())
        done = scene.client(*words, '--nonce', nonce.hex(), *scene.root)
        expect(done.returncode == 0 and scene.measured in done.stdout.decode(), done)
        self.refused("confbox verify without the lab's root", scene.client(*words, '--nonce', nonce.hex()), 1, 'chain')
        self.refused('confbox verify with another nonce', scene.client(
            *words, '--nonce', os.urandom(32).hex(), *scene.root), 1, 'nonce')
        say("confbox verify with the lab's root: accepted, an SNP report of VMPL0 and of this monitor's measurement")

    def send(self):
        """A document that the box is a while at; what to call for the answer."""
        scene = self.scene
        peer, nonce, evidence = scene.offer()
        self.verify(nonce, evidence)
        done = scene.client('send', '--to', scene.name('message'), '--evidence', evidence, '--session',
                            scene.name('session'), '--nonce', nonce.hex(), '--verify-policy', scene.policy(),
                            *scene.root, data=self.document)
        expect(done.returncode == 0, done)
        message = read(scene.name('message'))
        peer.sendall(message)
        say(f'the client: a document of {len(self.document)} bytes is sealed to the box, and sent')

        def finish():
            answer = b''
            while part := peer.recv(65536):
                answer += part
            peer.close()
            return scene.client('receive', scene.name('session'), data=answer)
        return finish

    # ---- root ----

    def dump(self):
        """What the processor lets Linux read has the ordinary process's text, and not the
        document."""
        memory = self.scene.memory()
        found, plain, ranges = memory.where(self.secret), memory.where(OPEN), memory.ranges()
        expect(found and all(map(memory.is_hidden, found)), 'the document is in', found)
        expect(any(not memory.is_hidden(page) for page in plain), 'the other text is in', plain)
        expect(all(any(first <= page < end for first, end in ranges) for page in found), found, ranges)
        say(f'all memory, from outside: the document is in {len(found)} pages, hidden from that Linux as '
            f'{memory.hidden(ranges) - len(found):,} others are')
        return memory, ranges

    def look(self, memory, ranges):
        """All of it refuses what is hidden, and nothing else."""
        tools = Tools(self.linux, self.secret, OPEN, ranges)
        say('  what root tries                   pages  refused  open text  document')
        for name, row in tools.debugger(self.plain).items():
            show(name + ', another process', row)
            expect(row.own >= LEAST and row.found == 0, name, row)
        for name, row in tools.debugger(self.scene.service).items():
            show(name + ', the service', row)
            expect(row.pages > row.refused >= BOX and row.own == 1 and row.found == 0, name, row)
        self.by_module(tools, sum(end - first for first, end in ranges), memory.hidden(ranges))
        others = [(first, end) for first, end in ranges if not MONITOR_AT <= first < MONITOR_END]
        for how, ranges in (('devmem', others), ('devmap', ranges)):
            name, row = tools.devmem(how, ranges)
            show(name, row)
            expect(row[:3] == (sum(end - first for first, end in ranges), memory.hidden(ranges), 0), row, memory.hidden(ranges))
            expect(row.refused >= BOX and row.own >= LEAST, row)

    def by_module(self, tools, pages, hidden):
        """Read what it can; then do all it can to what it could not read, and read again."""
        for how in (READ, WRITE, ADJUST, RESCIND, READ):
            row = tools.module(how)
            show('a module, ' + DONE[how], row)
            expect(row[:3] == (pages if how == READ else hidden, hidden, 0), row, pages, hidden)
            least = {READ: LEAST, RESCIND: 0}.get(how, len(tools.ranges))
            expect(row.own >= least, row)

    def turn(self):
        lines = self.scene.turn()
        name, row = read_row(lines[0])
        expect(name == 'turned' and row, lines)
        show('the service itself', row)
        expect(row.pages > row.refused >= BOX and row.own == 1 and row.found == 0, row)

    def play(self):
        scene = self.scene
        say(f'Linux {self.linux.kernel} at VMPL1, a service in it; the box is to be {scene.measured[:16]}...')
        self.wary()
        self.plain = hold(self.linux, '/plain', '/held')
        expect(self.linux.root('insmod /spy.ko')[0] == 0, 'no module')
        finish = self.send()
        until('the document in the box', lambda: scene.memory().where(self.secret))
        scene.stop()
        self.look(*self.dump())
        self.dump()
        self.turn()
        self.end(finish())

    def end(self, done):
        """It was right, and nothing is left."""
        outside = subprocess.run(['/bin/busybox', 'wc', *WORDS], input=self.document, check=True, stdout=subprocess.PIPE)
        expect((done.returncode, done.stdout, done.stderr) == (0, outside.stdout, b''), done)
        say(f'the client opens the answer: {done.stdout.split()[0].decode()} lines, as outside')
        self.scene.ended()
        expect(not self.scene.memory().where(self.secret), 'the document is still in memory')
        for way in (*self.scene.seen, self.linux.said):
            expect(self.secret not in way, 'the document was on a line')
        ill = [line for line in self.linux.root('dmesg')[1] if machine.ILL.search(line)]
        expect(ill == [], ill)
        say('the box is gone, and the document with it; the line and the console did not have it')


def main(build, fail):
    """1: not as it should be, and why on standard error."""
    for program in (machine.QEMU, 'make', 'gcc', 'nm'):
        if shutil.which(program) is None:
            fail(f'{program} is not installed')
    try:
        with rooted.started(lambda folder: Scene(build, folder, fail)) as scene:
            Play(scene).play()
        return 0
    except AssertionError:
        traceback.print_exc()
        return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[2], machine.skip))
