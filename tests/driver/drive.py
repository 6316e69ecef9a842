# SPDX-License-Identifier: Apache-2.0
"""The driver on a stock kernel in an emulator, with the test monitor.

usage: drive.py device|fuzz KERNEL SOURCE BUILD PROGRAM [SECONDS]
"""
import os
import re
import shutil
import sys
import tempfile

import machine

# The module is loaded with a group, used, unloaded, and nothing is left of it.  Memory
# it lost would be missing in the end.
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
dmesg -n 5
free_kb() { # with what CPUs keep for the next to ask
	echo 3 > /proc/sys/vm/drop_caches
	sleep 1
	awk '/^MemFree:/ { kb += $2 } $1 == "count:" { kb += 4 * $2 } END { print kb }' /proc/meminfo /proc/zoneinfo
}
echo "init: kernel $(uname -r)"
insmod /confbox.ko group=1000 || echo "init: bad insmod"
/bin/program warm @WORDS@ || echo "init: bad warm"
before=$(free_kb)
/bin/program run @WORDS@
echo "init: status $?"
after=$(free_kb)
echo "init: free $before $after"
echo "init: lost $(cat /sys/class/misc/confbox/lost)"
rmmod confbox || echo "init: bad rmmod"
[ -e /dev/confbox ] && echo "init: bad node"
@MORE@
dmesg | sed -n 's/^.*confbox: /init: said /p'
echo "init: done"
poweroff -f
"""
MORE = """insmod /confbox.ko || echo "init: bad insmod"
/bin/program stay || echo "init: bad stay"
"""
SECONDS = 240
LEAST = {'device': 40, 'fuzz': 1}
LOST = {'device': 4, 'fuzz': 0}
SLACK_KB = 2048  # what a kernel needs for itself meanwhile


def expect(condition, what):
    if not condition:
        sys.exit(f'drive.py: {what}')


def judge(what, name, lines):
    text = '\n'.join(lines)
    print(text)
    ill = [line for line in lines if machine.ILL.search(line) and 'Command line' not in line]
    expect(not ill, f'the kernel is not well: {ill}')
    expect(not re.search(r'init: bad|^bad:', text, re.M), 'something is bad')
    expect(re.search(rf'^init: kernel {re.escape(name)}\.', text, re.M), f'that is not {name}')
    expect('init: status 0' in text and 'init: done' in text and 'pass' in lines, 'it did not pass')
    expect(len([line for line in lines if line.startswith('ok ')]) == LEAST[what], 'tests are missing')
    expect(f'init: lost {LOST[what]}' in lines, 'pages were lost')
    before, after = map(int, re.search(r'^init: free (\d+) (\d+)$', text, re.M).groups())
    expect(after > before - SLACK_KB, f'{before - after} kB are gone')
    if LOST[what]:
        expect(re.search(r'init: said 4 pages are lost: 3 kept, 1 not clean$', text, re.M), 'nobody was told')


def main(what, name, source, build, program, *words):
    for tool in (machine.QEMU, 'make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    kernel = machine.kernel(source, build, name)
    init = INIT.replace('@MORE@', MORE if what == 'device' else '')
    with tempfile.TemporaryDirectory() as folder:
        _, module = machine.module(source, kernel, os.path.join(folder, 'src'), test=True)
        with open(program, 'rb') as file:
            files = {'bin/program': file.read(), 'confbox.ko': module}
        lines = machine.boot(folder, os.path.join(kernel, 'vmlinuz'),
                             machine.initial(init.replace('@WORDS@', ' '.join(words)), files), SECONDS,
                             'movablecore=256M' if what == 'device' else '')
    judge(what, name, lines)


if __name__ == '__main__':
    main(*sys.argv[1:])
