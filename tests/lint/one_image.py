# SPDX-License-Identifier: Apache-2.0
"""An image for real machines is the one that is tested in an emulator.

Nothing in it is compiled by a condition (assembler and table headers, and whether
a header was read, aside), and nothing in its code names an emulator.  What depends
on the machine is asked of the machine.
"""
import re
import sys

import lintlib

ROOMS = ('src/core/', 'src/arch/', 'src/monitor/', 'src/hal/pks-vm/', 'src/hal/snp/', 'src/keeper/')
CONDITION = re.compile(r'^\s*#\s*(if|ifdef|ifndef|elif)\b\s*(\S*)')
HARMLESS = re.compile(r'__ASSEMBLER__|STATE|MOVE|CBX_\w+_H')
EMULATOR = re.compile(r'(?i)(?<![a-z])(lab|qemu|bochs|tcg)(?![a-z])')


def check(tree):
    for path in tree.paths(*ROOMS, ext=('.c', '.h', '.S', '.def', '.lds')):
        code = lintlib.without_comments(tree.files[path])
        for number, line in enumerate(code.splitlines(), 1):
            condition = CONDITION.match(line)
            if condition and not HARMLESS.fullmatch(condition[2]):
                yield f'{path}:{number}: compiled by a condition: {line.strip()}'
            if EMULATOR.search(line):
                yield f'{path}:{number}: names an emulator: {line.strip()}'


BAD = {
    'a condition': {'src/hal/snp/page.c': '#ifdef CBX_ON_HARDWARE\n#endif\n'},
    'another one': {'src/arch/x86_64/clock.c': '#if WITH_TSC\n#endif\n'},
    'an emulator': {'src/monitor/snp/start.c': 'if (is_qemu()) {\n'},
    'the lab': {'src/core/page.c': 'lab_say();\n'},
}
GOOD = {
    'a header': {'src/hal/snp/page.h': '#ifndef CBX_PAGE_H\n#define CBX_PAGE_H\n#endif\n'},
    'a comment': {'src/arch/x86_64/clock.c': '/* as in the lab */\nint label;\n'},
    'another room': {'src/tools/lab.c': '#ifdef WITH_QEMU\n#endif\n'},
}

if __name__ == '__main__':
    sys.exit(lintlib.main('one image', check, BAD, GOOD))
