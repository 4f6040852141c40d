"""What waits in a sidecar is bounded in bytes and in time, refused by its own name, and in nobody else's way."""

import re
import threading
import time

import pytest
from hyperframe.frame import RstStreamFrame, SettingsFrame, WindowUpdateFrame

from harness.field import BOTH, NONE, begin
from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry, name
from harness.operators import Operator, sets
from harness.processes import wait_for
from harness.raw import ANSWER_HEADERS, PREFACE, WIDE, RawClient, RawServer, call_headers, message, reply
from harness.records import RECORDS, Clerk, named, settings, value
from harness.stubs import ledger, records

KEY, OTHER = ("406", 1), ("9", 5)
MIB = 1 << 20
# worker_buffer is 24 MiB, and a worker may hold a quarter of it for each further upstream; the rest is the allocator's.
HELD_AT_MOST = 80 << 10


def growth(sidecar, since):
    return sidecar.memory("VmHWM") - since


def test_messages_that_wait_for_a_side_are_counted(field, ledgers):
    """New says nothing: what waits for it is refused beyond the limit, and calls that do not need it go on."""
    sidecar, _, client = field(dict(phase="migrating", enrolled={"allow": ["406"]}, gray={"allow": ["406"]}),
                               keys=(KEY, OTHER))
    go = threading.Event()
    ledgers[1].faults["Save"] = lambda *_: go.wait(30)
    before = sidecar.memory("VmRSS")
    calls = [begin(client, "Save", ledger.SaveRequest(entry=entry(("406", 100 + index), 1, owner="x" * MIB)))
             for index in range(150)]
    wait_for(lambda: sum(call.done() for call in calls) > 50, 20, "calls are refused")
    refused = [dict(call.trailing_metadata()).get("switchover-error") for call in calls if call.done()]
    assert set(refused) == {"buffers-full"}
    assert growth(sidecar, before) < HELD_AT_MOST
    assert client.change(OTHER, 1).code == "OK", "of a key at old"
    go.set()
    assert {call.code().name for call in calls if call.exception() is None} == {"OK"}


def test_answers_that_nobody_reads_are_counted(field, ledgers):
    sidecar, _, client = field(BOTH, keys=())
    for index in range(32):
        key = ("406", index)
        ledgers[index % 2].entries[key] = entry(key, index, owner="x" * 65_536)
    before = sidecar.memory("VmRSS")
    with RawClient(sidecar.address, preface=False) as reader:
        reader.send(PREFACE, SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}))
        reader.await_settings()
        query = message(ledger.ListRequest(store="406", limit=100).SerializeToString())
        for _ in range(100):
            reader.data(reader.open(call_headers(f"/{LEDGER}/List")), query, end_stream=True)
        wait_for(lambda: re.search(r'refusals_total\{code="buffers-full"\} [1-9]', sidecar.get("/metrics")[1]), 20,
                 "answers are refused")
        assert client.list(store="406", limit=3).code == "OK", "of another connection"
        assert growth(sidecar, before) < HELD_AT_MOST


def test_no_room_to_wait_is_room_enough_for_one(field):
    _, _, client = field(BOTH, keys=(KEY,), limits={"upstream_queue": 0})
    assert [client.change(KEY, 1).code, client.remove(KEY).code] == ["OK", "OK"]


class Single(RawServer):
    """A ledger that takes one call at a time, and never answers the first."""

    def __init__(self):
        super().__init__(lambda *_: None, opened=self.narrow)

    @staticmethod
    def narrow(wire, number):
        wire.widen()
        wire.send(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 1}))


@pytest.mark.parametrize("method, asked", [
    ("Change", ledger.ChangeRequest(name=ledger.EntryName(store="406", id=1), add_cents=1)),
    ("Save", ledger.SaveRequest(entry=entry(KEY, 1))), ("Remove", ledger.EntryName(store="406", id=1)),
    ("Find", ledger.EntryName(store="406", id=1)),
])
def test_a_deadline_that_passes_before_anything_is_sent_says_so(method, asked, start, keep):
    """Contract, 7: nothing was sent, and so nothing is unknown."""
    old, new = keep(Single()), keep(Single())
    sidecar = start(
        old.address, new.address, dict(phase="migrating", enrolled="all", gray="all"), plan=PLAN,
        migration={"services": [LEDGER], **NAME}, limits={"upstream_connections": 1}).await_ready()
    client = keep(Bookkeeper(sidecar.address))
    blocker = begin(client, "Find", name(("406", 8)))
    wait_for(lambda: new.received, 5, "the first call is at new")
    for milliseconds in (200, 150, 100):
        with RawClient(sidecar.address) as raw:
            head = call_headers(f"/{LEDGER}/{method}", ("grpc-timeout", f"{milliseconds}m"))
            answer = raw.call(head, message(asked.SerializeToString()))
        assert (answer.grpc_status, answer.field("switchover-error")) == ("4", "deadline")
    blocker.cancel()


def test_a_write_that_was_refused_twice_is_at_rest(start, ledgers, keep):
    """RFC 9113, 8.7: it was not processed; nothing of it is waited for."""
    refusing = [True]

    def began(wire, stream):
        if refusing[0]:
            wire.send(RstStreamFrame(stream, 7))

    old = keep(RawServer(lambda *_: None, began=began))
    sidecar = start(
        old.address, ledgers[1].address, NONE, plan=PLAN, migration={"services": [LEDGER], **NAME},
        limits={"settle_after": "20s"}).await_ready()
    client, operator = keep(Bookkeeper(sidecar.address)), keep(Operator(sidecar))
    assert client.change(KEY, 1).code == "UNAVAILABLE"
    refusing[0] = False
    answer = operator.change(enrolled=sets(dict(all=True)), new_is_empty=True, force="orders")
    assert not isinstance(answer, tuple), answer
    assert operator.status().pinned_records == 0


def test_an_answer_that_is_there_does_not_wait_for_a_reset(start, keep):
    """A side that refuses a write before it has read all of it, when cancelled calls have used up all resets."""
    refused = []

    def opened(wire, number):
        wire.send(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 1000}),
                  WindowUpdateFrame(0, WIDE - 65_535))

    def began(wire, stream):
        if wire.streams[stream].field(":path").endswith("/Save"):
            refused.append(stream)
            wire.headers(stream, [*ANSWER_HEADERS, (b"grpc-status", b"3")], end_stream=True)

    def answer(wire, stream, exchange):
        if exchange.field(":path").endswith("/Find") and b"slow" not in exchange.body:
            reply(wire, stream, message(ledger.EntryReply(entry=entry(KEY, 1)).SerializeToString()))

    old, new = keep(RawServer(answer, opened=opened, began=began)), keep(RawServer())
    both = dict(phase="migrating", enrolled="all", gray="none")
    sidecar = start(
        old.address, new.address, both, plan=PLAN, migration={"services": [LEDGER], **NAME},
        limits={"upstream_resets_burst": 10, "upstream_resets_per_second": 1}).await_ready()
    client = keep(Bookkeeper(sidecar.address))
    calls = [begin(client, "Find", name(("slow", index))) for index in range(60)]
    wait_for(lambda: len(old.received) == 60, 5, "calls at old")
    for call in calls:
        call.cancel()
    large = ledger.SaveRequest(entry=entry(KEY, 1, owner="x" * MIB))
    for _ in range(2):  # its lane is open
        assert client.call("Save", large, timeout=10).code == "INVALID_ARGUMENT"
    assert len(refused) == 2


def test_a_process_that_ends_begins_no_write_any_more(start, databases, keep):
    """Contract, 9: it ends in time beside a locked database, and what it has not begun is not begun after it."""
    for number in range(12):
        for side in databases:
            side.put(number, "406")
    sidecar = start(
        "", "", BOTH, **settings(*databases), drain={"delay": "100ms", "timeout": "200ms"},
        limits={"follower_timeout": "500ms"}).await_ready()
    clerk = keep(Clerk(sidecar.address))
    databases[0].link.execute("begin immediate")
    update = clerk.channel.unary_unary(f"/{RECORDS}/Update")
    calls = [
        update.future(records.UpdateRequest(
            entity="orders", key=records.Key(parts=[value(number)]), gray_key=value("406"),
            changes=named(dict(cents=1))).SerializeToString(), timeout=60)
        for number in range(12)]
    wait_for(lambda: 'switchover_double_writes_total{migration="orders"} 12' in sidecar.get("/metrics")[1], 5,
             "all are under way")
    began = time.monotonic()
    sidecar.terminate()
    sidecar.wait(30)
    assert time.monotonic() - began < 10
    databases[0].link.execute("rollback")
    assert all(call.code().name != "OK" for call in calls)
    assert databases[0].rows() == databases[1].rows()
