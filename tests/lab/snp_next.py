# SPDX-License-Identifier: Apache-2.0
"""A stock Linux at VMPL1 starts another kernel in its memory while a service there has
a box that computes: that kernel finds all memory its own, and its services have boxes.

    snp_next.py SOURCE BUILD
"""
import os
import re
import shlex
import shutil
import sys
import tempfile

import lab as script
import snp_lab
from command import BUSYBOX, expect
from snp_lab import machine

OWN = {**script.OWN, **script.SNP, '--kernel': '6.1', '--seconds': '1200', '--console': True}
# Most of its memory is written to, also what the monitor had before.
FIRST = """
life load /next /initrd "$(busybox cat /proc/cmdline) next"
confbox run /spin > /said 2>&1 &
until busybox grep -q computes /said; do busybox usleep 100000; done
echo "init: had $(busybox cat /sys/class/misc/confbox/pages)" > /dev/console
life next
"""
SECOND = """
busybox grep -o "next$" /proc/cmdline
busybox mkdir /fill; busybox mount -t tmpfs -o size=85% none /fill
busybox dd if=/dev/zero of=/fill/all bs=1M 2> /dev/null
busybox umount /fill
echo abc | confbox run /image
"""


def main(source, build):
    for tool in ('qemu-system-x86_64', 'make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    lab = script.Snp(source, build)
    kernel, driver = snp_lab.module(source, build, OWN['--kernel'], machine.skip)
    with tempfile.TemporaryDirectory() as folder:
        image, spin = (lab.image(['--memory', '24M'], [BUSYBOX, *words], os.path.join(folder, 'image'))[0]
                       for words in (['rev'], ['sh', '-c', 'echo computes; while :; do :; done']))
    init = snp_lab.INIT.replace('@COMMAND@', shlex.join([BUSYBOX, 'sh', '-c', SECOND]))
    initrd = machine.initial(init, {'confbox.ko': driver, 'bin/confbox': script.read(lab.confbox), 'image': image, 'stdin': b''})
    result = lab.run(OWN, [BUSYBOX, 'sh', '-c', FIRST], {
        '/spin': spin, '/next': script.read(os.path.join(kernel, 'vmlinuz')), '/initrd': initrd,
        '/bin/life': script.read(os.path.join(build, 'tests/driver/driver-life'))})
    expect(re.search(r'^init: had [1-9]', result.console, re.M), 'no box', result.console)
    print(result.out.decode(), result.err.decode(), result.console)
    expect(result.status == 0 and result.out.decode().splitlines() == ['next', 'cba'], 'no next kernel, or no box there')


if __name__ == '__main__':
    main(*sys.argv[1:])
