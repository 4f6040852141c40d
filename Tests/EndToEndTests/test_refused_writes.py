"""A write is judged once, harms nothing when it is refused, and is never told to be something else."""

import json
import socket
import threading
import time

import grpc
import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry
from harness.operators import Operator
from harness.ports import free_address
from harness.processes import wait_for
from harness.raw import (ANSWER_HEADERS, PREFACE, RawClient, RawServer, SettingsFrame, WindowUpdateFrame, call_headers,
                         message)
from harness.records import RECORDS, Clerk, named, settings, value
from harness.stubs import ledger, records
from harness.subjects import run

GRAY = {"allow": ["406"]}
STAGES = {
    "old": dict(phase="idle"),
    "dualOld": dict(phase="migrating", enrolled=GRAY, gray="none"),
    "dualNew": dict(phase="migrating", enrolled=GRAY, gray=GRAY),
    "newMirrored": dict(phase="mirrored", enrolled="all", gray="all"),
    "new": dict(phase="finished", enrolled="all", gray="all"),
}
DUAL = ["dualOld", "dualNew"]
KEY = ("406", 7)


@pytest.fixture
def between(start, databases, keep):
    def between(stage, **more):
        switches = STAGES[stage] if isinstance(stage, str) else stage
        sidecar = start("", "", switches, **{**settings(*databases), **more}).await_ready()
        return sidecar, keep(Clerk(sidecar.address))

    return between


def rich(side):
    """What a table has beyond its mapped columns, and what a delete does to it."""
    link = side.link
    link.execute(f"alter table {side.table} add column note text")
    key = "order_no" if side.side == "old" else "id"
    link.execute(f"create table line (id integer primary key, o integer not null references {side.table} ({key}) "
                 "on delete cascade)")
    link.execute("create table gone (what text)")
    link.execute(f"create trigger noted after delete on {side.table} begin insert into gone values ('x'); end")
    side.put(7, "406", "open", 100, 3)
    link.execute(f"update {side.table} set note = 'call first'")
    link.executemany("insert into line values (?, 7)", [(1,), (2,)])


def unharmed(side):
    ask = lambda text: side.link.execute(text).fetchall()  # noqa: E731
    return (ask(f"select note from {side.table}") == [("call first",)] and ask("select count(*) from line") == [(2,)]
            and ask("select count(*) from gone") == [(0,)])


def delete_with_field_99(clerk):
    request = records.DeleteRequest(entity="orders", key=records.Key(parts=[value(7)]), gray_key=value("406"))
    return clerk.unary(f"/{RECORDS}/Delete", request.SerializeToString() + b"\x98\x06\x01").code


REFUSED = {
    "version": ("ABORTED", lambda clerk: clerk.delete(7, expected=2)),
    "gray key": ("FAILED_PRECONDITION", lambda clerk: clerk.delete(7, store="407")),
    "unknown field": ("INVALID_ARGUMENT", delete_with_field_99),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("have", ["both", "old", "new"])
@pytest.mark.parametrize("stage", DUAL)
def test_a_delete_that_the_record_refuses_harms_no_side(stage, have, what, between, databases):
    gray = {"allow": ["406", "407"]}
    _, clerk = between(dict(STAGES[stage], enrolled=gray, gray=gray if stage == "dualNew" else "none"))
    there = [side for side in databases if have in ("both", side.side)]
    for side in there:
        rich(side)
    expected, act = REFUSED[what]
    assert act(clerk) == expected
    assert all(unharmed(side) for side in there)


@pytest.mark.parametrize("law", [
    "create table law (o integer not null references {table} ({key}))",
    "create table law (o integer not null references {table} ({key}) deferrable initially deferred)",
    "create table law (o); create trigger law before delete on {table} begin select raise(abort, 'closed books'); end",
], ids=["foreign key", "deferred foreign key", "trigger"])
@pytest.mark.parametrize("stage, authority", [("dualOld", 0), ("dualNew", 1)])
def test_a_delete_that_only_the_delete_itself_can_refuse_is_tried_first(stage, authority, law, between, databases):
    for side in databases:
        rich(side)
    side = databases[authority]
    for text in law.format(table=side.table, key="order_no" if authority == 0 else "id").split("; ", 1):
        side.link.execute(text)
    side.link.execute("insert into law values (7)")
    sidecar, clerk = between(stage)
    assert clerk.delete(7, expected=3) == "FAILED_PRECONDITION"
    assert all(unharmed(side) for side in databases)
    assert '"recordsDirty" : 0' in sidecar.get("/stats")[1]


# Where 999 is read from the side that follows for 406.
ELSEWHERE = {
    "dualOld": dict(phase="migrating", enrolled={"allow": ["406", "999"]}, gray={"allow": ["999"]}),
    "dualNew": dict(phase="migrating", enrolled={"allow": ["406"]}, gray={"allow": ["406"]}),
}


@pytest.mark.parametrize("act, error", [
    (lambda clerk: clerk.delete(7), "FAILED_PRECONDITION"),
    (lambda clerk: clerk.update(7, to="999", status="paid"), "ABORTED"),
], ids=["delete", "update of the gray key"])
@pytest.mark.parametrize("stage", DUAL)
def test_another_record_of_the_key_is_neither_deleted_nor_written_over(stage, act, error, between, databases):
    """Two records under one key, each found by its own gray key: the request names only one of them."""
    sidecar, clerk = between(ELSEWHERE[stage])
    authority, follower = databases if stage == "dualOld" else databases[::-1]
    authority.put(7, "406")
    follower.put(7, "999", "other")
    before = [side.rows() for side in databases]
    assert act(clerk) == error
    assert "has another record of this key" in clerk.last.details and follower.side in clerk.last.details
    assert [side.rows() for side in databases] == before
    assert "two records of one key" in sidecar.log() and '"recordsDirty" : 0' in sidecar.get("/stats")[1]


@pytest.mark.parametrize("stage", DUAL)
def test_a_delete_takes_what_the_follower_has_missed(stage, between, databases):
    """4.7: the authority's record judges. The follower's row is a former state, under a gray key that it had then."""
    allow = {"allow": ["406", "999"]}
    _, clerk = between(dict(STAGES[stage], enrolled=allow, gray=allow if stage == "dualNew" else "none"))
    authority, follower = databases if stage == "dualOld" else databases[::-1]
    authority.put(7, "406")
    follower.put(7, "999", "other")
    assert clerk.delete(7) == (7, "406", "open", 100, 1)
    assert authority.rows() == follower.rows() == []


@pytest.mark.parametrize("stage", DUAL)
def test_a_record_moves_again_after_the_follower_missed_a_move(stage, between, databases):
    allow = {"allow": ["406", "407"]}
    _, clerk = between(dict(STAGES[stage], enrolled=allow, gray=allow if stage == "dualNew" else "none"))
    follower = databases[stage == "dualOld"]
    for side in databases:
        side.put(7, "406")
    follower.link.execute("begin immediate")
    assert clerk.update(7, to="407", status="paid") == "ABORTED partial-write"
    follower.link.execute("rollback")
    assert clerk.update(7, store="407", to="1", status="done") == (7, "1", "done", 100, 3)
    assert [side.rows() for side in databases] == [[(7, "1", "done", 100, 3)], []]


def test_a_record_of_a_store_at_old_is_not_deleted_by_another_gray_key(between, databases):
    _, clerk = between("dualNew")
    databases[0].put(3, "999")
    assert clerk.delete(3, store="406") == "FAILED_PRECONDITION"
    assert len(databases[0].rows()) == 1


def test_new_mirrored_judges_on_new_alone(between, databases):
    _, clerk = between("newMirrored")
    databases[0].put(7, "406", "open", 100, 8)
    databases[1].put(7, "406", "open", 100, 3)
    assert clerk.delete(7, expected=8) == "ABORTED"
    assert len(databases[0].rows()) == len(databases[1].rows()) == 1
    assert clerk.delete(7, expected=3) == (7, "406", "open", 100, 3)
    assert databases[0].rows() == databases[1].rows() == [], "old follows, whatever it had"


def test_new_mirrored_takes_from_old_only_what_the_request_means(between, databases):
    _, clerk = between("newMirrored")
    databases[0].put(7, "406", "open", 100, 8)
    assert clerk.delete(7, expected=3) == "NOT_FOUND" and len(databases[0].rows()) == 1
    assert clerk.delete(7, store="999") == "NOT_FOUND" and len(databases[0].rows()) == 1
    assert clerk.delete(7) == "NOT_FOUND" and databases[0].rows() == []


# Gray keys.

@pytest.mark.parametrize("stage, to", [("dualNew", "1"), ("dualNew", "2"), ("dualOld", "1")])
def test_a_gray_key_update_that_old_refuses_leaves_the_record_where_it_is_seen(stage, to, between, databases):
    switches = dict(phase="migrating", enrolled={"allow": ["2", "406"]},
                    gray={"allow": ["406"]} if stage == "dualNew" else "none")
    old, new = databases
    old.link.execute("create unique index one_total on t_order (total)")
    old.put(1, "1", cents=100)
    new.put(7, "406", cents=100)
    sidecar, clerk = between(switches)
    assert clerk.update(7, to=to) == "FAILED_PRECONDITION"
    assert "t_order.total" in clerk.last.details
    assert new.rows() == [(7, "406", "open", 100, 1)] and len(old.rows()) == 1
    assert clerk.get(7) == (7, "406", "open", 100, 1)
    assert clerk.update(7, to=to, cents=5) == (7, to, "open", 5, 2)
    assert clerk.get(7, store=to) == (7, to, "open", 5, 2)
    assert '"recordsDirty" : 0' in sidecar.get("/stats")[1]


# Causes.

def explained(sidecar, binary, number):
    return run(binary, "explain", "orders", str(number), "--config", sidecar.configuration).stdout


def test_a_unique_violation_on_the_follower_is_named(between, databases, binary):
    sidecar, clerk = between("dualOld")
    databases[1].link.execute("create unique index one_state on orders (state)")
    databases[1].put(1, "1", "paid")
    for side in databases:
        side.put(7, "406", "open", 100, 3)
    assert clerk.update(7, status="paid") == "ABORTED partial-write"
    assert "UNIQUE constraint failed: orders.state" in clerk.last.details
    wait_for(lambda: "UNIQUE constraint failed: orders.state" in sidecar.log(), 5, "logged")
    assert "UNIQUE constraint failed: orders.state" in explained(sidecar, binary, 7)


def test_a_locked_follower_is_neither_unknown_nor_stuck(between, databases):
    sidecar, clerk = between("dualOld")
    for side in databases:
        side.put(7, "406", "open", 100, 3)
    databases[1].link.execute("begin immediate")
    assert clerk.update(7, status="paid") == "ABORTED partial-write"
    assert "locked" in clerk.last.details
    databases[1].link.execute("rollback")
    assert '"recordsStuck" : 0' in sidecar.get("/stats")[1]
    assert clerk.update(7, status="sent") == (7, "406", "sent", 100, 5), "its lane is open"
    assert databases[0].rows() == databases[1].rows()


@pytest.mark.parametrize("stage", [*STAGES])
@pytest.mark.parametrize("act", [
    lambda clerk: clerk.update(7, status="paid"), lambda clerk: clerk.upsert(7, status="paid"),
    lambda clerk: clerk.delete(7),
], ids=["update", "upsert", "delete"])
def test_a_locked_authority_is_unavailable_and_nothing_is_written(act, stage, between, databases):
    _, clerk = between(stage)
    for side in databases:
        side.put(7, "406", "open", 100, 3)
    authority = databases[stage not in ("old", "dualOld")]
    authority.link.execute("begin immediate")
    assert act(clerk) == "UNAVAILABLE"
    assert clerk.last.error == "store" and "locked" in clerk.last.details
    authority.link.execute("rollback")
    assert [len(side.rows()) for side in databases] == [1, 1]
    assert act(clerk)[0] == 7, "its lane is open"


@pytest.mark.parametrize("act", [
    lambda clerk: clerk.update(7, status="paid"), lambda clerk: clerk.insert(8, status="paid"),
    lambda clerk: clerk.upsert(7, status="paid"), lambda clerk: clerk.delete(7), lambda clerk: clerk.get(7),
    lambda clerk: clerk.get_many([7]), lambda clerk: clerk.query(),
], ids=["update", "insert", "upsert", "delete", "get", "get many", "query"])
@pytest.mark.parametrize("stage", DUAL)
@pytest.mark.parametrize("broken", [0, 1])
def test_a_renamed_column_is_named_wherever_it_matters(broken, stage, act, between, databases):
    sidecar, clerk = between(stage)
    for side in databases:
        side.put(7, "406", "open", 100, 3)
    side = databases[broken]
    side.link.execute(f"alter table {side.table} rename column {'total' if broken == 0 else 'cents'} to amount")
    answer = act(clerk)
    if isinstance(answer, str):
        assert clerk.last.error in ("side-unreachable", "partial-write"), answer
        assert f"table {side.table} has no column {'total' if broken == 0 else 'cents'}" in clerk.last.details
    else:
        # New takes the insert, old answers the query: the other side was not needed.
        assert clerk.last.code == "OK"


# Answers that are lost.

def dies(done, how):
    def answer(wire, stream, exchange):
        done.append(dict(exchange.headers)[b":path"].decode())
        if how == "within its answer":
            wire.headers(stream, ANSWER_HEADERS)
            wire.data(stream, message(b"x" * 10)[:9])
            time.sleep(0.1)
        wire.socket.shutdown(socket.SHUT_RDWR)

    return answer


NAMED = ledger.EntryName(store="406", id=7)
LOST = [(stage, method, request) for stage in ("old", "new") for method, request in (
    ("Add", ledger.AddRequest(entry=entry(KEY, 1))), ("Change", ledger.ChangeRequest(name=NAMED, add_cents=1)),
    ("Remove", NAMED), ("Elsewhere", b"\x0a\x00"))]


@pytest.mark.parametrize("how", ["before its answer", "within its answer"])
@pytest.mark.parametrize("stage, method, request_", LOST, ids=[f"{stage} {method}" for stage, method, _ in LOST])
def test_a_write_whose_connection_is_lost_is_unknown(stage, method, request_, how, start, keep):
    done = []
    server, spare = keep(RawServer(dies(done, how))), keep(RawServer())
    sides = (server, spare) if stage == "old" else (spare, server)
    sidecar = start(
        sides[0].address, sides[1].address, STAGES[stage], plan=PLAN, migration={"services": [LEDGER], **NAME})
    client = keep(Bookkeeper(sidecar.await_ready().address))
    outcome = client.unary(f"/{LEDGER}/{method}", request_)
    assert (outcome.code, outcome.error) == ("UNKNOWN", "outcome-unknown")
    assert "may have been made" in outcome.details and f"{stage} was sent" in outcome.details
    assert len(done) == 1


def test_a_query_whose_connection_is_lost_was_not_answered(start, keep):
    server, spare = keep(RawServer(dies([], "before its answer"))), keep(RawServer())
    plan = {**PLAN, "Elsewhere": {"kind": "pass_through", "effect": "read"}}
    sidecar = start(
        server.address, spare.address, STAGES["old"], plan=plan, migration={"services": [LEDGER], **NAME})
    client = keep(Bookkeeper(sidecar.await_ready().address))
    for method in ("Find", "Elsewhere"):
        outcome = client.unary(f"/{LEDGER}/{method}", NAMED)
        assert (outcome.code, outcome.error) == ("UNAVAILABLE", "side-unreachable")


PROXY = [(":status", "503"), ("content-type", "application/grpc"), ("grpc-status", "5")]


@pytest.mark.parametrize("stage, asked", [("dualOld", 1), ("new", 1), ("newMirrored", 1)])
def test_a_proxys_not_found_is_no_absence(stage, asked, start, keep):
    """Decision 0022: HTTP status 503 is a proxy's word, whatever stands beside it; it may have sent the write on."""
    server = keep(RawServer(lambda wire, stream, exchange: wire.headers(stream, PROXY, end_stream=True)))
    spare = keep(RawServer())
    sides = (server, spare) if stage == "dualOld" else (spare, server)
    sidecar = start(
        sides[0].address, sides[1].address, STAGES[stage], plan=PLAN, migration={"services": [LEDGER], **NAME})
    client = keep(Bookkeeper(sidecar.await_ready().address))
    outcome = client.unary(f"/{LEDGER}/Change", ledger.ChangeRequest(name=NAMED, add_cents=1))
    assert (outcome.code, outcome.error) == ("UNKNOWN", "outcome-unknown")
    assert (len(server.received), len(spare.received)) == (asked, 0)


def test_a_proxys_not_found_sends_no_query_to_the_other_side(start, keep):
    server = keep(RawServer(lambda wire, stream, exchange: wire.headers(stream, PROXY, end_stream=True)))
    spare = keep(RawServer())
    sidecar = start(
        server.address, spare.address, STAGES["dualOld"], plan=PLAN, migration={"services": [LEDGER], **NAME})
    client = keep(Bookkeeper(sidecar.await_ready().address))
    assert client.unary(f"/{LEDGER}/Find", NAMED).code == "NOT_FOUND", "in the side's own words"
    assert not spare.received


# A sidecar behind this one.

@pytest.fixture
def chain(start, keep, ledgers):
    """The outer sidecar's old is a sidecar whose sides are both gone; its new is a ledger."""
    inner = start(free_address(), free_address(), STAGES["old"], plan=PLAN, migration={"services": [LEDGER], **NAME})
    inner.await_port(inner.address)

    def chain(stage):
        outer = start(
            inner.address, ledgers[1].address, STAGES[stage], plan=PLAN, migration={"services": [LEDGER], **NAME})
        return outer, keep(Bookkeeper(outer.await_ready().address))

    return chain


@pytest.mark.parametrize("stage", ["old", "dualOld"])
def test_the_word_of_a_sidecar_behind_is_kept(stage, chain):
    _, client = chain(stage)
    wait_for(lambda: "cannot be reached" in client.change(KEY, 1).details, 5, "the inner one has given up")
    outcome = client.change(KEY, 1)
    assert (outcome.code, outcome.error) == ("UNAVAILABLE", "side-unreachable")
    assert dict(outcome.trailing)["switchover-side"] == "old" and "cannot be reached" in outcome.details


def test_the_word_of_a_sidecar_behind_is_read(chain, ledgers):
    """Nothing was written there: the record is dirty, the lane stays open."""
    outer, client = chain("dualNew")
    ledgers[1].entries[KEY] = entry(KEY, 100)
    for _ in range(2):
        outcome = client.change(KEY, 1)
        assert (outcome.code, outcome.error) == ("ABORTED", "partial-write"), outcome.details
        assert "cannot be reached" in outcome.details
    assert '"writesUnsettled" : 0' in outer.get("/stats")[1]


# Clients that have left.

def test_a_query_whose_client_has_left_is_interrupted(between, databases):
    """Both readers of the database are free again at once, not when the queries would have ended."""
    link = databases[0].link
    link.execute("begin")
    link.executemany(
        "insert into t_order (order_no, store_id, status, total) values (?, '406', 'open', 1)",
        [(number,) for number in range(400_000)])
    link.execute("commit")
    _, clerk = between("old")
    # None of it holds, so that all is read and compared; many seconds.
    never = [
        records.Filter(comparison=records.Comparison(
            field="status", operator=records.Comparison.GREATER, value=value("x" * number)))
        for number in range(1, 250)]
    query = records.QueryRequest(
        entity="orders", gray_key=value("406"), filter=records.Filter(any=records.Filters(filters=never)))
    ask = clerk.channel.unary_unary(f"/{RECORDS}/Query")
    left = [ask.future(query.SerializeToString(), timeout=60) for _ in range(4)]
    time.sleep(1)
    assert not any(call.done() for call in left), "the queries are long enough to be left"
    for call in left:
        call.cancel()
    begun = time.monotonic()
    assert clerk.get(7, timeout=30)[0] == 7
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("stage", STAGES)
def test_a_deadline_never_says_of_a_write_that_was_made_that_it_was_not(stage, between, databases):
    """The answer is there, and waits for a client that does not read."""
    sidecar, _ = between(stage)
    for side in databases:
        side.put(7, "406", "open", 100, 1)
    client = RawClient(sidecar.address, preface=False, seconds=5)
    window = SettingsFrame(0)
    window.settings = {SettingsFrame.INITIAL_WINDOW_SIZE: 0}
    client.send(PREFACE, window)
    request = records.UpdateRequest(entity="orders", key=records.Key(parts=[value(7)]), gray_key=value("406"),
                                    changes=named(dict(cents=105)))
    call = client.open(call_headers(f"/{RECORDS}/Update", ("grpc-timeout", "300m")))
    client.data(call, message(request.SerializeToString()), end_stream=True)
    time.sleep(0.6)
    client.send(WindowUpdateFrame(call, 65535))
    answer = client.await_stream(call)
    written = [row[3] for side in databases for row in side.rows()]
    assert 105 in written
    assert answer.grpc_status == 0 or answer.field("switchover-error") == "outcome-unknown"
    client.close()


def test_a_record_that_one_side_lacks_is_not_made_clean_by_a_write_of_the_other(start, databases, keep):
    """Dirty, it keeps its stage when the others leave `enrolled`: old alone has never had it."""
    more = settings(*databases)
    more["migrations"]["orders"]["inserts"] = "both"
    sidecar = start("", "", STAGES["dualNew"], **more).await_ready()
    clerk = keep(Clerk(sidecar.address))
    old, _ = databases
    old.link.isolation_level = None
    old.link.execute("begin immediate")
    assert clerk.insert(1, cents=5) == "ABORTED partial-write"
    old.link.execute("rollback")
    assert clerk.update(1, cents=6)[3] == 6
    operator = keep(Operator(sidecar))
    for enrolled in (GRAY, "none"):
        sidecar.write_switches(phase="migrating", enrolled=enrolled, gray="none")
        wait_for(lambda: operator.status().in_force.epoch == sidecar.epoch, 5, "the change")
    for cents in (7, 8):
        assert clerk.update(1, cents=cents)[3] == cents
        assert clerk.get(1)[3] == cents
