"""The contract's section 2, pins and handover: a change lands at once whatever hangs."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.field import OURS, OTHER, BOTH, SOON, cents, took, in_flight, begin, found
from harness.ledger import LEDGER, hang, name
from harness.operators import sets
from harness.processes import wait_for
from harness.raw import RawClient, call_headers, message
from harness.subjects import run
from harness.stubs import ledger


# Nothing keeps a change from landing.

def test_an_unknown_outcome_of_another_record_is_not_waited_for(field, ledgers):
    sidecar, operator, client = field(BOTH)
    assert operator.gray(add="406").changed
    ledgers[0].faults["Change"] = lambda request, context: request.name.store == "7" and hang(0.5)(request, context)
    assert client.change(OTHER, 1, timeout=0.1).code == "DEADLINE_EXCEEDED"
    seconds, _ = took(operator.rollback)
    assert seconds < SOON
    assert client.change(OURS, 1).code == "OK"
    assert operator.explain("406").stage == "dualOld"


@pytest.mark.parametrize("method", ["Find", "Change", "Overwrite"])
def test_a_rollback_lands_while_new_hangs(method, field, ledgers):
    """406 is read from new, which hangs; calls go on coming."""
    sidecar, operator, client = field(BOTH)
    assert operator.gray(add="406").changed
    ledgers[1].faults[method] = hang(3)
    request = name(OURS) if method == "Find" else ledger.ChangeRequest(name=name(OURS))
    calls = [begin(client, "Find" if method == "Find" else "Change", request, timeout=5) for _ in range(10)]
    time.sleep(0.3)
    seconds, _ = took(operator.rollback)
    assert seconds < SOON
    assert operator.explain("406").stage == "dualOld"
    for call in calls:
        call.cancel()


def test_a_second_change_cuts_off_queries_of_before_the_first(field, ledgers):
    sidecar, operator, client = field(BOTH)
    ledgers[0].faults["Find"] = hang(6)
    slow = begin(client, "Find", name(OURS))
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    seconds, _ = took(lambda: operator.gray(add="406"))
    assert seconds < 1, "queries of before one change may run on"
    assert not slow.done()
    seconds, _ = took(lambda: operator.gray(remove="406"))
    assert seconds < SOON
    wait_for(slow.done, 2, "the query is answered")
    assert slow.code().name == "UNAVAILABLE"
    assert dict(slow.trailing_metadata())["switchover-error"] == "key-moving"


def test_edits_do_not_keep_a_rollback_from_landing(field, ledgers):
    """A query of before the last change hangs, and somebody edits the same migration's switches all the time."""
    sidecar, operator, client = field(dict(phase="migrating", enrolled="all", gray={"allow": ["7"]}))
    ledgers[1].faults["Find"] = hang(30)
    query = begin(client, "Find", name(OTHER), timeout=None)
    wait_for(lambda: ledgers[1].log, 5, "the query reaches new")
    assert operator.gray(add="406").changed
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        rollback = pool.submit(operator.rollback)
        wait_for(lambda: operator.status().in_file.epoch == 4, 5, "it waits")
        assert "not in force yet" in operator.gray(add="1000")[1], "one step forward at a time"
        keys = ["7"]
        while operator.explain("406").stage != "dualOld" and time.monotonic() - began < 2 * SOON:
            keys.append(f"{1000 + len(keys)}")
            sidecar.write_switches("migrating", "all", {"allow": keys}, epoch=3 + len(keys))
            time.sleep(0.2)
        assert time.monotonic() - began < SOON
        answer = rollback.result(2 * SOON)
        assert not isinstance(answer, tuple) or "replaced it" in answer[1], answer
    assert query.code().name == "UNAVAILABLE"


def test_a_body_without_end_is_refused_where_it_would_be_late(field, ledgers):
    """Forwarded unread at `idle`: nothing else would end it."""
    sidecar, operator, _ = field(dict(phase="idle"))
    with RawClient(sidecar.address, seconds=20) as client:
        stream = client.open(call_headers(f"/{LEDGER}/Change"))
        client.data(stream, b"\0\0\0\0\x10\x0a\x01a")
        wait_for(lambda: in_flight(sidecar) == 1, 5, "the call is under way")
        began = time.monotonic()
        sidecar.write_switches(phase="migrating", enrolled="all")
        exchange = client.await_stream(stream)
        assert exchange.grpc_status == "14" and exchange.field("switchover-error") == "key-moving"
        assert time.monotonic() - began < SOON
        wait_for(lambda: operator.explain("406").stage == "dualOld", SOON, "the change is in force")


def test_a_query_that_meets_its_deadline_leaves_nothing_behind(field, ledgers):
    sidecar, operator, client = field(BOTH)
    for side in ledgers:
        side.faults["List"] = hang(0.5)
    with RawClient(sidecar.address) as raw:
        exchange = raw.call(
            call_headers(f"/{LEDGER}/List", ("grpc-timeout", "100m")),
            message(ledger.ListRequest(store="406").SerializeToString()))
    assert exchange.grpc_status == "4"
    wait_for(lambda: in_flight(sidecar) == 0, 5, "no call is left")
    seconds, _ = took(lambda: operator.change(enrolled=sets({"none": True}), force="orders"))
    assert seconds < SOON


# Pinned records are read by their own stage.

def test_every_kind_of_query_asks_for_a_pinned_record(field, ledgers):
    """A write of OURS hangs on its follower at `dualNew`; the rollback leaves that record there alone."""
    sidecar, operator, client = field(BOTH)
    assert operator.gray(add="406 7").changed
    old, new = ledgers
    old.faults["Overwrite"] = hang(3)
    writing = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=11))
    wait_for(lambda: ("old", "Overwrite", OURS) in [each[:3] for each in old.log], 5, "old is being written")
    _, answer = took(operator.rollback)
    assert any("1 record (" in note and "being written just now" in note for note in answer.notes), answer.notes
    assert operator.explain("7").stage == "dualOld"
    assert operator.status().pinned_records == 1
    assert 'switchover_records_pinned{migration="orders"} 1' in sidecar.get("/metrics")[1]
    shown = run(sidecar.binary, "status", "orders", cwd=sidecar.folder).stdout
    assert "pinned     1 record keeps the stage of before a change until at rest" in shown, shown
    # New has the write, old not yet: only the pinned stage shows it.
    assert cents(ledgers, OURS) == [100, 111]
    assert found(client.find(OURS)) == 111
    listed, _ = client.walk(store="406")
    assert [each.cents for each in listed] == [111]
    everything, _ = client.walk()
    assert sorted((each.store, each.cents) for each in everything) == [("406", 111), ("7", 100)]
    assert writing.code().name == "OK"
    wait_for(lambda: cents(ledgers, OURS) == [111, 111], 5, "both sides have it")
    old.faults.clear()
    new.faults["Find"] = hang(5)
    assert found(client.find(OURS, timeout=2)) == 111, "it has moved: old is asked"
    assert operator.status().pinned_records == 0


# Commands.

def test_a_rollback_typed_twice_undoes_one_change(field, ledgers):
    sidecar, operator, client = field(BOTH)
    assert operator.gray(add="7").changed
    assert operator.gray(add="406").changed
    assert operator.rollback().changed
    again = operator.rollback()
    assert not again.changed
    assert any("switchover rollback orders --to" in note for note in again.notes)
    assert operator.explain("7").stage == "dualNew" and operator.explain("406").stage == "dualOld"
    further = operator.rollback(to_epoch=again.after.epoch - 3)
    assert further.changed and operator.explain("7").stage == "dualOld"
