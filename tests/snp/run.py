# SPDX-License-Identifier: Apache-2.0
"""Boot the lab with a program at VMPL0 and judge what they say.

usage: run.py TEST LAB VENDOR PROGRAM PROGRAM
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../../lab/x86/tests'))
import run as lab_run  # noqa: E402 (the lab's machine)

TERMINATED = 'lab: terminated: cpu 0 vmpl 0 set 3 reason '
SENTENCES = 21
REFUSED, PANIC = '0', '1'
ASK = ('-append', 'lab.host=ask')

# What main.c comes to, by choice: the reason it gives the hypervisor, and what
# it says last before.
ENDS = {2: (PANIC, 'panic: status != CBX_E_STATE at '),
        3: (REFUSED, 'The hypervisor names another C bit than the CPU.')}
# And at once: on a machine without restricted injection, and with it.
BEGINS = ['Restricted injection is off, so the hypervisor could interrupt the monitor anywhere.',
          'nothing is wrong']
# What becomes of a monitor whose page is another one.
LOST = {6: 'nothing takes its #VC 404', 7: 'a page that is not the guest\'s so: ', 8: 'nothing takes its #VC 404'}


def judge(status, lines, count):
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('ok ')]
    lab_run.expect(status == lab_run.GOOD and lines[-1:] == ['pass'], f'status {status}')
    lab_run.expect(len(good) == len(lines) - 1 == count, 'cases are missing')


def judge_end(status, lines, why, said):
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GUEST and len(lines) == 2, f'status {status}')
    lab_run.expect(lines[1] == TERMINATED + why and lines[0].startswith(said), said)


def judge_lost(status, lines, why):
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GUEST and lines[-1].startswith('lab: lost: ') and why in lines[-1], why)


def parts(lab, _vendor, *images):
    for elf in images:
        judge(*lab_run.boot(lab, elf), SENTENCES)


def ends(lab, _vendor, *images):
    for elf, begin in zip(images, BEGINS, strict=True):
        for number, (why, said) in {1: (REFUSED, begin), **ENDS}.items():
            judge_end(*lab_run.boot(lab, elf, *lab_run.choose(number)), why, said)


def hostile(lab, _vendor, *images):
    plain, restricted = images
    for elf in images:
        judge(*lab_run.boot(lab, elf, *ASK, *lab_run.choose(4)), 9)
        judge(*lab_run.boot(lab, elf, *ASK, '-smp', '2', *lab_run.choose(5)), 3)
    for number, why in LOST.items():
        judge_lost(*lab_run.boot(lab, plain, *ASK, *lab_run.choose(number)), why)
    judge_lost(*lab_run.boot(lab, plain, *ASK, *lab_run.choose(11)), '')
    judge(*lab_run.boot(lab, restricted, *ASK, *lab_run.choose(11)), 4)


def report(lab, vendor, *images):
    chip = lab_run.chip(vendor)
    for elf in images:
        judge(*lab_run.boot(lab, elf, *chip, *lab_run.choose(9)), 3)
        judge(*lab_run.boot(lab, elf, *ASK, *chip, *lab_run.choose(10)), 3)


TESTS = {'parts': parts, 'ends': ends, 'hostile': hostile, 'report': report}


def main():
    test, *rest = sys.argv[1:]
    if lab_run.shutil.which(lab_run.QEMU) is None:
        print(f'{lab_run.QEMU} is not installed')
        sys.exit(lab_run.SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
