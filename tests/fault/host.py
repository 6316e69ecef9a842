# SPDX-License-Identifier: Apache-2.0
"""The monitor with the host kernel that takes orders (mail.h)."""
import re
import struct

from machine import NAMES, PAGE, WINDOW, Image, Machine, expect

GATE = 0xffffff0000000000
DIRECT = 0xffff800000000000
SCRATCH, TRAP_PAGES = 11, (1, 3, 5, 7, 9)
STATE = WINDOW + 16 * PAGE
MODES = ['monitor', 'box', 'host']
PKRS_HOST = 0x24
HOST_TEXT = 0xffffffff80000000
ORDER = [name for name in NAMES if name not in ('rsp', 'rip')]  # of mail.in without rsp
REGS = ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rdi', 'rsi', 'rbp', 'rbx', 'rdx',
        'rax', 'rcx', 'rsp', 'rip', 'rflags']  # struct cbx_regs


def table(path, pattern):
    with open(path, encoding='utf-8') as file:
        return {name: int(number, 0) for number, name in re.findall(pattern, file.read(), re.M)}


class Record:
    """A trap of the host's."""

    def __init__(self, data):
        words = struct.unpack(f'<{len(data) // 8}Q', data)
        _, self.vector, self.error, self.cr2 = words[:4]
        self.regs = dict(zip(REGS, words[4:22]))
        self.pkrs, self.open = words[-2:]

    def __eq__(self, other):
        return self.__dict__ == other.__dict__

    def __repr__(self):
        return f'vector {self.vector} error {self.error:#x} cr2 {self.cr2:#x} ' + \
            ' '.join(f'{name} {value:x}' for name, value in self.regs.items())


class Done:
    """What an order came to."""

    def __init__(self, registers, records):
        self.registers = registers
        self.records = records

    def __eq__(self, other):
        return self.__dict__ == other.__dict__


class Host(Machine):
    """A machine that stands where its host waits for orders."""

    def __init__(self, source, monitor, host, *arguments, **options):
        super().__init__('-kernel', monitor, '-initrd', host, *arguments, **options)
        try:
            self.monitor, self.kernel = Image(monitor), Image(host.replace('.img', '.elf'))
            self.calls = table(f'{source}/include/confbox/gate.def',
                               r'^X\((0x[0-9a-f]+), +(\w+),')
            self.status = table(f'{source}/include/confbox/status.def',
                                r'^X\(([0-9a-fx]+), +(\w+),')
            self.log = []  # traps so far
            self.flags = 2  # an order's, if it does not say
            self.mail = self.kernel['fault_mail']
            self.stop = self.kernel['fault_stop']
            self.gdb.stop_at(self.stop)
            self.arrive()
            self.stride = self.gdb.word(self.kernel['fault_record_bytes'])
            self.cr4 = int(re.search('CR4=([0-9a-f]+)', self.qmp.monitor('info registers'))[1], 16)
        except BaseException:
            self.close()
            raise

    def leave(self):
        """Past the stop it stands at."""
        self.gdb.go(step=True)

    def arrive(self):
        self.gdb.go()
        at = self.gdb.registers()['rip']
        expect(at == self.stop, f'stopped at {self.where(at)}')

    def where(self, at):
        return (self.monitor if at < 0xffffff8000000000 else self.kernel).name(at)

    def order(self, code, registers=None, flags=None):
        """Write it; the machine has to go on."""
        flags = self.flags if flags is None else flags
        values = {name: 0x1111111111111111 * (i + 1) & 0x7fffffffffffffff
                  for i, name in enumerate(ORDER)}
        values.update(registers or {})
        words = [values[name] for name in ORDER]
        words.insert(7, 0)
        self.gdb.write(self.mail + 8, struct.pack('<5Q', self.kernel[code], flags, 0, 0, 0)[:32])
        self.gdb.write(self.mail + 0x40, struct.pack('<16Q', *words))

    def quiet(self, quiet):
        """Whether its handler does without looking around."""
        self.gdb.write(self.mail + 0x28, struct.pack('<Q', quiet))

    def order_gate(self, number, *arguments, flags=None):
        values = dict(zip(['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'],
                          [*arguments, 0, 0, 0, 0, 0, 0]))
        values.update({'rax': number, 'rcx': GATE, 'r11': self.kernel['fault_done']})
        self.order('order_gate', values, flags)

    def done(self):
        """What the order did, once the host waits again."""
        head = self.gdb.read(self.mail, 0x140)
        words = struct.unpack('<40Q', head)
        expect(words[3] == 0, f'{words[3]} traps out of place: {self.records(words[4])}')
        records = self.records(words[4])
        self.log += records
        return Done(words[24:40], records)

    def records(self, count):
        expect(count <= 8, f'{count} traps')
        data = self.gdb.read(self.mail + 0x140, count * self.stride)
        return [Record(data[i * self.stride:(i + 1) * self.stride]) for i in range(count)]

    def carry_out(self):
        before = self.gdb.word(self.mail)
        self.leave()
        self.arrive()
        expect(self.gdb.word(self.mail) == before + 1, 'the order was not carried out')
        return self.done()

    def reply(self, done):
        return struct.unpack('<8Q', self.gdb.read(done.registers[0], 64))

    def gate(self, name, *arguments):
        """(status, ret...) of a gate call, repeated while it is busy."""
        number = self.calls[name] if isinstance(name, str) else name
        while True:
            self.order_gate(number, *arguments)
            reply = self.reply(self.carry_out())
            if reply[0] != self.status['E_BUSY']:
                return reply

    def call(self, name, *arguments):
        reply = self.gate(name, *arguments)
        expect(reply[0] == 0, f'{name}: status {reply[0]}')
        return reply[1:]

    def find_pages(self):
        """The first page of much RAM that the host may use."""
        best = (0, 0)
        for i in range(64):
            reply = self.gate(0x1000, i)
            if reply[0] != 0:
                break
            if reply[3] == 0:
                best = max(best, (reply[2], reply[1]))
        expect(best[0] > 8192, 'no memory')
        return best[1] + best[0] // 2

    def poke(self, pfn, data):
        self.gdb.write(pfn * PAGE, data, physical=True)

    def peek(self, pfn, size=PAGE):
        return self.gdb.read(pfn * PAGE, size, physical=True)

    def home_root(self):
        """The address of the root the host runs on; it leads to the monitor's half, too."""
        found = re.search('CR3=([0-9a-f]+)', self.qmp.monitor('info registers'))
        self.root = int(found[1], 16) & -PAGE
        return self.root

    def mode(self):
        return self.gdb.word(STATE) & 0xffffffff

    def visible(self):
        """The monitor's pages that the host can read, by page of the window."""
        return {page: self.gdb.read(WINDOW + page * PAGE, PAGE)
                for page in (*TRAP_PAGES, SCRATCH)}
