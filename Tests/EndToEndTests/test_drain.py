"""SIGTERM under load: a client that honours GOAWAY sees no failed call."""

import time

import pytest

from harness.history import Client
from harness.cases import UNARY
from harness.processes import accepts, wait_for
from harness.raw import RawClient, RawServer, call_headers, message, reply
from harness.steady import Steady
from harness.stubs import interop as messages

SHORT = {"delay": "1s", "timeout": "10s"}


@pytest.mark.parametrize("workers", [1, 3])
def test_no_call_fails_while_it_drains(workers, start, stock):
    """Two sidecars, as in a rolling restart: clients that are told to go find the other one."""
    first = start(stock.address, drain=SHORT, workers=workers)
    second = start(stock.address)
    port = first.address
    target = f"ipv4:{first.address},{second.address}"
    with Steady(target, threads=4, pause=0.001) as steady:
        steady.await_calls(200)
        first.terminate()
        assert first.wait(30) == 0
        steady.await_calls(200)
    assert not steady.errors, steady.errors[:3]
    assert not accepts(port)


def test_it_ends_at_once_when_no_client_is_connected(start, stock):
    sidecar = start(stock.address).await_ready()
    began = time.monotonic()
    sidecar.terminate()
    assert sidecar.wait(30) == 0
    assert time.monotonic() - began < 3


def test_not_ready_at_once_and_serving_on(start, stock):
    sidecar = start(stock.address, drain={"delay": "3s", "timeout": "5s"}).await_ready()
    with Client(sidecar.address) as client:
        assert client.unary(UNARY, messages.Request()).code == "OK"
        sidecar.terminate()
        wait_for(lambda: sidecar.get("/readyz")[0] == 503, 1, "not ready")
        assert sidecar.get("/healthz")[0] == 200
        assert client.unary(UNARY, messages.Request()).code == "OK"
    assert sidecar.wait(30) == 0


def test_goaway_twice_then_the_last_call_ends(start, keep):
    """GOAWAY with 2^31-1, a ping round trip, GOAWAY with the last id; the open call ends, then the connection."""
    held = []
    server = keep(RawServer(lambda wire, stream, got: held.append((wire, stream))))
    sidecar = start(server.address, drain=SHORT)
    with RawClient(sidecar.address, seconds=20) as client:
        stream = client.open(call_headers())
        client.data(stream, message(), end_stream=True)
        wait_for(lambda: held, 5, "call at the server")
        sidecar.terminate()
        lasts = []
        while len(lasts) < 2 and client.pump():
            if client.goaway and (not lasts or client.goaway.last_stream_id != lasts[-1]):
                lasts.append(client.goaway.last_stream_id)
        assert lasts == [2**31 - 1, stream]
        reply(*held[0])
        assert client.await_stream(stream).grpc_status == "0"
        while client.pump():
            pass
    assert sidecar.wait(20) == 0


def told(call):
    return call.code().name, dict(call.trailing_metadata()).get("switchover-error")


def test_time_runs_out_for_a_call_without_end(start, keep):
    server = keep(RawServer(lambda wire, stream, got: None))
    sidecar = start(server.address, drain={"delay": "100ms", "timeout": "1s"})
    with Client(sidecar.address) as client:
        call = client.channel.unary_unary(UNARY).future(b"", timeout=30)
        wait_for(lambda: server.received, 5, "call at the server")
        began = time.monotonic()
        sidecar.terminate()
        assert sidecar.wait(20) == 0
        assert 0.9 < time.monotonic() - began < 4
        assert told(call) == ("UNKNOWN", "outcome-unknown"), "a method of no declared kind may write"


def test_a_second_signal_ends_sooner(start, keep):
    server = keep(RawServer(lambda wire, stream, got: None))
    sidecar = start(server.address, drain={"delay": "60s", "timeout": "60s"})
    with Client(sidecar.address) as client:
        call = client.channel.unary_unary(UNARY).future(b"", timeout=60)
        wait_for(lambda: server.received, 5, "call at the server")
        began = time.monotonic()
        for _ in range(3):
            sidecar.terminate()
            time.sleep(0.3)
        assert sidecar.wait(10) == 0
        assert time.monotonic() - began < 5
        assert told(call) == ("UNKNOWN", "outcome-unknown"), "a method of no declared kind may write"
