# SPDX-License-Identifier: Apache-2.0
"""Programs in user mode of the test host.

usage: process_test.py TEST MONITOR HOST PROGRAM [BUILD]

With BUILD, the build's folder, at VMPL1 in the x86 lab, on one CPU.
"""
import os
import shutil
import socket
import sys
import tempfile
import time

import process

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lab'))
import snp_os  # pylint: disable=wrong-import-position

NUMBERS = bytes((i * 7 + i // 256) & 0xFF for i in range(10000))
# How many cases a program says at least.
CASES = {'threads': 9, 'files': 41, 'signals': 18, 'memory': 19, 'device': 37, 'nmi': 2}
SIGSEGV, SIGABRT = 11, 6
SECONDS = 1000  # in the lab


def expect(condition, what, result):
    if not condition:
        sys.exit(f'{result.console}{result.out.decode()}process_test.py: {what}: {result.status}')


class Machine:
    """The images and one program."""

    def __init__(self, monitor, host, program, build=None):
        self.images, self.build = (monitor, host), build
        self.inside = '/bin/' + os.path.basename(program)
        with open(program, 'rb') as file:
            self.files = {self.inside: file.read(), '/data/numbers': NUMBERS}

    def run(self, *words, **more):
        if self.build is not None:
            return self.run_below(words, **more)
        return process.run(*self.images, [self.inside, *words], self.files, seconds=140, **more)

    def run_below(self, words, envp=(), stdin=b''):
        images = []
        for path in self.images:
            with open(path, 'rb') as file:
                images.append(file.read())
        return snp_os.start(self.build, images, process.archive([self.inside, *words], self.files, envp, stdin), SECONDS)


def hello(machine):
    result = machine.run('good', 'day', stdin=b'one\ntwo\n', envp=['HOME=/', 'NAME=you'])
    expect(result.status == 7, 'another status', result)
    expect(result.out == b'good day to you\none\ntwo\n', f'another output: {result.out}', result)
    expect(result.err == b'2 lines\n', f'another error: {result.err}', result)
    result = machine.run()
    expect((result.status, result.out) == (7, b'to nobody\n'), 'with nothing', result)


def cases(machine, name, **more):
    result = machine.run(**more)
    print(result.out.decode())
    lines = result.out.decode().splitlines()
    good = [line for line in lines if line.startswith('ok ')]
    expect(result.status == 0, 'a case is bad', result)
    expect(len(good) >= CASES[name], 'cases are missing', result)
    return lines


def signals(machine):
    cases(machine, 'signals')
    expect(machine.run('die').status == -SIGSEGV, 'it did not die', machine.run('die'))
    expect(machine.run('abort').status == -SIGABRT, 'it did not abort', machine.run('abort'))


def on_cpus(machine, name):
    for cpus in (1, 2):
        if f'cpus {cpus}' not in cases(machine, name, cpus=cpus):
            sys.exit(f'process_test.py: not {cpus} CPUs')


def send_nmis(folder, path, sent):
    """When the program is ready, one after the other, until the machine ends."""
    while b'ready' not in process.read(folder, 'out'):
        if not os.path.exists(folder):
            return
        time.sleep(0.05)
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(path)
        try:
            while True:
                monitor.sendall(b'nmi\n')
                sent.append(time.monotonic())
                time.sleep(0.003)
        except OSError:
            return


def nmi(machine):
    with tempfile.TemporaryDirectory() as folder:
        path, sent = os.path.join(folder, 'monitor'), []
        cases(machine, 'nmi', more=['-monitor', f'unix:{path},server=on,wait=off'],
              watch=lambda out: send_nmis(out, path, sent))
    print(len(sent), 'NMIs')
    if len(sent) < 50:
        sys.exit(f'process_test.py: only {len(sent)} NMIs')


def main():
    name, *rest = sys.argv[1:]
    if shutil.which(process.QEMU) is None:
        print(f'{process.QEMU} is not installed')
        sys.exit(process.SKIP)
    machine = Machine(*rest)
    if name.startswith('hello'):
        hello(machine)
    elif name in ('signals', 'nmi'):
        {'signals': signals, 'nmi': nmi}[name](machine)
    elif name in ('threads', 'device') and machine.build is None:
        on_cpus(machine, name)
    else:
        cases(machine, name)


if __name__ == '__main__':
    main()
