#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An interrupt at every instruction of the monitor's that is entered, or left,
with somebody else's registers (G06).

usage: inject.py KIND SOURCE MONITOR HOST

KIND is nmi, check (a machine check), irq (a device's message) or start (an NMI before there is a host).
Operations of the host's, some of
which run a box, are done again and again; each time one instruction is stopped
at, and the interrupt comes before it.  The instructions are those of the image
(objdump); one that no operation reaches fails the test.
"""
import re
import struct
import sys

from box import CASES, INTERRUPTED, SPIN, Box
from host import HOST_TEXT, MODES, ORDER, PKRS_HOST, STATE, WINDOW, Host
from machine import PAGE, Machine, Wrong, expect, need

POISON = 0x504f49534f4e5f00
SECRET = 0x5345435245545f00
MARKS = {struct.pack('<Q', mark)[1:]: name
         for mark, name in ((POISON, 'the monitor\'s'), (SECRET, 'the box\'s'))}
LOST = ['rax', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11']  # by a call
RESULTS = [*ORDER[:7], 'rflags', *ORDER[7:]]  # of mail.out
LOST_BY_GATE = ('rcx', 'rdx')
KINDS = {'nmi': 2, 'check': 18, 'irq': 0x61}
ERROR_CODES = (8, 10, 11, 12, 13, 14, 17, 21, 29, 30)
OWN_STACK = {'nmi': (2, 28), 'check': (18,), 'irq': (0x61,)}  # and #HV, which is an NMI, too
EXCEPTIONS = {256, *range(32)} - {2, 18, 28}
SHADOW = re.compile(r'(rdssp|incssp|rstorssp|saveprevssp|setssbsy|clrssbsy|wrss)')
# Locked instructions the monitor executes when there is a host, too.
RUNNING = ('cbx_x86_root_load', 'cbx_x86_msr_write', 'cbx_x86_cr4_write')
SAVED = (1, 3, 5, 11, 16, 40, *range(24, 32))  # pages of the window a stop of the machine changes


class Code:
    """The instructions to be covered, at the addresses they are executed at."""

    def __init__(self, image):
        self.image = image
        self.text = {}
        self.locked = image['cbx_locked'], WINDOW + 60 * PAGE
        for first, last in (('cbx_pks_gate', 'cbx_pks_enter'), ('cbx_x86_stubs', 'cbx_x86_enter'),
                            ('cbx_x86_host_trap', 'cbx_x86_host_syscall')):
            self.text.update(self.reached(image[first], image.end(last)))
        # The way to the real tables is there, too: no NMI is survived so early.
        early = range(image['cbx_bare_switch'], image.end('cbx_bare_switch_other'))
        locked = self.reached(image['cbx_locked'], image['cbx_locked'] + PAGE)
        locked = {at: words for at, words in locked.items() if at not in early}
        self.text.update({self.window(at): words for at, words in locked.items()})
        self.at_start = {self.window(at) for at in locked
                         if image.name(at).split('+')[0].removesuffix('_locked') not in RUNNING}

    def window(self, at):
        return at - self.locked[0] + self.locked[1]

    def reached(self, start, end):
        """Without what fills up to a boundary, and without UD2 behind a call."""
        found, falls = {}, True
        for at, words in sorted(self.image.instructions(start, end).items()):
            falls = falls or self.image.name(at).endswith('+0x0')
            if falls and words.split()[0] not in ('add', 'ud2', 'nop', 'nopw', 'nopl', 'cs', 'data16', 'xchg'):
                found[at] = words
            falls = falls and words.split()[0] not in ('jmp', 'ret', 'iretq', 'lretq', 'ud2')
        return found

    def foreign(self, missing):
        """Of what was not executed: runs with instructions this CPU has not got."""
        places = sorted(self.text)
        found, run = set(), []
        for at in (*places, None):
            begins = at is None or self.name(at).endswith('+0x0')
            if at in missing and not begins:
                run.append(at)
                continue
            if any(SHADOW.match(self.text[one]) for one in run):
                found.update(run)
            run = [at] if at in missing else []
        return found

    def name(self, at):
        if at >= self.locked[1]:
            at += self.locked[0] - self.locked[1]
        return self.image.name(at)


class Operation:
    """What the host does while it is interrupted."""

    def __init__(self, name, begin, event=None, loose=(), only=None, doom=None, finish=None):
        self.name, self.begin = name, begin
        self.doom = doom  # (address, a change there that stops the machine)
        self.finish = finish  # what is left to do, from the reply
        self.only = only  # new in it is what lies in this range
        self.event = event  # (address, what happens there): part of it
        self.loose = loose  # registers nobody promises


class Injector:
    def __init__(self, host, kind):
        self.host, self.gdb, self.kind = host, host.gdb, kind
        self.vector = KINDS[kind]
        self.code = Code(host.monitor)
        image = host.monitor
        self.stub = image['cbx_x86_stubs'] + 16 * self.vector
        self.ends = {image[name] for name in (
            'cbx_hal_panic', 'cbx_x86_own_fault', 'cbx_x86_own_misuse')}
        self.own_fault = image['cbx_own_fault']
        enter, own = image['cbx_pks_enter'], image['cbx_pks_own_call']
        self.poisoned = {place: LOST for place in (enter, *self.returns(enter))}
        self.poisoned.update({place: LOST[1:] for place in self.returns(own)})
        self.windows = self.read_windows('cbx_x86_windows')
        self.points = {host.stop}
        self.covered, self.held, self.stopped = {}, set(), set()

    def read_windows(self, name):
        start, end = self.host.monitor[name], self.host.monitor[name + '_end']
        data = self.gdb.read(start, end - start)
        return list(struct.iter_unpack('<4Q', data))

    def returns(self, function):
        """Where the callers of a function go on."""
        image = self.host.monitor
        lines = sorted(image.instructions(
            image['cbx_pks_gate'], image['cbx_image_text_end']).items())
        places = [lines[i + 1][0] for i, (_, words) in enumerate(lines)
                  if re.match(rf'call +{function:x}\b', words)]
        expect(places, 'nobody calls it')
        return places

    def arm(self, *points):
        """Stop there, and nowhere else."""
        wanted = {self.host.stop, *self.ends, *points}
        for at in self.points - wanted:
            self.gdb.pass_by(at)
        for at in wanted - self.points:
            self.gdb.stop_at(at)
        self.points = wanted

    def strike(self, kind):
        if kind == 'nmi':
            self.host.qmp('inject-nmi')
        elif kind == 'check':
            self.host.qmp.monitor('mce 0 0 0xb200000000000000 0 0 0')
        else:  # a device's message
            self.host.message(KINDS.get(kind, kind))

    def rip(self):
        return self.gdb.registers()['rip']

    def begin(self, operation):
        operation.begin()
        self.host.log = []

    def pass_event(self, operation):
        """Up to where the operation's own event happens."""
        self.host.leave()
        if operation.event is None:
            return
        place, kind = operation.event
        self.arm(place)
        self.gdb.go()
        expect(self.rip() == place, f'{operation.name}: at {self.host.where(self.rip())}')
        self.arm()
        self.strike(kind)

    def pass_doom(self, operation):
        """Up to where the operation goes wrong; what was so until then."""
        if operation.doom is None:
            return None
        place, change = operation.doom
        self.arm(place)
        self.gdb.go()
        expect(self.rip() == place, f'{operation.name}: at {self.code.name(self.rip())}')
        self.arm()
        saved = self.save()
        self.gdb.set(**change)
        return saved

    def trace(self, operation):
        """(address, mode) of every instruction of ours, as it is executed."""
        self.begin(operation)
        self.host.quiet(True)
        self.pass_event(operation)
        first, last = operation.only or (0, 1 << 64)
        doomed = self.pass_doom(operation)
        self.arm(*(at for at in self.code.text if first <= at < last))
        seen = []
        while True:
            self.gdb.go()
            at = self.rip()
            if at == self.host.stop:
                break
            if at in self.ends and doomed:
                self.arm()
                self.restore(doomed, doomed[1]['rip'])
                doomed = None
                continue
            expect(at in self.code.text, f'{operation.name}: at {self.code.name(at)}')
            seen.append((at, MODES[self.host.mode()]))
            self.gdb.go(step=True)
        self.arm()
        self.host.quiet(False)
        return seen, self.host.done()

    def save(self):
        return self.gdb.registers_save(), self.gdb.registers(), {
            page: self.gdb.read(WINDOW + page * PAGE, PAGE) for page in SAVED}

    def restore(self, saved, rip):
        registers, _, pages = saved
        for page, data in pages.items():
            self.gdb.write(WINDOW + page * PAGE, data)
        self.gdb.registers_restore(registers)
        self.gdb.set(rip=rip)

    def restart(self, at):
        """Where to begin again what a stop of the machine interrupted."""
        for restart, written, compared, _ in self.windows:
            if written <= at < compared:
                return restart
        return None

    def interrupted(self):
        """What the CPU pushed for the stub it stands at the beginning of."""
        return self.gdb.word(self.gdb.registers()['rsp'])

    def run(self, operation, target, nth):
        """Where the interrupt was taken; None when the machine was stopped by it."""
        self.begin(operation)
        self.pass_event(operation)
        doomed = self.pass_doom(operation)
        watched = [self.stub, *self.poisoned]
        if not doomed:
            watched.append(self.own_fault)
        self.arm(target, *watched)
        taken, saved, hits, poisonings = [], None, 0, 0
        while True:
            self.gdb.go()
            at = self.rip()
            if at == self.host.stop:
                break
            if at in self.ends and doomed:
                self.restore(doomed, doomed[1]['rip'])
                doomed = None
                continue
            if saved and at in (*self.ends, self.own_fault):
                self.restore(saved, self.after_stop(operation, target, at))
                taken.append(None)
                continue
            if at in self.ends:
                raise Wrong(f'the machine ends at {self.code.name(at)}')
            if at in self.poisoned:
                self.gdb.set(**{name: POISON + i for i, name in enumerate(self.poisoned[at])})
                poisonings += saved is not None
                if poisonings == 3:  # the host's handler looks around from now on
                    watched = [point for point in watched if point not in self.poisoned]
            if at == self.stub and saved is not None:
                taken.append(self.interrupted())
            hits += at == target
            if at == target and hits == nth and saved is None:
                saved = self.save() if self.kind == 'check' else ()
                self.arm(*(point for point in watched if point != target))
                self.strike(self.kind)
                if target != self.stub:
                    continue
            self.gdb.go(step=True)
            self.arm(*watched, *(() if saved is not None else (target,)))
        self.arm()
        expect(saved is not None, f'{operation.name}: {self.code.name(target)} was not reached')
        return taken

    def after_stop(self, operation, target, at):
        """A machine check the monitor did not survive: it must have been its own."""
        words = f'{operation.name}: at {self.code.name(target)}'
        if at == self.own_fault:
            expect(self.host.mode() != MODES.index('host'), words + ': the host\'s ended it')
            return target
        restart = self.restart(target)
        expect(restart is not None, words + ': panic')
        return restart

    def drain(self):
        """What was kept for the host comes with the next gate, or when it lets it."""
        expect(self.host.gate('VERSION')[0] == 0, 'VERSION is refused')
        self.host.order('order_wait', {'rcx': 4}, flags=0x202)
        self.host.carry_out()

    def look(self, operation):
        """Nothing of the monitor's or of a box's lies where the host can read."""
        seen = [self.gdb.read(self.host.mail, PAGE)]
        for page, data in self.host.visible().items():
            seen.append(data)
            for mark, whose in MARKS.items():
                expect(mark not in data, f'{operation.name}: {whose} register is left in page {page}')
        for mark, whose in MARKS.items():
            expect(mark not in seen[0], f'{operation.name}: {whose} register reached the host')

    def judge(self, operation, base, taken, done):
        """The operation came to what it comes to undisturbed."""
        others = [r for r in done.records if r.vector == self.vector]
        lost = self.kind == 'check' and others
        expect(self.host.mode() == MODES.index('host'), 'the mode is not HOST')
        for record in done.records:
            expect(record.pkrs == PKRS_HOST, f'PKRS is {record.pkrs:#x} in the host\'s handler')
            expect(record.open == 0, 'the host\'s handler reaches the monitor')
            if record.vector == self.vector:
                expect(record.regs['rip'] >= HOST_TEXT or lost, f'interrupted at {record}')
        self.look(operation)
        if operation.finish is not None:
            operation.finish(done)
        self.drain()
        if not lost:
            self.same(operation, base, done)
        came = len([r for r in self.host.log if r.vector == self.vector])
        came -= len([r for r in base.log if r.vector == self.vector])
        expect(came in self.due(operation, taken), f'{came} more reached the host')

    def places_of(self, number):
        first = self.host.monitor['cbx_x86_stubs'] + 16 * number
        return first, first + 16

    def due(self, operation, taken):
        """How many more reach the host: each, but two that wait are one."""
        if None in taken:
            return (0,)
        twice = operation.event and KINDS.get(operation.event[1], operation.event[1]) == self.vector
        return (0, 1) if operation.doom or twice else (1,)

    def same(self, operation, base, done):
        """The same traps, though perhaps with a later gate; the same registers."""
        mine = [r for r in self.host.log if r.vector != self.vector]
        kept = [r for r in base.log if r.vector != self.vector]
        expect(sorted((r.vector, r.error) for r in mine) == sorted((r.vector, r.error) for r in kept),
               f'traps {mine} instead of {kept}')
        for one in done.records:
            for other in base.records:
                if one.vector == other.vector and one.vector in EXCEPTIONS:
                    self.same_trap(operation, one, other)
        for i, name in enumerate(RESULTS):
            expect(done.registers[i] == base.registers[i] or name in operation.loose,
                   f'{name} is {done.registers[i]:#x} afterwards, not {base.registers[i]:#x}')

    def same_trap(self, operation, one, other):
        for name, value in one.regs.items():
            expect(value == other.regs[name] or name in operation.loose,
                   f'{name} is {value:#x} in {one}, not {other.regs[name]:#x}')

    def cover(self, operation):
        """Every instruction the operation executes, in every mode, once."""
        try:
            seen, base = self.trace(operation)
        except Wrong as wrong:
            raise Wrong(f'{operation.name}: {wrong}') from wrong
        if operation.finish is not None:
            operation.finish(base)
        self.drain()
        base.log = self.host.log
        hits = {}
        for at, mode in seen:
            hits[at] = hits.get(at, 0) + 1
            if mode in self.covered.get(at, ()):
                continue
            try:
                taken = self.run(operation, at, hits[at])
                self.judge(operation, base, taken, self.host.done())
            except Wrong as wrong:
                raise Wrong(f'{operation.name}: at {self.code.name(at)}, mode {mode}: {wrong}') \
                    from wrong
            self.covered.setdefault(at, set()).add(mode)
            if None in taken:
                self.stopped.add((at, mode))
            elif at not in taken:
                self.held.add((at, mode))

    def report(self):
        missing = set(self.code.text) - set(self.covered) - self.code.at_start
        for number in OWN_STACK[self.kind]:
            if number != self.vector:
                missing -= set(self.code.reached(*self.places_of(number)))
        foreign = self.code.foreign(missing)
        points = sum(len(modes) for modes in self.covered.values())
        print(f'{self.kind}: {len(self.covered)} of {len(set(self.code.text) - self.code.at_start)} instructions and '
              f'{len(self.code.at_start)} of the start\'s, {points} places with the mode: '
              f'{len(self.held)} hold it back, {len(self.stopped)} end the machine; '
              f'{len(foreign)} are for a CPU with shadow stacks')
        missing = sorted(missing - foreign)
        for at in missing:
            print('missing', self.code.name(at), self.code.text[at])
        return missing


def operations(host, kind):
    """Everything that brings a host, or a box, into the monitor."""
    version = host.calls['VERSION']

    def order(name, flags=None, **registers):
        return lambda: host.order(name, registers, flags)

    def interrupt(number):
        def begin():
            host.order('order_int', {'rax': number})
            host.gdb.write(host.mail + 8, struct.pack('<Q', host.kernel['order_int'] + 8 * number))
        return begin

    yield Operation('gate', lambda: host.order_gate(version), loose=LOST_BY_GATE)
    yield Operation('gate of the backend', lambda: host.order_gate(0x1000, 0),
                    loose=LOST_BY_GATE)
    for place in ('gate_own', 'cbx_x86_host_leave_from'):
        yield Operation(f'nmi at {place}', lambda: host.order_gate(0x1000, 0), loose=LOST_BY_GATE,
                        event=(host.monitor[place], 'nmi'))
    yield Operation('no gate', lambda: host.order_gate(0x1fff), loose=LOST_BY_GATE)
    yield Operation('flush', lambda: host.order_gate(0x1009), loose=LOST_BY_GATE)
    yield Operation('CR4', lambda: host.order_gate(0x1014, 4, host.cr4), loose=LOST_BY_GATE)
    yield Operation('an MSR', lambda: host.order_gate(0x1015, 0xc0000102, 0), loose=LOST_BY_GATE)
    yield Operation('system call', order('order_syscall'))
    yield Operation('undefined', order('order_undefined'))
    yield Operation('touch', order('order_touch', rdi=STATE))
    for event in KINDS:
        if (kind, event) == ('check', 'irq'):  # is lost: its stub's stack is used again
            continue
        yield Operation(f'{event} in the host', order('order_spin', flags=0x202),
                        event=(host.kernel['order_spin'], event))
    yield Operation('nmi before the host', lambda: host.order_gate(version), loose=LOST_BY_GATE,
                    event=(host.monitor['cbx_x86_host_enter_from'], 'nmi'))
    yield Operation('nmi in the monitor', lambda: host.order_gate(version), loose=LOST_BY_GATE,
                    event=(host.monitor['left_host'], 'nmi'))
    for number in range(256):
        if number in OWN_STACK[kind]:  # the same stack: who does that harms himself
            continue
        stub = host.monitor['cbx_x86_stubs'] + 16 * number
        yield Operation(f'int {number}', interrupt(number),
                        loose=('rdx',) if number in ERROR_CODES else (),
                        only=(stub, stub + 16) if number not in (1, 8, 18) else None)


def doomed(host):
    """What stops the machine: the interrupt does not let anything go on."""
    image = host.monitor
    lines = image.instructions(image['cbx_x86_misused'], image.end('cbx_x86_enter'))
    wrong = min(at for at, words in lines.items() if words.startswith('ud2'))
    version = host.calls['VERSION']
    for name, place, change in (('misuse', 'gate_written', {'rcx': 0x10}),
                                ('own fault', 'gate_opened', {'rip': wrong})):
        yield Operation(name, lambda: host.order_gate(version), loose=LOST_BY_GATE,
                        doom=(image[place], change))


def with_boxes(host, kind):
    """Boxes that leave by everything that makes a box leave."""
    first = host.find_pages()
    box, spinning = Box(host, first), Box(host, first + 128)

    def run(number):
        def begin():
            box.answer(number)
            box.order()
        return begin

    def finish(done):
        if box.entered(host.reply(done)) == INTERRUPTED:
            box.enter()

    for name, number in CASES.items():
        yield Operation(f'box {name}', run(number), loose=LOST_BY_GATE, finish=finish)

    def spin():
        spinning.answer(SPIN)
        spinning.order()

    def spun(done):
        expect(spinning.entered(host.reply(done)) == INTERRUPTED, 'it asks for input')

    leave = max(at for at, words in host.monitor.instructions(
        host.monitor['cbx_x86_enter'], host.monitor.end('cbx_x86_enter')).items()
        if words.startswith('iretq'))
    for event in (*KINDS, *(range(32, 256) if kind == 'nmi' else ())):
        stub = host.monitor['cbx_x86_stubs'] + 16 * (event if event in range(256) else 0)
        yield Operation(f'{event} in a box', spin, loose=LOST_BY_GATE, finish=spun,
                        event=(spinning.at('fault_box_spin'), event),
                        only=None if event in KINDS else (stub, stub + 16))
    yield Operation('nmi before a box', run(0), loose=LOST_BY_GATE, finish=finish,
                    event=(leave, 'nmi'))


def at_start(source, files):
    """Before there is a host: the machine starts all the same, or stops."""
    with Host(source, *files, '-no-reboot') as host:
        code = Code(host.monitor)
        points = sorted(code.at_start - code.foreign(code.at_start))
    ends = 0
    for point in points:
        with Machine('-kernel', files[0], '-initrd', files[1], '-no-reboot') as machine:
            stop = host.kernel['fault_stop']
            machine.gdb.stop_at(point)
            expect(machine.survives(10), f'{code.name(point)} is not executed')
            expect(machine.gdb.registers()['rip'] == point, 'it is not executed')
            machine.gdb.pass_by(point)
            machine.qmp('inject-nmi')
            machine.gdb.stop_at(stop)
            if machine.survives(4):
                expect(machine.gdb.registers()['rip'] == stop, code.name(point))
            else:
                ends += 1
    print(f'start: {len(points)} instructions, {ends} end the machine')


def waiting(source, files):
    """A CPU that waits for the host to start it, and can be started after."""
    with Host(source, *files, '-no-reboot', '-smp', '2') as host:
        image = host.monitor
        points = sorted(Code(image).reached(image['cbx_x86_halt'], image.end('cbx_x86_halt')))
        for point in points:
            host.gdb.stop_at(point)
            while host.gdb.registers()['rip'] != point:
                if host.gdb.registers()['rip'] == host.stop:
                    host.qmp('inject-nmi')  # it wakes, and waits again; one that came too early is none
                    host.leave()
                host.gdb.go()
            host.gdb.pass_by(point)
            host.qmp('inject-nmi')
            host.arrive()
            expect(host.gate('VERSION')[0] == 0, 'VERSION is refused')
        host.order('order_wait', {'rcx': 1, 'r14': host.find_pages(), 'r15': 63})
        host.carry_out()
        host.call(0x1010, 1, host.kernel['other_flood'], 0)
        host.order('order_wait', {'rcx': 1000000, 'r14': host.find_pages(), 'r15': 63})
        host.carry_out()
        host.gdb.ask('Hg2')
        expect(host.gdb.registers()['r13'] != (1 << 64) - 1, 'the other CPU does nothing')
    print(f'a CPU that waits: {len(points)} instructions')


def main():
    kind, source, *files = sys.argv[1:]
    need('qemu-system-x86_64', 'objdump')
    try:
        if kind == 'start':
            at_start(source, files)
            waiting(source, files)
            return
        with Host(source, *files, '-no-reboot') as host:
            injector = Injector(host, kind)
            host.flags = 0x202 if kind == 'irq' else 2
            for group in (operations(host, kind), with_boxes(host, kind), doomed(host)):
                for operation in group:
                    injector.cover(operation)
            missing = injector.report()
    except Wrong as wrong:
        sys.exit(f'inject.py: {wrong}')
    sys.exit('inject.py: instructions were not reached' if missing else 0)


if __name__ == '__main__':
    main()
