# SPDX-License-Identifier: Apache-2.0
"""Root's tools find what an ordinary process of a stock Linux has in its memory: what
they are refused elsewhere (root.py) is not refused for want of trying.

usage: tools.py SOURCE BUILD PRY
"""
import collections
import os
import re
import shutil
import sys
import tempfile

import rooted
from rooted import machine

MIB = 512
TEXT = b'an ordinary process has this in its memory'
NOBODYS = os.urandom(24)
COUNT = 600
LEAST = 590  # it is looked for page by page, and some lie across two


Row = collections.namedtuple('Row', 'pages refused found own')
READ, WRITE, ADJUST, RESCIND = range(4)  # what the module does: spy.h


class Tools:
    """Of root: each looks for a text, and for another one that is no secret."""

    def __init__(self, linux, text, own, ranges):
        """ranges: [(first, end)] of memory's pages"""
        self.linux, self.ranges = linux, ranges
        self.texts = f'{rooted.inverted(text)} {rooted.inverted(own)}'

    def say(self, words, names):
        """{what is looked through: a row}"""
        status, lines = self.linux.root('pry ' + words)
        rows = dict(read_row(line) for line in lines)
        if status != 0 or sorted(rows) != sorted(names):
            raise AssertionError(f'{words}: {status} {lines}')
        return rows

    @staticmethod
    def words(ranges):
        return ' '.join(f'{first} {end}' for first, end in ranges)

    def debugger(self, pid):
        return self.say(f'debugger {self.texts} {pid}', ['ptrace', '/proc/PID/mem', 'process_vm_readv'])

    def devmem(self, how, ranges=None):
        name = {'devmem': '/dev/mem, read', 'devmap': '/dev/mem, mapped'}[how]
        return name, self.say(f'{how} {self.texts} {self.words(ranges or self.ranges)}', [name])[name]

    def module(self, how):
        return self.say(f'module {how} {self.texts} {self.words(self.ranges)}', ['module'])['module']


def read_row(line):
    """(what, row) of what pry says."""
    found = re.fullmatch(r'(.*): (\d+) pages, (\d+) refused, (\d+) found, (\d+) own', line)
    return (found[1], Row(*map(int, found.groups()[1:]))) if found else (line, None)


def hold(linux, path, log):
    """An ordinary process that has a file's text; its number."""
    linux.root(f'pry hold < {path} > {log} & echo pid $!')
    pid = int(re.findall(r'^pid (\d+)$', linux.text(), re.M)[-1])
    rooted.until('the text', lambda: 'held: ' in ''.join(linux.root(f'cat {log}')[1]))
    return pid


def judge(linux, tools):
    """Each tool finds it, everywhere it is, and not what nobody has."""
    pid = hold(linux, '/plain', '/held')
    for name, row in tools.debugger(pid).items():
        print(name, row)
        assert row.pages > 10 and row.found == 0 and row.own >= LEAST > row.refused, name
    all_pages = sum(end - first for first, end in tools.ranges)
    status, lines = linux.root(f'pry devmem {tools.texts} {tools.words(tools.ranges)}')
    assert status == 0 and read_row(lines[-1])[1].own == 0, 'Linux lets root have memory by /dev/mem: the module is not needed'
    status, lines = linux.root('insmod /spy.ko')
    assert status == 0, lines
    for row in tools.module(READ), tools.devmem('devmem')[1], tools.devmem('devmap')[1]:
        print(row)
        assert row.pages == all_pages and row.refused < row.pages // 10, row
        assert row.found == 0 and row.own >= LEAST, row
    status, lines = linux.root('dmesg')
    ill = [line for line in lines if machine.ILL.search(line)]
    assert status == 0 and not ill, ill


def main(source, build, pry):
    for tool in (machine.QEMU, 'make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    kernel = machine.kernel(source, build, '6.12')
    with tempfile.TemporaryDirectory() as folder:
        with open(pry, 'rb') as file:
            files = {'bin/pry': file.read(), 'spy.ko': rooted.module(kernel, os.path.join(folder, 'spy')),
                     'plain': (TEXT + b'\n') * COUNT}
        initrd = os.path.join(folder, 'initrd')
        with open(initrd, 'wb') as file:
            file.write(machine.initial(rooted.SHELL.replace('@MORE@', ''), files))
        words = machine.MACHINE[:machine.MACHINE.index('-serial')] + ['-net', 'none']
        linux = rooted.Linux(folder, [machine.QEMU, *words, '-kernel', os.path.join(kernel, 'vmlinuz'),
                                      '-initrd', initrd, '-append', machine.COMMAND_LINE])
        try:
            assert linux.kernel.startswith('6.12.'), linux.kernel
            judge(linux, Tools(linux, NOBODYS, TEXT, [(0x100, (MIB << 20) // rooted.PAGE)]))
        finally:
            linux.close()


if __name__ == '__main__':
    main(*sys.argv[1:])
