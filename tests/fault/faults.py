#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is left when something breaks: the secret of a box, searched for in all
of memory, and who could read it.

usage: faults.py SOURCE MONITOR HOST [CASE...]
"""
import mmap
import os
import struct
import sys
import time

from box import SPIN, Box
from host import Host
from machine import MACHINE, PAGE, SECONDS, Wrong, expect, need

PAGES_VA = 0xffffff0080000000
HOST_MAY = ('HOST', 'OPEN', 'SHARED', 'DEVICE')
KERNEL, MONITOR = 511, 510  # slots of a root
OTHERS = range(MONITOR)
ADDRESS = 0x000ffffffffff000
POOL = 1024  # pages for a flood
QUIET = [word for word in MACHINE if not word.startswith('isa-debug-exit')]
QUIET.remove('-device')  # a panic halts it then
UNCORRECTED = 'mce 0 0 0xb200000000000000 {} 0 0'
IN_PROGRESS = 4


class Memory:
    """All of memory as it was, and what the core says of its pages."""

    def __init__(self, host):
        with open(host.dump(), 'rb') as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        names = page_states(host.source)
        root = host.home
        count = len(self.data) // PAGE
        table = self.virtual(root, PAGES_VA, count * 16)
        self.pages = [(names[state], detail, owner) for state, _, detail, owner, _, _
                      in struct.iter_unpack('<BBHIII', table)]

    def word(self, at):
        return struct.unpack_from('<Q', self.data, at)[0]

    def entry(self, root, va):
        """The leaf entry of an address."""
        at = root
        for shift in (39, 30, 21, 12):
            entry = self.word((at & ADDRESS) + (va >> shift & 511) * 8)
            if entry & 1 == 0 or shift == 12 or entry & 0x80:
                return entry
            at = entry
        return 0

    def virtual(self, root, va, size):
        data = b''
        for at in range(va, va + size, PAGE):
            entry = self.entry(root, at)
            expect(entry & 1, f'{at:#x} is not mapped')
            data += self.data[entry & ADDRESS:(entry & ADDRESS) + PAGE]
        return data[:size]

    def leaves(self, table, level=4, slots=range(512)):
        """(page, entry) of everything a root's entries lead to."""
        for i in slots:
            entry = self.word((table & ADDRESS) + 8 * i)
            if entry & 1 == 0:
                continue
            if level == 1:
                yield (entry & ADDRESS) // PAGE, entry
            elif entry & 0x80:
                for page in range(512 ** (level - 1)):
                    yield (entry & ADDRESS & -(PAGE << 9 * (level - 1))) // PAGE + page, entry
            else:
                yield from self.leaves(entry, level - 1)

    def find(self, secret):
        """Pages it is in."""
        found, at = set(), self.data.find(secret)
        while at >= 0:
            found.add(at // PAGE)
            at = self.data.find(secret, at + 1)
        return found


def page_states(source):
    with open(f'{source}/src/core/page.def', encoding='utf-8') as file:
        return [line[6:].split(',')[0] for line in file if line.startswith('STATE(')]


class Case:
    """A host with a box that has a secret."""

    def __init__(self, host, source):
        self.host, host.source = host, source
        self.first = host.find_pages()
        self.box = Box(host, self.first)
        self.secret = os.urandom(8)
        word = struct.unpack('<Q', self.secret)[0]
        self.box.answer(~word & (1 << 64) - 1)
        host.poke(self.box.page, bytes(8))
        self.box.enter()
        host.home = host.home_root()

    def judge(self, what):
        """The box's secret is in its pages and the monitor's, the host's tables lead to
        neither, and the core's counts are right."""
        memory = Memory(self.host)
        found = memory.find(self.secret)
        expect(found, f'{what}: the box has no secret')
        for page in found:
            name, _, owner = memory.pages[page]
            expect(name in ('PRIVATE', 'META') and owner in (self.box.root, 0),
                   f'{what}: the secret is in page {page:#x}, {name} of {owner:#x}')
        mapped = 0
        for page, entry in memory.leaves(self.host.root, slots=OTHERS):
            mapped += 1
            name = memory.pages[page][0] if page < len(memory.pages) else 'DEVICE'
            expect(name in HOST_MAY,
                   f'{what}: the host maps page {page:#x}, {name}, by {entry:#x}')
        for page, entry in memory.leaves(self.host.root, slots=(KERNEL,)):
            expect(memory.pages[page][0] == 'INVALID',  # its image: the core knows nothing of it
                   f'{what}: the host\'s kernel has page {page:#x}, {memory.pages[page][0]}')
        expect(mapped > 65536, f'{what}: {mapped} pages mapped')
        self.count(memory, what)
        print(f'{what}: the secret is in {len(found)} pages; the host maps {mapped}, none of them')

    def count(self, memory, what):
        """Every box owns as many pages as it says."""
        owned = {}
        for name, _, owner in memory.pages:
            if name in ('PRIVATE', 'META', 'SHARED', 'COMMON', 'LEAVING'):
                owned[owner] = owned.get(owner, 0) + 1
            else:
                expect(owner == 0, f'{what}: a page {name} of {owner:#x}')
        for owner in owned:
            expect(owner == 0 or memory.pages[owner][:2] == ('META', 1),
                   f'{what}: {owner:#x} is no box')

    def works(self, what):
        """Gates answer and the box goes on."""
        expect(self.host.gate('VERSION')[0] == 0, f'{what}: VERSION')
        self.box.answer(0)
        self.box.enter()

    def gone(self, what):
        """After the box nothing of it is left anywhere."""
        self.box.destroy()
        memory = Memory(self.host)
        found = [(hex(page), memory.pages[page]) for page in memory.find(self.secret)]
        expect(not found, f'{what}: left in {found}')
        print(f'{what}: destroyed, and nowhere any more')


def halted(host, seconds=0.5):
    """Let it go on, with nothing to stop at, and look later."""
    host.gdb.pass_by(host.stop)
    host.gdb.send('vCont;c')
    time.sleep(seconds)
    host.qmp('stop')
    host.gdb.wait()


def destroyed(case):
    case.judge('alive')
    case.works('alive')
    case.gone('alive')


def check_in_host(case):
    host = case.host
    host.order('order_spin')
    host.leave()
    host.qmp.monitor(UNCORRECTED.format(0))
    host.arrive()
    expect([r.vector for r in host.done().records] == [18], 'it is not told')
    case.judge('machine check in the host')
    case.works('machine check in the host')
    case.gone('machine check in the host')


def check_in_box(case):
    host = case.host
    spinning = Box(host, case.first + 128)
    spinning.answer(SPIN)
    spinning.order()
    place = spinning.at('fault_box_spin')
    host.gdb.stop_at(place)
    host.leave()
    host.gdb.go()
    host.gdb.pass_by(place)
    host.qmp.monitor(UNCORRECTED.format(0))
    host.arrive()
    expect(spinning.entered(host.reply(host.done())) == 0, 'the box is not interrupted')
    case.judge('machine check in a box')
    case.works('machine check in a box')
    case.gone('machine check in a box')


def ends(what, begin):
    """The monitor stops the machine."""
    def run(case):
        host = case.host
        begin(host)
        halted(host)
        expect(host.console()[-1].startswith('panic: '), f'{what}: no panic')
        print(host.console()[-1])
        case.judge(what)
    return run


def check_in_monitor(host):
    place = host.monitor['left_host']
    host.gdb.stop_at(place)
    host.order_gate(host.calls['VERSION'])
    host.leave()
    host.gdb.go()
    host.gdb.pass_by(place)
    host.qmp.monitor(UNCORRECTED.format(0))


def crash(host):
    """A trap with no place to go to."""
    host.gate(0x1001, 0, 0)
    host.order('order_undefined')
    host.leave()


def triple(case):
    """A second machine check while the first is in progress is a CPU's end."""
    host = case.host
    host.order('order_spin')
    host.leave()
    host.qmp.monitor(UNCORRECTED.format(IN_PROGRESS))
    host.qmp.monitor(UNCORRECTED.format(IN_PROGRESS))
    host.qmp.event('SHUTDOWN')
    case.judge('triple fault')


def spins(case):
    """It never calls again, and takes no interrupt."""
    host = case.host
    host.order('order_spin')
    halted(host)
    case.judge('a host that spins')
    host.gdb.stop_at(host.stop)
    host.qmp('inject-nmi')
    host.arrive()
    case.works('a host that spins')
    case.gone('a host that spins')


def flood(case, gates=1000000, others=False):
    what = 'flood from two CPUs' if others else 'flood'
    host = case.host
    pool = case.first + 512
    registers = {'r12': 88172645463325252, 'r13': gates, 'r14': pool, 'r15': POOL - 1}
    if others:
        host.order('order_wait', {**registers, 'rcx': 1})
        host.carry_out()
        host.call(0x1010, 1, host.kernel['other_flood'], 0)
    host.order('order_flood', registers)
    begin = time.monotonic()
    host.carry_out()
    print(f'{gates} gates in {time.monotonic() - begin:.1f} s')
    case.judge(what)
    case.works(what)
    if others:
        host.gdb.ask('Hg2')
        left = (1 << 64) - 1 - host.gdb.registers()['r13']
        expect(left > gates // 1000, f'the other CPU made {left} gates')
        print(f'and {left} on the other CPU')
    else:
        case.gone(what)


def reset(case):
    """Memory is what it was; the next monitor knows, and its host gets none of it."""
    host, secret = case.host, case.secret
    case.judge('before the reset')
    host.qmp('system_reset')
    kept = Memory.find(Raw(host), secret)
    expect(kept, 'the reset cleared memory')
    begin = time.monotonic()
    host.arrive()
    print(f'from reset to host: {time.monotonic() - begin:.2f} s')
    left = Memory.find(Raw(host), secret)
    expect(not left, f'after a reset the secret is in {left}')
    print(f'reset: it was in {len(kept)} pages still, and is in none that the next host gets')


# H11: what a device's message, or a port of the chipset's, may be.
PLACES = ('gate_open', 'gate_written', 'gate_opened', 'left_host', 'cbx_pks_enter',
          'cbx_x86_host_enter_from', 'host_close', 'host_written', 'host_closed')
FIXED, LOWEST, SMI, RESERVED, NMI, INIT, STARTUP, EXTERNAL = range(8)


def stop_in(host, place):
    """A gate call is under way, as far as there."""
    at = host.monitor[place]
    host.gdb.stop_at(at)
    host.order_gate(host.calls['VERSION'])
    host.leave()
    host.gdb.go()
    expect(host.gdb.registers()['rip'] == at, f'{place} is not reached')
    host.gdb.pass_by(at)


def messages(case):
    """Those that must come to nothing, or to what an interrupt comes to."""
    host = case.host
    kinds = [(FIXED, vector) for vector in (0, 2, 8, 13, 14, 18, 31, 32, 0x80, 0xff)]
    kinds += [(kind, 0x42) for kind in (LOWEST, SMI, RESERVED, NMI, STARTUP, EXTERNAL)]
    for place in PLACES:
        for kind, vector in kinds:
            stop_in(host, place)
            host.message(kind << 8 | vector)
            host.arrive()
            done = host.done()
            expect(host.reply(done)[0] == 0, f'{place}: the gate fails')
            host.order('order_wait', {'rcx': 4}, flags=0x202)
            seen = [r.vector for r in (*done.records, *host.carry_out().records)]
            due = {NMI: [[2]], LOWEST: [[vector]], EXTERNAL: [[], [vector]]}.get(kind, [[]])
            due = [[vector]] if kind == FIXED and 32 <= vector < 0xfc else due
            expect(seen in due, f'{place}: kind {kind} vector {vector}: traps {seen}')
    case.judge('messages')
    case.works('messages')
    print(f'{len(kinds)} messages at {len(PLACES)} places of the gate')


def init(case):
    """The first CPU: a reset of it, whatever it was doing."""
    host = case.host
    begun = len([line for line in host.console() if line])
    stop_in(host, case.place)
    host.message(INIT << 8)
    if host.survives(8):
        expect(host.gdb.registers()['rip'] == host.stop and host.gdb.word(host.mail) == 0,
               'the old host runs')
        left = Memory.find(Raw(host), case.secret)
        expect(not left, f'the next host finds the secret in {left}')
        print(f'INIT at {case.place}: another start')
        return
    host.gdb.socket.sendall(b'\x03')
    host.gdb.socket.settimeout(SECONDS)
    host.gdb.wait()
    expect(len([line for line in host.console() if line]) == begun, 'the host is heard of')
    case.judge(f'INIT at {case.place}, after which nothing runs')


def init_at(place):
    def run(case):
        case.place = place
        init(case)
    return run


def init_other(case):
    """Another CPU, in the middle of gates: it is gone; the machine goes on, or stands."""
    host = case.host
    host.order('order_wait', {'rcx': 100000, 'r14': case.first + 512, 'r15': POOL - 1})
    host.carry_out()
    host.call(0x1010, 1, host.kernel['other_flood'], 0)
    host.order('order_wait', {'rcx': 100000, 'r14': case.first + 512, 'r15': POOL - 1})
    host.carry_out()
    host.message(INIT << 8, cpu=1)
    host.order_gate(host.calls['PAGE_QUERY'], case.first)
    host.leave()
    goes_on = host.survives(5)
    if not goes_on:
        host.gdb.socket.sendall(b'\x03')
        host.gdb.socket.settimeout(SECONDS)
        host.gdb.wait()
    case.judge('INIT on the other CPU, ' + ('which is missed by nobody' if goes_on else
                                             'which had the lock: all stand'))


class Raw:
    """Memory without a monitor to say what it is."""

    def __init__(self, host):
        with open(host.dump(), 'rb') as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


CASES = {
    'destroyed': (destroyed, ()),
    'check in host': (check_in_host, ()),
    'check in box': (check_in_box, ()),
    'check in monitor': (ends('machine check in the monitor', check_in_monitor), ()),
    'crash': (ends('a host that crashes', crash), ()),
    'triple fault': (triple, ('-no-reboot', '-no-shutdown')),
    'spins': (spins, ()),
    'flood': (flood, ()),
    'flood of two': (lambda case: flood(case, 200000, True), ('-smp', '2')),
    'reset': (reset, ()),
    'messages': (messages, ()),
    'init in the gate': (init_at('gate_opened'), ()),
    'init with rights': (init_at('gate_written'), ()),
    'init before the host': (init_at('host_close'), ()),
    'init of another': (init_other, ('-smp', '2')),
}


def main():
    source, monitor, kernel, *names = sys.argv[1:]
    need('qemu-system-x86_64')
    for name in names or CASES:
        run, more = CASES[name]
        try:
            with Host(source, monitor, kernel, *more, machine=QUIET) as host:
                run(Case(host, source))
        except Wrong as wrong:
            sys.exit(f'faults.py: {name}: {wrong}')


if __name__ == '__main__':
    main()
