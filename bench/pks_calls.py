# SPDX-License-Identifier: Apache-2.0
"""How often a box on pks-vm enters the monitor for one system call.

usage: pks_calls.py [--quick] SOURCE MONITOR HOST RUNTIME CALLS

QEMU notes each time one of the monitor's functions is entered (-d exec); what a
program that does nothing takes is subtracted.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from table import heading, row

SKIP = 77
CALLS = {'getppid': 'getppid', 'clock': 'clock_gettime', 'read': 'pread of 4 KiB',
         'write': 'pwrite of 4 KiB', 'stat': 'stat', 'open': 'open and close',
         'pipe': 'a byte into a pipe and out of it', 'map': 'mmap and munmap of 16 pages'}
COUNTED = {'cbx_x86_upcall': 'traps', 'cbx_gate_box': 'gates'}
END = 'cbx_gate_end'  # a box's last gate
PAGES = 2048


def addresses(monitor):
    """{address: name} of what is noted."""
    lines = subprocess.run(['nm', monitor], check=True, stdout=subprocess.PIPE, text=True).stdout
    named = {line.split()[2]: int(line.split()[0], 16) for line in lines.splitlines()
             if len(line.split()) == 3}
    return {named[name]: name for name in (*COUNTED, END)}


def boxes_of(image, pack, runtime, program, count):
    with open(runtime, 'rb') as file:
        loads = pack.segments(file.read())
    with open(program, 'rb') as file:
        packed, sizes = pack.with_list(image.archive({'/bin/calls': (file.read(), 0o755)}))
    for name in ('nothing', 'nothing', *CALLS):  # the first with the keeper's start
        start = image.start_block(['calls', name, str(count)], {}, 0, PAGES, sizes)
        yield image.Box('', loads, packed, start, PAGES, b'')


def noted(run, monitor, host, places, boxes):
    """[{function: times}] of each box, in their order."""
    import boxes as runner
    import image
    with tempfile.TemporaryDirectory(prefix='confbox-bench-') as folder:
        path, log = os.path.join(folder, 'set'), os.path.join(folder, 'log')
        image.write_set(boxes, path)
        run.SECONDS = 100
        status, lines = run.boot(
            monitor, host, '-device', f'loader,addr={runner.SET_PA:#x},file={path},force-raw=on',
            '-d', 'exec,nochain', '-D', log, '-dfilter',
            ','.join(f'{place:#x}+1' for place in places))
        lives = runner.read_lives(lines)
        if status != run.GOOD or [life.status() for life in lives] != [0] * len(boxes):
            sys.exit('\n'.join([*lines[-8:], f'pks_calls.py: {[life.status() for life in lives]}']))
        with open(log, encoding='ascii', errors='replace') as file:
            return split(re.findall(r'/([0-9a-f]{16})/', file.read()), places)


def split(log, places):
    counts = [dict.fromkeys(COUNTED, 0)]
    for place in log:
        name = places.get(int(place, 16))
        if name == END:
            counts.append(dict.fromkeys(COUNTED, 0))
        elif name is not None:
            counts[-1][name] += 1
    return counts


def main():
    count = 20 if '--quick' in sys.argv else 1000
    source, monitor, host, runtime, program = [w for w in sys.argv[1:] if w != '--quick']
    sys.dont_write_bytecode = True
    sys.path[:0] = [os.path.join(source, folder)
                    for folder in ('tests/pksbox', 'tests/host', 'src/monitor')]
    import image
    import keeper_pack
    import run
    if shutil.which(run.QEMU) is None:
        print(f'{run.QEMU} is not installed')
        sys.exit(SKIP)
    boxes = list(boxes_of(image, keeper_pack, runtime, program, count))
    _, none, *counts = noted(run, monitor, host, addresses(monitor), boxes)
    heading('System calls of a program: ways into the monitor, each')
    for what, times in zip(CALLS.values(), counts):
        for function, name in COUNTED.items():
            row(f'{what}: {name}', max(times[function] - none[function], 0) / count, 'times')


if __name__ == '__main__':
    main()
