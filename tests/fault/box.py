# SPDX-License-Identifier: Apache-2.0
"""A box of box.S, made by gates."""
import struct

from machine import PAGE, expect

CODE, STACK = 0x400000, 0x500000
PAGES, RESERVE, STACK_PAGES = 96, 64, 4
READ, WRITE, EXECUTE = 1, 2, 4
NO_PAGE = (1 << 64) - 1
INTERRUPTED, ENDED, INPUT = 0, 3, 4
SPIN = 10
CASES = {'nothing': 0, 'divide': 1, 'debug': 2, 'breakpoint': 3, 'undefined': 4, 'stack': 5,
         'protection': 6, 'page': 7, 'number': 8, 'call': 9}


class Box:
    """Built from PAGES + 1 pages of the host's, from first on; the last one stays the host's."""

    def __init__(self, host, first):
        self.host, self.root, self.page = host, first, first + PAGES
        self.thread = None  # that waits for input
        policy = struct.pack('<IIIIQ', 2, 0, 1, 1, 1).ljust(0xc30, b'\0')
        host.poke(self.page, policy)
        host.call('PAGE_DONATE', first, PAGES)
        host.call('BOX_CREATE', first, first + 1, self.page)
        host.call('BOX_GRANT', first, first + 2, RESERVE)
        start, end = host.kernel['fault_box'], host.kernel['fault_box_end']
        host.poke(self.page, host.gdb.read(start, end - start))
        host.call('BOX_ADD', first, CODE, first + 80, 1, READ | EXECUTE, self.page)
        host.call('BOX_ADD', first, STACK, first + 81, STACK_PAGES, READ | WRITE, NO_PAGE)
        host.call('BOX_THREAD', first, CODE, STACK + STACK_PAGES * PAGE, 0)
        host.call('BOX_FINALIZE', first)
        host.poke(self.page, bytes(end - start))
        self.enter()
        expect(self.thread is not None, 'the box does not ask for input')

    def at(self, symbol):
        """Where something of box.S lies in the box."""
        return CODE + self.host.kernel[symbol] - self.host.kernel['fault_box']

    def answer(self, number):
        """What it asked for: do that next."""
        if self.thread is not None:
            self.host.poke(self.page, struct.pack('<Q', number))
            self.host.call('BOX_REPLY', self.root, self.thread, 8, self.page, 8)
            self.thread = None

    def order(self):
        self.host.order_gate(self.host.calls['BOX_ENTER'], self.root, self.page, 1)

    def entered(self, reply):
        """Judge an exit; @return why."""
        expect(reply[0] == 0, f'BOX_ENTER: status {reply[0]}')
        reason = reply[1] & 0xffffffff
        expect(reason in (INTERRUPTED, INPUT), f'exit {reason} {reply[2]} {reply[3]}')
        if reason == INPUT:
            self.thread = reply[2]
        return reason

    def enter(self):
        reason = INTERRUPTED
        while reason == INTERRUPTED:
            reason = self.entered(self.host.gate('BOX_ENTER', self.root, self.page, 1))

    def destroy(self):
        host, root = self.host, self.root
        host.call('BOX_KILL', root)
        for first, count in ((root + 1, RESERVE + 1), (root + 80, 1 + STACK_PAGES)):
            host.call('BOX_RECLAIM', root, first, count)
        host.call('BOX_DESTROY', root)
        host.call('PAGE_RETURN', root, PAGES)
