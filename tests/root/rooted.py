# SPDX-License-Identifier: Apache-2.0
"""A machine with a stock Linux, and a root there who does what is typed."""
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(SOURCE, part) for part in ('lab/x86/tests', 'tests/driver', 'tests/host', 'tests/support')]
import lines  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position
from patience import SECONDS, until  # pylint: disable=wrong-import-position

PAGE = 4096
SHELL = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
stty -echo
dmesg -n 3
ifconfig lo 127.0.0.1 up
@MORE@
echo "root: here $(uname -r)"
while read -r line; do
	eval "$line" < /dev/null
	echo "root: status $?"
done
"""


@contextlib.contextmanager
def started(make):
    """make(folder), which is closed at the end, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder, contextlib.closing(make(folder)) as it:
        yield it


def inverted(text):
    """As spy.h wants it: so that who looks for it does not have it."""
    return bytes(byte ^ 0xff for byte in text).hex()


def module(kernel, folder):
    """Root's own, built for that kernel when a source is new."""
    os.makedirs(folder, exist_ok=True)
    for name in ('spy.c', 'spy.h'):
        shutil.copy2(os.path.join(HERE, name), folder)
    with open(os.path.join(folder, 'Kbuild'), 'w', encoding='ascii') as file:
        file.write('obj-m := spy.o\n')
    done = machine.make(kernel, folder, 'modules')
    if done.returncode != 0 or ' warning: ' in done.stdout:
        raise AssertionError(done.stdout)
    with open(os.path.join(folder, 'spy.ko'), 'rb') as file:
        return file.read()


class Line(lines.Line):
    """The same by a serial port, to line.c in the machine."""

    def words(self):
        return ['-chardev', f'socket,id=line{self.number},path={self.path},server=off',
                '-serial', f'chardev:line{self.number}']


class Qmp:
    """The emulator's monitor."""

    def __init__(self, path):
        self.plug = socket.socket(socket.AF_UNIX)
        until('the emulator', lambda: self.plug.connect_ex(path) == 0)
        self.file = self.plug.makefile('rw')
        self.file.readline()
        self('qmp_capabilities')

    def __call__(self, command, **arguments):
        import json
        self.file.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if 'error' in answer:
                raise AssertionError(f'{command}: {answer["error"]}')
            if 'return' in answer:
                return answer['return']


class Linux:
    """It runs until it is closed."""

    def __init__(self, folder, command, line=()):
        """command: the emulator's, without ports and monitor"""
        self.folder, self.said, self.read = folder, bytearray(), 0
        path = os.path.join(folder, 'qmp')
        words = [*command, '-serial', 'stdio', *(word for one in line for word in one.words()),
                 '-qmp', f'unix:{path},server=on,wait=off']
        self.emulator = subprocess.Popen(  # pylint: disable=consider-using-with
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._listen, daemon=True).start()
        self.qmp = Qmp(path)
        self.kernel = self.wait(r'^root: here (\S+)').group(1)

    def _listen(self):
        while data := self.emulator.stdout.read1(65536):
            self.said.extend(data.replace(b'\r', b''))

    def text(self):
        return self.said.decode(errors='replace')

    def wait(self, pattern, seconds=SECONDS):
        """For a whole line that was not waited for yet."""
        def look():
            found = re.compile(pattern + r'\n', re.M).search(self.text()[self.read:])
            if not found and self.emulator.poll() is not None:
                raise AssertionError(f'the machine ended: {self.text()[-3000:]}')
            return found
        try:
            found = until(pattern, look, seconds)
        except AssertionError:
            print(self.text()[-3000:])
            raise
        self.read += found.end()
        return found

    def root(self, command, seconds=SECONDS):
        """(status, lines) of what root types."""
        start = self.read
        self.emulator.stdin.write(command.encode() + b'\n')
        self.emulator.stdin.flush()
        status = int(self.wait(r'^root: status (\d+)', seconds).group(1))
        return status, self.text()[start:self.read].splitlines()[:-1]

    def until(self, command, seconds=2 * SECONDS):
        """Until that is so; whoever asks takes few of the CPU's turns."""
        self.root(f'until {command}; do sleep 1; done', seconds)

    def memory(self, name, size):
        """All of it, in a file; the machine stands still meanwhile."""
        path = os.path.join(self.folder, name)
        self.qmp('stop')
        try:
            self.qmp('pmemsave', val=0, size=size, filename=path)
        finally:
            self.qmp('cont')
        return path

    def close(self):
        self.emulator.kill()
        self.emulator.wait()
