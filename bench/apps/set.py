# SPDX-License-Identifier: Apache-2.0
"""set.py [FACTOR]: loops as scripts have them: milliseconds of each, and a digest
of what it computed."""
import hashlib
import json
import random
import re
import sys
import time

FACTOR = int(sys.argv[1]) if len(sys.argv) > 1 else 10


def run_json(source):
    rows = [{'id': n, 'name': f'name {n}', 'tags': [source.random() for _ in range(5)],
             'deep': {'even': n % 2 == 0}} for n in range(300)]
    for _ in range(6 * FACTOR):
        rows = json.loads(json.dumps(rows))
    return rows[-1]['tags']


def run_regex(source):
    text = ' '.join(f'{source.randrange(10 ** 9)}@host{source.randrange(99)}.example key=value'
                    for _ in range(1000))
    found = 0
    for _ in range(8 * FACTOR):
        found += len(re.findall(r'(\d+)@([a-z]+\d*)\.example', text))
        found += len(re.sub(r'(\w+)=(\w+)', r'\2=\1', text))
    return found


def run_sort(source):
    total = 0
    for _ in range(FACTOR):
        numbers = [source.random() for _ in range(30000)]
        numbers.sort()
        numbers.sort(key=lambda number: -number)
        total += numbers[100]
    return total


def run_dict(source):
    counts = {}
    for _ in range(60000 * FACTOR):
        key = source.randrange(50000)
        counts[key] = counts.get(key, 0) + 1
    return sorted(counts.items())[:10]


def run_float(source):
    x = source.random()
    for n in range(1, 300000 * FACTOR):
        x = x * 0.999 + 1.0 / n
    return x


def main():
    for part in (run_json, run_regex, run_sort, run_dict, run_float):
        start = time.perf_counter()
        result = part(random.Random(1))
        taken = 1e3 * (time.perf_counter() - start)
        print(part.__name__[4:], f'{taken:.3f}')
        print(hashlib.sha256(repr(result).encode()).hexdigest())


if __name__ == '__main__':
    main()
