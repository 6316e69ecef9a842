# SPDX-License-Identifier: Apache-2.0
"""Link a kernel so that the monitor's scanner finds nothing in it.

usage: link.py SCANNER SCRIPT ELF IMAGE LIBRARY... -- COMPILER...

An address in an operand, or the length of a jump, may look like an instruction
by chance.  Where data lies is moved a page at a time until none does, then the
next library is tried: the same, compiled otherwise.  An instruction of the
kernel's own stays, and is the error.  IMAGE is what the monitor takes of it (flat.py).
"""
import itertools
import subprocess
import sys

import flat

SHIFTS = 8


def main():
    scanner, script, output, image, *rest = sys.argv[1:]
    at = rest.index('--')
    found = ''
    for library, shift in itertools.product(rest[:at], range(SHIFTS)):
        subprocess.run([*rest[at + 1:], '-static', '-nostdlib', f'-Wl,-T,{script}',
                        f'-Wl,--defsym=shift={shift}', '-Wl,--build-id=none',
                        '-Wl,-z,max-page-size=4096', '-Wl,-z,noexecstack', '-o', output,
                        '-Wl,--whole-archive', library], check=True)
        done = subprocess.run([scanner, output], stdout=subprocess.PIPE, check=False)
        if done.returncode == 0:
            flat.convert(output, image)
            return
        found += f'{library}, shift {shift}:\n{done.stdout.decode()}'
    sys.exit(f'link.py: {output}:\n{found}')


if __name__ == '__main__':
    main()
