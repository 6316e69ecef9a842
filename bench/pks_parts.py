# SPDX-License-Identifier: Apache-2.0
"""What BOX_ENTER and the exit consist of, on the pks-vm backend.

usage: pks_parts.py [--quick] MONITOR HOST

The benchmark's host enters its box again and again; one of these trips is stepped
through, from the gate's first instruction to the host's next one, and each
instruction counted for the function it is in.  Steps of a string instruction count
as -icount counts them.  A second trip is interrupted in the box, by a device's message.
"""
import os
import shutil
import sys

from table import heading, row

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'fault'))
from machine import MACHINE, PAGE, QEMU, SKIP, WINDOW, Image, Machine, expect

REGRESSION = 1300  # what the whole took when it was last written down, and 4 %
TRIPS = 20  # before it is the same every time
MOST = 10000
BOX_CODE = 0x400000  # host.c's CODE_VA
KERNEL = 1 << 63
LOCKED = WINDOW + 60 * PAGE
STEP_LIKE_RUNNING = 'Qqemu.sstep=1'  # interrupts are taken between two steps
VECTOR = 0x61

# What a function is for, by the beginning of its name; the first that fits.
PARTS = [
    ('gate and way back: registers, PKRS', (
        'cbx_pks_gate', 'gate_', 'left_host', 'cbx_pks_enter', 'cbx_x86_host_', 'host_')),
    ('into the box and out: registers, PKRS, the box itself', (
        'box', 'cbx_x86_enter', 'cbx_enter_', 'cbx_x86_syscall', 'cbx_x86_stub', 'cbx_trap',
        'cbx_from_box', 'cbx_left_box')),
    ('roots: CR3, and whether their entries are good', (
        'cbx_x86_root_load', 'cbx_x86_space_', 'cbx_pks_cr4', 'cbx_flush')),
    ("the box's context: extended state, bases, keys, reply", ('cbx_arch_vcpu',)),
    ("the host's loop: its call, its answer, what waits for it", (
        'cbx_hal_host_run', 'cbx_monitor_run', 'cbx_pks_', 'cbx_x86_interrupt')),
    ('pages mapped and given back', ('cbx_hal_page_map', 'cbx_hal_page_unmap', 'use', 'replace')),
    ("core: the host's gate", (
        'cbx_gate_host', 'check_box', 'hold_box', 'cbx_domain_', 'cbx_meta_', 'cbx_hal_cpu_rank', 'cbx_gate_lock')),
    ("core: the host's buffer", (
        'cbx_gate_box_enter', 'cbx_copy_host_range', 'cbx_page_host_may', 'cbx_hal_page_count')),
    ('core: the thread, and its turn', (
        'cbx_run_enter', 'cbx_thread_', 'run_thread', 'cbx_hal_cpu', 'cbx_list', 'cbx_space_')),
    ("core: the box's gate, and why it leaves", (
        'cbx_gate_box', 'cbx_gate_upcall_resume', 'cbx_run_leave', 'cbx_run_', 'leave_')),
]
ELSEWHERE = 'elsewhere'


def linked_of(image):
    """Beside what the monitor takes of a host is what it was made of, with symbols."""
    return image.replace('.img', '.elf')


def part_of(name):
    return next((part for part, names in PARTS if name.startswith(names)), ELSEWHERE)


class Trips:
    """The machine at the gate, about to enter the box."""

    def __init__(self, machine, monitor, host):
        self.machine, self.gdb, self.monitor = machine, machine.gdb, monitor
        self.gate = monitor['cbx_pks_gate']
        begin = BOX_CODE + host['bench_box_exit'] - host['bench_box']
        self.run_to(begin)
        for _ in range(TRIPS):
            self.run_to(self.gate)

    def run_to(self, at):
        self.gdb.stop_at(at)
        self.gdb.go()
        expect(self.gdb.registers()['rip'] == at, 'the machine stops elsewhere')
        self.gdb.pass_by(at)

    def name(self, at):
        """The function an address is in, or the box; the locked page is the text's."""
        if at < KERNEL:
            return 'box'
        if LOCKED <= at < LOCKED + PAGE:
            at += self.monitor['cbx_locked'] - LOCKED
        return self.monitor.name(at).split('+')[0]

    def step_through(self, struck=False):
        """{part: instructions} of the next trip, in which the box may be struck."""
        self.run_to(self.gate)
        back = self.gdb.registers()['r11']
        counts, inside = {}, False
        for _ in range(MOST):
            at = self.gdb.registers()['rip']
            if at == back:
                return counts
            name = self.name(at)
            part = 'box' if name == 'box' and struck else part_of(name)
            counts[part] = counts.get(part, 0) + 1
            if name == 'box' and struck and not inside:
                inside = True
                self.machine.message(VECTOR)
            self.gdb.go(step=True)
        raise SystemExit('pks_parts.py: the trip does not end')


def main():
    monitor, host = [word for word in sys.argv[1:] if word != '--quick']
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    with Machine('-accel', 'tcg', '-kernel', monitor, '-initrd', host, machine=MACHINE) as machine:
        trips = Trips(machine, Image(monitor), Image(linked_of(host)))
        counts = trips.step_through()
        machine.gdb.ask(STEP_LIKE_RUNNING)
        struck = trips.step_through(struck=True)
    heading('BOX_ENTER, the box makes a gate, exit: its parts')
    for part, _ in PARTS:
        row(part, counts.get(part, 0), 'instr.')
    if ELSEWHERE in counts:
        row(ELSEWHERE, counts[ELSEWHERE], 'instr.')
    row('all of it', sum(counts.values()), 'instr.', limit=400)
    row('BOX_ENTER, an interrupt, exit: without the box', sum(
        count for part, count in struck.items() if part != 'box'), 'instr.', limit=400)
    expect(sum(counts.values()) <= REGRESSION, f'more than {REGRESSION} instructions')


if __name__ == '__main__':
    main()
