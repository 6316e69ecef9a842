# SPDX-License-Identifier: Apache-2.0
"""Unmodified programs say the same in boxes beside a host kernel as they do
outside, and the monitor measures what was computed here.

usage: boxes.py SOURCE MONITOR HOST RUNTIME LIST [NAME=PROGRAM]...
"""
import bz2
import copy
import gzip
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
SECONDS = 150  # of one machine; a third of a second is a box's, alone
SET_PA = 0x4000000
SMALL_PAGES, LARGE_PAGES = 4096, 40960  # a program's memory
PROGRAMS = {'busybox': '/bin/busybox', 'bash': '/bin/bash-static'}  # and more from the command line
KINDS = ('confined', 'hidden', 'basic')
ENVIRONMENT = {'PATH': '/bin', 'HOME': '/', 'TZ': 'UTC', 'LC_ALL': 'C'}


def is_static(path):
    with open(path, 'rb') as file:
        return b'/ld-linux' not in file.read(4096)


def reason_to_skip(qemu):
    if shutil.which(qemu) is None:
        return f'{qemu} is not installed'
    for path in PROGRAMS.values():
        if not os.path.exists(path) or not is_static(path):
            return f'{path} is not there, or not static'
    return None


def make_files(archive):
    """{name: bytes} of the working folder."""
    source = random.Random(7)
    words = ['the', 'box', 'of', 'a', 'page', 'Monitor', 'host', 'view', 'gate', 'keeper', 'sealed']
    text = ''.join(' '.join(source.choices(words, k=8)) + '\n' for _ in range(300))
    numbers = ''.join(f'{source.randrange(1000)}\n' for _ in range(200)).encode()
    small, table = b'b 2\na 1\nc 3\n', b'x,y,name\n1,20,one\n3,4,two\n5,6,three\n'
    random_bytes = source.randbytes(300000) + bytes(100000)
    return {
        'text': text.encode(),
        'numbers': numbers,
        'table': table,
        'small': small,
        'bytes': random_bytes,
        'numbers.gz': gzip.compress(numbers, mtime=0),
        'numbers.bz2': bz2.compress(numbers),
        'bytes.gz': gzip.compress(random_bytes, mtime=0),
        'some.tar': archive({'small': (small, 0o644), 'd/text': (b'deep\n', 0o600),
                             'table': (table, 0o644)}),
    }


def read_list(path):
    """(kind of box, words) of each line; a box's program is root, and a line
    that begins with "root:" shows it."""
    commands = []
    with open(path, encoding='utf-8') as file:
        for line in file:
            kind = next((k for k in KINDS if line.startswith(k + ':')), '')
            for_root = line.startswith('root:')
            line = line.removeprefix(kind + ':').removeprefix('root:')
            words = shlex.split(line, comments=line.startswith('#'))
            if words and (not for_root or os.geteuid() == 0):
                commands.append((kind, words))
    return commands


def outside(words, files, data):
    """(status, output, error)."""
    with tempfile.TemporaryDirectory(prefix='confbox-boxes-') as folder:
        for name, content in files.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(content)
        done = subprocess.run(words, executable=PROGRAMS[words[0]], input=data, cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
                              timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def text_outcome(kind, words):
    """What calls_text says: outside it depends on that machine's CPU."""
    if len(words) > 1:
        return -11, b'', (b'confbox-runtime: the program reads its own text, which is '
                          b'execute-only: its constants are in it, or it is attacked\n')
    own = ('11', 'EFAULT', 'ENOMEM') if kind == 'hidden' else ('0', 'done', 'done')
    said = (f'own text: {own[0]}\nwrite it: {own[1]}\nexecute: done\nanswer: 42\nread it: 11\n'
            f'answer: 42\nread it: 11\nwritable, too: {own[2]}\nno more: done\nbyte: 42\n')
    return 0, said.encode(), b''


def wanted_of(kind, words, files):
    if words[0] == 'calls_text':
        return text_outcome(kind, words)
    return outside(words, files, files['bytes' if kind == 'confined' else 'text'])


def read_programs():
    """{name: what an archive takes} for each program."""
    found = {}
    for name, path in PROGRAMS.items():
        with open(path, 'rb') as file:
            found[name] = {'/bin/' + name: (file.read(), 0o755)}
    return found


def make_boxes(image, pack, runtime, commands, files):
    with open(runtime, 'rb') as file:
        loads = pack.segments(file.read())
    work = {'/work/' + name: (content, 0o644) for name, content in files.items()}
    archives = {name: image.pack.with_list(image.archive(program | work))
                for name, program in read_programs().items()}
    boxes = []
    for kind, words in commands:
        packed, sizes = archives[words[0]]
        pages = LARGE_PAGES if words[0].startswith('calls_') else SMALL_PAGES
        start = image.start_block(words, ENVIRONMENT, image.KINDS[kind][2], pages, sizes)
        data = files['bytes'] if kind == 'confined' else files['text']
        boxes.append(image.Box(kind, loads, packed, start, pages, data))
    return boxes


class Life:
    """What the host said of one box."""

    def __init__(self):
        self.bytes = {'measured': b'', 'out': b'', 'err': b'', 'sealed': b'', 'fed': b''}
        self.answers = []
        self.end = None

    def take(self, word, rest):
        if word in self.bytes:
            self.bytes[word] += bytes.fromhex(rest[0])
        elif word in ('input', 'client'):
            count, info = (int(number, 16) for number in rest)
            self.answers.append((word, count, count if word == 'input' else info))
        elif word == 'ended':
            self.end = tuple(int(number, 16) for number in rest)

    def status(self):
        """As subprocess has it; None when it did not end by itself."""
        status, reason = self.end
        if reason != 0:
            return None
        return -(status & 0x7f) if status & 0x100 else status


def read_lives(lines):
    lives = []
    for line in lines:
        words = line.removeprefix('host: ').split(' ')
        if words[0] == 'box':
            lives.append(Life())
        elif lives:
            lives[-1].take(words[0], words[1:])
    return lives


def judge(box, life, confined, wanted):
    """What is wrong with it; empty when nothing is."""
    status, output, error = wanted
    if life.end is None:
        return ['it did not end']
    got = life.bytes
    pairs = [('measurement', got['measured'].hex(), box.measurement()),
             ('input digest', got['fed'].hex(), box.input_digest(life.answers)),
             ('output', got['sealed'] if confined else got['out'], output),
             ('in the clear', got['out'] + got['err'] if confined else b'', b''),
             ('status', life.status(), 0 if confined else status)]
    if confined:
        fed = sum(count for _, count, _ in life.answers)
        pairs.append(("the client's bytes", fed, len(box.data)))
    else:
        pairs.append(('error', got['err'], error))
    return [f'{what} is {str(a)[:300]}, not {str(b)[:300]}' for what, a, b in pairs if a != b]


def changed(box, name, content):
    """The same box but for a byte of a file that its program does not read."""
    other = copy.copy(box)
    at = content[:-1] + bytes([content[-1] ^ 1])
    other.parts = [(va, data.replace(content, at), count, rights)
                   for va, data, count, rights in box.parts]
    if other.parts == box.parts:
        sys.exit(f'{name} is not in the box')
    return other


def judge_changed(box, other, life):
    """What is wrong with its measurement: nobody may take it for the other."""
    measured = life.bytes['measured'].hex()
    wrong = [] if measured == other.measurement() else ['its measurement is not its own']
    return wrong if measured != box.measurement() else [*wrong, 'its measurement did not change']


def report(commands, boxes, lives, wanted):
    bad = 0
    for (kind, words), box, life, want in zip(commands, boxes, lives, wanted):
        wrong = judge(box, life, kind == 'confined', want)
        bad += bool(wrong)
        print('bad' if wrong else 'ok ', kind.ljust(8),
              shlex.join(words)[:80])
        for line in wrong:
            print('      ', line)
    return bad


def boot(run, monitor, host, path):
    run.SECONDS = SECONDS
    try:
        return run.boot(monitor, host, '-device',
                        f'loader,addr={SET_PA:#x},file={path},force-raw=on')
    except SystemExit as late:  # its argument is all that was said
        return None, str(late.code).replace('\r', '').splitlines()


def main():
    source, monitor, host, runtime, path, *more = sys.argv[1:]
    PROGRAMS.update(word.split('=', 1) for word in more)
    sys.path[:0] = [os.path.join(source, 'tests/host'), os.path.join(source, 'src/monitor')]
    import image
    import keeper_pack
    import run
    reason = reason_to_skip(run.QEMU)
    if reason is not None:
        print(reason)
        sys.exit(SKIP)
    files = make_files(image.archive)
    commands = read_list(path)
    wanted = [wanted_of(kind, words, files) for kind, words in commands]
    boxes = make_boxes(image, keeper_pack, runtime, commands, files)
    other = changed(boxes[0], 'table', files['table'])
    with tempfile.NamedTemporaryFile(prefix='confbox-set-') as file:
        image.write_set([*boxes, other], file.name)
        status, lines = boot(run, monitor, host, file.name)
    lives = read_lives(lines)
    bad = report(commands, boxes, lives, wanted)
    if len(lives) > len(boxes):
        wrong = judge_changed(boxes[0], other, lives[-1])
        bad += bool(wrong)
        print('bad' if wrong else 'ok ', 'a byte of a file changed', *wrong)
    print(f'{len(commands) + 1} boxes, {len(lives)} lived, {bad} bad')
    if status != run.GOOD or len(lives) != len(boxes) + 1 or len(commands) < 20 or bad:
        print('\n'.join(lines[-8:]))
        sys.exit(1)


if __name__ == '__main__':
    main()
