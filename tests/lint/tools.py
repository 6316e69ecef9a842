# SPDX-License-Identifier: Apache-2.0
"""Linters somebody else wrote: tools.py format|tidy|spelling|shell [BUILD]."""
import concurrent.futures
import hashlib
import json
import os
import re
import sys
import tempfile

import lintlib

# What clang-tidy looks at: everything a box or a client relies on.
TIDY = ('src/core/', 'src/arch/', 'src/hal/', 'src/monitor/', 'src/keeper/', 'src/runtime/',
        'src/client/', 'src/tools/', 'src/trust/', 'src/verify/')
OF_GCC = {'-fanalyzer', '-Wno-maybe-uninitialized', '-fno-jump-tables', '-pipe'}


def c_files(tree):
    return [p for p in tree.paths(ext=('.c', '.h'))]


def check_format(tree):
    tool = lintlib.need('clang-format')
    style = f'--style=file:{lintlib.ROOT}/.clang-format'
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, 'bad.c')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('int  a( void ){return 1;}\n')
        if lintlib.run(tool, '-n', '-Werror', style, bad).returncode == 0:
            yield 'format: does not see a badly formatted file'
    done = lintlib.run(tool, '-n', '-Werror', style, *c_files(tree), cwd=lintlib.ROOT)
    found = sorted(set(re.findall(r'^([^\s:]+:\d+):', done.stdout, re.M)))
    for path in sorted({f.split(':')[0] for f in found}):
        first = next(f for f in found if f.startswith(path + ':'))
        yield f'{first}: not formatted; run: clang-format -i {path}'
    if done.returncode != 0 and not found:
        yield f'clang-format: {done.stdout}'


def check_spelling(tree):
    tool = lintlib.need('codespell')
    words = os.path.join(lintlib.ROOT, 'tests/lint/words.txt')
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, 'bad.md')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('re' 'cieve teh' ' page\n')
        if lintlib.run(tool, bad).returncode == 0:
            yield 'spelling: does not see a misspelt word'
    paths = [p for p in tree.paths(ext=('.c', '.h', '.S', '.def', '.md', '.py', '.build', '.1', '.3'))
             if p != 'tests/lint/words.txt']
    paths += [p for p in tree.paths('scripts/', '.ci/')]
    done = lintlib.run(tool, '-I', words, *paths, cwd=lintlib.ROOT)
    yield from (line for line in done.stdout.splitlines() if '==>' in line)


def check_shell(tree):
    tool = lintlib.need('shellcheck')
    paths = [p for p in tree.files if tree.files[p].startswith(('#!/bin/sh', '#!/bin/bash',
                                                               '#!/usr/bin/env bash'))]
    paths += [p for p in tree.paths('completions/', ext=('.bash',))]
    paths += [p for p in tree.paths('scripts/', ext=('.sh',))]
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, 'bad.sh')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\ncd $1\nrm -r $2/*\n')
        if lintlib.run(tool, bad).returncode == 0:
            yield 'shell: does not see a bad script'
    if not paths:
        yield 'shell: there are no scripts'
        return
    done = lintlib.run(tool, '-x', '-f', 'gcc', *sorted(set(paths)), cwd=lintlib.ROOT)
    yield from done.stdout.splitlines()


def commands(build):
    """The compile command of each file clang-tidy looks at."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as f:
        for entry in json.load(f):
            path = os.path.relpath(os.path.join(entry['directory'], entry['file']), lintlib.ROOT)
            if path.startswith(TIDY) and path.endswith('.c') and '/tests/' not in path:
                yield path, entry


def tidy_one(tool, database, stamp, job):
    """What clang-tidy finds in one file; nothing again when it was clean."""
    path, folder = job
    if os.path.exists(stamp):
        return []
    done = lintlib.run(tool, '--quiet', '-p', database, '--extra-arg=-Wno-unknown-warning-option',
                       os.path.join(lintlib.ROOT, path))
    found = re.findall(r'^(\S+?)(:\S+: (?:error|warning): .*)$', done.stdout, re.M)
    if done.returncode == 0 and not found:
        with open(stamp, 'w', encoding='utf-8'):
            return []
    return [os.path.relpath(os.path.join(folder, file), lintlib.ROOT) + rest
            for file, rest in found] or [f'{path}: {done.stdout}']


def headers_of(tree):
    h = hashlib.sha256(tree.files.get('.clang-tidy', '').encode())
    for path in sorted(tree.paths('src/', 'include/', ext=('.h', '.def'))):
        h.update(tree.files[path].encode())
    return h.hexdigest()


def check_tidy(tree, build):
    tool = lintlib.need('clang-tidy')
    cache = os.path.join(build, 'tidy-cache')
    os.makedirs(cache, exist_ok=True)
    jobs = {}
    for path, entry in commands(build):
        words = [w for w in entry['command'].split() if w not in OF_GCC]
        jobs.setdefault(path, {**entry, 'command': ' '.join(words)})
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, 'bad.c')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('int a(int *p);\nint a(int *p)\n{\n\tif (!p) {\n\t\treturn *p;\n\t}\n'
                    '\treturn 1;\n}\n')
        config = os.path.join(lintlib.ROOT, '.clang-tidy')
        if lintlib.run(tool, '--quiet', f'--config-file={config}', bad, '--', '-w').returncode == 0:
            yield 'tidy: does not see a null pointer that is read'
        database = os.path.join(folder, 'compile_commands.json')
        with open(database, 'w', encoding='utf-8') as f:
            json.dump(list(jobs.values()), f)
        common = headers_of(tree)

        def look(path):
            key = hashlib.sha256((common + path + tree.files.get(path, '')).encode())
            return tidy_one(tool, folder, os.path.join(cache, key.hexdigest()),
                            (path, jobs[path]['directory']))

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            # A finding in a header is found from many files.
            yield from sorted({f for found in pool.map(look, sorted(jobs)) for f in found})
    if not jobs:
        yield f'{build}: nothing to look at'


def main():
    what = sys.argv[1]
    tree = lintlib.Tree()
    findings = {'format': check_format, 'spelling': check_spelling, 'shell': check_shell,
                'tidy': lambda t: check_tidy(t, sys.argv[2])}[what](tree)
    return lintlib.report(what, findings)


if __name__ == '__main__':
    sys.exit(main())
