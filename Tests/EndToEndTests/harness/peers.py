"""gRPC and HTTP/2 stacks of other makers, as servers and as clients: grpcio, grpclib, grpc-go, nghttpd and nghttp."""

import asyncio
import os
import pathlib
import shutil
import subprocess
import sys

import grpc

from .backends import StockServer
from .ports import free_address
from .processes import Process, split
from .raw import RawClient, call_headers, message
from .stubs import interop

ROOT = pathlib.Path(__file__).parent.parent.parent.parent
# Tests/run builds them from Debian's source package.
GRPC_GO = pathlib.Path(os.environ.get("GRPC_GO_INTEROP", ROOT / ".build-peers/bin"))
SERVICE = "/grpc.testing.TestService"


class Side:
    """A server process and the paths of its methods: one message in and out, a stream in, a stream both ways."""

    unary, stream_in, duplex = f"{SERVICE}/UnaryCall", f"{SERVICE}/StreamingInputCall", f"{SERVICE}/FullDuplexCall"
    is_grpc = True
    reads_gzip = False

    def works(self, channel, timeout=5):
        return channel.unary_unary(self.unary)(b"", timeout=timeout) is not None

    def refusing(self, text):
        """Request and metadata of a unary call that ends with NOT_FOUND and this message."""
        return status_request(7, text), ()


def status_request(field, text):
    """A message with `EchoStatus { code: NOT_FOUND, message: text }` in this field."""
    status = b"\x08\x05\x12" + bytes([len(text)]) + text.encode()
    return bytes([field << 3 | 2, len(status)]) + status


class Grpcio(Side, StockServer):
    name = "grpcio"
    unary, stream_in, duplex = (f"/switchover.test.v1.Interop/{name}" for name in ("Unary", "StreamIn", "Duplex"))
    reads_gzip = True

    def refusing(self, text):
        return interop.Request(status=interop.Echo(code=5, message=text)).SerializeToString(), ()


class GrpcGo(Side, Process):
    name = "grpc-go"

    def __init__(self, folder):
        self.address = free_address()
        command = [str(GRPC_GO / "server"), f"-port={split(self.address)[1]}", "-use_tls=false"]
        super().__init__(command, pathlib.Path(folder) / "grpc-go.log")
        self.await_port(self.address)

    def close(self):
        self.kill()


class Grpclib(Side, Process):
    name = "grpclib"

    def __init__(self, folder):
        self.address = free_address()
        here = pathlib.Path(__file__).parent.parent
        command = [sys.executable, "-m", "harness.peers", self.address]
        super().__init__(command, pathlib.Path(folder) / "grpclib.log", cwd=here)
        self.await_port(self.address)

    def refusing(self, text):
        return b"", (("x-message", text),)

    def close(self):
        self.kill()


class Nghttpd(Side, Process):
    """Speaks HTTP/2 and no gRPC: what is uploaded comes back."""

    name = "nghttpd"
    is_grpc = False

    def __init__(self, folder):
        self.address = free_address()
        command = ["nghttpd", "--no-tls", "--echo-upload", "--address=127.0.0.1", split(self.address)[1]]
        super().__init__([str(part) for part in command], pathlib.Path(folder) / "nghttpd.log", cwd=folder)
        self.await_port(self.address)

    def close(self):
        self.kill()


SIDES = {side.name: side for side in (Grpcio, Grpclib, GrpcGo, Nghttpd)}


def missing(name):
    """Why a peer cannot take part; None if it can."""
    if name == "grpc-go" and not (GRPC_GO / "server").exists():
        return f"{GRPC_GO}/server is not there: Tests/run builds it"
    if name in ("nghttpd", "nghttp") and shutil.which(name) is None:
        return f"{name} is not installed"
    return None


def serves(address, side, timeout=5):
    """One plain call of another client comes to its end."""
    if side.is_grpc:
        with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            return side.works(channel, timeout)
    with RawClient(address, seconds=timeout) as raw:
        answer = raw.call(call_headers(side.unary), message(b"echo"))
    return (answer.http_status, bytes(answer.body)) == ("200", message(b"echo"))


def go_client(address, case, seconds=30):
    """grpc-go's interoperability client; raises with its words when the case fails."""
    host, port = split(address)
    command = [str(GRPC_GO / "client"), f"-server_host={host}", f"-server_port={port}", "-use_tls=false",
               f"-test_case={case}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def nghttp_client(address, path, seconds=20):
    """nghttp posts an empty request; what it printed."""
    command = ["nghttp", "--timeout=8s", "-v", "-H:method: POST", "-Hcontent-type: application/grpc", "-Hte: trailers",
               f"http://{address}{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False).stdout


def grpclib_call(address, path, messages, metadata=None, streams=True):
    """A call by grpclib: what came back, or the status."""
    from grpclib.client import Channel, StreamStreamMethod, UnaryUnaryMethod

    async def run():
        host, port = split(address)
        channel = Channel(host, int(port), codec=Octets())
        try:
            if streams:
                method = StreamStreamMethod(channel, path, bytes, bytes)
                return await method(messages, timeout=8, metadata=metadata)
            return await UnaryUnaryMethod(channel, path, bytes, bytes)(messages[0], timeout=8, metadata=metadata)
        finally:
            channel.close()

    return asyncio.run(run())


class Octets:
    """Messages as they are."""

    __content_subtype__ = "proto"

    def encode(self, message, message_type):
        return message

    def decode(self, data, message_type):
        return data


async def serve(address):
    import grpclib
    from grpclib.const import Cardinality, Handler
    from grpclib.server import Server

    async def unary(stream):
        await stream.recv_message()
        text = stream.metadata.get("x-message")
        if text is not None:
            raise grpclib.GRPCError(grpclib.Status.NOT_FOUND, text)
        await stream.send_message(b"")

    async def stream_in(stream):
        async for _ in stream:
            pass
        await stream.send_message(b"")

    async def duplex(stream):
        async for item in stream:
            await stream.send_message(item)

    class Service:
        def __mapping__(self):
            return {
                f"{SERVICE}/EmptyCall": Handler(unary, Cardinality.UNARY_UNARY, bytes, bytes),
                f"{SERVICE}/UnaryCall": Handler(unary, Cardinality.UNARY_UNARY, bytes, bytes),
                f"{SERVICE}/StreamingInputCall": Handler(stream_in, Cardinality.STREAM_UNARY, bytes, bytes),
                f"{SERVICE}/FullDuplexCall": Handler(duplex, Cardinality.STREAM_STREAM, bytes, bytes),
            }

    server = Server([Service()], codec=Octets())
    host, port = split(address)
    await server.start(host, int(port))
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
