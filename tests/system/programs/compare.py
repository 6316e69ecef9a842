# SPDX-License-Identifier: Apache-2.0
"""Programs print the same in a box and outside, byte for byte.

    compare.py CONFBOX LIST [NAME=PROGRAM]...

Each line of LIST is a command, split as a shell does; the first word names
one of the programs.  It runs in a folder of its own that holds the same files
in the box and outside, standard input being one of them.  A line that begins
with "root:" shows who runs it, and a box's program is root: it is left out for
anybody else.  What differs is printed: status (128 + n for death by signal n), standard output, error.
Boxes run with the options in the environment's CONFBOX_OPTIONS, too.
"""
import concurrent.futures
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT = {'PATH': '/bin', 'HOME': '/', 'TZ': 'UTC', 'LC_ALL': 'C'}
SECONDS = 200
TIME = 315532800  # of every file in a box
BOXES = 2  # at once


def words(count, seed):
    """Text that is the same wherever this runs."""
    source = random.Random(seed)
    common = ['the', 'box', 'of', 'a', 'page', 'and', 'Monitor', 'host', 'to', 'view', 'gate',
              'license', '2024', '4096', 'free', 'GNU', 'keeper', 'in', 'sealed', 'measure']
    lines, line = [], []
    for _ in range(count):
        line.append(source.choice(common) + ('.' if source.random() < 0.05 else ''))
        if source.random() < 0.1:
            lines.append(' '.join(line))
            line = ['\t'] if source.random() < 0.1 else []
    return '\n'.join(lines) + '\n'


def fill(folder):
    """The files every command finds."""
    source = random.Random(3)
    texts = {
        'text': words(4000, 1),
        'other': words(4000, 2),
        'numbers': ''.join(f'{source.randrange(1 << 20)}\n' for _ in range(20000)),
        'sorted': ''.join(f'{n:06}\n' for n in range(20000)),
        'table': 'x,y,name\n1,20,one\n3,4,two\n5,6,three\n',
        'small': 'b 2\na 1\nc 3\n',
        'crlf': 'one\r\ntwo\r\n',
        'd/e/deep': 'sub\n',
        'd/plain': 'license\n',
        'script': '#!/bin/busybox cat\nthis is printed\n',
        'here.sh': 'while read -r l; do n=$((n+1)); done <<EOF\na\nb\nEOF\necho $n\n',
        'empty': '',
    }
    for name, text in texts.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
    with open(os.path.join(folder, 'bytes'), 'wb') as file:
        file.write(source.randbytes(1000000) + bytes(500000))
    os.chmod(os.path.join(folder, 'script'), 0o755)
    os.symlink('text', os.path.join(folder, 'link'))
    os.symlink('loop', os.path.join(folder, 'loop'))


def pack(folder, busybox):
    """Compressed files, made outside."""
    for tool, ending in ((['gzip', '-9n'], 'gz'), (['bzip2'], 'bz2'), (['xz'], 'xz')):
        program = shutil.which(tool[0])
        if program is None:
            continue
        with open(os.path.join(folder, 'text.' + ending), 'wb') as file:
            subprocess.run([program, *tool[1:], '-c', os.path.join(folder, 'text')],
                           stdout=file, check=True)
    with open(os.path.join(folder, 'd.tar'), 'wb') as file:
        subprocess.run([busybox, 'tar', '-C', folder, '-cf', '-', 'd', 'small'], stdout=file,
                       check=True)


def level(folder):
    """The times an archive has in a box."""
    for place, folders, files in os.walk(folder):
        for name in folders + files + ['']:
            os.utime(os.path.join(place, name), (TIME, TIME), follow_symlinks=False)


class Runner:
    def __init__(self, confbox, programs, folder):
        self.confbox = confbox
        self.programs = programs
        self.folder = folder
        self.work = os.path.join(folder, 'work')
        self.pristine = os.path.join(folder, 'pristine')
        os.makedirs(self.pristine)
        fill(self.pristine)
        pack(self.pristine, programs['busybox'])

    def renew(self):
        """The files as they were in the beginning."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.pristine, self.work, symlinks=True)
        level(self.work)

    def run(self, command):
        """Status, output and error; the folder's name made neutral."""
        with open(os.path.join(self.pristine, 'text'), 'rb') as file:
            done = subprocess.run(command, stdin=file, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=self.work,
                                  umask=0o22, timeout=SECONDS, check=False)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        return status, done.stdout, done.stderr

    def outside(self, command):
        self.renew()
        return self.run([self.programs[command[0]], *command[1:]])

    def inside(self, command):
        options = [word for name, value in ENVIRONMENT.items()
                   for word in ('--env', f'{name}={value}')]
        options += shlex.split(os.environ.get('CONFBOX_OPTIONS', ''))
        return self.run([self.confbox, 'run', *options, '--dir', self.work, '--cwd', self.work, '--file',
                         self.programs['busybox'],
                         '--', self.programs[command[0]], *command[1:]])


def brief(text, first):
    """What there is about the first byte that differs."""
    start = max(0, first - 200)
    part = text[start:start + 400]
    return (f'{start} bytes, then ' if start else '') + repr(part) + (
        f' and {len(text) - start - 400} bytes more' if len(text) > start + 400 else '')


def report(command, outside, inside):
    """Print what differs; whether anything does."""
    if outside == inside:
        return False
    print(f'DIFFERS: {shlex.join(command)}')
    for what, a, b in zip(('status', 'output', 'error'), outside, inside):
        if a != b:
            if what != 'status':
                first = len(os.path.commonprefix([a, b]))
                a, b = brief(a, first), brief(b, first)
            print(f'  {what} outside: {a}\n  {what} inside:  {b}')
    return True


def read_list(path):
    """The commands this user can compare."""
    commands = []
    with open(path, encoding='utf-8') as file:
        for line in file:
            for_root = line.startswith('root:')
            command = shlex.split(line.removeprefix('root:'), comments=line.startswith('#'))
            if command and (not for_root or os.geteuid() == 0):
                commands.append(command)
    return commands


def main(confbox, path, *programs):
    commands = read_list(path)
    with tempfile.TemporaryDirectory(prefix='confbox-compare-') as folder:
        runner = Runner(os.path.abspath(confbox), dict(p.split('=', 1) for p in programs), folder)
        outside = [runner.outside(command) for command in commands]
        runner.renew()
        with concurrent.futures.ThreadPoolExecutor(BOXES) as pool:
            inside = list(pool.map(runner.inside, commands))
    differing = sum(map(report, commands, outside, inside))
    print(f'{len(commands)} commands, {differing} differ')
    return 1 if differing or not commands else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
