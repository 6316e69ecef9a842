# SPDX-License-Identifier: Apache-2.0
"""Licence line, words of the project, nothing of one machine."""
import re
import sys

import lintlib

SPDX = 'SPDX-License-Identifier: Apache-2.0'

# A module of a GPL-2.0 kernel, what is built into it for tests, and the headers that
# others of another licence include, too.
GPL = 'SPDX-License-Identifier: GPL-2.0-only'
BOTH = 'SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only'
OF_GPL = re.compile(r'src/driver/|tests/driver/call_test\.c$|tests/root/spy\.c$')
OF_BOTH = ('include/confbox/abi.h', 'src/base/area.h', 'src/base/device.h', 'tests/driver/behaviour.h', 'tests/root/spy.h')
CODE = ('.c', '.h', '.S', '.s', '.def', '.py', '.sh')
PROSE = ('.md', '.build', '.txt', '.1', '.3', '.7', '.map', '.in')

# Unfinished work belongs into an issue, not into a file.
MARKERS = re.compile(r'\b(T' r'ODO|F' r'IXME|X' r'XX)\b')

# Folders of one machine; /tmp and /usr are on all of them.
PLACES = re.compile(r'(?<![\w.])/(?:home|root|work|Users)/\w')

# We say box, host, monitor (doc/architecture.md).  The other words stay where
# they mean somebody else's thing.
WORDS = re.compile(r'\b(sandbox(?:es|ed|ing)?|guests?|enclaves?)\b', re.I)
FINE = re.compile(r'guest[- ](?:physical|OS|kernel|operating)|SGX enclave|enclave service|'
                  r'sandbox domain|RLIMIT|bubblewrap|gVisor|guest[- ]virtual|guest message|'
                  r'GUEST_|L2_ENTER_GUEST|guest[-_ ](?:SVN|policy|request|report)|(?:sev|tdx)[-_]guest', re.I)
HOSTS = re.compile(r'https?://([^/\s"\'<>)\]]+)')
KNOWN_HOSTS = re.compile(r'(?:^|\.)(?:127\.0\.0\.1|apache\.org|w3\.org|kernel\.org|debian\.org|rfc-editor\.org|'
                         r'ietf\.org|keepachangelog\.com|semver\.org|spdx\.org|arm\.com|'
                         r'intel\.com|amd\.com|example(?:\.(?:com|org|net))?)$')


def is_script(tree, path):
    return tree.files[path].startswith('#!')


def licence(tree):
    for path in tree.files:
        if path.endswith('.def') or path == 'LICENSE':
            continue  # tables are included, and begin with what they mean
        wanted = GPL if OF_GPL.match(path) else BOTH if path in OF_BOTH else SPDX
        if path.endswith(CODE) or is_script(tree, path):
            if wanted not in '\n'.join(tree.lines(path)[:3]):
                yield f'{path}:1: no "{wanted}" in the first lines'


def machine(tree):
    for path in tree.files:
        if not (path.endswith(CODE + PROSE) or is_script(tree, path)):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for what, pattern in (('unfinished work', MARKERS), ('a folder of one machine', PLACES)):
                if path != 'tests/lint/words.py' and pattern.search(line):
                    yield f'{path}:{number}: {what}: {line.strip()}'
            for host in HOSTS.findall(line):
                if not KNOWN_HOSTS.search(host.split(':')[0]):
                    yield f'{path}:{number}: a host nobody outside may know: {host}'


def vocabulary(tree):
    for path in tree.paths('src/', 'include/', ext=('.c', '.h', '.S', '.def', '.md')):
        for number, line in enumerate(tree.lines(path), 1):
            for word in WORDS.findall(FINE.sub('', line)):
                yield f'{path}:{number}: say box or host, not {word}: {line.strip()}'


def check(tree):
    yield from licence(tree)
    yield from machine(tree)
    yield from vocabulary(tree)


OK = f'/* {SPDX} */\n'
BAD = {
    'no licence': {'src/a.c': 'int a;\n'},
    'the wrong one': {'src/driver/a.c': OK},
    'one where two are needed': {'src/base/area.h': OK},
    'a script without licence': {'scripts/a': '#!/bin/sh\ntrue\n'},
    'unfinished work': {'src/a.c': OK + '/* T' 'ODO later */\n'},
    'a home folder': {'doc/a.md': 'look in /home/somebody/src\n'},
    'another word': {'src/a.c': OK + '/* the guest asks */\n'},
    'a host': {'doc/a.md': 'http://' + 'registry.internal:3128/simple\n'},
}
GOOD = {
    'ours': {'src/a.c': OK + '/* guest-physical memory; /tmp/x; a box */\n',
             'doc/a.md': 'https://www.apache.org/licenses/\n'},
}

if __name__ == '__main__':
    sys.exit(lintlib.main('words', check, BAD, GOOD))
