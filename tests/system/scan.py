# SPDX-License-Identifier: Apache-2.0
"""confbox scan: findings with offset, address and name, and files it refuses.

    scan.py CONFBOX
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

CONFBOX = None
NOP = b'\x90'
WRMSR = b'\x0f\x30'


def elf(segments, machine=62, phentsize=56):
    """A kernel of (flags, address, bytes) segments, each at a file page."""
    head = struct.pack('<4sBBBB8sHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, 0, b'', 2, machine, 1, 0,
                       64, 0, 0, 64, phentsize, len(segments), 64, 0, 0)
    rows, body, offset = b'', b'', 4096
    for flags, address, data in segments:
        rows += struct.pack('<IIQQQQQQ', 1, flags, offset, address, address, len(data),
                            len(data), 4096)
        body += data + bytes(-len(data) % 4096)
        offset += len(data) + -len(data) % 4096
    return (head + rows).ljust(4096, b'\0') + body


def module(sections):
    """An object file of (flags, bytes) sections."""
    body, rows = bytes(64), b''
    for flags, data in sections:
        rows += struct.pack('<IIQQQQIIQQ', 0, 1, flags, 0, len(body), len(data), 0, 0, 1, 0)
        body += data
    return struct.pack('<4sBBBB8sHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, 0, b'', 1, 62, 1, 0, 0,
                       len(body), 0, 64, 0, 0, 64, len(sections), 0) + body[64:] + rows


class Scan(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-scan-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def scan(self, data):
        path = os.path.join(self.folder, 'kernel')
        with open(path, 'wb') as file:
            file.write(data)
        done = subprocess.run([CONFBOX, 'scan', path], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=200, check=False)
        return done.returncode, done.stdout.decode().replace(path, 'F'), done.stderr.decode()

    def test_clean_code(self):
        self.assertEqual(self.scan(elf([(5, 0x1000, NOP * 5000)])), (0, '', ''))

    def test_findings_are_named(self):
        code = NOP * 7 + WRMSR + NOP * 20 + b'\xf3\x0f\x01\xe8' + NOP
        self.assertEqual(self.scan(elf([(5, 0xffffffff80000000, code)])), (
            1, 'F: offset 0x1007, address 0xffffffff80000007: wrmsr\n'
            'F: offset 0x101d, address 0xffffffff8000001d: setssbsy\n', ''))

    def test_across_pages_and_segments(self):
        first = NOP * 4095 + WRMSR[:1]
        code = first + WRMSR[1:] + NOP * 9
        found = (1, 'F: offset 0x1fff, address 0x10fff: wrmsr\n', '')
        self.assertEqual(self.scan(elf([(5, 0x10000, code)])), found)
        self.assertEqual(self.scan(elf([(5, 0x10000, first), (5, 0x11000, code[4096:])])), found)
        self.assertEqual(self.scan(elf([(5, 0x10000, first), (5, 0x12000, code[4096:])]))[0], 0)

    def test_zeros_behind_a_segment_are_code(self):
        self.assertEqual(self.scan(elf([(5, 0x1000, NOP + b'\x0f\x38\xf6')])), (
            1, 'F: offset 0x1001, address 0x1001: wrss\n', ''))

    def test_data_is_not_looked_at(self):
        self.assertEqual(self.scan(elf([(4, 0, WRMSR), (6, 0x1000, WRMSR), (5, 0x2000, NOP)])),
                         (0, '', ''))

    def test_modules_by_section(self):
        self.assertEqual(self.scan(module([(2, WRMSR), (6, NOP + WRMSR)])), (
            1, 'F: offset 0x43, address 0x43: wrmsr\n', ''))

    def test_what_is_no_kernel(self):
        good = elf([(5, 0x1000, NOP)])
        for data, what in ((b'', 'not an ELF file'), (b'#!/bin/sh\n' * 9, 'not an ELF file for x86-64'),
                           (elf([(5, 0, NOP)], machine=183), 'not an ELF file for x86-64'),
                           (elf([(5, 0, NOP)], phentsize=55), 'truncated'),
                           (good[:4096], 'truncated'), (good[:100], 'truncated'),
                           (elf([(6, 0, NOP)]), 'nothing in it is code'),
                           (elf([(5, 2**64 - 1, NOP)]), 'truncated')):
            code, out, err = self.scan(data)
            self.assertEqual((code, out), (126, ''), what)
            self.assertIn(f': {what}; ', err)

    def test_the_command_line(self):
        for words in (['scan'], ['scan', '--', 'x'], ['scan', 'a', 'b']):
            done = subprocess.run([CONFBOX, *words], capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (125, b''))
        done = subprocess.run([CONFBOX, 'scan', self.folder + '/none'], capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, 127)


if __name__ == '__main__':
    CONFBOX = os.path.abspath(sys.argv.pop(1))
    os.environ['LC_ALL'] = 'C'
    unittest.main(verbosity=2)
