# SPDX-License-Identifier: Apache-2.0
"""A real script: statistics over a JSON file and a database, with threads."""
import argparse
import collections
import csv
import datetime
import decimal
import functools
import gzip
import hashlib
import io
import itertools
import json
import math
import os
import queue
import re
import sqlite3
import statistics
import struct
import sys
import tempfile
import textwrap
import threading
import zlib


@functools.lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def table(rows):
    to = io.StringIO()
    csv.writer(to).writerows(rows)
    return to.getvalue()


def in_threads(jobs, count):
    todo, done, lock = queue.Queue(), [], threading.Lock()
    for job in jobs:
        todo.put(job)

    def work():
        while True:
            try:
                job = todo.get_nowait()
            except queue.Empty:
                return
            result = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
            with lock:
                done.append(result)
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return hashlib.sha256(''.join(sorted(done)).encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('data')
    parser.add_argument('base')
    words = parser.parse_args()
    with open(words.data, encoding='utf-8') as file:
        data = json.load(file)
    values = [row['value'] for row in data]
    print(statistics.mean(values), statistics.median(values), round(statistics.stdev(values), 6))
    print(collections.Counter(row['name'] for row in data).most_common())
    print(table(sorted((k, len(list(v))) for k, v in itertools.groupby(
        sorted(data, key=lambda row: len(row['tags'])), key=lambda row: len(row['tags'])))))
    base = sqlite3.connect(f'file:{words.base}?mode=ro', uri=True)
    for row in base.execute('select region, round(sum(amount), 2) from sales group by region order by 2'):
        print(*row)
    print(in_threads(data, 4))
    packed = gzip.compress(json.dumps(data).encode(), mtime=0)
    print(len(packed) > 1000, zlib.crc32(gzip.decompress(packed)))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'numbers')
        with open(path, 'wb') as file:
            file.write(struct.pack(f'<{len(values)}I', *values))
        print(os.path.getsize(path), sorted(os.listdir(folder)))
        with open(path, 'rb') as file:
            file.seek(400)
            print(struct.unpack('<4I', file.read(16)))
    print(decimal.Decimal(2).sqrt(), math.factorial(30), fibonacci(90))
    print(datetime.datetime(2024, 2, 28, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=2))
    print(re.sub(r'(\w+) (\w+)', r'\2 \1', 'sealed box'), 'näive'.encode(), sys.getfilesystemencoding())
    print(textwrap.fill('a line that is longer than what is wanted ' * 3, 40))


main()
