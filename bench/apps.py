# SPDX-License-Identifier: Apache-2.0
"""apps.py CONFBOX FOLDER [--turns N] [--quick] [--only NAME]... [--write RESULTS.md]:
applications in boxes, against the same outside.

FOLDER holds what bench/meson.build builds.  Everything that is compared runs in
turn, and the median counts.  An application is timed by a shell beside it, in the
box or outside: its start by that shell, its libraries and its files are in, the
box's own start is a row of its own.  With --write the section goes into RESULTS.md, too,
and applications.svg beside it is drawn.
"""
import argparse
import contextlib
import datetime
import io
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import plot
import run
import table
from applications import PYTHON, SEARCH, applications

ENVIRONMENT = {'PATH': SEARCH, 'HOME': '/', 'LC_ALL': 'C.UTF-8'}
BEGIN, END = '<!-- apps: begin -->', '<!-- apps: end -->'
CLONE_MIB = 32
SLOW = 6  # seconds after which a sandbox to compare with has no second turn
BOXES = 8
SKIPPED = 77  # a test's status: a program is not installed

POINT = '''import os
if os.path.exists('/dev/template'):
    open('/dev/template').read()
print('ready', flush=True)'''


class Places:
    """Where an application runs: each place's command for it."""

    def __init__(self, confbox, quick, scratch):
        self.confbox, self.quick, self.scratch = confbox, quick, scratch

    def box(self, app):
        env = [word for pair in ENVIRONMENT.items() for word in ('--env', '='.join(pair))]
        tools = [] if app.direct else [word for tool in app.tools for word in
                                       ('--with', shutil.which(tool, path=SEARCH))]
        return [self.confbox, 'run', '--memory', '1G', '--dir', f'{app.folder}:/mnt', *env, *tools,
                *app.options, '--', *app.command('/mnt')]

    def of(self, app):
        """Files are in memory at every place, those below /tmp, too."""
        there = {'box': self.box(app), 'native': app.command(app.folder, scratch=self.scratch)}
        if self.quick:
            return there
        if shutil.which('bwrap'):
            there[run.BUBBLEWRAP] = ['bwrap', '--dev-bind', '/', '/', '--bind', app.folder, '/mnt',
                                     '--tmpfs', '/tmp', '--', *app.command('/mnt')]
        if shutil.which('runsc'):
            there[run.GVISOR] = ['runsc', '--rootless', '--platform=ptrace', '--network=none', 'do',
                                 *app.command(app.folder, before=COPIED)]
        return there


# gVisor's /dev is its own, and what it reads from outside comes by messages: the
# input is copied before.
COPIED = '''mkdir -p /tmp/bench-input
cp -r "$1/." /tmp/bench-input
set -- /tmp/bench-input
'''


def once(app, command):
    """The figures of one run, what else it printed, and the seconds of all of it."""
    start = time.monotonic()
    done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=300)
    taken = time.monotonic() - start
    if done.returncode:
        raise RuntimeError(f'{app.name}: status {done.returncode}: {(done.stderr or done.stdout)[-300:]}')
    said = [line for line in done.stdout.splitlines() if not re.search(r'^\w+ [0-9.]+$', line)]
    return app.figures(done.stdout), said if app.check else None, taken


class Taken:
    """What the runs of an application took, by place."""

    def __init__(self):
        self.figures, self.whole, self.failed, self.said, self.units = {}, {}, {}, {}, {}

    def add(self, place, figures, said, whole):
        for row, (value, unit) in figures.items():
            self.figures.setdefault((row, place), []).append(value)
            self.units[row] = unit
        self.whole.setdefault(place, []).append(whole * 1e3)
        self.said.setdefault(place, said)

    def median(self, row, place):
        return statistics.median(self.figures[row, place])

    def is_slow(self, place):
        return place in (run.GVISOR, run.BUBBLEWRAP) and self.whole.get(place, [0])[0] > SLOW * 1e3

    def called(self, place):
        return place + (', one turn' if self.is_slow(place) else '')


def measure(app, places, turns):
    """All places in turn; a place that fails is left out from then on, and one that
    is only there to compare with, if it takes too long."""
    taken = Taken()
    for _ in range(turns):
        for place, command in places.of(app).items():
            if place in taken.failed or taken.is_slow(place):
                continue
            try:
                taken.add(place, *once(app, command))
            except (RuntimeError, subprocess.TimeoutExpired, TypeError) as error:
                taken.failed[place] = str(error).replace('\n', ' ')[:300]
    for place, said in taken.said.items():
        if 'native' in taken.said and said != taken.said['native']:
            taken.failed[place] = f'{app.name}: another result than outside'
    return taken


def print_app(app, taken):
    """Its rows; the ratios against native that count for the mean."""
    ratios, seen = [], {place for _, place in taken.figures if place not in taken.failed}
    if not {'box', 'native'} <= seen:
        return ratios
    for row, unit in taken.units.items():
        box = taken.median(row, 'box')
        for place in [place for place in ('native', run.BUBBLEWRAP, run.GVISOR) if place in seen]:
            limit = app.limits.get(row) if place == 'native' else None
            table.row(row, box, unit, taken.called(place), taken.median(row, place), limit)
        if row in app.limits:
            ratios.append(box / taken.median(row, 'native'))
    return ratios


def say_failed(failures):
    for place, why in failures:
        print(f'\n{place}: not measured: {why}')


def mean(ratios):
    """One number for all, each application the same weight."""
    each = [statistics.geometric_mean(some) for some in ratios.values() if some]
    return statistics.geometric_mean(each), len(each)


def print_applications(apps, places, turns):
    table.heading('Applications in a box (medians)', 'applications.svg')
    ratios, failures, wholes = {}, [], {}
    for app in apps:
        if app.missing():
            failures.append((app.name, f'not installed: {" ".join(app.missing())}'))
            continue
        taken = measure(app, places, turns)
        ratios[app.name] = print_app(app, taken)
        wholes[app.name] = taken.whole
        failures += taken.failed.items()
    if any(ratios.values()):
        value, count = mean(ratios)
        table.row(f'geometric mean over the {count} applications', value, 'x native', limit=1.03)
    say_failed(failures)
    table.heading('The whole command, with the start of the box and its files measured (medians)')
    for name, whole in wholes.items():
        if {'box', 'native'} <= set(whole):
            table.row(f'{name}: confbox run', statistics.median(whole['box']), 'ms', 'native',
                      statistics.median(whole['native']))


def medians_of(text):
    """Of lines `name milliseconds`."""
    values = {}
    for name, value in (line.split() for line in text.splitlines()):
        values.setdefault(name, []).append(float(value))
    return {name: statistics.median(some) for name, some in values.items()}


def starts_of(commands, turns):
    """Milliseconds of whole commands, in turn."""
    values = {}
    for _ in range(turns):
        for name, command in commands.items():
            values.setdefault(name, []).append(run.seconds(command) * 1e3)
    return {name: statistics.median(some) for name, some in values.items()}


def print_starts(bench, turns):
    table.heading('Starts (medians)')
    warm, hello = bench.program('bench_warm'), [bench.program('bench_hello')]
    nothing, turn = [PYTHON, '-c', 'pass'], str(max(turns * 4, 4))
    took = medians_of(run.output([warm, turn, *hello]))
    table.row('cold start of a hello box, to its first output', took['cold'], 'ms', limit=10)
    table.row('the same to its first output', took['cold'], 'ms', 'native', took['native'])
    table.row('- of it: make the box', took['load'], 'ms')
    took = medians_of(run.output([warm, str(max(turns, 2)), *nothing]))
    table.row('cold start and end of python3 -c pass in a box', took['cold'], 'ms', 'native',
              took['native'], 1.3)
    table.row('- of it: make the box', took['load'], 'ms')
    table.row('the same with files that another box measured (--share-files), between such starts',
              took['cold-shared'], 'ms', 'native', took['native'])
    took = medians_of(run.output([warm, '--shared', turn, *nothing]))
    table.row('a service whose boxes share their files (--share-files)', took['cold-shared'],
              'ms', 'native', took['native'], 1.3)
    table.row('- of it: make the box', took['load-shared'], 'ms')
    for name, command in (('hello', hello), ('python3 -c pass', nothing)):
        took = starts_of({'box': bench.box(*command), 'native': command}, turns)
        table.row(f'confbox run -- {name}, with a monitor and an image of its own', took['box'],
                  'ms', 'native', took['native'])
    took = medians_of(run.output([warm, '--warm', str(CLONE_MIB), turn, PYTHON, '-c', POINT]))
    table.row('warm clone of a started python3, to its first output', took['warm'], 'ms', limit=2)
    table.row('- of it: make the clone', took['clone'], 'ms')
    table.row('warm clone out of a stock, to its first output', took['ready'], 'ms', limit=2)
    table.row('the same to its first output', took['warm'], 'ms', 'a cold box', took['cold'], 0.05)
    table.row('the same to its first output', took['warm'], 'ms', 'native', took['native'])


def memory_with(command):
    """KiB of a service while its boxes are there: each page once."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != 'ready\n':
            raise RuntimeError(f'{command[0]} failed')
        below = [pid for pid in run.descendants(process.pid) if os.path.exists(f'/proc/{pid}')]
        own = sum(run.memory_of(pid, files=False) for pid in [process.pid, *below])
        return own + run.files_of(below)
    finally:
        process.stdin.close()
        process.wait()


def print_sharing(bench, scratch):
    megabytes, boxes = (16, 2) if bench.quick else (512, BOXES)
    table.heading(f'{boxes} boxes of 4 MiB that read the same {megabytes} MiB')
    path = os.path.join(scratch, 'set')
    with open(path, 'wb') as file:
        for n in range(megabytes):
            file.write(random.Random(n).randbytes(1 << 20))
    words = [str(boxes), path, bench.program('bench_touch')]
    share = memory_with([bench.program('bench_share'), 'share', *words])
    own = memory_with([bench.program('bench_share'), 'file', *words])
    os.unlink(path)
    name = 'memory of the service, its monitor and its boxes'
    table.row(name, share / 1024, 'MiB', 'each has its own', own / 1024)
    table.row('memory saved', 100 * (1 - share / own), '%', limit=85, least=True)


def machine():
    processor = next((line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo', encoding='utf-8')
                      if line.startswith('model name')), 'unknown processor')
    return f'{processor}, {os.cpu_count()} CPUs; Linux {platform.release()}'


def print_all(options, bench, load):
    now = datetime.datetime.now(datetime.timezone.utc)
    print('## Applications on the linux backend\n')
    print(f'`{options.command}`, {options.turns} turns, '
          f'{now:%Y-%m-%d %H:%M} UTC; {machine()}; load average at the start {load[0]:.2f}.')
    with tempfile.TemporaryDirectory(dir='/dev/shm', prefix='confbox-bench-') as scratch, \
            tempfile.TemporaryDirectory(prefix='confbox-bench-') as data:
        apps = [app for app in applications(options.quick, data)
                if not options.only or app.name.split(',')[0].split(' ')[0] in options.only]
        missing = [tool for app in apps for tool in app.missing()]
        if options.quick and missing:
            sys.exit(SKIPPED)
        if apps:
            print_applications(apps, Places(options.confbox, options.quick, scratch), options.turns)
        if not options.only or 'starts' in options.only:
            print_starts(bench, options.turns)
        if not options.only or 'sharing' in options.only:
            print_sharing(bench, scratch)


class Both(io.StringIO):
    """Kept, and shown."""

    def write(self, text):
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def put(path, section):
    """Replace the section between the marks, or make it the last."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    marked = f'{BEGIN}\n{section.strip()}\n{END}\n'
    if BEGIN in text:
        before, rest = text.split(BEGIN, 1)
        text = before + marked + rest.split(END + '\n', 1)[1]
    else:
        text = f'{text.rstrip()}\n\n{marked}'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def arguments():
    parser = argparse.ArgumentParser(description='applications in boxes, against the same outside')
    parser.add_argument('confbox', type=os.path.abspath)
    parser.add_argument('folder')
    parser.add_argument('--turns', type=int, default=5)
    parser.add_argument('--quick', action='store_true', help='once, with little input')
    parser.add_argument('--only', action='append', default=[], metavar='NAME',
                        help='openssl, sqlite3, python3, gzip, zstd, imagemagick, redis, starts, sharing')
    parser.add_argument('--write', metavar='FILE')
    parser.add_argument('--command', default='bench/apps.py')
    options = parser.parse_args()
    if options.write and not os.path.isfile(options.write):
        parser.error(f'{options.write}: no such file')
    options.turns = 1 if options.quick else max(options.turns, 1)
    return options


def main():
    options, load, both = arguments(), os.getloadavg(), Both()
    bench = run.Bench(options.confbox, options.folder, options.quick)
    with contextlib.redirect_stdout(both):
        print_all(options, bench, load)
    if options.write:
        put(options.write, both.getvalue())
        if not options.only:
            plot.write(options.write, os.path.join(os.path.dirname(options.write), 'applications.svg'))


if __name__ == '__main__':
    main()
