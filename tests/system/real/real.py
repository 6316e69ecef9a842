# SPDX-License-Identifier: Apache-2.0
"""Programs of Debian packages, unchanged, on real input: status, output and
error are those of the same run outside.

    real.py CONFBOX [NAME]...     NAME: of a class or a test; all otherwise
"""
import hashlib
import json
import math
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import unittest

CONFBOX = None
SEARCH = '/usr/bin:/bin'
ENVIRONMENT = {'PATH': SEARCH, 'HOME': '/', 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8'}
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = None
SECONDS = 120
OPTIONS = os.environ.get('CONFBOX_OPTIONS', '').split()  # of every box
LEVEL = 315532800  # the time of every file in a box


def needs(*programs):
    missing = [name for name in programs if shutil.which(name, path=SEARCH) is None]
    return unittest.skipIf(missing, f'not installed: {" ".join(missing)}')


def words(count, seed):
    source = random.Random(seed)
    some = ['box', 'page', 'gate', 'host', 'keeper', 'monitor', 'the', 'a', 'of', 'sealed', 'näive', '42']
    return '\n'.join(' '.join(source.choice(some) for _ in range(source.randrange(1, 15)))
                     for _ in range(count)) + '\n'


def picture(width, height):
    pixels = bytes(int(127.5 + 127 * math.sin(x * (c + 1) / 31 + y / 17)) for y in range(height)
                   for x in range(width) for c in range(3))
    return b'P6 %d %d 255\n' % (width, height) + pixels


def records(count):
    source = random.Random(7)
    return [{'id': n, 'name': source.choice(['ada', 'bob', 'eve']), 'value': source.randrange(10 ** 6),
             'tags': [source.choice('xyz') for _ in range(n % 4)], 'deep': {'even': n % 2 == 0}}
            for n in range(count)]


def fill(folder):
    """The input every program finds in its working directory."""
    def write(name, data):
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(data if isinstance(data, bytes) else data.encode())
    write('text', words(20000, 1))
    write('other', words(2000, 2))
    write('numbers', ''.join(f'{random.Random(n).randrange(10 ** 6)}\n' for n in range(5000)))
    write('bytes', random.Random(3).randbytes(2000000) + bytes(1000000))
    write('data.json', json.dumps(records(3000)))
    write('picture.ppm', picture(400, 300))
    base = sqlite3.connect(os.path.join(folder, 'input.db'))
    base.execute('create table sales(region text, year int, amount real)')
    base.executemany('insert into sales values(?, ?, ?)',
                     [(f'r{n % 7}', 2000 + n % 20, n * 1.25) for n in range(20000)])
    base.execute('create index by_year on sales(year)')
    base.commit()
    base.close()
    for name in os.listdir(HERE):
        shutil.copy(os.path.join(HERE, name), folder)
    for name in os.listdir(folder):
        os.utime(os.path.join(folder, name), (LEVEL, LEVEL))


def condition(chance):
    column, other = chance.choice('abcd'), chance.choice('abcd')
    return chance.choice([f'{column} > {chance.randrange(1000)}', f'{column} between 100 and {chance.randrange(2000)}',
                          f"c like '%{chance.randrange(10)}%'", f'{column} is null', f'{column} <> {other}'])


def statement(chance, table):
    """One of a workload's; each is right, and what it prints depends on what came before."""
    column, number = chance.choice('abcd'), chance.randrange(100000)
    return chance.choice([
        f"insert into {table} values({number}, {number % 977 / 4}, 'text {number % 331}', null)",
        f"insert into {table} select a + 1, b * 2, c || '+', {number} from {table} where {condition(chance)} limit 20",
        f'update {table} set {column} = {number} where {condition(chance)}',
        f'delete from {table} where rowid % 97 = {number % 97} and {condition(chance)}',
        f'select count(*), sum(a), round(avg(b), 3), max(c), min(d) from {table} where {condition(chance)}',
        f'select * from {table} where {condition(chance)} order by {column}, rowid limit 5',
        f'select x.a, count(*) from t0 x join {table} y on x.a = y.a group by x.a order by 2 desc, 1 limit 3',
        f'savepoint s; update {table} set d = rowid; rollback to s; release s',
        f'create index if not exists {table}_{column} on {table}({column})',
        f'drop index if exists {table}_{column}', f'reindex {table}', 'analyze'])


def statements(seed, count):
    chance = random.Random(seed)
    lines = [f'create table t{n}(a integer, b real, c text, d);' for n in range(3)]
    for n in range(count):
        lines.append('begin;' if n % 50 == 0 else '')
        lines.append(statement(chance, f't{chance.randrange(3)}') + ';')
        lines.append('commit;' if n % 50 == 49 else '')
    return '\n'.join([*lines, 'vacuum;', 'pragma integrity_check;', ''])


class Case(unittest.TestCase):
    maxDiff = 2000

    def run_at(self, command, data):
        done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=ENVIRONMENT, cwd=WORK, timeout=SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def outside(self, argv, data=b''):
        return self.run_at(argv, data)

    def inside(self, argv, data=b'', options=()):
        env = [word for pair in ENVIRONMENT.items() for word in ('--env', '='.join(pair))]
        return self.run_at([CONFBOX, 'run', '--memory', '512M', '--dir', WORK, '--cwd', WORK,
                            *env, *options, *OPTIONS, '--', *argv], data)

    def same(self, *argv, data=b'', options=()):
        """Run inside and outside; what both printed."""
        with self.subTest(' '.join(argv)[:80]):
            expected = self.outside(argv, data)
            self.assertEqual(self.inside(argv, data, options), expected)
            self.assertEqual(expected[0], 0, expected[2][-500:])
        return expected[1]


class Text(Case):
    """coreutils, grep, sed, awk: one program a box."""

    def test_coreutils(self):
        for line in ('cat -n other', 'tac other', 'head -n 50 text', 'tail -n 50 text', 'nl other',
                     'sort text', 'sort -rn numbers', 'sort -u -k 2 other', 'uniq -c other',
                     'wc text bytes', 'cut -d e -f 2 text', 'paste other other', 'join -v 1 other other',
                     'comm numbers numbers', 'fold -w 40 text', 'fmt other', 'expand other',
                     'unexpand -a other', 'od -A x -t x1z -N 4096 bytes', 'base64 bytes', 'base32 other',
                     'cksum bytes', 'md5sum bytes', 'sha1sum bytes', 'sha256sum bytes', 'sha512sum bytes',
                     'b2sum bytes', 'sum bytes', 'factor 600851475143 97 1024', 'seq 1 3 1000',
                     'expr 6 * 7', 'printf %05d:%s\\n 42 x', 'date -u -d @86400', 'basename /a/b.c .c',
                     'dirname /a/b', 'echo a b', 'true', 'env', 'pwd', 'realpath other', 'split -b 1K other',
                     'truncate -s 5 new', 'mkdir -p new/deep', 'cp -r . /tmp/copy', 'mv other moved',
                     'rm -v other', 'ln -sv other link', 'ls', 'ls -l text', 'stat -c %n:%s:%f:%h text',
                     'shuf --random-source=bytes other', 'tr a-z A-Z', 'tee /dev/null', 'numfmt --to=iec 123456',
                     'csplit other 100 500', 'ptx other', 'tsort', 'test -f text', 'id -u', 'sleep 0.01',
                     'nice -n 0 true', 'nohup true', 'yes --version', 'du -b --apparent-size text',
                     'chmod -v 600 other', 'touch -d @5 other', 'dd if=bytes bs=1000 count=7 status=none',
                     'install -m 600 other copied', 'readlink -f text', 'pathchk text', 'hostid --version'):
            with self.subTest(line):
                self.renew()
                expected = self.outside(line.split(), b'b a\na c\n')
                self.renew()
                self.assertEqual(self.inside(line.split(), b'b a\na c\n', ['--with', '/bin/true']), expected)

    def renew(self):
        """What a command outside changed is as it was."""
        for name in os.listdir(WORK):
            path = os.path.join(WORK, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        for name in os.listdir(PRISTINE):
            shutil.copy2(os.path.join(PRISTINE, name), WORK)
        shutil.rmtree('/tmp/copy', ignore_errors=True)

    def test_grep_and_sed(self):
        for argv in (['grep', '-n', 'gate.*page', 'text'], ['grep', '-c', '-v', 'the', 'text'],
                     ['grep', '-E', '-o', '[a-z]{5,7} (of|a)', 'other'], ['grep', '-r', '-l', 'keeper', '.'],
                     ['grep', '-P', r'^(\w+) .*\1$', 'text'], ['grep', '-w', '-i', 'NÄIVE', 'other'],
                     ['sed', '-n', '/gate/{s/page/PAGE/g;p}', 'text'], ['sed', '-E', 's/(\\w+) (\\w+)/\\2 \\1/', 'other'],
                     ['sed', '1!G;h;$!d', 'other'], ['sed', 'y/abc/xyz/', 'text']):
            if argv[1] == '-r':
                shown = [sorted(done[1].split()) for done in (self.outside(argv), self.inside(argv))]
                self.assertEqual(*shown)
            else:
                self.same(*argv)

    def test_awk(self):
        count = '{for (i = 1; i <= NF; i++) n[$i]++} END {for (k in n) print n[k], k}'
        for awk in ('mawk', 'gawk'):
            if shutil.which(awk, path=SEARCH):
                self.same(awk, count, 'text')
                self.same(awk, '{s += $1; q += $1 * $1} END {printf "%.3f %.3f\\n", s / NR, sqrt(q / NR)}', 'numbers')
                self.same(awk, '-F', 'e', 'NR % 100 == 0 {print NR, $2, length($0), toupper($1)}', 'text')
                self.same(awk, 'BEGIN {while ((getline line < "other") > 0) n++; print n; print substr("sealed", 2, 3)}')


class Shell(Case):
    """Programs that start others."""
    TOOLS = ('awk bash basename cat chmod cp cut diff env find grep head kill ln ls mkdir mkfifo mktemp mv paste '
             'readlink rm sed seq sleep sort stat tac tail tar timeout tr true uniq wc xargs yes').split()
    OPTIONS = [word for tool in TOOLS for word in ('--with', shutil.which(tool, path=SEARCH) or '/bin/true')]

    def test_bash(self):
        expected = self.outside(['bash', 'job.sh'])
        self.assertEqual(self.inside(['bash', 'job.sh'], options=self.OPTIONS), expected)
        self.assertEqual(expected[0], 4)

    @needs('python3')
    def test_processes_of_python3(self):
        self.same('python3', 'processes.py', options=self.OPTIONS)

    @needs('perl')
    def test_processes_of_perl(self):
        script = ('$SIG{CHLD} = sub { $n++ }; for (1 .. 5) { if (!fork) { exit $_ } } '
                  'my $s = 0; while ((my $p = wait) > 0) { $s += $? >> 8 } print "$s\n", `echo sub | cat`; '
                  'open(my $f, "-|", "seq", "3") or die; print while <$f>; system("exit 3"); print $? >> 8, "\n"')
        self.same('perl', '-e', script, options=[*self.OPTIONS, '--with', '/bin/sh'])


class Pack(Case):
    def test_gzip(self):
        packed = self.same('gzip', '-9', '-n', '-c', 'text')
        self.assertEqual(self.same('gzip', '-d', '-c', data=packed), self.outside(['cat', 'text'])[1])
        self.same('gzip', '-1', '-n', data=bytes(300000))

    @needs('xz')
    def test_xz(self):
        packed = self.same('xz', '-6', '-T1', '-c', 'text')
        self.same('xz', '-d', '-c', data=packed)
        self.same('xz', '-2', '-T2', '--block-size=256KiB', '-c', 'bytes')

    @needs('zstd')
    def test_zstd(self):
        packed = self.same('zstd', '-q', '-7', '-T1', '-c', data=b'box page gate ' * 20000)
        self.same('zstd', '-q', '-d', '-c', data=packed)
        self.same('zstd', '-q', '-3', '-T2', '-c', 'bytes')

    @needs('bzip2')
    def test_bzip2(self):
        self.same('bzip2', '-d', '-c', data=self.same('bzip2', '-c', 'text'))


class Data(Case):
    @needs('jq')
    def test_jq(self):
        for program in ('length', 'map(.value) | add / length', 'group_by(.name) | map({(.[0].name): length}) | add',
                        '.[] | select(.deep.even and (.tags | length > 2)) | .id', '[.[].tags[]] | unique',
                        'map(.name | ascii_upcase | test("^A")) | map(select(.)) | length',
                        'reduce .[] as $x (0; . + $x.value)', 'map(.value) | sort | .[0:10] | @csv'):
            self.same('jq', '-c', program, 'data.json')
        self.same('jq', '.', 'data.json')

    @needs('sqlite3')
    def test_sqlite3(self):
        self.same('sqlite3', ':memory:', data=open(os.path.join(HERE, 'shop.sql'), 'rb').read())
        self.same('sqlite3', '/tmp/shop.db', 'pragma journal_mode=delete; create table t(a, b); '
                  'begin; insert into t select value, value * value from generate_series(1, 20000); commit; '
                  'create index i on t(b); select count(*), sum(b), max(a) from t where b % 3 = 0; pragma integrity_check')
        if os.path.exists('/tmp/shop.db'):
            os.unlink('/tmp/shop.db')

    @needs('sqlite3')
    def test_sqlite3_on_generated_work(self):
        """Tables, indices, transactions, rows and queries by chance, the same for a seed."""
        for seed in range(4):
            text = self.same('sqlite3', ':memory:' if seed % 2 else '/tmp/chance.db',
                             data=statements(seed, 1500).encode(), options=['--memory', '512M'])
            self.assertEqual(text.splitlines()[-1], b'ok')
            if os.path.exists('/tmp/chance.db'):
                os.unlink('/tmp/chance.db')

    @needs('sqlite3')
    def test_sqlite3_on_a_file_that_is_only_read(self):
        for query in ('select region, count(*), sum(amount) from sales group by region',
                      'select year, avg(amount) from sales where region > "r3" group by year order by 2 desc',
                      'explain query plan select * from sales where year = 2003', 'pragma integrity_check'):
            self.same('sqlite3', '-readonly', '-header', 'input.db', query)

    @needs('rg')
    def test_ripgrep(self):
        """A program of Rust, with threads."""
        self.same('rg', '--sort', 'path', '-c', 'gate', '.')
        self.same('rg', '-j', '4', '-N', r'\bpage\b.*\bgate\b', 'text')


class Go(Case):
    @needs('gron')
    def test_gron(self):
        """A static program of Go: its own threads, stacks and signals."""
        self.same('gron', 'data.json')
        some = b''.join(self.outside(['gron', 'data.json'])[1].splitlines(True)[:400])
        self.same('gron', '--ungron', data=some)


class Server(Case):
    TOOLS = ('cat cut grep head mktemp redis-benchmark redis-cli redis-server rm seq sleep sort tail sed '
             'wc').split()

    @needs('redis-server', 'redis-cli')
    def test_redis(self):
        """Server and clients in one box: by a socket in a folder, by loopback."""
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = str(free.getsockname()[1])
        options = [word for tool in self.TOOLS for word in ('--with', shutil.which(tool, path=SEARCH))]
        out = self.same('bash', 'server.sh', port, options=options)
        self.assertIn(b'saved\nstatus 0\n', out)


class Crypto(Case):
    @needs('openssl')
    def test_digests(self):
        for digest in ('md5', 'sha1', 'sha256', 'sha512', 'sha3-256', 'blake2b512'):
            self.same('openssl', 'dgst', f'-{digest}', 'bytes')
        self.same('openssl', 'dgst', '-sha256', '-hmac', 'key', 'text')

    @needs('openssl')
    def test_ciphers(self):
        key = ['-K', '00112233445566778899aabbccddeeff' * 2, '-iv', '0f' * 16]
        for cipher in ('aes-256-cbc', 'aes-256-ctr', 'camellia-256-cbc', 'chacha20'):
            sealed = self.same('openssl', 'enc', f'-{cipher}', *key, '-in', 'bytes')
            self.assertEqual(self.same('openssl', 'enc', '-d', f'-{cipher}', *key, data=sealed),
                             self.outside(['cat', 'bytes'])[1])
        self.same('openssl', 'enc', '-aes-128-cbc', '-pbkdf2', '-S', '0102030405060708', '-k', 'pass', '-in', 'text')

    @needs('openssl')
    def test_speed(self):
        """It measures with an alarm and running times; the figures differ."""
        for work in (['-evp', 'aes-128-cbc', '-bytes', '8192'], ['-evp', 'sha256', '-bytes', '8192'],
                     ['ecdsap256']):
            argv = ['openssl', 'speed', '-seconds', '1', *work]
            (code, out, _), (expected, shown, _) = self.inside(argv), self.outside(argv)
            self.assertEqual((code, len(out.splitlines())), (expected, len(shown.splitlines())))
            fast, rate = (float(re.findall(rb'([0-9.]+)k?$', text.strip())[0]) for text in (out, shown))
            self.assertGreater(min(fast, rate), 0, work)

    @needs('openssl')
    def test_keys(self):
        """What a box signs is right outside, and the other way round."""
        for kind in (['ed25519'], ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
                     ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048']):
            name = ['openssl', 'genpkey', '-algorithm', *kind]
            status, key, _ = self.inside(name)
            self.assertEqual(status, 0)
            self.assertNotEqual(key, self.inside(name)[1])
            path = os.path.join(WORK, 'key.pem')
            with open(path, 'wb') as file:
                file.write(key)
            self.same('openssl', 'pkey', '-in', 'key.pem', '-pubout')
            self.same('openssl', 'pkey', '-in', 'key.pem', '-check', '-noout')
            os.unlink(path)


class Languages(Case):
    @needs('python3')
    def test_a_program_that_would_be_told_of_changes(self):
        """inotify is not there, and says so: who asks falls back to looking."""
        script = ('import ctypes, errno; libc = ctypes.CDLL(None, use_errno=True)\n'
                  'for call in (lambda: libc.inotify_init(), lambda: libc.inotify_init1(0)):\n'
                  '    print(call(), errno.errorcode[ctypes.get_errno()])')
        self.assertEqual(self.inside(['python3', '-c', script])[:2], (0, b'-1 ENOSYS\n' * 2))

    @needs('python3')
    def test_python3(self):
        self.same('python3', 'report.py', 'data.json', 'input.db')
        self.same('python3', '-c', 'import sys, json, hashlib, sqlite3, threading; print(sys.version)')

    @needs('python3')
    def test_python3_error_and_status(self):
        argv = ['python3', '-c', 'import sys; print("out"); sys.exit(7)']
        self.assertEqual(self.inside(argv), self.outside(argv))
        argv = ['python3', '-c', 'def f(n): return 1 // n\nf(0)']
        self.assertEqual(self.inside(argv), self.outside(argv))

    @needs('perl')
    def test_perl(self):
        self.same('perl', 'report.pl', 'text')
        self.same('perl', '-MList::Util=sum,max', '-e', 'print sum(map { $_ * 2 } 1 .. 1000), " ", max(3, 9, 4), "\n"')
        self.same('perl', '-MDigest::SHA=sha256_hex', '-MPOSIX=floor', '-e', 'print sha256_hex("box"), floor(7.9), "\n"')

    @needs('g++')
    def test_c_plus_plus(self):
        """Exceptions through threads and libraries."""
        path = os.path.join(WORK, 'threads')
        subprocess.run(['g++', '-O2', '-std=c++17', '-pthread', '-o', path, os.path.join(HERE, 'threads.cc')],
                       check=True, env=ENVIRONMENT)
        try:
            self.same(path)
        finally:
            os.unlink(path)


class Sharing(Case):
    """Processes that share files and sockets."""

    def fresh(self, *argv, options=()):
        """As same, but what is made outside is not there inside."""
        before = set(os.listdir(WORK))
        expected = self.outside(argv)
        for name in set(os.listdir(WORK)) - before:
            os.unlink(os.path.join(WORK, name))
        self.assertEqual(self.inside(argv, options=options), expected)
        self.assertEqual(expected[0], 0, expected[2][-500:])
        return expected[1]

    @needs('python3')
    def test_sockets(self):
        self.fresh('python3', 'sockets.py')

    @needs('sqlite3', 'dash')
    def test_sqlite_writers(self):
        """Four processes write one database, with both kinds of journal."""
        for mode in ('delete', 'wal'):
            text = self.fresh('dash', 'writers.sh', mode,
                              options=['--with', shutil.which('sqlite3', path=SEARCH)])
            self.assertEqual(text.split()[-2:], [b'60|60|60', b'ok'])

    @needs('flock', 'dash')
    def test_flock(self):
        self.fresh('dash', '-c', 'echo 0 > n; for i in 1 2 3 4; do (flock lock -c '
                   "'read x < n; echo $((x+1)) > n') & done; wait; read x < n; echo $x",
                   options=['--with', shutil.which('flock', path=SEARCH), '--with', '/bin/sh'])


class Linking(Case):
    """What ld.so does with a program's libraries, found here and there."""
    MAIN = ('#include <stdio.h>\nint one(void); int main(int c, char **v) '
            '{ (void)c; printf("%s %d\\n", v[0], one()); return 0; }')

    def setUp(self):
        self.folder = os.path.join(WORK, 'linking')
        os.makedirs(os.path.join(self.folder, 'lib'))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, name, text, *words):
        with open(self.path('source.c'), 'w', encoding='ascii') as file:
            file.write(text)
        subprocess.run(['cc', '-o', self.path(name), self.path('source.c'), *words], check=True,
                       env=ENVIRONMENT, cwd=self.folder)
        return self.path(name)

    def library(self, name, text, *words):
        return self.compile(f'lib/lib{name}.so', text, '-shared', '-fPIC', *words)

    def libraries(self):
        self.library('two', 'int two(void) { return 2; }')
        self.library('one', 'int two(void); int one(void) { return 40 + two(); }', '-Llib', '-ltwo')

    def elsewhere(self, argv, env=(), options=()):
        """Inside, only the program's own file is named: what it needs is found."""
        expected = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                  env={**ENVIRONMENT, **dict(env)}, cwd='/')
        words = [word for pair in {**ENVIRONMENT, **dict(env)}.items() for word in ('--env', '='.join(pair))]
        done = subprocess.run([CONFBOX, 'run', *words, *options, '--', *argv], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (expected.returncode, expected.stdout, expected.stderr))
        self.assertEqual(done.returncode, 0)

    def test_rpath_and_runpath(self):
        self.libraries()
        for tags in ('--disable-new-dtags', '--enable-new-dtags'):
            for place in ('$ORIGIN/lib', '${ORIGIN}/../linking/lib', self.path('lib')):
                program = self.compile('main', self.MAIN, '-Wl,--no-as-needed', '-Llib', '-lone', '-ltwo',
                                       f'-Wl,{tags},-rpath,{place}')
                self.elsewhere([program])

    def test_library_path_and_preload(self):
        self.libraries()
        program = self.compile('main', self.MAIN, '-Llib', '-lone', '-Wl,-rpath-link,lib')
        self.elsewhere([program], {'LD_LIBRARY_PATH': f'/nowhere:{self.path("lib")}'}.items())
        other = self.library('other', 'int two(void) { return 60; }')
        self.elsewhere([program], {'LD_LIBRARY_PATH': self.path('lib'), 'LD_PRELOAD': other}.items(),
                       ['--with', other])

    def test_a_library_that_is_missing_is_named(self):
        self.libraries()
        program = self.compile('main', self.MAIN, '-Llib', '-lone', '-Wl,-rpath-link,lib')
        status, out, err = self.inside([program])
        self.assertEqual((status, out), (125, b''))
        self.assertIn(b'needs libone.so, which is not on this machine', err)

    def test_opened_by_name(self):
        self.library('plug', 'int one(void) { return 7; } __attribute__((constructor)) static void begin(void) '
                             '{ __builtin_printf("begin\\n"); } int two(void); ')
        program = self.compile('main', '#include <dlfcn.h>\n#include <stdio.h>\nint main(int c, char **v) { (void)c; '
                               'void *l = dlopen(v[1], RTLD_NOW); int (*f)(void) = l ? (int (*)(void))dlsym(l, "one") : 0; '
                               'printf("%d\\n", f ? f() : -1); return !f; }', '-Wno-pedantic')
        self.elsewhere([program, self.path('lib/libplug.so')], options=['--with', self.path('lib')])

    def test_kinds_of_programs(self):
        text = self.MAIN.replace('int one(void);', 'static int one(void) { static __thread int n = 41; return ++n; }')
        for words in (['-pie', '-fPIE'], ['-no-pie'], ['-static'], ['-static-pie', '-fPIE'], ['-Wl,-z,now'],
                      ['-Wl,-z,noseparate-code'], ['-Wl,-z,max-page-size=0x200000'], ['-s']):
            self.elsewhere([self.compile('main', text, *words)])

    def test_the_linker_itself_as_a_program(self):
        loader = '/lib64/ld-linux-x86-64.so.2'
        self.elsewhere([loader, '/bin/echo', 'by the linker'], options=['--with', '/bin/echo'])


class Pictures(Case):
    FOLDERS = [word for folder in ('/etc/ImageMagick-6', '/usr/share/ImageMagick-6')
               if os.path.exists(folder) for word in ('--with', folder)]

    @needs('convert-im6.q16')
    def test_imagemagick(self):
        modules = os.path.join('/usr/lib/x86_64-linux-gnu', sorted(
            name for name in os.listdir('/usr/lib/x86_64-linux-gnu') if name.startswith('ImageMagick-6'))[-1])
        options = [*self.FOLDERS, '--with', modules]
        for work in (['-resize', '50%', '-blur', '0x3'], ['-rotate', '10', '-colorspace', 'Gray'],
                     ['-crop', '100x100+50+50', '-edge', '2', '-negate']):
            self.same('convert-im6.q16', 'picture.ppm', *work, 'ppm:-', options=options)
        self.same('convert-im6.q16', 'picture.ppm', '-strip', '-define', 'png:exclude-chunks=date,time', 'png:-',
                  options=options)
        self.same('identify-im6.q16', '-format', '%w %h %k %[mean]\n', 'picture.ppm', options=options)


PRISTINE = None


def main():
    global CONFBOX, WORK, PRISTINE
    CONFBOX = os.path.abspath(sys.argv.pop(1))
    with tempfile.TemporaryDirectory(prefix='confbox-real-') as folder:
        WORK, PRISTINE = os.path.join(folder, 'work'), os.path.join(folder, 'pristine')
        os.makedirs(PRISTINE)
        fill(PRISTINE)
        shutil.copytree(PRISTINE, WORK)
        unittest.main(verbosity=2)


if __name__ == '__main__':
    main()
