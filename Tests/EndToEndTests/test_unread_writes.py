"""The contract's section 2: no change takes keys from `old` under a write whose records nobody knows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.field import OURS, NONE, SOON, cents, took, begin
from harness.ledger import CHANGE_MANY, LEDGER, NAME, PLAN, Bookkeeper, entry, hang, name
from harness.operators import Operator, sets
from harness.processes import wait_for
from harness.stall import Stall
from harness.stubs import ledger

LATE = 5
REQUIRED = {"path": "1.2", "type": "int64", "presence": "required"}
STORE = {"path": "1.1", "type": "string"}


def slow(seconds):
    """Changes by `LATE` take so long."""

    def change(request, context):
        first = request.changes[0] if hasattr(request, "changes") else request
        if first.add_cents == LATE:
            hang(seconds)(request, context)

    return change


@pytest.mark.parametrize("seconds", [0.03, 1.45], ids=["a moment", "longer than handover_wait"])
def test_what_a_late_worker_forwards_before_it_hears_of_the_change_is_waited_for(seconds, field, ledgers, keep):
    """It finds the write in its socket before it reads that writes are to be read."""
    limits = {"handover_wait": "1s", "settle_after": "3s"}
    sidecar, operator, client = field(dict(phase="idle"), limits=limits, workers=1)
    other = keep(Bookkeeper(sidecar.address))
    ledgers[0].faults["Change"] = slow(2.5)
    assert client.find(OURS).code == other.find(OURS).code == "OK"
    took(lambda: operator.change(enrolled=sets({"all": True})))
    # What was there when this change looked is over.
    time.sleep(3.1)
    with ThreadPoolExecutor() as threads:
        with Stall(sidecar.pid, "worker-0"):
            late = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=LATE))
            time.sleep(0.05)
            change = threads.submit(operator.phase, "migrating", new_is_empty=True)
            time.sleep(seconds)
        took(lambda: change.result(20))
    assert operator.explain("406").stage == "dualOld"
    assert cents(ledgers, OURS) == [105, 100], "the late write came first"
    assert late.code().name == "OK"
    assert other.change(OURS, 10).code == "OK"
    assert cents(ledgers, OURS) == [115, 115]


@pytest.fixture
def unreadable(field, ledgers, keep):
    """Writes that nobody can read pass at `old` all the while, some at a time, 0.4 s each: their outcomes."""
    sidecar, operator, client = field(NONE, limits={"settle_after": "4s", "message_bytes": "1KiB"})
    ledgers[0].faults["Change"] = slow(0.4)
    # An unknown field of 2,000 bytes.
    large = ledger.ChangeRequest(name=name(OURS), add_cents=LATE).SerializeToString() + b"\x7a\xd0\x0f" + b"x" * 2000
    outcomes, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            outcome = client.unary(f"/{LEDGER}/Change", large)
            outcomes.append((time.monotonic(), outcome.code, outcome.error))
            time.sleep(0 if outcome.code == "OK" else 0.05)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
        time.sleep(0.13)
    wait_for(lambda: len(outcomes) > 3, 5, "they are made")
    yield sidecar, operator, keep(Bookkeeper(sidecar.address)), outcomes
    stop.set()
    for writer in writers:
        writer.join()


def test_no_change_lands_under_writes_that_cannot_be_read(unreadable, ledgers):
    _, operator, client, outcomes = unreadable
    seconds, _ = took(lambda: operator.change(enrolled=sets({"all": True}), new_is_empty=True))
    landed = time.monotonic()
    assert seconds < SOON, "it waits for what was under way, not for the quiet period"
    assert client.change(OURS, 10).code == "OK"
    count = len(outcomes)
    wait_for(lambda: len(outcomes) > count + 3, 5, "more of them")
    assert not [each for each in outcomes if each[0] > landed and each[1] == "OK"]
    refused = {error for _, code, error in outcomes if code == "UNAVAILABLE"}
    assert refused <= {"key-moving"}
    assert len(set(cents(ledgers, OURS))) == 1


def test_a_change_that_is_taken_back_lets_them_pass_again(unreadable, ledgers):
    """It waits for another write, whose answer was lost; its key leaves `old` no more."""
    sidecar, operator, client, outcomes = unreadable
    ledgers[0].faults["Add"] = hang(3)
    add = ledger.AddRequest(entry=entry(("406", 9), 1)).SerializeToString() + b"\x7a\xd0\x0f" + b"x" * 2000
    lost = client.unary(f"/{LEDGER}/Add", add, timeout=0.2)
    assert lost.code == "DEADLINE_EXCEEDED"
    with ThreadPoolExecutor() as threads:
        pending = threads.submit(operator.enrol, add="406")
        wait_for(lambda: any(error == "key-moving" for *_, error in outcomes), SOON, "they are refused")
        assert client.change(OURS, 1).code == "OK", "what can be read is not"
        took(lambda: operator.rollback(force="orders"))
        assert pending.result(10)[0] == "ABORTED"
    began = time.monotonic()
    wait_for(lambda: any(time > began and code == "OK" for time, code, _ in outcomes), SOON, "they pass again")


@pytest.fixture
def nameless(start, ledgers, keep):
    """Requests need not name their record: the side does."""
    for side in ledgers:
        for key in (("406", 0), ("7", 0)):
            side.entries[key] = entry(key, 100)
    plan = {
        "ChangeMany": {"kind": "update", "element": 1, "gray_key": STORE, "record_key": REQUIRED},
        "Change": {**PLAN["Change"], "record_key": REQUIRED}}
    sidecar = start(
        ledgers[0].address, ledgers[1].address, NONE, plan=plan, migration={"services": [LEDGER], **NAME},
        limits={"settle_after": "4s"})
    sidecar.await_ready()
    return sidecar, keep(Operator(sidecar)), keep(Bookkeeper(sidecar.address))


def change_of(store, many, record=None):
    change = ledger.ChangeRequest(name=ledger.EntryName(store=store, id=record), add_cents=LATE)
    if not many:
        return "Change", change
    named = ledger.ChangeRequest(name=ledger.EntryName(store=store, id=1), add_cents=0)
    return "ChangeMany", ledger.ChangeManyRequest(changes=[change, named])


@pytest.mark.parametrize("ends", ["answer", "cancel"])
@pytest.mark.parametrize("many", [False, True], ids=["one", "several"])
def test_a_write_that_names_no_record_is_waited_for(many, ends, nameless, ledgers):
    sidecar, operator, client = nameless
    for side in ledgers:
        side.entries[("406", 1)] = entry(("406", 1), 0)
    method, request = change_of("406", many)
    ledgers[0].faults[method] = slow(2)
    late = begin(client, method, request)
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    with ThreadPoolExecutor() as threads:
        pending = threads.submit(operator.enrol, add="406")
        wait_for(lambda: "without reading" in sidecar.log(), 5, "it waits")
        if ends == "cancel":
            late.cancel()
        seconds, _ = took(lambda: pending.result(20))
    assert seconds > (1 if ends == "answer" else 3), "nobody knows when a write is made whose client has gone"
    assert cents(ledgers, ("406", 0)) == [105, 100], "it came first"


@pytest.mark.parametrize("many", [False, True], ids=["one", "several"])
def test_one_whose_gray_key_does_not_move_is_not(many, nameless, ledgers):
    _, operator, client = nameless
    for side in ledgers:
        side.entries[("7", 1)] = entry(("7", 1), 0)
    method, request = change_of("7", many)
    ledgers[0].faults[method] = slow(2)
    late = begin(client, method, request)
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    seconds, _ = took(lambda: operator.enrol(add="406"))
    assert seconds < 1
    assert late.code().name == "OK"


def test_one_gray_key_of_all_records_is_read_in_the_request(start, ledgers, keep):
    """An element has no such field, which is no key of the default value."""
    for side in ledgers:
        side.entries[OURS] = entry(OURS, 100)
    stores = {"path": 5, "type": "string"}
    plan = {
        "ChangeMany": {"kind": "update", "element": 1, "record_key": CHANGE_MANY["record_key"]},
        "Change": PLAN["Change"]}
    sidecar = start(
        ledgers[0].address, ledgers[1].address, NONE, plan=plan,
        migration={"services": [LEDGER], "gray_key": stores, "record_key": NAME["record_key"]})
    sidecar.await_ready()
    operator, client = keep(Operator(sidecar)), keep(Bookkeeper(sidecar.address))
    ledgers[0].faults["ChangeMany"] = slow(1)
    change = ledger.ChangeRequest(name=name(OURS), add_cents=LATE)
    request = ledger.ChangeManyRequest(changes=[change]).SerializeToString() + b"\x2a\x03406"
    late = client.channel.unary_unary(f"/{LEDGER}/ChangeMany").future(request, timeout=20)
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    _, answer = took(lambda: operator.enrol(add="406"))
    assert any("1 record (" in note for note in answer.notes), answer.notes
    assert late.code().name == "OK"
