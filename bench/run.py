# SPDX-License-Identifier: Apache-2.0
"""run.py CONFBOX FOLDER [--quick]: programs in boxes, against the same outside.

FOLDER holds bench_life, bench_hello, bench_channel and bench_calls.  Everything that is
compared runs in turn, several times; of system calls the median counts, else the
least.
"""
import contextlib
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import table

BUSYBOX = '/bin/busybox'
MEGABYTES = 50  # of the demo's file
SMALL = 8       # megabytes of the file that is hashed again and again
AGAIN = 60
# What bench_calls measures: its name here, and the most it may take of native.
CALLS = {
    'getpid': ('getpid', 1.0),
    'getppid': ('getppid', None),
    'read-1': ('read 1 byte of a file in memory', None),
    'read-4096': ('read 4 KiB of it', 1.0),
    'write-1': ('write 1 byte', None),
    'write-4096': ('write 4 KiB', 1.0),
    'futex-nobody': ('futex, nobody waits', 1.0),
    'clock_gettime': ('clock_gettime', 1.2),
    'wake': ('wake of a parked thread', 2.0),
    'mmap-page': ('mmap, touch, munmap of 4 KiB', 1.5),
}
SLOWER_GVISOR = 0.05  # a box's part of gVisor's time, where native is met
GVISOR, BUBBLEWRAP, ONE_CPU = 'gVisor (ptrace)', 'bubblewrap', 'box of one CPU'


class Bench:
    def __init__(self, confbox, folder, quick):
        self.confbox, self.folder, self.quick = confbox, os.path.abspath(folder), quick
        self.turns = 1 if quick else 5
        self.scale = 10 if quick else 1

    def program(self, name):
        return os.path.join(self.folder, name)

    def box(self, *command, options=()):
        return [self.confbox, 'run', *options, '--', *command]


def output(command, stdin=None):
    # A pipe: some of them write to the beginning of a file.
    return subprocess.run(command, check=True, stdin=stdin or subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout.decode()


def run_quietly(command, path=None):
    """Run it, standard input from a file."""
    with contextlib.ExitStack() as files:
        stdin = files.enter_context(open(path, 'rb')) if path else subprocess.DEVNULL
        subprocess.run(command, check=True, stdin=stdin, stdout=subprocess.DEVNULL)


def seconds(command, path=None):
    start = time.monotonic()
    run_quietly(command, path)
    return time.monotonic() - start


def cpu_seconds(command, path=None):
    """What a command and all its processes used; other programs on the machine
    make that longer, too, but not by as much."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_quietly(command, path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least_of(turns, **ways):
    """The least of what each function returns, called in turn."""
    least = {}
    for _ in range(turns):
        for name, way in ways.items():
            least[name] = min(least.get(name, float('inf')), way())
    return least


def calls_in(command):
    return {name: float(ns) for name, ns in
            (line.split() for line in output(command).splitlines())}


def places(bench):
    """Where bench_calls runs: what it is called, and the command."""
    calls, rounds = bench.program('bench_calls'), '2' if bench.quick else '20'
    where = {'native': [calls, '/dev/shm', rounds],
             'box': bench.box(calls, '/tmp', rounds),
             ONE_CPU: bench.box(calls, '/tmp', rounds, options=['--cpus', '1']),
             'box, every call a trap': bench.box(calls, '/tmp', rounds,
                                                 options=['--rewrite', 'never'])}
    if bench.quick:
        return where
    if shutil.which('runsc'):
        where[GVISOR] = ['runsc', '--rootless', '--platform=ptrace', '--network=none',
                                    'do', calls, '/tmp', '5']
    if shutil.which('bwrap'):
        where[BUBBLEWRAP] = ['bwrap', '--ro-bind', calls, '/calls', '--tmpfs', '/tmp',
                               '/calls', '/tmp', rounds]
    return where


def medians(bench):
    """What each call takes at each place: all places in turn, then the median."""
    where, taken = places(bench), {}
    for _ in range(bench.turns):
        for place, command in where.items():
            for name, ns in calls_in(command).items():
                taken.setdefault((place, name), []).append(ns)
    return list(where), {key: statistics.median(values) for key, values in taken.items()}


def target(place, most):
    """The most of a place's time a box may take."""
    if place == 'native':
        return most
    return SLOWER_GVISOR if place == GVISOR and most == 1.0 else None


def print_calls(bench):
    where, median = medians(bench)
    table.heading('A system call in a box (medians)')
    for name, (text, most) in CALLS.items():
        for place in where:
            if place not in ('box', ONE_CPU, 'box, every call a trap'):
                table.row(text, median['box', name], 'ns', place, median[place, name],
                          target(place, most))
    table.row(CALLS['wake'][0] + ', a box of one CPU', median[ONE_CPU, 'wake'], 'ns', 'native',
              median['native', 'wake'])
    table.heading('The same when every call is a trap')
    for name, (text, _) in CALLS.items():
        table.row(text + ', a trap', median['box, every call a trap', name], 'ns', 'native',
                  median['native', name])
    table.heading('Computing in a box')
    table.row('additions and shifts, no call', 1e3 / median['box', 'compute'], 'per us', 'native',
              1e3 / median['native', 'compute'], 0.98, least=True)


def file_of(folder, megabytes):
    """A file of the machine's own text, as the demo's."""
    path = os.path.join(folder, f'input-{megabytes}')
    with open(path, 'wb') as made:
        for root, folders, names in os.walk('/usr/share'):
            folders.sort()
            for name in sorted(names):
                with contextlib.suppress(OSError), open(os.path.join(root, name), 'rb') as part:
                    made.write(part.read(megabytes * 1000000 - made.tell()))
                if made.tell() == megabytes * 1000000:
                    return path
        made.write(bytes(megabytes * 1000000 - made.tell()))
    return path


def print_hashing(bench, folder):
    """CPU time of hashing a file again and again, less that of hashing it once:
    the start, and the way of the file into the box, are in both."""
    megabytes = max(1, SMALL // bench.scale)
    again = AGAIN // bench.scale
    path = file_of(folder, megabytes)
    options = ['--file', f'{path}:/data']

    def once(times, inside):
        if inside:
            return cpu_seconds(bench.box(BUSYBOX, 'sha256sum', *['/data'] * times,
                                         options=options))
        return cpu_seconds([BUSYBOX, 'sha256sum', *[path] * times])

    least = least_of(bench.turns,
                     native=lambda: once(again + 1, False), native1=lambda: once(1, False),
                     box=lambda: once(again + 1, True), box1=lambda: once(1, True))
    total = again * megabytes
    table.row('busybox sha256sum of a file in the box, CPU time',
              total / (least['box'] - least['box1']), 'MB/s', 'native',
              total / (least['native'] - least['native1']), 0.98, least=True)


def print_job(bench, folder):
    table.heading('A whole job')
    megabytes = MEGABYTES // bench.scale
    path = file_of(folder, megabytes)
    native, hello = [BUSYBOX, 'sha256sum'], [bench.program('bench_hello')]
    jobs = {
        f'sha256sum of {megabytes} MB on standard input':
            (bench.box(*native), path, native, path),
        f'sha256sum of a measured file of {megabytes} MB':
            (bench.box(*native, '/data', options=['--file', f'{path}:/data']), None,
             native, path),
        'confbox run -- hello': (bench.box(*hello), None, hello, None),
    }
    for name, (inside, inside_stdin, outside, stdin) in jobs.items():
        for what, measure in (('', seconds), (', CPU time', cpu_seconds)):
            least = least_of(bench.turns, box=lambda: measure(inside, inside_stdin),
                             native=lambda: measure(outside, stdin))
            table.row(name + what, least['box'] * 1e3, 'ms', 'native', least['native'] * 1e3)


def descendants(root):
    """Every thread below a process, the process itself not."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError), open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
            parents[int(pid)] = int(stat.read().rsplit(')', 1)[1].split()[1])
    found, below = [], {root}
    while below:
        below = {pid for pid, parent in parents.items() if parent in below}
        found += below
    return found


def memory_of(pid, files=True):
    """Kilobytes a process uses, its share of what is shared, with what it has mapped
    of memory files or without; a thread answers where the first one has ended."""
    for task in os.listdir(f'/proc/{pid}/task'):
        with contextlib.suppress(OSError), open(f'/proc/{task}/smaps_rollup',
                                                encoding='utf-8') as rollup:
            parts = dict(line.split()[:2] for line in rollup if line.startswith('Pss'))
            return int(parts['Pss:']) - (0 if files else int(parts['Pss_Shmem:']))
    return 0


def files_of(pids):
    """Kilobytes of the memory files that processes have open, each once.  A box's
    pages lie there, whether a process has them mapped or not."""
    files = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f'/proc/{pid}/fd'):
                path = f'/proc/{pid}/fd/{name}'
                if os.readlink(path).startswith('/memfd:'):
                    stat = os.stat(path)
                    files[stat.st_dev, stat.st_ino] = stat.st_blocks // 2
    return sum(files.values())


def print_memory(bench):
    table.heading('Memory while a program sleeps')
    box = subprocess.Popen(bench.box(BUSYBOX, 'sleep', '30'), stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        below = descendants(box.pid)
        rest = sum(memory_of(pid) for pid in below[1:])
        table.row('confbox', memory_of(box.pid), 'KiB')
        table.row('the monitor', memory_of(below[0]), 'KiB')
        table.row('the keeper and the box', rest, 'KiB')
    finally:
        box.send_signal(signal.SIGTERM)
        box.wait()


def main():
    bench = Bench(sys.argv[1], sys.argv[2], '--quick' in sys.argv)
    life = [bench.program('bench_life'), bench.program('bench_hello')]
    subprocess.run(life + (['--quick'] if bench.quick else []), check=True)
    channel = [bench.program('bench_channel'), BUSYBOX]
    subprocess.run(channel + (['--quick'] if bench.quick else []), check=True)
    with tempfile.TemporaryDirectory() as folder:
        print_calls(bench)
        print_hashing(bench, folder)
        print_job(bench, folder)
    print_memory(bench)


if __name__ == '__main__':
    main()
