"""Each cell of the routing table for writes, and each rule of double writes that needs no journal, on a service that
knows nothing of Switchover."""

import threading

import grpc
import pytest
from hyperframe.frame import SettingsFrame

from harness.ledger import CHANGE_MANY, LEDGER, NAME, PLAN, Bookkeeper, Ledger, entry, hang
from harness.processes import wait_for
from harness.raw import RawServer
from harness.stubs import ledger
from harness.subjects import run

KEY = ("406", 31198570044)
GRAY = {"allow": ["406"]}
STAGES = {
    "old": dict(phase="idle"),
    "old, not enrolled": dict(phase="migrating", enrolled={"allow": ["1"]}, gray="none"),
    "dualOld": dict(phase="migrating", enrolled=GRAY, gray="none"),
    "dualNew": dict(phase="migrating", enrolled=GRAY, gray=GRAY),
    "newMirrored": dict(phase="mirrored", enrolled="all", gray="all"),
    "new": dict(phase="finished", enrolled="all", gray="all"),
}


@pytest.fixture
def between(start, ledgers):
    """between(stage) starts the sidecar between the ledgers and returns it with a client."""
    clients = []

    def between(stage, plan=None, migration=None, **settings):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, STAGES[stage], plan={**PLAN, **(plan or {})},
            migration={"services": [LEDGER], **NAME, **(migration or {})}, **settings)
        sidecar.await_ready()
        clients.append(Bookkeeper(sidecar.address))
        return sidecar, clients[-1]

    yield between
    for client in clients:
        client.close()


def stock(ledgers, where):
    """Puts the entry on both, old, new or no side."""
    for side in ledgers:
        side.entries.clear()
        if where in ("both", side.side):
            side.entries[KEY] = entry(KEY, 100)
    ledgers[0].log.clear()


def asked(ledgers):
    return ", ".join(f"{method} {side}" for side, method, _, _ in ledgers[0].log)


def cents(ledgers):
    """What each side has: cents, or - for nothing."""
    return " ".join(str(side.entries[KEY].cents) if KEY in side.entries else "-" for side in ledgers)


def said(outcome):
    """`old` or `new` for an answer of that side, else the status and whose or which error it is."""
    trailing = dict(outcome.trailing)
    if outcome.code == "OK":
        return trailing["answered-by"]
    return f"{outcome.code} {trailing.get('switchover-error') or 'by ' + trailing.get('answered-by', '?')}"


# For an entry (of 100 cents) that both sides have, old has, new has, nobody has: who is asked what in this order, the
# answer, and what the sides then have.
UPDATE = {
    "old": ["Change old; old; 105 100", "Change old; old; 105 -", "Change old; NOT_FOUND by old; - 100",
            "Change old; NOT_FOUND by old; - -"],
    "dualOld": ["Change old, Overwrite new; old; 105 105", "Change old, Overwrite new; old; 105 -",
                "Change old, Change new; new; - 105", "Change old, Change new; NOT_FOUND by old; - -"],
    "dualNew": ["Change new, Overwrite old; new; 105 105", "Change new, Change old; old; 105 -",
                "Change new, Overwrite old; new; - 105", "Change new, Change old; NOT_FOUND by new; - -"],
    "newMirrored": ["Change new, Place old; new; 105 105", "Change new; NOT_FOUND by new; 100 -",
                    "Change new, Place old; new; 105 105", "Change new; NOT_FOUND by new; - -"],
    "new": ["Change new; new; 100 105", "Change new; NOT_FOUND by new; 100 -", "Change new; new; - 105",
            "Change new; NOT_FOUND by new; - -"],
}
DELETE = {
    "old": ["Remove old; old; - 100", "Remove old; old; - -", "Remove old; NOT_FOUND by old; - 100",
            "Remove old; NOT_FOUND by old; - -"],
    "dualOld": ["Find old, Remove new, Remove old; old; - -", "Find old, Remove new, Remove old; old; - -",
                "Find old, Remove new; new; - -", "Find old, Remove new; NOT_FOUND by old; - -"],
    "dualNew": ["Find new, Remove old, Remove new; new; - -", "Find new, Remove old; old; - -",
                "Find new, Remove old, Remove new; new; - -", "Find new, Remove old; NOT_FOUND by new; - -"],
    "newMirrored": ["Remove new, Remove old; new; - -", "Remove new, Remove old; NOT_FOUND by new; - -",
                    "Remove new, Remove old; new; - -", "Remove new, Remove old; NOT_FOUND by new; - -"],
    "new": ["Remove new; new; 100 -", "Remove new; NOT_FOUND by new; 100 -", "Remove new; new; - -",
            "Remove new; NOT_FOUND by new; - -"],
}
EXISTS_OLD = "ALREADY_EXISTS already-exists"
INSERT = {
    "old": ["Add old; ALREADY_EXISTS by old; 100 100", "Add old; ALREADY_EXISTS by old; 100 -", "Add old; old; 1 100",
            "Add old; old; 1 -"],
    "dualOld": [f"Find old; {EXISTS_OLD}; 100 100", f"Find old; {EXISTS_OLD}; 100 -",
                "Find old, Add new; ALREADY_EXISTS by new; - 100", "Find old, Add new; new; - 1"],
    "dualNew": [f"Find old; {EXISTS_OLD}; 100 100", f"Find old; {EXISTS_OLD}; 100 -",
                "Find old, Add new; ALREADY_EXISTS by new; - 100", "Find old, Add new; new; - 1"],
    "newMirrored": [f"Find old; {EXISTS_OLD}; 100 100", f"Find old; {EXISTS_OLD}; 100 -",
                    "Find old, Add new; ALREADY_EXISTS by new; - 100", "Find old, Add new, Place old; new; 1 1"],
    "new": ["Add new; ALREADY_EXISTS by new; 100 100", "Add new; new; 100 1", "Add new; ALREADY_EXISTS by new; - 100",
            "Add new; new; - 1"],
}
INSERT_BOTH = {
    "dualOld": ["Add old; ALREADY_EXISTS by old; 100 100", "Add old; ALREADY_EXISTS by old; 100 -",
                "Add old, Place new; old; 1 1", "Add old, Place new; old; 1 1"],
    "dualNew": [f"Find old; {EXISTS_OLD}; 100 100", f"Find old; {EXISTS_OLD}; 100 -",
                "Find old, Add new; ALREADY_EXISTS by new; - 100", "Find old, Add new, Place old; new; 1 1"],
}
UPSERT = {
    "old": ["Save old; old; 1 100", "Save old; old; 1 -", "Save old; old; 1 100", "Save old; old; 1 -"],
    "dualOld": ["Find old, Save old, Overwrite new; old; 1 1", "Find old, Save old, Overwrite new; old; 1 -",
                "Find old, Find new, Save new; new; - 1", "Find old, Find new, Save new; new; - 1"],
    "dualNew": ["Find new, Save new, Overwrite old; new; 1 1", "Find new, Find old, Save old; old; 1 -",
                "Find new, Save new, Overwrite old; new; - 1", "Find new, Find old, Save new; new; - 1"],
    "newMirrored": ["Find new, Save new, Place old; new; 1 1", "Find new, Save new, Place old; new; 1 1",
                    "Find new, Save new, Place old; new; 1 1", "Find new, Save new, Place old; new; 1 1"],
    "new": ["Save new; new; 100 1", "Save new; new; 100 1", "Save new; new; - 1", "Save new; new; - 1"],
}


def walk(client, ledgers, act):
    seen = []
    for where in ("both", "old", "new", "nobody"):
        stock(ledgers, where)
        outcome = act(client)
        seen.append(f"{asked(ledgers)}; {said(outcome)}; {cents(ledgers)}")
    return seen


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind, table, act", [
    ("update", UPDATE, lambda client: client.change(KEY, 5)),
    ("delete", DELETE, lambda client: client.remove(KEY)),
    ("insert", INSERT, lambda client: client.add(KEY)),
    ("upsert", UPSERT, lambda client: client.save(KEY)),
])
def test_routing_table(kind, table, act, stage, between, ledgers):
    _, client = between(stage)
    assert walk(client, ledgers, act) == table[stage.split(",")[0]]


@pytest.mark.parametrize("stage", INSERT_BOTH)
def test_inserts_on_both(stage, between, ledgers):
    _, client = between(stage, migration={"inserts": "both"})
    assert walk(client, ledgers, lambda client: client.add(KEY)) == INSERT_BOTH[stage]


@pytest.mark.parametrize("stage", ["dualOld", "dualNew"])
def test_every_leg_carries_epoch_and_stage(stage, between, ledgers):
    sidecar, client = between(stage)
    stock(ledgers, "both")
    client.change(KEY, 5, metadata=[("idempotency-key", "one"), ("switchover-stage", "forged")])
    assert len(ledgers[0].log) == 2
    for _, _, _, metadata in ledgers[0].log:
        assert metadata["switchover-epoch"] == str(sidecar.epoch)
        assert metadata["switchover-stage"] == stage
        assert metadata["idempotency-key"] == "one"


def test_the_follower_is_given_the_whole_record(between, ledgers):
    """What the follower had missed before is mended in passing; unknown to the sidecar, fields and all."""
    _, client = between("dualOld")
    stock(ledgers, "both")
    ledgers[1].entries[KEY] = entry(KEY, 7, version=0)
    client.change(KEY, 5)
    assert ledgers[1].entries[KEY] == ledgers[0].entries[KEY]


# The fault of one ask, and then the answer and the sides' state; `Change` is asked of the authority, `Overwrite` of the
# follower. 100 is the entry as it was, 105 with the change.
UPDATE_FAULTS = [
    ("dualOld", "old", "Change", grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED by old", "100 100"),
    ("dualOld", "old", "Change", grpc.StatusCode.INTERNAL, "INTERNAL by old", "100 100"),
    ("dualOld", "old", "Change", grpc.StatusCode.UNKNOWN, "UNKNOWN by old", "100 100"),
    ("dualNew", "new", "Change", grpc.StatusCode.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED by new", "100 100"),
    ("dualOld", "old", "Change", grpc.StatusCode.ABORTED, "ABORTED by old", "100 100"),
    ("dualOld", "new", "Overwrite", grpc.StatusCode.INVALID_ARGUMENT, "ABORTED partial-write", "105 100"),
    ("dualOld", "new", "Overwrite", grpc.StatusCode.UNAVAILABLE, "ABORTED partial-write", "105 100"),
    ("dualNew", "old", "Overwrite", grpc.StatusCode.UNAVAILABLE, "ABORTED partial-write", "100 105"),
    ("dualNew", "new", "Change", grpc.StatusCode.UNAVAILABLE, "UNKNOWN outcome-unknown", "100 100"),
    ("newMirrored", "old", "Place", grpc.StatusCode.INTERNAL, "ABORTED partial-write", "100 105"),
]


@pytest.mark.parametrize("small", ["old", "new"])
@pytest.mark.parametrize("stage", ["dualOld", "dualNew", "newMirrored"])
def test_metadata_that_one_side_does_not_take_is_refused_before_a_side_is_asked(stage, small, start, ledgers, keep):
    def opened(wire, number):
        wire.widen()
        wire.send(SettingsFrame(0, settings={SettingsFrame.MAX_HEADER_LIST_SIZE: 2000}))

    stock(ledgers, "both")
    server = keep(RawServer(opened=opened))
    addresses = [server.address if side.side == small else side.address for side in ledgers]
    sidecar = start(*addresses, STAGES[stage], plan=PLAN, migration={"services": [LEDGER], **NAME}).await_ready()
    client = keep(Bookkeeper(sidecar.address))
    outcome = client.change(KEY, 5, metadata=[("x-large", "y" * 4000)])
    assert (outcome.code, outcome.error) == ("RESOURCE_EXHAUSTED", "metadata-too-large")
    assert f"larger than {small} takes" in outcome.details
    assert not ledgers[0].log and not server.received and '"recordsDirty" : 0' in sidecar.get("/stats")[1]


@pytest.mark.parametrize("stage", ["dualOld", "dualNew", "newMirrored"])
def test_an_answer_without_the_record_makes_no_put(stage, between, ledgers):
    """4.3: the follower is given the authority's resulting state, and here nobody knows it."""
    sidecar, client = between(stage)
    stock(ledgers, "both")
    authority = ledgers[0] if stage == "dualOld" else ledgers[1]
    authority.reply = lambda entry: ledger.EntryReply(note=authority.side)
    outcome = client.change(KEY, 5)
    assert (outcome.code, outcome.error) == ("ABORTED", "partial-write")
    assert "has no record that it could be given" in outcome.details
    assert len(ledgers[0].log) == 1 and '"recordsDirty" : 1' in sidecar.get("/stats")[1]


@pytest.mark.parametrize("stage, side, method, status, answer, state", UPDATE_FAULTS)
def test_faults_of_an_update(stage, side, method, status, answer, state, between, ledgers):
    _, client = between(stage)
    stock(ledgers, "both")
    ledgers[side == "new"].faults[method] = status
    assert said(client.change(KEY, 5)) == answer
    assert cents(ledgers) == state


def test_a_side_that_cannot_be_reached(between, ledgers, start):
    _, client = between("dualOld")
    stock(ledgers, "both")
    ledgers[1].close()
    wait_for(lambda: said(client.add(("406", 5))) == "UNAVAILABLE side-unreachable", 5, "new is down")
    assert said(client.change(KEY, 5)) == "ABORTED partial-write"
    assert ledgers[0].entries[KEY].cents == 105


@pytest.mark.parametrize("status, answer", [
    (grpc.StatusCode.FAILED_PRECONDITION, "FAILED_PRECONDITION by old"),
    (grpc.StatusCode.INTERNAL, "INTERNAL by old"),
])
def test_a_delete_that_the_authority_refuses_late_is_not_restored_but_told(status, answer, between, ledgers):
    """A service cannot try a delete. The follower has done it; given back it could live on after a delete by others."""
    sidecar, client = between("dualOld")
    stock(ledgers, "both")
    ledgers[0].faults["Remove"] = status
    assert said(client.remove(KEY)) == answer
    assert asked(ledgers) == "Find old, Remove new, Remove old"
    assert cents(ledgers) == "100 -"
    assert '"recordsDirty" : 1' in sidecar.get("/stats")[1]
    wait_for(lambda: "words=old was told to fail" in sidecar.log() and f"record={KEY[1]}" in sidecar.log(), 5, "logged")
    ledgers[0].faults.clear()
    assert said(client.find(KEY)) == "old", "the record is where its authority is"
    assert said(client.remove(KEY)) == "old", "and its lane is open"


@pytest.mark.parametrize("stage, authority", [("dualOld", 0), ("dualNew", 1)])
@pytest.mark.parametrize("fault", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE])
def test_a_delete_whose_authority_cannot_say_changes_nothing(fault, stage, authority, between, ledgers):
    _, client = between(stage)
    stock(ledgers, "both")
    ledgers[authority].faults["Find"] = fault
    outcome = client.remove(KEY)
    # What judges the request is the answer; anything else says nothing of the record.
    judged = fault == grpc.StatusCode.PERMISSION_DENIED
    side = ledgers[authority].side
    assert said(outcome) == (f"{fault.name} by {side}" if judged else "UNAVAILABLE side-unreachable")
    assert "was told to fail" in outcome.details
    assert asked(ledgers) == f"Find {ledgers[authority].side}" and cents(ledgers) == "100 100"


def test_a_write_of_unknown_outcome_closes_the_lane(between, ledgers):
    sidecar, client = between("dualOld", limits={"settle_after": "1s"})
    stock(ledgers, "both")
    ledgers[0].faults["Change"] = hang(0.6)
    assert client.change(KEY, 5, timeout=0.3).code == "DEADLINE_EXCEEDED"
    del ledgers[0].faults["Change"]
    assert said(client.change(KEY, 5)) == "UNAVAILABLE outcome-unknown"
    assert said(client.change(("406", 2), 5)) == "NOT_FOUND by old", "other records are not concerned"
    wait_for(lambda: said(client.change(KEY, 5)) == "old", 5, "the lane opens")
    # The first change took effect after all, and the last one went on top of it on both sides.
    assert cents(ledgers) == "110 110"
    assert '"recordsDirty" : 1' in sidecar.get("/stats")[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_writes_of_one_record_take_turns(workers, between, ledgers):
    """200 increments over eight connections, on different loops: none lost, both sides equal at the end."""
    sidecar, _ = between("dualNew", workers=workers)
    stock(ledgers, "both")
    overlaps, running, failures = [], [], []

    def watch(request, context):
        running.append(1)
        if len(running) > 1:
            overlaps.append(len(running))
        hang(0.001)(request, context)
        running.pop()

    ledgers[1].faults["Change"] = watch

    def work():
        client = Bookkeeper(sidecar.address)
        for _ in range(25):
            outcome = said(client.change(KEY, 1))
            if outcome != "new":
                failures.append(outcome)
        client.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and overlaps == []
    assert cents(ledgers) == "300 300"
    assert ledgers[0].entries[KEY] == ledgers[1].entries[KEY]


def test_a_full_lane_says_so(between, ledgers):
    sidecar, client = between("dualOld", limits={"lane_queue": 1})
    stock(ledgers, "both")
    ledgers[0].faults["Change"] = hang(0.5)
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(said(client.change(KEY, 1)))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["RESOURCE_EXHAUSTED lane-full"] * 3 + ["old"] * 2


def test_a_client_that_leaves_the_queue_is_not_written(between, ledgers):
    _, client = between("dualOld")
    stock(ledgers, "both")
    ledgers[0].faults["Change"] = hang(0.5)
    first = threading.Thread(target=lambda: client.change(KEY, 1))
    first.start()
    wait_for(lambda: len(ledgers[0].log) == 1, 5, "the first write is under way")
    assert client.change(KEY, 10, timeout=0.1).code == "DEADLINE_EXCEEDED"
    first.join()
    assert said(client.change(KEY, 100)) == "old"
    assert cents(ledgers) == "201 201"


def test_a_write_whose_client_has_gone_runs_to_its_end(between, ledgers):
    _, client = between("dualOld")
    stock(ledgers, "both")
    ledgers[1].faults["Overwrite"] = hang(0.3)
    assert client.change(KEY, 5, timeout=0.15).code == "DEADLINE_EXCEEDED"
    wait_for(lambda: cents(ledgers) == "105 105", 5, "the follower has it")


@pytest.mark.parametrize("request_bytes, text", [
    (b"\x0a\x05\x0a\x03406\x10\x0a", "record key"),
    (b"\x0a\xff", "cannot be read"),
])
def test_bad_requests_are_named(request_bytes, text, between, ledgers):
    plan = {"Change": {**PLAN["Change"], "record_key": {"path": "1.2", "type": "int64", "presence": "required"}}}
    _, client = between("dualOld", plan=plan)
    outcome = client.unary(f"/{LEDGER}/Change", request_bytes)
    assert outcome.code == "INVALID_ARGUMENT" and text in outcome.details
    assert ledgers[0].log == []


def test_messages_of_other_kinds_are_not_lost(between, ledgers):
    """Unknown fields of an entry survive the way to the follower."""
    _, client = between("dualNew")
    stock(ledgers, "both")
    extended = entry(KEY, 9).SerializeToString() + b"\xa2\x06\x03abc"
    ledgers[1].entries[KEY] = ledger.Entry.FromString(extended)
    client.change(KEY, 1)
    assert b"\xa2\x06\x03abc" in ledgers[0].entries[KEY].SerializeToString()


def test_plan_says_what_a_call_would_do(between, binary, tmp_path):
    sidecar, _ = between("dualNew")
    request = tmp_path / "change.binpb"
    request.write_bytes(ledger.ChangeRequest(name=ledger.EntryName(store="406", id=7)).SerializeToString())
    answer = run(binary, "plan", "Change", "--request", request, "--config", sidecar.configuration)
    assert answer.returncode == 0, answer.stderr
    assert "gray key: 406\n" in answer.stdout
    assert "now: epoch 2, migrating, stage dualNew\n" in answer.stdout
    assert "> dualNew      new, then old is given the record if it has one\n" in answer.stdout
    assert "absent on the first: new, then old\n" in answer.stdout
    assert "record key: 7\n" in answer.stdout
    wrong = run(binary, "plan", "Chang", "--config", sidecar.configuration)
    assert wrong.returncode == 1 and "ledger.v1.Ledger/Change" in wrong.stderr


@pytest.mark.parametrize("has_put", [True, False])
def test_a_record_larger_than_a_message_may_be(has_put, between, ledgers):
    """What the authority did with the write is known all the same; what cannot be given to the follower is told."""
    change = PLAN["Change"] if has_put else {name: PLAN["Change"][name] for name in ("kind", "gray_key", "record_key")}
    _, client = between("dualOld", plan={"Change": change}, limits={"message_bytes": "4KiB"})
    stock(ledgers, "both")
    for side in ledgers:
        side.entries[KEY].owner = "x" * 200_000
    for _ in range(2):
        outcome = client.change(KEY, 5)
        expected = "ABORTED partial-write" if has_put else "RESOURCE_EXHAUSTED message-too-large"
        assert said(outcome) == expected, "the lane is not closed: nothing is unknown"
    assert cents(ledgers) == ("110 100" if has_put else "110 110")
    assert said(client.find(KEY)) == "old"


MANY_STAGES = {
    "old": ("ChangeMany old", "old"), "old, not enrolled": ("ChangeMany old", "old"),
    "dualOld": ("", "FAILED_PRECONDITION several-records"), "dualNew": ("", "FAILED_PRECONDITION several-records"),
    "newMirrored": ("", "FAILED_PRECONDITION several-records"), "new": ("ChangeMany new", "new"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("own", [True, False], ids=["key in each element", "one key for all"])
def test_a_write_of_several_records_is_one_sides_or_refused(own, stage, between, ledgers):
    plan = {"ChangeMany": CHANGE_MANY}
    if not own:
        # Here every element of the call bears the same store, so that the first one's stands for all.
        plan = {"ChangeMany": {name: value for name, value in CHANGE_MANY.items() if name != "gray_key"}}
    migration = {} if own else {"gray_key": {"path": "1[0].1.1", "type": "string"}}
    _, client = between(stage, plan=plan, migration=migration)
    stock(ledgers, "both")
    for side in ledgers:
        side.entries[("406", 8)] = entry(("406", 8), 100)
    expected, answer = MANY_STAGES[stage]
    assert said(client.change_many([KEY, ("406", 8)], 5)) == answer
    assert asked(ledgers) == expected


def test_a_write_of_several_records_needs_one_stage(start, ledgers, keep):
    switches = dict(phase="migrating", enrolled={"allow": ["2", "3"]}, gray={"allow": ["3"]})
    sidecar = start(
        ledgers[0].address, ledgers[1].address, switches, plan={**PLAN, "ChangeMany": CHANGE_MANY},
        migration={"services": [LEDGER], **NAME}).await_ready()
    client = keep(Bookkeeper(sidecar.address))
    for store in "1239":
        ledgers[0].entries[(store, int(store))] = entry((store, int(store)), 100)
    outcome = client.change_many([("1", 1), ("2", 2)], 5)
    assert said(outcome) == "FAILED_PRECONDITION mixed-stages" and "old, dualOld" in outcome.details
    assert said(client.change_many([("2", 2), ("3", 3)], 5)) == "FAILED_PRECONDITION mixed-stages"
    assert ledgers[0].log == []
    assert said(client.change_many([("1", 1), ("9", 9)], 5)) == "old"
    assert said(client.change_many([], 5)) == "old", "none: the total switch decides"
