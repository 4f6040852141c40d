"""Hostile clients: the process lives, stays small, and well-behaved clients beside them see nothing of it."""

import contextlib
import time

import pytest
from hyperframe.frame import RstStreamFrame

from harness.attacks import ATTACKS
from harness.history import Client
from harness.metadata import ILLEGAL, MALFORMED
from harness.raw import RawClient, RawServer, call_headers, message, reply, reply_later
from harness.steady import Steady
from harness.stubs import interop as messages

pytestmark = pytest.mark.any_hop
METHOD = "/switchover.test.v1.Interop/Unary"
BODY = message(messages.Request(reply_bytes=3).SerializeToString())


@contextlib.contextmanager
def beside(subject):
    """Steady clients run during the block and some time after; not one of their calls may fail."""
    with Steady(subject.address) as steady:
        connections = upstream_connections(subject)
        yield steady
        steady.await_calls(20)
    print(f"{steady.calls} calls beside, slowest {steady.slowest * 1000:.0f} ms, {len(steady.errors)} errors")
    assert subject.running, "the process has died"
    assert not steady.errors, f"{len(steady.errors)} of {steady.calls} calls failed: {steady.errors[:2]}"
    assert upstream_connections(subject) >= connections, "an upstream connection was lost"
    if hasattr(subject, "memory"):
        print(f"at most {subject.memory('VmHWM')} KiB resident")
        assert subject.memory("VmHWM") < subject.resident_limit


def upstream_connections(subject):
    return subject.upstream_connections() if hasattr(subject, "upstream_connections") else set()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attack_harms_nobody(attack, stock, hop):
    subject = hop(stock.address)
    with beside(subject):
        attack(subject.address)


def test_resets_of_one_client_do_not_cost_others_their_connection(keep, hop):
    """nghttp2, Go and others close a connection that resets some 1,000 streams in a short time."""
    def answer(wire, stream, exchange):
        if dict(exchange.headers)[b":path"] == METHOD.encode():
            reply(wire, stream)
        else:
            reply_later(wire, stream, 0.3)

    server = keep(RawServer(answer, resets_tolerated=1000))
    subject = hop(server.address)
    with Client(subject.address) as client:
        assert client.unary(METHOD, b"").code == "OK"
        for _ in range(20):
            with RawClient(subject.address) as attacker:
                streams = [attacker.open(call_headers("/any.Service/Slow")) for _ in range(150)]
                for stream in streams:
                    attacker.data(stream, message(), end_stream=True)
                time.sleep(0.1)
                attacker.send(*[RstStreamFrame(stream, 8) for stream in streams])
                assert client.unary(METHOD, b"").code == "OK"
    print(f"{sum(wire.resets for wire in server.wires)} resets on {len(server.wires)} connections")
    assert len(server.wires) == 1, "the server has closed the connection"


@pytest.mark.parametrize("field", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_metadata_harms_nobody(field, stock, hop):
    subject = hop(stock.address)
    with beside(subject):
        for _ in range(3):
            with RawClient(subject.address) as client:
                for _ in range(5):
                    client.call(call_headers(METHOD, field), BODY)


@pytest.mark.parametrize("field", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_metadata_is_never_forwarded(field, keep, hop):
    server = keep(RawServer())
    subject = hop(server.address)
    with RawClient(subject.address) as client:
        answer = client.call(call_headers(METHOD, field), BODY)
        assert answer.refused
        assert answer.reset is None, "the client should be told what is wrong"
        if subject.name == "switchover":
            assert answer.field("switchover-error") == "malformed-metadata"
            assert field[0] in answer.field("grpc-message"), "the message should name the field"
        healthy = client.call(call_headers(METHOD), BODY)
        assert not healthy.refused, "the connection should go on"
    assert len(server.received) == 1, "a malformed call was forwarded"


@pytest.mark.parametrize("fields", ILLEGAL.values(), ids=ILLEGAL.keys())
def test_illegal_headers_harm_nobody(fields, stock, hop):
    subject = hop(stock.address)
    with beside(subject):
        for _ in range(5):
            with RawClient(subject.address) as client:
                assert client.call(fields, BODY).refused


@pytest.mark.parametrize("fields", ILLEGAL.values(), ids=ILLEGAL.keys())
def test_illegal_headers_are_never_forwarded(fields, keep, hop):
    server = keep(RawServer())
    subject = hop(server.address)
    with RawClient(subject.address) as client:
        assert client.call(fields, BODY).refused
    with RawClient(subject.address) as client:
        assert not client.call(call_headers(METHOD), BODY).refused
    assert len(server.received) == 1, "an illegal request was forwarded"
