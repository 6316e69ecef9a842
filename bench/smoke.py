# SPDX-License-Identifier: Apache-2.0
"""smoke.py PROGRAM...: run a benchmark quickly and see that it prints its rows.

Nothing is said about the figures; only that there are some.
"""
import re
import subprocess
import sys

ROWS = {
    'bench_core': ('VERSION', 'PAGE_QUERY', 'PAGE_DONATE, PAGE_RETURN of a page', 'BOX_QUERY',
                   'BOX_ENTER, interrupted at once', 'host page to pool', 'pool page to host',
                   'host to pool, 1 GiB', 'pool to host, 1 GiB',
                   'donate, assign, reclaim a page; batches of 512',
                   'donate, add measured, reclaim a page; batches of 64',
                   "the core's table, for each page", 'tables of a box with one thread',
                   'the smallest box, from donation to reclaim', 'VERSION, 2 boxes',
                   'BOX_ENTER, interrupted at once, 3 boxes', 'VERSION, 2 GiB',
                   'BOX_ENTER, interrupted at once, 3 GiB'),
}


def main():
    program = sys.argv[1]
    run = subprocess.run([program, '--quick'], check=True, stdout=subprocess.PIPE, text=True)
    figures = {}
    for line in run.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 7 and re.match(r'[0-9]', cells[1]):
            figures[cells[0]] = float(cells[1].split()[0])
    missing = [row for row in ROWS[program.rsplit('/', 1)[-1]] if figures.get(row, 0) <= 0]
    for row in missing:
        print(f'no figure for: {row}')
    print(f'{len(figures)} rows')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
