"""The switches changed over the control socket: every move, every refusal by name, history, rollback, status."""

import json
import os
import time

import grpc
import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry
from harness.operators import Operator, sets
from harness.processes import connections_to, wait_for
from harness.records import Clerk, Database, row, settings, value
from harness.stubs import control

MIGRATING = dict(phase="migrating", enrolled="all", gray="none")
NEW_IS_EMPTY = dict(new_is_empty=True)


@pytest.fixture
def operate(start, ledgers):
    """A sidecar at these switches, and its operator."""
    operators = []

    def operate(switches, methods=PLAN, migration=None, **options):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan=methods,
            migration={"services": [LEDGER], **NAME, **(migration or {})}, **options).await_ready()
        operator = Operator(sidecar)
        operator.sidecar = sidecar
        operators.append(operator)
        return operator

    yield operate
    for operator in operators:
        operator.close()


def state(switches):
    """Phase and the listed keys and shares of both sets, short."""
    def text(keys):
        if keys.everything:
            return "all"
        listed = [key.components[0] for key in keys.allow] + ["-" + key.components[0] for key in keys.deny]
        share = [f"{keys.percent_times_100 / 100:g}%"] if keys.percent_times_100 else []
        return " ".join(listed + share) or "none"
    return switches.phase, text(switches.enrolled), text(switches.gray)


def test_a_migration_goes_one_rung_at_a_time_there_and_back(operate):
    operator = operate(dict(phase="idle", enrolled="none"), migration={"inserts": "both"})
    steps = [
        (operator.phase("migrating", **NEW_IS_EMPTY), ("migrating", "none", "none")),
        (operator.enrol(add="406 407"), ("migrating", "406 407", "none")),
        (operator.gray(add="406"), ("migrating", "406 407", "406")),
        (operator.gray(remove="406"), ("migrating", "406 407", "none")),
        (operator.enrol(percent=50), ("migrating", "406 407 50%", "none")),
        (operator.gray(percent=10), ("migrating", "406 407 50%", "10%")),
        (operator.gray(none=True), ("migrating", "406 407 50%", "none")),
        (operator.enrol(all=True), ("migrating", "all", "none")),
        (operator.phase("mirrored", force="orders"), ("mirrored", "all", "none")),
        (operator.phase("finished", force="orders"), ("finished", "all", "none")),
        (operator.phase("mirrored", force="orders"), ("mirrored", "all", "none")),
        (operator.phase("migrating"), ("migrating", "all", "none")),
    ]
    for number, (reply, expected) in enumerate(steps):
        assert not isinstance(reply, tuple), (number, reply)
        assert state(reply.after) == expected, number
        assert reply.after.epoch == reply.before.epoch + 1 and reply.changed, number
    assert state(operator.status().in_force) == steps[-1][1]
    assert json.loads(operator.sidecar.switch_file.read_text())["migrations"]["orders"]["phase"] == "migrating"


REFUSED = [
    # name, switches, the change, what waives it
    ("several-rungs", dict(phase="idle"), dict(phase="mirrored"), None),
    ("several-rungs", dict(phase="finished"), dict(phase="migrating"), None),
    ("retired", dict(phase="retired"), dict(phase="finished"), None),
    ("for-good", dict(phase="finished"), dict(phase="retired"), dict(force="orders")),
    ("old-missed-writes", dict(phase="finished"), dict(phase="mirrored"), dict(force="orders")),
    ("old-will-miss-writes", dict(phase="mirrored"), dict(phase="finished"), dict(force="orders")),
    ("not-verified", MIGRATING, dict(phase="mirrored"), dict(force="orders")),
    ("records-on-new-only", MIGRATING, dict(phase="idle"), dict(force="orders")),
    ("records-on-new-only", MIGRATING, dict(enrolled=sets({"remove": "406"})), dict(force="orders")),
    ("gray-not-empty", dict(phase="idle", enrolled="all", gray={"allow": ["406"]}), dict(phase="migrating"), None),
    ("new-not-counted", dict(phase="idle"), dict(phase="migrating"), NEW_IS_EMPTY),
    ("not-enrolled", dict(MIGRATING, enrolled={"allow": ["406"]}), dict(gray=sets({"add": "407"})), None),
    ("share-not-enrolled", dict(MIGRATING, enrolled={"percent": 5}), dict(gray=sets({"percent": 10})), None),
]


@pytest.mark.parametrize(
    "name, switches, change, waiver", REFUSED, ids=[f"{case[0]}-{index}" for index, case in enumerate(REFUSED)])
def test_a_move_is_refused_by_name(operate, name, switches, change, waiver):
    operator = operate(switches)
    before = operator.sidecar.switch_file.read_bytes()
    assert name in operator.obstacles(**change)
    code, words = operator.change(**change)
    assert code == "FAILED_PRECONDITION" and ". " in words, words
    assert operator.sidecar.switch_file.read_bytes() == before
    assert operator.change(**change, force="order")[0] == "FAILED_PRECONDITION", "what is typed must be the name"
    if waiver:
        assert operator.change(**change, **waiver, **(NEW_IS_EMPTY if waiver != NEW_IS_EMPTY else {})).changed


def test_nothing_is_gray_while_inserts_go_to_old(operate):
    operator = operate(MIGRATING, migration={"inserts": "old"})
    assert operator.obstacles(gray=sets({"add": "406"})) == ["inserts-old"]


def test_keys_that_left_are_enrolled_again_only_when_new_has_none_of_their_records(operate):
    operator = operate(MIGRATING, migration={"inserts": "both"})
    assert operator.enrol(remove="406").changed
    assert operator.obstacles(enrolled=sets({"add": "406"})) == ["left-before"]
    assert operator.change(enrolled=sets({"add": "406"}), new_is_empty=True).changed


def test_sets_that_were_emptied_at_mirrored_take_no_key_to_old(operate):
    operator = operate(MIGRATING)
    assert operator.phase("mirrored", force="orders").changed
    assert operator.enrol(none=True).changed
    assert operator.obstacles(phase="migrating") == ["several-stages"]
    assert operator.phase("migrating", force="orders")[0] == "FAILED_PRECONDITION"
    assert operator.rollback(force="orders")[0] == "FAILED_PRECONDITION"
    assert operator.enrol(all=True).changed and operator.phase("migrating").changed


@pytest.mark.parametrize("gray", ["all", {"percent": 100}])
def test_a_gray_key_does_not_leave_enrolled_at_once(operate, gray):
    operator = operate(dict(MIGRATING, gray=gray))
    assert "several-stages" in operator.obstacles(enrolled=sets({"remove": "7"}))
    assert operator.explain("7").stage == "dualNew"
    assert operator.gray(remove="7").changed
    assert "several-stages" not in operator.obstacles(enrolled=sets({"remove": "7"}))


def test_a_rollback_takes_no_key_of_a_list_forward(operate):
    operator = operate(MIGRATING)
    (operator.sidecar.folder / "pilot.txt").write_text("1\n2\n")
    assert operator.gray(all=True).changed and operator.gray(file="pilot.txt").changed
    assert operator.rollback()[0] == "NOT_FOUND"
    assert (operator.explain("1").stage, operator.explain("7").stage) == ("dualNew", "dualOld")


def test_a_list_that_was_edited_is_not_in_this_state_already(operate):
    operator = operate(MIGRATING)
    keys = operator.sidecar.folder / "keys.txt"
    keys.write_text("1\n")
    assert operator.gray(file="keys.txt").changed
    keys.write_text("1\n2\n")
    code, words = operator.gray(file="keys.txt")
    assert code == "FAILED_PRECONDITION" and "write epoch 4" in words, words


def test_keys_that_leave_by_their_list_are_remembered(operate):
    operator = operate(dict(MIGRATING, enrolled="none"))
    keys = operator.sidecar.folder / "keys.txt"
    for text, obstacles in (("1\n2\n", []), ("1\n", ["left-before"])):
        keys.write_text(text)
        operator.sidecar.write_switches(phase="migrating", enrolled={"allow_file": "keys.txt"})
        wait_for(lambda: operator.status().in_force.epoch == operator.sidecar.epoch, 10, "in force")
        assert operator.obstacles(enrolled=sets({"add": "3"})) == obstacles


def test_a_lost_record_does_not_say_that_no_key_has_left(operate):
    operator = operate(dict(MIGRATING, enrolled="none"))
    assert operator.obstacles(enrolled=sets({"add": "1"})) == []
    os.remove(operator.sidecar.folder / "switches.audit.jsonl")
    assert operator.obstacles(enrolled=sets({"add": "1"})) == ["left-before"]
    code, words = operator.enrol(add="1")
    assert code == "FAILED_PRECONDITION" and "is not known (the audit file is empty" in words, words


def test_a_dirty_record_holds_what_goes_forward_until_its_number_is_typed(operate, ledgers):
    operator = operate(MIGRATING)
    old, new = ledgers
    for ledger in ledgers:
        ledger.entries["406", 1] = entry(("406", 1), 100)
    new.faults["Overwrite"] = grpc.StatusCode.FAILED_PRECONDITION
    client = Bookkeeper(operator.sidecar.address)
    try:
        assert client.change(("406", 1), cents=5).code != "OK"
    finally:
        client.close()
    assert operator.status().dirty_writes == 1
    assert operator.obstacles(gray=sets({"add": "406"})) == ["dirty-records"]
    assert operator.change(gray=sets({"add": "406"}), accept_dirty=2)[0] == "FAILED_PRECONDITION"
    assert operator.change(gray=sets({"add": "406"}), accept_dirty=1).changed
    assert operator.obstacles(gray=sets({"remove": "406"})) == [], "what goes back is never held"


def test_methods_that_nobody_listed_are_named_before_idle_is_left(operate, ledgers):
    methods = {name: plan for name, plan in PLAN.items() if name != "Find"}
    operator = operate(dict(phase="idle"), methods=methods)
    client = Bookkeeper(operator.sidecar.address)
    try:
        client.find(("406", 1))
    finally:
        client.close()
    code, words = operator.phase("migrating", **NEW_IS_EMPTY)
    assert code == "FAILED_PRECONDITION" and f"{LEDGER}/Find" in words
    assert operator.phase("migrating", force="orders", **NEW_IS_EMPTY).changed


def test_a_table_that_is_not_empty_keeps_records_idle(start, tmp_path):
    old, new = Database("old", tmp_path), Database("new", tmp_path)
    sidecar = start("", None, dict(phase="idle"), **settings(old, new)).await_ready()
    operator = Operator(sidecar)
    try:
        new.put(1, "406")
        code, words = operator.phase("migrating")
        assert code == "FAILED_PRECONDITION" and words.startswith("New holds records")
        assert operator.phase("migrating", new_is_empty=True, force="orders")[0] == "FAILED_PRECONDITION"
        new.clear()
        assert operator.phase("migrating").changed
    finally:
        operator.close()
        old.close()
        new.close()


def test_rollback_undoes_forward_changes_step_by_step(operate):
    operator = operate(dict(MIGRATING, enrolled={"allow": ["406", "407"]}))
    first = operator.status().in_force.epoch
    operator.gray(add="406")
    operator.gray(add="407")
    operator.gray(remove="406")
    assert state(operator.rollback().after) == ("migrating", "406 407", "none"), "407 goes, 406 does not come back"
    assert not operator.rollback().changed, "typed twice it undoes nothing more"
    code, words = operator.rollback(to_epoch=first)
    assert code == "NOT_FOUND" and "switchover history orders" in words, "406 was taken back already"
    operator.gray(add="406")
    operator.gray(add="407")
    assert [state(operator.rollback(to_epoch=first).after)[2] for _ in range(2)] == ["406", "none"]
    assert operator.rollback(to_epoch=first)[0] == "NOT_FOUND"
    assert [change.origin for change in operator.history(migration="orders")][:2] == ["rollback", "rollback"]


def test_rollback_of_a_phase(operate):
    operator = operate(MIGRATING)
    operator.phase("mirrored", force="orders")
    reply = operator.rollback(reason="errors on new")
    assert reply.after.phase == "migrating"
    change = operator.history()[0]
    assert (change.origin, change.reason) == ("rollback", "errors on new")


def test_history_names_who_when_and_what(operate):
    operator = operate(MIGRATING)
    operator.change(gray=sets({"add": "406"}), reason="pilot store")
    operator.sidecar.epoch = operator.status().in_force.epoch
    operator.sidecar.write_switches(**MIGRATING)
    by_file = until_epoch(operator, operator.sidecar.epoch)
    assert by_file.in_force.gray.allow == []
    changes = operator.history(migration="orders")
    assert [change.origin for change in changes] == ["file", "command", "file"], "the first one is how it started"
    command = changes[1]
    assert command.reason == "pilot store" and f"uid {os.getuid()}" in command.by and "process" in command.by
    assert command.time.endswith("Z") and command.before.epoch + 1 == command.after.epoch
    audit = operator.sidecar.folder / "switches.audit.jsonl"
    assert oct(audit.stat().st_mode & 0o777) == "0o600"
    assert all(json.loads(line) for line in audit.read_text().splitlines())


def until_epoch(operator, epoch):
    wait_for(lambda: operator.status().in_force.epoch == epoch, 5, f"epoch {epoch}")
    return operator.status()


def test_a_dry_run_says_what_would_move_and_changes_nothing(operate):
    operator = operate(MIGRATING)
    before = operator.sidecar.switch_file.read_bytes()
    reply = operator.change(gray=sets({"add": "406 407"}), dry_run=True)
    assert (reply.delta.listed_keys, reply.delta.share_times_100, reply.changed) == (2, 0, False)
    assert [key.components[0] for key in reply.delta.examples] == ["406", "407"]
    assert operator.change(gray=sets({"percent": 25}), dry_run=True).delta.share_times_100 == 2500
    assert operator.change(phase="mirrored", dry_run=True).delta.share_times_100 == 10_000
    assert operator.sidecar.switch_file.read_bytes() == before
    assert operator.history()[0].origin == "file"


def test_a_dry_run_says_how_many_calls_of_the_last_minute_move(operate, ledgers):
    """Every call is sampled as long as they come more slowly than the sample is taken."""
    operator = operate(dict(MIGRATING, gray={"allow": ["1"]}))
    for store in ("406", "407"):
        ledgers[0].entries[store, 1] = entry((store, 1), 100)
    client = Bookkeeper(operator.sidecar.address)
    try:
        for store in ("406", "407", "406", "406"):
            assert client.find((store, 1)).code == "OK"
            time.sleep(0.06)
    finally:
        client.close()
    delta = operator.change(gray=sets({"add": "406"}), dry_run=True).delta
    assert (delta.calls_last_minute, delta.sampled_calls, delta.calls_moved) == (4, 4, 3)
    delta = operator.change(gray=sets({"add": "408"}), dry_run=True).delta
    assert (delta.calls_last_minute, delta.calls_moved) == (4, 0)


def test_requests_that_make_no_sense_say_so(operate):
    operator = operate(MIGRATING)
    assert operator.change(migration="ordres", phase="mirrored")[0] == "NOT_FOUND"
    assert operator.change(phase="mirored")[0] == "INVALID_ARGUMENT"
    assert operator.change()[0] == "INVALID_ARGUMENT"
    assert operator.change(gray=control.SetChange(percent_times_100=10_001))[0] == "INVALID_ARGUMENT"
    assert operator.change(gray=control.SetChange())[0] == "INVALID_ARGUMENT"
    assert operator.change(phase="mirrored", if_epoch=77, force="orders")[0] == "ABORTED"
    key = control.GrayKey(components=["406", "north"])
    pair = control.SetChange(add=control.SetChange.Keys(keys=[key]))
    code, words = operator.change(gray=pair)
    assert code == "INVALID_ARGUMENT" and "a key has 1 component (text), found 2" in words
    with pytest.raises(grpc.RpcError):
        operator.explain("406", migration="ordres")


def test_nothing_changes_when_the_record_of_it_cannot_be_written(operate):
    operator = operate(MIGRATING)
    audit = operator.sidecar.folder / "switches.audit.jsonl"
    audit.unlink()
    audit.mkdir()
    code, words = operator.gray(add="406")
    assert code == "INTERNAL" and "audit" in words
    assert operator.status().in_force.gray.allow == []


def test_explain_says_what_a_key_does(operate):
    operator = operate(dict(MIGRATING, gray={"allow": ["406"]}))
    gray, other = operator.explain("406"), operator.explain("407")
    assert (gray.stage, gray.gray, gray.enrolled) == ("dualNew", True, True)
    assert (other.stage, other.gray, other.enrolled) == ("dualOld", False, True)
    assert any(route.startswith("Find: new") for route in gray.routes), gray.routes
    assert 0 <= gray.bucket < 10_000


def test_a_record_is_explained_with_both_states_and_its_last_writes(start, tmp_path):
    old, new = Database("old", tmp_path), Database("new", tmp_path)
    old.put(1, "406", cents=7)
    new.put(1, "406", cents=8)
    old.put(2, "407")
    sidecar = start(
        "", None, dict(phase="migrating", enrolled={"allow": ["406"]}, gray="none"), **settings(old, new)).await_ready()
    operator, clerk = Operator(sidecar), Clerk(sidecar.address)
    try:
        found = operator.explain_record(value(1))
        assert (found.stage, [side.side for side in found.sides]) == ("dualOld", ["old", "new"])
        assert [row(side.record)[3] for side in found.sides] == [7, 8]
        assert (list(found.differing), found.being_written, found.waiting, list(found.writes)) == (
            ["cents"], False, 0, [])
        clerk.update(1, status="sent")
        found = operator.explain_record(value(1))
        assert list(found.differing) == []
        assert [(write.kind, write.stage, write.epoch, write.outcome, write.dirty) for write in found.writes] == [
            ("update", "dualOld", found.epoch, "reply of old", False)]
        other = operator.explain_record(value(2))
        assert (other.stage, [side.HasField("record") for side in other.sides]) == ("old", [True, False])
        nowhere = operator.explain_record(value(3))
        assert (nowhere.stage, [side.HasField("record") for side in nowhere.sides]) == ("", [False, False])
        assert operator.explain_record(value("x"))[0] == "INVALID_ARGUMENT"
        assert operator.explain_record(value(1), migration="parcels")[0] == "NOT_FOUND"
    finally:
        clerk.close()
        operator.close()
        old.close()
        new.close()


def test_records_of_services_are_not_looked_into(operate):
    status, text = operate(MIGRATING).explain_record(value(1))
    assert status == "FAILED_PRECONDITION" and "--gray-key" in text


def test_a_retired_migration_lets_go_of_old(operate, ledgers):
    operator = operate(dict(phase="finished"))
    ledgers[1].entries["406", 1] = entry(("406", 1), 100)
    sidecar, client = operator.sidecar, Bookkeeper(operator.sidecar.address)
    try:
        wait_for(lambda: connections_to(sidecar.pid, ledgers[0].address), 10, "a connection to old")
        assert operator.phase("retired")[0] == "FAILED_PRECONDITION"
        assert operator.phase("retired", force="orders").changed
        wait_for(lambda: not connections_to(sidecar.pid, ledgers[0].address), 10, "no connection to old")
        assert client.find(("406", 1)).code == "OK"
        assert operator.phase("finished", force="orders")[0] == "FAILED_PRECONDITION", "there is no way back"
        time.sleep(1)  # longer than a first pause before connecting again
        assert not connections_to(sidecar.pid, ledgers[0].address)
    finally:
        client.close()


def test_status_counts_the_calls_of_the_last_minute(operate, ledgers):
    operator = operate(MIGRATING)
    ledgers[0].entries["406", 1] = entry(("406", 1), 100)
    client = Bookkeeper(operator.sidecar.address)
    try:
        for _ in range(10):
            assert client.find(("406", 1)).code == "OK"
    finally:
        client.close()
    status = operator.status()
    old, new = status.sides
    assert (old.side, old.upstream, old.address) == ("old", "orders-old", ledgers[0].address)
    assert (old.asked, old.asked_last_minute, old.failed, new.asked) == (10, 10, 0, 0)
    assert [(stage.stage, stage.calls) for stage in status.stages] == [("dualOld", 10)]
    assert status.next_phase == "mirrored" and [each.name for each in status.obstacles] == ["not-verified"]


def test_what_changes_the_file_by_other_means_is_told_with_its_problem(operate):
    operator = operate(MIGRATING)
    operator.sidecar.replace_switch_file("{")
    wait_for(lambda: operator.status().problem, 5, "a problem")
    assert operator.status().in_force.phase == "migrating"
    assert operator.gray(add="406")[0] == "FAILED_PRECONDITION", "a file that cannot be read is not written over"
    assert operator.sidecar.switch_file.read_text() == "{"


def test_a_command_returns_when_every_worker_decides_by_it(start, tmp_path):
    old, new = Database("old", tmp_path), Database("new", tmp_path)
    old.put(1, "406")
    sidecar = start("", None, dict(phase="idle"), workers=2, **settings(old, new)).await_ready()
    operator, clerk = Operator(sidecar), Clerk(sidecar.address)
    try:
        operator.phase("migrating")
        operator.enrol(add="406")
        assert operator.gray(add="406").changed
        assert clerk.update(1, status="sent") == (1, "406", "sent", 100, 2)
        assert operator.gray(remove="406").changed
        assert clerk.get(1) == (1, "406", "sent", 100, 2)
    finally:
        clerk.close()
        operator.close()
        old.close()
        new.close()
