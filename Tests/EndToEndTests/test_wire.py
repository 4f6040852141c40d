"""Transparency below the reach of a gRPC library: header lists and body bytes, as they stand on the wire."""

import pytest
from hyperframe.frame import RstStreamFrame

from harness.raw import ANSWER_HEADERS, RawClient, RawServer, call_headers, message, reply

pytestmark = pytest.mark.any_hop

PATH = "/any.Service/Method"
REQUEST_FIELDS = [
    ("user-agent", "grpc-test/1.0 (odd; spacing)"), ("grpc-encoding", "gzip"),
    ("grpc-accept-encoding", "identity, deflate, gzip"), ("x-order", "1"), ("x-other", ""), ("x-order", "2"),
    ("x-data-bin", "AAEC"), ("x-data-bin", "AAEC/+8="), ("authorization", "Bearer a.b"),
    ("x-dots.and_under-score", "~!@#$%^&*()_+`-={}[]|:;'<>?,./"), ("cookie", "a=1"), ("cookie", "b=2"),
    ("grpc-previous-rpc-attempts", "1"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
]
ANSWER_FIELDS = [
    (b"grpc-encoding", b"gzip"), (b"x-a", b"1"), (b"x-b", b""), (b"x-a", b"2"), (b"x-c-bin", b"AAEC"),
    (b"server", b"my-server"), (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
]
TRAILERS = [
    (b"grpc-status", b"5"), (b"grpc-message", b"not%20here%E2%98%BA%ZZ"), (b"x-t", b"1"), (b"x-t", b"2"),
    (b"grpc-status-details-bin", b"CAUSBG5vcGU"), (b"x-own-bin", b"AA=="),
]


def without(fields, prefixes):
    return [field for field in fields if not field[0].startswith(tuple(prefix.encode() for prefix in prefixes))]


@pytest.fixture
def exchange(keep, hop):
    """exchange(fields, body, answer) makes one call and returns what the server got and what the client got."""

    def exchange(fields, body=message(b"abc"), answer=None):
        server = keep(RawServer(answer))
        subject = hop(server.address)
        with RawClient(subject.address) as client:
            answered = client.call(fields, body)
        assert server.received, f"not forwarded: {answered}"
        request = server.received[0]
        request.headers = without(request.headers, subject.adds_to_requests)
        answered.headers = without(answered.headers or [], subject.adds_to_answers)
        return request, answered

    return exchange


def test_request_headers_arrive_as_they_were_sent(exchange):
    fields = call_headers(PATH, *REQUEST_FIELDS)
    request, _ = exchange(fields)
    assert request.headers == [item for field in fields for item in items(field)]


def items(field):
    """A list of binary values in one field is the same as a field for each, which all servers understand."""
    name, value = field
    return [(name, item) for item in value.split(b",")] if name.endswith(b"-bin") else [field]


def test_binary_values_joined_by_commas_stay_the_same_values(exchange):
    """PROTOCOL-HTTP2 lets them be joined and split on the way; stock servers choke on joined ones."""
    request, _ = exchange(call_headers(PATH, ("x-list-bin", "AAEC,AAED,AAEE")))
    values = [value for name, value in request.headers if name == b"x-list-bin"]
    assert b",".join(values) == b"AAEC,AAED,AAEE"


@pytest.mark.parametrize("content_type", [
    "application/grpc", "application/grpc+proto", "application/grpc+json", "application/grpc;charset=utf-8",
])
def test_content_type_and_authority_are_kept(content_type, exchange):
    fields = call_headers(
        PATH, ("content-type", content_type), without=(b"content-type",), authority=b"orders.example:443")
    request, answered = exchange(fields)
    assert request.headers == fields
    assert answered.grpc_status == "0"


def test_answer_arrives_as_it_was_sent(exchange):
    _, answered = exchange(
        call_headers(PATH), answer=lambda wire, stream, _: reply(wire, stream, message(b"r"), ANSWER_FIELDS, TRAILERS)
    )
    assert answered.headers == [*ANSWER_HEADERS, *ANSWER_FIELDS]
    assert answered.trailers == TRAILERS
    assert answered.body == message(b"r")


def test_trailers_only_answer_stays_one(exchange):
    fields = [*ANSWER_HEADERS, *TRAILERS]
    _, answered = exchange(call_headers(PATH), answer=lambda wire, stream, _: wire.headers(stream, fields, True))
    assert answered.headers == fields
    assert answered.trailers is None


@pytest.mark.parametrize("body", [
    b"", message(), message(b"x" * 70_000), message(b"gzip bytes", flag=1), message(b"a") * 50,
    message(b"a", flag=1) + message(b"b") + message(b"c", flag=1), message(b"x" * 16_379) + message(b"y" * 16_380),
], ids=["no message", "empty", "70 kB", "compressed", "50 in a frame", "mixed flags", "at frame boundaries"])
def test_body_bytes_pass_unchanged_both_ways(body, exchange):
    request, answered = exchange(
        call_headers(PATH, ("grpc-encoding", "gzip")), body, lambda wire, stream, got: reply(wire, stream, got.body)
    )
    assert request.body == body
    assert answered.body == body


def test_message_in_frames_of_one_byte(keep, hop):
    server = keep(RawServer(lambda wire, stream, got: reply(wire, stream, got.body)))
    with RawClient(hop(server.address).address) as client:
        stream = client.open(call_headers(PATH))
        for byte in message(b"0123456789"):
            client.data(stream, bytes([byte]))
        client.data(stream, b"", end_stream=True)
        assert client.await_stream(stream).body == message(b"0123456789")


def test_trailers_end_a_request_too(keep, hop):
    """HTTP/2 allows trailers after a request; gRPC has no use for them, and they must not break the call."""
    server = keep(RawServer(lambda wire, stream, got: reply(wire, stream, got.body)))
    with RawClient(hop(server.address).address) as client:
        stream = client.open(call_headers(PATH))
        client.data(stream, message(b"a"))
        client.headers(stream, [(b"x-after", b"1")], end_stream=True)
        assert client.await_stream(stream).done
        assert client.call(call_headers(PATH)).grpc_status == "0"


@pytest.mark.parametrize("http, grpc", [
    (400, "13"), (401, "16"), (403, "7"), (404, "12"), (429, "14"), (502, "14"), (503, "14"), (504, "14"), (500, "2"),
])
def test_plain_http_answer_of_the_server_reaches_the_client(http, grpc, exchange):
    """Transparent: the client's own library maps it (http-grpc-status-mapping), or the sidecar already has."""
    headers = [(b":status", str(http).encode()), (b"content-type", b"text/plain")]

    def answer(wire, stream, _):
        wire.headers(stream, headers)
        wire.data(stream, b"proxy says no", end_stream=True)

    _, answered = exchange(call_headers(PATH), answer=answer)
    assert answered.http_status == str(http) or answered.grpc_status == grpc


def test_early_answer_and_reset_without_an_error(keep, hop):
    """A server may answer before the request has ended and reset the rest with NO_ERROR (RFC 9113, 8.1)."""
    def began(wire, stream):
        reply(wire, stream, message(b"early"))
        wire.send(RstStreamFrame(stream, 0))

    server = keep(RawServer(began=began))
    with RawClient(hop(server.address).address) as client:
        stream = client.open(call_headers(PATH))
        client.data(stream, message(b"first"))
        answered = client.await_stream(stream)
        assert (answered.body, answered.grpc_status) == (message(b"early"), "0")


@pytest.mark.parametrize("code, grpc", [(1, "13"), (2, "13"), (8, "1"), (11, "8"), (12, "7")])
def test_reset_by_the_server_reaches_the_client(code, grpc, keep, hop):
    """Either the reset itself or the status that PROTOCOL-HTTP2 gives it."""
    server = keep(RawServer(lambda wire, stream, _: wire.send(RstStreamFrame(stream, code))))
    with RawClient(hop(server.address).address) as client:
        answered = client.call(call_headers(PATH))
        assert answered.reset == code or answered.grpc_status == grpc


def test_informational_answer_before_the_final_one(keep, hop):
    def answer(wire, stream, _):
        wire.headers(stream, [(b":status", b"103"), (b"link", b"</a>")])
        reply(wire, stream, message(b"final"))

    server = keep(RawServer(answer))
    with RawClient(hop(server.address).address) as client:
        stream = client.open(call_headers(PATH))
        client.data(stream, message(), end_stream=True)
        while not client.streams.get(stream) or not client.streams[stream].body:
            assert client.pump()
        assert client.streams[stream].body == message(b"final")


def test_streams_are_independent(keep, hop):
    """The second call is answered while the first one's server is silent."""
    def answer(wire, stream, got):
        if got.body == message(b"go"):
            reply(wire, stream, message(b"gone"))

    server = keep(RawServer(answer))
    with RawClient(hop(server.address).address) as client:
        silent = client.open(call_headers(PATH))
        client.data(silent, message(b"wait"), end_stream=True)
        assert client.call(call_headers(PATH), message(b"go")).body == message(b"gone")
