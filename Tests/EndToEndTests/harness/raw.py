"""HTTP/2 spoken by hand: any frame in any order, and servers that follow a script."""

import contextlib
import dataclasses
import socket
import struct
import threading

from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame,
)

from .ports import free_address
from .processes import split

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WIDE = 2**31 - 1


def call_headers(path="/switchover.test.v1.Interop/Unary", *extra, without=(), **pseudo):
    """Header list of a gRPC call; `authority=`, `method=`, `scheme=` replace pseudo-headers."""
    headers = [
        (b":method", pseudo.get("method", b"POST")), (b":scheme", pseudo.get("scheme", b"http")),
        (b":path", octets(path)),
        (b":authority", pseudo.get("authority", b"orders.test")), (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
    ]
    kept = [(name, octets(value)) for name, value in headers if name not in without]
    return kept + [(octets(name), octets(value)) for name, value in extra]


def octets(text):
    return text.encode() if isinstance(text, str) else text


def message(body=b"", flag=0, length=None):
    """A gRPC message: five-byte prefix and body; `length` may lie."""
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


def headers_frame(stream, block, end_stream=False, end_headers=True):
    frame = HeadersFrame(stream, block)
    if end_headers:
        frame.flags.add("END_HEADERS")
    if end_stream:
        frame.flags.add("END_STREAM")
    return frame


def header_frames(stream, block, end_stream=False):
    """HEADERS and as many CONTINUATION frames as the block needs."""
    chunks = [block[at:at + 16384] for at in range(0, len(block), 16384)] or [b""]
    frames = [headers_frame(stream, chunks[0], end_stream, end_headers=len(chunks) == 1)]
    for index, chunk in enumerate(chunks[1:], 2):
        frames.append(frame_bytes(9, 4 if index == len(chunks) else 0, stream, chunk))
    return frames


def data_frame(stream, data=b"", end_stream=False):
    frame = DataFrame(stream, data)
    if end_stream:
        frame.flags.add("END_STREAM")
    return frame


def frame_bytes(kind, flags, stream, payload, length=None):
    """Any frame, right or wrong."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


@dataclasses.dataclass
class Exchange:
    """What one stream brought: header list, body, trailers, or how it broke off."""

    headers: list = None
    body: bytes = b""
    trailers: list = None
    ended: bool = False
    reset: int = None

    @property
    def done(self):
        return self.ended or self.reset is not None

    def field(self, name):
        for field, value in (self.trailers or []) + (self.headers or []):
            if field == octets(name):
                return value.decode()
        return None

    @property
    def http_status(self):
        return self.field(":status")

    @property
    def grpc_status(self):
        return self.field("grpc-status")

    @property
    def refused(self):
        """Not answered with success: reset, an HTTP error, or a gRPC status that is not OK."""
        return self.reset is not None or self.http_status != "200" or self.grpc_status not in (None, "0")


class Wire:
    """One connection, either end: sends what it is told, keeps what arrives."""

    def __init__(self, connection, seconds=10):
        self.socket = connection
        self.socket.settimeout(seconds)
        self.encoder, self.decoder = Encoder(), Decoder()
        self.sending = threading.Lock()
        self.received = bytearray()
        self.streams = {}
        self.settings = {}
        self.goaway = None
        self.closed = False
        self.pings = 0
        self.resets = 0
        self.touched = []

    def send(self, *frames):
        self.socket.sendall(b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames))

    def headers(self, stream, fields, end_stream=False):
        with self.sending:  # blocks must leave in the order in which the encoder made them
            self.send(*header_frames(stream, self.encoder.encode(fields, huffman=False), end_stream))

    def data(self, stream, data, end_stream=False):
        chunks = [data[at:at + 16384] for at in range(0, len(data), 16384)] or [b""]
        for index, chunk in enumerate(chunks):
            self.send(data_frame(stream, chunk, end_stream and index == len(chunks) - 1))

    def widen(self):
        """Opens this side's receive windows so wide that they never matter."""
        self.send(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: WIDE}),
                  WindowUpdateFrame(0, WIDE - 65535))

    def next_frame(self):
        """The next frame, or None when the peer has closed."""
        try:
            head = self.take(9)
            frame, length = Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(self.take(length)))
            return frame
        except (EOFError, ConnectionError):
            self.closed = True
            return None

    def take(self, count):
        while len(self.received) < count:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError
            self.received += chunk
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def pump(self):
        """Takes one frame in; False when the peer has closed."""
        frame = self.next_frame()
        if frame is None:
            return False
        if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.settings.update(frame.settings)
            self.send_if_open(SettingsFrame(0, flags=["ACK"]))
        elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
            self.send_if_open(PingFrame(0, frame.opaque_data, flags=["ACK"]))
        elif isinstance(frame, PingFrame):
            self.pings += 1
        elif isinstance(frame, GoAwayFrame):
            self.goaway = frame
        else:
            self.note(frame)
        return True

    def send_if_open(self, frame):
        try:
            self.send(frame)
        except OSError:
            pass

    def take_touched(self):
        """Streams of which something has arrived since the last time."""
        touched, self.touched = self.touched, []
        return touched

    def note(self, frame):
        self.touched.append(frame.stream_id)
        exchange = self.streams.setdefault(frame.stream_id, Exchange())
        if isinstance(frame, HeadersFrame):
            fields = [(bytes(name), bytes(value)) for name, value in self.decoder.decode(frame.data, raw=True)]
            if exchange.headers is None:
                exchange.headers = fields
            else:
                exchange.trailers = fields
        elif isinstance(frame, DataFrame):
            exchange.body += frame.data
        elif isinstance(frame, RstStreamFrame):
            exchange.reset = frame.error_code
            self.resets += 1
        exchange.ended = exchange.ended or "END_STREAM" in frame.flags

    def await_stream(self, stream):
        """Reads until the stream has ended or broken off, or the connection has."""
        while not self.streams.setdefault(stream, Exchange()).done and self.pump():
            pass
        exchange = self.streams[stream]
        if not exchange.done:
            exchange.reset = -1  # the connection went first
        return exchange

    def close(self, abruptly=False):
        if abruptly:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class RawClient(Wire):
    def __init__(self, address, preface=True, seconds=10):
        super().__init__(socket.create_connection(split(address), timeout=seconds), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_stream = 1
        if preface:
            self.send(PREFACE)
            self.widen()

    def open(self, fields, end_stream=False):
        stream = self.next_stream
        self.next_stream += 2
        self.headers(stream, fields, end_stream)
        return stream

    def call(self, fields=None, body=message()):
        """A whole unary call and its answer."""
        if len(body) > 60_000:
            self.await_settings()
        stream = self.open(fields or call_headers())
        self.data(stream, body, end_stream=True)
        return self.await_stream(stream)

    def await_settings(self):
        """The windows are those of the protocol until the peer's SETTINGS are there."""
        while not self.settings and self.pump():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawServer:
    """A server whose answers are a function of (wire, stream, exchange), called when a request has ended.

    `received` holds the exchanges, `wires` the connections. `opened`, if given, is called as (wire, number) when a
    connection has been accepted and before its first request, and `began` as (wire, stream) when a request's headers
    have arrived. A connection that has reset more than `resets_tolerated` streams is closed, as many servers do.
    """

    def __init__(self, answer=None, opened=None, began=None, address=None, resets_tolerated=10**9):
        self.address = address or free_address()
        self.resets_tolerated = resets_tolerated
        self.answer = answer or (lambda wire, stream, exchange: reply(wire, stream))
        self.opened = opened or (lambda wire, number: wire.widen())
        self.began = began or (lambda wire, stream: None)
        self.received, self.wires = [], []
        self.listener = socket.create_server(split(self.address))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            wire = Wire(connection, seconds=60)
            self.wires.append(wire)
            threading.Thread(target=self.serve, args=(wire, len(self.wires)), daemon=True).start()

    def serve(self, wire, number):
        try:
            if wire.take(len(PREFACE)) != PREFACE:
                return
            self.opened(wire, number)
            begun, answered = set(), set()
            while wire.pump():
                if wire.resets > self.resets_tolerated:
                    wire.socket.shutdown(socket.SHUT_RDWR)
                    return
                for stream in wire.take_touched():
                    exchange = wire.streams[stream]
                    if exchange.headers is not None and stream not in begun:
                        begun.add(stream)
                        self.began(wire, stream)
                    if exchange.ended and stream not in answered:
                        answered.add(stream)
                        self.received.append(exchange)
                        self.answer(wire, stream, exchange)
        except (OSError, EOFError):
            wire.closed = True

    def close(self):
        # Only shutting it down wakes the thread that waits in accept.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for wire in self.wires:
            wire.close()


ANSWER_HEADERS = [(b":status", b"200"), (b"content-type", b"application/grpc")]


def reply(wire, stream, body=message(), headers=(), trailers=((b"grpc-status", b"0"),)):
    """A complete answer."""
    wire.headers(stream, [*ANSWER_HEADERS, *headers])
    wire.data(stream, body)
    wire.headers(stream, list(trailers), end_stream=True)


def reply_later(wire, stream, seconds):
    """A complete answer after a while, if the connection still is there."""
    def answer():
        with contextlib.suppress(OSError):
            reply(wire, stream)

    threading.Timer(seconds, answer).start()
