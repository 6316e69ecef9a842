# SPDX-License-Identifier: Apache-2.0
"""A machine with a stock kernel and the driver: fetched, built, booted."""
import fcntl
import os
import re
import shutil
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../lab/x86/tests'))
from linux import cpio

SKIP = 77
QEMU = 'qemu-system-x86_64'
BUSYBOX = '/bin/busybox'
# QEMU 7.2's CMPXCHG16B leaves flags behind that a kernel falls over.
MACHINE = ['-M', 'q35', '-cpu', 'max,-cx16', '-m', '512', '-smp', '2', '-nodefaults', '-no-reboot',
           '-display', 'none', '-serial', 'stdio', '-net', 'none']
# Its test of the timer has to see ticks within ten of its own, which a busy machine does not give.
COMMAND_LINE = 'console=ttyS0 panic=-1 oops=panic panic_on_warn=1 no_timer_check'
# Linux patches its text with a breakpoint there meanwhile.  QEMU 7.2 translates a block before it takes
# note of the page (tb_gen_code, tb_link_page), so what was written between, by another processor, stays in
# the block, and that breakpoint in nobody's table ends the kernel.  Two processors that take turns have
# no such race, but then threads in the driver hardly meet either.
STALE = re.compile(r'\bint3: 0000 \[#1\].*?^[^\n]*\bRIP: 0010:(?!\S+ \[confbox\])', re.DOTALL | re.MULTILINE)
TRIES = 3
KERNELS = {'6.1': 'bookworm', '6.12': 'bookworm-backports'}

# What a kernel says that is not well.
ILL = re.compile(r'\b(BUG|Oops|WARNING|Call Trace|general protection|soft lockup|hung_task|'
                 r'rcu_\w+ (?:self-)?detected|test: bad:|Kernel panic)')


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIP)


def kernel(source, build, name, give_up=skip):
    """The folder of a kernel and its headers."""
    done = subprocess.run([os.path.join(source, 'scripts/driver-kernel'),
                           os.path.join(build, 'driver-kernel'), KERNELS[name]],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        give_up(f'no kernel: {done.stdout.strip()}')
    return done.stdout.split()[-1]


def make(headers, folder, *words):
    return subprocess.run(['make', '-C', os.path.join(headers, 'headers'), f'M={folder}', *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def module(source, headers, folder, test=False):
    """Build the driver in a new folder; what make said, and the module's bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    return build_module(source, headers, folder, test)


def build_module(source, headers, folder, test=False, give_up=sys.exit):
    """The same, of what changed, in one that may be there, and others use, too."""
    with open(folder + '.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return make_module(source, headers, folder, test, give_up)


def make_module(source, headers, folder, test, give_up):
    subprocess.run([os.path.join(source, 'scripts/driver-source'), folder], check=True)
    words = []
    if test:
        for name in ('call_test.c', 'behaviour.h'):
            shutil.copy(os.path.join(source, 'tests/driver', name), folder)
        words = ['CONFBOX_CALL=call_test']
    done = make(headers, folder, *words, 'modules')
    if done.returncode != 0:
        give_up(done.stdout)
    with open(os.path.join(folder, 'confbox.ko'), 'rb') as file:
        return done.stdout, file.read()


def initial(init, files):
    """An initial file system: init's text, and {path: bytes}."""
    with open(BUSYBOX, 'rb') as file:
        busybox = file.read()
    folders = [(name, 0o40755, b'', 0) for name in ('bin', 'dev', 'proc', 'sys', 'tmp')]
    return cpio([*folders, ('dev/console', 0o20600, b'', 0x501), ('bin/busybox', 0o100755, busybox, 0),
                 ('init', 0o100755, init.encode(), 0),
                 *((name, 0o100755, data, 0) for name, data in files.items())])


def boot(folder, vmlinuz, files, seconds, words=''):
    """Boot; the lines it says.  Only a kernel that met a stale breakpoint is booted anew."""
    for left in reversed(range(TRIES)):
        lines = boot_once(folder, vmlinuz, files, seconds, words)
        text = '\n'.join(lines)
        if left == 0 or STALE.search(text) is None:
            return lines
        print(f'{text}\nmachine.py: the emulator failed: once more', file=sys.stderr, flush=True)


def boot_once(folder, vmlinuz, files, seconds, words):
    path = os.path.join(folder, 'initrd')
    with open(path, 'wb') as file:
        file.write(files)
    try:
        done = subprocess.run([QEMU, *MACHINE, '-kernel', vmlinuz, '-initrd', path,
                               '-append', f'{COMMAND_LINE} {words}'], timeout=seconds, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        sys.exit((late.stdout or b'').decode(errors='replace') + f'\nno end after {seconds} s')
    return done.stdout.decode(errors='replace').replace('\r', '').splitlines()
