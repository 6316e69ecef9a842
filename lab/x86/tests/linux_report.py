# SPDX-License-Identifier: Apache-2.0
"""A stock confidential kernel asks the lab's chip for a report, with its own driver; or,
below a monitor, asks that for one (SVSM's protocol 1).

usage: linux_report.py LAB VENDOR CONFBOX FETCH FOLDER [MONITOR]
"""
import base64
import glob
import hashlib
import lzma
import os
import shutil
import sys
import tempfile

from linux import BUSYBOX, COMMAND_LINE, MAGIC, SECONDS, SUITE, fetch, files_of, pack, said_by
from run import NONCE, QEMU, SKIP, boot, chip, expect, judge_report, measurement

# In this order; the driver seals its messages with the kernel's own gcm(aes).
MODULES = ('configfs', 'tsm', 'crypto_null', 'gf128mul', 'ghash-generic', 'gcm', 'sev-guest')

INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
for module in @MODULES@; do
	insmod /$module.ko
	echo "init: $module $?"
done
mount -t configfs none /sys/kernel/config
at=/sys/kernel/config/tsm/report/lab
mkdir $at
cat /nonce > $at/inblob
echo "init: provider $(cat $at/provider)"
@ASK@
echo "init: table $(base64 -w 0 $at/auxblob)"
echo "init: generation $(cat $at/generation)"
echo "init: done"
poweroff -f
"""

ALONE = """for level in 0 3; do
	echo $level > $at/privlevel
	echo "init: report$level $(base64 -w 0 $at/outblob)"
done"""
# One of the services (there are none) is refused, and leaves the others alone.
BELOW = """echo svsm > $at/service_provider
echo c476f1eb-0123-45a5-9641-b4e7dde5bfe3 > $at/service_guid
echo "init: single $(base64 -w 0 $at/outblob 2>/dev/null)."
echo 00000000-0000-0000-0000-000000000000 > $at/service_guid
echo "init: report0 $(base64 -w 0 $at/outblob)"
echo "init: manifest $(base64 -w 0 $at/manifestblob)"
"""
MANIFEST = bytes.fromhex('bb9e8463923d7046a1ff58f9c94b87bb') + bytes((24, 0, 0, 0, 0, 0, 0, 0))


def modules(kernel):
    """Those of the kernel, as files of its first file system; None: it has them not."""
    files = []
    for name in MODULES:
        found = glob.glob(f'{kernel}.modules/{name}.ko*')
        if not found:
            return None
        with open(found[0], 'rb') as file:
            data = file.read()
        if found[0].endswith('.xz'):
            data = lzma.decompress(data)
        files.append((name + '.ko', 0o100644, data, 0))
    return files


def main():
    lab, vendor, confbox, script, folder, *monitor = sys.argv[1:]
    for needed in (QEMU, BUSYBOX):
        if shutil.which(needed) is None:
            print(f'skipped: {needed} is not installed')
            sys.exit(SKIP)
    os.makedirs(folder, exist_ok=True)
    kernel = fetch(script, folder, SUITE['snp'])
    drivers = modules(kernel)
    if drivers is None:
        print('skipped: the kernel has no driver for reports')
        sys.exit(SKIP)
    init = INIT.replace('@MODULES@', ' '.join(MODULES)).replace('@ASK@', BELOW if monitor else ALONE)
    files = files_of(1, init, [*drivers, ('nonce', 0o100644, NONCE, 0)])
    with open(kernel, 'rb') as file, open(*(monitor or [os.devnull]), 'rb') as elf, \
            tempfile.NamedTemporaryFile() as module:
        module.write(pack(file.read(), files, MAGIC['snp'], elf.read()))
        module.flush()
        status, lines = boot(lab, module.name, '-append', COMMAND_LINE, *chip(vendor), seconds=SECONDS)
    said = dict(line.split(' ', 1) for line in said_by(status, lines)[:-1])
    expect([said.get(name) for name in MODULES] == ['0'] * len(MODULES), 'a module is refused')
    expect(said['provider'] == 'sev_guest', said['provider'])
    with tempfile.TemporaryDirectory() as work:
        for name in ('report0', 'report3', 'table'):
            with open(os.path.join(work, name), 'wb') as file:
                file.write(base64.b64decode(said.get(name, ''), validate=True))
        if monitor:
            expect(said['single'] == '.', 'there is a service')
            expect(base64.b64decode(said['manifest']) == MANIFEST, said['manifest'])
            data = hashlib.sha512(NONCE + MANIFEST).digest()
            judge_report(confbox, vendor, work, measurement(*monitor), 0, data)
        else:
            for level in (0, 3):  # launched by the loader's protocol: nothing is measured
                judge_report(confbox, vendor, work, bytes(48), level)


if __name__ == '__main__':
    main()
