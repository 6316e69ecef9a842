# SPDX-License-Identifier: Apache-2.0
"""A stock Linux under the monitor, in it the example service and a root, and outside a
client of the service's and somebody who sees all memory."""
import json
import os
import re
import socket
import struct
import subprocess

import rooted
from rooted import PAGE, SOURCE, machine
from patience import SECONDS  # pylint: disable=wrong-import-order
import linux as lab_linux  # pylint: disable=wrong-import-order
import run as lab_run  # pylint: disable=wrong-import-order
import snp_lab  # pylint: disable=wrong-import-order
from message import letters  # pylint: disable=wrong-import-order

MIB = 512
PORT = 4000
FIRST = 0x100
MONITOR_AT, MONITOR_END = 0xa000, 0xc800  # pages
WORDS = ['-l', '-', *['/bin/busybox'] * 4]  # wc's; it is at them for a while
OPEN = b'no secret: an ordinary process has it in its memory'
COUNT = 600  # of lines with it
MORE = """insmod /confbox.ko area=$(sed -n 's/.*confbox.area=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
line /dev/ttyS1 @PORT@ > /line.log 2>&1 &
""".replace('@PORT@', str(PORT))
RIGHT_READ, ROW = 1, 16  # lab/x86/snp/rmp_types.h: struct snp_rmp_entry
MAP_MOST, RANGE = 64, 24  # struct lab_machine: the map


def exactly(peer, size):
    """It comes by and by."""
    data = b''
    while len(data) < size and (part := peer.recv(size - len(data))):
        data += part
    return data


def read(path):
    with open(path, 'rb') as file:
        return file.read()


class Memory:
    """All of it at one moment, and the lab's table of pages: what the processor lets a
    level do."""

    def __init__(self, data, lab):
        names = subprocess.run(['nm', lab], check=True, stdout=subprocess.PIPE, text=True).stdout
        at = int(re.search(r'^([0-9a-f]+) \S lab_machine$', names, re.M).group(1), 16)
        entry, self.pages = struct.unpack_from('<QQ', data, at + MAP_MOST * RANGE + 8 + 5 * 8)
        if not 0 < self.pages * PAGE <= len(data):
            raise AssertionError(f'no table: {self.pages} pages')
        self.data = data
        self.rows = [data[entry + ROW * page:entry + ROW * page + ROW] for page in range(self.pages)]

    def where(self, text):
        """The pages a text is in."""
        pages, at = set(), self.data.find(text)
        while at >= 0:
            pages.add(at // PAGE)
            at = self.data.find(text, at + 1)
        return pages

    def is_others(self, page):
        """Shared with the hypervisor, or the lab's."""
        return self.rows[page][8:10] == bytes(2)

    def is_hidden(self, page):
        """From level 1 and the hypervisor."""
        return not self.is_others(page) and self.rows[page][12] & RIGHT_READ == 0

    def hidden(self, ranges):
        return sum(self.is_hidden(page) for first, end in ranges for page in range(first, end))

    def ranges(self):
        """The guest's pages in a row.  To touch others as such ends the machine."""
        first, found = FIRST, []
        for page in range(FIRST, self.pages + 1):
            others = page == self.pages or self.is_others(page)
            if others or page in (MONITOR_AT, MONITOR_END):
                found += [(first, page)] if first < page else []
                first = page + 1 if others else page
        return found


class Scene:
    more = MORE

    def __init__(self, build, folder, fail):
        self.folder, self.build = folder, os.path.abspath(build)
        self.seen = (bytearray(), bytearray())  # on the line to the service
        self.listener = rooted.lines.listen(self.name('client'))
        self.secret = letters(24)
        try:
            self.linux = rooted.Linux(folder, *self.machine(fail))
        except BaseException:
            self.listener.close()
            raise
        self.start()

    def at(self, path):
        return os.path.join(self.build, path)

    def name(self, name):
        return os.path.join(self.folder, name)

    def path(self, name, content):
        with open(self.name(name), 'wb') as file:
            file.write(content)
        return self.name(name)

    def machine(self, fail):
        """The emulator's words, and the line."""
        kernel, driver = snp_lab.module(SOURCE, self.build, '6.12', fail)
        files = {'confbox.ko': driver, **self.files(kernel)}
        pack = self.path('pack', lab_linux.pack(
            read(os.path.join(kernel, 'vmlinuz')), machine.initial(rooted.SHELL.replace('@MORE@', self.more), files),
            lab_linux.MAGIC['snp'], read(self.at('src/monitor/snp/confbox-monitor.elf'))))
        serial = lab_run.MACHINE.index('-serial')
        line = rooted.Line(self.folder, 0, rooted.lines.accept(self.listener), self.seen)
        return [lab_run.QEMU, *lab_run.MACHINE[:serial], *lab_run.MACHINE[serial + 2:],
                *lab_run.chip(self.at('lab/x86/tests/vendor')), '-kernel', self.at('lab/x86/confbox-lab.elf'),
                '-initrd', pack, '-append', lab_linux.COMMAND_LINE], [line]

    def program(self, name):
        return {f'bin/{name}': read(self.at(f'tests/root/root-{name}'))}

    def files(self, kernel):
        return {'spy.ko': rooted.module(kernel, self.at('spy-module')), 'plain': (OPEN + b'\n') * COUNT,
                **self.program('pry'), **self.program('line'), **self.program('service')}

    def start(self):
        """The service; a client asks the same program, which it has too, what to expect."""
        self.linux.root(f'TURN_TEXT={rooted.inverted(self.secret)} TURN_OWN={rooted.inverted(OPEN)} '
                        f'service {PORT} {" ".join(WORDS)} > /out 2> /err & echo pid $!')
        self.service = int(re.findall(r'^pid (\d+)$', self.linux.text(), re.M)[-1])
        self.linux.until('grep -q . /out /err')
        if not any(line.startswith('port ') for line in self.linux.root('cat /out /err')[1]):
            raise AssertionError(self.linux.text()[-3000:])
        said = subprocess.run([self.at('tests/root/root-service'), '0', *WORDS], check=False, capture_output=True,
                              text=True)
        self.measured = said.stdout.split()[1]

    def close(self):
        self.linux.close()
        self.listener.close()

    # ---- the service ----

    def stop(self):
        """The service stands still."""
        self.linux.root(f'kill -STOP {self.service}')
        self.linux.until(f'! grep -qv " T " /proc/{self.service}/task/*/stat')

    def ended(self):
        """The last box is gone."""
        self.linux.until('[ "$(cat /sys/class/misc/confbox/boxes)" = 0 ]')

    def turn(self):
        """It looks for its client's document; what it says."""
        self.linux.root(f'kill -CONT {self.service}; kill -USR1 {self.service}')
        self.linux.until('grep -q turned: /err')
        return self.linux.root('grep turned: /err')[1]

    def memory(self):
        path = self.linux.memory('memory', MIB << 20)
        try:
            return Memory(read(path), self.at('lab/x86/confbox-lab.elf'))
        finally:
            os.unlink(path)

    # ---- the client ----

    def policy(self, measurement=None, **more):
        """A file: that program in a box, under this monitor on such a machine."""
        monitor = lab_run.measurement(self.at('src/monitor/snp/confbox-monitor.elf'))
        return self.path('policy', json.dumps({'require': {
            'box.measurement': measurement or self.measured, 'monitor.backend': 'snp',
            'snp.measurement': monitor.hex(), 'snp.vmpl': 0, **more.pop('require', {})}, **more}).encode())

    @property
    def root(self):
        return '--root', self.at('lab/x86/tests/vendor/ark.pem')

    def client(self, *words, data=b''):
        return subprocess.run([self.at('src/tools/confbox-client'), *words], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False)

    def send(self, data, *more):
        return self.client('send', '--to', self.name('client'), *more, data=data)

    def offer(self, nonce=None):
        """(connection, nonce, evidence's file)"""
        nonce = nonce or os.urandom(32)
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(SECONDS)
        peer.connect(self.name('client'))
        peer.sendall(b'CBXHELO1' + nonce)
        head = exactly(peer, 16)
        if head[:8] != b'CBXEVID1':
            raise AssertionError(head, self.linux.root('cat /err'))
        return peer, nonce, self.path('evidence', exactly(peer, int.from_bytes(head[8:], 'little')))
