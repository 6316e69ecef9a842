# SPDX-License-Identifier: Apache-2.0
"""How many lines must be trusted.  `lines.py --print` only prints the table;
`lines.py HAL BUILD`, a build of that backend, also looks whether what is
counted is what its monitor is linked from.

Counted are lines with something to read on them: no blanks, no comments, no
lone braces.  Contracts in headers are free.
"""
import json
import os
import sys

import lintlib

# 3000 was the aim of the first release; doc/adr/0028 says what the lines buy.
BUDGET = 3550
COUNTED = ('src/core/', 'src/hal/hal.h', 'src/arch/arch.h')
# All that runs with rights on a machine of its own.  The limit is what has been
# reached, to the next hundred; it rises by an ADR only, and falls to the target.
MACHINE_BUDGET = 9600
MACHINE_TARGET = 8000
MACHINE = ('src/core/', 'src/hal/hal.h', 'src/hal/pks-vm/', 'src/arch/', 'src/monitor/')
# What the snp backend may have of its own; and all that runs at VMPL0 with it, which has no budget yet.
SNP_BUDGET = 1500
SNP = ('src/hal/snp/',)
VMPL0 = ('src/core/', 'src/hal/hal.h', 'src/hal/snp/', 'src/arch/', 'src/monitor/')
# Not in that image: the linux backend's main, what it says of itself; what
# src/arch/x86_64/entry.h stands for; what is the snp backend's.
NOT_MACHINE = ('src/monitor/snp/', 'src/arch/x86_64/sev/',
               'src/monitor/main_linux.c', 'src/monitor/main_linux_image.c', 'src/monitor/main_linux_image.h',
               'src/arch/soft/entry.h')
NOT_VMPL0 = ('src/arch/x86_64/keys/', 'src/arch/x86_64/console.', 'src/monitor/main_linux', 'src/arch/soft/entry.h',
             *('src/monitor/bare/' + name for name in ('acpi.c', 'boot.S', 'info.c', 'log.c', 'other.c', 'smi.c', 'start.c')))
# What is in it, by the names meson gives to targets.
LINKED = ('libconfbox_core.a.p/', 'libhal_pks_vm.a.p/', 'libconfbox_x86_64.a.p/', 'libconfbox_bare.a.p/',
          'libconfbox_monitor.a.p/', 'monitor-0.p/')
IMAGES = {
    'pks-vm': (MACHINE, NOT_MACHINE, LINKED),
    'snp': (VMPL0, NOT_VMPL0, ('libconfbox_core.a.p/', 'libhal_snp.a.p/', 'libconfbox_x86_64.a.p/', 'libconfbox_bare.a.p/',
                               'libconfbox_monitor.a.p/', 'confbox-monitor.elf.p/')),
}
ALSO = {
    'src/base/': 'what several rooms share',
    'src/hal/linux/': 'trusted on the linux backend',
    'src/hal/mock/': 'tests only',
    'src/keeper/': 'trusted with keys, data and the measurement; mbedTLS comes on top',
    'src/trust/': 'trusted with keys; by the keeper, and by clients',
    'src/runtime/': 'trusted by its own box only',
    'src/client/': 'not trusted',
    'src/tools/': 'not trusted',
    'src/driver/': 'not trusted; part of the host kernel',
}


def code_lines(text):
    return sum(1 for line in lintlib.without_comments(text).splitlines()
               if line.strip() not in ('', '{', '}', '};', '} else {'))


def count(tree, prefix, but=NOT_MACHINE):
    """(files, lines of code, all lines) below a prefix."""
    paths = [path for path in tree.paths(prefix, ext=('.c', '.h', '.S', '.def'))
             if not path.startswith(but)]
    return (len(paths), sum(code_lines(tree.files[p]) for p in paths),
            sum(len(tree.lines(p)) for p in paths))


def trusted(tree, prefixes=COUNTED, but=NOT_MACHINE):
    return sum(count(tree, prefix, but)[1] for prefix in prefixes)


def linked(hal, build):
    """Sources of the monitor's image; those that a tool made are the keeper's."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as f:
        commands = json.load(f)
    paths = {os.path.relpath(os.path.join(c['directory'], c['file']), lintlib.ROOT)
             for c in commands if any(part in c['output'] for part in IMAGES[hal][2])}
    return {path for path in paths if path.startswith('src/')}


def check_linked(tree, found, hal):
    prefixes, but, _ = IMAGES[hal]
    counted = {path for path in tree.paths(*prefixes, ext=('.c', '.S')) if not path.startswith(but)}
    for path in sorted(found - counted):
        yield f'{path}: in the image of the monitor, but not counted'
    for path in sorted(counted - found):
        yield f'{path}: counted, but not in the image of the monitor'


def table(tree):
    row = '{:<20} {:>5} {:>6} {:>6}  {}'
    machine = f'{MACHINE_BUDGET}, and {MACHINE_TARGET} one day'
    for title, prefixes, but, budget in (('trusted everywhere', COUNTED, NOT_MACHINE, BUDGET),
                                         ('trusted on pks-vm', MACHINE, NOT_MACHINE, machine),
                                         ('trusted on snp', VMPL0, NOT_VMPL0, f'any; of src/hal/snp {SNP_BUDGET}')):
        print(row.format(title, 'files', 'code', 'all', ''))
        for prefix in prefixes:
            print(row.format(prefix, *count(tree, prefix, but), ''))
        print(f'trusted lines of code: {trusted(tree, prefixes, but)} (limit: {budget})\n')
    print(row.format('besides', 'files', 'code', 'all', ''))
    for prefix, why in ALSO.items():
        print(row.format(prefix, *count(tree, prefix), why))


def check(tree):
    if trusted(tree) > BUDGET:
        yield f'src/core: {trusted(tree)} trusted lines of code; at most {BUDGET}'
    if trusted(tree, MACHINE) > MACHINE_BUDGET:
        yield f'src/hal/pks-vm: {trusted(tree, MACHINE)} trusted lines of code with core, ' \
              f'arch and monitor; at most {MACHINE_BUDGET}'
    if trusted(tree, SNP) > SNP_BUDGET:
        yield f'src/hal/snp: {trusted(tree, SNP)} trusted lines of code; at most {SNP_BUDGET}'
    if trusted(tree) == 0:
        yield 'src/core: no code was counted'


BAD = {
    'too much': {'src/core/a.c': 'int a;\n' * (BUDGET + 1)},
    'nothing': {'doc/a.md': ''},
    'too much on snp': {'src/core/a.c': 'int a;\n', 'src/hal/snp/pure/b.h': 'int b;\n' * (SNP_BUDGET + 1)},
    'too much on a machine': {'src/core/a.c': 'int a;\n', 'src/hal/pks-vm/pure/b.c': 'int b;\n' * (MACHINE_BUDGET - 3000),
                              'src/arch/x86_64/c.S': '\tret\n' * 2000, 'src/monitor/d.h': 'int d;\n' * 1000},
}
GOOD = {
    'enough': {'src/core/a.c': 'int a;\n' * BUDGET + '/* not\ncounted */\n\n{\n}\n'},
    'enough on snp': {'src/core/a.c': 'int a;\n', 'src/hal/snp/b.S': '\tret\n' * SNP_BUDGET},
    'enough on a machine': {'src/core/a.c': 'int a;\n' * BUDGET,
                            'src/hal/pks-vm/b.c': 'int b;\n' * (MACHINE_BUDGET - BUDGET)},
}

if __name__ == '__main__':
    table(lintlib.Tree())
    if '--print' in sys.argv:
        sys.exit(0)
    wrong = 0
    if sys.argv[1:]:
        machine, folder = sys.argv[1:]
        sources = lintlib.Tree({'src/core/a.c': '', f'src/hal/{machine}/b.S': ''})
        ill = len(list(check_linked(sources, {'src/core/a.c', 'src/base/c.c'}, machine))) != 2
        wrong |= lintlib.report('linked', ['linked: sees nothing'] if ill else
                                check_linked(lintlib.Tree(), linked(machine, folder), machine))
    sys.exit(lintlib.main('lines', check, BAD, GOOD) | wrong)
