"""Free loopback ports below the kernel's ephemeral range, so that no outgoing connection takes one in between.

Processes that run tests side by side have ports of their own."""

import itertools
import os
import socket

_first, _all = 20_000, 12_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_each = _all // _workers
_candidates = itertools.count(os.getpid() * 37)


def free_port():
    while True:
        port = _first + _worker * _each + next(_candidates) % _each
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def free_address():
    return f"127.0.0.1:{free_port()}"
