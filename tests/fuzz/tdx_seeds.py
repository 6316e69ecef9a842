# SPDX-License-Identifier: Apache-2.0
"""tdx_seeds.py EVIDENCE DIGESTS QUOTES PARTS: seeds of fuzz_verify_tdx and
fuzz_verify_tdx_parts from the samples (their heads say how they are written),
and the digests of what the genuine quotes sign."""
import base64
import hashlib
import json
import os
import re
import struct
import sys

V4, V5, CCEL = 'v4-spr-e4', 'v5-google', 'ccel-cos113'
REPORT = {4: 48 + 584, 5: 48 + 6 + 648}
SGX = bytes.fromhex('06092a864886f84d010d01')
LOG = 0x46b5 + 16


def read(*path):
    with open(os.path.join(*path), 'rb') as file:
        return file.read()


def write(folder, name, content):
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(content)


def part(content):
    return struct.pack('<H', len(content)) + content


def signed(quote):
    return quote[:REPORT[quote[0]]]


def extension(quote):
    """The SGX extension of the first certificate."""
    pem = re.search(rb'-----BEGIN CERTIFICATE-----(.*?)-----', quote, re.S).group(1)
    der = base64.b64decode(pem)
    at = der.index(SGX) + len(SGX)
    assert der[at:at + 2] == b'\x04\x82'
    return der[at + 4:at + 4 + struct.unpack('>H', der[at + 2:at + 4])[0]]


def quote_seeds(evidence, folder):
    quotes = {name: read(evidence, name, 'quote.bin').rstrip(b'\0')
              for name in (V4, V5, CCEL, 'neg-sgx-v3')}
    bundle = read(evidence, 'neg-sgx-v3', 'collateral.json')
    signer = json.loads(bundle)['tcb_info_issuer_chain'].encode()
    google = {name: read(evidence, 'collateral-google', name)
              for name in os.listdir(os.path.join(evidence, 'collateral-google'))}
    log = read(evidence, CCEL, 'ccel_data.bin')[:LOG]
    for name, quote in quotes.items():
        write(folder, name, b'\0' + part(quote))
    write(folder, 'log', b'\1' + part(quotes[CCEL]) + part(log))
    write(folder, 'tcb', b'\0' + part(quotes[V5]) + part(google['sample_tcbinfo_response_v5']) +
          part(signer))
    write(folder, 'bundle', b'\2' + part(quotes[CCEL]) + part(bundle))
    write(folder, 'lists', b'\4' + part(quotes[V4]) + part(google['rootcrl.der']) +
          part(google['pckcrl']))
    return quotes


def parts_seeds(evidence, folder, quotes):
    google = os.path.join(evidence, 'collateral-google')
    write(folder, 'log', b'\0' + read(evidence, CCEL, 'ccel_data.bin')[:LOG])
    for name in sorted(os.listdir(google)):
        if name.startswith('sample'):
            write(folder, name, b'\1' + read(google, name))
    bundle = json.loads(read(evidence, 'neg-sgx-v3', 'collateral.json'))
    write(folder, 'sgx', b'\1' + json.dumps({
        'tcbInfo': json.loads(bundle['tcb_info']), 'signature': '00' * 64}).encode())
    for name in (V4, V5, CCEL):
        write(folder, name, b'\2' + extension(quotes[name]))


def main(evidence, digests, quote_folder, parts_folder):
    os.makedirs(quote_folder, exist_ok=True)
    os.makedirs(parts_folder, exist_ok=True)
    quotes = quote_seeds(evidence, quote_folder)
    parts_seeds(evidence, parts_folder, quotes)
    with open(digests, 'w', encoding='ascii') as file:
        for name in (V4, V5, CCEL):
            digest = hashlib.sha256(signed(quotes[name])).digest()
            file.write('{ ' + ', '.join(str(byte) for byte in digest) + ' },\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
