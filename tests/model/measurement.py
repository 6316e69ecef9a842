#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recompute the worked example of doc/measurement.md from its words alone."""

import hashlib
import struct
import sys


def data_of(recipe, length):
    """The bytes a recipe stands for."""
    if recipe == "-":
        data = b""
    elif recipe.startswith("hex:"):
        data = bytes.fromhex(recipe[4:])
    elif recipe.startswith("zeros:"):  # after these bytes
        data = bytes.fromhex(recipe[6:]).ljust(length, b"\0")
    elif recipe.startswith("count:"):
        data = bytes(i % 251 for i in range(int(recipe[6:])))
    else:
        sys.exit(f"unknown recipe {recipe}")
    if len(data) != length:
        sys.exit(f"recipe {recipe[:40]} gives {len(data)} bytes, not {length}")
    return data


def extend(digest, line):
    """The chain's next value."""
    kind, address, info, info2, length, recipe = line.split()
    record = struct.pack(
        "<8s4Q", kind.encode(), int(address, 16), int(info, 16), int(info2, 16), int(length)
    )
    return hashlib.sha384(digest + record + data_of(recipe, int(length))).digest()


def example_lines(path):
    """The lines of the fenced block named "example"."""
    inside = False
    with open(path, encoding="utf-8") as document:
        for line in document:
            if line.startswith("```"):
                inside = line.strip() == "```example"
            elif inside:
                yield line.rstrip("\n")


def main():
    """Check every value of the example."""
    digest, checked = None, 0
    for line in example_lines(sys.argv[1]):
        if line.startswith("#"):
            digest = bytes(48)
        elif line.startswith("  = "):
            if digest.hex() != line[4:]:
                sys.exit(f"value {checked + 1} is {digest.hex()}, the document says {line[4:]}")
            checked += 1
        else:
            digest = extend(digest, line)
    if checked < 11:
        sys.exit(f"only {checked} values found")
    print(f"{checked} values of the example are right")


main()
