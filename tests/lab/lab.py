# SPDX-License-Identifier: Apache-2.0
"""confbox lab: run a program in a box on a backend's machine, in an emulator.

usage: confbox lab pks-vm|snp [option]... -- PROGRAM [ARGUMENT]...
       confbox lab pks-vm --serve PORT|SOCKET [option]... -- PROGRAM [ARGUMENT]...

The image is built and measured here, the machine is booted with the monitor
and its host, a service in the host's user mode makes the box and runs it.  The
host is a test host (pks-vm; snp with --host test), or a stock Linux at VMPL1 with
the driver (snp).
Standard input is the program's; output, error and exit status are the
program's, too.  The box's measurement and the machine's boot digest are
compared with what was computed here.

  --emulator NAME        qemu (the default) or bochs
  --console              print what the monitor and the host kernel say
  --print-measurement    print the measurement on standard error
  --cpus N               CPUs of the machine (pks-vm 2; snp 1, at most 2)
  --seconds N            end it after that long (pks-vm 120, snp 400)
  --host linux|test      snp: the host, a stock kernel of Debian's (the default) or
                         the test host, which starts at once and has one CPU
  --kernel 6.12|6.1      snp: which kernel of Debian's.  6.12 (the default) knows
                         that it is below an SVSM; 6.1 is shown no SEV, starts in
                         a third of the time, and has one CPU
  --warm N               N clones, one by one, of a template made of the program
  --key-service SOCKET   ask the service there for the root of sealing keys
  --counter SOCKET       who answers the box about counters (confbox counter
                         --listen)
  --serve PORT|SOCKET    the program is for clients elsewhere: each that connects
                         there (confbox send) gets a box of its own, three at a
                         time.  Prints what they should expect; until a signal
  --clients N            end after N clients
  --info                 no program: what confbox info says there
  --attack               no program: while a box holds a secret, the kernel
                         below its service tries to read it and the monitor
                         (pks-vm); a client elsewhere sends a document to a
                         service in that Linux, whose root tries to read it (snp)

With --serve the clients' data passes the emulator, the test host and its
service sealed: none of them, and not this command, can read it.

snp has --attack, alone, --console, --cpus, --host, --info, --kernel,
--print-measurement, --seconds and --warm.

Options of confbox build (--memory, --file, --dir, --env, --cwd, --confine, ...)
go to it.  Exit status 125: the lab failed; otherwise as confbox run has it.
"""
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

FAILED = 125
OWN = {'--emulator': 'qemu', '--cpus': '2', '--seconds': None, '--warm': '0', '--clients': '0',
       '--serve': None, '--key-service': None, '--counter': None, '--host': None,
       '--kernel': None}
SECONDS = 120
SNP = {'--cpus': '1', '--seconds': '400', '--host': 'linux', '--kernel': '6.12'}  # what else is usual there
ASKED = {'--key-service': '/dev/line0', '--counter': '/dev/line1'}  # how the machine calls them
FLAGS = {'--console', '--print-measurement', '--info', '--attack', '--help'}
MEMORY = '64M'  # of a program; the machine has 512


def fail(what):
    print(f'confbox lab: {what}', file=sys.stderr)
    sys.exit(FAILED)


def parse(words, usual):
    """(own options, options of confbox build, the program's words)."""
    own, build = {**OWN, **usual}, []
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
    for name in ('--cpus', '--seconds', '--warm', '--clients'):
        value = own[name] or str(SECONDS)
        if not value.isdecimal() or (value == '0' and own[name] != OWN[name]):
            fail(f'{name} {value}: must be a number, 1 or more')
    return own, build, words[1:]


def check(own):
    """What does not go together."""
    given = [name for name in ('--serve', *ASKED) if own[name]]
    if given and own['--emulator'] != 'qemu':
        fail(f'{given[0]}: only qemu has a line to the machine; leave --emulator out')
    if own['--clients'] != '0' and not own['--serve']:
        fail('--clients: without --serve there are none')
    for name in ('--warm', '--info', '--attack', *ASKED):
        if own['--serve'] and own.get(name, '0') not in ('0', None):
            fail(f'{name}: does not go with --serve')
    for name in ASKED:
        if own[name] and not (os.path.exists(own[name]) and stat.S_ISSOCK(os.stat(own[name]).st_mode)):
            fail(f'{name} {own[name]}: nobody listens there; name the socket of a service that runs')


def check_snp(own):
    """What that machine has not."""
    for name in ('--serve', *ASKED):
        if own[name]:
            fail(f'{name}: on pks-vm only')
    if own.get('--attack') and own != {**OWN, **SNP, '--attack': True}:
        fail('--attack: goes with no other option there')
    if own['--emulator'] != OWN['--emulator']:
        fail(f'--emulator {own["--emulator"]}: snp is a machine of qemu\'s')
    if own['--host'] not in ('linux', 'test'):
        fail(f'--host {own["--host"]}: there are linux and test')
    if own['--host'] == 'test':
        check_test_host(own)
    if own['--kernel'] not in Snp.KERNELS:
        fail(f'--kernel {own["--kernel"]}: there are {" and ".join(Snp.KERNELS)}')
    if own['--cpus'] not in ('1', '2'):
        fail(f'--cpus {own["--cpus"]}: that machine has 1 or 2')
    if Snp.KERNELS[own['--kernel']] == 'blind' and own['--cpus'] != '1':
        fail(f'--cpus {own["--cpus"]}: {own["--kernel"]} knows no way to start another CPU below a monitor; '
             'leave --kernel out')


def check_test_host(own):
    """What the test host has not."""
    if own['--kernel'] != SNP['--kernel']:
        fail(f'--kernel {own["--kernel"]}: the test host is a kernel of its own; leave --host test out')
    if own['--cpus'] != '1':
        fail(f'--cpus {own["--cpus"]}: the test host knows no way to start another CPU below a monitor; '
             'leave --host test out')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


class Lab:
    """What the machine is made of."""

    def __init__(self, source, build):
        sys.path[:0] = [os.path.join(source, 'tests', part)
                        for part in ('bochs', 'host', 'support')]
        self.source = source
        self.confbox = os.path.join(build, 'src/tools/confbox')
        self.monitor = os.path.join(build, 'src/monitor/bare/confbox-monitor.elf')
        self.peep = os.path.join(build, 'tests/lab/peep')
        self.service = os.path.join(build, 'tests/lab/serve')
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
        return read(path), done.stdout.decode().strip()

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

    def log(self, own):
        """What is loaded, as the monitor gets to know it."""
        import bootlog
        return bootlog.log(read(self.monitor), read(self.host),
                           f'pks-vm {own["--emulator"]} cpus={own["--cpus"]}')

    def run(self, own, argv, files, stdin=b'', **more):
        """Boot and run; what came of it."""
        import bootlog
        files.setdefault('/bin/confbox', read(self.confbox))
        seconds = own['--seconds'] or (None if own['--serve'] else SECONDS)
        return self.emulate(own['--emulator'])(
            self.monitor, self.host, argv, files, stdin=stdin, cpus=int(own['--cpus']),
            tail=bootlog.tail(self.log(own)), seconds=seconds and int(seconds), **more)

    def attack(self, own):
        """The box copies its input; what the kernel tried is on standard output."""
        with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
            image, _ = self.image([], ['/bin/busybox', 'cat'], os.path.join(folder, 'image'))
        result = self.run(own, ['/bin/peep', '/image'], {'/image': image, '/bin/peep': read(self.peep)})
        status = finish(own, result)
        sys.stdout.write(result.out.decode())
        sys.stderr.write(result.err.decode())
        return status

    def lines(self, folder, meets):
        """Lines to the machine, for run's more."""
        import lines
        made = [lines.Line(folder, i, meet) for i, meet in enumerate(meets)]
        return {'more': [word for line in made for word in line.words()]}


class Snp(Lab):
    """The machine with SEV-SNP: a stock Linux is the host, or the test host.  Nobody wrote a log of what it started."""
    KERNELS = {'6.12': 'snp', '6.1': 'blind'}  # and what it is told of SEV

    def __init__(self, source, build):
        super().__init__(source, build)
        self.build = build
        self.monitor = os.path.join(build, 'src/monitor/snp/confbox-monitor.elf')
        self.host = os.path.join(build, 'tests/host/os/host-os.elf')

    def log(self, own):
        return None

    def run(self, own, argv, files, stdin=b'', **more):
        import process
        import snp_lab
        import snp_os
        if shutil.which(process.QEMU) is None:
            fail(f'{process.QEMU} is not installed; install the package qemu-system-x86')
        return (snp_os if own['--host'] == 'test' else snp_lab).run(
            self, own, argv, {**files, '/bin/confbox': read(self.confbox), '/stdin': stdin}, fail)

    def attack(self, own):
        """What it is of, and what became of it, is on standard output."""
        sys.path.append(os.path.join(self.source, 'tests/root'))
        import root
        return root.main(self.build, fail)


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
    import bootlog
    result, log = lab.run(own, ['/bin/confbox', 'info'], {}), lab.log(own)
    digest = bootlog.digest(log) if log is not None else ''
    status = finish(own, result)
    sys.stdout.write(result.out.decode())
    sys.stderr.write(result.err.decode())
    if status == 0 and digest not in result.out.decode():
        fail(f'the boot digest is not {digest}')
    return status


def asked(lab, own, argv, files, stdin):
    """Run confbox there, with those it asks at the end of a line."""
    import lines
    if not any(own[name] for name in ASKED):
        return lab.run(own, argv, files, stdin)
    for name, path in ASKED.items():
        argv[2:2] = [name, path] if own[name] else []
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        meets = [lines.connect(own[name] or '') for name in ASKED]
        return lab.run(own, argv, files, stdin, **lab.lines(folder, meets))


def tell(folder):
    """What the service says on standard error, as it says it."""
    told = 0
    while os.path.isdir(folder):
        try:
            text = read(os.path.join(folder, 'err'))[told:]
        except OSError:
            text = b''
        sys.stderr.write(text.decode(errors='replace'))
        sys.stderr.flush()
        told += len(text)
        time.sleep(0.1)


def interrupt(number, _):
    raise KeyboardInterrupt(number)


def serve(lab, own, options, words):
    """A box for each client, until a signal or the last client."""
    import bootlog
    import lines
    where, path = own['--serve'], os.path.abspath(own['--serve'])
    with tempfile.TemporaryDirectory(prefix='confbox-lab-') as folder:
        options = options if '--confine' in options else ['--confine', *options]
        image, measured = lab.image(options, words, os.path.join(folder, 'image'))
        try:
            listener = lines.listen(where if where.isdecimal() else path)
        except (OSError, OverflowError) as error:
            fail(f'--serve {where}: {error}; name a port that is free, 0 for any, or a socket to make')
        try:
            print(f'measurement {measured}\nboot-digest {bootlog.digest(lab.log(own))}\n' +
                  (f'port {listener.getsockname()[1]}' if where.isdecimal() else f'socket {path}'),
                  flush=True)
            result = lab.run(own, ['/bin/serve', own['--clients'], *['/image'] * lines.COUNT],
                             {'/image': image, '/bin/serve': read(lab.service)}, watch=tell,
                             **lab.lines(folder, [lines.accept(listener)] * lines.COUNT))
        except KeyboardInterrupt:
            return 0
        finally:
            listener.close()
            if not where.isdecimal():
                os.unlink(path)
    return finish(own, result)


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
    result = asked(lab, own, argv, {'/image': image}, stdin)
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
    if words[0] not in ('pks-vm', 'snp'):
        fail(f'{words[0]}: there is no such machine; there are pks-vm and snp')
    snp = words[0] == 'snp'
    own, options, argv = parse(words[1:], SNP if snp else {})
    if own.get('--help'):
        print(__doc__.strip())
        return 0
    if own['--emulator'] not in ('qemu', 'bochs'):
        fail(f'--emulator {own["--emulator"]}: there are qemu and bochs')
    lab = Snp(source, build) if snp else Lab(source, build)
    check(own)
    if snp:
        check_snp(own)
    else:
        for name in ('--host', '--kernel'):
            if own[name]:
                fail(f'{name}: on snp only')
    if own.get('--info'):
        return info(lab, own)
    if own.get('--attack'):
        return lab.attack(own)
    if not argv:
        fail(f'{options[0]}: no program is given; put -- before it' if options else
             'no program is given; see confbox lab --help')
    return (serve if own['--serve'] else program)(lab, own, options, argv)


def begin(*argv):
    """A signal ends the machine, too, and what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return main(*argv)
    except KeyboardInterrupt as stop:
        print(f'confbox lab: ended by signal {stop.args[0]}, and the machine with it', file=sys.stderr)
        return 128 + stop.args[0]


if __name__ == '__main__':
    sys.exit(begin(*sys.argv[1:]))
