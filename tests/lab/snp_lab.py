# SPDX-License-Identifier: Apache-2.0
"""A stock Linux at VMPL1 with the driver, above the snp monitor, in the x86 lab: runs
one command there and brings back what it said."""
import os
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
sys.path[:0] = [os.path.join(ROOT, part) for part in ('lab/x86/tests', 'tests/driver', 'tests/host')]
import linux
import machine
import process
import run as lab_run

TURNED_OFF = 0  # QEMU's status then

# What the command says goes out by the second serial line, behind its status and two
# lengths.
INIT = """#!/bin/busybox sh
export PATH=/bin HOME=/
busybox mount -t devtmpfs none /dev
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
area=$(busybox sed -n 's/.*confbox.area=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
busybox insmod /confbox.ko area=$area
@COMMAND@ < /stdin > /tmp/out 2> /tmp/err
status=$?
busybox stty -F /dev/ttyS1 raw -echo
{
	echo "$status $(busybox stat -c %s /tmp/out) $(busybox stat -c %s /tmp/err)"
	busybox cat /tmp/out /tmp/err
} > /dev/ttyS1
busybox poweroff -f
"""


def module(source, build, version, fail):
    """The kernel's folder, and the driver for it; built again when a source changed."""
    if not os.path.isdir(os.path.join(build, 'driver-kernel')):
        print('confbox lab: fetches a Debian kernel and its headers, 50 MB, once', file=sys.stderr, flush=True)
    kernel = machine.kernel(source, build, version, fail)
    return kernel, machine.build_module(source, kernel, os.path.join(build, f'driver-module-{version}'), give_up=fail)[1]


def machine_words(build, folder, pack):
    """The emulator's, for whichever host is in the pack."""
    vendor = os.path.join(build, 'lab/x86/tests/vendor')
    at = lab_run.MACHINE.index('-serial')
    return [lab_run.QEMU, *lab_run.MACHINE[:at], '-serial', f'file:{folder}/console', *lab_run.MACHINE[at + 2:],
            *lab_run.chip(vendor), '-kernel', os.path.join(build, 'lab/x86/confbox-lab.elf'), '-initrd', pack]


def words(build, folder, pack, own):
    """And for a stock Linux."""
    return [*machine_words(build, folder, pack), '-serial', f'file:{folder}/result', '-smp', own['--cpus'],
            '-append', 'panic=-1 ' + ('console=ttyS0' if own.get('--console') else 'quiet')]


def boot(argv, seconds):
    """QEMU's status, or None when the time was over."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=seconds,
                              check=False).returncode
    except subprocess.TimeoutExpired:
        return None


def result(folder, status):
    """What came of it, if all of it came."""
    console = process.read(folder, 'console').decode(errors='replace').replace('\r', '')
    head, _, rest = process.read(folder, 'result').partition(b'\n')
    numbers = head.split()
    if status == TURNED_OFF and len(numbers) == 3 and all(word.isdigit() for word in numbers):
        ended, out, err = map(int, numbers)
        if len(rest) == out + err:
            return process.Result(ended, rest[:out], rest[out:], console, status)
    return process.Result(None, b'', b'', console, status)


def run(lab, own, argv, files, fail=sys.exit):
    """Boot and run; files are {path: bytes}, /stdin among them.  Ends by fail(why) when there is no kernel
    to be had or no driver."""
    build = lab.build
    kernel, driver = module(lab.source, build, own['--kernel'], fail)
    magic = linux.MAGIC[lab.KERNELS[own['--kernel']]]
    init = INIT.replace('@COMMAND@', shlex.join(argv))
    files = {path.lstrip('/'): data for path, data in files.items()}
    with open(os.path.join(kernel, 'vmlinuz'), 'rb') as image, \
            open(lab.monitor, 'rb') as monitor, \
            tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        pack = os.path.join(folder, 'pack')
        with open(pack, 'wb') as file:
            file.write(linux.pack(image.read(), machine.initial(init, {**files, 'confbox.ko': driver}),
                                  magic, monitor.read()))
        argv = words(build, folder, pack, own)
        return result(folder, boot(argv, float(own['--seconds'])))
