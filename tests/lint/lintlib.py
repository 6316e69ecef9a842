# SPDX-License-Identifier: Apache-2.0
"""What the lint tests share: the source tree, findings, self-tests.

A check is a function from a Tree to an iterable of findings (strings that
begin with the file, and the line where there is one).  A Tree is the sources,
or a dictionary of made-up files in a self-test: every check is run on bad
examples first, so that a check that catches nothing fails.
"""
import os
import re
import subprocess
import sys

SKIP = 77  # what meson calls skipped
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRUNED = {'.git', 'build', '__pycache__', 'subprojects'}


class Tree:
    """Text files by path, relative to the root."""

    def __init__(self, files=None):
        self.files = files if files is not None else dict(self._walk())

    @staticmethod
    def _walk():
        for folder, names, files in os.walk(ROOT):
            names[:] = sorted(n for n in names
                              if n not in PRUNED and not os.path.exists(
                                  os.path.join(folder, n, 'meson-info')))
            for name in sorted(files):
                full = os.path.join(folder, name)
                try:
                    with open(full, encoding='utf-8') as f:
                        yield os.path.relpath(full, ROOT), f.read()
                except (UnicodeDecodeError, FileNotFoundError):
                    continue

    def paths(self, *prefixes, ext=()):
        """Paths below any of the prefixes, with one of the endings."""
        for path in self.files:
            if (not prefixes or path.startswith(tuple(prefixes))) and \
                    (not ext or path.endswith(tuple(ext))):
                yield path

    def lines(self, path):
        return self.files[path].splitlines()

    def __contains__(self, path):
        return path in self.files


def without_comments(text):
    """C text with comments and strings blanked, line numbers kept."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  blank, text, flags=re.S)


def report(name, findings):
    """Print the findings; the exit status of the test."""
    findings = list(findings)
    for finding in findings:
        print(finding)
    print(f'{name}: {len(findings)} finding(s)' if findings else f'{name}: ok')
    return 1 if findings else 0


def self_test(name, check, bad, good):
    """Whether @check finds something in every bad tree, nothing in the good."""
    wrong = []
    for title, files in bad.items():
        if not list(check(Tree(files))):
            wrong.append(f'{name}: does not see: {title}')
    for title, files in good.items():
        wrong += [f'{name}: wrongly complains about {title}: {finding}'
                  for finding in check(Tree(files))]
    return wrong


def main(name, check, bad, good):
    """Self-test, then the sources."""
    wrong = self_test(name, check, bad, good)
    if wrong:
        return report(name + ' (self-test)', wrong)
    return report(name, check(Tree()))


def run(*command, **options):
    """Run a program; its completed process, output as text."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)


def need(program):
    """Skip the test when a program is not installed."""
    from shutil import which
    if which(program) is None:
        print(f'skipped: {program} is not installed (scripts/build installs it)')
        sys.exit(SKIP)
    return program
