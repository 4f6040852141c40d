"""grpcio servers that stand in for the upstreams."""

import concurrent.futures
import pathlib
import sys
import threading
import time

import grpc

from .ports import free_address
from .processes import Process
from .stubs import interop, interop_services, shop, shop_services

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]


class Server:
    """A grpcio server on a loopback port that can be stopped and started again on the same port."""

    def __init__(self, address=None, workers=24):
        self.address = address or free_address()
        self.workers = workers
        self.server = None
        self.start()

    def start(self):
        pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        self.server = grpc.server(pool, options=UNLIMITED)
        self.register(self.server)
        self.server.add_insecure_port(self.address)
        self.server.start()

    def stop(self, grace=None):
        self.server.stop(grace).wait()

    def close(self):
        self.stop()


class Interop(Server, interop_services.InteropServicer):
    """The interoperability service; `received` holds the metadata of each call, `ended` counts those that ended."""

    def __init__(self, address=None, workers=24):
        self.received = []
        self.remaining = []
        self.ended = threading.Semaphore(0)
        super().__init__(address, workers)

    def register(self, server):
        interop_services.add_InteropServicer_to_server(self, server)

    def greet(self, context):
        """Records the call and echoes the metadata that the public descriptions name."""
        metadata = [(key, value) for key, value in context.invocation_metadata()]
        self.received.append(metadata)
        self.remaining.append(context.time_remaining())
        context.add_callback(self.ended.release)
        echoed = [(key, value) for key, value in metadata if key.startswith("x-test-echo-initial")]
        if echoed:
            context.send_initial_metadata(echoed)
        context.set_trailing_metadata([item for item in metadata if item[0].startswith("x-test-echo-trailing")])

    @staticmethod
    def finish(request, context):
        if request.HasField("status"):
            context.set_code(CODES[request.status.code])
            context.set_details(request.status.message)

    def Empty(self, request, context):
        self.greet(context)
        return interop.Nothing()

    def Unary(self, request, context):
        self.greet(context)
        if request.compress_reply:
            context.set_compression(grpc.Compression.Gzip)
        wait(request, context)
        self.finish(request, context)
        return interop.Reply(payload=bytes(request.reply_bytes), received_bytes=len(request.payload))

    def StreamIn(self, requests, context):
        self.greet(context)
        return interop.Reply(received_bytes=sum(len(request.payload) for request in requests))

    def StreamOut(self, request, context):
        self.greet(context)
        yield from self.replies(request, context)
        self.finish(request, context)

    def Duplex(self, requests, context):
        self.greet(context)
        for request in requests:
            yield from self.replies(request, context)
            if request.HasField("status"):
                self.finish(request, context)
                return

    @staticmethod
    def replies(request, context):
        if request.compress_reply:
            context.set_compression(grpc.Compression.Gzip)
        for _ in range(max(1, request.rounds)):
            for size in request.reply_bytes:
                wait(request, context)
                yield interop.Reply(payload=bytes(size), received_bytes=len(request.payload))


CODES = {code.value[0]: code for code in grpc.StatusCode}


def wait(request, context):
    """Waits as told, in short steps so that a cancelled call ends."""
    end = time.monotonic() + request.wait_milliseconds / 1000
    while context.is_active() and time.monotonic() < end:
        time.sleep(min(0.02, max(0, end - time.monotonic())))


class Shop(Server, shop_services.OrdersServicer):
    """Orders of one side. `received` holds (method, key, metadata) of each call; `fail_with` makes every call fail."""

    def __init__(self, side, orders=(), address=None):
        self.side = side
        self.orders = set(orders)
        self.received = []
        self.remaining = []
        self.fail_with = None
        self.wait_seconds = 0
        super().__init__(address)

    def register(self, server):
        shop_services.add_OrdersServicer_to_server(self, server)

    def answer(self, method, key, context):
        metadata = dict(context.invocation_metadata())
        self.received.append((method, key, metadata))
        self.remaining.append(context.time_remaining())
        context.set_trailing_metadata([("answered-by", self.side)])
        if self.wait_seconds:
            time.sleep(self.wait_seconds)
        if self.fail_with is not None:
            context.abort(self.fail_with, f"{self.side} was told to fail")
        if key not in self.orders:
            context.abort(grpc.StatusCode.NOT_FOUND, f"{self.side} has no {key}")
        return shop.Order(
            id=key, side=self.side, stage=metadata.get("switchover-stage", ""),
            epoch=metadata.get("switchover-epoch", ""),
        )

    def Get(self, request, context):
        return self.answer("Get", request.id, context)

    def Find(self, request, context):
        return self.answer("Find", request.where.id, context)

    def Watch(self, request, context):
        order = self.answer("Watch", request.id, context)
        for _ in range(3):
            yield order

    def Change(self, request, context):
        return self.answer("Change", request.id, context)


class StockServer(Process):
    """`Interop` as a process of its own: nothing of the test slows it, and it can be killed."""

    name = "grpcio server"

    def __init__(self, folder, address=None):
        self.address = address or free_address()
        self.folder = pathlib.Path(folder)
        self.launch()

    def launch(self):
        log = self.folder / f"stock-{self.address.rpartition(':')[2]}.log"
        here = pathlib.Path(__file__).parent.parent
        super().__init__([sys.executable, "-m", "harness.backends", self.address], log, cwd=here)
        self.await_port(self.address)

    def close(self):
        self.kill()


def main():
    Interop(sys.argv[1], workers=64).server.wait_for_termination()


if __name__ == "__main__":
    main()

__all__ = ["CODES", "Interop", "Server", "Shop", "StockServer"]
