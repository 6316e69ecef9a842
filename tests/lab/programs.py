# SPDX-License-Identifier: Apache-2.0
"""Programs of the runtime's tests print the same in boxes on pks-vm as outside,
byte for byte, and have the measurement that was computed here.

    programs.py SOURCE CONFBOX BATCH MONITOR HOST LIST[,LIST]... [NAME=PROGRAM]...

Images are built here with confbox(1); a service in user mode of the test host
(batch.c) puts them in boxes, all on one machine.
"""
import os
import shutil
import subprocess
import sys
import tempfile

SECONDS = 780  # of one machine; a busy one with two CPUs takes half of it
MEMORY, MIDDLE, LARGE = {'busybox': '24M', 'bash': '24M'}, '96M', '160M'


def build(confbox, runner, command, path):
    """Write the image of a command; its measurement."""
    options = [word for pair in runner.environment.items()
               for word in ('--env', '='.join(pair))]
    memory = MEMORY.get(command[0], LARGE if command[0].startswith('calls_') else MIDDLE)
    shape = [*options, '--memory', memory, '--dir', runner.work, '--cwd', runner.work,
             '--file', runner.programs['busybox'], '--', runner.programs[command[0]],
             *command[1:]]
    subprocess.run([confbox, 'build', '--output', path, *shape], check=True)
    done = subprocess.run([confbox, 'measure', path], check=True, stdout=subprocess.PIPE)
    return bytes.fromhex(done.stdout.decode())


def common(a, b):
    """How many bytes two byte strings begin with alike."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def splice(path, base, made):
    """A row of batch.c's list: how to make an image of another."""
    head = common(base, made)
    tail = min(common(base[::-1], made[::-1]), min(len(base), len(made)) - head)
    middle = made[head:len(made) - tail]
    words = (path, str(head), str(tail), str(len(middle)))
    return b''.join(word.encode() + b'\0' for word in words) + middle


class Images:
    """What the machine gets: an image for each program, and the list."""

    def __init__(self, folder):
        self.path = os.path.join(folder, 'image')
        self.bases = {}  # program: (path inside, bytes)
        self.rows = []
        self.measured = []

    def add(self, confbox, runner, command):
        self.measured.append(build(confbox, runner, command, self.path))
        with open(self.path, 'rb') as file:
            made = file.read()
        if command[0] not in self.bases:
            self.bases[command[0]] = (f'/images/{command[0]}', made)
        self.rows.append(splice(*self.bases[command[0]], made))

    def files(self):
        return {'/list': b''.join(self.rows), **dict(self.bases.values())}


def read_records(text):
    """(letter, bytes) of batch.c's output."""
    at = 0
    while at + 9 <= len(text):
        size = int(text[at + 1:at + 9], 16)
        yield chr(text[at]), text[at + 9:at + 9 + size]
        at += 9 + size


def read_lives(text):
    """{letter: bytes} of each box."""
    lives = []
    for letter, data in read_records(text):
        if letter == 'M' or not lives:
            lives.append({'M': b'', 'O': b'', 'E': b'', 'S': b'', 'X': b''})
        lives[-1][letter] += data
    return lives


def judge(command, outside, measured, life, compare):
    """Print what is wrong with a box; whether anything is."""
    if life['M'] != measured:
        print(f'{command}: measured {life["M"].hex()}, not {measured.hex()}')
        return True
    if life['X']:
        print(f'{command}: {life["X"].decode(errors="replace")}')
        return True
    return compare.report(command, outside, (int(life['S'] or -1), life['O'], life['E']))


def main(source, confbox, batch, monitor, host, lists, *programs):
    sys.path[:0] = [os.path.join(source, 'tests', part)
                    for part in ('host', 'system/programs')]
    import compare
    import process as machine
    if shutil.which(machine.QEMU) is None:
        print(f'{machine.QEMU} is not installed')
        sys.exit(machine.SKIP)
    commands = [command for path in lists.split(',') for command in compare.read_list(path)]
    with tempfile.TemporaryDirectory(prefix='confbox-compare-') as folder:
        runner = compare.Runner(confbox, dict(p.split('=', 1) for p in programs), folder)
        runner.environment = compare.ENVIRONMENT
        outside = [runner.outside(command) for command in commands]
        runner.renew()
        images = Images(folder)
        for command in commands:
            images.add(confbox, runner, command)
        with open(os.path.join(runner.pristine, 'text'), 'rb') as file:
            files = {**images.files(), '/text': file.read()}
        with open(batch, 'rb') as file:
            files['/bin/batch'] = file.read()
        size = sum(map(len, files.values())) >> 20
        result = machine.run(monitor, host, ['/bin/batch', '/list', '/text'], files,
                             memory=512 if size < 32 else 2048, seconds=SECONDS)
    lives = read_lives(result.out)
    bad = sum(judge(*row, compare)
              for row in zip(commands, outside, images.measured, lives))
    print(f'{len(commands)} commands, {len(lives)} boxes, {bad} differ')
    if result.status != 0 or len(lives) != len(commands) or bad or not commands:
        print(f'status {result.status}, machine {result.machine}')
        print(result.console[-2000:], result.err.decode(errors='replace')[-500:])
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
