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
import re
import struct
import sys

ENDBR64 = b'\xf3\x0f\x1e\xfa'
GATE_MAX = 0x380
LAST_BYTES = 32  # of what is last on the page
BOOT_END = 0x200000  # below: start-up, mapped by no table of afterwards
LOCKED_ONLY = (rb'(?s)\x0f[\x22\x23\x35\x07\xaa]|\x0f\x01[\x10-\x1f\x50-\x5f\x90-\x9f\xd1]'
               rb'|\x0f\x00[\x10-\x1f\x50-\x5f\x90-\x9f\xd0-\xdf]'
               rb'|\x0f\x30(?!\x81\xf9\xe1\x06\x00\x00)')
WRMSRS_MIN = 9  # five entry stacks, syscall, misused; the gate, in and out
WANTED = r'cbx_pks_gate|cbx_x86_stub\d+|cbx_x86_syscall|\w+_locked'


def rows(image, at, size, count, form):
    return [struct.unpack_from(form, image, at + i * size) for i in range(count)]


def text_of(image):
    """[(address, bytes)] of the executable segments."""
    start, (size, count) = struct.unpack_from('<Q', image, 32)[0], struct.unpack_from(
        '<HH', image, 54)
    return [(row[3], image[row[2]:row[2] + row[5]])
            for row in rows(image, start, size, count, '<IIQQQQQQ') if row[0] == 1 and row[1] & 1]


def names_of(image):
    """{address: names}"""
    start, (size, count) = struct.unpack_from('<Q', image, 40)[0], struct.unpack_from(
        '<HH', image, 58)
    sections = rows(image, start, size, count, '<IIQQQQIIQQ')
    table = next(s for s in sections if s[1] == 2)
    strings = image[sections[table[6]][4]:]
    found = {}
    for name, _, _, _, value, _ in rows(image, table[4], 24, table[5] // 24, '<IBBHQQ'):
        text = strings[name:strings.index(b'\0', name)].decode()
        found.setdefault(value, []).append(text)
    return found


def writes_of(text, names):
    """Addresses of what LOCKED_ONLY has, beside the locked page."""
    page = next(at for at, group in names.items() if 'cbx_locked' in group)
    end = next(at for at, group in names.items() if 'cbx_locked_end' in group)
    found = [at + m.start() for at, part in text for m in re.finditer(LOCKED_ONLY, part)]
    inside = [at for at in found if page <= at < end]
    if len(inside) < 8:
        sys.exit('landing.py: the locked instructions are not where they should be')
    return [hex(at) for at in found if at not in inside]


def main():
    with open(sys.argv[1], 'rb') as f:
        image = f.read()
    names, pads = names_of(image), []
    text = [(at, part) for at, part in text_of(image) if at >= BOOT_END]
    for address, part in text:
        pads += [address + m.start() for m in re.finditer(re.escape(ENDBR64), part)]
    writes = writes_of(text, names)
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
