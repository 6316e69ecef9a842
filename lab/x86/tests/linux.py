# SPDX-License-Identifier: Apache-2.0
"""Boot the distribution's stock kernel in the lab, as a guest that knows of none.

usage: linux.py CPUS LAB FETCH FOLDER

FETCH FOLDER prints the kernel's path (scripts/lab-kernel).
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from run import SKIP, QEMU, boot, expect

BUSYBOX = '/bin/busybox'
SECONDS = 500
PAGE = 4096
MAGIC = b'lab pack'
COMMAND_LINE = 'console=ttyS0 quiet panic=-1'

# Where the lab is: its first page, one inside, its last.  A CPU that runs outside
# of it can read them.
LAB = ['0x8000000', '0x8001008', '0x9fff000']
ROM = '0xfffffff0'

INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
echo "init: kernel $(uname -r)"
echo "init: cpus $(grep -c ^processor /proc/cpuinfo)"
echo "init: svm or sev: $(grep -cwE 'svm|sev|sev_es|sev_snp' /proc/cpuinfo)"
touch_on() { # CPU, address, what to store
	cpu=$1
	shift
	taskset $((1 << cpu)) devmem "$@" > /said 2>&1
	echo "init: cpu $cpu memory $* status $? $(cat /said)"
}
again() {
	echo 0 > /sys/devices/system/cpu/cpu$1/online
	echo "init: cpu $1 stops $?"
	echo 1 > /sys/devices/system/cpu/cpu$1/online
	echo "init: cpu $1 starts $?"
}
for cpu in @CPUS@; do
	touch_on $cpu @ROM@ 32
	for at in @LAB@; do
		touch_on $cpu $at 64
		touch_on $cpu $at 64 0x4141414141414141
	done
done
for cpu in @MORE@; do
	again $cpu
	touch_on $cpu @ROM@ 32
	touch_on $cpu 0x8000000 64
done
echo "init: done"
poweroff -f
"""


def cpio(files):
    """An initial file system: (name, mode, bytes, device)."""
    out = b''
    for number, (name, mode, data, device) in enumerate([*files, ('TRAILER!!!', 0, b'', 0)], 1):
        words = (number, mode, 0, 0, 1, 0, len(data), 0, 0, device >> 8, device & 0xff,
                 len(name) + 1, 0)
        out += b'070701' + b''.join(b'%08x' % word for word in words) + name.encode() + b'\0'
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return out


def files_of(cpus):
    init = INIT.replace('@CPUS@', ' '.join(map(str, range(cpus))))
    init = init.replace('@MORE@', ' '.join(map(str, range(1, cpus))))
    init = init.replace('@ROM@', ROM).replace('@LAB@', ' '.join(LAB))
    with open(BUSYBOX, 'rb') as file:
        busybox = file.read()
    folders = [(name, 0o40755, b'', 0) for name in ('bin', 'dev', 'proc', 'sys')]
    return cpio([*folders, ('dev/console', 0o20600, b'', 0x501), ('dev/mem', 0o20600, b'', 0x101),
                 ('bin/busybox', 0o100755, busybox, 0), ('init', 0o100755, init.encode(), 0)])


def pack(kernel, files):
    """What ../launch.h calls a pack."""
    at = PAGE + len(kernel) + -len(kernel) % PAGE
    head = MAGIC + struct.pack('<4Q', PAGE, len(kernel), at, len(files))
    return head.ljust(PAGE, b'\0') + kernel.ljust(at - PAGE, b'\0') + files


def fetch(script, folder):
    done = subprocess.run([script, folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        print(f'skipped: no kernel: {done.stdout}')
        sys.exit(SKIP)
    return done.stdout.split()[-1]


def boot_linux(lab, kernel, cpus):
    with open(kernel, 'rb') as file, tempfile.NamedTemporaryFile() as module:
        module.write(pack(file.read(), files_of(cpus)))
        module.flush()
        return boot(lab, module.name, '-smp', str(cpus), '-append', COMMAND_LINE, seconds=SECONDS)


def judge(cpus, status, lines):
    print('\n'.join(lines))
    said = [line[line.index('init: ') + 6:] for line in lines if 'init: ' in line]
    expect(status == 0 and said and said[-1] == 'done', f'status {status}')
    expect(not any('lab:' in line for line in lines), 'the lab had to say something')
    expect(re.match(r'kernel [56789]\.\d+\.\d+-', said[0]), said[0])
    expect(said[1] == f'cpus {cpus}', said[1])
    expect(said[2] == 'svm or sev: 0', said[2])
    rest = said[3:-1]
    for cpu in range(cpus):
        words = [line for line in rest if line.startswith(f'cpu {cpu} memory ')]
        read = [line for line in words if f' {ROM} 32 status 0 0x' in line]
        refused = [line for line in words if line.endswith('status 139 Segmentation fault') or
                   line.endswith('status 139 ')]
        again = int(cpu > 0)
        expect(len(read) == 1 + again, f'cpu {cpu} cannot read what it may')
        expect(len(refused) == 2 * len(LAB) + again, f'cpu {cpu} reaches the lab')
        expect(len(words) == len(read) + len(refused), f'cpu {cpu} says something else')
        for what in ('stops', 'starts')[:2 * again]:
            expect(f'cpu {cpu} {what} 0' in rest, f'cpu {cpu} {what}')


def main():
    cpus, lab, script, folder = sys.argv[1:]
    for needed in (QEMU, BUSYBOX):
        if shutil.which(needed) is None:
            print(f'skipped: {needed} is not installed')
            sys.exit(SKIP)
    os.makedirs(folder, exist_ok=True)
    judge(int(cpus), *boot_linux(lab, fetch(script, folder), int(cpus)))


if __name__ == '__main__':
    main()
