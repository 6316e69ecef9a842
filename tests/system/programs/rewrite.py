# SPDX-License-Identifier: Apache-2.0
"""rewrite.py CONFBOX CALLS_FAST: what is to be rewritten is, and nothing else."""
import subprocess
import sys

SITES = ('number', 'test', 'inside')


def texts(confbox, program, *options):
    """What the program says of its own text, by site."""
    done = subprocess.run([confbox, 'run', *options, '--', program, 'show'], check=True,
                          stdout=subprocess.PIPE, timeout=200)
    lines = done.stdout.decode().splitlines()
    return dict(line.split(': ') for line in lines[-len(SITES):])


def main(confbox, program):
    wanted = {('--rewrite', 'never'): 'as built', ('--rewrite', 'often'): 'rewritten',
              ('--rewrite', 'first'): 'rewritten', (): 'rewritten', ('--trace',): 'as built'}
    failed = 0
    for options, want in wanted.items():
        got = texts(confbox, program, *options)
        if got != dict.fromkeys(SITES, want):
            print(f'{options}: wanted {want}, got {got}')
            failed = 1
    return failed


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
