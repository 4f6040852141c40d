"""Multi queries of a service that knows nothing of Switchover: merged by field numbers, each record once."""

import random

import grpc
import pytest

from harness.ledger import LEDGER, LIST, NAME, PLAN, Bookkeeper
from harness.operators import Operator, sets
from harness.orders import real_orders
from harness.raw import RawClient, call_headers, message
from harness.stubs import ledger

STORES = ["1", "2", "3"]
# Store 1 is not enrolled, 2 is at dualOld, 3 at dualNew.
MIXED = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})
AUTHORITY = {"1": "old", "2": "old", "3": "new"}


@pytest.fixture
def between(start, ledgers):
    clients = []

    def between(switches, plan=None, **settings):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan={**PLAN, **(plan or {})},
            migration={"services": [LEDGER], **NAME}, **settings).await_ready()
        clients.append(Bookkeeper(sidecar.address))
        return clients[-1]

    yield between
    for client in clients:
        client.close()


def put(side, store, number, cents, note="x"):
    side.entries[(store, number)] = ledger.Entry(store=store, id=number, owner=note, cents=cents)


def seen(outcome):
    assert outcome.code == "OK", outcome
    reply = ledger.ListReply.FromString(outcome.messages[0])
    return [(each.id, each.cents) for each in reply.entries]


def asked(ledgers):
    return sorted(f"{method} {side}" for side, method, _, _ in ledgers[0].log)


def stock(ledgers):
    """Records of each placement: in both (new's copy stale), on old alone, on new alone."""
    old, new = ledgers
    for index, store in enumerate(STORES):
        base = 100 * (index + 1)
        put(old, store, base + 1, 50)
        put(new, store, base + 1, 70)
        put(old, store, base + 2, 40)
        put(new, store, base + 3, 30)


@pytest.mark.parametrize("switches, sides, rows", [
    (dict(phase="idle"), ["List old"], [(201, 50), (202, 40)]),
    (dict(phase="migrating", enrolled="none"), ["List old"], [(201, 50), (202, 40)]),
    (dict(phase="migrating", enrolled="all"), ["FindMany old", "List new", "List old"],
     [(201, 50), (202, 40), (203, 30)]),
    (dict(phase="migrating", enrolled="all", gray="all"), ["FindMany new", "List new", "List old"],
     [(201, 70), (202, 40), (203, 30)]),
    (dict(phase="mirrored"), ["List new"], [(201, 70), (203, 30)]),
    (dict(phase="finished"), ["List new"], [(201, 70), (203, 30)]),
])
def test_one_store_at_each_stage(switches, sides, rows, between, ledgers):
    client = between(switches)
    stock(ledgers)
    assert seen(client.list(store="2")) == rows
    assert asked(ledgers) == sides


def test_all_stores(between, ledgers):
    """Rows of new whose own store is at stage old are not there yet."""
    client = between(MIXED)
    stock(ledgers)
    assert seen(client.list()) == [
        (301, 70), (101, 50), (201, 50), (102, 40), (202, 40), (302, 40), (203, 30), (303, 30)]


def test_legs_bear_one_epoch(between, ledgers):
    client = between(MIXED)
    stock(ledgers)
    client.list()
    assert len(ledgers[0].log) >= 3
    assert {metadata["switchover-epoch"] for _, _, _, metadata in ledgers[0].log} == {"2"}


@pytest.mark.parametrize("seed", range(6))
def test_random_placements_and_pages(seed, between, ledgers):
    """Copies are stale in the columns of filter and order; each page size; compared with the authorities' rows."""
    choose = random.Random(seed)
    client = between(MIXED)
    old, new = ledgers
    truth = []
    for number in range(120):
        store = choose.choice(STORES)
        where = choose.choice(["both", "both", "both", "old", "new"])
        cents = choose.randrange(20)
        stale = choose.choice([cents, choose.randrange(20)])
        if store == "1" and where == "new":
            put(new, store, number, stale)
            continue
        owner = AUTHORITY[store] if where == "both" else where
        follower = where == "both"
        put(old if owner == "old" else new, store, number, cents, "truth")
        if follower:
            put(new if owner == "old" else old, store, number, stale, "copy")
        truth.append(ledger.Entry(store=store, id=number, owner="truth", cents=cents))
    truth.sort(key=lambda each: (-each.cents, each.id))
    for limit in (1, 2, 3, 7, 50, 100):
        floor = choose.randrange(15)
        found, sizes = client.walk(limit=limit, at_least_cents=floor)
        assert found == [each for each in truth if each.cents >= floor], (seed, limit)
        assert max(sizes) <= limit
        store = choose.choice(STORES)
        found, _ = client.walk(limit=limit, store=store)
        assert found == [each for each in truth if each.store == store], (seed, limit, store)


def test_a_side_that_fails_fails_the_call(between, ledgers):
    client = between(MIXED)
    stock(ledgers)
    ledgers[1].faults["List"] = grpc.StatusCode.UNAVAILABLE
    outcome = client.list(store="3")
    assert (outcome.code, outcome.error) == ("UNAVAILABLE", "side-unreachable")
    assert "new" in outcome.details


def test_partial_answers_where_they_are_allowed(between, ledgers):
    client = between(MIXED, plan={"List": {**LIST, "partial": "any"}})
    stock(ledgers)
    ledgers[1].faults["List"] = grpc.StatusCode.UNAVAILABLE
    outcome = client.list()
    assert outcome.code == "OK"
    assert dict(outcome.trailing)["switchover-partial"] == "new"


def test_new_does_not_hurt_who_does_not_read_it(between, ledgers):
    """While no key is gray, a query without a key is answered by old alone when new fails."""
    client = between(dict(phase="migrating", enrolled={"allow": ["2"]}))
    stock(ledgers)
    ledgers[1].faults["List"] = grpc.StatusCode.INTERNAL
    outcome = client.list()
    assert seen(outcome) == [(101, 50), (201, 50), (301, 50), (102, 40), (202, 40), (302, 40)]
    assert dict(outcome.trailing)["switchover-partial"] == "new"


def test_rows_out_of_order_are_not_merged_wrongly(between, ledgers):
    plan = {"List": {**LIST, "rows": {**LIST["rows"], "order": [{"path": 4, "type": "sint64"}]}}}
    client = between(MIXED, plan=plan)
    stock(ledgers)
    outcome = client.list()
    assert (outcome.code, outcome.error) == ("INTERNAL", "unsorted-side")


def test_compressed_both_ways(between, ledgers):
    """The sides' compressed rows are merged, and the answer is compressed as theirs were."""
    client = between(MIXED)
    stock(ledgers)
    for number in range(1000, 1200):
        put(ledgers[number % 2], "3", number, 1, "a name that is long enough to be worth it")
    plain = client.list(limit=500)
    for side in ledgers:
        side.faults["List"] = lambda _, context: context.set_compression(grpc.Compression.Gzip)
    compressed = client.list(limit=500, compression=grpc.Compression.Gzip)
    assert compressed.code == "OK"
    assert compressed.messages == plain.messages


def test_page_tokens(between, ledgers):
    client = between(MIXED)
    for number in range(10):
        put(ledgers[0], "2", number, number)
    first = ledger.ListReply.FromString(client.list(limit=3).messages[0])
    token = first.next_page_token
    assert len(seen(client.list(limit=3, page_token=token))) == 3
    for altered in (token[:-1], token + "A", token[:9] + "A" + token[10:]):
        outcome = client.list(limit=3, page_token=altered)
        assert (outcome.code, outcome.error) == ("INVALID_ARGUMENT", "bad-page-token"), altered
    # One that a side gave when it alone was asked.
    outcome = client.list(limit=3, page_token="5:7")
    assert (outcome.code, outcome.error) == ("ABORTED", "walk-interrupted")
    outcome = client.list(limit=3, at_least_cents=5, page_token=token)
    assert (outcome.code, outcome.error) == ("INVALID_ARGUMENT", "bad-page-token")


def test_a_walk_that_a_change_of_sides_interrupts(between, ledgers):
    client = between(MIXED)
    for number in range(10):
        put(ledgers[0], "2", number, number)
        put(ledgers[1], "2", number, number)
    token = ledger.ListReply.FromString(client.list(limit=3).messages[0]).next_page_token
    finished = between(dict(phase="finished"))
    outcome = finished.list(limit=3, page_token=token)
    assert (outcome.code, outcome.error) == ("ABORTED", "walk-interrupted")
    found, sizes = finished.walk(limit=3)
    assert len(found) == 10 and sizes == [3, 3, 3, 1], "a walk of one side goes on by that side's tokens"


BACK = [
    (dict(phase="migrating", enrolled={"allow": ["2"]}, gray="none"), dict(enrolled=sets({"none": True}))),
    (dict(phase="migrating", enrolled="all", gray="none"), dict(phase="idle")),
]


@pytest.mark.parametrize("switches, change", BACK, ids=["left enrolled", "idle"])
def test_a_walk_of_both_sides_does_not_go_on_at_old(switches, change, start, ledgers, keep):
    """3.3: a composite token is nothing that old can read; old's own are old's alone (I7)."""
    for number in range(10):
        for side in ledgers:
            put(side, "2", number, number)
    sidecar = start(
        ledgers[0].address, ledgers[1].address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME})
    client, operator = keep(Bookkeeper(sidecar.await_ready().address)), keep(Operator(sidecar))
    token = ledger.ListReply.FromString(client.list(store="2", limit=3).messages[0]).next_page_token
    answer = operator.change(force="orders", **change)
    assert not isinstance(answer, tuple), answer
    ledgers[0].log.clear()
    interrupted, bad_token = ("ABORTED", "walk-interrupted"), ("INVALID_ARGUMENT", "bad-page-token")
    for bad, expected in ((token, interrupted), (token + "A", bad_token)):
        outcome = client.list(store="2", limit=3, page_token=bad)
        assert (outcome.code, outcome.error) == expected
    assert not ledgers[0].log
    first = ledger.ListReply.FromString(client.list(store="2", limit=3).messages[0])
    assert first.next_page_token and not first.next_page_token.startswith("sw1.")
    assert len(seen(client.list(store="2", limit=3, page_token=first.next_page_token))) == 3
    with RawClient(sidecar.address, seconds=10) as raw:
        request = message(ledger.ListRequest(store="2").SerializeToString())
        headers = call_headers(f"/{LEDGER}/List", ("grpc-encoding", "snappy"))
        reply = raw.call(headers, b"\1" + request[1:])
    assert reply.field("switchover-error") is None, "what cannot be read goes to old as it is"


def test_a_walk_over_real_orders(between, ledgers):
    """Each order of the quickstart's slice exactly once, whatever side its store is read from."""
    rows = real_orders()
    assert len(rows) > 300
    stores = sorted({row["store_id"] for row in rows})
    gray = [store for store in stores if int(store) % 3 == 0]
    dual = [store for store in stores if int(store) % 3 == 1]
    client = between(dict(phase="migrating", enrolled={"allow": gray + dual}, gray={"allow": gray}))
    for row in rows:
        store, number, cents = row["store_id"], int(row["order_id"]), int(row["total_cents"])
        sides = [ledgers[0]]
        if store in gray:
            sides = [ledgers[1]] if number % 2 else list(ledgers)
        elif store in dual:
            sides = [ledgers[1]] if number % 5 == 0 else list(ledgers)
        for side in sides:
            put(side, store, number, cents)
    found, _ = client.walk(limit=100 if len(rows) < 1000 else 1000, at_least_cents=-(1 << 60))
    assert len(found) == len(rows)
    assert len({each.id for each in found}) == len(rows)
    assert [(-each.cents, each.id) for each in found] == sorted((-each.cents, each.id) for each in found)
