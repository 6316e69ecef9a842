# SPDX-License-Identifier: Apache-2.0
"""Boot a distribution's stock kernel in the lab: as a guest that knows of none, as a
confidential one, or as one below a monitor.

usage: linux.py blind|snp|twice|svsm|lower CPUS LAB FETCH FOLDER [MONITOR]

FETCH FOLDER [SUITE] prints the kernel's path (scripts/lab-kernel).
"""
import hashlib
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
BYTES = 10000000
PAGE = 4096
SUITE = {'blind': [], 'snp': ['trixie'], 'twice': ['trixie'], 'svsm': ['trixie'], 'lower': ['trixie']}  # whose kernel knows SEV-SNP
MAGIC = {'blind': b'lab pack', 'snp': b'snp pack', 'twice': b'snp pack', 'svsm': b'snp pack', 'lower': b'snp pack'}
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

# What a confidential kernel says of itself; device memory and CPUID, which each take
# #VC, from a program.
INIT_SNP = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
said() {
	echo "init: $1 $(dmesg | sed -n "s/^\\[[^]]*\\] *$2//p")"
}
echo "init: kernel $(uname -r)"
echo "init: cpus $(grep -c ^processor /proc/cpuinfo)"
said features 'Memory Encryption Features active: '
said level 'SEV: SNP running at '
echo "init: vmpl $(cat /sys/devices/system/cpu/sev/vmpl)"
said table 'SEV: Using SNP '
said wakes 'SEV: APIC: wakeup_secondary_cpu() replaced with '
said bounce 'software IO TLB: mapped '
for cpu in @CPUS@; do
	taskset $((1 << cpu)) grep -c . /proc/self/maps > /said
	echo "init: cpu $cpu runs $?"
	taskset $((1 << cpu)) devmem 0xfee00030 32 > /said 2>&1
	echo "init: cpu $cpu device status $?"
done
for cpu in @MORE@; do
	echo 0 > /sys/devices/system/cpu/cpu$cpu/online
	echo "init: cpu $cpu stops $?"
	echo 1 > /sys/devices/system/cpu/cpu$cpu/online
	echo "init: cpu $cpu starts $?"
	taskset $((1 << cpu)) grep -c . /proc/self/maps > /said
	echo "init: cpu $cpu runs again $?"
done
head -c @BYTES@ /dev/zero | sha256sum | sed 's/^/init: sum /'
echo "init: done"
poweroff -f
"""

# A CPU that goes and comes, and once more.
INIT_TWICE = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t sysfs none /sys
for turn in 1 2; do
	echo 0 > /sys/devices/system/cpu/cpu1/online
	echo "init: turn $turn stops $?"
	echo 1 > /sys/devices/system/cpu/cpu1/online
	echo "init: turn $turn starts $?"
done
echo "init: done"
poweroff -f
"""
SCRIPT = {'blind': INIT, 'twice': INIT_TWICE}


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


def files_of(cpus, script=INIT, more=()):
    init = script.replace('@CPUS@', ' '.join(map(str, range(cpus))))
    init = init.replace('@MORE@', ' '.join(map(str, range(1, cpus))))
    init = init.replace('@ROM@', ROM).replace('@LAB@', ' '.join(LAB))
    init = init.replace('@BYTES@', str(BYTES))
    with open(BUSYBOX, 'rb') as file:
        busybox = file.read()
    folders = [(name, 0o40755, b'', 0) for name in ('bin', 'dev', 'proc', 'sys')]
    return cpio([*folders, ('dev/console', 0o20600, b'', 0x501), ('dev/mem', 0o20600, b'', 0x101),
                 ('dev/zero', 0o20600, b'', 0x105), ('bin/busybox', 0o100755, busybox, 0), ('init', 0o100755, init.encode(), 0), *more])


def pack(kernel, files, magic=MAGIC['blind'], monitor=b''):
    """What ../launch.h calls a pack."""
    head, body = magic, b''
    for part in (kernel, files, monitor):
        head += struct.pack('<2Q', PAGE + len(body), len(part))
        body += part + b'\0' * (-len(part) % PAGE)
    return head.ljust(PAGE, b'\0') + body


def fetch(script, folder, suite):
    done = subprocess.run([script, folder, *suite], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        print(f'skipped: no kernel: {done.stdout}')
        sys.exit(SKIP)
    return done.stdout.split()[-1]


def boot_linux(lab, kernel, cpus, how='blind', monitor=os.devnull):
    files = files_of(cpus, SCRIPT.get(how, INIT_SNP))
    with open(kernel, 'rb') as file, open(monitor, 'rb') as elf, tempfile.NamedTemporaryFile() as module:
        module.write(pack(file.read(), files, MAGIC[how], elf.read()))
        module.flush()
        return boot(lab, module.name, '-smp', str(cpus), '-append', COMMAND_LINE, seconds=SECONDS)


def said_by(status, lines):
    """What the guest said, from the first to the last word."""
    print('\n'.join(lines))
    said = [line[line.index('init: ') + 6:] for line in lines if 'init: ' in line]
    expect(status == 0 and said and said[-1] == 'done', f'status {status}')
    return said


def judge(cpus, status, lines):
    said = said_by(status, lines)
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


# What the lab counted, and the least of it: of 64 MiB that bounce every page is
# converted and accepted, by a monitor in lists.
LEAST = {'vc': 10000, 'pvalidate': 16384, 'state': 16384, 'msr': 10, 'page': 10000,
         'port': 1000, 'device': 1000}
LEAST_CALLS = 100
SUM = hashlib.sha256(bytes(BYTES)).hexdigest()


def judge_counts(counts, cpus, vmpl):
    for name, least in LEAST.items():
        expect(counts[name] >= least, f'{name}: {counts[name]}')
    # the second processor twice; below a monitor the level of the first one, and the
    # monitor on the second
    create = 2 * (cpus - 1) if vmpl == 0 else 1 + 3 * (cpus - 1)
    expect(counts['create'] == create, f"create: {counts['create']}")
    expect(counts['calls'] == 0 if vmpl == 0 else counts['calls'] >= LEAST_CALLS, f"calls: {counts['calls']}")


def judge_levels(levels, cpus, vmpl):
    """Number, ticks and turns of each level, behind the ticks of all."""
    everything, *levels = [[int(word) for word in re.findall(r'\d+', part)] for part in levels.split(';')]
    used = [level for level in levels if level[0] in (0, vmpl)]
    expect(0 < sum(ticks for _, ticks, _ in used) < cpus * everything[0], f'ticks: {levels}')
    expect(all(ticks > 0 and turns >= cpus for _, ticks, turns in used), f'turns: {levels}')
    expect(vmpl > 0 or used[0][2] == cpus, f'turns of VMPL0: {levels}')
    expect(len(levels) == 4 and all(ticks == turns == 0 for level, ticks, turns in levels if level not in (0, vmpl)),
           f'levels: {levels}')


def judge_snp(cpus, status, lines, vmpl=0):
    said = said_by(status, lines)
    labs = [line for line in lines if 'lab:' in line]
    expect([line.split()[1] for line in labs] == ['counts:', 'levels:'], f'the lab says {labs}')
    words = labs[0].split()[2:]
    judge_counts(dict(zip(words[::2], map(int, words[1::2]))), cpus, vmpl)
    judge_levels(labs[1], cpus, vmpl)
    expect(re.match(r'kernel (6\.1[2-9]|[789]\.\d+)\.\d+', said[0]), said[0])
    for line in (f'cpus {cpus}', 'features AMD SEV SEV-ES SEV-SNP', f'level VMPL{vmpl}.', f'vmpl {vmpl}',
                 'wakes wakeup_cpu_via_vmgexit()', f'sum {SUM}  -'):
        expect(line in said, f'it does not say: {line}')
    for cpu in range(cpus):
        expect(f'cpu {cpu} runs 0' in said, f'cpu {cpu} runs nothing')
        expect(f'cpu {cpu} device status 135' in said, f'cpu {cpu} reaches a device')
        for what in ('stops', 'starts', 'runs again')[:3 * int(cpu > 0)]:
            expect(f'cpu {cpu} {what} 0' in said, f'cpu {cpu} {what}')


def judge_twice(_cpus, _status, lines):
    """Alone at VMPL0, the kernel does not survive it.  One that does may be asked for it below a monitor, too
    (tests/lab/snp_stress.py)."""
    print('\n'.join(lines))
    said = [line[line.index('init: ') + 6:] for line in lines if 'init: ' in line]
    expect(said == ['turn 1 stops 0', 'turn 1 starts 0', 'turn 2 stops 0'], 'this kernel can do it twice' if 'done' in said else said)
    expect(any('Kernel panic' in line and 'GHCB and Backup GHCB are already in use' in line for line in lines), 'another end')


def judge_svsm(cpus, status, lines):
    judge_snp(cpus, status, lines, 1)


def judge_lower(cpus, status, lines):
    """Below a monitor that gives its host a lower level."""
    judge_snp(cpus, status, lines, 2)


def main():
    how, cpus, lab, script, folder, *monitor = sys.argv[1:]
    for needed in (QEMU, BUSYBOX):
        if shutil.which(needed) is None:
            print(f'skipped: {needed} is not installed')
            sys.exit(SKIP)
    os.makedirs(folder, exist_ok=True)
    kernel = fetch(script, folder, SUITE[how])
    judges = {'blind': judge, 'snp': judge_snp, 'twice': judge_twice, 'svsm': judge_svsm, 'lower': judge_lower}
    judges[how](int(cpus), *boot_linux(lab, kernel, int(cpus), how, *monitor))


if __name__ == '__main__':
    main()
