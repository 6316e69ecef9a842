# SPDX-License-Identifier: Apache-2.0
"""The trusted C compiles for every architecture, freestanding, with clang."""
import concurrent.futures
import os
import sys
import tempfile

import lintlib

TARGETS = ('x86_64-linux-gnu', 'aarch64-linux-gnu', 'riscv64-linux-gnu')
FLAGS = ('-std=gnu11', '-ffreestanding', '-fno-builtin', '-nostdinc', '-fPIE', '-O2', '-Wall',
         '-Wextra', '-Werror', '-Wshadow', '-Wconversion', '-Wmissing-prototypes', '-Wvla',
         '-Wundef', '-Wcast-qual', '-Wframe-larger-than=1024')
ROOMS = ('src/core/', 'src/arch/soft/', 'src/monitor/')


def compile_one(clang, include, job):
    target, path = job
    command = [clang, f'--target={target}', *FLAGS, '-isystem', include,
               '-Iinclude', '-Isrc', '-c', path, '-o', os.devnull]
    done = lintlib.run(*command, cwd=lintlib.ROOT)
    return f'{path}: {target}:\n{done.stdout}' if done.returncode else None


def main():
    clang = lintlib.need('clang')
    include = os.path.join(lintlib.run(clang, '-print-resource-dir').stdout.strip(), 'include')
    with tempfile.TemporaryDirectory() as folder:
        # A check that cannot fail is none: code for one CPU must be refused.
        bad = os.path.join(folder, 'bad.c')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('void cbx_a(void);\nvoid cbx_a(void) { __asm__("mov %cr3, %rax"); }\n')
        if compile_one(clang, include, (TARGETS[1], bad)) is None:
            return lintlib.report('cross (self-test)', ['x86 assembly was accepted for aarch64'])
    tree = lintlib.Tree()
    # A main() belongs to one backend, and to its C library.
    jobs = [(t, p) for t in TARGETS for p in tree.paths(*ROOMS, ext=('.c',))
            if not p.startswith(('src/monitor/main_', 'src/monitor/bare/', 'src/monitor/snp/'))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        findings = [f for f in pool.map(lambda j: compile_one(clang, include, j), jobs) if f]
    print(f'{len(jobs)} compilations for {", ".join(TARGETS)}')
    return lintlib.report('cross', findings)


if __name__ == '__main__':
    sys.exit(main())
