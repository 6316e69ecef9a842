# SPDX-License-Identifier: Apache-2.0
"""Boot the lab with a guest under QEMU and judge what they say.

usage: run.py TEST LAB GUEST [VENDOR [CONFBOX]]
"""
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SKIP = 77
QEMU = 'qemu-system-x86_64'
# Of the chipset's devices those that go round the table of pages are off (../../README.md, Devices), and its
# processors take turns (there, Turns).
MACHINE = ['-M', 'q35,i8042=off,hpet=off,sata=off,smbus=off,smm=off',
           '-global', 'apic-common.vapic=off', '-global', 'fw_cfg_io.dma_enabled=off',
           '-global', 'ICH9-LPC.disable_s3=1', '-global', 'ICH9-LPC.disable_s4=1',
           '-accel', 'tcg,thread=single', '-cpu', 'max,phys-bits=52', '-m', '512', '-nodefaults', '-no-reboot',
           '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
# A thread for each, for guests that restore no x87 state.
PARALLEL = [word.replace('thread=single', 'thread=multi') for word in MACHINE]
GOOD, BAD, GUEST = 2 * 0x2a + 1, 2 * 0x2b + 1, 2 * 0x2c + 1  # what isa-debug-exit makes of ../say.h
SECONDS = 280
CHOICE, CPUS, ROWS, REPORT, HOST, TWICE, BELL, IPI, TAKEN = 0x4400000, 100, 101, 102, 103, 104, 105, 106, 99  # guest.h
CHIP = 0x9ff0000  # ../machine.h
NONCE = bytes(range(0x80, 0xc0))  # report.c
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../snp/rmp_table.def')


def boot(lab, module, *more, seconds=SECONDS, machine=MACHINE):
    """(status, lines) of a run of the machine."""
    try:
        done = subprocess.run([QEMU, *machine, *more, '-kernel', lab, '-initrd', module],
                              timeout=seconds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b'').decode(errors='replace')
        sys.exit(f'{text}\nrun.py: no end after {seconds} s')
    return done.returncode, done.stdout.decode(errors='replace').replace('\r', '').splitlines()


def expect(condition, what):
    if not condition:
        sys.exit(f'run.py: {what}')


def choose(number):
    return '-device', f'loader,addr={CHOICE},data={number},data-len=8'


def chip(vendor):
    return '-device', f'loader,addr={CHIP},file={vendor}/chip.bin,force-raw=on'


def judge(status, lines, count):
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('guest: ok ')]
    expect(status == GOOD and lines[-1] == 'guest: pass', f'status {status}')
    expect(len(good) == len(lines) - 1 == count, 'cases are missing')


def guest(lab, elf):
    judge(*boot(lab, elf), 37)


def cpus(lab, elf):
    judge(*boot(lab, elf, '-smp', '2', *choose(CPUS), machine=PARALLEL), 8)


# Rows that no guest can do here, by why (../rows.c).
NOT_HERE = {'levels below 0 execute at CPL 0 only': 4, 'no shadow stacks': 2,
            'user and supervisor execute are one right': 1, 'nothing is fetched by a shared address': 1}


def rmp(lab, elf):
    """Every row that is a guest's to do was done by a guest, but for those this machine has no way
    to do; each of these says why."""
    with open(TABLE, encoding='ascii') as f:
        rows = re.findall(r'^ROW\("[^"]+", (\w+),', f.read(), re.M)
    mine = sum(row in ('PVALIDATE', 'RMPADJUST', 'RMPQUERY', 'TOUCH') for row in rows)
    status, lines = boot(lab, elf, '-append', 'lab.rows', *choose(ROWS))
    print('\n'.join(lines))
    left = [line.split(': ')[-1] for line in lines if line.startswith('lab: row not run: access: ')]
    counts = {why: left.count(why) for why in left}
    expect(counts == NOT_HERE, f'not run: {counts}')
    said = (f'lab: rows: {mine - len(left)} by a guest, {len(rows) - mine} by the lab, '
            f'{len(left)} not run, 0 bad')
    expect(status == GOOD and mine > len(left), f'status {status}')
    expect(lines[len(left):] == [said, 'guest: ok guest_run_rows', 'guest: pass'], f'not: {said}')


PAGE, PT_LOAD, PT_VMSA, PT_SECRETS, PT_CPUID, PT_PARAM = 4096, 1, 0x6c616276, 0x6c616273, 0x6c616263, 0x6c616270
DATA, VMSA, UNMEASURED, SECRETS, CPUID = 1, 2, 4, 5, 6
IGVM_PAGE, IGVM_INSERT, IGVM_VMSA = 0x302, 0x303, 0x304


def of_elf(file):
    """The pages of a launch: of its segments, and then those it names."""
    at, size, count = *struct.unpack_from('<Q', file, 32), *struct.unpack_from('<HH', file, 54)
    pages, special = {}, {}
    for i in range(count):
        kind, _, offset, _, pa, held, whole, _ = struct.unpack_from('<IIQQQQQQ', file, at + i * size)
        text = file[offset:offset + held].ljust(whole + -whole % PAGE, b'\0')
        if kind == PT_LOAD:
            pages.update({pa + n: text[n:n + PAGE] for n in range(0, len(text), PAGE)})
        elif kind in (PT_VMSA, PT_SECRETS, PT_CPUID, PT_PARAM):
            special[kind] = pa
    yield from ((DATA, gpa, page) for gpa, page in pages.items() if gpa not in special.values())
    filled = {PT_SECRETS: SECRETS, PT_CPUID: CPUID, PT_PARAM: UNMEASURED}
    yield from ((what, special[kind], None) for kind, what in filled.items() if kind in special)
    yield VMSA, special[PT_VMSA], pages[special[PT_VMSA]]


def of_igvm(file):
    """Those of the file, as it has them."""
    at, left = struct.unpack_from('<II', file, 8)
    while left:
        kind, size, gpa, _, offset, _, data = struct.unpack_from('<IIQIIIH', file, at)
        page = file[offset:offset + PAGE] if offset else bytes(PAGE)
        if kind == IGVM_PAGE:
            yield ((DATA, gpa, page), (SECRETS, gpa, None), (CPUID, gpa, None))[data]
        elif kind == IGVM_INSERT:
            yield UNMEASURED, gpa, None
        elif kind == IGVM_VMSA:
            yield VMSA, gpa, page
        at, left = at + 8 + size + -size % 8, left - 8 - size - -size % 8


def measurement(path):
    """What a launch of the file comes to, by the firmware's ABI: PAGE_INFO by PAGE_INFO."""
    with open(path, 'rb') as f:
        file = f.read()
    digest = bytes(48)
    for kind, gpa, page in of_igvm(file) if file[:4] == b'IGVM' else of_elf(file):
        contents = bytes(48) if page is None else hashlib.sha384(page).digest()
        digest = hashlib.sha384(digest + contents + struct.pack('<HB5xQ', 0x70, kind, gpa)).digest()
    return digest


def verify(confbox, report, *more):
    done = subprocess.run([confbox, 'verify', '--snp', report, *more], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def judge_report(confbox, vendor, folder, said, vmpl, data=NONCE):
    """One report, as a relying party sees it that trusts the lab or does not."""
    report, table = (os.path.join(folder, name) for name in (f'report{vmpl}', 'table'))
    root = ('--root', os.path.join(vendor, 'ark.pem'))
    nonce = ('--nonce', data.hex())
    status, text = verify(confbox, report, '--auxblob', table, *root, *nonce)
    print(text)
    expect(status == 0 and said.hex() in text, f'report {vmpl}: {status}')
    expect(re.search(rf'(?i)vmpl\W+{vmpl}\b', text), f'report {vmpl} is not of that level')
    for why, more in {'chain': nonce, 'nonce': (*root, '--nonce', '00' * 64)}.items():
        status, text = verify(confbox, report, '--auxblob', table, *more)
        expect(status == 1 and f'refused: {why}' in text, f'{status}: {text}')
    with open(report, 'r+b') as f:
        f.seek(0x30)  # another level
        f.write(bytes([vmpl ^ 1]))
    status, text = verify(confbox, report, '--auxblob', table, *root, *nonce)
    expect(status == 1 and 'refused: signature' in text, f'{status}: {text}')


def report(lab, elf, vendor, confbox):
    """Reports of VMPL0 and VMPL1, which only who trusts the lab's root believes."""
    status, lines = boot(lab, elf, *choose(REPORT), *chip(vendor))
    data = dict(re.findall(r'^guest: (report0|report1|table|key) ([0-9a-f]+)$', '\n'.join(lines), re.M))
    judge(status, [line for line in lines if line.split()[1] not in data], 9)
    said = measurement(elf)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in data.items():
            with open(os.path.join(folder, name), 'wb') as f:
                f.write(bytes.fromhex(text))
        for vmpl in (0, 1):
            judge_report(confbox, vendor, folder, said, vmpl)


# What a host that means ill from the start does to the tests that know of none.
SCRIPTS = {'refuse-run': 'guest: bad vmpl1_runs_and_comes_back',
           'false-run': 'guest: bad a_page_that_is_wrong_is_refused',
           'lie-cpuid': 'guest: bad the_processor_says_what_it_is',
           'ask,lie-cpuid': 'guest: bad the_processor_says_what_it_is',
           'inject': 'lab: stopped: lab.host: it has to be asked for that:'}


def host(lab, elf, vendor):
    """What a guest sees of a host that means ill: asked by it, and by the command line."""
    judge(*boot(lab, elf, '-append', 'lab.host=ask', *choose(HOST), *chip(vendor)), 17)
    judge(*boot(lab, elf, '-append', 'quiet lab.host=ask', '-smp', '2', *choose(TWICE), machine=PARALLEL), 3)
    for script, line in SCRIPTS.items():
        status, lines = boot(lab, elf, '-append', f'lab.host={script} lab.hosts=ask')
        print('\n'.join(lines[-3:]))
        expect(status == BAD and any(said.startswith(line) for said in lines), f'{script}: {status}')
    status, lines = boot(lab, elf, '-append', 'lab.host=ask', *choose(TAKEN))
    expect(status == GUEST and NOT_SO in lines[-1], f'{status}: {lines[-1]}')
    # without the option there is nobody to ask: #UD
    status, lines = boot(lab, elf, '-append', 'xlab.host=ask', *choose(TWICE), '-smp', '2', machine=PARALLEL)
    expect(status == BAD and lines[-1].startswith('guest: vector 6 '), f'{status}: {lines[-1]}')


def bell(lab, elf):
    judge(*boot(lab, elf, '-append', 'lab.host=ask', *choose(BELL)), 12)
    judge(*boot(lab, elf, '-append', 'lab.host=ask', '-smp', '2', *choose(IPI), machine=PARALLEL), 6)


# What ends.c comes to, by number: at which level, and why.
NOT_SO, NO_VC = 'a page that is not the guest\'s so: ', 'nothing takes its #VC 72'
ENDS = [(0, NO_VC),
        (0, NOT_SO + '800008000000'),
        (0, NOT_SO + '8000000'),
        (0, NOT_SO + '1'),
        (0, NOT_SO + '8000010'),
        (0, NO_VC),
        (0, 'a page that is not the guest\'s: 8000000'),
        None,
        (0, 'a request by MSR that is none: f0e'),
        (0, 'shutdown 0'),
        (0, 'the GHCB is not shared: 1'),
        (1, NO_VC)]


def ends(lab, elf):
    for number, end in enumerate(ENDS, 1):
        status, lines = boot(lab, elf, *choose(number))
        print('\n'.join(lines))
        expect(status == GUEST and len(lines) == 1, f'end {number}: status {status}')
        if end is None:
            expect(lines[0] == 'lab: terminated: cpu 0 vmpl 0 set 3 reason 7', lines[0])
        else:
            lost = f'lab: lost: cpu 0 vmpl {end[0]} rip '
            expect(lines[0].startswith(lost) and f': {end[1]}' in lines[0], lines[0])


TESTS = {'guest': guest, 'rmp': rmp, 'cpus': cpus, 'report': report, 'host': host, 'bell': bell, 'ends': ends}


def main():
    test, *rest = sys.argv[1:]
    if shutil.which(QEMU) is None:
        print(f'{QEMU} is not installed')
        sys.exit(SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
