# SPDX-License-Identifier: Apache-2.0
"""What a client sends to a box (doc/service.md), for who is between: its parts, and
what to change in them."""
import random
import struct

MOST = 65504  # bytes of data in a record
HELLO, HEADER, RECORD, TAG = 40, 0x48 + 8, 16, 16
KEY = bytes.fromhex('a30101200421 5820')  # of X25519, in the evidence


def moved(data):
    """Letters moved on by one, as the service's box does."""
    return bytes((c - ord('a') + 1) % 26 + ord('a') if ord('a') <= c <= ord('z') else c
                 for c in data)


def letters(count):
    return ''.join(random.choice('abcdefghijklmnopqrstuvwxyz') for _ in range(count)).encode()


def flip(data, at):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def records(message):
    """(what comes before, [record])."""
    at, found = HEADER, []
    while at < len(message):
        size = struct.unpack_from('<I', message, at)[0] + RECORD + TAG
        found.append(message[at:at + size])
        at += size
    return message[:HEADER], found
