# SPDX-License-Identifier: Apache-2.0
"""Processes of python3: subprocess, fork, pools, shared memory, pipes, signals."""
import multiprocessing
import os
import select
import signal
import socket
import subprocess
import sys
import time
from multiprocessing import shared_memory


def square(n):
    return n * n


def add(total, lock, count):
    for _ in range(count):
        with lock:
            total.value += 1


def fail(n):
    raise ValueError(n)


def pools():
    with multiprocessing.Pool(3) as pool:
        print(pool.map(square, range(20)))
        print(sorted(pool.imap_unordered(square, range(10), chunksize=3)))
        try:
            pool.apply(fail, (3,))
        except ValueError as error:
            print('ValueError', error)


def shared():
    total, lock = multiprocessing.Value('i', 0, lock=False), multiprocessing.Lock()
    workers = [multiprocessing.Process(target=add, args=(total, lock, 500)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(total.value, [worker.exitcode for worker in workers])
    block = shared_memory.SharedMemory(create=True, size=4096)
    if os.fork() == 0:
        block.buf[:5] = b'child'
        os._exit(0)
    os.wait()
    print(bytes(block.buf[:5]))
    block.close()
    block.unlink()


def programs():
    done = subprocess.run(['sort', '-r'], input='a\nc\nb\n', text=True, capture_output=True, check=True)
    print(done.stdout.split())
    print(subprocess.run([sys.executable, '-c', 'import sys; sys.exit(7)'], check=False).returncode)
    print(subprocess.run(['cat', '/nothing'], capture_output=True, check=False).returncode)
    try:
        subprocess.run(['sleep', '10'], timeout=0.1, check=True)
    except subprocess.TimeoutExpired:
        print('timeout')
    try:
        subprocess.run(['/no/such'], check=True)
    except FileNotFoundError:
        print('not found')


def signals():
    caught = []
    signal.signal(signal.SIGALRM, lambda number, frame: caught.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    while not caught:
        time.sleep(1)
    child = os.fork()
    if child == 0:
        time.sleep(100)
    os.kill(child, signal.SIGTERM)
    print(len(caught), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def streams():
    a, b = socket.socketpair()
    reader, writer = os.pipe()
    if os.fork() == 0:
        a.close()
        b.sendall(b'x' * 300000)
        os.write(writer, b'done')
        os._exit(0)
    b.close()
    size = 0
    while select.select([a, reader], [], [])[0] and size < 300000:
        size += len(a.recv(65536))
    print(size, os.read(reader, 10))
    os.wait()


for part in (pools, shared, programs, signals, streams):
    print(part.__name__)
    part()
    sys.stdout.flush()
