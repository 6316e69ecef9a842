# SPDX-License-Identifier: Apache-2.0
"""Who may include whom.

The table is the one place that says so (doc/architecture.md, rooms).  A room
may include itself, the rooms it lists, and system headers as its libc column
says: 'no' freestanding C only, 'yes' anything.
"""
import posixpath
import re
import sys

import lintlib

FREESTANDING = {'stddef.h', 'stdint.h', 'stdbool.h', 'stdarg.h', 'stdalign.h',
                'stdatomic.h', 'limits.h', 'stdnoreturn.h'}

PUBLIC, BASE, HAL_H, ARCH_H = 'include/confbox/', 'src/base/', 'src/hal/hal.h', 'src/arch/arch.h'
TRUST = 'src/trust/'
CORE, SOFT, X86 = 'src/core/', 'src/arch/soft/', 'src/arch/x86_64/'

# room: (rooms it may include besides itself, libc)
ROOMS = {
    'include/confbox/': ((), 'no'),
    'include/confbox/confbox.h': ((PUBLIC,), 'yes'),
    'include/confbox/appraisal.h': ((PUBLIC,), 'yes'),
    'include/confbox/client.h': ((PUBLIC,), 'yes'),
    'include/confbox/attest.h': ((PUBLIC,), 'yes'),
    'include/confbox/forward.h': ((PUBLIC,), 'no'),
    'include/confbox/platform.h': ((PUBLIC,), 'yes'),
    'include/confbox/release.h': ((PUBLIC,), 'yes'),
    'include/confbox/verify.h': ((PUBLIC,), 'yes'),
    'src/base/': ((PUBLIC,), 'no'),
    'src/hal/hal.h': ((BASE, PUBLIC), 'no'),
    'src/arch/arch.h': ((BASE, PUBLIC), 'no'),
    'src/core/': ((HAL_H, ARCH_H, BASE, PUBLIC), 'no'),
    'src/service/': ((CORE, BASE, PUBLIC), 'no'),
    'src/arch/soft/': ((ARCH_H, HAL_H, BASE, PUBLIC), 'no'),
    'src/arch/x86_64/': ((SOFT, ARCH_H, HAL_H, BASE, PUBLIC), 'no'),
    'src/hal/pks-vm/': ((HAL_H, ARCH_H, X86, BASE, PUBLIC), 'no'),
    'src/hal/snp/': ((HAL_H, ARCH_H, X86, BASE, PUBLIC), 'no'),
    'src/hal/mock/': ((HAL_H, ARCH_H, SOFT, BASE, PUBLIC), 'yes'),
    'src/hal/linux/': ((HAL_H, ARCH_H, SOFT, BASE, PUBLIC), 'yes'),
    'src/monitor/': ((CORE, HAL_H, ARCH_H, BASE, PUBLIC), 'no'),
    'src/monitor/bare/': ((CORE, 'src/monitor/', X86, HAL_H, ARCH_H, BASE, PUBLIC), 'no'),
    'src/monitor/snp/': ((CORE, 'src/monitor/', 'src/hal/snp/', X86, HAL_H, ARCH_H, BASE, PUBLIC), 'no'),
    # A monitor's main() joins the loop with its backend's start.
    'src/monitor/main_linux_image.c': ((CORE, 'src/monitor/', HAL_H, ARCH_H, BASE, PUBLIC), 'yes'),
    'src/monitor/main_linux.c': ((CORE, 'src/monitor/', 'src/hal/linux/', HAL_H, ARCH_H, BASE,
                                  PUBLIC), 'yes'),
    # User-mode code that keeper, clients and relying parties share.
    'src/trust/': ((BASE, PUBLIC), 'yes'),
    'src/keeper/': ((TRUST, BASE, PUBLIC), 'yes'),
    # Sealing as a program in a box links it.
    'src/seal/': ((TRUST, PUBLIC), 'yes'),
    'src/runtime/': ((BASE, PUBLIC), 'no'),
    'src/client/': ((TRUST, BASE, PUBLIC), 'yes'),
    'src/tools/': ((TRUST, BASE, PUBLIC), 'yes'),
    'src/verify/': (('src/trust/', PUBLIC), 'yes'),
    # Another licence: of ours it includes what allows for it (tests/lint/words.py).
    'src/driver/': (('src/base/area.h', 'src/base/device.h', 'include/confbox/abi.h', 'include/confbox/gate.def',
                     'include/confbox/status.def'), 'yes'),
    'examples/': ((PUBLIC,), 'yes'),
    'examples/attacks/': ((BASE, PUBLIC), 'yes'),
    # Written from the specifications, and shared with nobody but its own tests.
    'lab/': ((), 'no'),
    'bench/': (('src/', PUBLIC, 'bench/', 'tests/support/'), 'yes'),
    'tests/': (('src/', PUBLIC, 'tests/', 'lab/'), 'yes'),
    # The part of the lab that wants a library, and the libc that library wants.
    'lab/x86/snp/crypto/': (('lab/x86/snp/',), 'yes'),
}

# (file, included): why.  Not a way out: each one is a fact two rooms share.
EXCEPTIONS = {
    ('src/tools/', 'src/runtime/syscall.def'):
        'names and arguments of system calls, for --trace',
    ('src/tools/', 'src/hal/pks-vm/pure/scan.h'):
        'the scanner that lets a host kernel in, for scan',
}

INCLUDE = re.compile(r'^\s*#\s*(?:include|include_next|import)\b\s*(.*)$')


def room_of(path):
    """The longest room a path lies in."""
    fitting = [room for room in ROOMS if path.startswith(room)]
    return max(fitting, key=len) if fitting else None


def resolve(tree, path, quoted, name):
    """The project's file an include means; None for a system header."""
    places = [posixpath.dirname(path)] if quoted else []
    for place in places + ['include', 'src', 'tests', 'tests/support']:
        candidate = posixpath.normpath(posixpath.join(place, name))
        if candidate in tree:
            return candidate
    top = name.split('/')[0]
    if top == 'lab':
        return posixpath.normpath(name)
    if quoted or any(room.split('/')[1].startswith(top) for room in ROOMS
                     if room.startswith('src/')) or top == 'confbox':
        return posixpath.normpath(posixpath.join(
            'include' if top == 'confbox' else 'src', name))
    return None


def allowed(path, room, target):
    if target.startswith(room) or target == path:
        return True
    if any(target.startswith(r) for r in ROOMS[room][0]):
        # A room is not the contracts that lie in front of it.
        return True
    return any(path.startswith(who) and target == what for who, what in EXCEPTIONS)


def check_include(tree, path, number, text):
    room = room_of(path)
    where = f'{path}:{number}'
    match = re.match(r'([<"])([^>"]+)[>"]', text)
    if not match:
        return f'{where}: an include that is not <file> or "file"'
    name = match.group(2)
    target = resolve(tree, path, match.group(1) == '"', name)
    if target is None:
        if ROOMS[room][1] == 'no' and name not in FREESTANDING:
            return f'{where}: {room} is freestanding and may not include <{name}>'
        return None
    if not allowed(path, room, target):
        return f'{where}: {room} may not include {target}'
    return None


def check(tree):
    for path in tree.paths(ext=('.c', '.h', '.S', '.def')):
        if room_of(path) is None:
            yield f'{path}: lies in no room of tests/lint/layers.py'
            continue
        text = re.sub(r'/\*.*?\*/', lambda m: '\n' * m.group(0).count('\n'),
                      tree.files[path], flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            finding = match and check_include(tree, path, number, match.group(1))
            if finding:
                yield finding


BASE_FILES = {
    'include/confbox/abi.h': '', 'src/base/types.h': '', 'src/hal/hal.h': '',
    'src/core/page.h': '', 'src/hal/mock/mock.h': '', 'src/client/box.h': '',
    'src/arch/arch.h': '', 'src/runtime/syscall.def': '', 'lab/x86/svm.h': '',
}


def made_up(path, text):
    return {**BASE_FILES, path: text}


BAD = {
    'the core includes a backend': made_up('src/core/a.c', '#include <hal/mock/mock.h>\n'),
    'the core includes libc': made_up('src/core/a.c', '#include <string.h>\n'),
    'the core includes the client': made_up('src/core/a.c', '#include "../client/box.h"\n'),
    'a backend includes the core': made_up('src/hal/linux/a.c', '# include <core/page.h>\n'),
    'a backend includes another': made_up('src/hal/linux/a.c', '#include <hal/mock/mock.h>\n'),
    'the client includes the core': made_up('src/client/a.c', '#include <core/page.h>\n'),
    'base includes the core': made_up('src/base/a.h', '#include <core/page.h>\n'),
    'the runtime includes libc': made_up('src/runtime/a.c', '#include <stdio.h>\n'),
    'the contract includes the core': made_up('src/hal/hal.h', '#include <core/page.h>\n'),
    'a file that is not there': made_up('src/core/a.c', '#include <monitor/loop.h>\n'),
    'a macro include': made_up('src/core/a.c', '#include HEADER\n'),
    'the lab includes the product': made_up('lab/x86/a.c', '#include <base/types.h>\n'),
    'the lab includes a public header': made_up('lab/x86/a.c', '#include <confbox/abi.h>\n'),
    'the lab includes libc': made_up('lab/x86/a.c', '#include <string.h>\n'),
    'a backend includes the lab': made_up('src/hal/linux/a.c', '#include "../../../lab/x86/svm.h"\n'),
    'the client includes the lab': made_up('src/client/a.c', '#include <lab/x86/svm.h>\n'),
    'a room nobody declared': made_up('src/new/a.c', ''),
    'the public header includes src': made_up('include/confbox/abi.h', '#include <base/types.h>\n'),
    'the client reads the call table': made_up('src/client/a.c',
                                               '#include <runtime/syscall.def>\n'),
}
GOOD = {
    'what the core may include': made_up(
        'src/core/a.c', '#include <stdint.h>\n#include <core/page.h>\n'
        '#include <hal/hal.h>\n#include <arch/arch.h>\n#include <confbox/abi.h>\n'),
    'an include in a comment': made_up('src/core/a.c', '/*\n#include <stdio.h>\n*/\n'),
    'tests include anything': made_up('tests/unit/a.c', '#include <core/page.h>\n'
                                      '#include <stdio.h>\n#include <hal/mock/mock.h>\n'),
    'the lab by itself': made_up('lab/x86/tests/a.c', '#include "../svm.h"\n#include <stddef.h>\n'),
    'an exception': made_up('src/tools/a.c', '#include <runtime/syscall.def>\n'),
}

if __name__ == '__main__':
    sys.exit(lintlib.main('layers', check, BAD, GOOD))
