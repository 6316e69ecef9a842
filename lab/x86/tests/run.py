# SPDX-License-Identifier: Apache-2.0
"""Boot the lab with a guest under QEMU and judge what they say.

usage: run.py TEST LAB GUEST
"""
import shutil
import subprocess
import sys

SKIP = 77
QEMU = 'qemu-system-x86_64'
MACHINE = ['-M', 'q35', '-cpu', 'max,phys-bits=52', '-m', '512', '-nodefaults', '-no-reboot',
           '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
GOOD, GUEST = 2 * 0x2a + 1, 2 * 0x2c + 1  # what isa-debug-exit makes of ../say.h
SECONDS = 60
CHOICE = 0x4400000  # guest.h


def boot(lab, module, *more):
    """(status, lines) of one run of the machine."""
    try:
        done = subprocess.run([QEMU, *MACHINE, *more, '-kernel', lab, '-initrd', module],
                              timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b'').decode(errors='replace')
        sys.exit(f'{text}\nrun.py: no end after {SECONDS} s')
    return done.returncode, done.stdout.decode(errors='replace').replace('\r', '').splitlines()


def expect(condition, what):
    if not condition:
        sys.exit(f'run.py: {what}')


def guest(lab, elf):
    status, lines = boot(lab, elf)
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('guest: ok ')]
    expect(status == GOOD and lines[-1] == 'guest: pass', f'status {status}')
    expect(len(good) == len(lines) - 1 == 26, 'cases are missing')


LOST = 'lab: lost: cpu 0 vmpl 0 rip '
# What ends.c comes to, by number.
ENDS = ['a page that is not validated: 800004000000',
        'a page that is not the guest\'s so: 800008000000',
        'a page that is not the guest\'s so: 8000000',
        'a page that is not the guest\'s so: 1',
        'a page that is not the guest\'s so: 8000010',
        'a page that is not validated: 8000010',
        'a page that is not the guest\'s: 8000000',
        None,
        'a request by MSR that is none: f0e',
        'shutdown 0',
        'the GHCB is not shared: 1']


def ends(lab, elf):
    for number, words in enumerate(ENDS, 1):
        status, lines = boot(lab, elf, '-device',
                             f'loader,addr={CHOICE},data={number},data-len=8')
        print('\n'.join(lines))
        expect(status == GUEST and len(lines) == 1, f'end {number}: status {status}')
        if words is None:
            expect(lines[0] == 'lab: terminated: cpu 0 vmpl 0 set 3 reason 7', lines[0])
        else:
            expect(lines[0].startswith(LOST) and f': {words}' in lines[0], lines[0])


TESTS = {'guest': guest, 'ends': ends}


def main():
    test, *rest = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
