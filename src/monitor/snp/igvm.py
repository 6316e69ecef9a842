#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image as an IGVM file (format version 1, for SEV-SNP), and what a launch of one comes to.

usage: igvm.py make IMAGE FILE
       igvm.py digest FILE

The same image gives the same bytes.  The pages are those of the image's segments, in their order and each
once: data, then the secrets page, the CPUID page, the page the loader fills, the memory that has to be
there, and the registers last (boot.h).  digest prints the launch measurement that the processor's reports
will have, in hexadecimal.
"""
import hashlib
import struct
import sys
import zlib

PAGE = 4096
# Program headers of the image: boot.h.
PT_LOAD, PT_VMSA, PT_SECRETS, PT_CPUID, PT_BOOT, PT_ASKED = (
    1, 0x6c616276, 0x6c616273, 0x6c616263, 0x6c616270, 0x6c616272)
# The file's headers.
FIXED, HEADER, ALIGNMENT = '<4sIIIII', '<II', 8
PLATFORM, POLICY, AREA, PAGE_DATA, INSERT, REGISTERS, REQUIRED = (
    (0x001, '<IBBHQ'), (0x101, '<QII'), (0x301, '<QII'), (0x302, '<QIIIHH'), (0x303, '<QII'), (0x304, '<QIIHH'),
    (0x305, '<QIIII'))
FORMS = dict((PLATFORM, POLICY, AREA, PAGE_DATA, INSERT, REGISTERS, REQUIRED))
MASK = 1                        # of the one platform
LOWER_LEVELS, SEV_SNP, VERSION = 2, 2, 1
SMT_AND_ONE = 0x30000           # a guest's policy: SMT may be on; what has to be 1
NORMAL, SECRETS, CPUID = 0, 1, 2
# What a page is to the firmware: PAGE_INFO.
DATA, VMSA, UNMEASURED, TO_FIRMWARE = 1, 2, 4, {NORMAL: 1, SECRETS: 5, CPUID: 6}


def headers_of(image):
    if image[:6] != b'\x7fELF\x02\x01':
        sys.exit('igvm: the image is no 64-bit little-endian ELF file')
    at, = struct.unpack_from('<Q', image, 32)
    size, count = struct.unpack_from('<HH', image, 54)
    for n in range(count):
        kind, _, offset, _, pa, held, whole = struct.unpack_from('<IIQQQQQ', image, at + n * size)
        yield kind, pa, image[offset:offset + held], whole


def pages_of(pa, held, whole):
    for n in range(0, whole, PAGE):
        yield pa + n, held[n:n + PAGE].ljust(PAGE, b'\0')


def take(headers, kind):
    """The address of the one header of a kind."""
    found = [(pa, whole) for which, pa, _, whole in headers if which == kind]
    if len(found) != 1:
        sys.exit(f'igvm: the image has {len(found)} headers of type {kind:#x}, not one')
    return found[0]


def directives(image):
    """(header, values, a page of the file or None): an offset in the file is None in values."""
    headers = list(headers_of(image))
    special = {kind: take(headers, kind)[0] for kind in (PT_SECRETS, PT_CPUID, PT_BOOT, PT_VMSA)}
    asked, asked_bytes = take(headers, PT_ASKED)
    registers = None
    yield PLATFORM, (MASK, LOWER_LEVELS, SEV_SNP, VERSION, 0), None
    yield POLICY, (SMT_AND_ONE, MASK, 0), None
    for kind, pa, held, whole in headers:
        for gpa, page in pages_of(pa, held, whole) if kind == PT_LOAD else ():
            if gpa == special[PT_VMSA]:
                registers = page
            elif gpa not in special.values():
                yield PAGE_DATA, (gpa, MASK, None, 0, NORMAL, 0), page if any(page) else None
    yield PAGE_DATA, (special[PT_SECRETS], MASK, None, 0, SECRETS, 0), None
    yield PAGE_DATA, (special[PT_CPUID], MASK, None, 0, CPUID, 0), None
    yield AREA, (PAGE, 0, None), None
    yield INSERT, (special[PT_BOOT], MASK, 0), None
    yield REQUIRED, (asked, MASK, asked_bytes, 0, 0), None
    yield REGISTERS, (special[PT_VMSA], MASK, None, 0, 0), registers


def padded(header):
    return header + bytes(-len(header) % ALIGNMENT)


def make(image):
    listed = list(directives(image))
    start = struct.calcsize(FIXED)
    end = start + sum(len(padded(bytes(struct.calcsize(HEADER) + struct.calcsize(form))))
                      for (_, form), _, _ in listed)
    headers, data = b'', bytearray(-end % PAGE)
    for (kind, form), values, page in listed:
        offset = 0 if page is None else end + len(data)
        data += page or b''
        values = [offset if value is None else value for value in values]
        headers += padded(struct.pack(HEADER, kind, struct.calcsize(form)) + struct.pack(form, *values))
    fixed = [b'IGVM', VERSION, start, len(headers), end + len(data)]
    checksum = zlib.crc32(struct.pack(FIXED, *fixed, 0) + headers)
    return struct.pack(FIXED, *fixed, checksum) + headers + bytes(data)


def launched(file):
    """(what it is to the firmware, address, page or None) of each page of a file that make() made."""
    _, _, at, size, _, _ = struct.unpack_from(FIXED, file)
    end = at + size
    while at < end:
        kind, length = struct.unpack_from(HEADER, file, at)
        at += struct.calcsize(HEADER)
        values = struct.unpack_from(FORMS[kind], file, at)
        at += len(padded(bytes(length)))
        gpa, _, offset = values[:3]
        page = file[offset:offset + PAGE] if offset else bytes(PAGE)
        if kind == PAGE_DATA[0]:
            what = TO_FIRMWARE[values[4]]
            yield what, gpa, page if what == DATA else None
        elif kind == INSERT[0]:
            yield UNMEASURED, gpa, None
        elif kind == REGISTERS[0]:
            yield VMSA, gpa, page


def digest(file):
    value = bytes(48)
    for what, gpa, page in launched(file):
        contents = bytes(48) if page is None else hashlib.sha384(page).digest()
        value = hashlib.sha384(value + contents + struct.pack('<HB5xQ', 0x70, what, gpa)).digest()
    return value


def main():
    verb, path, *to = sys.argv[1:] if len(sys.argv) in (3, 4) else ('', '')
    if (verb, len(to)) not in (('make', 1), ('digest', 0)):
        sys.exit(__doc__)
    with open(path, 'rb') as f:
        file = f.read()
    if verb == 'digest':
        print(digest(file).hex())
        return
    with open(to[0], 'wb') as f:
        f.write(make(file))


if __name__ == '__main__':
    main()
