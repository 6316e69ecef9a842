# SPDX-License-Identifier: Apache-2.0
"""Warm starts: a program runs to its point once, clones go on from there.

    warm.py CONFBOX PROGRAM
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest

CONFBOX = PROGRAM = None

# The generator's state is drawn again by whoever learns that it is a clone; the
# hash seed of python3 is fixed at its start and cannot be.
SCRIPT = '''
import random, uuid
clone = open('/dev/template').read().strip()
if clone == '1':
    random.seed()
print(clone, random.random(), uuid.uuid4(), hash('x'), sum(range(1000)))
'''


# What each clone draws, by itself and after it has been told, and what it keeps.
DRAWN = '''
import json, os, random, secrets, ssl, tempfile, uuid
other, names = random.Random(), tempfile._get_candidate_names()
ssl.RAND_bytes(8), next(names), random.random()
open('/dev/template').read()
own = dict(uuid4=uuid.uuid4().hex, secrets=secrets.token_hex(8), urandom=os.urandom(8).hex(),
           getrandom=os.getrandom(8).hex(), system=random.SystemRandom().random())
kept = dict(random=random.random(), another=other.random(), openssl=ssl.RAND_bytes(8).hex(),
            tempfile=next(names), hash=hash('x'), set=list(map(str, {'a', 'b', 'c', 'd'})))
random.seed(), other.seed(), ssl.RAND_add(os.urandom(32), 32)
names.rng.seed()
told = dict(random=random.random(), another=other.random(), openssl=ssl.RAND_bytes(8).hex(),
            tempfile=next(names), hash=hash('y'), set=list(map(str, {'e', 'f', 'g', 'h'})))
print(json.dumps([own, kept, told]))
'''

# Pages of a file that become its own, first written or first read.
OWN = '''
import mmap, os, sys, threading
if os.path.exists('/dev/template'):
    open('/dev/template').read()
wrong = []
def write(path, prot, ats):
    with open(path, 'rb') as file:
        mapped = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=prot)
        content = bytearray(file.read())
        for at in ats + [-1]:
            mapped[at] = content[at] = content[at] ^ 0xff
        file.seek(0)
        again = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        if mapped[:] != content or content == again[:] or again[:] != file.read():
            wrong.append((path, ats))
def each():
    path = os.path.realpath(sys.executable)
    for ats in [5], [70000, 70001, 300000], list(range(4096, 1 << 21, 40000)):
        write(path, mmap.PROT_READ | mmap.PROT_WRITE, ats)
        write(path, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC, ats)
        write(os.__file__, mmap.PROT_READ | mmap.PROT_WRITE, [5])
each()
thread = threading.Thread(target=each)
thread.start()
thread.join()
if os.fork() == 0:
    each()
    os._exit(len(wrong))
print('own', wrong, os.wait()[1])
'''

# Its point comes by time, in the middle of something.
BY_TIME = '''
import select, sys, time
print('before', flush=True)
begin, total, number = time.monotonic(), 0, 0
seconds = float(sys.argv[2])
if sys.argv[1] == 'sleep':
    time.sleep(seconds)
if sys.argv[1] == 'epoll':
    total = len(select.epoll().poll(seconds))
if sys.argv[1] == 'futex':
    import threading
    lock = threading.Lock()
    lock.acquire()
    total = int(lock.acquire(timeout=seconds))
while time.monotonic() < begin + seconds:
    number, total = number + 1, total + number
print('after', total == number * (number - 1) // 2, time.monotonic() >= begin + seconds)
'''


def confbox(*words):
    return subprocess.run([CONFBOX, *words], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def lines_of(result, pattern):
    return re.findall(pattern, result.stdout)


class Warm(unittest.TestCase):
    def warm(self, count, *words):
        result = confbox('run', '--warm', str(count), '--', *words)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        return result

    def test_a_file_is_the_same_after_its_pages_were_written(self):
        for options, count in (['--warm', '2'], 2), (['--share-files'], 1), ([], 1):
            result = confbox('run', *options, '--', '/usr/bin/python3', '-c', OWN)
            self.assertEqual((result.returncode, result.stderr), (0, ''), options)
            self.assertEqual(result.stdout, 'own [] 0\n' * count, options)

    def test_clones_go_on_with_what_was_there(self):
        cold = confbox('run', '--', PROGRAM)
        warm = self.warm(3, PROGRAM)
        self.assertEqual(cold.returncode, 0, cold.stderr)
        self.assertEqual(lines_of(cold, r'clone (\d)'), ['0'])
        self.assertEqual(lines_of(warm, r'clone (\d)'), ['1'] * 3)
        for pattern in (r'sum \d+', r'child.*', r'before\nafter\nchild'):
            self.assertEqual(lines_of(warm, pattern), lines_of(cold, pattern) * 3)

    def test_clones_draw_other_numbers(self):
        drawn = lines_of(self.warm(3, PROGRAM), r'drawn (\w+) (\w+)')
        self.assertEqual(len(drawn), 3)
        self.assertEqual(len({number for both in drawn for number in both}), 6)

    def test_a_started_python_goes_on(self):
        one, two = (line.split() for line in self.python(SCRIPT))
        self.assertEqual((one[0], two[0], one[4], two[4]), ('1', '1', '499500', '499500'))
        self.assertNotEqual(one[1], two[1])
        self.assertNotEqual(one[2], two[2])
        self.assertEqual(one[3], two[3], 'what cannot be reseeded (doc/runtime.md)')

    def python(self, script, *words, options=()):
        with tempfile.NamedTemporaryFile('w', suffix='.py') as file:
            file.write(script)
            file.flush()
            result = confbox('run', '--warm', '2', *options, '--with', file.name, 'python3',
                             file.name, *words)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        return result.stdout.splitlines()

    def test_what_a_clone_draws_and_what_it_keeps(self):
        (own, kept, told), (own2, kept2, told2) = map(json.loads, self.python(DRAWN))
        for name in own:
            self.assertNotEqual(own[name], own2[name], name)
        self.assertEqual(kept, kept2)
        self.assertEqual({name for name in told if told[name] == told2[name]}, {'hash', 'set'},
                         'what cannot be reseeded (doc/runtime.md)')

    def test_a_point_comes_by_time(self):
        for what in ('compute', 'sleep', 'epoll', 'futex'):
            for after in (700, 2800, 11200):  # a busy machine takes long to begin
                lines = self.python(BY_TIME, what, str(3 * after / 1000), options=['--warm-after', str(after)])
                if lines.count('before') == 1:
                    break
            self.assertEqual(lines, ['before', 'after True True', 'after True True'], what)

    def test_a_point_by_time_that_never_comes_says_so(self):
        self.refused(['--warm', '1', '--warm-after', '60000', '--', PROGRAM, 'never'],
                     '/dev/template')
        self.refused(['--warm-after', '1', '--', PROGRAM, 'wait'], 'run it with --warm')

    def test_a_clone_s_measurement_is_known_before(self):
        known = confbox('measure', '--clone', '--', PROGRAM).stdout
        other = confbox('measure', '--template', '--', PROGRAM).stdout
        result = confbox('run', '--warm', '2', '--print-measurement', '--', PROGRAM)
        self.assertEqual(result.stderr, known * 2)
        self.assertNotEqual(known, other)

    def refused(self, words, text):
        result = confbox('run', *words)
        self.assertEqual(result.returncode, 125)
        self.assertIn(text, result.stderr)

    def test_what_cannot_be_a_template_says_why(self):
        for what, why in (('thread', 'more than one thread'), ('child', 'other processes'),
                          ('map', 'a shared mapping')):
            self.refused(['--warm', '1', '--', PROGRAM, what], why)

    def test_a_program_without_a_point_says_so(self):
        self.refused(['--warm', '1', '--', PROGRAM, 'never'], '/dev/template')

    def test_an_image_that_may_not_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            image = folder + '/image'
            built = confbox('build', '--output', image, '--', PROGRAM)
            self.assertEqual(built.returncode, 0, built.stderr)
            self.refused(['--warm', '1', image], 'template')
            built = confbox('build', '--template', '--output', image, '--', PROGRAM)
            self.assertEqual(built.returncode, 0, built.stderr)
            self.assertEqual(confbox('run', '--warm', '1', image).returncode, 0)

    def test_a_point_without_clones_is_no_hang(self):
        self.refused(['--template', '--', PROGRAM], 'run it with --warm')

    def test_files_that_boxes_share_are_the_same_files(self):
        for words in (['--', PROGRAM], ['python3', '-c', 'import json, sqlite3; print(json.dumps([1]))']):
            own, shared = confbox('run', *words), confbox('run', '--share-files', *words)
            self.assertEqual((shared.returncode, shared.stderr), (0, ''))
            pattern = r'clone .|sum \d+|before\n|after\n|child|\[1\]'
            self.assertEqual(lines_of(shared, pattern), lines_of(own, pattern))
            self.assertTrue(lines_of(own, pattern))
        words = ['--share-files', '--', PROGRAM]
        known = confbox('measure', *words).stdout
        self.assertEqual(confbox('run', '--print-measurement', *words).stderr, known)
        self.assertNotEqual(confbox('measure', '--', PROGRAM).stdout, known)
        self.refused(['--share-files', '--warm', '1', '--template', '--', PROGRAM], 'lend files on')

    def test_bad_counts_are_refused(self):
        for count in ('0', '-1', 'x', '1000001', '1x'):
            self.refused(['--warm', count, '--', PROGRAM], '1 to 1000000')
        for count in ('0', '-1', '0.5', '86400001'):
            self.refused(['--warm', '1', '--warm-after', count, '--', PROGRAM], 'milliseconds')


if __name__ == '__main__':
    CONFBOX, PROGRAM = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
