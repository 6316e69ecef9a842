# SPDX-License-Identifier: Apache-2.0
"""Boot images under Bochs 3, a CPU with both PKS and CET, and judge what they
say on the serial line.

usage: run.py SCRIPT TEST IMAGE...     SCRIPT is scripts/bochs

GRUB loads the image, and a host as its module.  Bochs has no exit port, so a
run ends with the line that ends it, or with its time.
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

SKIP = 77
SECONDS = 200
CPU = 'arrow_lake'
MIB = 0x100000
NUMBER = 0x8000000  # tests/host/sweep.c
TEXT = 0x1800000  # tests/support/bare/bare.h
GRUB = '/usr/lib/grub/i386-pc'
MODULES = 'multiboot2 normal iso9660 biosdisk memrw'
ENDS = re.compile(r'pass$|panic: |host: (pass|fail|ready|rip )|.* contexts: \d+ passed|attacks on ')
SET_UP = """display_library: nogui
config_interface: textconfig
cpu: model={cpu}, count={count}, ips=100000000, reset_on_triple_fault=0
memory: guest={memory}, host={memory}
romimage: file={bochs}/BIOS-bochs-latest
vgaromimage: file={bochs}/vgabios.bin
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={folder}/disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={folder}/serial
log: {folder}/log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
speaker: enabled=0
"""


def skip(why):
    print(why)
    sys.exit(SKIP)


def expect(condition, what):
    if not condition:
        sys.exit(f'run.py: {what}')


def write_words(address, data):
    """GRUB's commands that leave them there."""
    return [f'write_dword {address + at:#x} {word[0]:#x}'
            for at, word in zip(range(0, len(data), 4), struct.iter_unpack('<I', data))]


class Machine:
    """What boots: an image, perhaps a host and a number left in memory."""

    def __init__(self, bochs):
        self.bochs = bochs

    def write_disk(self, folder, image, host, words):
        tree = os.path.join(folder, 'tree')
        os.makedirs(os.path.join(tree, 'boot/grub'))
        shutil.copy(image, os.path.join(tree, 'boot/monitor.elf'))
        lines = ['set timeout=0', 'menuentry monitor {', *words, 'multiboot2 /boot/monitor.elf']
        if host is not None:
            shutil.copy(host, os.path.join(tree, 'boot/host.elf'))
            lines.append('module2 /boot/host.elf')
        with open(os.path.join(tree, 'boot/grub/grub.cfg'), 'w', encoding='ascii') as f:
            f.write('\n'.join(lines + ['}', '']))
        subprocess.run(['grub-mkrescue', '-d', GRUB, f'--install-modules={MODULES}',
                        '--fonts=', '--locales=', '--themes=',
                        '-o', os.path.join(folder, 'disk.iso'), tree], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def boot(self, image, host=None, number=0, count=1, text='', memory=512):
        """The lines of one run; the number and the text are left in memory."""
        with tempfile.TemporaryDirectory() as folder:
            words = write_words(TEXT, text.encode() + bytes(4 - len(text) % 4))
            if memory * MIB > NUMBER:
                words += write_words(NUMBER, struct.pack('<Q', number))
            self.write_disk(folder, image, host, words)
            path = os.path.join(folder, 'bochsrc')
            with open(path, 'w', encoding='ascii') as f:
                f.write(SET_UP.format(cpu=CPU, count=count, bochs=self.bochs, folder=folder,
                                      memory=memory))
            with subprocess.Popen([os.path.join(self.bochs, 'bochs'), '-q', '-f', path],
                                  cwd=folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
                lines = watch(run, os.path.join(folder, 'serial'))
            print('\n'.join(lines))
            if not ended(lines):
                show(os.path.join(folder, 'log'))
                sys.exit('run.py: it did not end')
            return lines


def ended(lines):
    return bool(lines) and ENDS.match(lines[-1]) is not None


def read_lines(path):
    """Whole lines only."""
    try:
        with open(path, 'rb') as f:
            text = f.read()
    except FileNotFoundError:
        return []
    return text.decode(errors='replace').replace('\r', '').split('\n')[:-1]


def watch(run, path):
    end = time.monotonic() + SECONDS
    lines = []
    while time.monotonic() < end and run.poll() is None:
        lines = read_lines(path)
        if ended(lines):
            break
        time.sleep(0.05)
    run.kill()
    return read_lines(path)


def show(log):
    """The end of what Bochs itself said."""
    for line in read_lines(log)[-12:]:
        print('bochs:', line)


def simple(machine, image):
    expect(machine.boot(image)[-1] == 'pass', 'it did not pass')


def cpus(machine, image):
    lines = machine.boot(image, count=2)
    expect(lines[-1] == 'pass' and 'cpus 2' in lines, 'not two CPUs')


# What the CPU says of each fault image, vector and error code: tests/pks/run.py.
FAULTS = [(14, 3), (14, 3), (14, 3), (14, 2), (14, 2), (14, 0x11), (14, 0x11)]


CET_FAULTS = [(21, 1), (14, 3), (21, 3)]  # near RET; a store; no ENDBR64


def value(lines, name):
    """A line of the panic's registers."""
    found = [line for line in lines if re.fullmatch(name + ' +[0-9a-f]{16}', line)]
    expect(len(found) == 1, f'{len(found)} lines of {name}')
    return int(found[0].split()[1], 16)


def fault(machine, *images, wanted=tuple(FAULTS)):
    for image, (vector, error) in zip(images, wanted):
        lines = machine.boot(image)
        expect('panic: a fault in the monitor' in lines[-1], 'no panic')
        expect((value(lines, 'vector'), value(lines, 'error')) == (vector, error), 'another fault')


def cet_fault(machine, *images):
    expect(len(images) == len(CET_FAULTS), 'an image for each fault')
    fault(machine, *images, wanted=CET_FAULTS)


def host(machine, monitor, image):
    lines = machine.boot(monitor, image)
    expect(lines[-1] == 'host: pass', 'it did not pass')
    expect(any(line.startswith('host: ok ') for line in lines), 'no case ran')


def irq(machine, monitor, image):
    """To where it waits for an operator's NMI."""
    lines = machine.boot(monitor, image, count=2)
    good = [line for line in lines if line.startswith('host: ok ')]
    expect(lines[-1] == 'host: ready' and len(good) >= 10, 'cases are missing')
    expect(not any(line.startswith('host: bad ') for line in lines), 'a case failed')


def contract(machine, program, image):
    os.environ['MALLOC_PERTURB_'] = '0'  # the puppet searches all memory: faster when zero
    lines = machine.boot(program, image, count=2)
    sums = [re.search(r' (\d+) passed, (\d+) failed', line) for line in lines]
    passed = [(int(found[1]), int(found[2])) for found in sums if found]
    expect(len(passed) == 3 and all(good > 8 and bad == 0 for good, bad in passed),
           'it did not pass')


MISUSE = "panic: the monitor's WRMSR was misused"


WRITE = b'\x0f\x30\x81\xf9\xe1\x06'  # WRMSR, and the comparison of its number


# Not those that take minutes here, nor G11: the puppet comes by IRETQ, which CET forbids.
ATTACKS = 'G02 G03 G05 G09 G10 G12 G13 X01 X02 X03'


def attack(machine, program, image):
    os.environ['MALLOC_PERTURB_'] = '0'
    last = machine.boot(program, image, count=2, text=ATTACKS, memory=64)[-1]
    found = re.search(r': (\d+) refused, (\d+) n/a, (\d+) as it says, (\d+) not refused', last)
    expect(found and int(found[1]) >= 10 and int(found[4]) == 0, 'an attack was not refused')


def deep(machine, monitor, image):
    """Calls, more than the host's shadow stack has words, are its end."""
    lines = machine.boot(monitor, image, number=600)
    expect('panic: the host crashed' in lines[-1], 'no end')
    expect('host: ok the own one is kept' in lines[-2], 'it ended elsewhere')


def held(machine, monitor, image):
    """A jump between the two, though it comes to nothing, stops the machine."""
    with open(monitor, 'rb') as f:
        text = f.read()
    gate = text.index(bytes.fromhex('f30f1efafa'))  # ENDBR64, CLI
    at = text.index(WRITE, gate) + 2 - gate
    for number in (at, text.index(WRITE, gate + at) + 2 - gate):
        lines = machine.boot(monitor, image, number=number)
        expect(lines[-1].startswith(MISUSE), 'the machine went on')
        expect(lines[-2] == f'host: jump {number:05}', 'it was another jump')


TESTS = {'simple': simple, 'cpus': cpus, 'fault': fault, 'cet fault': cet_fault,
         'host': host, 'irq': irq, 'contract': contract, 'held': held,
         'deep': deep, 'attack': attack}


def main():
    script, test, *images = sys.argv[1:]
    for tool in ('grub-mkrescue', 'xorriso'):
        if shutil.which(tool) is None:
            skip(f'{tool} is not installed')
    if not os.path.isdir(GRUB):
        skip('grub-pc-bin is not installed')
    found = subprocess.run([script], stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode == SKIP:
        skip(found.stdout.strip())
    expect(found.returncode == 0, 'scripts/bochs failed')
    TESTS[test](Machine(found.stdout.splitlines()[-1]), *images)


if __name__ == '__main__':
    main()
