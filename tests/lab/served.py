# SPDX-License-Identifier: Apache-2.0
"""A machine with a service on it, clients outside, and a look at all its memory."""
import json
import mmap
import os
import shutil
import socket
import subprocess
import tempfile

import faults
import lines
import machine
import process
from patience import SECONDS, until

MEMORY = 256  # MiB, of the machine
BOX = '24M'
PAGE = 4096


def everything(peer):
    """What it says until its end, or until it hangs up."""
    data = b''
    try:
        while part := peer.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


class Tools:
    """The programs, and a folder for what they write."""

    def __init__(self, build):
        self.confbox = os.path.join(build, 'src/tools/confbox')
        self.client = os.path.join(build, 'src/tools/confbox-client')
        self.folder = tempfile.mkdtemp(prefix='confbox-served-')
        self.files = 0

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, content=None):
        """A name of its own, of a file that holds this."""
        self.files += 1
        path = os.path.join(self.folder, f'file{self.files}')
        if content is not None:
            with open(path, 'wb') as file:
                file.write(content)
        return path

    def run(self, program, *words, data=b''):
        return subprocess.run([program, *words], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False)

    def image(self, options, *words):
        """An image's bytes and its measurement, or that of clones of it."""
        path = self.path()
        subprocess.run([self.confbox, 'build', '--output', path, '--memory', BOX, '--confine',
                        *options, '--', *words], check=True)
        clone = ['--clone'] if '--template' in options else []
        done = subprocess.run([self.confbox, 'measure', *clone, path], check=True,
                              stdout=subprocess.PIPE)
        with open(path, 'rb') as file:
            return file.read(), done.stdout.decode().strip()


class Machine:
    """It serves clients at a socket for each line, until it is closed."""

    def __init__(self, tools, build, images, served):
        """images: {path inside: bytes}; served: what serve calls them, one for each line"""
        self.folder = tempfile.mkdtemp(prefix='confbox-machine-')
        self.source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.tools, self.dumps = tools, 0
        self.seen = [(bytearray(), bytearray()) for _ in served]
        self.listeners = [lines.listen(self.path(f'client{i}')) for i in range(len(served))]
        self.lines = [lines.Line(self.folder, i, lines.accept(self.listeners[i]), self.seen[i])
                      for i in range(len(served))]
        with open(os.path.join(build, 'tests/lab/serve'), 'rb') as file:
            files = {'/bin/serve': file.read(), **images}
        argv = ['/bin/serve', '0', *served]
        loaded = self.path('host')
        process.write_host(loaded, os.path.join(build, 'tests/host/os/host-os.img'),
                           process.archive(argv, files), b'')
        self.emulator = subprocess.Popen(  # pylint: disable=consider-using-with
            process.command(os.path.join(build, 'src/monitor/bare/confbox-monitor.elf'), loaded,
                            self.folder, cpus=1, memory=MEMORY,
                            more=[*(word for line in self.lines for word in line.words()),
                                  '-qmp', f'unix:{self.path("qmp")},server=on,wait=off']),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        plug = socket.socket(socket.AF_UNIX)
        until('the emulator', lambda: plug.connect_ex(self.path('qmp')) == 0)
        self.qmp = machine.Qmp(plug)

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        self.emulator.kill()
        self.emulator.wait()
        for listener in self.listeners:
            listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self, channel):
        """What left by the console, or by the service's output or errors."""
        return process.read(self.folder, channel)

    def complaints(self):
        """Of the service, about clients."""
        return [line for line in self.said('err').decode().splitlines() if line]

    # ---- clients ----

    def address(self, line=0):
        return self.path(f'client{line}')

    def connect(self, line=0):
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(SECONDS)
        peer.connect(self.address(line))
        return peer

    def offer(self, nonce, line=0):
        """A connection, and evidence of the box that waits there."""
        peer = self.connect(line)
        peer.sendall(b'CBXHELO1' + nonce)
        head = peer.recv(16, socket.MSG_WAITALL)
        if head[:8] != b'CBXEVID1':
            raise AssertionError(f'no evidence: {head} {self.complaints()}')
        return peer, peer.recv(int.from_bytes(head[8:], 'little'), socket.MSG_WAITALL)

    def policy(self, measurement, **more):
        rules = {'require': {'box.measurement': measurement, 'monitor.backend': 'pks-vm'},
                 'allow': ['no-hardware']}
        return self.tools.path(json.dumps({**rules, **more}).encode())

    def send(self, data, policy, address):
        return self.tools.run(self.tools.client, 'send', '--to', address, '--verify-policy', policy,
                              data=data)

    def seal(self, data, evidence, nonce, policy):
        """What confbox send does, and the message it makes and what opens the answer."""
        message, session = self.tools.path(), self.tools.path()
        done = self.tools.run(self.tools.client, 'send', '--to', message, '--evidence',
                              self.tools.path(evidence), '--session', session, '--nonce', nonce.hex(),
                              '--verify-policy', policy, data=data)
        if done.returncode != 0:
            return done, None, session
        with open(message, 'rb') as file:
            return done, file.read(), session

    def open(self, session, frames):
        return self.tools.run(self.tools.client, 'receive', session, data=frames)

    # ---- its memory ----

    def dump(self):
        self.dumps += 1
        path = self.path(f'dump{self.dumps}')
        self.qmp('pmemsave', val=0, size=MEMORY << 20, filename=path)
        return path

    def memory(self):
        """All of it, and what the core says of each page; the machine stands still meanwhile."""
        self.qmp('stop')
        try:
            for cpu in self.qmp('query-cpus-fast'):
                text = self.qmp('human-monitor-command', **{
                    'command-line': 'info registers', 'cpu-index': cpu['cpu-index']})
                self.home = int(text.split('CR3=')[1].split()[0], 16) & -PAGE
                if self.home:
                    break
            return Pages(self)
        finally:
            os.unlink(self.path(f'dump{self.dumps}'))
            self.qmp('cont')


class Pages(faults.Memory):
    """As tests/fault has it, and who has what."""

    def where(self, needle):
        """{state of a page: how many hold it}."""
        found = {}
        for page in self.find(needle):
            name = self.pages[page][0]
            found[name] = found.get(name, 0) + 1
        return found

    def close(self):
        if isinstance(self.data, mmap.mmap):
            self.data.close()
