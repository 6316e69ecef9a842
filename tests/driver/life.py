# SPDX-License-Identifier: Apache-2.0
"""The driver on a stock kernel in an emulator, with the test monitor: hibernation, and
a next kernel in the same memory.

usage: life.py KERNEL SOURCE BUILD PROGRAM
"""
import os
import re
import shutil
import sys
import tempfile

import machine

# A module that lost pages is another one when it is loaded again.
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
dmesg -n 5
echo "init: kernel $(uname -r)"
insmod /confbox.ko || echo "init: bad insmod"
program sleeps || echo "init: bad sleeps"
rmmod confbox || echo "init: bad rmmod"
insmod /confbox.ko || echo "init: bad insmod"
program load /next /initrd "@WORDS@" || echo "init: bad load"
for i in 1 2; do
	program hold > /held$i &
	until grep -q held /held$i; do usleep 50000; done
done
cd /sys/class/misc/confbox
echo "init: has $(cat files boxes | tr '\\n' ' ')"
program next
echo "init: bad next"
poweroff -f
"""
NEXT = """#!/bin/busybox sh
/bin/busybox echo "next: kernel $(/bin/busybox uname -r)"
/bin/busybox poweroff -f
"""
SECONDS = 300
LEFT = r'confbox: test: left to the next kernel: (\d+) pages, (\d+) boxes$'


def expect(condition, what):
    if not condition:
        sys.exit(f'life.py: {what}')


def judge(name, lines):
    text = '\n'.join(lines)
    print(text)
    ill = [line for line in lines if machine.ILL.search(line) and 'ommand line' not in line]
    expect(not ill, f'the kernel is not well: {ill}')
    expect(not re.search(r'init: bad|^bad:', text, re.M) and 'pass' in lines, 'something is bad')
    expect(len(re.findall(rf'^(?:init|next): kernel {re.escape(name)}\.', text, re.M)) == 2, 'there was no next kernel')
    for why in ('end all 1 users of /dev/confbox', '1 pages lost'):
        expect(re.search(f'confbox: no hibernation: {why}', text), 'nobody was told')
    expect('init: has 2 4 ' in lines, 'no services')
    left = re.search(LEFT, text, re.M)
    expect(left and left.groups() == ('0', '0'), left)


def main(name, source, build, program):
    for tool in (machine.QEMU, 'make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    kernel = machine.kernel(source, build, name)
    vmlinuz = os.path.join(kernel, 'vmlinuz')
    with tempfile.TemporaryDirectory() as folder:
        _, module = machine.module(source, kernel, os.path.join(folder, 'src'), test=True)
        files = {'confbox.ko': module, 'initrd': machine.initial(NEXT, {})}
        for at, path in (('bin/program', program), ('next', vmlinuz)):
            with open(path, 'rb') as file:
                files[at] = file.read()
        lines = machine.boot(folder, vmlinuz, machine.initial(
            INIT.replace('@WORDS@', machine.COMMAND_LINE), files), SECONDS)
    judge(name, lines)


if __name__ == '__main__':
    main(*sys.argv[1:])
