"""Updates that give a record another gray key: wherever it goes, nothing is lost and nothing hidden."""

import threading
import time

import grpc
import pytest

from harness.ledger import LEDGER, MOVE, NAME, PLAN, Bookkeeper, entry, hang
from harness.processes import wait_for
from harness.records import Clerk, settings
from harness.stubs import ledger
from harness.subjects import run

# Store 1 is not enrolled, 2 is at dualOld, 3 at dualNew.
MIXED = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})
PAIRS = [(one, other) for one in "123" for other in "123" if one != other]
HAVE = ["both", "old", "new", "nobody"]


@pytest.fixture
def bookkeeper(start, ledgers, keep):
    def bookkeeper(switches=MIXED, plan=PLAN, **migration):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan=plan,
            migration={"services": [LEDGER], **NAME, **migration})
        return keep(Bookkeeper(sidecar.await_ready().address))

    return bookkeeper


@pytest.fixture
def clerk(start, databases, keep):
    def clerk(switches=MIXED, **migration):
        configured = settings(*databases)
        configured["migrations"]["orders"] |= migration
        sidecar = start("", "", switches, **configured).await_ready()
        return keep(Clerk(sidecar.address))

    return clerk


def said(outcome):
    by = dict(outcome.trailing).get("answered-by", "?")
    return by if outcome.code == "OK" else f"{outcome.code} {outcome.error or 'by ' + by}"


# For an entry that both have, old has, new has, nobody has: who is asked what in this order, and the answer.
MOVES = {
    "12": ["Move old, Overwrite new; old", "Move old, Overwrite new; old", "Move old; NOT_FOUND by old",
           "Move old; NOT_FOUND by old"],
    "13": ["Move old, Place new; old", "Move old, Place new; old", "Move old; NOT_FOUND by old",
           "Move old; NOT_FOUND by old"],
    "21": ["Move old, Drop new; old", "Move old, Drop new; old", "Move old, Move new, Place old, Drop new; new",
           "Move old, Move new; NOT_FOUND by old"],
    "23": ["Move old, Place new; old", "Move old, Place new; old", "Move old, Move new; new",
           "Move old, Move new; NOT_FOUND by old"],
    "31": ["Move new, Place old, Drop new; new", "Move new, Move old; old", "Move new, Place old, Drop new; new",
           "Move new, Move old; NOT_FOUND by new"],
    "32": ["Move new, Place old; new", "Move new, Move old; old", "Move new, Place old; new",
           "Move new, Move old; NOT_FOUND by new"],
}


def stock(ledgers, store, where):
    for side in ledgers:
        side.entries.clear()
        if where in ("both", side.side):
            side.entries[(store, 7)] = entry((store, 7), 100)
    ledgers[0].log.clear()


def test_a_write_of_old_that_waited_for_a_move_has_no_deadline_either(bookkeeper, ledgers):
    """Contract, 7: where the client sets none, the plan's `timeout` is not for stage `old`."""
    client = bookkeeper(plan=PLAN | {"Change": PLAN["Change"] | {"timeout": "600ms"}})
    stock(ledgers, "1", "old")
    ledgers[0].faults["Change"] = hang(1)

    def refuse(request, context):
        time.sleep(0.3)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")

    ledgers[0].faults["Move"] = refuse
    mover = threading.Thread(target=client.move, args=(("1", 7), "2"))
    mover.start()
    wait_for(lambda: any(method == "Move" for _, method, _, _ in ledgers[0].log), 5, "the move is under way")
    assert said(client.change(("1", 7), 1, timeout=None)) == "old"
    mover.join()


@pytest.mark.parametrize("pair", MOVES)
def test_an_entry_of_a_service_moves_from_store_to_store(pair, bookkeeper, ledgers):
    client = bookkeeper()
    for where, expected in zip(HAVE, MOVES[pair]):
        stock(ledgers, pair[0], where)
        answer = said(client.move((pair[0], 7), pair[1]))
        asked = ", ".join(f"{method} {side}" for side, method, _, _ in ledgers[0].log)
        assert f"{asked}; {answer}" == expected, where
        if answer in ("old", "new"):
            assert said(client.find((pair[1], 7))) in ("old", "new"), "what was acknowledged is seen"
            reply = ledger.ListReply.FromString(client.list().messages[0])
            assert [(each.store, each.id, each.version) for each in reply.entries] == [(pair[1], 7, 2)]
            assert pair[1] != "1" or not ledgers[1].entries, "new keeps nothing that nobody writes there"


def test_a_move_within_a_stage_is_an_update(bookkeeper, ledgers):
    client = bookkeeper(dict(phase="migrating", enrolled="all", gray="none"))
    stock(ledgers, "2", "both")
    assert said(client.move(("2", 7), "5")) == "old"
    assert [method for _, method, _, _ in ledgers[0].log] == ["Move", "Overwrite"]
    assert list(ledgers[0].entries) == list(ledgers[1].entries) == [("5", 7)]
    assert said(client.move(("5", 7), "")) == "old", "no new store: it keeps its own"


@pytest.mark.parametrize("moving", ["present", "new"])
def test_a_move_waits_for_a_change_of_either_key(moving, start, ledgers, keep):
    """One of its two stores becomes gray while another write holds the change up: what comes decides the move."""
    switches = dict(phase="migrating", enrolled={"allow": ["2", "3"]})
    sidecar = start(
        ledgers[0].address, ledgers[1].address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME})
    client, other = keep(Bookkeeper(sidecar.await_ready().address)), keep(Bookkeeper(sidecar.address))
    for side in ledgers:
        side.entries = {("2", 7): entry(("2", 7), 100), ("2", 9): entry(("2", 9), 100)}
    ledgers[0].faults["Change"] = hang(0.8)
    slow = threading.Thread(target=lambda: other.change(("2", 9), 5))
    slow.start()
    wait_for(lambda: ledgers[0].log, 5, "a write is under way")
    sidecar.write_switches(**switches, gray={"allow": ["2" if moving == "present" else "3"]})
    time.sleep(0.1)
    answer = said(client.move(("2", 7), "3"))
    slow.join()
    legs = [(side, method) for side, method, _, metadata in ledgers[0].log
            if metadata["switchover-epoch"] == str(sidecar.epoch)]
    if moving == "present":
        assert answer == "new" and legs == [("new", "Move"), ("old", "Place")]
    else:
        assert answer == "old" and legs == [("old", "Move"), ("new", "Place")]


def test_plan_says_where_a_record_would_go(start, ledgers, binary, tmp_path):
    sidecar = start(
        ledgers[0].address, ledgers[1].address, MIXED, plan=PLAN, migration={"services": [LEDGER], **NAME})
    request = tmp_path / "move.binpb"
    message = ledger.MoveRequest(name=ledger.EntryName(store="3", id=7), store="1")
    request.write_bytes(message.SerializeToString())
    answer = run(binary, "plan", "Move", "--request", request, "--config", sidecar.configuration)
    assert answer.returncode == 0, answer.stderr
    assert "new gray key: 1, stage old\n" in answer.stdout
    assert "> dualNew      new, then old is given the record, then new loses its row\n" in answer.stdout


@pytest.mark.parametrize("pair, side, method, status, answer, state", [
    ("13", 1, "Place", grpc.StatusCode.UNAVAILABLE, "ABORTED partial-write", "3 1"),
    ("31", 0, "Place", grpc.StatusCode.INVALID_ARGUMENT, "ABORTED partial-write", "3 1"),
    ("21", 1, "Drop", grpc.StatusCode.UNAVAILABLE, "ABORTED partial-write", "1 2"),
    ("13", 0, "Move", grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED by old", "1 1"),
    ("32", 1, "Move", grpc.StatusCode.INTERNAL, "INTERNAL by new", "3 3"),
    ("32", 1, "Move", grpc.StatusCode.UNAVAILABLE, "UNKNOWN outcome-unknown", "3 3"),
])
def test_what_is_not_on_both_sides_is_told(pair, side, method, status, answer, state, bookkeeper, ledgers):
    client = bookkeeper()
    stock(ledgers, pair[0], "both")
    ledgers[side].faults[method] = status
    assert said(client.move((pair[0], 7), pair[1])) == answer
    assert " ".join(next(iter(each.entries))[0] for each in ledgers) == state, "the stores that old and new have"


@pytest.mark.parametrize("switches", [dict(phase="idle"), MIXED, dict(phase="finished")])
def test_a_service_whose_gray_keys_never_change(switches, bookkeeper, ledgers):
    move = {name: value for name, value in MOVE.items() if name not in ("erase", "put_or_insert")}
    client = bookkeeper(switches, plan={**PLAN, "Move": move}, immutable_gray_key=True)
    stock(ledgers, "2", "both")
    outcome = client.move(("2", 7), "3")
    assert said(outcome) == "INVALID_ARGUMENT immutable-key" and "field 2" in outcome.details
    assert ledgers[0].log == []
    assert said(client.move(("2", 7), "2")) in ("old", "new"), "the same key is no change"
    assert said(client.move(("2", 7), "")) in ("old", "new")


def put(databases, store, where):
    for side in databases:
        side.clear()
        if where in ("both", side.side):
            side.put(7, store, "open", 100, 3)


@pytest.mark.parametrize("bears", [True, False], ids=["with gray key", "without"])
@pytest.mark.parametrize("present, next", PAIRS)
def test_a_record_moves_from_store_to_store(present, next, bears, clerk, databases):
    client = clerk()
    moved = (7, next, "paid", 100, 4)
    for where in HAVE:
        put(databases, present, where)
        answer = client.update(7, store=present if bears else None, to=next, status="paid")
        if where == "nobody" or (where == "new" and present == "1"):
            assert answer == "NOT_FOUND"
            continue
        assert answer == moved, where
        assert client.get(7, store=next) == client.get(7, store=None) == moved
        assert client.walk(limit=5) == client.walk(limit=5, store=next) == [moved]
        assert client.get_many([7]) == [moved]
        rows = [side.rows() for side in databases]
        assert next != "1" or rows == [[moved], []], where
        assert all(row == moved for side in rows for row in side), "no copy is out of date"


@pytest.mark.parametrize("present, next", PAIRS)
def test_an_upsert_moves_nothing(present, next, clerk, databases):
    client = clerk()
    put(databases, present, "both" if present != "1" else "old")
    before = [side.rows() for side in databases]
    assert client.upsert(7, store=next, status="paid") == "FAILED_PRECONDITION"
    assert [side.rows() for side in databases] == before


@pytest.mark.parametrize("switches", [dict(phase="idle"), MIXED, dict(phase="mirrored"), dict(phase="finished")])
def test_records_whose_gray_keys_never_change(switches, clerk, databases):
    client = clerk(switches, immutable_gray_key=True)
    put(databases, "2", "both")
    assert client.update(7, store="2", to="3", status="paid") == "INVALID_ARGUMENT immutable-key"
    assert client.update(7, store=None, to="2", status="paid") == "INVALID_ARGUMENT immutable-key"
    assert client.update(7, store="2", to="2", status="paid") == (7, "2", "paid", 100, 4)
    assert client.update(7, store=None, status="open") == (7, "2", "open", 100, 5)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_write_is_lost_on_the_way(workers, start, databases, keep):
    """A record goes round the stores while others change it: each acknowledged write has counted its version."""
    sidecar = start("", "", MIXED, workers=workers, **settings(*databases)).await_ready()
    put(databases, "1", "old")
    counts, others = [], []

    def run(act):
        with Clerk(sidecar.address) as client:
            done = 0
            for step in range(60):
                answer = act(client, step)
                if isinstance(answer, tuple):
                    done += 1
                else:
                    others.append(answer)
            counts.append(done)

    def move(client, step):
        return client.update(7, store=None, to="132"[step % 3])

    def change(client, step):
        return client.update(7, store=None, status=f"s{step}")

    def change_known(client, step):
        return client.update(7, store="123"[step % 3], cents=step)

    threads = [threading.Thread(target=run, args=(act,)) for act in (move, change, change, change_known)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(others) <= {"FAILED_PRECONDITION", "NOT_FOUND"}, set(others)
    with Clerk(sidecar.address) as client:
        last = client.get(7, store=None)
    assert last[4] == 3 + sum(counts)
    assert sum(counts) > 60
