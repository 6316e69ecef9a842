#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_seal: the blobs of the test vectors.

    seal_seeds.py VECTORS STAMP FOLDER
"""
import os
import sys


def main(vectors, stamp, folder):
    os.makedirs(folder, exist_ok=True)
    blobs = []
    with open(vectors, encoding='ascii') as file:
        for line in file:
            name, _, value = line.partition(' = ')
            if name == 'blob':
                blobs.append(bytes.fromhex(value.strip()))
    if not blobs:
        sys.exit(f'seal_seeds: {vectors} has no blob')
    for i, blob in enumerate(blobs):
        with open(os.path.join(folder, str(i)), 'wb') as file:
            file.write(blob)
    with open(stamp, 'w', encoding='ascii') as file:
        file.write(f'/* {len(blobs)} seeds */\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
