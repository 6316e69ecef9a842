#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Break one function the attacks are stopped by, and see the attacks get
through: a test that passes all the same tests nothing.

usage: mutation.py BACKEND COMMAND...

For each mutant (tamper.c) at least the attacks listed must not be refused.
"""
import os
import re
import subprocess
import sys

MUTANTS = {
    'mock': {
        'view_set': 'M01 M02 M03 M05 M06 M09 M11 M14 M26 M27 M30 G07 X01 X17 H12',
        'page_scrub': 'M04 M07 M13 M16 M26 M27',
        'view_flushed': 'M26',
        'space_flushed': 'M26 H12',
        'space_map': 'M13 X12',
        'space_unmap': 'M16 M26',
        'host_range': 'G07 M05 M10',
        'host_may': 'G07 M05 M10 M22',
        'space_hold': 'M03 M12 M30 G12 A14',
        'thread_wake': 'X08 X09 X19',
        'random': 'M29',
        'double_fetch': 'H05',
        'box_query': 'X16',
        'tell_box': 'T03 T04',
        'opens_all': 'H08 T01 T05',
        'seals_nothing': 'X15',
    },
    # Where the backend's own checks stop the process, a table cannot be had.
    'linux': {
        'view_set': 'M01 M02 M03 M05 M06 M09 M11 M14 M26 M30 G07 X01 X17',
        'space_map': 'M13 X12',
        'host_range': 'G07 M05 M10',
        'random': 'M29',
        'double_fetch': 'H05',
        'box_query': 'X16',
        'tell_box': 'T03 T04',
        'opens_all': 'H08 T01 T05',
        'seals_nothing': 'X15',
    },
    # The same: a machine that stopped has no table.
    'pks-vm': {
        'view_set': 'M01 M02 M03 M05 M06 M09 M11 M14 M26 M27 M30 G07 X01 X17',
        'page_scrub': 'M16 attack_m07_declared_page_is_an_empty_table',
        'root_hold': 'attack_m12_only_a_declared_root_is_loaded',
        'declare': 'attack_m06_host_writes_no_table',
        'space_flushed': 'H12',
        'space_map': 'M13 X12',
        'host_range': 'G07 M05 M10',
        'host_may': 'G07 M05',
        'space_hold': 'M03 M30 G12 A14',
        'random': 'M29',
        'double_fetch': 'H05',
        'box_query': 'X16',
    },
    # The same, and slower: of each mutant some.
    'snp': {
        'firmware': 'M15',
        'timer': 'M15',
        'disk': 'M15',
        'chipset': 'M15',
        'view_set': 'M01 M02 M14 M27 M30 G07 X17',
        'page_scrub': 'M16',
        'space_flushed': 'H12',
        'space_map': 'M13 X12',
        'host_range': 'G07 M05 M10',
        'space_hold': 'M03 G12',
        'random': 'M29',
        'double_fetch': 'H05',
        'box_query': 'X16',
    },
}
SKIP = 77
# One machine serves all tests there: each attack begins with a new one.
ALONE = {'pks-vm', 'snp'}


def got_through(command, mutant, tried):
    """The attacks of those tried that are not refused, and how the run ended."""
    name = f'ATTACK_MUTANT={mutant}'
    env = dict(os.environ, ATTACK_MUTANT=mutant)
    words = [name] if len(command) > 1 else []  # a machine has no environment
    run = subprocess.run([*command, *words, *tried], env=env, capture_output=True, text=True,
                         timeout=400, check=False)
    found = re.findall(r'^([A-Z]\d\d)  \S+  NOT REFUSED: (\w+)$', run.stdout, re.M)
    return {name for pair in found for name in pair} & set(tried), run.returncode


def groups(backend, tried):
    return [[one] for one in tried] if backend in ALONE else [tried]


def main():
    backend, *command = sys.argv[1:]
    failed = False
    for mutant, wanted in MUTANTS[backend].items():
        tried, ids = wanted.split(), set()
        for group in groups(backend, tried):
            through, status = got_through(command, mutant, group)
            if status == SKIP:
                print('no machine to be had')
                return SKIP
            ids |= through
            failed |= status == 0
        refused = set(tried) - ids
        failed |= bool(refused)
        print(f'{mutant}: {len(ids)} of {len(tried)} got through'
              f'{", STILL REFUSED: " + " ".join(sorted(refused)) if refused else ""}')
    return 1 if failed else 0


sys.exit(main())
