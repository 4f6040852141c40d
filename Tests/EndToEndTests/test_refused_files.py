"""Commands beside a switch file that is not in force: refused, gone back, with other lists, or waiting."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry, hang, name
from harness.operators import Operator
from harness.processes import wait_for
from harness.subjects import run
from harness.stubs import ledger

OURS = ("406", 1)


@pytest.fixture
def scene(start, ledgers, keep):
    """A sidecar between two ledgers, an operator, and what the file said before the last command."""

    def scene(switches):
        sidecar = start(
            ledgers[0].address, ledgers[1].address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME},
            limits={"settle_after": "4s"}, drain={"delay": "50ms", "timeout": "300ms"})
        sidecar.await_ready()
        sidecar.operator = keep(Operator(sidecar))
        sidecar.client = keep(Bookkeeper(sidecar.address))
        sidecar.old = ledgers[0]
        return sidecar

    return scene


def stages(sidecar, *keys):
    return [sidecar.operator.explain(key).stage for key in keys]


def refused(sidecar, words):
    wait_for(lambda: words in sidecar.log(), 5, words)


def test_nothing_starts_from_a_file_that_went_back(scene):
    sidecar = scene(dict(phase="migrating", enrolled="all", gray="none"))
    assert sidecar.operator.gray(add="1").changed
    copy = sidecar.switch_file.read_text()
    assert sidecar.operator.gray(add="2").changed
    sidecar.replace_switch_file(copy)
    refused(sidecar, "is lower than 4, which is in force")
    for answer in (
        sidecar.operator.gray(add="7"), sidecar.operator.gray(add="1"), sidecar.operator.rollback(),
        sidecar.operator.rollback(dry_run=True),
    ):
        code, words = answer
        assert code == "FAILED_PRECONDITION" and "went back to epoch 3" in words and "init-switches" in words
    assert stages(sidecar, "1", "2", "7") == ["dualNew", "dualNew", "dualOld"]
    # The way out that the words name.
    sidecar.switch_file.unlink()
    assert run(sidecar.binary, "init-switches", cwd=sidecar.folder).returncode == 0
    wait_for(lambda: not sidecar.operator.status().problem, 5, "it is right again")
    assert sidecar.operator.rollback().changed
    assert stages(sidecar, "1", "2") == ["dualNew", "dualOld"]


@pytest.mark.parametrize("epoch", [3, 4], ids=["under the same epoch", "under a higher one"])
def test_a_rollback_writes_over_a_refused_edit(epoch, scene):
    sidecar = scene(dict(phase="migrating", enrolled="all", gray="none"))
    assert sidecar.operator.gray(add="1").changed
    sidecar.write_switches("finished", epoch=epoch)
    wait_for(lambda: sidecar.operator.status().problem, 5, "it is refused")
    code, words = sidecar.operator.gray(add="2")
    assert code == "FAILED_PRECONDITION" and "switchover rollback orders" in words, words
    shown = run(sidecar.binary, "status", "orders", cwd=sidecar.folder).stdout
    assert f"not taken  epoch {epoch} is in the file" in shown, shown
    answer = sidecar.operator.rollback()
    assert answer.changed and answer.after.epoch == epoch + 1
    assert stages(sidecar, "1") == ["dualOld"] and not sidecar.operator.status().problem
    assert sidecar.operator.gray(add="2").changed


def test_a_rollback_brings_no_list_along(scene):
    sidecar = scene(dict(phase="migrating", enrolled="all", gray="none"))
    listed = sidecar.folder / "keys.txt"
    listed.write_text("1\n")
    assert sidecar.operator.gray(allow_file="keys.txt").changed
    assert sidecar.operator.gray(add="3").changed
    listed.with_suffix(".next").write_text("1\n100\n")
    os.replace(listed.with_suffix(".next"), listed)
    refused(sidecar, "its switches changed, but not its epoch")
    for answer in (sidecar.operator.rollback(), sidecar.operator.gray(add="4"), sidecar.operator.gray(add="3")):
        code, words = answer
        assert code == "FAILED_PRECONDITION" and "list of keys" in words, words
    assert stages(sidecar, "1", "3", "100") == ["dualNew", "dualNew", "dualOld"]
    assert sidecar.operator.gray(none=True).changed, "what names no list brings none along"
    assert stages(sidecar, "1", "3", "100") == ["dualOld"] * 3


@pytest.mark.parametrize("way", ["rollback", "enrol none"])
def test_an_enrolment_that_waits_can_be_taken_back(way, scene):
    """It was never in force: nothing is asked, and nothing is remembered as having left."""
    sidecar = scene(dict(phase="idle"))
    operator = sidecar.operator
    sidecar.old.entries[OURS] = entry(OURS, 1)
    sidecar.old.faults["Change"] = hang(3)
    request = ledger.ChangeRequest(name=name(OURS), add_cents=5)
    late = sidecar.client.channel.unary_unary(f"/{LEDGER}/Change").future(request.SerializeToString(), timeout=0.5)
    late.code()
    assert operator.phase("migrating", new_is_empty=True).changed
    with ThreadPoolExecutor() as pool:
        enrolment = pool.submit(operator.enrol, all=True)
        refused(sidecar, "without reading")
        code, words = operator.gray(all=True)
        assert code == "FAILED_PRECONDITION" and "switchover rollback orders" in words, words
        taken = operator.rollback() if way == "rollback" else operator.enrol(none=True)
        assert taken.changed and taken.after.epoch == 5, taken
        code, words = enrolment.result()
        assert code == "ABORTED" and "never came into force" in words
    assert stages(sidecar, "406") == ["old"]
    time.sleep(0.1)
    assert operator.enrol(all=True).changed, "no key has left"
    record = [json.loads(line) for line in (sidecar.folder / "switches.audit.jsonl").read_text().splitlines()]
    assert record[-2]["before"]["epoch"] == 3, "it starts from what was in force"


@pytest.fixture
def waiting(scene):
    """A scene whose first change that takes keys from old waits for a write that nobody has read."""
    sidecar = scene(dict(phase="idle"))
    sidecar.old.entries[OURS] = entry(OURS, 1)
    sidecar.old.faults["Change"] = hang(2.5)
    request = ledger.ChangeRequest(name=name(OURS), add_cents=5)
    late = sidecar.client.channel.unary_unary(f"/{LEDGER}/Change").future(request.SerializeToString(), timeout=9)
    wait_for(lambda: sidecar.old.log, 5, "old is asked")
    yield sidecar
    late.cancel()


@pytest.mark.parametrize("inserts", ["what is in force", "a change between"])
def test_what_waits_is_taken_back_whatever_the_file_says(inserts, waiting):
    """The command has a number of its own, and what it writes is what a restart begins with."""
    sidecar, operator = waiting, waiting.operator
    assert operator.phase("migrating", new_is_empty=True).changed
    copy = sidecar.switch_file.read_text()
    with ThreadPoolExecutor() as pool:
        enrolment = pool.submit(operator.enrol, all=True)
        refused(sidecar, "without reading")
        if inserts == "a change between":
            sidecar.write_switches("migrating", "all", "none", epoch=7)
            refused(sidecar, "epoch 7 migrating")
            copy = copy.replace('"epoch": 3', '"epoch": 5')
        sidecar.replace_switch_file(copy)
        refused(sidecar, "which was taken from the file and comes into force")
        code, words = operator.gray(none=True)
        assert code == "FAILED_PRECONDITION" and "switchover rollback orders" in words, words
        shown = run(sidecar.binary, "status", "orders", cwd=sidecar.folder).stdout
        last = 7 if inserts == "a change between" else 4
        assert f"under way  epoch {last} was taken from the file before" in shown, shown
        taken = operator.rollback()
        assert taken.changed and taken.after.epoch == last + 1 and taken.after.phase == "migrating", taken
        assert enrolment.result()[0] == "ABORTED"
    assert stages(sidecar, "406") == ["old"] and not operator.status().problem
    time.sleep(3)
    assert stages(sidecar, "406") == ["old"], "what was taken back does not come later"


def test_a_command_says_what_it_waits_for(waiting):
    assert waiting.operator.phase("migrating", new_is_empty=True).changed
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(run, waiting.binary, "enrol", "orders", "all", cwd=waiting.folder)
        refused(waiting, "without reading")
        shown = run(waiting.binary, "status", "orders", cwd=waiting.folder).stdout
        done = answer.result()
    assert "epoch 4 waits, for " in shown and "without reading them" in shown, shown
    assert done.returncode == 0 and "epoch 4 is in force" in done.stdout, (done.stdout, done.stderr)
    assert "epoch 4 of orders is not in force yet: writes that the sidecar forwarded without reading" in done.stderr
    assert "Waiting for that, for " in done.stderr


def test_an_edit_is_one_step_from_what_is_in_force(waiting):
    sidecar, operator = waiting, waiting.operator
    sidecar.write_switches("migrating", "all", "none")
    refused(sidecar, "without reading")
    sidecar.write_switches("mirrored", "all", "none")
    refused(sidecar, "Phase idle (epoch 2) is in force until epoch 3 is")
    assert stages(sidecar, "406") == ["old"]
    wait_for(lambda: operator.status().in_force.phase == "mirrored", 8, "it is taken once the step before is in force")
    steps = [(change.before.phase, change.after.phase) for change in operator.history(migration="orders")]
    assert steps[:2] == [("migrating", "mirrored"), ("idle", "migrating")]


@pytest.mark.parametrize("crash", [False, True], ids=["in order", "after a crash"])
def test_a_start_takes_no_other_switches_under_an_epoch_that_was_in_force(crash, scene, keep):
    sidecar = scene(dict(phase="migrating", enrolled="all", gray="none"))
    assert sidecar.operator.gray(add="1").changed
    last = sidecar.switch_file.read_text()
    if crash:
        sidecar.kill()
    else:
        sidecar.terminate()
        sidecar.wait()
    sidecar.write_switches("idle", epoch=3)
    check = run(sidecar.binary, "check", cwd=sidecar.folder)
    assert "are not those of epoch 3" in check.stdout + check.stderr
    sidecar.run()
    sidecar.await_port(sidecar.stats)
    refused(sidecar, "are not those of epoch 3 that were in force")
    assert sidecar.get("/readyz")[0] == 503
    sidecar.operator = keep(Operator(sidecar))
    code, words = sidecar.operator.phase("migrating", new_is_empty=True)
    assert code == "FAILED_PRECONDITION" and "are not those of epoch 3" in words, "no command starts from it"
    sidecar.replace_switch_file(last)
    sidecar.await_ready()
    wait_for(lambda: stages(sidecar, "1") == ["dualNew"], 5, "the last switches are in force")
