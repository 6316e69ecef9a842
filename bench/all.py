# SPDX-License-Identifier: Apache-2.0
"""all.py PROGRAM: one benchmark, and the instruction counts where valgrind is.

`meson compile bench` runs it.
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    program = sys.argv[1]
    subprocess.run([program], check=True)
    if program.endswith('bench_core'):
        if shutil.which('valgrind'):
            subprocess.run([sys.executable, os.path.join(HERE, 'count.py'), program], check=True)
        else:
            print('\nInstructions are not counted: valgrind is not installed.')


if __name__ == '__main__':
    main()
