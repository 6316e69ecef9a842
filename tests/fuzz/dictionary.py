#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a libFuzzer dictionary from the gate table and the wire constants.

usage: dictionary.py gate.def abi.h OUTPUT

A call's number is two bytes of the gate target's input and a constant eight,
both little-endian, so a token is exactly what the target reads.
"""

import re
import sys

GATE = re.compile(r"^X\((0x[0-9a-f]+),\s*([A-Z_]+),", re.MULTILINE)
CONSTANT = re.compile(r"^#define (CBX_[A-Z_]+)\s+(0x[0-9a-f]+|\d+)(?:u|ull)\b", re.MULTILINE)


def token(name, value, size):
    """One dictionary line."""
    text = "".join(f"\\x{byte:02x}" for byte in value.to_bytes(size, "little"))
    return f'{name.lower()}="{text}"'


def lines(gates, header):
    """All dictionary lines."""
    for number, name in gates:
        yield token("gate_" + name, int(number, 16), 2)
    for name, value in CONSTANT.findall(header):
        yield token(name, int(value, 0), 8)
    yield token("no_page", 2**64 - 1, 8)


def read(path):
    """A file's text."""
    with open(path, encoding="utf-8") as source:
        return source.read()


def main():
    """Generate, or refuse a table that cannot be read whole."""
    table, header, output = sys.argv[1:]
    text = read(table)
    gates = GATE.findall(text)
    rows = len(re.findall(r"^X\(", text, re.MULTILINE))
    if rows == 0 or len(gates) != rows:
        sys.exit(f"{table}: understood {len(gates)} of {rows} rows")
    with open(output, "w", encoding="utf-8") as dictionary:
        dictionary.write("\n".join(lines(gates, read(header))) + "\n")


main()
