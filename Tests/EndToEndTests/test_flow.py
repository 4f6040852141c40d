"""Flow control end to end: a slow reader holds its server back, costs little memory and stalls nobody else."""

import contextlib
import time

import pytest
from hyperframe.frame import SettingsFrame, WindowUpdateFrame

from harness.cases import DUPLEX, STREAM_IN, STREAM_OUT, UNARY, Script
from harness.history import Client
from harness.processes import wait_for
from harness.raw import PREFACE, RawClient, Wire, call_headers, message
from harness.stubs import interop as messages

MEBIBYTE = 1 << 20
SMALL = 40 * 1024  # KiB
MESSAGE = 64 * 1024


def stream_of(total):
    return messages.StreamRequest(reply_bytes=[MESSAGE] * 16, rounds=total // (16 * MESSAGE))


def read_slowly(subject, total):
    """Reads a stream of `total` bytes with pauses at its beginning; returns what it got and the memory at most."""
    with Client(subject.address, [("grpc.http2.lookahead_bytes", 65536)]) as client:
        call = client.open_stream_out(STREAM_OUT, stream_of(total), timeout=3600)
        got = 0
        for index, reply in enumerate(call):
            got += len(messages.Reply.FromString(reply).payload)
            if index < 200 and index % 20 == 0:
                time.sleep(0.05)
        assert call.code().name == "OK"
    return got, subject.memory("VmHWM")


@pytest.mark.any_hop
def test_200_megabytes_to_a_slow_reader(stock, hop):
    subject = hop(stock.address)
    got, most = read_slowly(subject, 200 * MEBIBYTE)
    print(f"{got / MEBIBYTE:.0f} MiB, at most {most} KiB resident")
    assert got == 200 * MEBIBYTE
    assert most < SMALL


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_10_gigabytes_to_a_slow_reader(stock, hop):
    subject = hop(stock.address)
    total = 10_000 * MEBIBYTE
    got, most = read_slowly(subject, total)
    print(f"{got / MEBIBYTE:.0f} MiB, at most {most} KiB resident")
    assert got == total
    assert most < SMALL


@pytest.mark.any_hop
def test_200_megabytes_from_a_client_to_a_slow_server(stock, hop):
    subject = hop(stock.address)
    request = messages.Request(payload=bytes(MESSAGE))
    with Client(subject.address) as client:
        outcome = client.stream_in(STREAM_IN, (request for _ in range(200 * 16)), timeout=100)
    assert messages.Reply.FromString(outcome.messages[0]).received_bytes == 200 * MEBIBYTE
    assert subject.memory("VmHWM") < SMALL


def reader_that_never_reads(address, streams=1):
    """Asks for endless streams with an open connection window and never takes a byte off the socket."""
    client = RawClient(address)
    for _ in range(streams):
        body = message(stream_of(1 << 34).SerializeToString())
        client.data(client.open(call_headers(STREAM_OUT)), body, end_stream=True)
    return client


@pytest.mark.any_hop
def test_a_client_that_never_reads_stalls_nobody(stock, hop):
    """Both use the same upstream connection: what the first does not take must not use up its window."""
    subject = hop(stock.address)
    stalled = [reader_that_never_reads(subject.address, streams=4) for _ in range(3)]
    time.sleep(1)
    with Client(subject.address) as client:
        for _ in range(50):
            outcome = client.unary(UNARY, messages.Request(reply_bytes=50_000), timeout=3)
            assert outcome.code == "OK", outcome
    assert subject.memory("VmHWM") < 64 * 1024
    for client in stalled:
        client.close()


@pytest.mark.any_hop
def test_a_stream_that_is_not_read_stalls_no_other_of_its_connection(stock, hop):
    subject = hop(stock.address)
    wire = Wire(RawClient(subject.address, preface=False).socket)
    wire.send(PREFACE, SettingsFrame(0, settings={4: 0}), WindowUpdateFrame(0, 2**30))
    wire.headers(1, call_headers(STREAM_OUT))
    wire.data(1, message(stream_of(1 << 30).SerializeToString()), end_stream=True)
    wire.headers(3, call_headers(UNARY))
    wire.data(3, message(messages.Request(reply_bytes=1000).SerializeToString()), end_stream=True)
    wire.send(WindowUpdateFrame(3, 100_000))
    assert wire.await_stream(3).grpc_status == "0"
    assert wire.streams[1].body == b""
    wire.close()


@pytest.mark.any_hop
def test_a_server_that_does_not_read_stops_its_client(stock, hop):
    """The server's Duplex handler waits; the client must be held back, not buffered without end."""
    subject = hop(stock.address)
    request = messages.StreamRequest(payload=bytes(MESSAGE), reply_bytes=[1], wait_milliseconds=60_000)
    sent = []

    def requests():
        for _ in range(2000):
            sent.append(1)
            yield request

    with Client(subject.address) as client:
        call = client.open_duplex(DUPLEX, requests(), timeout=30)
        time.sleep(2)
        held = len(sent)
        time.sleep(1)
        assert len(sent) <= held + 20, "the client was never held back"
        assert held * MESSAGE < 40 * MEBIBYTE
        assert subject.memory("VmHWM") < 64 * 1024
        call.cancel()


@pytest.mark.any_hop
def test_half_closed_streams_go_on(stock, hop):
    """The client ends its side at once; the server answers for a second."""
    with Client(hop(stock.address).address) as client:
        request = messages.StreamRequest(reply_bytes=[10] * 10, wait_milliseconds=100)
        assert len(client.stream_out(STREAM_OUT, request).messages) == 10


@pytest.mark.any_hop
def test_messages_are_not_held_back(stock, hop):
    """A streamed reply reaches the client when it is sent, not when the next one comes."""
    with Client(hop(stock.address).address) as client:
        script = Script()
        call = client.open_duplex(DUPLEX, script)
        slowest = 0
        for _ in range(20):
            began = time.monotonic()
            script.send(messages.StreamRequest(reply_bytes=[10]))
            next(call)
            slowest = max(slowest, time.monotonic() - began)
        script.end()
        assert slowest < 1


def idle_connections(address, count):
    """Connections that have made one call each and are then idle."""
    connections = []
    for _ in range(count):
        client = RawClient(address)
        assert client.call().done
        connections.append(client)
    return connections


def test_a_thousand_idle_connections(stock, hop):
    subject = hop(stock.address)
    first = idle_connections(subject.address, 20)
    before = subject.memory("VmRSS")
    rest = idle_connections(subject.address, 980)
    each = (subject.memory("VmRSS") - before) / len(rest)
    print(f"{each:.1f} KiB a connection")
    assert each <= 40
    for client in first + rest:
        client.close()
    with Client(subject.address) as client:
        assert client.unary(UNARY, messages.Request()).code == "OK"


def test_memory_and_descriptors_come_back(stock, hop):
    """Rounds of connections, calls, cancels and resets leave nothing behind."""
    subject = hop(stock.address)

    def round_of_calls():
        for client in idle_connections(subject.address, 100):
            client.close()
        with Client(subject.address) as client:
            for _ in range(100):
                client.unary(UNARY, messages.Request(reply_bytes=10_000))
            calls = [client.open_stream_out(STREAM_OUT, stream_of(MEBIBYTE)) for _ in range(20)]
            for call in calls:
                call.cancel()

    for _ in range(3):
        round_of_calls()
    wait_for(lambda: subject.descriptors() < 60, 5, "descriptors closed")
    memory, descriptors = subject.memory("VmRSS"), subject.descriptors()
    for _ in range(5):
        round_of_calls()
    wait_for(lambda: subject.descriptors() <= descriptors + 2, 5, "descriptors closed")
    assert subject.memory("VmRSS") < memory + 4096


@pytest.mark.alone
def test_idle_processes_do_nothing(stock, hop):
    """No timer ticks while nothing happens: the app's machine belongs to the app."""
    subject = hop(stock.address)
    with Client(subject.address) as client:
        client.unary(UNARY, messages.Request())
        time.sleep(0.5)
        before = subject.cpu_seconds()
        time.sleep(2)
        assert subject.cpu_seconds() - before <= 0.02
