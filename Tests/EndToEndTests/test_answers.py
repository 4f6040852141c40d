"""What is no gRPC call gets a plain HTTP answer; what is over a limit, a gRPC status that says so."""

import contextlib

import pytest

from harness.history import Client
from harness.raw import RawClient, RawServer, call_headers, message, reply
from harness.shopper import GET, Shopper
from harness.stubs import shop as messages

DUAL = {"phase": "migrating", "enrolled": "all", "gray": {"allow": ["1"]}}


@pytest.fixture
def plain_answer(keep, start):
    """plain_answer(fields, body) is the sidecar's answer; the server behind must not be asked."""
    server = keep(RawServer())
    sidecar = start(server.address)

    def plain_answer(fields, body=message()):
        with RawClient(sidecar.address) as client:
            if body is None:
                answer = client.await_stream(client.open(fields, end_stream=True))
            else:
                answer = client.call(fields, body)
            healthy = client.call(call_headers())
        assert healthy.grpc_status == "0", "the connection should go on"
        assert len(server.received) == 1, "what is no gRPC call was forwarded"
        server.received.clear()
        return answer

    return plain_answer


def typed(value):
    extra = [] if value is None else [("content-type", value)]
    return call_headers("/a.B/C", *extra, without=(b"content-type",))


@pytest.mark.parametrize("value", [
    "application/json", "text/plain", "application/grpcx", "application/grpc-web", "", None,
])
def test_other_content_types_are_415(value, plain_answer):
    assert plain_answer(typed(value)).http_status == "415"


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"HEAD", b"OPTIONS", b"DELETE"])
def test_other_methods_are_405(method, plain_answer):
    assert plain_answer(call_headers("/a.B/C", method=method), None).http_status == "405"


@pytest.mark.parametrize("path", ["/", "/noslash", "/a/", "//b", "/a//b", "noslash", "*", "/a/b?query", "/a/b/c"])
def test_paths_without_service_and_method_are_404_or_forwarded_as_they_are(path, keep, start):
    """`/a/b/c` and `/a/b?query` name a service and a method to servers that split at the last or first slash."""
    server = keep(RawServer())
    with RawClient(start(server.address).address) as client:
        answer = client.call(call_headers(path))
    if server.received:
        assert path in ("/a/b?query", "/a/b/c", "/a//b")
        assert dict(server.received[0].headers)[b":path"].decode() == path
    elif path.startswith("/"):
        assert answer.http_status == "404"
    else:
        assert answer.refused


def test_plain_answers_say_whose_they_are(plain_answer):
    assert plain_answer(typed("text/plain")).field("switchover-error") == "not-grpc"


def test_te_is_not_insisted_on(keep, start):
    """Some libraries leave `te: trailers` out; gRPC servers answer them."""
    server = keep(RawServer())
    with RawClient(start(server.address).address) as client:
        assert client.call(call_headers(without=(b"te",))).grpc_status == "0"


@pytest.mark.parametrize("size, code", [
    (60_000, "OK"), (62_000, "RESOURCE_EXHAUSTED"), (5_000_000, "RESOURCE_EXHAUSTED"),
])
def test_message_of_a_planned_call_over_the_limit(size, code, start, shops):
    shops[0].orders.add("a")
    sidecar = start(shops[0].address, shops[1].address, DUAL, limits={"message_bytes": "60KiB"})
    with Client(sidecar.address) as client:
        outcome = client.unary(GET, messages.GetRequest(store="2", id="a", padding=bytes(size)))
        assert outcome.code == code, outcome
        assert bool(outcome.error) == (code != "OK")
        assert client.unary(GET, messages.GetRequest(store="2", id="a")).code == "OK"


def test_claimed_length_is_refused_before_it_arrives(start, shops):
    sidecar = start(shops[0].address, shops[1].address, DUAL)
    with RawClient(sidecar.address) as client:
        stream = client.open(call_headers(GET))
        client.data(stream, message(b"abc", length=2**32 - 1))
        answer = client.await_stream(stream)
        assert (answer.grpc_status, answer.field("switchover-error")) == ("8", "message-too-large")
        assert not shops[0].received


def test_planned_call_without_or_with_too_many_messages(start, shops):
    """A unary call has exactly one message; gRPC gives UNIMPLEMENTED or INTERNAL for others."""
    shops[0].orders.add("a")
    sidecar = start(shops[0].address, shops[1].address, DUAL)
    request = message(messages.GetRequest(store="2", id="a").SerializeToString())
    with RawClient(sidecar.address) as client:
        for body in (b"", request[:3], request[:-1], request + request, message(flag=7)):
            assert client.call(call_headers(GET), body).refused, body
        assert not client.call(call_headers(GET), request).refused


@pytest.mark.parametrize("fields", [
    [("x-big", "v" * 20_000)], [(f"x-{index}", "v" * 400) for index in range(60)],
    [(f"x-{index}", "") for index in range(150)],
], ids=["one field", "many large", "many small"])
def test_metadata_over_the_limit(fields, keep, start):
    server = keep(RawServer())
    with RawClient(start(server.address, limits={"metadata_bytes": "16KiB"}).address) as client:
        answer = client.call(call_headers("/a.B/C", *fields))
        assert answer.reset is None, "the client should be told"
        assert answer.grpc_status == "8" or answer.http_status == "431"
        assert client.call(call_headers()).grpc_status == "0", "the connection should go on"
    assert len(server.received) == 1


def test_metadata_of_an_answer_over_the_limit(keep, start):
    """A server's outsized trailers fail the call, not the connection that others use."""
    server = keep(RawServer(lambda wire, stream, got: reply(
        wire, stream, trailers=[(b"grpc-status", b"0"), (b"x-big", b"v" * (40_000 if got.body != message() else 1))])))
    with RawClient(start(server.address, limits={"metadata_bytes": "16KiB"}).address) as client:
        assert client.call(body=message(b"big")).refused
        assert client.call().grpc_status == "0"
    assert len(server.wires) == 1, "the upstream connection was lost"


def test_streams_per_connection_are_announced_and_kept(keep, start):
    server = keep(RawServer(lambda wire, stream, got: None))
    sidecar = start(server.address, limits={"streams_per_connection": 10})
    with contextlib.suppress(OSError), RawClient(sidecar.address, seconds=2) as client:
        client.await_settings()
        assert client.settings[3] == 10
        streams = [client.open(call_headers(), end_stream=True) for _ in range(20)]
        assert client.await_stream(streams[-1]).reset is not None
    assert len(server.received) <= 10


def test_unknown_service_without_pass_through(start, shops):
    sidecar = start(
        shops[0].address, shops[1].address, pass_through="orders")
    with Shopper(sidecar.address) as client:
        assert client.unary("/shop.v1.Orders/NoSuch", b"").code == "UNIMPLEMENTED"
