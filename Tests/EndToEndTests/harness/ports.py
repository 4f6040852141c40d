"""Free loopback ports below the kernel's ephemeral range, so that no outgoing connection takes one in between."""

import itertools
import os
import socket

_candidates = itertools.count(20_000 + os.getpid() * 37 % 8_000)


def free_port():
    while True:
        port = 20_000 + next(_candidates) % 12_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def free_address():
    return f"127.0.0.1:{free_port()}"
