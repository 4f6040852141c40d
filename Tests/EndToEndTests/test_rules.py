"""The contract's section 3, rule by rule, where no other file has it: what the sides are asked, and what is told."""

import grpc
import pytest

from harness.ledger import LEDGER, LIST, NAME, PLAN, Bookkeeper, entry
from harness.records import Clerk, settings
from harness.stubs import ledger

KEY = ("2", 7)
NONE_GRAY = dict(phase="migrating", enrolled={"allow": ["2", "3"]})
MIXED = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})


@pytest.fixture
def bookkeeper(start, ledgers, keep):
    def bookkeeper(switches, plan=None, **migration):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan={**PLAN, **(plan or {})},
            migration={"services": [LEDGER], **NAME, **migration})
        return keep(Bookkeeper(sidecar.await_ready().address))

    return bookkeeper


@pytest.fixture
def clerk(start, databases, keep):
    def clerk(switches):
        return keep(Clerk(start("", "", switches, **settings(*databases)).await_ready().address))

    return clerk


def said(outcome):
    by = dict(outcome.trailing).get("answered-by", "?")
    return by if outcome.code == "OK" else f"{outcome.code} {outcome.error or 'by ' + by}"


def asked(ledgers):
    return ", ".join(f"{method} {side}" for side, method, _, _ in ledgers[0].log)


def put(side, store, number, cents):
    side.entries[(store, number)] = ledger.Entry(store=store, id=number, cents=cents)


def rows(outcome):
    assert outcome.code == "OK", outcome
    return [(each.id, each.cents) for each in ledger.ListReply.FromString(outcome.messages[0]).entries]


def partial(outcome):
    return dict(outcome.trailing).get("switchover-partial")


# Inserts.

def test_inserts_old_leaves_new_alone(bookkeeper, ledgers):
    client = bookkeeper(NONE_GRAY, inserts="old")
    assert said(client.add(KEY)) == "old"
    assert asked(ledgers) == "Add old" and not ledgers[1].entries
    assert said(client.save(("2", 8))) == "old"
    assert set(ledgers[0].entries) == {KEY, ("2", 8)} and not ledgers[1].entries


def test_without_insert_guard_old_is_not_asked(bookkeeper, ledgers):
    client = bookkeeper(NONE_GRAY, insert_guard="off")
    assert said(client.add(KEY)) == "new"
    assert asked(ledgers) == "Add new"


@pytest.mark.parametrize("fault", ["fails", "is gone"])
def test_an_insert_that_old_cannot_be_asked_about_is_unavailable(fault, bookkeeper, ledgers):
    client = bookkeeper(NONE_GRAY)
    if fault == "fails":
        ledgers[0].faults["Find"] = grpc.StatusCode.INTERNAL
    else:
        ledgers[0].close()
    assert said(client.add(KEY)) == "UNAVAILABLE side-unreachable"
    assert not ledgers[1].entries


# Absence.

@pytest.mark.parametrize("store, here, there", [("2", 0, 1), ("3", 1, 0)])
def test_an_update_absent_here_and_failed_there_is_not_not_found(store, here, there, bookkeeper, ledgers):
    client = bookkeeper(MIXED)
    ledgers[there].close()
    outcome = client.change((store, 7), 5)
    assert said(outcome) == "UNAVAILABLE side-unreachable" and ledgers[there].side in outcome.details


def test_at_new_mirrored_what_old_says_is_never_an_answer(bookkeeper, ledgers):
    client = bookkeeper(dict(phase="mirrored"))
    ledgers[0].entries[KEY] = entry(KEY, 100)
    assert said(client.find(KEY)) == "NOT_FOUND by new"
    assert said(client.change(KEY, 5)) == "NOT_FOUND by new"
    assert rows(client.list()) == []
    assert said(client.remove(KEY)) == "NOT_FOUND by new"


# A gray key that is not in the request.

def test_while_nothing_is_enrolled_new_is_not_asked_for_many(bookkeeper, ledgers):
    client = bookkeeper(dict(phase="migrating", enrolled="none"))
    put(ledgers[0], "2", 7, 5)
    put(ledgers[1], "2", 8, 6)
    assert rows(client.list()) == [(7, 5)]
    assert asked(ledgers) == "List old"


def test_rows_of_new_whose_own_key_is_at_old_are_dropped(bookkeeper, ledgers):
    client = bookkeeper(MIXED)
    for number, store in enumerate(["1", "2", "3"]):
        put(ledgers[1], store, number, number)
    assert rows(client.list()) == [(2, 2), (1, 1)]


@pytest.mark.parametrize("fault", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE])
def test_a_failure_of_new_is_missed_only_while_no_key_is_gray(fault, bookkeeper, ledgers):
    for side in ledgers:
        put(side, "2", 7, 5)
    ledgers[1].faults["List"] = fault
    outcome = bookkeeper(NONE_GRAY).list()
    assert rows(outcome) == [(7, 5)] and partial(outcome) == "new"
    outcome = bookkeeper(MIXED).list()
    assert said(outcome) == "UNAVAILABLE side-unreachable" and "new" in outcome.details
    outcome = bookkeeper(NONE_GRAY).list(store="2")
    assert said(outcome) == "UNAVAILABLE side-unreachable", "who names an enrolled key wants both"


def test_a_failure_of_old_is_never_missed(bookkeeper, ledgers):
    ledgers[0].faults["List"] = grpc.StatusCode.INTERNAL
    assert said(bookkeeper(NONE_GRAY).list()) == "UNAVAILABLE side-unreachable"


def test_records_at_old_do_not_notice_that_new_is_broken(clerk, databases):
    """I9: without a gray key too; new is asked only where old cannot say."""
    client = clerk(MIXED)
    for number, store in enumerate(["1", "2", "3"]):
        databases[0].put(number, store)
    databases[1].link.execute("drop table orders")
    assert client.get(0, store=None) == (0, "1", "open", 100, 1)
    assert client.get(1, store=None) == (1, "2", "open", 100, 1)
    assert client.update(0, store=None, status="paid") == (0, "1", "paid", 100, 2)
    assert client.delete(0, store=None) == (0, "1", "paid", 100, 2)
    assert client.get(2, store=None) == "UNAVAILABLE side-unreachable"
    assert client.get(9, store=None) == "UNAVAILABLE side-unreachable", "it may have been born on new"
    assert client.update(9, store=None, status="paid") == "UNAVAILABLE side-unreachable"


def test_many_records_without_new(clerk, databases):
    client = clerk(NONE_GRAY)
    databases[0].put(1, "1")
    databases[0].put(2, "2")
    databases[1].link.execute("drop table orders")
    assert [number for number, *_ in client.get_many([2, 5, 1])] == [2, 1]
    assert partial(client.last) == "new"
    assert client.get_many([2], store="2") == "UNAVAILABLE side-unreachable", "a table that is gone (decision 0032)"
    assert [number for number, *_ in client.get_many([1], store="1")] == [1]


def test_many_records_with_a_gray_key_somewhere_need_new(clerk, databases):
    client = clerk(MIXED)
    databases[0].put(1, "1")
    databases[1].link.execute("drop table orders")
    assert client.get_many([1]) == "UNAVAILABLE side-unreachable", "a table that is gone (decision 0032)"


def test_where_all_keys_have_one_stage_none_is_looked_for(clerk, databases):
    """At newMirrored old is not asked what the record's gray key is: it may not have the record at all."""
    client = clerk(dict(phase="mirrored"))
    databases[1].put(7, "2")
    assert client.update(7, store=None, status="paid") == (7, "2", "paid", 100, 2)
    assert databases[0].rows() == [(7, "2", "paid", 100, 2)]
    assert client.insert(8, store=None, status="x") == "INVALID_ARGUMENT missing-key"


# Merging.

@pytest.mark.parametrize("fails, allowed", [(0, "old"), (1, "new"), (0, "any"), (1, "any")])
def test_partial_answers_name_the_side_that_is_missing(fails, allowed, bookkeeper, ledgers):
    client = bookkeeper(MIXED, plan={"List": {**LIST, "partial": allowed}})
    put(ledgers[0], "2", 1, 10)
    put(ledgers[1], "3", 2, 20)
    ledgers[fails].faults["List"] = grpc.StatusCode.UNAVAILABLE
    outcome = client.list()
    assert rows(outcome) == [[(2, 20)], [(1, 10)]][fails]
    assert partial(outcome) == ledgers[fails].side


@pytest.mark.parametrize("allowed, fails", [("old", 1), ("new", 0), ("never", 0), ("never", 1)])
def test_other_sides_may_not_be_missing(allowed, fails, bookkeeper, ledgers):
    client = bookkeeper(MIXED, plan={"List": {**LIST, "partial": allowed}})
    ledgers[fails].faults["List"] = grpc.StatusCode.UNAVAILABLE
    outcome = client.list()
    assert said(outcome) == "UNAVAILABLE side-unreachable" and ledgers[fails].side in outcome.details


@pytest.mark.parametrize("rest, total", [(None, 0), ("old", 3), ("new", 1)])
def test_totals_are_dropped_or_taken_from_one_side(rest, total, bookkeeper, ledgers):
    plan = {"List": {**LIST, **({"rest": rest} if rest else {})}}
    client = bookkeeper(MIXED, plan=plan)
    for number in range(3):
        put(ledgers[0], "2", number, number)
    put(ledgers[1], "2", 0, 0)
    reply = ledger.ListReply.FromString(client.list().messages[0])
    assert reply.total == total and len(reply.entries) == 3


@pytest.mark.parametrize("confirm, found", [(LIST["confirm"], [(8, 5)]), ("off", [(7, 9), (8, 5)])])
def test_suspects_are_looked_up_unless_confirm_is_off(confirm, found, bookkeeper, ledgers):
    """New's copy of 7 is out of date: old's does not match the filter any more. 8 was born on new."""
    client = bookkeeper(NONE_GRAY, plan={"List": {**LIST, "confirm": confirm}})
    put(ledgers[0], "2", 7, 0)
    put(ledgers[1], "2", 7, 9)
    put(ledgers[1], "2", 8, 5)
    assert rows(client.list(store="2", at_least_cents=1)) == found
    looked_up = [key for side, method, key, _ in ledgers[0].log if method == "FindMany"]
    assert looked_up == ([(7, 8)] if confirm != "off" else []), "all of a page in one call"
