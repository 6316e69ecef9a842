# SPDX-License-Identifier: Apache-2.0
"""A machine under QEMU, stopped and looked at from outside.

The CPUs by QEMU's gdb stub, the machine by QMP, both on sockets in a folder of
its own; and the symbols and instructions of an image.
"""
import bisect
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

SKIP = 77
QEMU = 'qemu-system-x86_64'
MACHINE = ['-M', 'q35', '-cpu', 'max,-la57', '-m', '512', '-nodefaults', '-display', 'none',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
SECONDS = 60  # of silence

# The stub's order of registers, eight bytes each, then rflags in four.
NAMES = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12',
         'r13', 'r14', 'r15', 'rip']
PAGE = 4096
WINDOW = 0xffffff0040000000
MSI = 0xfee00000


class Wrong(Exception):
    """Something is not as it must be."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            print(f'{program} is not installed')
            sys.exit(SKIP)


class Gdb:
    """The remote protocol, as much of it as QEMU needs."""

    def __init__(self, plug):
        self.socket = plug
        self.buffer = b''
        self.physical = False
        self.ask('QStartNoAckMode', acked=True)

    def _byte_more(self):
        try:
            more = self.socket.recv(65536)
        except TimeoutError as late:
            raise Wrong(f'no stop for {SECONDS} s') from late
        expect(more, 'the machine is gone')
        self.buffer += more

    def _packet(self):
        while True:
            found = re.search(rb'\$([^#]*)#..', self.buffer)
            if found:
                self.buffer = self.buffer[found.end():]
                return found.group(1).decode()
            self._byte_more()

    def send(self, text):
        total = sum(text.encode()) & 255
        self.socket.sendall(f'${text}#{total:02x}'.encode())

    def ask(self, text, acked=False):
        self.send(text)
        answer = self._packet()
        if acked:
            self.socket.sendall(b'+')
        expect(not answer.startswith('E'), f'gdb: {text[:40]}: {answer}')
        return answer

    def registers(self):
        data = bytes.fromhex(self.ask('g'))
        values = dict(zip(NAMES, struct.unpack_from('<17Q', data)))
        values['rflags'] = struct.unpack_from('<I', data, 136)[0]
        return values

    def registers_save(self):
        return self.ask('g')

    def registers_restore(self, data):
        self.ask('G' + data)

    def set(self, **values):
        data = bytearray.fromhex(self.ask('g'))
        for name, value in values.items():
            struct.pack_into('<Q', data, 8 * NAMES.index(name), value)
        self.ask('G' + data.hex())

    def _space(self, physical):
        if self.physical != physical:
            self.ask(f'Qqemu.PhyMemMode:{int(physical)}')
            self.physical = physical

    def read(self, at, size, physical=False):
        self._space(physical)
        data = b''
        while len(data) < size:
            n = min(size - len(data), 2000)
            data += bytes.fromhex(self.ask(f'm{at + len(data):x},{n:x}'))
        return data

    def write(self, at, data, physical=False):
        self._space(physical)
        for i in range(0, len(data), 1000):
            part = data[i:i + 1000]
            self.ask(f'M{at + i:x},{len(part):x}:{part.hex()}')

    def word(self, at, physical=False):
        return struct.unpack('<Q', self.read(at, 8, physical))[0]

    def stop_at(self, at):
        self.ask(f'Z0,{at:x},1')

    def pass_by(self, at):
        self.ask(f'z0,{at:x},1')

    def go(self, step=False):
        """On until the next stop, or the first CPU alone by a step; the CPU that stopped
        becomes the one looked at."""
        self.send('vCont;s:1' if step else 'vCont;c')
        return self.wait()

    def wait(self):
        answer = self._packet()
        found = re.search(r'thread:p?[0-9a-f]*[.]?([0-9a-f]+);', answer)
        expect(answer[0] in 'TS' and answer[:3] in ('T05', 'S05', 'T02', 'S02'),
               f'gdb: stopped by {answer}')
        if found:
            self.ask(f'Hg{found.group(1)}')
        return answer


class Qmp:
    def __init__(self, plug):
        self.socket = plug
        self.file = self.socket.makefile('rb')
        self.events = []
        json.loads(self.file.readline())
        self('qmp_capabilities')

    def __call__(self, command, **arguments):
        request = {'execute': command, 'arguments': arguments}
        self.socket.sendall(json.dumps(request).encode() + b'\n')
        while True:
            answer = self._next()
            if 'event' not in answer:
                expect('return' in answer, f'qmp: {command}: {answer}')
                return answer['return']

    def _next(self):
        line = self.file.readline()
        expect(line, 'the machine is gone')
        answer = json.loads(line)
        if 'event' in answer:
            self.events.append(answer)
        return answer

    def event(self, name):
        """Wait for an event, or find it among those that came."""
        while True:
            for answer in self.events:
                if answer['event'] == name:
                    self.events.remove(answer)
                    return answer
            self._next()

    def monitor(self, line):
        return self('human-monitor-command', **{'command-line': line})


class Machine:
    """Stopped at its first instruction."""

    def __init__(self, *arguments, machine=None):
        self.folder = tempfile.mkdtemp(prefix='confbox-fault-')
        gdb, qmp = self.path('gdb'), self.path('qmp')
        self.console_file = self.path('console')
        command = [QEMU, *(MACHINE if machine is None else machine), '-S',
                   '-chardev', f'socket,id=gdb,path={gdb},server=on,wait=off',
                   '-gdb', 'chardev:gdb', '-qmp', f'unix:{qmp},server=on,wait=off',
                   '-serial', f'file:{self.console_file}', *arguments]
        with open(self.path('said'), 'wb') as said:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            self.qmp = Qmp(self._connect(qmp))
            self.gdb = Gdb(self._connect(gdb))
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def _connect(self, path):
        end = time.monotonic() + SECONDS
        plug = socket.socket(socket.AF_UNIX)
        plug.settimeout(SECONDS)
        while plug.connect_ex(path) != 0:  # not there, or not listening yet
            with open(self.path('said'), encoding='utf-8', errors='replace') as said:
                expect(self.process.poll() is None and time.monotonic() < end,
                       'QEMU does not start: ' + said.read())
            time.sleep(0.005)
        return plug

    def console(self):
        with open(self.console_file, encoding='utf-8', errors='replace') as file:
            return file.read().replace('\r', '').splitlines()

    def ended(self):
        """The status the machine left QEMU with."""
        return self.process.wait(SECONDS)

    def survives(self, seconds=SECONDS):
        """Go on: whether there is another stop, and not the end of QEMU or of
        everything in it."""
        self.gdb.socket.settimeout(seconds)
        try:
            self.gdb.go()
        except (Wrong, OSError):
            return False
        self.gdb.socket.settimeout(SECONDS)
        return True

    def message(self, data, cpu=0):
        """What a device's message does: a write to the interrupt controllers."""
        self.gdb.write(MSI | cpu << 12, struct.pack('<I', data), physical=True)

    def dump(self, name='dump'):
        """All of memory, in a file; below the hole under 4 GiB."""
        path = self.path(name)
        size = sum(d['size'] for d in (
            m['data'] for m in self.qmp('query-memory-devices')) if 'size' in d)
        summary = self.qmp('query-memory-size-summary')
        self.qmp('pmemsave', val=0, size=summary['base-memory'] + size, filename=path)
        return path

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Image:
    """An ELF image's symbols, and its instructions by objdump."""

    def __init__(self, path):
        self.path = path
        with open(path, 'rb') as file:
            self.data = file.read()
        self.symbols = {}
        for section in self._sections():
            if section[1] == 2:
                self._read_symbols(section)
        self.sorted = sorted((value, name) for name, (value, _) in self.symbols.items())

    def _sections(self):
        offset, = struct.unpack_from('<Q', self.data, 40)
        size, count = struct.unpack_from('<HH', self.data, 58)
        return [struct.unpack_from('<IIQQQQIIQQ', self.data, offset + i * size)
                for i in range(count)]

    def _read_symbols(self, section):
        strings = self._sections()[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, _, _, where, value, size = struct.unpack_from('<IBBHQQ', self.data, at)
            end = self.data.index(b'\0', strings + name)
            if name and where:
                self.symbols[self.data[strings + name:end].decode()] = (value, size)

    def __getitem__(self, name):
        return self.symbols[name][0]

    def end(self, name):
        return sum(self.symbols[name])

    def name(self, at):
        """The nearest symbol and how far behind it, for messages."""
        i = bisect.bisect_right(self.sorted, (at, '\x7f')) - 1
        return f'{self.sorted[i][1]}+{at - self.sorted[i][0]:#x}' if i >= 0 else hex(at)

    def instructions(self, start, end):
        """{address: text} of what lies in [start, end)."""
        text = subprocess.run(
            ['objdump', '-d', '--no-show-raw-insn', '-z', f'--start-address={start}',
             f'--stop-address={end}', self.path], check=True, stdout=subprocess.PIPE).stdout
        found = re.findall(r'^ *([0-9a-f]+):\t(.*?)\s*$', text.decode(), re.M)
        return {int(at, 16): words for at, words in found}
