"""Stacks of other makers on both sides of the sidecar: what they do to each other directly they do through it."""

import time

import grpc
import pytest

from harness import peers
from harness.raw import RawClient, call_headers, data_frame, message

GO_CASES = [
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
    "timeout_on_sleeping_server", "cancel_after_begin", "cancel_after_first_response", "status_code_and_message",
    "special_status_message", "custom_metadata", "unimplemented_method", "unimplemented_service",
]
# What grpclib's server is asked for: it sends grpc-go no content-type where it knows no method.
PLAIN_CASES = ["empty_unary", "empty_stream"]
GRPC_SIDES = [name for name, side in peers.SIDES.items() if side.is_grpc]


def needs(*names):
    for name in names:
        if reason := peers.missing(name):
            pytest.skip(reason)


@pytest.fixture
def between(start, keep, tmp_path):
    """between(name) is a server of that maker, and the address of a sidecar in front of it."""
    def between(name):
        needs(name)
        side = keep(peers.SIDES[name](tmp_path))
        return side, start(side.address).address

    return between


def channel(address):
    return grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])


@pytest.mark.parametrize("case", GO_CASES)
def test_grpc_go_with_grpc_go(case, between):
    side, address = between("grpc-go")
    peers.go_client(address, case)
    assert peers.serves(address, side)


@pytest.mark.parametrize("case", PLAIN_CASES)
def test_grpc_go_with_grpclib(case, between):
    needs("grpc-go")
    _, address = between("grpclib")
    peers.go_client(address, case)


@pytest.mark.parametrize("name", peers.SIDES)
def test_a_thousand_cut_uploads_leave_the_side_serving(name, between):
    """Half-sent requests of clients that are gone are cancelled at the side at once."""
    side, address = between(name)
    clients = [RawClient(address) for _ in range(10)]
    for client in clients:
        client.await_settings()
        for _ in range(100):
            stream = client.open(call_headers(side.stream_in))
            client.send(data_frame(stream, message(bytes(50))[:20]))
    time.sleep(1)
    for client in clients:
        client.close(abruptly=True)
    began = time.monotonic()
    assert peers.serves(address, side, timeout=10)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", GRPC_SIDES)
def test_a_thousand_cancelled_calls_of_grpcio(name, between):
    side, address = between(name)
    with channel(address) as many:
        calls = [many.unary_unary(side.unary).future(b"", timeout=20) for _ in range(1000)]
        for call in calls:
            call.cancel()
    assert peers.serves(address, side)


@pytest.mark.parametrize("name", GRPC_SIDES)
def test_empty_streams_end(name, between):
    side, address = between(name)
    with channel(address) as client:
        for _ in range(5):
            assert list(client.stream_stream(side.duplex)(iter(()), timeout=8)) == []
    for _ in range(3):
        assert peers.grpclib_call(address, side.duplex, []) == []
    needs("nghttp")
    assert "grpc-status: 0" in peers.nghttp_client(address, side.duplex)


def test_nghttp_with_nghttpd(between):
    needs("nghttp")
    side, address = between("nghttpd")
    printed = peers.nghttp_client(address, side.duplex)
    assert ":status: 200" in printed or ":status: 404" in printed, printed
    assert peers.serves(address, side)


@pytest.mark.parametrize("name", GRPC_SIDES)
@pytest.mark.parametrize("text", ["no such order: ", " no such order", "\t", "two  words"])
def test_blanks_in_a_status_message(name, text, between):
    """The message is the side's own, whichever library reads it."""
    side, address = between(name)
    if name == "grpclib" and text != text.strip():
        # It takes blanks from no one and sends none: they come as metadata and are cut off on the way.
        text = "no such order"
    request, metadata = side.refusing(text)
    with channel(address) as client, pytest.raises(grpc.RpcError) as failure:
        client.unary_unary(side.unary)(request, timeout=8, metadata=metadata)
    assert (failure.value.code().name, failure.value.details()) == ("NOT_FOUND", text)
    from grpclib.exceptions import GRPCError

    with pytest.raises(GRPCError) as error:
        peers.grpclib_call(address, side.unary, [request], dict(metadata), streams=False)
    assert (error.value.status.name, error.value.message) == ("NOT_FOUND", text)


@pytest.mark.parametrize("name", peers.SIDES)
def test_blanks_in_metadata_harm_nobody(name, between):
    """h2, below grpclib, would end the connection of all clients over one."""
    side, address = between(name)
    with RawClient(address) as raw:
        for value in (" v", "v ", "\tv\t", " "):
            answer = raw.call(call_headers(side.unary, ("x-a", value), ("x-b-bin", " AA== ")), message(b""))
            assert answer.http_status == "200" and answer.grpc_status in ("0", None), value
    if side.is_grpc:
        with channel(address) as client:
            client.unary_unary(side.unary)(b"", timeout=8, metadata=(("x-a", "v "), ("x-b", " v")))
    assert peers.serves(address, side)


@pytest.mark.parametrize("name", peers.SIDES)
@pytest.mark.parametrize("field, value", [
    ("grpc-encoding", "zstd"), ("grpc-previous-rpc-attempts", "abc"), ("grpc-retry-pushback-ms", "abc"),
    ("grpc-status", "abc"), ("lb-cost-bin", "AA"), ("grpc-internal-encoding-request", "abc"), ("te", "Trailers"),
    ("host", "somebody.else"), ("grpc-accept-encoding", "zstd"),
])
def test_odd_fields_of_one_client_harm_no_other(name, field, value, between):
    side, address = between(name)
    with RawClient(address) as raw:
        for _ in range(3):
            without = (b"te",) if field == "te" else ()
            raw.call(call_headers(side.unary, (field, value), without=without), message(b""))
    assert peers.serves(address, side)
    if side.reads_gzip:
        with channel(address) as client:
            client.unary_unary(side.unary)(b"\x0a\x03abc", timeout=5, compression=grpc.Compression.Gzip)
    good = {"grpc-encoding": "identity", "grpc-previous-rpc-attempts": "1", "grpc-retry-pushback-ms": "10"}
    if side.is_grpc and field in good:
        with RawClient(address) as raw:
            assert raw.call(call_headers(side.unary, (field, good[field])), message(b"")).grpc_status == "0"


@pytest.mark.parametrize("name", GRPC_SIDES)
def test_an_authority_that_is_a_socket_path(name, between):
    side, address = between(name)
    with RawClient(address) as raw:
        for authority in (b"/run/app/data.sock", b""):
            raw.call(call_headers(side.unary, authority=authority), message(b""))
    assert peers.serves(address, side)
