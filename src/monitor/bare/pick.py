# SPDX-License-Identifier: Apache-2.0
"""Take the first of several links of the monitor in whose text a jump finds no
instruction that takes the machine: pick.py OUTPUT IMAGE...

The host can jump to any byte of the text.  Writes of control and debug registers
and of descriptor tables stand on the locked page, WRMSR before the comparison
that follows it; but an operand may happen to read as one of them, the distance
of a call above all.  The links differ in how far the parts of the text are apart.

Nor is there HLT (F4) in the gate's page, by chance: a host that jumps there takes no
right, but its CPU waits for ever, interrupts being off.
"""
import re
import shutil
import struct
import sys

BOOT_END = 0x200000  # below: start-up, mapped by no table of afterwards
LOCKED_ONLY = (rb'(?s)\x0f[\x22\x23\x35\x07\xaa]|\x0f\x01[\x10-\x1f\x50-\x5f\x90-\x9f\xd1]'
               rb'|\x0f\x00[\x10-\x1f\x50-\x5f\x90-\x9f\xd0-\xdf]'
               rb'|\x0f\x30(?!\x81\xf9\xe1\x06\x00\x00)')
LOCKED_MIN = 8  # instructions there
HLT = b'\xf4'
PAGE = 4096


def rows(image, at, size, count, form):
    return [struct.unpack_from(form, image, at + i * size) for i in range(count)]


def text_of(image):
    """[(address, bytes)] of the executable segments that stay."""
    start, (size, count) = struct.unpack_from('<Q', image, 32)[0], struct.unpack_from(
        '<HH', image, 54)
    return [(row[3], image[row[2]:row[2] + row[5]])
            for row in rows(image, start, size, count, '<IIQQQQQQ')
            if row[0] == 1 and row[1] & 1 and row[3] >= BOOT_END]


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


def writes_of(image):
    """Addresses of what LOCKED_ONLY has, beside the locked page."""
    names = names_of(image)
    page = next(at for at, group in names.items() if 'cbx_locked' in group)
    end = next(at for at, group in names.items() if 'cbx_locked_end' in group)
    found = [at + m.start() for at, part in text_of(image)
             for m in re.finditer(LOCKED_ONLY, part)]
    inside = [at for at in found if page <= at < end]
    if len(inside) < LOCKED_MIN:
        sys.exit('pick.py: the locked instructions are not where they should be')
    return [hex(at) for at in found if at not in inside]


def halts_of(image):
    """Addresses of HLT, or what reads as one, in the gate's page."""
    gate = next(at for at, group in names_of(image).items() if 'cbx_pks_gate' in group)
    return [hex(at + i) for at, part in text_of(image) for i in range(len(part))
            if part[i:i + 1] == HLT and gate <= at + i < gate + PAGE]


def main(output, *paths):
    for path in paths:
        with open(path, 'rb') as file:
            image = file.read()
        found = writes_of(image) + halts_of(image)
        if not found:
            shutil.copy(path, output)
            return
        print(f'{path}: a jump would find {found}')
    sys.exit('pick.py: in every link of the monitor a jump finds an instruction that takes the '
             'machine, or halts it; the code there has to be said otherwise (doc/pks-vm.md, WRMSR in text)')


if __name__ == '__main__':
    main(*sys.argv[1:])
