# SPDX-License-Identifier: Apache-2.0
"""A vendor for the lab: ARK, ASK and VCEK of the shape AMD's have.

    vendor.py FOLDER [--chip HEX] [--tcb HEX]

Fresh keys every time; nobody keeps those of ARK and ASK.  In FOLDER:

    ark.pem      the lab's root, for a relying party that wants to trust it
    ask.pem      the intermediate
    vcek.pem     certificate of the key that signs reports
    vcek.key     that key: 48 bytes, big endian
    table.bin    all three as SNP_EXTENDED_GUEST_REQUEST hands them out
    chip.bin     chip, tcb, key and table as the lab takes them (../chip.h)

chip (64 bytes) and tcb (8 bytes, lowest first: boot loader, TEE, four
reserved, SNP, microcode) are what reports say of the platform.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import uuid

DAYS = 7 * 365
PSS = ['-sha384', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:48',
       '-sigopt', 'rsa_mgf1_md:sha384']
ARC = '1.3.6.1.4.1.3704.1'
# Which extension has which byte of a TCB (Milan).
SPL = (1, 2, 4, 5, 6, 7, 3, 8)
# Entries of the table: what, and its GUID in the order of its text.
TABLE = (
    ('ark', 'c0b406a4-a803-4952-9743-3fb6014cd0ae'),
    ('ask', '4ab7b379-bbac-4fe4-a02f-05aef327c782'),
    ('vcek', '63da758d-e664-4564-adc5-f4b93be8accd'),
)


def openssl(*arguments):
    """What openssl prints; its complaints only when it fails."""
    done = subprocess.run(('openssl',) + arguments, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f'openssl {arguments[0]}: {done.stderr.decode(errors="replace")}')
    return done.stdout


def name(common):
    return f'/OU=Lab/C=US/O=libconfbox lab/CN={common}'


def write(path, text):
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def vcek_extensions(chip, tcb):
    lines = [f'{ARC}.1 = ASN1:INTEGER:0', f'{ARC}.2 = ASN1:IA5STRING:Milan-B0']
    lines += [f'{ARC}.3.{SPL[i]} = ASN1:INTEGER:{tcb[i]}' for i in range(8)]
    lines.append(f'{ARC}.4 = DER:' + ':'.join(f'{byte:02X}' for byte in chip))
    return '\n'.join(lines) + '\n'


def certify(folder, issuer, party, common, extensions):
    """@p party's certificate; its serial number is 0 for a VCEK, as AMD's."""
    request, rules = os.path.join(folder, 'request'), os.path.join(folder, 'rules')
    key = os.path.join(folder, party + '.pkey')
    openssl('req', '-new', '-key', key, '-subj', name(common), '-out', request)
    write(rules, extensions)
    signer = ('-signkey', key) if issuer == party else (
        '-CA', os.path.join(folder, issuer + '.pem'),
        '-CAkey', os.path.join(folder, issuer + '.pkey'))
    openssl('x509', '-req', '-in', request, *signer, '-days', str(DAYS), *PSS,
            '-set_serial', '0' if party == 'vcek' else '1', '-extfile', rules,
            '-out', os.path.join(folder, party + '.pem'))


def scalar(path):
    """The private number in a P-384 key file: RFC 5915, an OCTET STRING of 48."""
    der = openssl('ec', '-in', path, '-outform', 'DER')
    at = der.index(bytes((0x04, 48))) + 2
    return der[at:at + 48]


def table(folder):
    certificates = [(uuid.UUID(guid).bytes, openssl(
        'x509', '-in', os.path.join(folder, party + '.pem'), '-outform', 'DER'))
        for party, guid in TABLE]
    offset = 24 * (len(certificates) + 1)
    head, body = b'', b''
    for guid, der in certificates:
        head += guid + (offset + len(body)).to_bytes(4, 'little') + len(der).to_bytes(4, 'little')
        body += der
    return head + bytes(24) + body


def chip_file(chip, tcb, key, certificates):
    return (b'lab chip' + chip + tcb + key + len(certificates).to_bytes(4, 'little') + bytes(4) +
            certificates)


def make(folder, chip, tcb):
    """All of it, in @p folder."""
    for party in ('ark', 'ask'):
        openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:4096',
                '-out', os.path.join(folder, party + '.pkey'))
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384',
            '-out', os.path.join(folder, 'vcek.pkey'))
    authority = 'basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n'
    certify(folder, 'ark', 'ark', 'ARK-Lab', authority)
    certify(folder, 'ark', 'ask', 'SEV-Milan', authority)
    certify(folder, 'ask', 'vcek', 'SEV-VCEK', vcek_extensions(chip, tcb))
    key, certificates = scalar(os.path.join(folder, 'vcek.pkey')), table(folder)
    return {'vcek.key': key, 'table.bin': certificates,
            'chip.bin': chip_file(chip, tcb, key, certificates)}


def octets(text, size):
    value = bytes.fromhex(text)
    if len(value) != size:
        raise argparse.ArgumentTypeError(f'{size} bytes in hexadecimal')
    return value


def main():
    parser = argparse.ArgumentParser(description='Make a vendor for the lab.')
    parser.add_argument('folder')
    parser.add_argument('--chip', type=lambda text: octets(text, 64),
                        default=bytes(range(1, 65)))
    parser.add_argument('--tcb', type=lambda text: octets(text, 8), default=bytes([1] * 8))
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        files = make(work, options.chip, options.tcb)
        for party, _ in TABLE:
            with open(os.path.join(work, party + '.pem'), 'rb') as f:
                files[party + '.pem'] = f.read()
    for file, content in files.items():
        mode = 0o600 if file in ('vcek.key', 'chip.bin') else 0o644
        path = os.path.join(options.folder, file)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'wb') as f:
            f.write(content)


if __name__ == '__main__':
    main()
