# SPDX-License-Identifier: Apache-2.0
"""cca_seeds.py EVIDENCE STAMP FOLDER: seeds of fuzz_verify_cca from the samples
(its head says how they are written); STAMP tells when they were made."""
import os
import sys

LEGACY = bytes.fromhex('d9018fa219acca')
PLATFORM, REALM = bytes.fromhex('19acca'), bytes.fromhex('19acd1')
RECORD = bytes.fromhex('82190107')


def collection(token):
    """The same token as a CMW collection."""
    assert token.startswith(LEGACY)
    first = len(LEGACY)
    size = int.from_bytes(token[first + 1:first + 3], 'big') + 3
    second = first + size + len(REALM)
    return (bytes.fromhex('d9038ba2') + PLATFORM + RECORD + token[first:first + size] +
            REALM + RECORD + token[second:])


def main(evidence, stamp, folder):
    os.makedirs(folder, exist_ok=True)
    seeds = {}
    for sample in sorted(os.listdir(evidence)):
        path = os.path.join(evidence, sample)
        for name in sorted(os.listdir(path)):
            if name.startswith('platform_pub') or sample == 'neg-keys':
                with open(os.path.join(path, name), 'rb') as file:
                    seeds[f'{sample}-{name}'] = b'\1' + file.read()
            elif name == 'token.cbor':
                with open(os.path.join(path, name), 'rb') as file:
                    token = file.read()
                seeds[f'{sample}-token'] = b'\0' + token
                seeds[f'{sample}-collection'] = b'\0' + collection(token)
    for name, seed in seeds.items():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(seed)
    with open(stamp, 'w', encoding='ascii') as file:
        file.write(f'/* {len(seeds)} seeds */\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
