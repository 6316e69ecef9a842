# SPDX-License-Identifier: Apache-2.0
"""A stock Linux at VMPL1 with the driver, above the snp monitor, under stress.

    snp_stress.py SOURCE BUILD CPUS PART...

The parts come one after the other in one machine: many, cycles, kills, fuzz,
pressure, hotplug (of two CPUs).  After each nothing is left of it, and the kernel has nothing to complain of.
CBX_KILLS, CBX_CYCLES and CBX_FUZZ_SECONDS are how many kills, cycles and seconds there are.
"""
import os
import re
import shutil
import subprocess
import sys
import time

import lab as script
import snp_lab
from command import expect

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../root'))
import rooted  # pylint: disable=wrong-import-position
from rooted import machine  # pylint: disable=wrong-import-position
import linux as lab_linux  # pylint: disable=wrong-import-order,wrong-import-position
import run as lab_run  # pylint: disable=wrong-import-order,wrong-import-position

KERNEL = '6.12'
BYTES = 512 << 20  # of memory
MANY = 50
CYCLES = int(os.environ.get('CBX_CYCLES', '1000'))
KILLS = int(os.environ.get('CBX_KILLS', '200'))
KILLS_AT_ONCE = 20  # then all memory is looked through
SECONDS_FUZZED = int(os.environ.get('CBX_FUZZ_SECONDS', '60'))
SECONDS = 3600  # for one part, on a machine that does much else
TEXT = b'only the box ever wrote this down'
TEXT_PAGES = 256
ROUNDS = {'short': 20000, 'long': 400000, 'longer': 2000000}  # of mark.c: a fraction of a second, several, and many
AT = '/sys/class/misc/confbox'
MORE = """insmod /confbox.ko area=$(sed -n 's/.*confbox.area=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
echo 1 > /proc/sys/vm/overcommit_memory
echo 0 > /proc/sys/vm/oom_dump_tasks
wait_for() { # what, files that have it within a minute or two
	for file in $(shift; echo $*); do
		for i in $(seq 1000); do
			grep -q "$1" $file && break
			usleep 50000
		done
		grep -q "$1" $file || { cat $file; return 1; }
	done
}
eater() { # of more memory than there is
	dd if=/dev/zero of=/dev/null bs=400M count=1 2> /dev/null
	echo "eater $?"
}
slowly() { # behind others
	exec sh -c 'renice -n 10 -p $$ > /dev/null; exec "$@"' sh "$@"
}
killed_first() {
	exec sh -c 'echo 1000 > /proc/self/oom_score_adj; exec "$@"' sh "$@"
}
"""
ILL = 'BUG:|Oops|WARNING|Call Trace|general protection|lockup|blocked for more|self-detected|allocation failure'
KILLED = 137


class Machine:
    """And what is known of what it will run."""

    def __init__(self, source, build, cpus, folder):
        begun = time.monotonic()
        self.lab, self.folder = script.Snp(source, build), folder
        kernel, driver = snp_lab.module(source, build, KERNEL, machine.skip)
        self.mark = os.path.join(build, 'tests/driver/driver-mark')
        files = {f'bin/{name}': script.read(os.path.join(build, 'tests/driver', f'driver-{name}'))
                 for name in ('boxes', 'fuzz', 'kills', 'mark')}
        files.update({name: self.image(rounds) for name, rounds in {**ROUNDS, 'spin': 0}.items()})
        self.right = {name: self.outside(rounds) for name, rounds in ROUNDS.items()}
        pack = os.path.join(folder, 'pack')
        with open(pack, 'wb') as file:
            file.write(lab_linux.pack(
                script.read(os.path.join(kernel, 'vmlinuz')),
                machine.initial(rooted.SHELL.replace('@MORE@', MORE), {
                    **files, 'confbox.ko': driver, 'bin/confbox': script.read(self.lab.confbox)}),
                lab_linux.MAGIC['snp'], script.read(os.path.join(build, 'src/monitor/snp/confbox-monitor.elf'))))
        serial = lab_run.MACHINE.index('-serial')
        self.linux = rooted.Linux(folder, [
            lab_run.QEMU, *lab_run.MACHINE[:serial], *lab_run.MACHINE[serial + 2:], '-smp', cpus,
            *lab_run.chip(os.path.join(build, 'lab/x86/tests/vendor')),
            '-append', f'{lab_linux.COMMAND_LINE} oops=panic panic_on_warn=1',
            '-kernel', os.path.join(build, 'lab/x86/confbox-lab.elf'), '-initrd', pack])
        print(f'booted: {time.monotonic() - begun:.1f} s')

    def close(self):
        self.linux.close()

    def words(self, rounds):
        return [rooted.inverted(TEXT), str(TEXT_PAGES), str(rounds)]

    def image(self, rounds):
        return self.lab.image(['--memory', '4M'], [self.mark, *self.words(rounds)],
                              os.path.join(self.folder, 'image'))[0]

    def outside(self, rounds):
        """What it says without a box."""
        done = subprocess.run([self.mark, *self.words(rounds)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().splitlines()

    def root(self, command, wanted=0):
        """The lines of what root typed."""
        status, lines = self.linux.root(command, SECONDS)
        expect(status == wanted, command, status, lines, self.linux.text()[-2000:])
        return lines

    def numbers(self, *names):
        return [int(line) for line in self.root('cat ' + ' '.join(f'{AT}/{name}' for name in names)) if line]

    def found(self):
        """How often the box's text is in memory, whoever's it is."""
        path = self.linux.memory('memory', BYTES)
        try:
            return script.read(path).count(TEXT)
        finally:
            os.unlink(path)

    def runs(self):
        """A box does, and its memory has the text while it does."""
        expect(self.root('confbox run /short < /dev/null')[-2:] == self.right['short'], 'no box runs')

    def settle(self, reports=0):
        """Nothing is left, but as many reports that there was no memory."""
        expect(self.numbers('files', 'boxes', 'pages', 'lost') == [0, 0, 0, 0], 'something is left')
        lines = self.root(f'dmesg -c | grep -E "{ILL}|invoked oom-killer" > /log; cat /log')
        traces = [line for line in lines if 'Call Trace' in line]
        killers = [line for line in lines if 'invoked oom-killer' in line]
        # The eater, which was killed already and was still asking: told for itself, with a trace.
        refused = [line for line in lines if killers and re.search(r'\bdd: page allocation failure: order:0', line)]
        ill = [line for line in lines if re.search(ILL, line)]
        expect(len(ill) == len(traces) + len(refused) and len(traces) == len(killers) + len(refused),
               'the kernel is not well', lines)
        expect(len(killers) >= reports, f'{len(killers)} times no memory')


def many(it):
    """Each is a process's; all there before one runs."""
    expect(f'pass: many {MANY}' in it.root(f'boxes many {MANY}'), 'many')


def cycles(it):
    free = "awk '/^MemFree:/ { print $2 }' /proc/meminfo"
    it.root('boxes cycles 100')
    before = int(it.root(free)[-1])
    expect(f'pass: cycles {CYCLES}' in it.root(f'boxes cycles {CYCLES}'), 'cycles')
    after = int(it.root(free)[-1])
    print(f'{before - after} kB less are free after {CYCLES} boxes')
    expect(after > before - 2048, 'memory is gone')


def kills(it):
    """What a killed service's box wrote is nowhere in the machine; it is while the box lives, and where an
    ordinary process was."""
    seed = int(time.time())
    expect(it.found() == 0, 'the text is there before any box')
    it.root('confbox run /spin < /dev/null > /said 2>&1 & wait_for marked /said')
    expect(it.found() >= TEXT_PAGES, 'memory of a box is not looked through')
    it.root('kill -9 $!; wait $!', KILLED)
    killed = {}
    for begun in range(0, KILLS, KILLS_AT_ONCE):
        count = min(KILLS_AT_ONCE, KILLS - begun)
        lines = it.root(f'kills {count} {seed + begun} /bin/confbox run /short')
        for number, point in re.findall(r'^killed (\d+) that (.*)$', '\n'.join(lines), re.M):
            killed[point] = killed.get(point, 0) + int(number)
        expect(it.found() == 0, f'seed {seed + begun}: something of a killed box is left')
    print(f'seed {seed}: {KILLS} kills, before the service had ended', killed)
    expect(len(killed) == 5 and all(killed.values()), 'some point was never met')
    it.root(f'mark {" ".join(it.words(ROUNDS["short"]))} < /dev/null')
    expect(it.found() >= TEXT_PAGES // 2, 'an ordinary process leaves nothing')


def fuzz(it):
    lines = it.root(f'fuzz below {SECONDS_FUZZED}')
    print(*lines, sep='\n')
    expect('pass' in lines, 'fuzz')


def pressure(it):
    """Boxes compute while there is no memory; a service that the kernel chooses is killed."""
    outs = ['/out1', '/out2', '/out3']
    for out in outs:
        it.root(f'until [ -e /go ]; do usleep 50000; done | slowly confbox run /long > {out} 2>&1 &')
    it.root('slowly confbox run /spin < /dev/null > /victim 2>&1 & victim=$!; '
            f'wait_for marked /victim {" ".join(outs)}; echo 1000 > /proc/$victim/oom_score_adj')
    expect(it.numbers('boxes') == [4], 'not all run')
    expect('eater 137' in it.root('touch /go; eater'), 'memory was enough')
    it.root('wait $victim', KILLED)
    expect(it.numbers('boxes') == [3], 'others were killed, or done before', it.root('cat /out*; dmesg | tail'))
    it.root('wait')
    for out in outs:
        expect(it.root(f'cat {out}')[-2:] == it.right['long'], 'a box was wrong')
    it.settle(2)
    # Most of it is the monitor's: half is what one may have, three quarters what all may.
    for n in (1, 2):
        it.root(f'killed_first boxes hold 1000 > /held{n} & holder{n}=$!; wait_for held /held{n}')
    pages, = it.numbers('pages')
    total, = map(int, it.root("awk '/^MemTotal:/ { print int($2 / 4) }' /proc/meminfo")[-1:])
    print(f'{pages} of {total} pages were given away')
    expect(pages > total * 7 // 10, 'too few')
    lines = it.root('confbox run /short < /dev/null 2>&1', 125)
    expect('no memory for boxes' in '\n'.join(lines), lines)
    expect('eater 137' in it.root('eater'), 'memory was enough')
    for n in (1, 2):
        it.root(f'wait $holder{n}', KILLED)
    it.settle(3)


def hotplug(it):
    """A box runs on a CPU that is taken away and comes back, once."""
    cpu = '/sys/devices/system/cpu/cpu1/online'
    outs = '/out1', '/out2'
    for out in outs:
        it.root(f'taskset 2 confbox run /longer < /dev/null > {out} 2>&1 &')
    # In one line: the CPUs take turns, and a line that is typed waits for each.
    lines = it.root(f'wait_for marked {" ".join(outs)} && echo 0 > {cpu} && usleep 100000 && cat {AT}/boxes && echo 1 > {cpu}')
    expect(lines[-1:] == ['2'], 'the boxes were done before', lines)
    it.root('wait')
    for out in outs:
        expect(it.root(f'cat {out}')[-2:] == it.right['longer'], 'a box was wrong')


PARTS = {part.__name__: part for part in (many, cycles, kills, fuzz, pressure, hotplug)}


def play(it, parts):
    it.settle()
    for part in parts:
        begun = time.monotonic()
        PARTS[part](it)
        it.settle()
        it.runs()
        it.settle()
        print(f'ok {part}: {time.monotonic() - begun:.1f} s', flush=True)


def main(source, build, cpus, *parts):
    for tool in (lab_run.QEMU, 'make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    with rooted.started(lambda folder: Machine(source, build, cpus, folder)) as it:
        play(it, parts)


if __name__ == '__main__':
    main(*sys.argv[1:])
