# SPDX-License-Identifier: Apache-2.0
"""Every file of the core has a file of tests."""
import posixpath
import sys

import lintlib


def check(tree):
    for path in tree.paths('src/core/', ext=('.c',)):
        noun = posixpath.basename(path)[:-2]
        if f'tests/unit/test_{noun}.c' not in tree:
            yield f'{path}: there is no tests/unit/test_{noun}.c'


BAD = {'an untested file': {'src/core/page.c': '', 'tests/unit/test_domain.c': ''}}
GOOD = {'a tested one': {'src/core/page.c': '', 'tests/unit/test_page.c': ''}}

if __name__ == '__main__':
    sys.exit(lintlib.main('unit files', check, BAD, GOOD))
