# SPDX-License-Identifier: Apache-2.0
"""all.py bench_core | all.py confbox FOLDER | all.py --pks ...: everything about
one backend.

`meson compile bench` runs it.  Instructions are counted where valgrind is.
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def script(name, *arguments):
    subprocess.run([sys.executable, os.path.join(HERE, name), *arguments], check=True)


def main():
    if sys.argv[1] == '--pks':
        script('pks.py', *sys.argv[2:5])
        script('pks_parts.py', *sys.argv[2:4])
        script('pks_calls.py', *sys.argv[5:])
        return
    if len(sys.argv) == 3:
        script('run.py', *sys.argv[1:])
        return
    subprocess.run([sys.argv[1]], check=True)
    if shutil.which('valgrind'):
        script('count.py', sys.argv[1])
    else:
        print('\nInstructions are not counted: valgrind is not installed.')


if __name__ == '__main__':
    main()
