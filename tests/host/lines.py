# SPDX-License-Identifier: Apache-2.0
"""Lines into a machine: the other end of tests/host/os/line.c.

Each is a network card that carries sessions, one after the other.  The machine
begins one; a Line then meets a peer, a stream socket of this machine, and
carries what both say until they have said all.

A packet begins with two bytes, little-endian, in either direction:

    1 to 1024   so many bytes of data follow; at most 16 such packets are on
                their way
    ffff        a session begins; what came before is no part of it
    fffe        the other end may send one packet of data more
    0000        the stream's end
"""
import os
import socket
import struct
import threading

COUNT = 3
BEGIN, CREDIT, END = 0xffff, 0xfffe, 0
MOST, WINDOW = 1024, 16
PATIENCE = 1  # seconds


def listen(where):
    """A socket at a port of this machine, or at a path that is not there yet."""
    if where.isdecimal():
        return socket.create_server(('127.0.0.1', int(where)))
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(where)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def accept(listener):
    """The next client is the peer."""
    def meet():
        try:
            return listener.accept()[0]
        except OSError:
            return None
    return meet


def connect(path):
    """Whoever listens there is the peer; nobody: the machine reads the end."""
    def meet():
        peer = socket.socket(socket.AF_UNIX)
        try:
            peer.connect(path)
            return peer
        except OSError:
            peer.close()
            return None
    return meet


class Line:
    """A card of the machine's, from QEMU's start to its end.  With seen, a pair of
    bytearrays, it keeps the data that go in and come out."""

    def __init__(self, folder, number, meet, seen=None):
        self.number, self.meet, self.seen = number, meet, seen
        self.sessions = 0  # that are over
        self.path = os.path.join(folder, f'line{number}')
        self.turn = threading.Lock()
        self.listener = listen(self.path)
        threading.Thread(target=self._run, daemon=True).start()

    def words(self):
        """QEMU's."""
        return ['-netdev', f'stream,id=line{self.number},server=off,addr.type=unix,'
                f'addr.path={self.path}',
                '-device', f'ne2k_isa,netdev=line{self.number},irq=5,'
                f'iobase={0x300 + 0x20 * self.number:#x}']

    def close(self):
        self.listener.close()

    def _run(self):
        try:
            self.plug = self.listener.accept()[0]
            self.file = self.plug.makefile('rb')
            while True:
                while self._packet()[0] != BEGIN:
                    pass
                self._session()
                self.sessions += 1
        except (OSError, EOFError):  # the machine ended
            pass

    def _read(self, size):
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _packet(self):
        """(kind, data)."""
        size = struct.unpack('>I', self._read(4))[0]
        kind, data = struct.unpack('<H', self._read(2))[0], self._read(size - 2)
        if self.seen:
            self.seen[1].extend(data)
        return kind, data

    def _write(self, kind, data=b''):
        if self.seen:
            self.seen[0].extend(data)
        with self.turn:
            self.plug.sendall(struct.pack('>I', 2 + len(data)) + struct.pack('<H', kind) + data)

    def _session(self):
        peer = self.meet()
        self.credits = threading.Semaphore(WINDOW)
        self._write(BEGIN)
        if peer is None:
            self._write(END)
            self._carry_out(None)
            return
        self.over = False
        up = threading.Thread(target=self._carry_in, args=(peer,), daemon=True)
        up.start()
        try:
            self._carry_out(peer)
        finally:
            self._hang_up(peer, up)

    def _hang_up(self, peer, up):
        """The machine has said all.  What the peer still says is for nobody; closed on
        it before it is read, it might lose what it was told."""
        self.over = True
        self.credits.release()
        for how in (socket.SHUT_WR, socket.SHUT_RDWR):
            try:
                peer.shutdown(how)
            except OSError:
                pass
            up.join(PATIENCE if how == socket.SHUT_WR else None)
        peer.close()

    def _carry_in(self, peer):
        try:
            while data := self._part(peer):
                if not self.over:
                    self.credits.acquire()
                if not self.over:
                    self._write(len(data), data)
            if not self.over:
                self._write(END)
        except OSError:  # the machine ended
            pass

    @staticmethod
    def _part(peer):
        try:
            return peer.recv(MOST)
        except OSError:
            return b''

    def _carry_out(self, peer):
        while True:
            kind, data = self._packet()
            if kind == END:
                return
            if kind == CREDIT:
                self.credits.release()
                continue
            try:
                if peer is not None:
                    peer.sendall(data)
            except OSError:  # it hung up; the machine will hear of it
                pass
            self._write(CREDIT)
