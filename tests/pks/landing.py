# SPDX-License-Identifier: Apache-2.0
"""Where an indirect branch can end in the monitor's text: at the gate, the entry
stubs, the system call entry and the locked instructions, and nowhere else.  The
bytes of ENDBR64 count wherever they are, inside an instruction, too.  And what a
jump, a RET for instance, must not find there, again at any byte: writes of control
and debug registers and of descriptor tables anywhere but on the locked page, WRMSR
without the comparison that has to follow it.  And the gate's page holds no more
code than tests/host/sweep.c jumps to.

usage: landing.py MONITOR
"""
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             '../../src/monitor/bare'))
import pick

ENDBR64 = b'\xf3\x0f\x1e\xfa'
GATE_MAX = 0x380
LAST_BYTES = 32  # of what is last on the page
WRMSRS_MIN = 9  # five entry stacks, syscall, misused; the gate, in and out
WANTED = r'cbx_pks_gate|cbx_x86_stub\d+|cbx_x86_syscall|\w+_locked'


def main():
    with open(sys.argv[1], 'rb') as f:
        image = f.read()
    names, pads = pick.names_of(image), []
    text = pick.text_of(image)
    for address, part in text:
        pads += [address + m.start() for m in re.finditer(re.escape(ENDBR64), part)]
    writes = pick.writes_of(image)
    wrmsrs = sum(part.count(b'\x0f\x30\x81\xf9') for _, part in text)
    if writes or wrmsrs < WRMSRS_MIN:
        sys.exit(f'landing.py: a jump finds {writes}; {wrmsrs} WRMSR that are compared')
    ends = [at for at, group in names.items() if 'cbx_x86_host_enter_out' in group]
    if len(ends) != 1 or ends[0] % 4096 + LAST_BYTES > GATE_MAX:
        sys.exit('landing.py: the gate is longer than the sweep')
    good = [n for at in pads for n in names.get(at, []) if re.fullmatch(WANTED, n)]
    wrong = [hex(at) for at in pads
             if not any(re.fullmatch(WANTED, n) for n in names.get(at, []))]
    missing = [n for group in names.values() for n in group
               if re.fullmatch(WANTED, n) and n not in good and n != 'cbx_locked']
    print(len(good), 'landing pads')
    if wrong or missing or len(good) < 256 + 2 + 7:
        sys.exit(f'landing.py: pads at {wrong}, none at {missing}')


if __name__ == '__main__':
    main()
