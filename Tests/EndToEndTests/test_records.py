"""The Records service on two SQLite databases: the routing table, merges, and what it says about bad requests."""

import json
import random
import sqlite3
import threading
import time

import pytest

from harness.orders import real_orders
from harness.processes import wait_for
from harness.records import Clerk, at_least, settings
from harness.stubs import records
from harness.subjects import run

STAGES = {
    "old": dict(phase="idle"),
    "dualOld": dict(phase="migrating", enrolled={"allow": ["406"]}),
    "dualNew": dict(phase="migrating", enrolled={"allow": ["406"]}, gray={"allow": ["406"]}),
    "newMirrored": dict(phase="mirrored"),
    "new": dict(phase="finished"),
}
HAVE = ["both", "old", "new", "nobody"]


@pytest.fixture
def between(start, databases):
    clerks = []

    def between(switches, **more):
        sidecar = start("", "", switches, **{**settings(*databases), **more}).await_ready()
        clerks.append(Clerk(sidecar.address))
        return sidecar, clerks[-1]

    yield between
    for clerk in clerks:
        clerk.close()


def stock(databases, where):
    for side in databases:
        side.clear()
        if where in ("both", side.side):
            side.put(7, "406", "open", 100, 3)


def state(databases):
    return [[(status, cents, version) for _, _, status, cents, version in side.rows()] for side in databases]


AS_IT_WAS = (7, "406", "open", 100, 3)
CHANGED = (7, "406", "paid", 100, 4)
OPEN, PAID, NEW_ONE = ("open", 100, 3), ("paid", 100, 4), ("paid", None, 1)
MADE = (7, "406", "paid", None, 1)
# For a record that both sides have, old has, new has, nobody has: the answer, and the rows of old and new after it.
GET = {
    "old": [AS_IT_WAS, AS_IT_WAS, "NOT_FOUND", "NOT_FOUND"],
    "dualOld": [AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, "NOT_FOUND"],
    "dualNew": [AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, "NOT_FOUND"],
    "newMirrored": [AS_IT_WAS, "NOT_FOUND", AS_IT_WAS, "NOT_FOUND"],
    "new": [AS_IT_WAS, "NOT_FOUND", AS_IT_WAS, "NOT_FOUND"],
}
GONE = "NOT_FOUND"
UPDATE = {
    "old": [(CHANGED, [[PAID], [OPEN]]), (CHANGED, [[PAID], []]), (GONE, [[], [OPEN]]), (GONE, [[], []])],
    "dualOld": [(CHANGED, [[PAID], [PAID]]), (CHANGED, [[PAID], []]), (CHANGED, [[], [PAID]]), (GONE, [[], []])],
    "dualNew": [(CHANGED, [[PAID], [PAID]]), (CHANGED, [[PAID], []]), (CHANGED, [[], [PAID]]), (GONE, [[], []])],
    "newMirrored": [(CHANGED, [[PAID], [PAID]]), (GONE, [[OPEN], []]), (CHANGED, [[PAID], [PAID]]), (GONE, [[], []])],
    "new": [(CHANGED, [[OPEN], [PAID]]), (GONE, [[OPEN], []]), (CHANGED, [[], [PAID]]), (GONE, [[], []])],
}
WAS = AS_IT_WAS
DELETE = {
    "old": [(WAS, [[], [OPEN]]), (WAS, [[], []]), (GONE, [[], [OPEN]]), (GONE, [[], []])],
    "dualOld": [(WAS, [[], []]), (WAS, [[], []]), (WAS, [[], []]), (GONE, [[], []])],
    "dualNew": [(WAS, [[], []]), (WAS, [[], []]), (WAS, [[], []]), (GONE, [[], []])],
    "newMirrored": [(WAS, [[], []]), (GONE, [[], []]), (WAS, [[], []]), (GONE, [[], []])],
    "new": [(WAS, [[OPEN], []]), (GONE, [[OPEN], []]), (WAS, [[], []]), (GONE, [[], []])],
}
THERE, THERE_ON_OLD = "ALREADY_EXISTS", "ALREADY_EXISTS already-exists"
INSERT = {
    "old": [(THERE, [[OPEN], [OPEN]]), (THERE, [[OPEN], []]), (MADE, [[NEW_ONE], [OPEN]]), (MADE, [[NEW_ONE], []])],
    "dualOld": [(THERE_ON_OLD, [[OPEN], [OPEN]]), (THERE_ON_OLD, [[OPEN], []]), (THERE, [[], [OPEN]]),
                (MADE, [[], [NEW_ONE]])],
    "dualNew": [(THERE_ON_OLD, [[OPEN], [OPEN]]), (THERE_ON_OLD, [[OPEN], []]), (THERE, [[], [OPEN]]),
                (MADE, [[], [NEW_ONE]])],
    "newMirrored": [(THERE_ON_OLD, [[OPEN], [OPEN]]), (THERE_ON_OLD, [[OPEN], []]), (THERE, [[], [OPEN]]),
                    (MADE, [[NEW_ONE], [NEW_ONE]])],
    "new": [(THERE, [[OPEN], [OPEN]]), (MADE, [[OPEN], [NEW_ONE]]), (THERE, [[], [OPEN]]), (MADE, [[], [NEW_ONE]])],
}
UPSERT = {
    "old": [(CHANGED, [[PAID], [OPEN]]), (CHANGED, [[PAID], []]), (MADE, [[NEW_ONE], [OPEN]]), (MADE, [[NEW_ONE], []])],
    "dualOld": [(CHANGED, [[PAID], [PAID]]), (CHANGED, [[PAID], []]), (CHANGED, [[], [PAID]]), (MADE, [[], [NEW_ONE]])],
    "dualNew": [(CHANGED, [[PAID], [PAID]]), (CHANGED, [[PAID], []]), (CHANGED, [[], [PAID]]), (MADE, [[], [NEW_ONE]])],
    "newMirrored": [(CHANGED, [[PAID], [PAID]]), (MADE, [[NEW_ONE], [NEW_ONE]]), (CHANGED, [[PAID], [PAID]]),
                    (MADE, [[NEW_ONE], [NEW_ONE]])],
    "new": [(CHANGED, [[OPEN], [PAID]]), (MADE, [[OPEN], [NEW_ONE]]), (CHANGED, [[], [PAID]]), (MADE, [[], [NEW_ONE]])],
}


@pytest.mark.parametrize("stage", STAGES)
def test_get(stage, between, databases):
    _, clerk = between(STAGES[stage])
    found = []
    for where in HAVE:
        stock(databases, where)
        found.append(clerk.get(7))
    assert found == GET[stage]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("table, act", [
    (UPDATE, lambda clerk: clerk.update(7, status="paid")),
    (DELETE, lambda clerk: clerk.delete(7)),
    (INSERT, lambda clerk: clerk.insert(7, status="paid")),
    (UPSERT, lambda clerk: clerk.upsert(7, status="paid")),
], ids=["update", "delete", "insert", "upsert"])
def test_writes(table, act, stage, between, databases):
    _, clerk = between(STAGES[stage])
    seen = []
    for where in HAVE:
        stock(databases, where)
        answer = act(clerk)
        seen.append((answer, state(databases)))
    assert seen == table[stage]


@pytest.mark.parametrize("needs", ["old", "new"])
@pytest.mark.parametrize("stage", STAGES)
def test_an_upsert_leaves_out_what_the_record_has(stage, needs, between, databases):
    """Existence first: a field that must be given is missing only where the record is not there."""
    side = next(side for side in databases if side.side == needs)
    column = "status" if needs == "old" else "state"
    schema, = side.link.execute("select sql from sqlite_master where name = ?", [side.table]).fetchone()
    side.link.executescript(f"drop table {side.table}; {schema.replace(f'{column} text', f'{column} text not null')}")
    _, clerk = between(STAGES[stage])
    stock(databases, "both")
    assert clerk.upsert(7, cents=5) == (7, "406", "open", 5, 4)
    before = state(databases)
    assert clerk.upsert(8, cents=5) == "INVALID_ARGUMENT"
    assert f"{column} of {needs}'s table" in clerk.last.details
    assert state(databases) == before


def test_new_rows_of_new_bear_its_constants(between, databases):
    _, clerk = between(STAGES["dualOld"])
    clerk.insert(7, status="paid", cents=5)
    assert databases[1].link.execute("select source, state, cents from orders").fetchall() == [("sidecar", "paid", 5)]


@pytest.mark.parametrize("stage", ["dualOld", "dualNew"])
def test_expected_versions(stage, between, databases):
    _, clerk = between(STAGES[stage])
    stock(databases, "both")
    assert clerk.update(7, expected=2, status="paid") == "ABORTED"
    assert clerk.delete(7, expected=2) == "ABORTED"
    assert state(databases) == [[OPEN], [OPEN]], "a delete that the authority refused is undone on the follower"
    assert clerk.update(7, expected=3, status="paid") == CHANGED
    assert clerk.delete(7, expected=4) == CHANGED
    assert state(databases) == [[], []]


@pytest.mark.parametrize("workers", [1, 2])
def test_writes_of_one_record_over_several_connections(workers, between, databases):
    sidecar, clerk = between(STAGES["dualNew"], workers=workers)
    stock(databases, "both")
    failures = []

    def work(index):
        other = Clerk(sidecar.address)
        for step in range(25):
            answer = other.update(7, status=f"{index}:{step}")
            if isinstance(answer, str):
                failures.append(answer)
        other.close()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert databases[0].rows() == databases[1].rows()
    assert clerk.get(7)[4] == 203


MIXED = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})
AUTHORITY = {"1": "old", "2": "old", "3": "new"}


def mix(databases, seed, count=150):
    """Records of every placement with stale copies; returns what their authorities have."""
    choose = random.Random(seed)
    old, new = databases
    texts = [None, "a", "A", "a ", " a", "b", "ä", ""]
    truth = []
    for number in range(count):
        store = choose.choice(list(AUTHORITY))
        where = choose.choice(["both", "both", "both", "old", "new"])
        row = (number, store, choose.choice(texts), choose.choice([None, -5, 0, 1, 2, 3]), 1)
        copy = (number, store, choose.choice(texts), choose.choice([None, -5, 0, 1, 2, 3]), 1)
        if store == "1" and where == "new":
            new.put(*copy)
            continue
        owner = AUTHORITY[store] if where == "both" else where
        (old if owner == "old" else new).put(*row)
        if where == "both":
            (new if owner == "old" else old).put(*choose.choice([row, copy]))
        truth.append(row)
    return truth


def order_of(row, order):
    """As the contract orders: NULL first, text by its bytes; the record key ends it."""
    keys = []
    for name in order:
        content = row[2] if name.lstrip("-") == "status" else row[3]
        key = (content is not None, content.encode() if isinstance(content, str) else content or 0)
        keys.append((name.startswith("-"), key))
    return keys


def sorted_rows(rows, order):
    rows = sorted(rows, key=lambda row: row[0])
    for position in reversed(range(len(order))):
        rows.sort(key=lambda row: order_of(row, order)[position][1], reverse=order[position].startswith("-"))
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("order", [(), ("status",), ("-cents",), ("cents", "-status")])
def test_queries_are_what_the_authorities_say(order, seed, between, databases):
    truth = mix(databases, seed)
    _, clerk = between(MIXED)
    for limit in (1, 3, 10, 200):
        assert clerk.walk(order=order, limit=limit) == sorted_rows(truth, order)
    wanted = [row for row in truth if row[3] is not None and row[3] >= 1]
    assert clerk.walk(order=order, limit=7, filter=at_least("cents", 1)) == sorted_rows(wanted, order)
    for store in AUTHORITY:
        wanted = [row for row in truth if row[1] == store]
        assert clerk.walk(order=order, limit=9, store=store) == sorted_rows(wanted, order)


def test_a_walk_over_real_orders(between, databases):
    """I6: each order exactly once and in order, whatever side has it; ORDERS names another file than the slice."""
    rows = real_orders()
    assert len(rows) > 300
    old, new = databases
    stores = {row["store_id"] for row in rows}
    gray = sorted(store for store in stores if int(store) % 3 == 0)
    enrolled = sorted(store for store in stores if int(store) % 3 < 2)
    for side in databases:
        side.link.execute("begin")
    truth = []
    for row in rows:
        order = (int(row["order_id"]), row["store_id"], "open", int(row["total_cents"]), 1)
        sides = [old]
        if row["store_id"] in enrolled:
            sides = [[old], [new], [old, new]][order[0] % 3]
        for side in sides:
            side.put(*order)
        truth.append(order)
    for side in databases:
        side.link.execute("commit")
    _, clerk = between(dict(phase="migrating", enrolled={"allow": enrolled}, gray={"allow": gray}))
    limit = 100 if len(rows) < 10_000 else 1000
    for order in ((), ("-cents",)):
        begin = time.monotonic()
        found = clerk.walk(order=order, limit=limit)
        print(f"{len(found)} orders by {order or 'key'} in {time.monotonic() - begin:.1f} s")
        assert found == sorted_rows(truth, order)


@pytest.mark.parametrize("seed", range(4))
def test_get_many_answers_in_the_order_of_the_request(seed, between, databases):
    truth = {row[0]: row for row in mix(databases, seed)}
    _, clerk = between(MIXED)
    numbers = list(range(160))
    random.Random(seed).shuffle(numbers)
    assert clerk.get_many(numbers) == [truth[number] for number in numbers if number in truth]


@pytest.mark.parametrize("stage", STAGES)
def test_get_many_of_one_store(stage, between, databases):
    _, clerk = between(STAGES[stage])
    for where in HAVE:
        stock(databases, where)
        expected = GET[stage][HAVE.index(where)]
        assert clerk.get_many([9, 7], store="406") == ([] if expected == "NOT_FOUND" else [expected])


@pytest.mark.parametrize("stage", STAGES)
def test_calls_without_a_gray_key(stage, between, databases):
    """The record is looked up, and its own gray key decides: the same answers as with it."""
    _, clerk = between(STAGES[stage])
    for index, where in enumerate(HAVE):
        stock(databases, where)
        assert clerk.get(7, store=None) == GET[stage][index]
        assert (clerk.update(7, store=None, status="paid"), state(databases)) == UPDATE[stage][index]
        stock(databases, where)
        assert (clerk.delete(7, store=None), state(databases)) == DELETE[stage][index]


@pytest.mark.parametrize("seed", range(2))
def test_look_ups_without_a_gray_key(seed, between, databases):
    truth = {row[0]: row for row in mix(databases, seed)}
    _, clerk = between(MIXED)
    for number in range(160):
        assert clerk.get(number, store=None) == truth.get(number, "NOT_FOUND")


def test_bad_requests_are_named(between, databases):
    _, clerk = between(STAGES["dualOld"])
    stock(databases, "both")
    wrong = clerk.ask("Get", records.GetRequest(entity="order"), records.GetResponse)
    assert wrong == "INVALID_ARGUMENT unknown-entity"
    assert "orders" in clerk.last.details
    assert clerk.update(7, nothing="x") == "INVALID_ARGUMENT"
    assert "status" in clerk.last.details, "it says which fields there are"
    assert clerk.insert(8, status=5) == "INVALID_ARGUMENT"
    assert clerk.ask("Get", b"\x0a\x06orders\x12\x7f", records.GetResponse) == "INVALID_ARGUMENT malformed-message"
    assert clerk.insert(8, store=None, status="x") == "INVALID_ARGUMENT missing-key"
    assert clerk.upsert(8, store=None, status="x") == "INVALID_ARGUMENT missing-key"
    assert state(databases) == [[OPEN], [OPEN]]


@pytest.mark.parametrize("stage", ["dualOld", "dualNew", "newMirrored"])
def test_records_as_large_as_a_message_may_be(stage, between, databases):
    """A record's answer is larger than the request that made it: whatever is written is on both sides and readable."""
    _, clerk = between(STAGES[stage], limits={"message_bytes": "4KiB"})
    refused = 0
    for size in range(3900, 4100, 7):
        stock(databases, "both")
        answer = clerk.update(7, status="s" * size)
        if answer == "RESOURCE_EXHAUSTED message-too-large":
            refused += 1
            assert state(databases) == [[OPEN], [OPEN]]
            continue
        assert answer == (7, "406", "s" * size, 100, 4)
        assert databases[0].rows() == databases[1].rows() == [answer]
        assert clerk.get(7) == clerk.get(7, store=None) == answer
        assert clerk.walk() == clerk.get_many([7]) == [answer]
    assert 0 < refused < 28


def test_a_table_that_is_not_there_ends_the_start(start, databases, tmp_path):
    databases[1].link.execute("drop table orders")
    with pytest.raises(Exception):
        start("", "", STAGES["old"], **settings(*databases))


def test_what_check_finds_is_logged_once(start, databases):
    sidecar = start("", "", STAGES["old"], workers=3, **settings(*databases))
    wait_for(lambda: sidecar.log().count("no index begins with the gray key") == 2, what="a warning of each side")
    sidecar.await_ready()
    assert sidecar.log().count("no index begins with the gray key, column store_id") == 1


def replace(database):
    """Another file takes the database's place, as a restored backup does."""
    other = database.path.with_suffix(".other")
    link = sqlite3.connect(other)
    database.link.backup(link)
    link.close()
    other.rename(database.path)


@pytest.mark.parametrize("stage, side", [("old", "old"), ("dualOld", "old"), ("dualNew", "new"), ("new", "new")])
def test_a_replaced_database_file_is_neither_read_nor_written(stage, side, between, databases, binary):
    for database in databases:
        database.put(1, "406")
    sidecar, clerk = between(STAGES[stage])
    assert clerk.get(1) == (1, "406", "open", 100, 1)
    replaced = databases[side == "new"]
    replace(replaced)
    words = f"the file at {replaced.path} was replaced; restart the sidecar"
    for ask in (clerk.get, lambda number: clerk.update(number, status="paid"), clerk.delete):
        assert ask(1) == "UNAVAILABLE side-unreachable", stage
        assert words in clerk.last.details
    assert [database.rows() for database in databases] == [[(1, "406", "open", 100, 1)]] * 2
    status = json.loads(run(binary, "status", "--json", cwd=sidecar.folder).stdout)
    assert words in json.dumps(status)
    wait_for(lambda: words in sidecar.log(), what="a line in the log")


def test_what_changes_in_a_table_is_noticed(between, databases):
    databases[0].put(1, "406")
    sidecar, clerk = between(STAGES["old"])
    assert clerk.update(1, status="paid") == (1, "406", "paid", 100, 2)
    databases[0].link.execute(
        "create trigger shout after update on t_order begin "
        "update t_order set status = upper(status) where order_no = new.order_no; end")
    assert clerk.update(1, status="sent") == (1, "406", "SENT", 100, 3) == databases[0].rows()[0]
    databases[0].link.execute("drop trigger shout")
    databases[0].link.execute("alter table t_order rename column status to state")
    assert clerk.update(1, status="paid") == clerk.get(1) == "UNAVAILABLE side-unreachable"
    assert "table t_order has no column status; write one of" in clerk.last.details
    databases[0].link.execute("alter table t_order rename column state to status")
    assert clerk.update(1, status="paid") == clerk.get(1) == (1, "406", "paid", 100, 4)


def take_no_null(database):
    """The side's status column is rebuilt as one that takes no NULL."""
    name = "status" if database.side == "old" else "state"
    (sql,) = database.link.execute(f"select sql from sqlite_master where name = '{database.table}'").fetchone()
    database.link.execute(f"drop table {database.table}")
    database.link.execute(sql.replace(f"{name} text", f"{name} text not null default ''"))


@pytest.mark.parametrize("stage", ["dualOld", "dualNew", "newMirrored"])
def test_an_update_of_what_the_follower_cannot_hold_is_written_nowhere(stage, between, databases):
    authority, follower = databases if stage == "dualOld" else databases[::-1]
    take_no_null(follower)
    authority.put(1, "406", None)
    follower.put(1, "406", "")
    _, clerk = between(STAGES[stage])
    before = [database.rows() for database in databases]
    for act in (clerk.update, clerk.upsert):
        assert act(1, cents=7) == "FAILED_PRECONDITION"
        assert f"status of the record is NULL, which table {follower.table} of the other side" in clerk.last.details
        assert [database.rows() for database in databases] == before
    assert clerk.update(1, cents=7, status="paid") == (1, "406", "paid", 7, 2)
    assert databases[0].rows() == databases[1].rows() == [(1, "406", "paid", 7, 2)]


@pytest.mark.parametrize("stage", ["dualOld", "dualNew"])
def test_what_the_follower_does_not_have_it_need_not_hold(stage, between, databases):
    authority, follower = databases if stage == "dualOld" else databases[::-1]
    take_no_null(follower)
    authority.put(1, "406", None)
    _, clerk = between(STAGES[stage])
    assert clerk.update(1, cents=7) == (1, "406", None, 7, 2) == authority.rows()[0]
    assert follower.rows() == []
