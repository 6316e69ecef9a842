# SPDX-License-Identifier: Apache-2.0
"""clock.py CONFBOX CALLS_CLOCK: a fixed clock moves only while the program sleeps,
and is part of the measurement."""
import subprocess
import sys
import time

EPOCH, SLEEP = 1700000000, 300000000


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=200).stdout.decode()


def main(confbox, program):
    shape = ['--epoch', str(EPOCH)]
    start = time.monotonic()
    got = output(confbox, 'run', *shape, '--clock', 'fixed', '--', program, 'show')
    took = time.monotonic() - start
    real = EPOCH * 10**9
    want = f'{real} 0 {real}\n{real + SLEEP} {SLEEP} {real + SLEEP}\n'
    failed = 0
    if got != want:
        print(f'wanted:\n{want}got:\n{got}')
        failed = 1
    if took < 2 * SLEEP / 1e9:
        print(f'the program did not sleep: {took:.3f} s')
        failed = 1
    digests = {output(confbox, 'measure', *shape, *more, '--', program)
               for more in ([], ['--clock', 'fixed'], ['--rewrite', 'never'])}
    if len(digests) != 3:
        print('a clock or the way of system calls is not measured')
        failed = 1
    return failed


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
