# SPDX-License-Identifier: Apache-2.0
"""smoke.py COMMAND...: run a benchmark quickly and see that it prints its rows.

Nothing is said about the figures; only that there are some.
"""
import os
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
    'run.py': ('make, run, destroy a box of 256 MiB', 'the same, from nothing to nothing',
               '- of it: run it', 'getpid', 'getppid', 'read 4 KiB of it', 'write 1 byte',
               'futex, nobody waits', 'clock_gettime', 'wake of a parked thread',
               'mmap, touch, munmap of 4 KiB', 'getpid, a trap',
               'additions and shifts, no call',
               'busybox sha256sum of a file in the box, CPU time',
               'sha256sum of 5 MB on standard input',
               'sha256sum of a measured file of 5 MB, CPU time', 'confbox run -- hello',
               'the monitor', 'the keeper and the box', "5 MB of a client's into its box"),
    'apps.py': ('openssl AES-128-CBC, 8 KiB', 'openssl SHA-256, 8 KiB',
                'openssl ECDSA-P256, signature', 'openssl ECDSA-P256, check',
                'sqlite3, 20,000 inserts and selects', 'python3, a set of scripts',
                '- of it: json', 'gzip of 10 MB', 'zstd of 10 MB',
                'imagemagick, resize, blur, rotate', 'redis SET, 16 in a pipeline, each',
                'redis GET, 16 in a pipeline, each', 'geometric mean over the 7 applications',
                'gzip of 10 MB: confbox run', 'cold start of a hello box, to its first output',
                'cold start and end of python3 -c pass in a box',
                'warm clone of a started python3, to its first output',
                'memory of the service, its monitor and its boxes'),
    'verify.py': ('SNP report, VCEK, Milan', 'SNP report, VLEK, Milan', 'SNP report, VCEK, Turin',
                  '- of them: RSA-4096, PSS, mbedTLS', '- of them: ECDSA P-384, mbedTLS',
                  '- ECDSA P-384, OpenSSL'),
    'bench_seal': ('seal a blob of 256 bytes', 'open a blob of 256 bytes', 'seal a blob of 64 KiB',
                   'open a blob of 64 KiB', 'seal a blob of 16 MiB', 'open a blob of 16 MiB'),
    'rewrite.py': ('hello: calls', 'python3, a script, those made often', 'sqlite3, a script: calls',
                   'bash, 200 subshells, each at its first call'),
    'snp.py': ("the monitor's own start, once", "boot to shell: of them the monitor's",
               'boot to shell: into the monitor'),
    'snp_gates.py': ('VERSION, which does nothing: switches into the monitor',
                     'donate a batch of 512 pages: switches into the monitor',
                     'add a batch of 64 pages, measured and mapped: switches into the monitor',
                     'BOX_ENTER, the box makes a gate, exit: instructions at VMPL0'),
    'pks_calls.py': ('getppid: traps', 'pread of 4 KiB: traps', 'open and close: traps',
                     'mmap and munmap of 16 pages: traps'),
    'pks_parts.py': ('gate and way back: registers, PKRS',
                     'roots: CR3, and whether their entries are good', "core: the host's gate",
                     'all of it', 'BOX_ENTER, an interrupt, exit: without the box'),
    'pks.py': ('an empty gate: the backend answers, after one INVLPG',
               'VERSION: the same, the loop, and the core', 'PAGE_DONATE of a page', 'PAGE_DONATE of 256 pages, each',
               'PAGE_RETURN of a page', 'PAGE_RETURN of 256 pages, each', 'a leaf written',
               'a leaf written, in a batch of 512', 'a leaf cleared',
               'a leaf cleared, in a batch of 512', 'BOX_ENTER, the box makes a gate, exit',
               'BOX_ENTER, the box writes a byte, exit',
               "out of a box and in again: its gate VERSION", 'a system call, to the runtime',
               'a system call, to the runtime and back', 'from the monitor to the host',
               'the same, time', 'REP STOSB of 1000 bytes'),
}


def main():
    command = sys.argv[1:]
    name = next(os.path.basename(word) for word in command if os.path.basename(word) in ROWS)
    if command[0].endswith('.py'):
        command.insert(0, sys.executable)
    run = subprocess.run([*command, '--quick'], check=False, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        print(run.stdout)
        return run.returncode
    figures = {}
    for line in run.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 7 and re.match(r'[0-9]', cells[1]):
            figures[cells[0]] = float(cells[1].split()[0])
    missing = [row for row in ROWS[name] if figures.get(row, 0) <= 0]
    for row in missing:
        print(f'no figure for: {row}')
    print(f'{len(figures)} rows')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
