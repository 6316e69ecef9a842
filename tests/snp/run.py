# SPDX-License-Identifier: Apache-2.0
"""Boot the lab with a program at VMPL0 and judge what they say.

usage: run.py TEST LAB PROGRAM [VENDOR]
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../../lab/x86/tests'))
import run as lab_run  # noqa: E402 (the lab's machine)

TERMINATED = 'lab: terminated: cpu 0 vmpl 0 set 3 reason '
SENTENCES = 21
REFUSED, PANIC = '0', '1'

# What main.c comes to, by choice: the reason it gives the hypervisor, and what
# it says last before.
ENDS = [(REFUSED, 'Restricted injection is off, so the hypervisor could interrupt the monitor anywhere.'),
        (PANIC, 'panic: status != CBX_E_STATE at '),
        (REFUSED, 'The hypervisor names another C bit than the CPU.')]


def judge(status, lines, count):
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('ok ')]
    lab_run.expect(status == lab_run.GOOD and lines[-1:] == ['pass'], f'status {status}')
    lab_run.expect(len(good) == len(lines) - 1 == count, 'cases are missing')


def parts(lab, elf):
    judge(*lab_run.boot(lab, elf), SENTENCES)


def ends(lab, elf):
    for number, (why, said) in enumerate(ENDS, 1):
        status, lines = lab_run.boot(lab, elf, *lab_run.choose(number))
        print('\n'.join(lines))
        lab_run.expect(status == lab_run.GUEST and len(lines) == 2, f'end {number}: status {status}')
        lab_run.expect(lines[1] == TERMINATED + why, f'end {number}: {lines[1]}')
        lab_run.expect(lines[0].startswith(said), f'end {number}: {lines[0]}')


# By choice, too: what becomes of a monitor whose page is another one.
LOST = {6: 'nothing takes its #VC 404', 7: 'a page that is not the guest\'s so: ', 8: 'nothing takes its #VC 404'}


def hostile(lab, elf):
    ask = ('-append', 'lab.host=ask')
    judge(*lab_run.boot(lab, elf, *ask, *lab_run.choose(4)), 8)
    judge(*lab_run.boot(lab, elf, *ask, '-smp', '2', *lab_run.choose(5)), 3)
    for number, why in LOST.items():
        status, lines = lab_run.boot(lab, elf, *ask, *lab_run.choose(number))
        print('\n'.join(lines))
        lab_run.expect(status == lab_run.GUEST and len(lines) == 1 and why in lines[0], f'{number}: {status}')


def report(lab, elf, vendor):
    chip = lab_run.chip(vendor)
    judge(*lab_run.boot(lab, elf, *chip, *lab_run.choose(9)), 3)
    judge(*lab_run.boot(lab, elf, '-append', 'lab.host=ask', *chip, *lab_run.choose(10)), 3)


TESTS = {'parts': parts, 'ends': ends, 'hostile': hostile, 'report': report}


def main():
    test, *rest = sys.argv[1:]
    if lab_run.shutil.which(lab_run.QEMU) is None:
        print(f'{lab_run.QEMU} is not installed')
        sys.exit(lab_run.SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
