# SPDX-License-Identifier: Apache-2.0
"""What a stock Linux does in the lab while its instructions are counted: an initial
file system for each workload, of this system's programs and of packages that are
unpacked in a folder, not installed."""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab', 'x86', 'tests'))
from linux import cpio  # and by it the lab's run, which is not this folder's

BUSYBOX = '/bin/busybox'
PACKAGES = ['nginx', 'dropbear-bin', 'libtomcrypt1', 'libtommath1']
FOLDERS = ['bin', 'dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys', 'tmp', 'root', 'root/.ssh', 'run',
           'var', 'var/log', 'var/log/nginx', 'var/lib', 'var/lib/nginx', 'web']
NODES = {'console': 0x501, 'null': 0x103, 'zero': 0x105, 'urandom': 0x109, 'random': 0x108, 'tty': 0x500}

INIT = """#!/bin/busybox sh
export PATH=/bin HOME=/root
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devpts none /dev/pts
ifconfig lo 127.0.0.1 up
until_open() {
	until nc 127.0.0.1 $1 < /dev/null > /dev/null 2>&1; do usleep 1000; done
}
%s
echo "init: status $?"
poweroff -f
"""

# Each a few times 10^9 instructions, most of them not the kernel's start.
WORK = {
    'boot': 'true',
    'openssl': 'openssl speed -seconds 1 -bytes 8192 aes-128-cbc sha256 2> /dev/null | tail -n 2',
    'web': '''head -c 200000 /dev/urandom > /web/file
nginx -c /etc/nginx.conf && until_open 80
for n in $(seq 200); do wget -q -O - http://127.0.0.1/file | cmp - /web/file || break; done
[ $n = 200 ]''',
    'ssh': '''head -c 20000000 /dev/urandom > /web/file
dropbearkey -t ed25519 -f /etc/host > /dev/null 2>&1
dropbearkey -t ed25519 -f /root/.ssh/id 2> /dev/null | grep ^ssh > /root/.ssh/authorized_keys
chmod 700 /root /root/.ssh && chmod 600 /root/.ssh/authorized_keys
dropbear -r /etc/host -p 22 && until_open 22
dbclient -y -y -i /root/.ssh/id root@127.0.0.1 cat /web/file 2> /tmp/said | cmp - /web/file''',
    'compile': 'cc1 -quiet -nostdinc -O2 /work.c -o /work.s && as -o /work.o /work.s && [ -s /work.o ]',
}
PROGRAMS = {'openssl': ['openssl'], 'web': ['nginx'], 'ssh': ['dropbear', 'dropbearkey', 'dbclient'],
            'compile': ['cc1', 'as']}

NGINX = """user root;
events {}
http {
	access_log /var/log/nginx/access.log;
	server { listen 80; root /web; }
}
"""
SOURCE = '\n'.join(f'''unsigned work_{n}(const unsigned *a, unsigned n)
{{
	unsigned sum = {n};
	for (unsigned i = 0; i < n; i++)
		sum = (sum << 3) ^ a[i] * {n + 3}u + (sum >> {n % 13 + 1});
	return sum;
}}''' for n in range(400))


def unpack(folder):
    """The packages' files below a folder, which is filled once."""
    done = os.path.join(folder, 'done')
    if not os.path.exists(done):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(['apt-get', '-qq', 'download', *PACKAGES], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL)
        for package in glob.glob(os.path.join(folder, '*.deb')):
            subprocess.run(['dpkg-deb', '-x', package, folder], check=True)
        open(done, 'w', encoding='ascii').close()


def find(name, folder):
    places = [f'{folder}/usr/sbin', f'{folder}/usr/bin', '/usr/bin', *glob.glob('/usr/lib/gcc/*/*')]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        sys.exit(f'snp_work.py: no {name}')
    return found


def libraries(program, folder):
    """What the loader wants, and itself, by the path it is wanted at."""
    where = glob.glob(f'{folder}/usr/lib/*-linux-gnu')
    said = subprocess.run(['ldd', program], env={'LD_LIBRARY_PATH': ':'.join(where)}, check=True,
                          capture_output=True, text=True).stdout
    paths = re.findall(r'(?:=> )?(/\S+) \(0x', said)
    return {re.sub(rf'^{re.escape(folder)}', '', path): path for path in paths}


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def files(name, folder):
    """The initial file system of a workload; packages it needs are unpacked in a folder."""
    if name in PROGRAMS:
        unpack(folder)
    contents = {'init': (0o755, (INIT % WORK[name]).encode()), 'bin/busybox': (0o755, read(BUSYBOX)),
                'etc/passwd': (0o644, b'root:x:0:0:root:/root:/bin/sh\n'),
                'etc/shells': (0o644, b'/bin/sh\n'), 'etc/group': (0o644, b'root:x:0:\n'),
                'etc/nginx.conf': (0o644, NGINX.encode()), 'work.c': (0o644, SOURCE.encode())}
    for program in PROGRAMS.get(name, []):
        path = find(program, folder)
        contents[f'bin/{program}'] = (0o755, read(path))
        for at, library in libraries(path, folder).items():
            contents[at.lstrip('/')] = (0o755, read(library))
    folders = {os.path.dirname(at) for at in contents} | set(FOLDERS)
    for at in list(folders):
        while os.path.dirname(at):
            at = os.path.dirname(at)
            folders.add(at)
    return cpio([*((at, 0o40755, b'', 0) for at in sorted(folders - {''})),
                 *((f'dev/{at}', 0o20666, b'', number) for at, number in NODES.items()),
                 *((at, 0o100000 | mode, data, 0) for at, (mode, data) in contents.items())])
