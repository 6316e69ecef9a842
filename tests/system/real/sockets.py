# SPDX-License-Identifier: Apache-2.0
"""Sockets, locks and named pipes between processes of python3."""
import array
import contextlib
import fcntl
import http.client
import http.server
import mmap
import os
import select
import socket
import socketserver
import struct
import threading

ECHO = 'echo.sock'


class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


def unix_server():
    with contextlib.suppress(FileNotFoundError):
        os.unlink(ECHO)
    server = socketserver.ThreadingUnixStreamServer(ECHO, Upper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    children = []
    for n in range(4):
        children.append(os.fork())
        if children[-1] == 0:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(ECHO)
                with client.makefile('rw') as stream:
                    for line in range(50):
                        stream.write(f'line {n} {line}\n')
                        stream.flush()
                        if stream.readline() != f'LINE {n} {line}\n':
                            os._exit(1)
            os._exit(0)
    print([os.waitpid(pid, 0)[1] for pid in children])
    server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def web():
    with open('page', 'wb') as file:
        file.write(bytes(range(256)) * 2000)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(3):
        client = http.client.HTTPConnection('localhost', server.server_port)
        client.request('GET', '/page')
        answer = client.getresponse()
        print(answer.status, len(answer.read()))
        client.close()
    server.shutdown()
    server.server_close()


def descriptors():
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        with open('passed', 'w+b') as file:
            file.write(b'from the child')
            file.flush()
            file.seek(5)
            socket.send_fds(theirs, [b'here'], [file.fileno(), 1])
        os._exit(0)
    text, fds, flags, _ = socket.recv_fds(ours, 100, 5)
    os.wait()
    print(text, len(fds), flags, os.read(fds[0], 100))
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    if os.fork() == 0:
        theirs.send(b'who')
        os._exit(0)
    text, control, _, _ = ours.recvmsg(100, socket.CMSG_SPACE(12))
    pid, uid, gid = struct.unpack('3i', control[0][2])
    print(text, pid == os.wait()[0], uid == os.getuid(), gid == os.getgid())
    print(array.array('i', ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0] == os.getpid())


def pump(client):
    client.sendall(bytes(5000000))
    client.shutdown(socket.SHUT_WR)


def large():
    """More than any buffer holds, both ways at once."""
    server = socket.create_server(('127.0.0.1', 0))
    if os.fork() == 0:
        client = socket.create_connection(server.getsockname())
        threading.Thread(target=pump, args=(client,)).start()
        total = 0
        while data := client.recv(70000):
            total += len(data)
        os._exit(0 if total == 5000000 else 1)
    peer, _ = server.accept()
    total = 0
    while data := peer.recv(65536):
        total += len(data)
        peer.sendall(data)
    peer.close()
    print(total, os.wait()[1])


def datagrams():
    one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    one.bind(('127.0.0.1', 0))
    two.connect(one.getsockname())
    two.send(b'ping')
    text, sender = one.recvfrom(100)
    print(text, sender == two.getsockname())
    poll = select.poll()
    poll.register(two, select.POLLIN)
    print(poll.poll(10))
    one.sendto(b'pong', sender)
    print(len(poll.poll(1000)), two.recv(10))


def add(count):
    for _ in range(count):
        with open('counter', 'r+', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            value = int(file.read())
            file.seek(0)
            file.write(f'{value + 1}\n')


def add_by_record(count):
    with open('counter', 'r+b', buffering=0) as file:
        for _ in range(count):
            fcntl.lockf(file, fcntl.LOCK_EX, 10)
            value = int(os.pread(file.fileno(), 20, 0))
            os.pwrite(file.fileno(), b'%d\n' % (value + 1), 0)
            fcntl.lockf(file, fcntl.LOCK_UN, 10)


def locks():
    for work in (add, add_by_record):
        with open('counter', 'w', encoding='ascii') as file:
            file.write('0\n')
        for _ in range(4):
            if os.fork() == 0:
                work(100)
                os._exit(0)
        print([os.wait()[1] for _ in range(4)])
        with open('counter', encoding='ascii') as file:
            print(file.read())


def named_pipe():
    os.mkfifo('fifo')
    if os.fork() == 0:
        with open('fifo', 'wb') as file:
            file.write(b'x' * 200000)
        os._exit(0)
    with open('fifo', 'rb') as file:
        print(len(file.read()), os.wait()[1])


def memory_file():
    fd = os.memfd_create('shared', os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, 8192)
    view = mmap.mmap(fd, 8192)
    if os.fork() == 0:
        view[100:105] = b'child'
        os.pwrite(fd, b'written', 4096)
        os._exit(0)
    os.wait()
    print(view[100:105], view[4096:4103], os.pread(fd, 5, 100))


if __name__ == '__main__':
    for test in (unix_server, web, descriptors, large, datagrams, locks, named_pipe, memory_file):
        print('--', test.__name__, flush=True)
        test()
