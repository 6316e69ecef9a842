# SPDX-License-Identifier: Apache-2.0
"""Boot the lab with a program at VMPL0 and judge what they say.

usage: run.py TEST LAB VENDOR PROGRAM PROGRAM
"""
import filecmp
import importlib.util
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../../lab/x86/tests'))
import run as lab_run  # noqa: E402 (the lab's machine)

from pack import pack  # noqa: E402 (beside this file)

SPEC = importlib.util.spec_from_file_location(
    'pks_run', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../pks/run.py'))
pks_run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pks_run)

TERMINATED = 'lab: terminated: cpu 0 vmpl 0 set 3 reason '
SENTENCES, GATES = 21, 11
ASKED, PAGE = 0x6c616272, 4096  # doc/snp.md: memory beside the file's
REFUSED, PANIC = '0', '1'
SMALL = ('-m', '256')  # the second -m holds
ASK = ('-append', 'lab.host=ask')

# What main.c comes to, by choice: the reason it gives the hypervisor, and what
# it says last before.
ENDS = {2: (PANIC, 'panic: status != CBX_E_STATE at '),
        3: (REFUSED, 'The hypervisor names another C bit than the CPU.')}
# And at once: on a machine without restricted injection, and with it.
BEGINS = ['Restricted injection is off, so the hypervisor could interrupt the monitor anywhere.',
          'nothing is wrong']
# What becomes of a monitor whose page is another one.
LOST = {6: 'nothing takes its #VC 404', 7: 'a page that is not the guest\'s so: ', 8: 'nothing takes its #VC 404'}


def judge(status, lines, count):
    print('\n'.join(lines))
    good = [line for line in lines if line.startswith('ok ')]
    lab_run.expect(status == lab_run.GOOD and lines[-1:] == ['pass'], f'status {status}')
    lab_run.expect(len(good) == len(lines) - 1 == count, 'cases are missing')


def judge_end(status, lines, why, said):
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GUEST and len(lines) == 2, f'status {status}')
    lab_run.expect(lines[1] == TERMINATED + why and lines[0].startswith(said), said)


def judge_lost(status, lines, why):
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GUEST and lines[-1].startswith('lab: lost: ') and why in lines[-1], why)


def parts(lab, _vendor, *images):
    for elf in images:
        judge(*lab_run.boot(lab, elf), SENTENCES)


def ends(lab, _vendor, *images):
    for elf, begin in zip(images, BEGINS, strict=True):
        for number, (why, said) in {1: (REFUSED, begin), **ENDS}.items():
            judge_end(*lab_run.boot(lab, elf, *lab_run.choose(number)), why, said)


def hostile(lab, _vendor, *images):
    plain, restricted = images
    for elf in images:
        judge(*lab_run.boot(lab, elf, *ASK, *lab_run.choose(4)), 9)
        judge(*lab_run.boot(lab, elf, *ASK, '-smp', '2', *lab_run.choose(5)), 3)
    for number, why in LOST.items():
        judge_lost(*lab_run.boot(lab, plain, *ASK, *lab_run.choose(number)), why)
    judge_lost(*lab_run.boot(lab, plain, *ASK, *lab_run.choose(11)), '')
    judge(*lab_run.boot(lab, restricted, *ASK, *lab_run.choose(11)), 7)


def report(lab, vendor, *images):
    chip = lab_run.chip(vendor)
    for elf in images:
        judge(*lab_run.boot(lab, elf, *chip, *lab_run.choose(9)), 4)
        judge(*lab_run.boot(lab, elf, *ASK, *chip, *lab_run.choose(10)), 3)


def cpus(lab, _vendor, _plain, restricted):
    judge(*lab_run.boot(lab, restricted, *ASK, '-smp', '2', *lab_run.choose(12)), 9)


def user(lab, _vendor, *images):
    for elf in images:
        judge(*lab_run.boot(lab, elf, *lab_run.choose(13)), 24)


def monitor(lab, _vendor, image, kernel):
    with tempfile.TemporaryDirectory() as folder:
        for cpus in '1', '4':
            judge(*lab_run.boot(lab, pack(folder, image, kernel), *SMALL, '-smp', cpus), GATES)


def with_less(image, folder, kind):
    """The monitor's file, of which the loader is told that it asks for a page less by a header of that kind."""
    with open(image, 'rb') as f:
        file = bytearray(f.read())
    start, size, count = struct.unpack_from('<Q', file, 32)[0], *struct.unpack_from('<HH', file, 54)
    at = [start + n * size for n in range(count) if struct.unpack_from('<I', file, start + n * size)[0] == kind]
    memory = struct.unpack_from('<Q', file, at[0] + 40)[0]
    lab_run.expect(len(at) == 1 and memory > PAGE, 'no such header')
    struct.pack_into('<Q', file, at[0] + 40, memory - PAGE)
    path = os.path.join(folder, 'less.elf')
    with open(path, 'wb') as f:
        f.write(file)
    return path


def lies(lab, _vendor, image, kernel):
    """H06.  What CPUID says is the firmware's word, whatever the hypervisor answers; and a loader that gives
    memory of the monitor's to the host is refused."""
    with tempfile.TemporaryDirectory() as folder:
        judge(*lab_run.boot(lab, pack(folder, image, kernel), *SMALL, '-append', 'lab.host=lie-cpuid'), GATES)
        status, lines = lab_run.boot(lab, pack(folder, with_less(image, folder, ASKED), kernel), *SMALL)
        judge_end(status, lines, REFUSED, 'The loader gives away the monitor\'s memory.')


def boxes(lab, _vendor, keeper, box, kernel, document):
    """The images of tests/pks that need no host: what the keeper hashes, and what a box can execute.  The
    first in memory it has to accept."""
    policy, page, _, zeros = pks_run.example(document, 4)
    status, lines = lab_run.boot(lab, keeper, *SMALL)
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GOOD and lines[-1:] == ['pass'], f'status {status}')
    lab_run.expect(pks_run.values(lines, 'digest') == [policy, page, zeros], 'a digest is not that of the page')
    with tempfile.TemporaryDirectory() as folder:
        status, lines = lab_run.boot(lab, pack(folder, box, kernel), *SMALL)
    print('\n'.join(lines))
    lab_run.expect(status == lab_run.GOOD and lines[-1:] == ['pass'], f'status {status}')
    lab_run.expect(pks_run.values(lines, 'hidden') == ['1'], 'text is not hidden')


NONCES, NONCE_BYTES, E_HARDWARE = 2, 32, '06'


# Files the lab refuses: bytes put somewhere, whether the checksum is made anew, and what is said.
NO_MEMORY = 0x7f000000
MALFORMED = {'no magic': (0, b'IGVX', True, 'the guest\'s file is no ELF64 file'),
             'another checksum': (20, bytes(4), False, 'the IGVM file\'s checksum is wrong, at 18'),
             'an unknown header': (24, struct.pack('<I', 0x80000106), True, 'an IGVM header is of an unknown type, at 18'),
             'no memory': (24 + 2 * 24 + 8, struct.pack('<Q', NO_MEMORY), True,
                           f'the guest cannot have the page {NO_MEMORY:x}'),
             'the lab\'s memory': (24 + 2 * 24 + 8, struct.pack('<Q', 0x8000000), True,
                                  'the guest cannot have the page 8000000')}


def malformed(igvm, path, at, text, is_sealed):
    """A copy of the file with something else in it."""
    with open(igvm, 'rb') as f:
        file = bytearray(f.read())
    file[at:at + len(text)] = text
    if is_sealed:
        file[20:24] = bytes(4)
        end = sum(struct.unpack_from('<II', file, 8))
        struct.pack_into('<I', file, 20, zlib.crc32(file[:end]))
    with open(path, 'wb') as f:
        f.write(file)
    return path


def igvm(lab, vendor, image, file, tool, kernel, confbox):
    """The monitor from an IGVM file, page by page as a loader of them has it: it is entered, answers its host,
    and the report says what is computed of the file; which is what is computed of the image."""
    launched = lab_run.measurement(file)
    said = subprocess.run([sys.executable, '-B', tool, 'digest', file], check=True, capture_output=True, text=True)
    lab_run.expect(said.stdout == launched.hex() + '\n', f'the tool says {said.stdout}')
    lab_run.expect(lab_run.measurement(image) == launched, 'the image comes to something else')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'again')
        subprocess.run([sys.executable, '-B', tool, 'make', image, path], check=True)
        lab_run.expect(filecmp.cmp(path, file, shallow=False), 'the same image gives other bytes')
        path = os.path.join(folder, 'evidence')
        for number, (_, what, text) in enumerate(ask(lab, pack(folder, file, kernel), *lab_run.chip(vendor)), 1):
            lab_run.expect(what == 'evidence', text)
            with open(path, 'wb') as f:
                f.write(bytes.fromhex(text))
            judge_evidence(confbox, vendor, path, number, launched)
        for name, (at, text, is_sealed, why) in MALFORMED.items():
            bad = malformed(file, os.path.join(folder, 'bad'), at, text, is_sealed)
            status, lines = lab_run.boot(lab, bad, *SMALL)
            print(name, lines)
            lab_run.expect(status == lab_run.BAD and len(lines) == 1 and lines[0].startswith(f'lab: stopped: {why}'),
                           f'{name}: {status}: {lines}')


def ask(lab, module, *more):
    """What evidence.c printed: (tries, evidence or refused, hexadecimal) for each nonce."""
    status, lines = lab_run.boot(lab, module, *SMALL, *more)
    lab_run.expect(status == lab_run.GOOD and lines[-1] == 'end', f'status {status}: {lines[-1:]}')
    said = re.findall(r'^tries ([0-9a-f]+)\n(evidence|refused) ([0-9a-f]+)$', '\n'.join(lines), re.M)
    lab_run.expect(len(said) == NONCES, 'answers are missing')
    print(more, [(int(tries, 16), what, text[:16]) for tries, what, text in said])
    return said


def verify(confbox, path, *more):
    done = subprocess.run([confbox, 'verify', '--monitor', path, *more], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def judge_evidence(confbox, vendor, path, number, measurement):
    """Only who trusts the lab's root accepts it, and who asked for it."""
    root = ('--root', os.path.join(vendor, 'ark.pem'))
    nonce, other = (('--nonce', bytes([n] * NONCE_BYTES).hex()) for n in (number, number + 1))
    status, text = verify(confbox, path, *root, *nonce)
    print(text)
    lab_run.expect(status == 0 and measurement.hex() in text, f'{status}: {text}')
    lab_run.expect(re.search(r'monitor.root\W+platform', text), 'the root is not the platform\'s')
    for why, more in {'chain': nonce, 'nonce': (*root, *other)}.items():
        status, text = verify(confbox, path, *more)
        lab_run.expect(status == 1 and f'refused: {why}' in text, f'{status}: {text}')


def evidence(lab, vendor, image, kernel, confbox):
    """What the monitor vouches for to a host, on a machine with a chip; on one without, or with a
    hypervisor that alters answers or gives old ones, it never does."""
    chip = lab_run.chip(vendor)
    with tempfile.TemporaryDirectory() as folder:
        module, path = pack(folder, image, kernel), os.path.join(folder, 'evidence')
        for cpus in '1', '4':
            for number, (_, what, text) in enumerate(ask(lab, module, *chip, '-smp', cpus), 1):
                lab_run.expect(what == 'evidence', text)
                with open(path, 'wb') as f:
                    f.write(bytes.fromhex(text))
                judge_evidence(confbox, vendor, path, number, lab_run.measurement(image))
        for more in ((), (*chip, '-append', 'lab.host=alter'), (*chip, '-append', 'lab.host=replay')):
            for _, what, text in ask(lab, module, *more):
                lab_run.expect((what, text) == ('refused', E_HARDWARE), f'{more}: {what} {text[:16]}')


TESTS = {'parts': parts, 'ends': ends, 'hostile': hostile, 'report': report, 'cpus': cpus, 'user': user,
         'monitor': monitor, 'lies': lies, 'boxes': boxes, 'evidence': evidence, 'igvm': igvm}


def main():
    test, *rest = sys.argv[1:]
    if lab_run.shutil.which(lab_run.QEMU) is None:
        print(f'{lab_run.QEMU} is not installed')
        sys.exit(lab_run.SKIP)
    TESTS[test](*rest)


if __name__ == '__main__':
    main()
