# SPDX-License-Identifier: Apache-2.0
"""Link a kernel so that the monitor's scanner finds nothing in it.

usage: link.py SCANNER SCRIPT OUTPUT LIBRARY COMPILER...

An address in an operand may look like an instruction by chance.  Where data
lies is moved a page at a time until none does; an instruction of the kernel's
own stays, and is the error.
"""
import subprocess
import sys

SHIFTS = 32


def main():
    scanner, script, output, library, *compiler = sys.argv[1:]
    found = ''
    for shift in range(SHIFTS):
        subprocess.run([*compiler, '-static', '-nostdlib', f'-Wl,-T,{script}',
                        f'-Wl,--defsym=shift={shift}', '-Wl,--build-id=none',
                        '-Wl,-z,max-page-size=4096', '-Wl,-z,noexecstack', '-o', output,
                        '-Wl,--whole-archive', library], check=True)
        done = subprocess.run([scanner, output], stdout=subprocess.PIPE, check=False)
        found = done.stdout.decode()
        if done.returncode == 0:
            return
    sys.exit(f'link.py: {output} at every address:\n{found}')


if __name__ == '__main__':
    main()
