#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot a test image under QEMU and judge what it says.

usage: run.py TEST IMAGE...
"""
import hashlib
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from emulator import MACHINE, QEMU

SKIP = 77
GOOD = 2 * 0x2A + 1  # what isa-debug-exit makes of the test's own status
SECONDS = 200


def boot(image, *more):
    """(status, lines) of one run of the machine; image None: by what more says."""
    kernel = [] if image is None else ['-kernel', image]
    try:
        done = subprocess.run([QEMU, *MACHINE, *more, *kernel], timeout=SECONDS,
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


def keeper(image, document, *more):
    digests = values(passed(image, *more), 'digest')
    policy, page, _, zeros = example(document, 4)
    expect(digests == [policy, page, zeros], 'a digest is not that of the page')
    # And the page is not believed blindly.
    data = struct.pack('<IIIIQ', 2, 0, 16, 64, 1000000).ljust(3120, b'\0')
    record = struct.pack('<8s4Q', b'policy', 0, 0, 0, len(data))
    expect(hashlib.sha384(bytes(48) + record + data).hexdigest() == digests[0],
           'the first digest is not that of its record')


def grub(image, document):
    """The same image by GRUB and multiboot2 instead of PVH."""
    if shutil.which('grub-mkrescue') is None or shutil.which('xorriso') is None:
        print('grub-mkrescue or xorriso is not installed')
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as folder:
        tree, disk = os.path.join(folder, 'tree'), os.path.join(folder, 'disk.iso')
        os.makedirs(os.path.join(tree, 'boot/grub'))
        shutil.copy(image, os.path.join(tree, 'boot/monitor.elf'))
        with open(os.path.join(tree, 'boot/grub/grub.cfg'), 'w', encoding='ascii') as f:
            f.write('set timeout=0\nmenuentry monitor { multiboot2 /boot/monitor.elf }\n')
        subprocess.run(['grub-mkrescue', '-o', disk, tree], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        keeper(None, document, '-M', 'q35,sata=on', '-cdrom', disk)


def simple(image, _):
    passed(image)


def box(image, _):
    expect(values(passed(image), 'hidden') == ['1'], 'text is not hidden')
    expect(values(passed(image, '-cpu', 'max,-la57,-pku'), 'hidden') == ['0'],
           'text is hidden without keys')


def cpus(image, _):
    for count in (2, 4):
        lines = passed(image, '-smp', str(count))
        expect(values(lines, 'cpus') == [str(count)], f'not {count} CPUs')
        expect(values(lines, 'ended') == ['1'] * 3, 'a box ended otherwise')


# Instructions, with room for another compiler: what doc/pks-vm.md reports.
COSTS = {'gate': 900, 'upcall': 2600}


def cost(image, _):
    lines = passed(image, '-icount', 'shift=0')
    for name, most in COSTS.items():
        found = [int(value) for value in values(lines, name)]
        expect(len(found) == 1 and 0 < found[0] <= most, f'{name}: {found}, at most {most}')


# Of each fault image: what the CPU says, vector and error code; or, for a
# machine it cannot run on, the words of the refusal and the machine.
PAGE_WRITE, PAGE_ABSENT_WRITE, PAGE_EXECUTE = (14, 3), (14, 2), (14, 0x11)
FAULTS = [PAGE_WRITE, PAGE_WRITE, PAGE_WRITE, PAGE_ABSENT_WRITE, PAGE_ABSENT_WRITE, PAGE_EXECUTE,
          PAGE_EXECUTE]
BAD = 255  # the panic's status
REFUSALS = [('no supervisor keys', ['-cpu', 'max,-la57,-pks']),
            ('no SMEP, SMAP, UMIP', ['-cpu', 'max,-la57,-smap']),
            ('no room for the monitor', ['-m', '4'])]


def number(lines, name):
    """A line of the panic's registers."""
    found = [line for line in lines if re.fullmatch(name + ' +[0-9a-f]{16}', line)]
    expect(len(found) == 1, f'{len(found)} lines of {name}')
    return int(found[0].split()[1], 16)


def fault(*images):
    for image, (vector, error) in zip(images, FAULTS):
        status, lines = boot(image)
        expect(status == BAD and 'panic: a fault in the monitor' in lines[-1], 'no panic')
        expect(number(lines, 'vector') == vector, 'another vector')
        expect(number(lines, 'error') == error, 'another error code')
        expect(number(lines, 'rip') >> 40 == 0xffffff, 'rip is not the monitor\'s')
    for words, machine in REFUSALS:
        status, lines = boot(images[-1], *machine)
        expect(status == BAD and words in lines[-1], f'not refused: {words}')


def watch(run, monitor):
    """Every time the image says ready, and while it does not go on, an NMI."""
    text = b''
    end = time.monotonic() + SECONDS
    while True:
        if time.monotonic() > end:
            run.kill()
        if select.select([run.stdout], [], [], 0.3)[0]:
            more = os.read(run.stdout.fileno(), 4096)
            text += more
            if not more:
                return text.decode().replace('\r', '').splitlines()
            if b'ready' not in more:
                continue
        if b'ready' not in text:  # nobody takes one yet
            continue
        try:
            monitor.sendall(b'nmi\n')
        except BrokenPipeError:
            pass


def nmi(image, _):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'monitor')
        command = [QEMU, *MACHINE, '-kernel', image, '-monitor', f'unix:{path},server=on,wait=on']
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as run, \
                socket.socket(socket.AF_UNIX) as monitor:
            while monitor.connect_ex(path) != 0:  # not there, or not listening yet
                expect(run.poll() is None, 'QEMU does not start')
                time.sleep(0.01)
            lines = watch(run, monitor)
            print('\n'.join(lines))
            expect(run.wait() == GOOD and lines[-1] == 'pass', f'status {run.returncode}')
            expect(lines.count('ready') == 4, 'not every NMI was waited for')


TESTS = {'keeper': keeper, 'grub': grub, 'box': box, 'tables': simple, 'fault': fault,
         'nmi': nmi, 'cpus': cpus, 'cost': cost}


def main():
    test, *rest = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
