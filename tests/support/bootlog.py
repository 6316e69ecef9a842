# SPDX-License-Identifier: Apache-2.0
"""Boot logs (doc/measurement.md): what a loader appends to the host's image.

A log is a TCG event log in the crypto-agile format (PC Client Platform Firmware
Profile, 10.2.1 and 10.4.5.1) with one bank, SHA-384.
"""
import hashlib
import struct

MAGIC = b'\0CBXLOG1'
SHA384, DIGEST = 0x000C, 48
EV_NO_ACTION, EV_IPL = 3, 13
PCR_MONITOR, PCR_HOST = 8, 9
PAGE = 4096


def _header():
    spec = struct.pack('<16sIBBBBIHHB', b'Spec ID Event03', 0, 0, 2, 0, 2, 1, SHA384, DIGEST, 0)
    return struct.pack('<II20sI', 0, EV_NO_ACTION, bytes(20), len(spec)) + spec


def event(pcr, text, measured):
    """A TCG_PCR_EVENT2: that these bytes were measured, under a name."""
    name = text.encode()
    return struct.pack('<IIIH48sI', pcr, EV_IPL, 1, SHA384, hashlib.sha384(measured).digest(),
                       len(name)) + name


def log(monitor, host, options):
    """The log of a start: monitor and host are images, options a text."""
    return (_header() + event(PCR_MONITOR, 'monitor', monitor) + event(PCR_HOST, 'host', host) +
            event(PCR_HOST, 'options', options.encode()))


def tail(entries):
    """What follows the host's image in the file that is handed to the monitor."""
    return entries + struct.pack('<Q', len(entries)) + MAGIC


def digest(entries):
    """What BOOT_DIGEST says of the log, in hexadecimal."""
    record = struct.pack('<8s4Q', b'boot', 0, 0, 0, len(entries))
    return hashlib.sha384(bytes(DIGEST) + record + entries).hexdigest()


def replay(entries):
    """{pcr: value} of the registers a TPM would have after the log."""
    pcrs = {}
    at = 32 + struct.unpack_from('<I', entries, 28)[0]
    while at < len(entries):
        pcr, _, count, algorithm, value, size = struct.unpack_from('<IIIH48sI', entries, at)
        if count != 1 or algorithm != SHA384:
            raise ValueError('another bank than SHA-384')
        pcrs[pcr] = hashlib.sha384(pcrs.get(pcr, bytes(DIGEST)) + value).digest()
        at += 66 + size
    return pcrs
