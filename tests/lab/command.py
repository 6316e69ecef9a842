# SPDX-License-Identifier: Apache-2.0
"""What confbox lab does with a program, with wrong words, and to a box.

    command.py SOURCE BUILD [bochs]      bochs: just that it runs there
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUSYBOX = '/bin/busybox'


def lab(source, build, *words, data=b'', seconds=780):
    done = subprocess.run([sys.executable, '-B', os.path.join(source, 'tests/lab/lab.py'), source,
                           build, *words], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=seconds, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def expect(condition, *what):
    if not condition:
        print(*what)
        sys.exit(1)


def runs(source, build):
    data = bytes(range(256)) * 1000
    expected = hashlib.sha256(data).hexdigest()
    status, out, err = lab(source, build, 'pks-vm', '--print-measurement', '--', BUSYBOX,
                           'sha256sum', data=data)
    expect(status == 0 and out.decode().split()[0] == expected, status, out, err)
    measured = subprocess.run([os.path.join(build, 'src/tools/confbox'), 'measure', '--memory', '64M',
                               '--', BUSYBOX, 'sha256sum'], stdout=subprocess.PIPE, check=True)
    expect(err == measured.stdout.decode(), 'measurement', err)
    status, out, err = lab(source, build, 'pks-vm', '--env', 'A=b', '--', BUSYBOX, 'sh', '-c',
                           'read -r l; echo "$l"; echo $A >&2; exit 7', data=b'a line\n')
    expect((status, out, err) == (7, b'a line\n', 'b\n'), status, out, err)


def hides(source, build):
    for options in (['--text', 'execute-only'], ['--features', 'basic']):
        status, out, err = lab(source, build, 'pks-vm', *options, '--', BUSYBOX, 'rev', data=b'abc\n')
        expect((status, out, err) == (0, b'cba\n', ''), options, status, out, err)
    status, out, err = lab(source, build, 'pks-vm', '--cpuid', 'v1', '--', BUSYBOX, 'rev', data=b'abc\n')
    expect((status, out) == (125, b'') and 'build it without --text, --features or --cpuid' in err, status, out, err)


def confines(source, build):
    """The data, sealed to the box by the service's process, which is its client:
    so it is told output, errors and status.  The test host's kernel sees neither."""
    data = bytes(range(256)) * 400 + b'\n'
    status, out, err = lab(source, build, 'pks-vm', '--confine', '--', BUSYBOX, 'sh', '-c',
                           f'{BUSYBOX} sha256sum; echo told >&2; exit 5', data=data)
    expect((status, out.decode().split()[0], err) == (5, hashlib.sha256(data).hexdigest(), 'told\n'),
           status, out, err)


def asks_its_host(source, build):
    """The image is a file of the test host: a box reads its own, and no other."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as policy:
        policy.write('{ "forward": [ { "open": "/image" } ] }')
        policy.flush()
        status, out, err = lab(source, build, 'pks-vm', '--policy', policy.name, '--', BUSYBOX, 'sh',
                               '-c', f'B={BUSYBOX}; $B head -c 8 /image; echo x > /image; '
                               '$B cat /bin/confbox')
    expect(status == 1 and out == b'CBXIMAGE' and 'policy: open /image (0x241) was refused' in err
           and "can't open '/bin/confbox'" in err, status, out, err)


def clones(source, build):
    """A shell that opened /dev/template goes on twice, with its variables."""
    status, out, err = lab(source, build, 'pks-vm', '--warm', '2', '--', BUSYBOX, 'sh', '-c',
                           'a=$(expr 1 + 1) 2>/dev/null; b=kept; read -r w < /dev/template; echo $w $b')
    expect((status, out) == (125, b'') and 'other processes' in err, status, out, err)
    status, out, err = lab(source, build, 'pks-vm', '--warm', '2', '--', BUSYBOX, 'sh', '-c',
                           'b=kept; read -r w < /dev/template; echo $w $b; (echo $b) | cat')
    expect((status, out, err) == (0, b'1 kept\nkept\n' * 2, ''), status, out, err)


def is_refused(source, build):
    for words, text in (((), 'usage'), (('tdx', '--', 'true'), 'there is no such machine'),
                        (('pks-vm', '--emulator', 'none', '--', 'true'), '--emulator none'),
                        (('pks-vm', '--cpus', 'x', '--', 'true'), '--cpus x'),
                        (('pks-vm', '--cpus'), 'a value is missing'),
                        (('pks-vm',), 'no program is given'),
                        (('pks-vm', '--serve', '0'), 'no program is given'),
                        (('pks-vm', '--serve'), 'a value is missing'),
                        (('pks-vm', '--serve', '99999', '--', BUSYBOX), '--serve 99999: '),
                        (('pks-vm', '--serve', '/nothing/there', '--', BUSYBOX), 'a socket to make'),
                        (('pks-vm', '--serve', '0', '--warm', '2', '--', BUSYBOX),
                         '--warm: does not go with --serve'),
                        (('pks-vm', '--serve', '0', '--info'), '--info: does not go with --serve'),
                        (('pks-vm', '--serve', '0', '--emulator', 'bochs', '--', BUSYBOX), 'only qemu'),
                        (('pks-vm', '--serve', '0', '--clients', '-1', '--', BUSYBOX), '--clients -1'),
                        (('pks-vm', '--clients', '1', '--', BUSYBOX), 'without --serve'),
                        (('pks-vm', '--key-service', '/nothing', '--', BUSYBOX),
                         'nobody listens there'),
                        (('pks-vm', '--counter', '/', '--', BUSYBOX), 'nobody listens there'),
                        (('pks-vm', '--seconds', '1', '--', BUSYBOX, 'sleep', '100'),
                         'without an answer')):
        status, out, err = lab(source, build, *words)
        expect(status == 125 and text in err + out.decode(), words, status, out, err)
    status, out, err = lab(source, build, 'pks-vm', '--', '/nothing')
    expect(status == 127 and b'' == out and '/nothing' in err, status, out, err)
    status, out, err = lab(source, build, 'pks-vm', '--bad', '--', BUSYBOX)
    expect(status == 125 and '--bad' in err, status, out, err)


def tells(source, build):
    status, out, err = lab(source, build, 'pks-vm', '--info')
    expect(status == 0 and re.search(r'^backend +pks-vm$', out.decode(), re.M) and
           'test host only' in out.decode() and 'nothing signs it' in out.decode(), out, err)


def begin(source, build, *words):
    """A service on the machine; what it says first."""
    service = subprocess.Popen([sys.executable, '-B', os.path.join(source, 'tests/lab/lab.py'), source,
                                build, 'pks-vm', '--serve', *words, '--memory', '24M', '--', BUSYBOX,
                                'rev'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return service, dict(service.stdout.readline().decode().split() for _ in range(3))


def serves(source, build):
    """One client at a port, then it ends by itself; a socket, until a signal."""
    client = os.path.join(build, 'src/tools/confbox-client')
    service, said = begin(source, build, '0', '--clients', '1')
    with tempfile.NamedTemporaryFile('w', suffix='.json') as policy:
        json.dump({'require': {'box.measurement': said['measurement'], 'monitor.backend': 'pks-vm',
                               'monitor.boot-digest': said['boot-digest']},
                   'allow': ['no-hardware']}, policy)
        policy.flush()
        done = subprocess.run([client, 'send', '--to', f'localhost:{said["port"]}', '--verify-policy',
                               policy.name], input=b'abc\n', stdout=subprocess.PIPE, timeout=300,
                              check=False)
    expect((done.returncode, done.stdout) == (0, b'cba\n'), done)
    out, err = service.communicate(timeout=60)
    expect((service.returncode, out, err) == (0, b'', b''), service.returncode, out, err)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'socket')
        service, said = begin(source, build, path)
        expect(said['socket'] == path and os.path.exists(path), said)
        service.terminate()
        out, err = service.communicate(timeout=60)
        expect((service.returncode, out, err) == (0, b'', b'') and not os.path.exists(path), err)


def is_attacked(source, build):
    status, out, err = lab(source, build, 'pks-vm', '--attack')
    print(out.decode(), err)
    rows = re.findall(r': (\d+) read by the kernel, (\d+) page faults', out.decode())
    expect(status == 0 and len(rows) == 3 and
           all(int(a) == int(b) > 0 for a, b in rows), status)


def runs_on_bochs(source, build):
    status, out, err = lab(source, build, 'pks-vm', '--emulator', 'bochs', '--print-measurement',
                           '--', BUSYBOX, 'sha256sum', data=b'abc')
    if status == 125 and ('no Bochs' in err or 'not installed' in err):
        print(err)
        sys.exit(77)
    expect(status == 0 and out.decode().split()[0] == hashlib.sha256(b'abc').hexdigest() and
           len(err) == 97, status, out, err)


def main(source, build, emulator=None):
    if emulator == 'bochs':
        runs_on_bochs(source, build)
        return
    if shutil.which('qemu-system-x86_64') is None:
        print('qemu-system-x86_64 is not installed')
        sys.exit(77)
    for test in (runs, hides, confines, asks_its_host, clones, is_refused, tells, serves,
                 is_attacked):
        print(test.__name__)
        test(source, build)


if __name__ == '__main__':
    main(*sys.argv[1:])
