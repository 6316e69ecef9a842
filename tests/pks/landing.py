# SPDX-License-Identifier: Apache-2.0
"""Where an indirect branch can end in the monitor's text: at the gate, the entry
stubs, the system call entry and the locked instructions, and nowhere else.  The
bytes of ENDBR64 count wherever they are, inside an instruction, too.  And the
gate's page holds no more code than tests/host/sweep.c jumps to.

usage: landing.py MONITOR
"""
import re
import struct
import sys

ENDBR64 = b'\xf3\x0f\x1e\xfa'
GATE_MAX = 0x380
LAST_BYTES = 32  # of what is last on the page
BOOT_END = 0x200000  # below: start-up, mapped by no table of afterwards
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


def main():
    with open(sys.argv[1], 'rb') as f:
        image = f.read()
    names, pads = names_of(image), []
    for address, text in text_of(image):
        if address >= BOOT_END:
            pads += [address + m.start() for m in re.finditer(re.escape(ENDBR64), text)]
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
