# SPDX-License-Identifier: Apache-2.0
"""Run a static Linux program in user mode of the test host under Bochs: what
tests/host/process.py does with QEMU.

Bochs has no port for each channel and none that ends it: everything comes in
records by port 0xe9 (tests/host/os/os.h), and the status is the last one.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import threading

import process

SECONDS = 300
RECORD = re.compile(rb'\n([OES])([0-9a-f]{8})')
folder_of_bochs = None


def load_run():
    """tests/bochs/run.py; the name is another file's, too."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'run.py')
    spec = importlib.util.spec_from_file_location('bochs_run', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reason_to_skip(source):
    """Why it cannot be had, or None; gets it."""
    global folder_of_bochs
    for tool, package in (('grub-mkrescue', 'grub-pc-bin'), ('xorriso', 'xorriso')):
        if shutil.which(tool) is None:
            return f'{tool} is not installed; install the packages {package} and grub-common'
    found = subprocess.run([os.path.join(source, 'scripts/bochs')], stdout=subprocess.PIPE, text=True,
                           check=False)
    if found.returncode != 0:
        return (found.stdout.strip() or 'scripts/bochs failed').splitlines()[-1]
    folder_of_bochs = found.stdout.splitlines()[-1]
    return None


def read_records(text):
    """{letter: bytes}."""
    channels = {'O': b'', 'E': b'', 'S': b''}
    at = RECORD.search(text)
    while at is not None:
        size = int(at[2], 16)
        channels[at[1].decode()] += text[at.end():at.end() + size]
        at = RECORD.search(text, at.end() + size)
    return channels


class Reader(threading.Thread):
    """What the emulator prints, until the status came."""

    def __init__(self, emulator):
        super().__init__()
        self.emulator, self.text = emulator, b''
        self.start()

    def run(self):
        while not re.search(rb'\nS[0-9a-f]{8}[^\n]*\n', self.text):
            part = self.emulator.stdout.read1(1 << 16)
            if not part:
                return
            self.text += part


def emulate(folder, config, seconds):
    """The emulator's output, until the status, its own end or time."""
    with subprocess.Popen([os.path.join(folder_of_bochs, 'bochs'), '-q', '-f', config], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as emulator:
        reader = Reader(emulator)
        reader.join(seconds)
        emulator.kill()
        reader.join()
    return reader.text


def run(monitor, host, argv, files, *, stdin=b'', cpus=1, tail=b'', seconds=SECONDS):
    """Run argv, whose files are {path inside: bytes}, to its end."""
    bochs = load_run()
    with tempfile.TemporaryDirectory(prefix='confbox-bochs-') as folder:
        loaded, config = os.path.join(folder, 'host'), os.path.join(folder, 'bochsrc')
        packed = process.archive(argv, {**files, '/init.port': b''}, (), stdin)
        process.write_host(loaded, host, packed, tail)
        bochs.Machine(folder_of_bochs).write_disk(folder, monitor, loaded, [])
        with open(config, 'w', encoding='ascii') as file:
            file.write(bochs.SET_UP.format(cpu=bochs.CPU, count=cpus, bochs=folder_of_bochs,
                                           folder=folder, memory=512) + 'port_e9_hack: enabled=1\n')
        channels = read_records(emulate(folder, config, seconds))
        status = channels['S'].split()
        return process.Result(int(status[0]) if status else None, channels['O'], channels['E'],
                              '\n'.join(bochs.read_lines(os.path.join(folder, 'serial'))) + '\n',
                              None)
