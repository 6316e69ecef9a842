# SPDX-License-Identifier: Apache-2.0
"""verify.py BENCH_VERIFY EVIDENCE [--quick]: verification of platform evidence,
and what OpenSSL takes for the signatures in it.
"""
import re
import shutil
import subprocess
import sys

import table

# As openssl speed calls it, prints it, and we do.
CHECKS = (('rsa4096', r'^rsa 4096 bits +[0-9.]+s +[0-9.]+s +[0-9.]+ +([0-9.]+)$',
           '- RSA-4096, PKCS #1, OpenSSL'),
          ('ecdsap384', r'^ *384 bits ecdsa .*? +([0-9.]+)$', '- ECDSA P-384, OpenSSL'),
          ('ecdsap256', r'^ *256 bits ecdsa .*? +([0-9.]+)$', '- ECDSA P-256, OpenSSL'))


def openssl(quick):
    if not shutil.which('openssl'):
        print('\nOpenSSL is not installed.')
        return
    for name, pattern, what in CHECKS:
        said = subprocess.run(['openssl', 'speed', '-seconds', '1' if quick else '3', name],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True).stdout
        table.row(what, 1e6 / float(re.search(pattern, said, re.M).group(1)), 'us')


def main():
    quick = '--quick' in sys.argv
    subprocess.run(sys.argv[1:], check=True)
    openssl(quick)


if __name__ == '__main__':
    main()
