# SPDX-License-Identifier: Apache-2.0
"""snp_seeds.py EVIDENCE DIGESTS FOLDER: seeds of fuzz_verify_snp from the
samples (its head says how they are written), and the digests of the reports."""
import base64
import hashlib
import os
import re
import struct
import sys
import uuid

VCEK, VLEK = '63da758d-e664-4564-adc5-f4b93be8accd', 'a8074bc2-a25a-483e-aae6-39c045a0b8a1'
ASK = '4ab7b379-bbac-4fe4-a02f-05aef327c782'


def read(*path):
    with open(os.path.join(*path), 'rb') as file:
        return file.read()


def der(pem):
    return base64.b64decode(re.search(rb'-----BEGIN CERTIFICATE-----(.*?)-----', pem, re.S).group(1))


def part(content):
    return struct.pack('<H', len(content)) + content


def table(entries):
    head, body, at = b'', b'', 24 * (len(entries) + 1)
    for guid, content in entries:
        head += uuid.UUID(guid).bytes + struct.pack('<II', at + len(body), len(content))
        body += content
    return head + bytes(24) + body


def main(evidence, digests, folder):
    os.makedirs(folder, exist_ok=True)
    rows = []
    lists = part(read(evidence, 'crl', 'milan.pem')) + part(read(evidence, 'crl', 'genoa.pem'))
    for sample in sorted(os.listdir(evidence)):
        if sample == 'crl':
            continue
        report = read(evidence, sample, 'report.bin')
        rows.append(hashlib.sha256(report).digest())
        leaves = [name for name in sorted(os.listdir(os.path.join(evidence, sample)))
                  if re.match(r'v[cl]ek', name)]
        for leaf in leaves:
            content = read(evidence, sample, leaf)
            seeds = {'certificate': b'\0' + part(report) + part(content)}
            seeds['list'] = seeds['certificate'] + lists
            guid = VLEK if leaf.startswith('vlek') else VCEK
            raw = content if leaf.endswith('.der') else der(content)
            seeds['table'] = b'\1' + part(report) + table([(guid, raw), (ASK, content)])
            for kind, seed in seeds.items():
                with open(os.path.join(folder, f'{sample}-{leaf}-{kind}'), 'wb') as file:
                    file.write(seed)
    with open(digests, 'w', encoding='ascii') as file:
        for row in rows:
            file.write('{ ' + ', '.join(str(byte) for byte in row) + ' },\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
