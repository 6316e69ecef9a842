# SPDX-License-Identifier: Apache-2.0
"""Boxes as bytes: a program, its files and its start block become parts, boxes
become a set (set.h), and what the monitor must measure is computed here from
doc/measurement.md's words."""
import hashlib
import io
import struct
import tarfile

import keeper_pack as pack

PAGE = pack.PAGE
# Of each kind of box: flags and features of its policy, flags of its start block.
KINDS = {'': (0, 0, 0), 'confined': (32, 0, 2), 'hidden': (4, 0, 8), 'basic': (0, 1, 16)}
SLACK_PAGES = 320  # page tables, threads
EPOCH_NS = 1735689600000000000
OUTPUT_PAGES, THREADS, WAKE_STEP = 16, 64, 1000000
SET_MAGIC = 0x31544553584f42
HEAD, BOX, PART = 0x20, 0xc70, 0x28


def archive(files):
    """A ustar archive of {path: (bytes, mode)}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for path, (data, mode) in files.items():
            info = tarfile.TarInfo(path.lstrip('/'))
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def start_block(argv, environment, flags, memory_pages, sizes):
    path = f'/bin/{argv[0]}'
    files_bytes, list_bytes = sizes
    head = struct.calcsize(pack.START)
    argv = [word.encode() + b'\0' for word in argv]
    envp = [f'{name}={value}'.encode() + b'\0' for name, value in environment.items()]
    argv_at = head
    envp_at = argv_at + sum(map(len, argv))
    path_at = envp_at + sum(map(len, envp))
    strings = b''.join(argv + envp) + path.encode() + b'\0'
    cwd_at = head + len(strings)
    strings += b'/work\0'
    return struct.pack(pack.START, pack.START_MAGIC, pack.START_VERSION, flags,
                       head + len(strings), memory_pages, files_bytes, len(argv), argv_at,
                       len(envp), envp_at, path_at, cwd_at, EPOCH_NS, 0, 0, head,
                       0, list_bytes, 0) + strings


def policy(flags, features):
    return struct.pack('<IIIIQQQII', 2, flags, OUTPUT_PAGES, THREADS, WAKE_STEP, features,
                       EPOCH_NS, 0, 0) + bytes(0xc30 - 0x30)


class Box:
    """What a box is made of: parts are (address, bytes, pages, rights)."""

    def __init__(self, kind, runtime, files, start, memory_pages, data):
        loads, self.entry = runtime
        flags, features, _ = KINDS[kind]
        self.policy = policy(flags, features)
        if kind == 'hidden':
            loads = [(va, part, count, 4 if rights & 4 else rights)
                     for va, part, count, rights in loads]
        self.parts = loads + [(pack.START_VA, start, pack.pages(len(start)), 1),
                              (pack.FILES_VA, files, pack.pages(len(files)), 1),
                              (pack.STACK_VA, b'', pack.STACK_PAGES, 3)]
        self.stack = pack.STACK_VA + pack.STACK_PAGES * PAGE
        self.reserve_pages = memory_pages + SLACK_PAGES
        self.data = data

    def measurement(self):
        digest = extend(bytes(48), 'policy', 0, 0, self.policy)
        for va, data, count, rights in self.parts:
            for at in range(0, count * PAGE, PAGE):
                page = data[at:at + PAGE]
                digest = (extend(digest, 'page', va + at, rights, page.ljust(PAGE, b'\0'))
                          if page else extend(digest, 'zero', va + at, rights))
        digest = extend(digest, 'thread', self.entry, self.stack, info2=pack.START_VA)
        return extend(digest, 'finalize', 0, 0).hex()

    def input_digest(self, answers):
        """After the host's answers: (kind, bytes, info)."""
        digest, fed = bytes(48), 0
        for kind, count, info in answers:
            for at in range(0, max(count, 1), PAGE):
                piece = self.data[fed + at:fed + min(at + PAGE, count)]
                digest = extend(digest, kind, fed + at, info, piece)
            fed += count
        return digest.hex()


def extend(digest, kind, address, info, data=b'', info2=0):
    record = struct.pack('<8s4Q', kind.encode(), address, info, info2, len(data))
    return hashlib.sha384(digest + record + data).digest()


class Store:
    """Bytes at page boundaries, each kept once."""

    def __init__(self, head_bytes):
        self.next = pack.pages(head_bytes) * PAGE
        self.at = {}
        self.chunks = []

    def add(self, data):
        if data not in self.at:
            self.at[data] = self.next
            self.chunks.append(data.ljust(pack.pages(len(data)) * PAGE, b'\0'))
            self.next += len(self.chunks[-1])
        return self.at[data]


def write_set(boxes, path):
    part_count = sum(len(box.parts) for box in boxes)
    head_bytes = HEAD + BOX * len(boxes) + PART * part_count
    store = Store(head_bytes)
    box_table, part_table, first = b'', b'', 0
    for box in boxes:
        box_table += box.policy + struct.pack(
            '<8Q', box.reserve_pages, box.entry, box.stack, pack.START_VA, first,
            len(box.parts), store.add(box.data), len(box.data))
        for va, data, count, rights in box.parts:
            part_table += struct.pack('<5Q', va, count, rights, store.add(data), len(data))
        first += len(box.parts)
    head = struct.pack('<4Q', SET_MAGIC, len(boxes), part_count, store.next // PAGE)
    table = head + box_table + part_table
    with open(path, 'wb') as file:
        file.write(table.ljust(pack.pages(head_bytes) * PAGE, b'\0'))
        file.writelines(store.chunks)
