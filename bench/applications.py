# SPDX-License-Identifier: Apache-2.0
"""The applications that bench/apps.py measures: what runs, on what input, and how its
output becomes figures."""
import os
import random
import re
import shutil

SEARCH = '/usr/bin:/bin'
PYTHON = '/usr/bin/python3'
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = '/usr/lib/x86_64-linux-gnu'
TARGET = 1.05

# What a shell does at every place: $1 is the folder with the input.  The time goes
# to standard output as microseconds, what follows it says what was computed.
TIMED = '''set -eu
cd "$1"
%s
a=$EPOCHREALTIME
%s
b=$EPOCHREALTIME
echo "us $((${b/./} - ${a/./}))"
%s
'''
PLAIN = '''set -eu
cd "$1"
%s
'''
REDIS = '''folder=/tmp/bench-redis.$$
mkdir -p $folder
redis-server --port 0 --unixsocket $folder/socket --dir $folder --save '' --appendonly no \
	>$folder/log 2>&1 &
for _ in $(seq 200); do
	[ "$(redis-cli -s $folder/socket ping 2>/dev/null)" = PONG ] && break
	sleep 0.02
done
redis-benchmark -s $folder/socket -P 16 -n %d -r 10000 -t set,get --csv
redis-cli -s $folder/socket shutdown nosave
wait
rm -r $folder'''


class App:
    """One application: a shell's script, the programs it needs, what it reads from a
    folder, and how its output becomes {row: microseconds}."""

    def __init__(self, name, tools, script, figures, limits):
        self.name, self.tools, self.script, self.figures = name, tools, script, figures
        self.limits, self.options, self.check = limits, [], False
        self.folder = self.direct = None

    def command(self, folder, before='', scratch='/tmp'):
        """What runs at a place that has the input in a folder."""
        script = self.script
        if self.direct:
            program, name, *rest = self.direct
            return [program, os.path.join(folder, name), *rest]
        return ['/bin/bash', '-c', before + script.replace('/tmp/', scratch + '/'), 'bench', folder]

    def missing(self):
        return [tool for tool in self.tools if shutil.which(tool, path=SEARCH) is None]


def timed(name, tools, work, before='', after='', options=()):
    """An application that is timed from its start to its end."""
    def figures(text):
        return {name: (int(re.search(r'^us (\d+)$', text, re.M)[1]) / 1e3, 'ms')}
    app = App(name, tools, TIMED % (before, work, after), figures, {name: TARGET})
    app.options, app.check = list(options), True
    return app


def of_openssl(text):
    """us of a block of 8 KiB, and of a signature and a check of one."""
    rows = {}
    for name, row in (('AES-128-CBC', 'openssl AES-128-CBC, 8 KiB'),
                      ('sha256', 'openssl SHA-256, 8 KiB')):
        rate = re.search(rf'^{name} +([0-9.]+)k$', text, re.M | re.I)[1]
        rows[row] = (8.192e6 / float(rate), 'us')
    sign, check = re.search(r'ecdsa \(nistp256\).* ([0-9.]+) +([0-9.]+)$', text, re.M).groups()
    rows['openssl ECDSA-P256, signature'] = (1e6 / float(sign), 'us')
    rows['openssl ECDSA-P256, check'] = (1e6 / float(check), 'us')
    return rows


def openssl():
    speed = 'openssl speed -elapsed -seconds 1'
    script = PLAIN % '\n'.join(f'{speed} {what} 2>/dev/null' for what in (
        '-bytes 8192 -evp aes-128-cbc', '-bytes 8192 -evp sha256', 'ecdsap256'))
    rows = ('AES-128-CBC, 8 KiB', 'SHA-256, 8 KiB', 'ECDSA-P256, signature', 'ECDSA-P256, check')
    return App('openssl', ['openssl'], script, of_openssl, {f'openssl {row}': 1.02 for row in rows})


def of_redis(text):
    rates = re.findall(r'^"(SET|GET)","([0-9.]+)"', text, re.M)
    return {f'redis {name}, 16 in a pipeline, each': (1e6 / float(rate), 'us') for name, rate in rates}


def redis(scale):
    tools = ['redis-server', 'redis-cli', 'redis-benchmark', 'mkdir', 'rm', 'seq', 'sleep']
    limits = {f'redis {name}, 16 in a pipeline, each': 1.15 for name in ('SET', 'GET')}
    return App('redis', tools, PLAIN % (REDIS % (300000 // scale)), of_redis, limits)


def of_set(text):
    parts = re.findall(r'^(\w+) ([0-9.]+)$', text, re.M)
    return {'python3, a set of scripts': (sum(float(ms) for _, ms in parts), 'ms'),
            **{f'- of it: {name}': (float(ms), 'ms') for name, ms in parts}}


def python(scale):
    """It has its own clock: python3 alone brings what it needs into a box."""
    app = App('python3', ['python3'], '', of_set, {'python3, a set of scripts': TARGET})
    app.check = True
    app.direct = [PYTHON, 'set.py', str(10 // scale)]
    return app


def imagemagick():
    modules = [name for name in sorted(os.listdir(MODULES)) if name.startswith('ImageMagick-6')]
    folders = ['/etc/ImageMagick-6', '/usr/share/ImageMagick-6',
               *[os.path.join(MODULES, name) for name in modules]]
    options = [word for folder in folders if os.path.exists(folder) for word in ('--with', folder)]
    return timed('imagemagick, resize, blur, rotate', ['convert-im6.q16', 'cksum'],
                 'convert-im6.q16 input -resize 60% -blur 0x3 -rotate 10 -strip ppm:/tmp/bench-out',
                 after='cksum </tmp/bench-out', options=options)


def fill_text(path, size):
    """Lines as of a log: compressible, and the same each time."""
    source = random.Random(1)
    names = [f'{source.getrandbits(64):016x}' for _ in range(400)]
    lines = [f'2026-01-{n % 28 + 1:02} {source.choice(names)} GET /{source.choice(names)[:6]} '
             f'{source.randrange(10 ** 6)} ok\n' for n in range(400)]
    with open(path, 'w', encoding='ascii') as file:
        while file.tell() < size:
            file.writelines(source.choices(lines, k=20000))
        file.truncate(size)


def fill_sql(path, count):
    """Rows in transactions of 1000, and as many selections by key."""
    source = random.Random(2)
    with open(path, 'w', encoding='ascii') as file:
        file.write('create table t(id integer primary key, name text, value int);\n')
        for n in range(count):
            file.write('begin;\n' if n % 1000 == 0 else '')
            file.write(f"insert into t values({n},'name {source.randrange(10 ** 6)}',{n * 7 % 1000});\n")
            file.write('commit;\n' if n % 1000 == 999 else '')
        for _ in range(count):
            file.write(f'select value from t where id={source.randrange(count)};\n')


def fill_picture(path, width, height):
    source = random.Random(3)
    row = bytes(source.randrange(256) for _ in range(width * 3))
    with open(path, 'wb') as file:
        file.write(b'P6 %d %d 255\n' % (width, height))
        for y in range(height):
            at = y * 7 % len(row)
            file.write(row[at:] + row[:at])


def applications(quick, data):
    """All of them, each with a folder of its own below `data`."""
    scale = 10 if quick else 1
    text = 100000000 // scale
    sql = 'sqlite3 /tmp/bench.db <input >/tmp/bench-out'
    apps = [
        (openssl(), None),
        (timed(f'sqlite3, {200000 // scale:,} inserts and selects', ['sqlite3', 'rm', 'cksum'], sql,
               'rm -f /tmp/bench.db', "cksum </tmp/bench-out; sqlite3 /tmp/bench.db "
               "'select count(*), sum(value) from t; pragma integrity_check'; rm /tmp/bench.db"),
         lambda path: fill_sql(path, 200000 // scale)),
        (python(scale), None),
        (timed(f'gzip of {text // 1000000} MB', ['gzip', 'cksum'], 'gzip -nc <input >/tmp/bench-out',
               after='cksum </tmp/bench-out'), lambda path: fill_text(path, text)),
        (timed(f'zstd of {text // 1000000} MB', ['zstd', 'cksum'],
               'zstd -q --single-thread -c input >/tmp/bench-out', after='cksum </tmp/bench-out'),
         lambda path: fill_text(path, text)),
        (imagemagick(), lambda path: fill_picture(path, 2000 // (3 if quick else 1), 1500)),
        (redis(scale), None),
    ]
    for app, fill in apps:
        app.folder = os.path.join(data, app.name.split(',')[0].replace(' ', '-'))
        os.mkdir(app.folder)
        if fill:
            fill(os.path.join(app.folder, 'input'))
        if app.name == 'python3':
            shutil.copy(os.path.join(HERE, 'apps', 'set.py'), app.folder)
    return [app for app, _ in apps]
