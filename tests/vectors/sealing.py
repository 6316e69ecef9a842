# SPDX-License-Identifier: Apache-2.0
"""The test vectors of sealing, computed a second time.

HKDF by hmac and hashlib, AES-256-GCM by OpenSSL's libcrypto, ECDSA P-384 by
arithmetic: nothing here is of src/.  With --write the file is made anew.
"""
import ctypes
import ctypes.util
import hashlib
import hmac
import pathlib
import struct
import sys

PLACE = pathlib.Path(__file__).with_name('sealing.txt')
NONE, PLATFORM, RELEASED = 0, 1, 2
EXACT, SIGNER, FAMILY = 1, 2, 3


def hkdf(secret, info, size=32):
    prk = hmac.digest(bytes(48), secret, 'sha384')
    out, block, number = b'', b'', 1
    while len(out) < size:
        block = hmac.digest(prk, block + info + bytes([number]), 'sha384')
        out, number = out + block, number + 1
    return out[:size]


def gcm(key, nonce, additional, plain):
    """AES-256-GCM: ciphertext and tag."""
    crypto = ctypes.CDLL(ctypes.util.find_library('crypto'))
    crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    crypto.EVP_aes_256_gcm.restype = ctypes.c_void_p
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, tag, size = ctypes.create_string_buffer(len(plain) + 16), \
        ctypes.create_string_buffer(16), ctypes.c_int()
    steps = [
        crypto.EVP_EncryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None,
                                  key, nonce),
        crypto.EVP_EncryptUpdate(context, None, ctypes.byref(size), additional, len(additional)),
        crypto.EVP_EncryptUpdate(context, out, ctypes.byref(size), plain, len(plain)),
        crypto.EVP_EncryptFinal_ex(context, ctypes.create_string_buffer(16), ctypes.byref(size)),
        crypto.EVP_CIPHER_CTX_ctrl(context, 0x10, 16, tag),
    ]
    crypto.EVP_CIPHER_CTX_free(context)
    assert steps == [1] * 5, steps
    return out.raw[:len(plain)] + tag.raw


# P-384: SEC 2, 2.5.1.
P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = int('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf'
        '581a0db248b0a77aecec196accc52973', 16)
G = (int('aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38'
         '5502f25dbf55296c3a545e3872760ab7', 16),
     int('3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0'
         '0a60b1ce1d7e819d7a431d7c90ea0e5f', 16))


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else \
        (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(n, point):
    out = None
    while n:
        out = add(out, point) if n & 1 else out
        point, n = add(point, point), n >> 1
    return out


def point_of(secret):
    x, y = times(secret, G)
    return b'\4' + x.to_bytes(48, 'big') + y.to_bytes(48, 'big')


def number_once(secret, hashed):
    """RFC 6979, 3.2: its first candidate below N."""
    seed = secret.to_bytes(48, 'big') + (int.from_bytes(hashed, 'big') % N).to_bytes(48, 'big')
    key, v = bytes(48), b'\1' * 48
    for separator in b'\0', b'\1':
        key = hmac.digest(key, v + separator + seed, 'sha384')
        v = hmac.digest(key, v, 'sha384')
    v = hmac.digest(key, v, 'sha384')
    assert 0 < int.from_bytes(v, 'big') < N
    return int.from_bytes(v, 'big')


def sign(secret, text):
    hashed = hashlib.sha384(text).digest()
    h, k = int.from_bytes(hashed, 'big'), number_once(secret, hashed)
    r = times(k, G)[0] % N
    s = pow(k, -1, N) * (h + r * secret) % N
    # As a verifier sees it.
    w = pow(s, -1, N)
    assert add(times(h * w % N, G), times(r * w % N, times(secret, G)))[0] % N == r
    return r.to_bytes(48, 'big') + s.to_bytes(48, 'big')


def filled(text, size):
    return text.encode().ljust(size, b'\0')


def bytes_of(seed, size):
    return hashlib.shake_256(seed.encode()).digest(size)


ROOT = bytes_of('root', 32)
SERVICE = 0x5e41ed


def key_vector(name, selector, flags, version, family, backend):
    info = filled('libconfbox seal key', 32) + struct.pack('<IIQ', selector, flags, version) + \
        bytes_of('identity ' + name, 48) + family + bytes_of('key id ' + name, 32) + \
        filled(backend, 16)
    assert len(info) == 160
    return [('vector', f'key {name}'.encode()), ('root', ROOT), ('info', info),
            ('key', hkdf(ROOT, info))]


def blob_vector(name, selector, version, counter, context, data):
    key = bytes_of('key ' + name, 32)
    header = struct.pack('<8sIIIIQ', b'CBXSEAL1', 1, NONE, selector, counter is not None,
                         version) + bytes_of('key id ' + name, 32) + \
        (counter or bytes(72)) + bytes_of('nonce ' + name, 12) + struct.pack('<IQ', 0, len(data))
    assert len(header) == 160
    sealed = gcm(hkdf(key, filled('libconfbox seal blob', 32)), header[0x88:0x94],
                 header + context, data)
    return [('vector', f'blob {name}'.encode()), ('key', key), ('context', context),
            ('data', data), ('blob', header + sealed)]


def answer_vector(name, op, start, value, done):
    public = point_of(SERVICE)
    question = struct.pack('<QQ', op, start) + hashlib.sha256(public).digest() + \
        bytes_of('name ' + name, 32) + bytes_of('nonce ' + name, 32)
    answer = question + struct.pack('<QQ', value, done)
    return [('vector', f'answer {name}'.encode()), ('secret', SERVICE.to_bytes(48, 'big')),
            ('question', question),
            ('answer', answer + public + bytes(7) +
             sign(SERVICE, filled('libconfbox counter 1', 32) + answer))]


def vectors():
    counter = hashlib.sha256(point_of(SERVICE)).digest() + bytes_of('name', 32) + \
        struct.pack('<Q', 7)
    yield key_vector('exact', EXACT, 0, 0, bytes(16), 'linux')
    yield key_vector('signer', SIGNER, 8, 3, bytes(16), 'snp')
    yield key_vector('family', FAMILY, 16, 2**64 - 1, bytes_of('family', 16), 'pks-vm')
    info = filled('libconfbox seal key', 32) + struct.pack('<I', 4) + bytes(108) + \
        filled('linux', 16)
    yield [('vector', b'key name of the root'), ('root', ROOT), ('info', info),
           ('key', hkdf(ROOT, info))]
    yield blob_vector('empty', EXACT, 0, None, b'', b'')
    yield blob_vector('words', EXACT, 0, None, b'', b'what outlives the box')
    yield blob_vector('context', SIGNER, 9, None, b'/var/lib/state', bytes_of('data', 1000))
    yield blob_vector('counted', FAMILY, 1, counter, b'', bytes_of('more data', 4096))
    yield answer_vector('read', 1, 0, 7, 0)
    yield answer_vector('advanced', 2, 7, 8, 1)
    yield answer_vector('moved', 2, 5, 8, 0)


def text():
    lines = ['# Test vectors of doc/sealing.md, made by sealing.py.']
    for vector in vectors():
        lines.append('')
        for name, value in vector:
            shown = value.decode() if name == 'vector' else value.hex()
            lines.append(f'{name} = {shown}'.rstrip())
    return '\n'.join(lines) + '\n'


def main():
    if sys.argv[1:] == ['--write']:
        PLACE.write_text(text())
        return 0
    wrong = [(a, b) for a, b in zip(PLACE.read_text().splitlines(), text().splitlines())
             if a != b]
    for a, b in wrong:
        print(f'the file says {a[:100]}\nbut it is     {b[:100]}')
    return 1 if wrong or PLACE.read_text() != text() else 0


if __name__ == '__main__':
    sys.exit(main())
