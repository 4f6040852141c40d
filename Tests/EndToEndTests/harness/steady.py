"""Well-behaved clients that call all the while and count what went wrong."""

import threading
import time

from .cases import STREAM_OUT, UNARY
from .history import Client
from .processes import wait_for
from .stubs import interop


class Steady:
    """`threads` clients, each with a channel of its own, alternate unary and streaming calls until the block ends."""

    METADATA = [
        ("authorization", "Bearer 0123456789abcdef"), ("x-tenant", "retail"), ("x-trace-bin", b"\x00\x01\x02\x03"),
        ("x-text", "plain"), ("x-data-bin", b"data"),
    ]

    def __init__(self, address, threads=2, pause=0.005, seconds=10):
        self.address = address
        self.pause = pause
        self.seconds = seconds
        self.errors = []
        self.calls = 0
        self.slowest = 0.0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.await_calls(4)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            if thread.is_alive():
                thread.join(30)

    def run(self):
        with Client(self.address) as client:
            count = 0
            while not self.stopping.is_set():
                began = time.monotonic()
                outcome = self.call(client, count)
                with self.lock:
                    self.calls += 1
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    if outcome.code != "OK":
                        self.errors.append(outcome)
                count += 1
                time.sleep(self.pause)

    def call(self, client, count):
        if count % 4 == 3:
            request = interop.StreamRequest(reply_bytes=[1, 1000, 10])
            return client.stream_out(STREAM_OUT, request, timeout=self.seconds, metadata=self.METADATA)
        request = interop.Request(reply_bytes=100, payload=b"p" * 100)
        return client.unary(UNARY, request, timeout=self.seconds, metadata=self.METADATA)

    def await_calls(self, more, seconds=20):
        """Waits until `more` further calls have ended."""
        target = self.calls + more
        wait_for(lambda: self.calls >= target, seconds, f"{more} further calls beside (errors: {self.errors[:3]})")
