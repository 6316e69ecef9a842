# SPDX-License-Identifier: Apache-2.0
"""applets.py BUSYBOX APPLETS.list LIST...: each of busybox's applets is a word of a command
of the lists, or APPLETS.list says why not ("#: REASON: NAME...").

Named without need is wrong, too: an applet that a command has by now.
"""
import re
import subprocess
import sys


def excused(path):
    """name: reason."""
    with open(path, encoding='ascii') as file:
        found = [line[2:].rsplit(':', 1) for line in file if line.startswith('#:')]
    return {name: reason.strip() for reason, names in found for name in names.split()}


def used(paths):
    """The words where a command begins."""
    words = set()
    for path in paths:
        with open(path, encoding='utf-8') as file:
            for line in file:
                if not line.startswith('#'):
                    words.update(re.findall(r"""(?:\bbusybox|\$\(|[;|&'"`{!]|\bdo|\bthen|\belse|\bif|\bwhile|\bxargs)\s*"""
                                            r"""([][\w.-]+)""", line))
    return words


def main(busybox, applets, *lists):
    every = set(subprocess.run([busybox, '--list'], stdout=subprocess.PIPE, check=True, text=True).stdout.split())
    reasons, words = excused(applets), used([applets, *lists])
    missing = sorted(every - words - set(reasons))
    needless = sorted(set(reasons) & words & every)
    print(f'{len(every)} applets: {len(every & words)} compared, {len(every & set(reasons))} not, '
          f'neither: {" ".join(missing) or "none"}; both: {" ".join(needless) or "none"}')
    sys.exit(1 if missing or needless or not every else 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
