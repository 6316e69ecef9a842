# SPDX-License-Identifier: Apache-2.0
"""Boot the monitor with a test host under QEMU and judge what they say.

usage: run.py TEST MONITOR HOST
"""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from emulator import IOMMU, MACHINE, QEMU

SKIP = 77
GOOD = 2 * 0x2A + 1  # what isa-debug-exit makes of the host's own status
SECONDS = 150
QUIET = 4


def boot(monitor, host, *more):
    """(status, lines) of one run of the machine."""
    try:
        done = subprocess.run([QEMU, *MACHINE, *more, '-kernel', monitor, '-initrd', host],
                              timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b'').decode(errors='replace')
        sys.exit(f'{text}\nrun.py: no end after {SECONDS} s')
    return done.returncode, done.stdout.decode(errors='replace').replace('\r', '').splitlines()


def expect(condition, what):
    if not condition:
        sys.exit(f'run.py: {what}')


def judge(status, lines, least):
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('host: ok ')]
    expect(status == GOOD and lines[-1] == 'host: pass', f'status {status}')
    expect(len(good) >= least and len(good) == len(lines) - 1, 'cases are missing')


def cases(monitor, host, least=16, more=()):
    judge(*boot(monitor, host, *more), least)


def user(monitor, host):
    cases(monitor, host, 9)
    status, lines = boot(monitor, host, '-device', 'loader,addr=0x8000000,data=1,data-len=8')
    expect(status != GOOD and lines[-2] == 'host: out cfc', '\n'.join(lines))
    expect(lines[-1].startswith('panic: the host used a port'), lines[-1])


def cpus(monitor, host):
    cases(monitor, host, 9, ('-smp', '4'))


def talk(run, operator):
    """The lines of a host that says ready, which the operator answers by an NMI."""
    lines = []
    for line in run.stdout:
        lines.append(line.decode(errors='replace').strip())
        if lines[-1] == 'host: ready':
            lines.pop()
            operator.sendall(b'nmi\n')
    return lines


def irq(monitor, host):
    irq_once(monitor, host)
    irq_once(monitor, host, *IOMMU)


def irq_once(monitor, host, *more):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'operator')
        command = [QEMU, *MACHINE, *more, '-smp', '2', '-kernel', monitor, '-initrd', host,
                   '-monitor', f'unix:{path},server=on,wait=on']
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as run, \
                socket.socket(socket.AF_UNIX) as operator:
            late = threading.Timer(SECONDS, run.kill)
            late.start()
            while operator.connect_ex(path) != 0:  # not there, or not listening yet
                expect(run.poll() is None, 'QEMU does not start')
                time.sleep(0.01)
            lines = talk(run, operator)
            status = run.wait()
            late.cancel()
    judge(status, lines, 13)


def special(monitor, host):
    cases(monitor, host, 6)


def code(monitor, host):
    cases(monitor, host, 8, ('-smp', '2'))


CARD = ['-device', 'rtl8139']
NO_IOMMU = 'M15 failed: no IOMMU on this machine'


def dma(monitor, host):
    for words, machine in (('M15 passed', IOMMU + CARD), (NO_IOMMU, CARD),
                           ('M15 passed', [*IOMMU, *CARD, '-global', 'intel-iommu.aw-bits=48'])):
        status, lines = boot(monitor, host, *machine)
        print('\n'.join(lines))
        expect(status == GOOD and lines[-1] == 'host: pass', f'status {status}')
        expect(f'host: {words}' in lines, f'not: {words}')


def ports(monitor, host):
    for more in ([], ['-smp', '2'], IOMMU):
        status, lines = boot(monitor, host, *more)
        print('\n'.join(lines))
        good = [line for line in lines if line.startswith('host: ok ')]
        expect(status != GOOD and len(good) == len(lines) - 2 == 4, 'cases are missing')
        expect(lines[-1].startswith("panic: the host used a port of the monitor's"), 'no panic')


OPEN = [('dma: open: fw_cfg', ['-global', 'fw_cfg_io.dma_enabled=on']),
        ('dma: open: a virtio device', ['-device', 'virtio-rng-pci']),
        ('dma: open: an emulated disk, or USB', ['-device', 'ich9-ahci']),
        ('dma: open: not the IOMMU\'s device', ['-M', 'q35,default_bus_bypass_iommu=on', *CARD]),
        ('dma: open: another root of PCI', ['-device', 'pxb-pcie,bus_nr=64,bus=pcie.0']),
        ('dma: open: a floppy', ['-device', 'isa-fdc']),
        ('ports: open: the A20 gate', ['-M', 'q35,i8042=on']),
        ('ports: open: the firmware\'s SMI', ['-M', 'q35,smm=on'])]


def opened(monitor, host):
    """What is open is said, and neither is claimed."""
    bad = [(words, [*IOMMU, *more]) for words, more in OPEN]
    bad.append(('iommu: not one that serves', ['-device', 'intel-iommu,intremap=off', *CARD]))
    for words, more in bad:
        _, lines = boot(monitor, host, *more)
        print('\n'.join(lines))
        expect(words in lines and 'host: bad the machine is closed' in lines, f'not: {words}')


def init(monitor, host):
    """Silence after it, or a host that says nothing came."""
    command = [QEMU, *MACHINE, *IOMMU, *CARD, '-kernel', monitor, '-initrd', host]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as run:
        lines, end = [], threading.Timer(SECONDS, run.kill)
        end.start()
        for line in run.stdout:
            lines.append(line.decode(errors='replace').strip())
            if lines[-1] == 'host: sends INIT':
                end.cancel()
                end = threading.Timer(QUIET, run.kill)
                end.start()
        end.cancel()
    print('\n'.join(lines))
    expect('host: sends INIT' in lines, 'it was not sent')
    good = lines[-1] == 'host: sends INIT' or 'host: it was held back' in lines
    expect(good, 'something went on')


def stopped(monitor, host):
    """A panic stops every CPU."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'operator')
        machine = MACHINE[:MACHINE.index('-device')]  # no port that ends the machine
        command = [QEMU, *machine, '-smp', '4', '-kernel', monitor, '-initrd', host,
                   '-monitor', f'unix:{path},server=on,wait=off']
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as run:
            late = threading.Timer(SECONDS, run.kill)
            late.start()
            for line in run.stdout:
                print(line.decode(errors='replace').strip())
                if b'panic: the host crashed' in line:
                    break
            time.sleep(1)
            halted = look(path)
            run.kill()
            late.cancel()
    expect(halted == 4, f'{halted} CPUs have stopped')


def look(path):
    """How many CPUs are in HLT with interrupts off."""
    text = b''
    with socket.socket(socket.AF_UNIX) as operator:
        operator.connect(path)
        operator.sendall(b'info registers -a\n')
        operator.settimeout(3)
        try:
            while text.count(b'XMM15') < 4:
                text += operator.recv(65536)
        except TimeoutError:
            pass
    flags = re.findall(rb'RFL=([0-9a-f]+).*?HLT=(\d)', text, re.S)
    return sum(halted == b'1' and int(value, 16) & 0x200 == 0 for value, halted in flags)


MISUSE = "panic: the monitor's WRMSR was misused"
GATE = 0xffffff0000000000
JUMPS = 5 * 0x3c0


def gate_end(path):
    """Where the code of the gate's page ends, by the symbols' sizes."""
    with open(path, 'rb') as file:
        image = file.read()
    offset, = struct.unpack_from('<Q', image, 40)
    size, count = struct.unpack_from('<HH', image, 58)
    end = 0
    for i in range(count):
        row = struct.unpack_from('<IIQQQQIIQQ', image, offset + size * i)
        for at in range(row[4], row[4] + row[5], 24) if row[1] == 2 else ():
            value, length = struct.unpack_from('<QQ', image, at + 8)
            if 0 <= value - GATE < 0x1000:
                end = max(end, value - GATE + length)
    return end


def sweep(monitor, host):
    expect(0x100 < gate_end(monitor) <= JUMPS // 5, 'not all of the gate is tried')
    start, stops = 0, []
    while start < JUMPS:
        status, lines = boot(monitor, host, '-device',
                             f'loader,addr=0x8000000,data={start},data-len=8')
        last = [int(line.split()[2]) for line in lines if line.startswith('host: jump ')][-1]
        if status == GOOD:
            expect(last == JUMPS - 1, 'it ended early')
            break
        expect(lines[-1].startswith(MISUSE), '\n'.join(lines[-8:]))
        stops.append(last)
        start = last + 1
    print('the machine stopped at', stops)
    # the WRMSRs with another number, at least, and not all of it
    expect(len([n for n in stops if n // 0x3c0 == 2]) >= 2, 'a wrong number went through')
    expect(len(stops) < JUMPS // 4, 'nearly everything stops the machine')


def refused(monitor, host):
    with open(host, 'rb') as file:
        good = file.read()
    _, _, pages, constants, whole, given = struct.unpack_from('<6Q', good)
    text, size = 4096, pages * 4096
    sensitive = 'panic: the host\'s image holds an instruction it must not'
    malformed = 'panic: the host\'s image is malformed'
    bad = [(sensitive, text + at, code) for at, code in (
        (size - 2, b'\x0f\x30'), (4095, b'\x0f\x30'), (4093, b'\xf3\x0f\x01\xe8'),
        (size - 9, b'\xb8\x0f\x22\xd8\x00'), (size - 3, b'\x0f\x01\xcb'))]
    bad += [(malformed, at, struct.pack('<Q', value)) for at, value in (
        (0, 0x3154534f48584244), (16, 0), (16, whole + 1), (16, 2**64 - 1),
        (24, whole - pages + 1), (24, 2**64 - 1), (24, 2**64 - pages), (32, pages + constants - 1),
        (32, given - 1), (32, 16385), (32, 2**64 - 1), (40, given + 1), (40, whole + 1), (40, 2**64 - 1))]
    end = len(good)
    bad += [('the boot log is malformed', end, struct.pack('<Q', bytes_) + b'\0CBXLOG1')
            for bytes_ in (0, end + 1, 4097, 2**64 - 1)]
    for words, at, code in bad:
        with tempfile.NamedTemporaryFile(suffix='.elf') as file:
            file.write(good[:at] + code + good[at + len(code):])
            file.flush()
            status, lines = boot(monitor, file.name)
        print(lines[-1])
        expect(status != GOOD and lines[-1].startswith(words), f'{words} at {at}')
        expect(not any(line.startswith('host:') for line in lines), 'it ran')


TESTS = {'cases': cases, 'user': user, 'cpus': cpus, 'irq': irq, 'special': special, 'code': code,
         'dma': dma, 'ports': ports, 'init': init, 'open': opened, 'sweep': sweep,
         'refused': refused, 'stopped': stopped}


def main():
    test, monitor, host = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    TESTS[test](monitor, host)


if __name__ == '__main__':
    main()
