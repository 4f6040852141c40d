"""The contract's section 2 and decision 0017: records whose sides differ, or that are being moved."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from harness.field import BOTH, OURS, begin, cents, found
from harness.ledger import entry, hang, name
from harness.operators import Operator, sets
from harness.processes import wait_for
from harness.records import Clerk, settings
from harness.stubs import ledger


@pytest.fixture
def stores(start, databases, keep):
    """stores(switches): an operator and two clerks; a row in the table `fault` of a side makes its writes fail."""
    for side in databases:
        side.link.execute("create table fault (x)")
        for what in ("insert", "update", "delete"):
            side.link.execute(
                f"create trigger no_{what} before {what} on {side.table} when exists (select 1 from fault) "
                "begin select raise(abort, 'told to fail'); end")

    def stores(switches):
        sidecar = start("", "", switches, **settings(*databases)).await_ready()
        return keep(Operator(sidecar)), keep(Clerk(sidecar.address)), keep(Clerk(sidecar.address))

    return stores


def fail(side, fails=True):
    side.link.execute("delete from fault")
    if fails:
        side.link.execute("insert into fault values (1)")


def put(databases, key, store):
    for side in databases:
        side.put(key, store)


@pytest.mark.parametrize("refused", ["insert", "update"])
def test_a_refused_write_under_another_key_lets_go_of_nothing(refused, stores, databases):
    gray = {"allow": ["406", "9"]}
    operator, clerk, other = stores(dict(phase="migrating", enrolled="all", gray=gray))
    old, _ = databases
    put(databases, 1, "406")
    fail(old)
    assert clerk.update(1, cents=111) == "ABORTED partial-write"
    fail(old, False)
    answer = clerk.insert(1, store="7", cents=5) if refused == "insert" else clerk.update(1, store="7", cents=5)
    assert answer == ("ALREADY_EXISTS already-exists" if refused == "insert" else "FAILED_PRECONDITION")
    before = clerk.get(1)
    assert before[3] == 111
    assert not isinstance(operator.gray(remove="406"), tuple)
    assert clerk.get(1) == before, "its sides differ: it keeps the stage that its own key had"
    clerk.insert(1, store="7", cents=5)
    assert not isinstance(operator.gray(remove="9"), tuple)
    assert clerk.get(1) == before
    assert clerk.update(1, status="paid")[3] == 111
    assert [side.rows()[0][3] for side in databases] == [111, 111]


def test_a_late_write_of_old_is_waited_for_though_another_was_refused(field, ledgers):
    switches = dict(phase="migrating", enrolled={"allow": ["7"]}, gray="none")
    _, operator, client = field(switches, keys=(OURS,), limits={"settle_after": "3s"})
    ledgers[0].faults["Change"] = hang(1.5)
    late = begin(client, "Change", ledger.ChangeRequest(name=name(OURS), add_cents=5), timeout=0.2)
    wait_for(late.done, 5, "its client has given up")
    ledgers[0].faults.clear()
    assert client.change(("7", 1), 50).code == "NOT_FOUND"
    operator.enrol(add="406")
    client.change(OURS, 10)
    time.sleep(2)
    assert cents(ledgers, OURS) == [115, 100], "both writes were made at old, which is where the record stays"


@pytest.mark.parametrize("refused", ["version", "former key"])
def test_a_refused_update_leaves_a_half_moved_record_half_moved(refused, stores, databases):
    operator, clerk, _ = stores(dict(phase="migrating", enrolled={"allow": ["2"]}, gray="none"))
    _, new = databases
    put(databases, 7, "2")
    fail(new)
    assert clerk.update(7, store="2", to="1", cents=150) == "ABORTED partial-write"
    fail(new, False)
    clerk.update(7, store="1", expected=77, cents=1) if refused == "version" else clerk.update(7, store="2", cents=1)
    assert clerk.update(7, store="1", cents=200)[3] == 200
    assert not new.rows(), "new was to lose it"
    clerk.delete(7, store="1")
    assert [clerk.get(7, store=store) for store in ("1", "2", None)] == ["NOT_FOUND"] * 3


def test_a_half_moved_record_is_not_erased_by_the_clients_own_update(field, ledgers):
    _, operator, client = field(dict(phase="migrating", enrolled={"allow": ["2"]}, gray="none"), keys=(("2", 7),))
    ledgers[1].faults["Drop"] = grpc.StatusCode.FAILED_PRECONDITION
    assert client.move(("2", 7), "1").error == "partial-write"
    ledgers[1].faults.clear()
    client.change(("1", 7), 5)
    assert ledgers[1].entries, "the service's own method does not remove it"
    change = operator.change(gray=sets({"add": "2"}), dry_run=True)
    assert any(each.name == "dirty-records" for each in change.obstacles), "it is known to differ"


def test_a_write_of_several_records_heeds_a_move(field, ledgers):
    gray = {"allow": ["406"]}
    _, operator, client = field(dict(phase="migrating", enrolled=gray, gray=gray), keys=())
    ledgers[0].entries[("1", 7)] = entry(("1", 7), 100)
    ledgers[1].faults["Place"] = hang(0.8)
    moving = begin(client, "Move", ledger.MoveRequest(name=name(("1", 7)), store="406"))
    wait_for(lambda: any(each[1] == "Place" for each in ledgers[0].log), 5, "new is given the record")
    several = client.change_many([("406", 7)], 10)
    assert (several.code, several.error) == ("UNAVAILABLE", "key-moving")
    assert moving.code().name == "OK"
    assert cents(ledgers, ("406", 7)) == [100, 100]


def test_what_old_still_has_of_a_mirrored_record_is_no_answer(stores, databases):
    """Contract, 3: "At `newMirrored` new alone gives the answer"."""
    operator, clerk, other = stores(dict(phase="mirrored", enrolled="all", gray={"allow": ["406"]}))
    put(databases, 1, "406")
    databases[0].link.execute("begin immediate")
    with ThreadPoolExecutor(1) as threads:
        deleting = threads.submit(clerk.delete, 1)
        wait_for(lambda: not databases[1].rows(), 5, "new has deleted")
        assert not isinstance(operator.phase("migrating", force="orders"), tuple)
        assert [other.get(1), other.get(1, store=None)] == ["NOT_FOUND", "NOT_FOUND"]
        databases[0].link.execute("rollback")
        deleting.result(20)


def test_a_record_under_two_keys_is_shown_as_its_authority_has_it(stores, databases):
    operator, clerk, _ = stores(dict(phase="migrating", enrolled="all", gray={"allow": ["2", "3"]}))
    old, new = databases
    put(databases, 7, "2")
    fail(old)
    assert clerk.update(7, store="2", to="3", cents=150) == "ABORTED partial-write"
    fail(old, False)

    def seen():
        return clerk.get(7, store="3"), clerk.get(7, store=None), clerk.get_many([7]), clerk.walk()

    before = seen()
    assert not isinstance(operator.gray(remove="2"), tuple)
    assert seen() == before
    clerk.update(7, store=None, status="paid")
    assert new.rows()[0][3] == 150


def test_a_delete_that_is_repeated_ends_what_differed(stores, databases):
    operator, clerk, _ = stores(dict(phase="mirrored", enrolled="all", gray="all"))
    put(databases, 1, "406")
    fail(databases[0])
    assert clerk.delete(1) == "ABORTED partial-write"
    fail(databases[0], False)
    assert clerk.delete(1) == "NOT_FOUND"
    assert [side.rows() for side in databases] == [[], []]
    change = operator.phase("finished", dry_run=True)
    assert all(each.name != "dirty-records" for each in change.obstacles)


def test_the_quiet_period_is_not_the_clients_deadline(field, ledgers):
    """limits.md, `settle_after`."""
    _, operator, client = field(BOTH, keys=(OURS,), limits={"settle_after": "1s"})
    ledgers[0].faults["Change"] = grpc.StatusCode.UNAVAILABLE
    assert client.change(OURS, 5, timeout=3600).error == "outcome-unknown"
    ledgers[0].faults.clear()
    time.sleep(1.2)
    assert client.change(OURS, 5).code == "OK"


def test_a_move_whose_authority_fails_after_the_effect_is_found(field, ledgers):
    switches = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})
    _, operator, client = field(switches, keys=(("3", 7),))
    new = ledgers[1]

    def fault(request, context):
        moved = ledger.Entry.FromString(new.entries[("3", 7)].SerializeToString())
        moved.store = request.store
        new.put((moved.store, moved.id), moved)
        context.abort(grpc.StatusCode.INTERNAL, "after the effect")

    new.faults["Move"] = fault
    assert client.move(("3", 7), "1").code == "INTERNAL"
    new.faults.clear()
    assert found(client.find(("1", 7))) == 100, "its authority has it under that key"
    rows = ledger.ListReply.FromString(client.list().messages[0]).entries
    assert len(rows) == 1, "it is on a page"
