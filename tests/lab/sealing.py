# SPDX-License-Identifier: Apache-2.0
"""What boxes on pks-vm seal, in the hands of a host that keeps it: T03 and H09 of
the attacks.  Each run is another start of the machine; the key service and the
counter are here.

    sealing.py SOURCE BUILD
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
import patience  # noqa: E402 (tests/support)

SOURCE, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
CONFBOX = os.path.join(BUILD, 'src/tools/confbox-client')
SEAL = os.path.join(BUILD, 'src/seal/confbox-seal')
KEYS = os.path.join(BUILD, 'examples/key-service/key-service')
BUSYBOX = '/bin/busybox'
SECRET = b'a line only the box knows\n'

# The first line says what to do with the rest: seal it; open a blob and seal what
# was in it for the counter's next value; open a blob and show it.
SCRIPT = '''B={busybox}; S={seal}; C="--counter {service}:notes"; read -r how; $B cat >/tmp/in
case $how in
new) $S seal $C </tmp/in ;;
next) $S open $C </tmp/in >/tmp/state && $S seal --after /tmp/in </tmp/state ;;
show) $S open $C </tmp/in ;;
esac'''


class Sealing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-sealing-')
        self.addCleanup(shutil.rmtree, self.folder)
        directory = self.path('counters')
        self.service = subprocess.run([CONFBOX, 'counter', directory], check=True,
                                      stdout=subprocess.PIPE).stdout.decode().strip()
        self.start('counting', CONFBOX, 'counter', directory, '--listen', self.path('counting'))
        self.write('keys.root', os.urandom(32))
        self.write('keys.json', json.dumps({'require': {'monitor.backend': 'pks-vm'},
                                            'allow': ['no-hardware']}).encode())
        self.keys = self.start('keys', KEYS, self.path('keys.json'), self.path('keys.root'),
                               self.path('keys'))
        self.policy = self.write('policy.json', json.dumps(
            {'forward': [{'counter': True}]}).encode())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return self.path(name)

    def start(self, name, *command):
        started = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.addCleanup(started.stdout.close)
        self.addCleanup(started.wait)
        self.addCleanup(started.kill)
        patience.until(f'{command[0]} listens', lambda: os.path.exists(self.path(name)))
        return started

    def run_box(self, data, change=''):
        """One start of the machine: (status, output, error)."""
        script = SCRIPT.format(busybox=BUSYBOX, seal=SEAL, service=self.service) + change
        done = subprocess.run(
            [sys.executable, '-B', os.path.join(SOURCE, 'tests/lab/lab.py'), SOURCE, BUILD, 'pks-vm',
             '--cpus', '1', '--seconds', '300', '--key-service', self.path('keys'), '--counter', self.path('counting'),
             '--policy', self.policy, '--with', SEAL, '--memory', '24M', '--', BUSYBOX, 'sh', '-c',
             script], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=400,
            check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def good(self, data):
        status, out, error = self.run_box(data)
        self.assertEqual(status, 0, error)
        self.assertEqual(self.keys.stdout.readline().split()[0::3], [b'released', b'pks-vm'])
        return out

    def refused(self, data, why, change=''):
        """Nothing comes out."""
        status, out, error = self.run_box(data, change)
        self.assertNotEqual(status, 0)
        self.assertEqual(out, b'')
        self.assertIn(why, error)
        self.assertEqual(self.keys.stdout.readline().split()[0], b'released')

    def test_t03_and_h09(self):
        yesterday = self.good(b'new\n' + SECRET)
        self.assertNotIn(SECRET[:-1], yesterday)
        # Another program, though nearly the same, on the same machine with the same root.
        self.refused(b'show\n' + yesterday, 'altered, or sealed by another box', change='\nexit')
        changed = bytearray(yesterday)
        changed[-1] ^= 1
        self.refused(b'show\n' + bytes(changed), 'altered, or sealed by another box')
        # After another start of the machine it opens, and is replaced.
        today = self.good(b'next\n' + yesterday)
        self.refused(b'show\n' + yesterday, 'rolled back: its counter is further')
        self.assertEqual(self.good(b'show\n' + today), SECRET)


if __name__ == '__main__':
    if shutil.which('qemu-system-x86_64') is None:
        print('qemu-system-x86_64 is not installed')
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
