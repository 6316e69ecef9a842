# SPDX-License-Identifier: Apache-2.0
"""A module of the lab's (lab/x86/launch.h): a monitor, and a host that knows of no SEV."""
import os
import struct

PAGE = 4096


def pack(folder, monitor, kernel):
    """The path of one in the folder, of two ELF files."""
    parts = []
    at = PAGE
    head = b'lab pack'
    for name in (kernel, os.devnull, monitor):
        with open(name, 'rb') as f:
            file = f.read()
        head += struct.pack('<QQ', at, len(file))
        parts.append(file.ljust(len(file) + -len(file) % PAGE, b'\0'))
        at += len(parts[-1])
    path = os.path.join(folder, 'pack')
    with open(path, 'wb') as f:
        f.write(head.ljust(PAGE, b'\0') + b''.join(parts))
    return path
