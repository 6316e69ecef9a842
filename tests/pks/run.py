#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot a test image under QEMU and judge what it says.

usage: run.py TEST IMAGE MEASUREMENT.md
"""
import hashlib
import re
import shutil
import struct
import subprocess
import sys

SKIP = 77
QEMU = 'qemu-system-x86_64'
GOOD = 2 * 0x2A + 1  # what isa-debug-exit makes of the test's own status
SECONDS = 50
MACHINE = ['-M', 'q35', '-cpu', 'max,-la57', '-m', '512', '-nodefaults', '-no-reboot',
           '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']


def boot(image, *more):
    """(status, lines) of one run of the machine."""
    try:
        done = subprocess.run([QEMU, *MACHINE, *more, '-kernel', image], timeout=SECONDS,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b'').decode(errors='replace')
        sys.exit(f'{text}\nrun.py: no end after {SECONDS} s')
    text = done.stdout.decode(errors='replace').replace('\r', '')
    print(text, end='')
    return done.returncode, text.splitlines()


def expect(condition, what):
    if not condition:
        sys.exit(f'run.py: {what}')


def passed(image, *more):
    """Lines of a run that must end well."""
    status, lines = boot(image, *more)
    expect(status == GOOD and lines and lines[-1] == 'pass', f'status {status}')
    return lines


def values(lines, name):
    return [line.split(' ', 1)[1] for line in lines if line.startswith(name + ' ')]


def example(path, count):
    """The first chain values of the worked example that one box can make."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    records = re.findall(r'^(policy|page|zero) .*\n  = ([0-9a-f]{96})$', text, re.M)
    return [digest for _, digest in records][:count]


def keeper(image, document):
    digests = values(passed(image), 'digest')
    policy, page, _, zeros = example(document, 4)
    expect(digests == [policy, page, zeros], 'a digest is not that of the page')
    # And the page is not believed blindly.
    data = struct.pack('<IIIIQ', 1, 0, 16, 64, 1000000).ljust(208, b'\0')
    record = struct.pack('<8s4Q', b'policy', 0, 0, 0, len(data))
    expect(hashlib.sha384(bytes(48) + record + data).hexdigest() == digests[0],
           'the first digest is not that of its record')


def box(image, _):
    passed(image)


TESTS = {'keeper': keeper, 'box': box}


def main():
    test, image, document = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    TESTS[test](image, document)


if __name__ == '__main__':
    main()
