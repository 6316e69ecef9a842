# SPDX-License-Identifier: Apache-2.0
"""confbox lab: run a program in a box on a backend's machine, in an emulator.

usage: confbox lab pks-vm [option]... -- PROGRAM [ARGUMENT]...

The image is built and measured here, the machine is booted with the monitor
and a test host, a service in the host's user mode makes the box and runs it.
Standard input is the program's; output, error and exit status are the
program's, too.  The box's measurement and the machine's boot digest are
compared with what was computed here.

  --emulator NAME        qemu (the default) or bochs
  --console              print what the monitor and the host kernel say
  --print-measurement    print the measurement on standard error
  --cpus N               CPUs of the machine (2)
  --seconds N            end it after that long (120)
  --warm N               N clones, one by one, of a template made of the program
  --info                 no program: what confbox info says there
  --attack               no program: while a box holds a secret, the kernel
                         below its service tries to read it and the monitor

Options of confbox build (--memory, --file, --dir, --env, --cwd, --confine, ...)
go to it.  Exit status 125: the lab failed; otherwise as confbox run has it.
"""
import os
import shutil
import subprocess
import sys
import tempfile

FAILED = 125
OWN = {'--emulator': 'qemu', '--cpus': '2', '--seconds': '120', '--warm': '0'}
FLAGS = {'--console', '--print-measurement', '--info', '--attack', '--help'}
MEMORY = '64M'  # of a program; the machine has 512


def fail(what):
    print(f'confbox lab: {what}', file=sys.stderr)
    sys.exit(FAILED)


def parse(words):
    """(own options, options of confbox build, the program's words)."""
    own, build = dict(OWN), []
    words = list(words)
    while words and words[0] != '--':
        word = words.pop(0)
        name, equals, value = word.partition('=')
        if name in FLAGS:
            own[name] = True
        elif name in OWN:
            if not equals and not words:
                fail(f'{name}: a value is missing; see confbox lab --help')
            own[name] = value if equals else words.pop(0)
        else:
            build.append(word)
    for name in ('--cpus', '--seconds', '--warm'):
        if not own[name].isdecimal() or (own[name] == '0' and name != '--warm'):
            fail(f'{name} {own[name]}: must be a number, 1 or more')
    return own, build, words[1:]


class Lab:
    """What the machine is made of."""

    def __init__(self, source, build):
        sys.path[:0] = [os.path.join(source, 'tests', part)
                        for part in ('bochs', 'host', 'support')]
        self.source = source
        self.confbox = os.path.join(build, 'src/tools/confbox')
        self.monitor = os.path.join(build, 'src/monitor/bare/confbox-monitor.elf')
        self.peep = os.path.join(build, 'tests/lab/peep')
        self.host = os.path.join(build, 'tests/host/os/host-os.img')

    def image(self, options, words, path, clone=False):
        """Build the image; its bytes, and its or its clones' measurement."""
        options = [*options, *(['--template'] if clone else [])]
        if not any(option.split('=')[0] == '--memory' for option in options):
            options = ['--memory', MEMORY, *options]
        done = subprocess.run([self.confbox, 'build', '--output', path, *options, '--', *words],
                              check=False)
        if done.returncode != 0:
            sys.exit(done.returncode)
        done = subprocess.run([self.confbox, 'measure', *(['--clone'] if clone else []), path], check=True, stdout=subprocess.PIPE)
        with open(path, 'rb') as file:
            return file.read(), done.stdout.decode().strip()

    def emulate(self, name):
        """What runs a process of the test host."""
        import process
        if name == 'qemu':
            if shutil.which(process.QEMU) is None:
                fail(f'{process.QEMU} is not installed; install the package qemu-system-x86')
            return process.run
        import bochs_process
        reason = bochs_process.reason_to_skip(self.source)
        if reason is not None:
            fail(reason)
        return bochs_process.run

    def run(self, own, argv, files, stdin):
        """Boot; the result, and the digest of the log that was handed over."""
        import bootlog
        with open(self.confbox, 'rb') as file:
            files['/bin/confbox'] = file.read()
        with open(self.monitor, 'rb') as file:
            monitor = file.read()
        with open(self.host, 'rb') as file:
            host = file.read()
        log = bootlog.log(monitor, host, f'pks-vm {own["--emulator"]} cpus={own["--cpus"]}')
        result = self.emulate(own['--emulator'])(
            self.monitor, self.host, argv, files, stdin=stdin, cpus=int(own['--cpus']),
            tail=bootlog.tail(log), seconds=int(own['--seconds']))
        return result, bootlog.digest(log)


def finish(own, result):
    """Print what is to be printed; the exit status."""
    if own.get('--console'):
        sys.stderr.write(result.console)
    if result.status is None:
        sys.stderr.write('' if own.get('--console') else result.console[-2000:])
        fail(f'the machine stopped without an answer (status {result.machine}); more time: '
             '--seconds, more to see: --console')
    return result.status if result.status >= 0 else 128 - result.status


def info(lab, own):
    result, digest = lab.run(own, ['/bin/confbox', 'info'], {}, b'')
    status = finish(own, result)
    sys.stdout.write(result.out.decode())
    sys.stderr.write(result.err.decode())
    if status == 0 and digest not in result.out.decode():
        fail(f'the boot digest is not {digest}')
    return status


def attack(lab, own):
    """The box copies its input; what the kernel tried is on standard output."""
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        image, _ = lab.image([], ['/bin/busybox', 'cat'], os.path.join(folder, 'image'))
    with open(lab.peep, 'rb') as file:
        files = {'/image': image, '/bin/peep': file.read()}
    result, _ = lab.run(own, ['/bin/peep', '/image'], files, b'')
    status = finish(own, result)
    sys.stdout.write(result.out.decode())
    sys.stderr.write(result.err.decode())
    return status


def program(lab, own, options, words):
    stdin = b'' if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        image, measured = lab.image(options, words, os.path.join(folder, 'image'),
                                    clone=own['--warm'] != '0')
    argv = ['/bin/confbox', 'run', '--print-measurement', '/image']
    if any(option.split('=')[0] == '--policy' for option in options):
        argv.insert(2, '--serve')
    if own['--warm'] != '0':
        argv[2:2] = ['--warm', own['--warm']]
    result, _ = lab.run(own, argv, {'/image': image}, stdin)
    line, _, error = result.err.partition(b'\n')
    status = finish(own, result)
    sys.stdout.buffer.write(result.out)
    sys.stdout.flush()
    if line.decode(errors='replace') != measured:
        sys.stderr.buffer.write(result.err)
        fail('the box did not come to run' if status == FAILED else
             f'the box has another measurement than {measured}')
    if own.get('--print-measurement'):
        print(measured, file=sys.stderr)
    sys.stderr.buffer.write(error.replace(line + b'\n', b''))  # of other clones
    return status


def main(source, build, *words):
    if not words or words[0] in ('--help', '-h'):
        print(__doc__.strip())
        return 0 if words else FAILED
    if words[0] != 'pks-vm':
        fail(f'{words[0]}: there is no such machine; there is pks-vm')
    own, options, argv = parse(words[1:])
    if own.get('--help'):
        print(__doc__.strip())
        return 0
    if own['--emulator'] not in ('qemu', 'bochs'):
        fail(f'--emulator {own["--emulator"]}: there are qemu and bochs')
    lab = Lab(source, build)
    if own.get('--info'):
        return info(lab, own)
    if own.get('--attack'):
        return attack(lab, own)
    if not argv:
        fail(f'{options[0]}: no program is given; put -- before it' if options else
             'no program is given; see confbox lab --help')
    return program(lab, own, options, argv)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
