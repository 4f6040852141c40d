"""Broken and hostile servers: a call ends with an error, the process lives, and later calls are served again."""

import socket
import struct

import pytest
from hyperframe.frame import GoAwayFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from harness.history import Client
from harness.processes import wait_for
from harness.raw import ANSWER_HEADERS, RawServer, data_frame, frame_bytes, header_frames, message, reply

HEALTHY, BROKEN = "/any.Service/Healthy", "/any.Service/Broken"
OK = [(b"grpc-status", b"0")]


def begin(wire, stream, body=message(b"begun")):
    wire.headers(stream, ANSWER_HEADERS)
    wire.data(stream, body)


def raw(data):
    return lambda wire, stream: wire.send(data)


def headers(fields, end=True):
    return lambda wire, stream: wire.headers(stream, fields, end)


def begun_and(then):
    def behave(wire, stream):
        begin(wire, stream)
        then(wire, stream)

    return behave


def hang_up(wire, stream):
    wire.socket.shutdown(socket.SHUT_RDWR)


def reset(wire, stream):
    wire.close(abruptly=True)


def bomb(wire, stream):
    fields = [*ANSWER_HEADERS, (b"x-bomb", b"v" * 4000)]
    wire.send(*header_frames(stream, wire.encoder.encode(fields + fields[-1:] * 20_000)))


def many_empty_frames(wire, stream):
    wire.headers(stream, ANSWER_HEADERS)
    for _ in range(100):
        wire.send(data_frame(stream).serialize() * 1000)


def beyond_the_window(wire, stream):
    wire.headers(stream, ANSWER_HEADERS)
    wire.send(*[data_frame(stream, bytes(16384)) for _ in range(400)])


def settings(values):
    return lambda wire, stream: wire.send(frame_bytes(4, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in values)))


BEHAVIOURS = {
    "garbage": raw(bytes(range(256)) * 10),
    "hangs up": hang_up,
    "resets the connection": reset,
    "hangs up within a message": begun_and(hang_up),
    "data before headers": lambda wire, stream: wire.data(stream, message(), end_stream=True),
    "no status at all": headers([(b"content-type", b"application/grpc")]),
    "status of letters": headers([(b":status", b"abc")]),
    "status 200 and nothing else": headers([(b":status", b"200")]),
    "grpc-status of letters": headers([*ANSWER_HEADERS, (b"grpc-status", b"ok")]),
    "grpc-status of another world": headers([*ANSWER_HEADERS, (b"grpc-status", b"4294967296")]),
    "grpc-message of broken escapes": headers([*ANSWER_HEADERS, (b"grpc-status", b"5"), (b"grpc-message", b"%%%1%G")]),
    "trailers without grpc-status": begun_and(headers([(b"x-a", b"b")])),
    "end without trailers": begun_and(lambda wire, stream: wire.data(stream, b"", end_stream=True)),
    "end within a prefix": lambda wire, stream: (begin(wire, stream, b"\0\0"), wire.headers(stream, OK, True)),
    "prefix of 4 GiB": lambda wire, stream: (begin(wire, stream, message(b"a", length=2**32 - 1)),
                                             wire.headers(stream, OK, True)),
    "two final header blocks": lambda wire, stream: (wire.headers(stream, ANSWER_HEADERS),
                                                     wire.headers(stream, ANSWER_HEADERS)),
    "upper case field": headers([*ANSWER_HEADERS, (b"X-Upper", b"v"), *OK]),
    "field with a line break": headers([*ANSWER_HEADERS, (b"x-a", b"a\r\nb: c"), *OK]),
    "connection field": headers([*ANSWER_HEADERS, (b"connection", b"close"), *OK]),
    "binary field that is not base64": headers([*ANSWER_HEADERS, (b"x-bin", b"!!!"), *OK]),
    "header bomb": bomb,
    "index out of the header table": lambda wire, stream: wire.send(frame_bytes(1, 5, stream, b"\xff\xff\x7f")),
    "empty data for ever": many_empty_frames,
    "data beyond the window": beyond_the_window,
    "data on another stream": lambda wire, stream: wire.send(data_frame(stream + 2, b"abc")),
    "headers on a stream of its own": lambda wire, stream: wire.headers(2, ANSWER_HEADERS),
    "push promise": lambda wire, stream: wire.send(frame_bytes(5, 4, stream, struct.pack(">I", 2))),
    "frame over the size limit": lambda wire, stream: wire.send(frame_bytes(0, 0, stream, bytes(20_000))),
    "window overflow of the stream": lambda wire, stream: wire.send(*[WindowUpdateFrame(stream, 2**31 - 1)] * 2),
    "window overflow": lambda wire, stream: wire.send(*[WindowUpdateFrame(0, 2**31 - 1)] * 2),
    "window setting over the limit": settings([(4, 2**31)]),
    "frame size setting of 0": settings([(5, 0)]),
    "no streams allowed": settings([(3, 0)]),
    "settings flood": lambda wire, stream: wire.send(SettingsFrame(0).serialize() * 50_000),
    "ping flood": lambda wire, stream: wire.send(frame_bytes(6, 0, 0, bytes(8)) * 50_000),
    "goaway with an error": lambda wire, stream: wire.send(GoAwayFrame(0, last_stream_id=0, error_code=2)),
    "goaway twice, going up": lambda wire, stream: wire.send(GoAwayFrame(0, last_stream_id=0),
                                                             GoAwayFrame(0, last_stream_id=2**31 - 1)),
    "unknown frames": lambda wire, stream: wire.send(frame_bytes(0xFA, 0xFF, stream, b"abc") * 100),
    **{f"reset with {code:#x}": lambda wire, stream, code=code: wire.send(RstStreamFrame(stream, code))
       for code in (*range(14), 0xDEAD)},
    "reset within a message": begun_and(lambda wire, stream: wire.send(RstStreamFrame(stream, 2))),
}


@pytest.mark.parametrize("behave", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_broken_server(behave, keep, start):
    def answer(wire, stream, exchange):
        if dict(exchange.headers)[b":path"] == HEALTHY.encode():
            reply(wire, stream)
        else:
            behave(wire, stream)

    server = keep(RawServer(answer))
    sidecar = start(server.address, limits={"backoff_minimum": "10ms", "backoff_maximum": "50ms"})
    with Client(sidecar.address) as client:
        assert client.unary(HEALTHY, b"").code == "OK"
        outcome = client.unary(BROKEN, b"", timeout=1)
        print(outcome)
        assert outcome.code != "OK" or outcome.messages
        wait_for(lambda: client.unary(HEALTHY, b"", timeout=1).code == "OK", 8, "a healthy call afterwards")
    assert sidecar.running
    assert sidecar.memory("VmHWM") < 64 * 1024
