"""Hostile input, one function each, given the address under attack. What comes back is of no interest here."""

import contextlib
import os
import random
import select
import socket
import struct
import time

from hpack import Encoder
from hyperframe.frame import PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from .cases import STREAM_OUT
from .processes import split
from .raw import (
    PREFACE, RawClient, Wire, call_headers, data_frame, frame_bytes, header_frames, headers_frame, message, octets,
)
from .stubs import interop

GONE = (OSError, EOFError)


@contextlib.contextmanager
def attacker(address, preface=True, seconds=5):
    """A connection that may break at any moment."""
    with contextlib.suppress(*GONE):
        client = RawClient(address, preface, seconds)
        try:
            yield client
        finally:
            client.close()


def plain(address):
    return socket.create_connection(split(address), timeout=5)


def send_and_listen(address, data, seconds=0.5):
    """Sends bytes, then listens a little, so that the answer's path is walked too."""
    with contextlib.suppress(*GONE), plain(address) as connection:
        connection.sendall(data)
        connection.settimeout(seconds)
        while connection.recv(65536):
            pass


def flood(address, make, count, batch=200):
    """Sends `make(index, encoder)` until `count` pieces are sent; goes on with a new connection when one is cut."""
    sent, tries = 0, 0
    while sent < count and tries < 400:
        tries += 1
        with contextlib.suppress(*GONE), plain(address) as connection:
            connection.settimeout(2)
            encoder = Encoder()
            connection.sendall(PREFACE + SettingsFrame(0).serialize())
            index = 0
            while sent < count:
                connection.sendall(b"".join(make(index + offset, encoder) for offset in range(batch)))
                index += batch
                sent += batch
                discard(connection)


def discard(connection):
    """Throws away what has arrived; a connection that was closed is an EOFError."""
    while select.select([connection], [], [], 0)[0]:
        if not connection.recv(65536):
            raise EOFError


def prefix_of_four_gigabytes(address):
    for path in ("/switchover.test.v1.Interop/Unary", "/switchover.test.v1.Interop/Duplex", "/shop.v1.Orders/Get"):
        for flag in (0, 1, 255):
            with attacker(address) as client:
                stream = client.open(call_headers(path))
                client.data(stream, message(bytes(50_000), flag, 2**32 - 1))
                client.data(stream, b"", end_stream=True)
                client.socket.settimeout(1)
                client.await_stream(stream)


def garbage(address):
    chance = random.Random(20_261_122)
    for length in (1, 3, 9, 24, 100, 1000, 100_000):
        send_and_listen(address, chance.randbytes(length), 0.1)
    for length in (9, 17, 100, 5000):
        for _ in range(40):
            send_and_listen(address, PREFACE + SettingsFrame(0).serialize() + chance.randbytes(length), 0.02)


def other_protocols(address):
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(190)
    for data in (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /shop.v1.Orders/Get HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", PREFACE + PREFACE, hello, b"\r\n" * 1000, b"\0" * 100_000,
    ):
        send_and_listen(address, data, 0.2)


def recorded_call():
    """The bytes of a complete call."""
    block = Encoder().encode(call_headers())
    body = message(interop.Request(reply_bytes=10, payload=b"payload").SerializeToString())
    frames = [SettingsFrame(0), headers_frame(1, block), data_frame(1, body, end_stream=True)]
    return PREFACE + b"".join(frame.serialize() for frame in frames)


def truncated_calls(address):
    """A recorded call cut at every byte, by an orderly and by an abrupt close."""
    recorded = recorded_call()
    for abruptly in (False, True):
        for length in range(len(recorded)):
            with contextlib.suppress(*GONE):
                connection = plain(address)
                connection.sendall(recorded[:length])
                Wire(connection).close(abruptly)


def bytewise_call(address):
    """A recorded call, one byte a packet."""
    with attacker(address) as client:
        client.close()
    with contextlib.suppress(*GONE), plain(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in recorded_call():
            connection.sendall(bytes([byte]))
        connection.settimeout(1)
        connection.recv(65536)


def header_bombs(address):
    big = octets("v" * 4000)
    lists = [
        [("x-big", octets("v" * 1_000_000))],
        [(f"x-{index}", b"v") for index in range(20_000)],
        [("x-many", b"")] * 50_000,
        [(octets("x-" + "n" * 60_000), b"v")],
        [("x-indexed-bomb", big)] * 20_000,
        [(f"x-chunk-{index}", big) for index in range(64)],
    ]
    for fields in lists:
        for _ in range(4):
            with attacker(address) as client:
                block = client.encoder.encode(call_headers(STREAM_OUT, *fields), huffman=False)
                client.send(*header_frames(1, block, end_stream=True))
                client.socket.settimeout(1)
                client.await_stream(1)


def indexed_bomb_on_one_connection(address):
    """A 4,000-byte entry of the header table referred to thousands of times, on stream after stream."""
    with attacker(address) as client:
        stream = 1
        fields = call_headers(STREAM_OUT, *[("x-bomb", octets("v" * 4000))] * 3)
        client.send(*header_frames(stream, client.encoder.encode(fields), end_stream=True))
        for stream in range(3, 401, 2):
            fields = call_headers(STREAM_OUT, *[("x-bomb", octets("v" * 4000))] * 4000)
            client.send(*header_frames(stream, client.encoder.encode(fields), end_stream=True))
            discard(client.socket)


def continuation_flood(address):
    for payload in (b"", b"\x00\x01a\x01b" * 100):
        with attacker(address) as client:
            client.send(headers_frame(1, client.encoder.encode(call_headers()), end_headers=False))
            for _ in range(500):
                client.send(frame_bytes(9, 0, 1, payload) * 200)


def settings_flood(address):
    flood(address, lambda index, encoder: SettingsFrame(0, settings={4: 65535 + index}).serialize(), 100_000)


def settings_flood_unread(address):
    """Never reads the acknowledgements."""
    with attacker(address, seconds=2) as client:
        client.send(SettingsFrame(0).serialize() * 200_000)


def ping_flood(address):
    flood(address, lambda index, encoder: PingFrame(0, struct.pack(">Q", index)).serialize(), 100_000)


def ping_flood_unread(address):
    with attacker(address, seconds=2) as client:
        client.send(PingFrame(0, b"12345678").serialize() * 200_000)


def priority_flood(address):
    flood(address, lambda index, encoder: frame_bytes(2, 0, 2 * index + 1, struct.pack(">IB", 0, 15)), 100_000)


def empty_data_flood(address):
    with attacker(address) as client:
        stream = client.open(call_headers())
        for _ in range(500):
            client.send(data_frame(stream).serialize() * 200)
            discard(client.socket)


def padded_data_flood(address):
    """Frames that carry padding only: flow control is used up without a byte of body."""
    with attacker(address) as client:
        stream = client.open(call_headers())
        for _ in range(100):
            client.send(frame_bytes(0, 8, stream, b"\xff" + bytes(255)) * 100)
            discard(client.socket)


def rapid_reset(address):
    """20,000 streams, each reset right after its headers."""
    fields = call_headers(STREAM_OUT)

    def piece(index, encoder):
        stream = 2 * index + 1
        return headers_frame(stream, encoder.encode(fields)).serialize() + RstStreamFrame(stream, 8).serialize()

    flood(address, piece, 20_000)


def rapid_reset_after_end(address):
    """20,000 complete calls, each reset right after it was sent."""
    fields = call_headers()
    body = message(interop.Request(reply_bytes=1, wait_milliseconds=5).SerializeToString())

    def piece(index, encoder):
        stream = 2 * index + 1
        return b"".join(frame.serialize() for frame in (
            headers_frame(stream, encoder.encode(fields)), data_frame(stream, body, end_stream=True),
            RstStreamFrame(stream, 8)))

    flood(address, piece, 20_000, batch=50)


def resets_of_running_calls(address):
    """Calls that have reached the server are reset: 4,000 of them, in waves."""
    body = message(interop.Request(reply_bytes=1, wait_milliseconds=50).SerializeToString())
    for _ in range(40):
        with attacker(address) as client:
            streams = [client.open(call_headers()) for _ in range(100)]
            for stream in streams:
                client.data(stream, body, end_stream=True)
            time.sleep(0.02)
            client.send(*[RstStreamFrame(stream, 8) for stream in streams])
            discard(client.socket)


def abrupt_closes(address):
    """300 connections vanish with calls open."""
    body = message(interop.Request(reply_bytes=100_000, wait_milliseconds=50).SerializeToString())
    for _ in range(300):
        with contextlib.suppress(*GONE):
            client = RawClient(address)
            for _ in range(5):
                client.data(client.open(call_headers()), body, end_stream=True)
            client.close(abruptly=True)


def slow_loris(address, count=500, rounds=6):
    """500 connections that send a byte now and then: half in the preface, half in the middle of a message."""
    connections = []
    recorded = recorded_call()
    for index in range(count):
        with contextlib.suppress(*GONE):
            connection = plain(address)
            start = 1 + index % 20 if index % 2 else len(recorded) - 12
            connection.sendall(recorded[:start])
            connections.append((connection, start))
    for step in range(rounds):
        time.sleep(0.3)
        for connection, start in connections:
            with contextlib.suppress(*GONE):
                connection.sendall(recorded[start + step:start + step + 1])
    for connection, _ in connections:
        connection.close()


def window_overflow(address):
    for stream in (0, 1):
        with attacker(address) as client:
            client.open(call_headers(STREAM_OUT))
            client.send(WindowUpdateFrame(stream, 2**31 - 1), WindowUpdateFrame(stream, 2**31 - 1))
            client.socket.settimeout(1)
            while client.pump():
                pass
    with attacker(address) as client:
        client.open(call_headers(STREAM_OUT))
        client.send(SettingsFrame(0, settings={4: 2**31 - 1}), SettingsFrame(0, settings={4: 0}))
        client.send(frame_bytes(4, 0, 0, struct.pack(">HI", 4, 2**31)))
        client.socket.settimeout(1)
        while client.pump():
            pass


def closed_window(address):
    """50 streams ask for a flood of replies and never open their windows."""
    body = message(interop.StreamRequest(reply_bytes=[65536] * 10, rounds=10).SerializeToString())
    with contextlib.suppress(*GONE):
        connection = plain(address)
        client = Wire(connection, 5)
        client.send(PREFACE, SettingsFrame(0, settings={4: 0}))
        for stream in range(1, 101, 2):
            client.headers(stream, call_headers(STREAM_OUT))
            client.data(stream, body, end_stream=True)
        time.sleep(2)
        client.send(*[WindowUpdateFrame(stream, 1) for stream in range(1, 101, 2)])
        time.sleep(1)
        client.close()


def window_crumbs(address):
    """A reader that opens its window one byte at a time."""
    body = message(interop.StreamRequest(reply_bytes=[65536] * 4).SerializeToString())
    with contextlib.suppress(*GONE):
        client = Wire(plain(address), 5)
        client.send(PREFACE, SettingsFrame(0, settings={4: 1}))
        client.headers(1, call_headers(STREAM_OUT))
        client.data(1, body, end_stream=True)
        for _ in range(50):
            client.send(WindowUpdateFrame(1, 1).serialize() * 100)
            discard(client.socket)
        client.close()


def wire_faults():
    """Frames that break HTTP/2 itself, each on an open call (stream 1)."""
    block = Encoder().encode(call_headers())
    return {
        "data on stream 0": frame_bytes(0, 0, 0, b"abc"),
        "data on an idle stream": frame_bytes(0, 0, 99, b"abc"),
        "headers on stream 0": frame_bytes(1, 4, 0, block),
        "headers on an even stream": frame_bytes(1, 4, 2, block),
        "stream number going back": frame_bytes(1, 4, 9, block) + frame_bytes(1, 4, 5, block),
        "reset of stream 0": frame_bytes(3, 0, 0, bytes(4)),
        "reset of an idle stream": frame_bytes(3, 0, 77, bytes(4)),
        "reset of a wrong size": frame_bytes(3, 0, 1, bytes(3)),
        "settings on a stream": frame_bytes(4, 0, 1, b""),
        "settings of a wrong size": frame_bytes(4, 0, 0, bytes(5)),
        "settings ack with a body": frame_bytes(4, 1, 0, bytes(6)),
        "push promise": frame_bytes(5, 4, 1, struct.pack(">I", 2) + block),
        "ping of a wrong size": frame_bytes(6, 0, 0, bytes(7)),
        "ping on a stream": frame_bytes(6, 0, 1, bytes(8)),
        "goaway on a stream": frame_bytes(7, 0, 1, bytes(8)),
        "goaway and then more": frame_bytes(7, 0, 0, bytes(8)) + frame_bytes(1, 4, 3, block),
        "window update of 0": frame_bytes(8, 0, 0, bytes(4)),
        "window update of a wrong size": frame_bytes(8, 0, 0, bytes(3)),
        "continuation without headers": frame_bytes(9, 4, 1, block),
        "headers then data of another": frame_bytes(1, 0, 3, block) + frame_bytes(0, 0, 1, b"abc"),
        "frame over the size limit": frame_bytes(0, 0, 1, bytes(16385)),
        "frame of 16 MiB announced": frame_bytes(0, 0, 1, bytes(100), length=2**24 - 1),
        "padding over the frame": frame_bytes(0, 8, 1, b"\xffabc"),
        "index out of the header table": frame_bytes(1, 5, 3, b"\xff\xff\x7f"),
        "integer without an end": frame_bytes(1, 5, 3, b"\xff" * 100),
        "table size over the limit": frame_bytes(1, 5, 3, b"\x3f\xe1\xff\xff\x7f" + block),
        "broken huffman": frame_bytes(1, 5, 3, b"\x40\x84\xff\xff\xff\xff\x01v"),
        "empty header block": frame_bytes(1, 5, 3, b""),
        "trailers without an end": frame_bytes(1, 4, 1, Encoder().encode([("x-a", "b")])),
        "data after the end": frame_bytes(0, 1, 1, b"") + frame_bytes(0, 0, 1, b"abc"),
        "depends on itself": frame_bytes(2, 0, 1, struct.pack(">IB", 1, 15)),
        "unknown frames": frame_bytes(0xFA, 0xFF, 1, os.urandom(100)) * 1000,
        "reserved bit set": frame_bytes(0, 0, 1 | 2**31, b"abc"),
    }


def broken_frames(address):
    for data in wire_faults().values():
        with attacker(address) as client:
            client.open(call_headers())
            client.send(data)
            client.socket.settimeout(0.15)
            while client.pump():
                pass


ATTACKS = [
    prefix_of_four_gigabytes, garbage, other_protocols, truncated_calls, bytewise_call, header_bombs,
    indexed_bomb_on_one_connection, continuation_flood, settings_flood, settings_flood_unread, ping_flood,
    ping_flood_unread, priority_flood, empty_data_flood, padded_data_flood, rapid_reset, rapid_reset_after_end,
    resets_of_running_calls, abrupt_closes, slow_loris, window_overflow, closed_window, window_crumbs, broken_frames,
]
