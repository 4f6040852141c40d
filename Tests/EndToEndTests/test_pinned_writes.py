"""The contract's section 2, pins: nothing overtakes a write that is under way, or that may still arrive."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.field import OURS, OTHER, NONE, BOTH, SOON, cents, took, in_flight, begin, found
from harness.ledger import entry, hang, name
from harness.operators import Operator, sets
from harness.processes import wait_for
from harness.records import Clerk, settings
from harness.subjects import run
from harness.stubs import ledger


@pytest.mark.parametrize("ends", ["deadline", "cancel"])
@pytest.mark.parametrize("kind", ["update", "insert", "delete"])
def test_a_late_write_of_old_does_not_meet_the_first_double_writes(kind, ends, field, ledgers):
    keys = () if kind == "insert" else (OURS,)
    sidecar, operator, client = field(NONE, keys)
    method, request = {
        "update": ("Change", ledger.ChangeRequest(name=name(OURS), add_cents=5)),
        "insert": ("Add", ledger.AddRequest(entry=entry(OURS, 1))),
        "delete": ("Remove", name(OURS)),
    }[kind]
    ledgers[0].faults[method] = hang(0.6)
    late = begin(client, method, request, timeout=0.1 if ends == "deadline" else 20)
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    if ends == "cancel":
        late.cancel()
    wait_for(late.done, 5, "the client has given up")
    del ledgers[0].faults[method]
    seconds, answer = took(lambda: operator.enrol(add="406"))
    assert seconds < SOON
    assert any("1 had a write whose answer was lost" in note for note in answer.notes), answer.notes
    assert operator.explain("406").stage == "dualOld"
    # Its calls stay at old until nothing can arrive any more: both writes are made there, in whichever order.
    client.add(OURS, 2) if kind == "insert" else client.change(OURS, 10)
    assert {side for side, *_ in ledgers[0].log} == {"old"}
    time.sleep(0.8)
    assert cents(ledgers, OURS)[0] in {"update": (115,), "insert": (1, 2), "delete": (None,)}[kind]
    if kind != "delete":
        assert found(client.find(OURS)) == cents(ledgers, OURS)[0]


@pytest.mark.parametrize("ends", ["answer", "cancel"])
def test_a_service_that_sends_its_head_first_hides_no_write(ends, field, ledgers):
    sidecar, operator, client = field(NONE, keys=())

    def early(request, context):
        context.send_initial_metadata([("x-early", "1")])
        hang(1)(request, context)

    ledgers[0].faults["Add"] = early
    late = begin(client, "Add", ledger.AddRequest(entry=entry(OURS, 1)))
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    time.sleep(0.2)
    ledgers[0].faults.clear()
    if ends == "cancel":
        late.cancel()
        time.sleep(0.1)
    _, answer = took(lambda: operator.enrol(add="406"))
    assert any("keep the stage that they had" in note for note in answer.notes), answer.notes
    client.add(OURS, 2)
    time.sleep(1.2)
    assert cents(ledgers, OURS)[1] is None or cents(ledgers, OURS)[0] is None, "there are not two records of one key"


@pytest.mark.parametrize("keyed", [True, False], ids=["gray key", "none"])
def test_a_page_that_a_pin_ends_under_shows_the_record(keyed, field, ledgers):
    """Decided once: rows of both sides are judged by the pins that the query began with."""
    _, operator, client = field(dict(phase="migrating", enrolled="all", gray={"allow": ["406"]}), keys=(OURS,))
    ledgers[0].faults["Overwrite"] = hang(1.2)
    write = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    time.sleep(0.3)
    took(lambda: operator.change(gray=sets({"none": True})))
    assert found(client.find(OURS)) == 105
    ledgers[1].faults["List"] = hang(0.95)
    page = client.call("List", ledger.ListRequest(store="406") if keyed else ledger.ListRequest())
    assert page.code == "OK" and write.code().name == "OK"
    assert [each.cents for each in ledger.ListReply.FromString(page.messages[0]).entries] == [105]


def test_a_pin_concerns_pages_of_its_own_gray_key_only(field, ledgers):
    """I9: new hangs, and 7 was never enrolled."""
    _, operator, client = field(dict(phase="migrating", enrolled={"allow": ["406"]}, gray="none"))
    ledgers[1].faults["Overwrite"] = hang(3)
    write = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    time.sleep(0.3)
    took(lambda: operator.change(enrolled=sets({"none": True}), force="orders"))
    ledgers[1].faults["List"] = hang(3)
    began = time.monotonic()
    page = client.call("List", ledger.ListRequest(store="7"))
    assert page.code == "OK" and time.monotonic() - began < 0.5
    assert not [field for field in page.trailing if field[0] == "switchover-partial"]
    write.cancel()


def test_several_records_heed_the_pin_of_one(field, ledgers):
    _, operator, client = field(dict(phase="migrating", enrolled={"allow": ["406"]}, gray="none"))
    ledgers[1].faults["Overwrite"] = hang(1)
    write = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    time.sleep(0.3)
    took(lambda: operator.change(enrolled=sets({"none": True}), force="orders"))
    both = client.change_many([OURS, ("406", 2)], 10)
    assert both.code == "FAILED_PRECONDITION" and both.error == "mixed-stages"
    one = client.change_many([OURS], 10)
    assert one.code == "FAILED_PRECONDITION" and one.error == "several-records"
    assert write.code().name == "OK"
    wait_for(lambda: operator.explain("406").stage == "old", 5, "old")
    assert client.change_many([OURS], 10).code == "OK"


@pytest.mark.parametrize("edit", ["gray key looked up", "waits for its lane"])
def test_a_write_that_is_decided_anew_keeps_its_message(edit, start, databases, keep):
    """Without its gray key it is looked up; the switches change while that, or its lane, is waited for."""
    for side in databases:
        side.put(1, "406")
        side.put(2, "7")
    sidecar = start("", "", dict(phase="migrating", enrolled="all", gray="none"), **settings(*databases)).await_ready()
    operator, first, second = keep(Operator(sidecar)), keep(Clerk(sidecar.address)), keep(Clerk(sidecar.address))
    databases[0].link.execute("begin immediate")
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(first.update, 1, cents=5)
        wait_for(lambda: in_flight(sidecar) == 1, 5, "the first waits")
        store = None if edit == "gray key looked up" else "406"
        next = threads.submit(second.update, 1, store=store, to=None if store is None else "9", status="s")
        wait_for(lambda: in_flight(sidecar) == 2, 5, "the second waits")
        took(lambda: operator.gray(add="7"))
        took(lambda: operator.change(enrolled=sets({"remove": "9"}), force="0")) if store else None
        databases[0].link.execute("rollback")
        assert not isinstance(slow.result(20), str)
        answer = next.result(20)
    assert not isinstance(answer, str), answer
    assert second.get(1, store=None) == answer


@pytest.mark.parametrize("ends", ["answer", "cancel"])
def test_a_move_out_of_old_waits_for_writes_of_one_side(ends, field, ledgers):
    """P1 and L1 hold for a record that changes its own stage, too."""
    gray = {"allow": ["406"]}
    _, operator, client = field(dict(phase="migrating", enrolled=gray, gray=gray), keys=())
    ledgers[0].entries[("1", 7)] = entry(("1", 7), 100)
    ledgers[0].faults["Change"] = hang(0.6)
    slow = begin(client, "Change", ledger.ChangeRequest(name=name(("1", 7)), add_cents=5))
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    if ends == "cancel":
        slow.cancel()
        time.sleep(0.1)
    moved = client.move(("1", 7), "406")
    if ends == "cancel":
        assert (moved.code, moved.error) == ("UNAVAILABLE", "outcome-unknown")
        return
    assert moved.code == "OK" and slow.code().name == "OK"
    assert [side.entries[("406", 7)].cents for side in ledgers] == [105, 105]


def test_a_write_under_the_new_key_waits_for_the_move_into_old(field, ledgers):
    """I1: nothing older overwrites it."""
    gray = {"allow": ["406"]}
    _, operator, client = field(dict(phase="migrating", enrolled=gray, gray=gray), keys=())
    ledgers[1].entries[("406", 7)] = entry(("406", 7), 100)
    ledgers[0].faults["Place"] = hang(0.6)
    moving = begin(client, "Move", ledger.MoveRequest(name=name(("406", 7)), store="1"))
    wait_for(lambda: any(each[1] == "Place" for each in ledgers[0].log), 5, "old is given the record")
    assert client.save(("1", 7), 555).code == "OK"
    assert moving.code().name == "OK"
    assert found(client.find(("1", 7))) == 555


def test_the_wait_for_unread_writes_is_not_repeated(field, ledgers):
    sidecar, operator, client = field(dict(phase="idle"), limits={"settle_after": "2s"})
    ledgers[0].faults["Change"] = lambda request, context: request.name.store == "7" and hang(9)(request, context)
    hung = begin(client, "Change", ledger.ChangeRequest(name=name(OTHER)), timeout=30)
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    took(lambda: operator.phase("migrating", new_is_empty=True))
    seconds, answer = took(lambda: operator.enrol(add="406"))
    assert 1 < seconds < 2 + SOON
    assert any("forwarded without reading" in note for note in answer.notes), answer.notes
    for change in (lambda: operator.gray(add="406"), operator.rollback):
        seconds, _ = took(change)
        assert seconds < 1, "no key leaves old, and what was waited for once is over"
    hung.cancel()


def test_a_change_that_another_one_replaces_says_so(field, ledgers):
    sidecar, operator, client = field(dict(phase="idle"), limits={"settle_after": "4s"})
    ledgers[0].faults["Change"] = hang(0.5)
    assert client.change(OURS, 5, timeout=0.1).code == "DEADLINE_EXCEEDED"
    took(lambda: operator.phase("migrating", new_is_empty=True))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(operator.enrol, add="406")
        time.sleep(0.5)
        took(lambda: operator.rollback(force="orders"))
        answer = first.result(10)
    assert isinstance(answer, tuple) and answer[0] == "ABORTED" and "replaced it" in answer[1], answer


def test_a_start_after_a_kill_waits_for_what_was_sent(field, ledgers, keep):
    """L2: old has no record of writes that were under way."""
    sidecar, operator, client = field(NONE, limits={"settle_after": "2s"})
    ledgers[0].faults["Change"] = hang(0.8)
    late = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    wait_for(lambda: ledgers[0].log, 5, "old is asked")
    sidecar.restart(kill=True)
    operator.close()
    operator = keep(Operator(sidecar))
    ledgers[0].faults.clear()
    seconds, _ = took(lambda: operator.enrol(add="406"))
    assert seconds > 1
    assert found(client.find(OURS)) == 105
    late.cancel()
    sidecar.restart()
    operator.close()
    operator = keep(Operator(sidecar))
    seconds, _ = took(lambda: operator.enrol(add="7"))
    assert seconds < 1, "the process before has said that nothing of it is left"


@pytest.mark.parametrize("client_stays", [True, False], ids=["client waits", "client left"])
@pytest.mark.parametrize("kind", ["update", "insert", "delete", "upsert"])
@pytest.mark.parametrize("waits_on", ["old", "new"])
def test_a_write_that_waits_in_a_database_keeps_its_record(waits_on, kind, client_stays, start, databases, keep):
    """Rule P1, where the side is a database: another process has its writer for a while."""
    old, new = databases
    store = old if waits_on == "old" else new
    sidecar = start("", "", NONE if store is old else dict(phase="finished"), **settings(*databases)).await_ready()
    operator, first, second = keep(Operator(sidecar)), keep(Clerk(sidecar.address)), keep(Clerk(sidecar.address))
    if kind != "insert":
        store.put(1, "406", "open", 100, 3)
    store.link.execute("begin immediate")
    act = {"update": lambda clerk: clerk.update(1, cents=111), "insert": lambda clerk: clerk.insert(1, cents=111),
           "upsert": lambda clerk: clerk.upsert(1, cents=111), "delete": lambda clerk: clerk.delete(1)}[kind]
    with ThreadPoolExecutor(2) as threads:
        late = threads.submit(act, first)
        wait_for(lambda: in_flight(sidecar) == 1, 5, "the write waits in the database")
        if not client_stays:
            first.close()
        forward, back = lambda: operator.enrol(add="406"), lambda: operator.phase("mirrored", force="orders")
        _, change = took(forward if store is old else back)
        assert any("1 is being written just now" in note for note in change.notes), change.notes
        # It is decided like the first one, and made after it.
        next = threads.submit(second.insert, 1, cents=222)
        time.sleep(0.2)
        assert not next.done()
        store.link.execute("rollback")
        answers = (late.result(20) if client_stays else None, next.result(20))
    if kind == "delete":
        assert answers[1] == (1, "406", None, 222, 1)
    else:
        assert answers[1].startswith("ALREADY_EXISTS")
    status = "open" if kind in ("update", "upsert") else None
    cents, version = (222, 1) if kind == "delete" else (111, 1 if kind == "insert" else 4)
    assert second.get(1) == (1, "406", status, cents, version)


def test_a_record_moves_when_nothing_can_arrive_any_more(field, ledgers):
    sidecar, operator, client = field(NONE, limits={"settle_after": "1s"})
    ledgers[0].faults["Change"] = hang(0.3)
    assert client.change(OURS, 5, timeout=0.1).code == "DEADLINE_EXCEEDED"
    ledgers[0].faults.clear()
    took(lambda: operator.enrol(add="406"))
    ledgers[0].log.clear()
    assert client.change(OURS, 1).code == "OK"
    assert {side for side, *_ in ledgers[0].log} == {"old"}
    time.sleep(1.2)
    assert client.change(OURS, 1).code == "OK"
    assert cents(ledgers, OURS) == [107, 107], "the follower is given the whole state"


def test_a_write_under_way_keeps_its_record_and_a_hot_record_moves(field, ledgers):
    """Writes of one record follow one another without a pause while it is enrolled and leaves again."""
    sidecar, operator, client = field(NONE)
    stop = threading.Event()
    failed = []

    def write():
        while not stop.is_set():
            outcome = client.change(OURS, 1)
            if outcome.code != "OK":
                failed.append(outcome)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        for change in ({"add": "406"}, {"remove": "406"}) * 3:
            took(lambda: operator.change(
                enrolled=sets(change), force="orders", new_is_empty=True, accept_dirty=0))
            time.sleep(0.3)
        took(lambda: operator.change(enrolled=sets({"add": "406"}), force="orders", new_is_empty=True))

        def is_double():
            ledgers[0].log.clear()
            time.sleep(0.2)
            return "new" in {side for side, *_ in ledgers[0].log}

        wait_for(is_double, 5, "the hot record is written on both sides")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failed, failed[:3]
    assert client.change(OURS, 1).code == "OK"
    assert len(set(cents(ledgers, OURS))) == 1


def test_what_was_forwarded_unread_is_waited_for_once(field, ledgers):
    sidecar, operator, client = field(dict(phase="idle"), limits={"settle_after": "2s"})
    ledgers[0].faults["Change"] = hang(0.5)
    assert client.change(OURS, 5, timeout=0.1).code == "DEADLINE_EXCEEDED"
    ledgers[0].faults.clear()
    assert operator.phase("migrating", new_is_empty=True).changed
    seconds, _ = took(lambda: operator.enrol(add="406"))
    assert 0.5 < seconds < 2 + SOON
    assert "without reading them" in sidecar.log()
    seconds, _ = took(lambda: operator.enrol(add="7"))
    assert seconds < 1


@pytest.fixture
def waiting(field, ledgers):
    """A change of 406 that waits some seconds for a write that was forwarded unread: sidecar, operator, its answer."""
    sidecar, operator, client = field(dict(phase="idle"), limits={"settle_after": "4s"})
    ledgers[0].faults["Change"] = lambda request, context: request.name.store == "7" and hang(30)(request, context)
    call = begin(client, "Change", ledger.ChangeRequest(name=name(OTHER), add_cents=1), timeout=None)
    wait_for(lambda: ledgers[0].log, 5, "old is being written")
    assert operator.phase("migrating", new_is_empty=True).changed
    with ThreadPoolExecutor() as pool:
        pending = pool.submit(operator.enrol, add="406")
        wait_for(lambda: operator.status().in_file.epoch == 4 and "without reading" in sidecar.log(), 5, "it waits")
        yield sidecar, operator, pending
        call.cancel()


def test_a_lost_file_gets_back_what_was_on_its_way(waiting):
    """An older epoch would be a step back for the sidecar, which has taken the change already."""
    sidecar, operator, pending = waiting
    before = sidecar.switch_file.read_bytes()
    sidecar.switch_file.unlink()
    wait_for(lambda: "is gone" in sidecar.log(), 5, "the file is missed")
    assert (operator.status().in_force.epoch, operator.status().last_in_file.epoch) == (3, 4)
    made = run(sidecar.binary, "init-switches", cwd=sidecar.folder)
    assert made.returncode == 0, made
    assert json.loads(sidecar.switch_file.read_text()) == json.loads(before)
    wait_for(lambda: operator.explain("406").stage == "dualOld", 4 + SOON, "it lands")


@pytest.mark.parametrize("spoil", [lambda file: file.write_text("{ broken"), lambda file: file.unlink()],
                         ids=["broken", "vanishes"])
def test_a_file_that_goes_wrong_does_not_stop_what_it_said_before(spoil, waiting):
    """The change was taken from the file before, and lands; that the file is wrong is said until it is right."""
    sidecar, operator, pending = waiting
    before = sidecar.switch_file.read_bytes()
    spoil(sidecar.switch_file)
    wait_for(lambda: operator.status().problem, 5, "it is said")
    assert not pending.done()
    answer = pending.result(4 + SOON)
    assert not isinstance(answer, tuple) and answer.changed, answer
    status = operator.status()
    assert (status.in_force.epoch, operator.explain("406").stage) == (4, "dualOld")
    assert status.problem and status.next_phase == "mirrored" and status.advance_unknown
    shown = run(sidecar.binary, "status", "orders", cwd=sidecar.folder).stdout
    assert "may I go on to mirrored? not known: " in shown and "problem " in shown, shown
    sidecar.replace_switch_file(before.decode())
    wait_for(lambda: not operator.status().problem, 5, "it is right again")
    status = operator.status()
    assert not status.advance_unknown and status.obstacles


def test_while_a_change_waits_the_next_rung_is_not_known(waiting):
    sidecar, operator, pending = waiting
    assert "says epoch 4" in operator.status().advance_unknown
    assert pending.result(4 + SOON).changed
    assert not operator.status().advance_unknown


# The end of the process.

def test_the_end_of_the_process_waits_for_double_writes(field, ledgers):
    """Their clients have gone, or the time to drain is over: the follower is written all the same."""
    sidecar, operator, client = field(BOTH, drain={"delay": "100ms", "timeout": "300ms"})
    ledgers[1].faults["Overwrite"] = hang(1)
    call = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    wait_for(lambda: any(each[1] == "Overwrite" for each in ledgers[0].log), 5, "new is being written")
    call.cancel()
    client.close()
    sidecar.terminate()
    assert sidecar.wait(20) == 0
    assert cents(ledgers, OURS) == [105, 105]


def test_what_is_cut_short_at_the_end_is_named(field, ledgers):
    sidecar, operator, client = field(
        BOTH, drain={"delay": "100ms", "timeout": "300ms"}, limits={"follower_timeout": "400ms"})
    ledgers[1].faults["Overwrite"] = hang(5)
    call = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5))
    wait_for(lambda: any(each[1] == "Overwrite" for each in ledgers[0].log), 5, "new is being written")
    call.cancel()
    sidecar.terminate()
    status = sidecar.wait(20)
    assert "the two sides of a record may differ" in sidecar.log()
    assert status in (0, 3), "0 where the follower's own time-out ended it first"
