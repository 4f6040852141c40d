"""The life of an upstream: it dies and comes back, sends its clients away, refuses streams, allows only a few."""

import threading
import time

import pytest
from hyperframe.frame import GoAwayFrame, RstStreamFrame, SettingsFrame

from harness.backends import Interop, StockServer
from harness.cases import UNARY
from harness.history import Client
from harness.ports import free_address
from harness.processes import wait_for
from harness.raw import RawClient, RawServer, call_headers, message, reply
from harness.stubs import interop as messages

QUICK = {"backoff_minimum": "20ms", "backoff_maximum": "200ms"}


def works(client):
    return client.unary(UNARY, messages.Request(), timeout=5).code == "OK"


def test_not_there_at_start(start, keep):
    address = free_address()
    sidecar = start(address, limits=QUICK)
    with Client(sidecar.address) as client:
        outcome = client.unary(UNARY, messages.Request())
        assert (outcome.code, outcome.error) == ("UNAVAILABLE", "side-unreachable")
        assert "old" in outcome.details
        keep(Interop(address))
        wait_for(lambda: works(client), 5, "serving once the upstream is there")


def test_dies_and_comes_back(start, tmp_path):
    server = StockServer(tmp_path)
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        for _ in range(3):
            assert works(client)
            server.kill()
            outcome = client.unary(UNARY, messages.Request(), timeout=5)
            assert outcome.code == "UNAVAILABLE"
            assert outcome.error == "side-unreachable"
            server.launch()
            wait_for(lambda: works(client), 5, "serving again")
    server.kill()


def test_dies_with_calls_open(start, tmp_path):
    server = StockServer(tmp_path)
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        request = messages.Request(wait_milliseconds=20_000).SerializeToString()
        calls = [client.channel.unary_unary(UNARY).future(request, timeout=30) for _ in range(10)]
        time.sleep(0.3)
        server.kill()
        began = time.monotonic()
        codes = [call.code().name for call in calls]
        # Nobody has declared that the method only reads: it may have been carried out.
        assert codes == ["UNKNOWN"] * 10
        assert time.monotonic() - began < 5


def test_accepts_and_says_nothing(start, keep):
    """A server that takes the connection and never speaks HTTP/2 costs a call its deadline, no more."""
    server = keep(RawServer(opened=lambda wire, number: threading.Event().wait(5)))
    sidecar = start(server.address)
    with Client(sidecar.address) as client:
        began = time.monotonic()
        outcome = client.unary(UNARY, messages.Request(), timeout=1)
        assert outcome.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE")
        assert time.monotonic() - began < 3


def test_speaks_another_protocol(start, keep):
    server = keep(RawServer(opened=lambda wire, number: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
    sidecar = start(server.address)
    with Client(sidecar.address) as client:
        for _ in range(5):
            outcome = client.unary(UNARY, messages.Request(), timeout=5)
            assert outcome.code == "UNAVAILABLE"
            assert outcome.error == "side-unreachable"
    assert sidecar.running


def test_goaway_between_calls(start, keep):
    """After every answer the server sends its client away; no call fails."""
    def answer(wire, stream, _):
        reply(wire, stream)
        wire.send(GoAwayFrame(0, last_stream_id=stream))

    server = keep(RawServer(answer))
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        outcomes = [client.unary(UNARY, b"", timeout=5) for _ in range(20)]
    assert [outcome.code for outcome in outcomes] == ["OK"] * 20
    assert len(server.wires) >= 20


def test_calls_above_the_last_id_of_goaway_are_tried_once_more(start, keep):
    """The first connection processes nothing and says so; the call provably was not processed."""
    def began(wire, stream):
        if wire is server.wires[0]:
            wire.send(GoAwayFrame(0, last_stream_id=0))

    def answer(wire, stream, _):
        if wire is not server.wires[0]:
            reply(wire, stream)

    server = keep(RawServer(answer, began=began))
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        outcomes = [client.unary(UNARY, b"", timeout=5) for _ in range(3)]
    assert [outcome.code for outcome in outcomes] == ["OK"] * 3


def test_calls_below_the_last_id_of_goaway_go_on(start, keep):
    held = []

    def answer(wire, stream, _):
        held.append((wire, stream))
        if len(held) == 1:
            wire.send(GoAwayFrame(0, last_stream_id=stream))
        else:
            reply(wire, stream)

    server = keep(RawServer(answer))
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        first = client.channel.unary_unary(UNARY).future(b"", timeout=10)
        wait_for(lambda: held, 5, "first call at the server")
        assert client.unary(UNARY, b"", timeout=5).code == "OK"
        reply(*held[0], message(b"late"))
        assert first.result() == b"late"


def test_refused_stream_is_tried_once_more(start, keep):
    refused = []

    def began(wire, stream):
        if len(refused) < 1:
            refused.append((wire, stream))
            wire.send(RstStreamFrame(stream, 7))

    def answer(wire, stream, _):
        if (wire, stream) not in refused:
            reply(wire, stream, message(b"second try"))

    server = keep(RawServer(answer, began=began))
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        outcome = client.unary(UNARY, b"x", timeout=5)
    assert (outcome.code, outcome.messages) == ("OK", [b"second try"])


def test_refused_for_ever_is_unavailable_after_two_tries(start, keep):
    tries = []

    def began(wire, stream):
        tries.append(stream)
        wire.send(RstStreamFrame(stream, 7))

    server = keep(RawServer(lambda *_: None, began=began))
    sidecar = start(server.address, limits=QUICK)
    with Client(sidecar.address) as client:
        client.channel.unary_unary(UNARY)  # the client library retries refused streams by itself, once
        with RawClient(sidecar.address) as raw:
            answer = raw.call(call_headers(), message(b"x"))
    assert answer.grpc_status == "14" or answer.reset == 7
    assert len(tries) == 2


@pytest.mark.parametrize("allowed", [1, 2, 10])
def test_concurrent_streams_of_the_server_are_respected(allowed, start, keep):
    """Waits or opens a further connection; never more streams on a connection than the server allows."""
    open_now, most, lock = {}, {}, threading.Lock()

    def opened(wire, number):
        wire.send(SettingsFrame(0, settings={3: allowed}))
        wire.widen()
        time.sleep(0.05)

    def began(wire, stream):
        with lock:
            open_now[wire] = open_now.get(wire, 0) + 1
            most[wire] = max(most.get(wire, 0), open_now[wire])

    def answer(wire, stream, _):
        def later():
            with lock:
                open_now[wire] -= 1
            reply(wire, stream)

        threading.Timer(0.05, later).start()

    server = keep(RawServer(answer, opened=opened, began=began))
    sidecar = start(server.address)
    with Client(sidecar.address) as client:
        assert client.unary(UNARY, b"", timeout=5).code == "OK"
        calls = [client.channel.unary_unary(UNARY).future(b"", timeout=20) for _ in range(30)]
        assert [call.code().name for call in calls] == ["OK"] * 30
    assert max(most.values()) <= allowed


def test_one_connection_for_many_clients(start, stock):
    sidecar = start(stock.address)
    clients = [Client(sidecar.address) for _ in range(20)]
    for client in clients:
        assert works(client)
    assert len(sidecar.upstream_connections()) == 1
    for client in clients:
        client.close()


def test_cancelled_before_the_upstream_is_there(start):
    address = free_address()
    sidecar = start(address)
    with Client(sidecar.address) as client:
        for _ in range(20):
            client.channel.unary_unary(UNARY).future(b"", timeout=5).cancel()
    assert sidecar.running


def test_unix_sockets_on_both_sides(start, tmp_path, keep):
    upstream = f"unix:{tmp_path}/upstream.sock"
    server = keep(Interop(upstream))
    assert server.received == []
    sidecar = start(upstream)
    with Client(sidecar.address) as client:
        wait_for(lambda: works(client), 5, "a call over a Unix socket")
