# SPDX-License-Identifier: Apache-2.0
"""What confbox lab snp does: a stock Linux at VMPL1, its driver, a service, a box.

    snp_command.py SOURCE BUILD runs|two|blind|os|cpuid|sealing|counters|words
"""
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import lab as script
import snp_os
from command import BUSYBOX, expect, lab

# The service is killed at one time after the other, from its first page to a box that
# computes; then it is all there again, and a box runs.
KILLED = """
at=/sys/class/misc/confbox
for i in $(busybox seq @KILLS@); do
	confbox run /spin > /dev/null 2>&1 &
	busybox usleep $((i * i * 60000))
	had="$(busybox cat $at/pages) $(busybox cat $at/boxes)"
	busybox kill -9 $!
	wait $! 2> /dev/null
	echo "killed $had left $(busybox cat $at/files $at/boxes $at/pages $at/lost | busybox tr '\\n' ' ')"
done
echo abc | confbox run /image
"""

# Whoever lends the box a CPU: number, processor, ticks in user mode and in the kernel, and when that was.
TWO = """
confbox run /two > /tmp/two &
while [ -d /proc/$! ]; do
	busybox awk '{ if (FNR == NR) now = $1; else print $1, $39, $14 + $15, now * 100 }' /proc/uptime /proc/$!/task/*/stat 2> /dev/null
	busybox usleep 500000
done
wait $!
echo "status $?"
busybox cat /tmp/two
"""
KILLS = 4
NONCE = bytes(range(32)).hex()

# The first line says what to do with the rest.
SEALS = """S=@SEAL@; read -r how
case $how in
new) $S seal ;;
show) $S open ;;
esac
"""
# The same for a blob that a counter numbers: next seals what was in it for the number
# after.
COUNTED = """S=@SEAL@; C="--counter @SERVICE@:notes"; read -r how; @BUSYBOX@ cat > /tmp/in
case $how in
new) $S seal $C < /tmp/in ;;
next) $S open $C < /tmp/in > /tmp/state && $S seal --after /tmp/in < /tmp/state ;;
show) $S open $C < /tmp/in ;;
esac
"""
# Whoever keeps the counter is another one than who keeps the blobs, and has its own key.
BEFORE = """busybox mkdir /counters; busybox mv @KEYS@ /counters
confbox run --serve --counter /counters /image < /new > /old
{ echo next; busybox cat /old; } | confbox run --serve --counter /counters /image > /young
{ echo show; busybox cat /old; } > /back
{ echo show; busybox cat /young; } > /now"""
ROLLED_BACK = b'rolled back: its counter is further'
SECRET = b'a line only the box knows\n'
NOT_ITS = b'altered, or sealed by another box'
SAID = b'Memory the monitor asked for is not new.'  # one of the monitor's words: told otherwise, it is another monitor


def runs(source, build):
    data = bytes(range(256)) * 200
    words = BUSYBOX, 'sh', '-c', f'{BUSYBOX} sha256sum; echo told >&2; exit 7'
    status, out, err = lab(source, build, 'snp', '--print-measurement', '--seconds', '1200', '--', *words,
                           data=data, seconds=1500)
    expect((status, out.decode().split()[0]) == (7, hashlib.sha256(data).hexdigest()), status, out, err)
    expect(err == measured(build, *words) + 'told\n', 'measurement', err)


def blind(source, build):
    """A kernel that is shown no SEV, below the same monitor; it has no other CPU, though it tries; a box that computes is ended in time."""
    words = BUSYBOX, 'sh', '-c', f'{BUSYBOX} rev; exit 7'
    status, out, err = lab(source, build, 'snp', '--kernel', '6.1', '--print-measurement', '--seconds', '1200', '--', *words,
                           data=b'abc\n', seconds=1500)
    expect((status, out, err) == (7, b'cba\n', measured(build, *words)), status, out, err)
    machine = script.Snp(source, build)
    own = {**script.OWN, **script.SNP, '--kernel': '6.1', '--cpus': '2', '--seconds': '1200'}
    with script.tempfile.TemporaryDirectory() as folder:
        files = {f'/{name}': machine.image(['--memory', '24M'], [BUSYBOX, *words], os.path.join(folder, name))[0]
                 for name, words in {'image': ['rev'], 'spin': ['sh', '-c', 'while :; do :; done']}.items()}
    asked = ('busybox uname -r; busybox nproc; busybox grep -cwE "svm|sev|sev_es|sev_snp" /proc/cpuinfo; '
             'busybox dmesg | busybox grep -cE "Memory Encryption|SEV|VMPL|BUG:|Oops|WARNING:|Call Trace"; '
             'confbox info | busybox grep -c "^backend *snp"; echo abc | confbox run /image; '
             'confbox run --timeout 1 /spin; echo $?')
    result = machine.run(own, [BUSYBOX, 'sh', '-c', asked], files)
    print(result.out.decode(), result.err.decode(), result.console)
    lines = result.out.decode().splitlines()
    expect(result.status == 0 and lines[0].startswith('6.1.') and lines[1:6] == ['1', '0', '0', '1', 'cba'], 'it is another host')
    expect(lines[6:] == ['124'], 'a box whose time is over goes on')


def measured(build, *words):
    """What the monitor will measure of them, a line."""
    return subprocess.run([os.path.join(build, 'src/tools/confbox'), 'measure', '--memory', '64M', '--', *words],
                          stdout=subprocess.PIPE, check=True).stdout.decode()


def test_host(source, build):
    """The test host instead of a Linux: the same program, what it is told and asked, and evidence."""
    data = bytes(range(256)) * 200
    words = BUSYBOX, 'sh', '-c', f'{BUSYBOX} sha256sum; echo told >&2; exit 7'
    status, out, err = lab(source, build, 'snp', '--host', 'test', '--print-measurement', '--seconds', '1200', '--',
                           *words, data=data, seconds=1500)
    expect((status, out.decode().split()[0]) == (7, hashlib.sha256(data).hexdigest()), status, out, err)
    expect(err == measured(build, *words) + 'told\n', 'measurement', err)
    status, out, err = lab(source, build, 'snp', '--host', 'test', '--info', '--seconds', '1200', seconds=1500)
    expect(status == 0 and re.search(r'^backend +snp$', out.decode(), re.M), status, out, err)
    vouches(source, build, (BUSYBOX, 'rev'))


def told(source, build):
    """CPUID of a box that is told of a level, in every thread and process of it; the lab has no CMPXCHG16B to tell."""
    program = os.path.join(build, 'tests/driver/lab-cpuid')
    table = subprocess.run([program, 'expect', '1'], stdout=subprocess.PIPE, check=True).stdout.decode()
    status, out, err = lab(source, build, 'snp', '--host', 'test', '--cpuid', 'v1', '--seconds', '1200', '--', program, seconds=1500)
    parts = re.split(r'(?m)^(main|thread|child|exec|handler .*)\n', out.decode())
    expect((status, err) == (0, '') and parts[1::2] == ['main', 'thread', 'child', 'thread', 'exec', 'handler 1']
           and parts[2:-2:2] == [table] * 5, status, out.decode(), err)
    status, out, err = lab(source, build, 'snp', '--host', 'test', '--cpuid', 'v2', '--seconds', '1200', '--', program, seconds=1500)
    expect((status, out) == (125, b'') and 'told of x86-64-v2, and this machine has v1;' in err, status, out, err)
    status, out, err = lab(source, build, 'snp', '--host', 'test', '--info', '--seconds', '1200', seconds=1500)
    expect(re.search(r'^cpuid +withheld on request', out.decode(), re.M), status, out, err)


def vouches(source, build, words):
    """Evidence of a box there: who trusts the lab's root, and asked, learns which box under which monitor."""
    machine = script.Snp(source, build)
    own = {**script.OWN, **script.SNP, '--host': 'test', '--seconds': '1200'}
    with script.tempfile.TemporaryDirectory() as folder:
        image, line = machine.image([], list(words), os.path.join(folder, 'image'))
        result = machine.run(own, ['/bin/confbox', 'attest', '--nonce', NONCE, '/image'], {'/image': image})
        expect(result.status == 0, result)
        path = os.path.join(folder, 'evidence')
        with open(path, 'wb') as file:
            file.write(result.out)
        root = '--root', os.path.join(build, 'lab/x86/tests/vendor/ark.pem')
        for status, text, more in ((0, line, ('--nonce', NONCE, *root)), (1, 'refused: chain', ('--nonce', NONCE)),
                                   (1, 'refused: nonce', ('--nonce', NONCE[::-1], *root))):
            done = subprocess.run([os.path.join(build, 'src/tools/confbox-client'), 'verify', path, *more],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            print(done.stdout)
            expect(done.returncode == status and text in done.stdout, more, done.stdout)
            expect(status != 0 or snp_os.lab_run.measurement(machine.monitor).hex() in done.stdout, 'another monitor')


def judge_killed(lines, count):
    kills = [re.fullmatch(r'killed (\d+) (\d+) left 0 0 0 0 ', line) for line in lines[:count]]
    expect(len(lines) == count + 1 and all(kills), 'something is left')
    expect(any(int(kill[1]) > 0 for kill in kills), 'there was nothing to give back')
    expect(lines[-1] == 'cba', 'no box runs afterwards')


def judge_lent(samples):
    """While there are several lenders, they compute for longer than time passes."""
    at = {}
    for thread, _, ticks, now in samples:
        at.setdefault(now, {})[thread] = ticks
    several = sorted(now for now, threads in at.items() if sum(ticks > 0 for ticks in threads.values()) > 1)
    rates = [sum(ticks - at[before].get(thread, 0) for thread, ticks in at[now].items()) / (now - before)
             for before, now in zip(several, several[1:])]
    expect(rates, 'no second CPU is lent')
    # the median: at the end one lender is gone, and its ticks with it
    expect(statistics.median(rates) > 1.1 and {cpu for _, cpu, _, _ in samples} == {0, 1},
           'one CPU at a time', rates)


def two(source, build):
    """A box with two threads on two CPUs at once, and services killed while pages change hands there."""
    machine = script.Snp(source, build)
    own = {**script.OWN, **script.SNP, '--cpus': '2', '--seconds': '1200'}
    with script.tempfile.TemporaryDirectory() as folder:
        files = {f'/{name}': machine.image(['--memory', '24M'], words, os.path.join(folder, name))[0]
                 for name, words in {'image': [BUSYBOX, 'rev'], 'spin': [BUSYBOX, 'sh', '-c', 'while :; do :; done'],
                                     'two': [os.path.join(build, 'tests/driver/lab-two')]}.items()}
    result = machine.run(own, [BUSYBOX, 'sh', '-c', TWO + KILLED.replace('@KILLS@', str(KILLS))], files)
    print(result.out.decode(), result.err.decode(), result.console)
    expect(result.status == 0, 'it did not come to the end')
    lent, _, rest = result.out.decode().partition('status ')
    samples = [tuple(map(float, line.split())) for line in lent.splitlines()]
    judge_lent(samples)
    rest = rest.splitlines()
    expect(rest[:2] == ['0', 'took turns: yes'], 'they did not take turns')
    judge_killed(rest[2:], KILLS)


def sealing(source, build):
    """What a box seals there is opened by it alone, under that monitor alone: three starts
    of the machine, on one chip."""
    machine = script.Snp(source, build)
    own = {**script.OWN, **script.SNP, '--seconds': '1200'}
    seal = os.path.join(build, 'src/seal/confbox-seal')
    with script.tempfile.TemporaryDirectory() as folder:
        files = {f'/{name}': machine.image(['--memory', '24M', '--with', seal], [
            BUSYBOX, 'sh', '-c', SEALS.replace('@SEAL@', seal) + more], os.path.join(folder, name))[0]
                 for name, more in {'image': '', 'other': 'exit'}.items()}
        result = machine.run(own, ['/bin/confbox', 'run', '/image'], dict(files), b'new\n' + SECRET)
        blob = result.out
        expect(result.status == 0 and len(blob) > len(SECRET) and SECRET not in blob, result)
        files.update({'/blob': b'show\n' + blob, '/bad': b'show\n' + blob[:-1] + bytes([blob[-1] ^ 1]),
                      '/new': b'new\n' + SECRET})
        told = opens(machine, own, files, 'true', ('image', 'blob'), ('other', 'blob'), ('image', 'bad'))
        expect(told == [(0, SECRET), (1, NOT_ITS), (1, NOT_ITS)], told)
        with open(machine.monitor, 'rb') as file:
            monitor = file.read()
        expect(monitor.count(SAID) == 1, SAID)
        machine.monitor = os.path.join(folder, 'monitor')
        with open(machine.monitor, 'wb') as file:
            file.write(monitor.replace(SAID, SAID.swapcase()))
        told = opens(machine, own, files, '{ echo show; confbox run /image < /new; } > /mine', ('image', 'blob'), ('image', 'mine'))
        expect(told == [(1, NOT_ITS), (0, SECRET)], told)


def counters(source, build):
    """H09: who kept a blob and brings it back when the box has sealed another one is refused."""
    machine = script.Snp(source, build)
    own = {**script.OWN, **script.SNP, '--seconds': '1200'}
    seal = os.path.join(build, 'src/seal/confbox-seal')
    with script.tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, 'counters')
        service = subprocess.run([os.path.join(build, 'src/tools/confbox-client'), 'counter', kept], check=True,
                                 stdout=subprocess.PIPE).stdout.decode().strip()
        policy = os.path.join(folder, 'policy')
        with open(policy, 'w', encoding='ascii') as file:
            json.dump({'forward': [{'counter': True}]}, file)
        counted = COUNTED.replace('@SEAL@', seal).replace('@SERVICE@', service).replace('@BUSYBOX@', BUSYBOX)
        files = {f'/{name}': script.read(os.path.join(kept, name)) for name in os.listdir(kept)}
        before = BEFORE.replace('@KEYS@', ' '.join(files))
        files.update({'/new': b'new\n' + SECRET, '/image': machine.image(
            ['--memory', '24M', '--with', seal, '--policy', policy], [BUSYBOX, 'sh', '-c', counted],
            os.path.join(folder, 'image'))[0]})
        told = opens(machine, own, files, before, ('image', 'now'), ('image', 'back'), ('image', 'now'),
                     options='--serve --counter /counters')
        expect(told == [(0, SECRET), (1, ROLLED_BACK), (0, SECRET)], told)


def opens(machine, own, files, first, *what, options=''):
    """What becomes of each blob in an image: (status, what it says)."""
    asked = f'{first}; for w in ' + ' '.join(map(':'.join, what)) + (
        f'; do confbox run {options} /${{w%:*}} < /${{w#*:}} 2>&1; echo "status $?"; done')
    result = machine.run(own, [BUSYBOX, 'sh', '-c', asked], files)
    expect(result.status == 0, result)
    told = re.findall(rb'(.*\n)status (\d+)\n', result.out)
    print(told)
    return [(int(status), next((why for why in (NOT_ITS, ROLLED_BACK) if why in text), text)) for text, status in told]


def words(source, build):
    for given, text in ((('--host', 'none', '--', BUSYBOX), '--host none: there are linux and test'),
                        (('--host', 'test', '--kernel', '6.1', '--', BUSYBOX), '--kernel 6.1: the test host is a kernel'),
                        (('--host', 'test', '--cpus', '2', '--', BUSYBOX), '--cpus 2: the test host knows no way'),
                        (('--host', 'test', '--seconds', '1', '--', BUSYBOX), 'without an answer'),
                        (('--host', 'test', '--attack'), '--attack: goes with no other'),
                        (('--serve', '0', '--', BUSYBOX), '--serve: on pks-vm only'),
                        (('--attack', '--cpus', '2'), '--attack: goes with no other'),
                        (('--emulator', 'bochs', '--', BUSYBOX), 'snp is a machine of qemu'),
                        (('--cpus', '0', '--', BUSYBOX), '--cpus 0: must be a number'),
                        (('--cpus', '3', '--', BUSYBOX), '--cpus 3: that machine has 1 or 2'),
                        (('--kernel', '5.10', '--', BUSYBOX), '--kernel 5.10: there are 6.12 and 6.1'),
                        (('--kernel', '6.1', '--cpus', '2', '--', BUSYBOX), '--cpus 2: 6.1 knows no way to start another'),
                        (('--seconds', '1', '--', BUSYBOX), 'without an answer'),
                        ((), 'no program is given')):
        status, out, err = lab(source, build, 'snp', *given)
        expect(status == 125 and out == b'' and text in err, given, status, out, err)
    is_interrupted(source, build)
    tells_at_once(source)
    tells_of_no_mirror(source)


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def name(pid):
    """Of the program; what ended has none."""
    try:
        return os.path.basename(os.readlink(f'/proc/{pid}/exe'))
    except FileNotFoundError:
        return None


def is_interrupted(source, build):
    """A signal ends machine and command; neither a process nor a file is left."""
    with script.tempfile.TemporaryDirectory() as folder:
        command = subprocess.Popen([sys.executable, '-B', os.path.join(source, 'tests/lab/lab.py'), source, build,
                                    'snp', '--', BUSYBOX, 'true'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, 'TMPDIR': folder})
        machine = []
        while command.poll() is None and not machine:
            time.sleep(0.1)
            machine = [pid for pid in children(command.pid) if name(pid) == 'qemu-system-x86_64']
        command.terminate()
        out, err = command.communicate(timeout=60)
        expect((command.returncode, out, err) == (143, '', 'confbox lab: ended by signal 15, and the machine with it\n'),
               command.returncode, out, err)
        expect(machine and name(machine[0]) is None and os.listdir(folder) == [], machine, os.listdir(folder))


def tells_at_once(source):
    """For help nothing is built."""
    with script.tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([os.path.join(source, 'scripts/lab'), 'snp', '--help'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, 'BUILD': folder}, check=False)
        expect(done.returncode == 0 and 'usage: confbox lab' in done.stdout and done.stderr == '', done)
        expect(os.listdir(folder) == [], os.listdir(folder))


def tells_of_no_mirror(source):
    """Where apt has no mirror, or one that does not answer: the cause and what to do."""
    for lists, why in (('', 'apt has no Debian mirror in its sources'),
                       ('file:///nowhere/debian bookworm', 'nowhere')):
        with script.tempfile.TemporaryDirectory() as folder:
            tool = os.path.join(folder, 'apt-get')
            with open(tool, 'w', encoding='ascii') as file:
                file.write(f'#!/bin/sh\n[ "$1" != indextargets ] || {{ echo "{lists}"; exit; }}\nexec /usr/bin/apt-get "$@"\n')
            os.chmod(tool, 0o755)
            done = subprocess.run([os.path.join(source, 'scripts/driver-kernel'), os.path.join(folder, 'kernel'), 'bookworm'],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                                  env={**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'})
            expect(done.returncode == 1 and why in done.stderr and 'See to that mirror' in done.stderr, done)
            expect(sorted(os.listdir(os.path.join(folder, 'kernel'))) == ['bookworm.log', 'lock'], os.listdir(folder))


def main(source, build, test):
    for tool in ('qemu-system-x86_64', 'make', 'gcc'):
        if shutil.which(tool) is None:
            print(f'{tool} is not installed')
            sys.exit(77)
    {'runs': runs, 'two': two, 'blind': blind, 'os': test_host, 'cpuid': told, 'sealing': sealing,
     'counters': counters, 'words': words}[test](source, build)


if __name__ == '__main__':
    main(*sys.argv[1:])
