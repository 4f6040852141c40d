"""What a start knows of the process before it: changes that were pending, and the epoch that was in force."""

import json
import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry, hang, name
from harness.operators import Operator
from harness.processes import wait_for
from harness.subjects import run
from harness.stubs import ledger

OURS = ("406", 1)
LATE = 10


class Scene:
    """Two ledgers, a sidecar between them that is killed and started again."""

    def __init__(self, start, ledgers, keep, switches, settle_after):
        self.old, self.new = ledgers
        self.keep = keep
        for side in ledgers:
            side.entries[OURS] = entry(OURS, 100)
        self.sidecar = start(
            self.old.address, self.new.address, switches, plan=PLAN, migration={"services": [LEDGER], **NAME},
            limits={"settle_after": settle_after}, drain={"delay": "50ms", "timeout": "300ms"})
        self.sidecar.await_ready()
        self.connect()

    def connect(self):
        self.operator = self.keep(Operator(self.sidecar))
        self.client = self.keep(Bookkeeper(self.sidecar.address))

    def restart(self, kill, is_ready=True):
        if kill:
            self.sidecar.kill()
        else:
            self.sidecar.terminate()
            self.sidecar.wait()
        self.start(is_ready)

    def start(self, is_ready=True):
        self.sidecar.run()
        self.sidecar.await_port(self.sidecar.stats)
        if is_ready:
            self.sidecar.await_ready()
            self.connect()

    def cents(self):
        return [side.entries[OURS].cents for side in (self.old, self.new)]

    def stage(self):
        return self.operator.explain("406").stage


@pytest.fixture
def scene(start, ledgers, keep):
    return lambda switches, settle_after="2s": Scene(start, ledgers, keep, switches, settle_after)


@pytest.fixture
def pending(scene):
    """A change of 406 out of `old` waits for a write that was forwarded unread, and that old makes after 3 s."""
    scene = scene(dict(phase="idle"), "4s")
    scene.old.faults["Change"] = lambda request, context: request.add_cents == 5 and hang(3)(request, context)
    request = ledger.ChangeRequest(name=name(OURS), add_cents=5)
    late = scene.client.channel.unary_unary(f"/{LEDGER}/Change").future(request.SerializeToString(), timeout=0.5)
    late.code()
    assert scene.operator.phase("migrating", new_is_empty=True).changed
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(scene.operator.enrol, add="406")
        wait_for(lambda: "without reading" in scene.sidecar.log(), 5, "it waits")
        assert not answer.done() and scene.stage() == "old"
        yield scene


def lands_after_the_late_write(scene):
    """It is on both sides, or on old alone before the first double write: never on old alone after it."""
    wait_for(lambda: scene.stage() == "dualOld", 4 + LATE, "the change lands")
    assert scene.old.entries[OURS].cents >= 105, "the late write came first"
    assert scene.client.change(OURS, 10).code == "OK"
    assert len(set(scene.cents())) == 1


@pytest.mark.parametrize("kill", [True, False], ids=["kill -9", "SIGTERM"])
def test_a_change_that_was_pending_waits_after_the_start_too(kill, pending):
    pending.restart(kill)
    assert pending.stage() == "old", "what was in force stays so meanwhile"
    assert pending.client.find(OURS).code == "OK"
    assert "epoch 3 was in force when the last sidecar ended" in pending.sidecar.log()
    lands_after_the_late_write(pending)


def test_a_second_kill_meanwhile_changes_nothing(pending):
    pending.restart(kill=True)
    pending.restart(kill=True)
    assert pending.stage() == "old"
    lands_after_the_late_write(pending)


def test_without_a_record_its_calls_are_refused_until_then(pending):
    pending.sidecar.kill()
    (pending.sidecar.folder / "switches.audit.jsonl").unlink()
    pending.start(is_ready=False)
    wait_for(lambda: "no-switches" in pending.sidecar.log(), 5, "it is said")
    pending.connect()
    outcome = pending.client.find(OURS)
    assert (outcome.code, outcome.error) == ("UNAVAILABLE", "no-switches")
    pending.sidecar.await_ready(4 + LATE)
    lands_after_the_late_write(pending)


@pytest.mark.parametrize("kill", [True, False], ids=["kill -9", "SIGTERM"])
def test_a_change_that_was_in_force_is_so_at_once(kill, scene):
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "30s")
    assert scene.operator.enrol(add="406").changed
    scene.restart(kill)
    assert scene.stage() == "dualOld"


@pytest.mark.parametrize("restored", ["one epoch", "two epochs"])
def test_a_file_that_is_put_back_from_a_copy_is_refused(restored, scene):
    """Also one epoch behind a command that was answered: the lock file says what was in force."""
    scene = scene(dict(phase="migrating", enrolled={"allow": ["406", "7"]}, gray="none"))
    copies = []
    for key in ("406", "7"):
        copies.append(scene.sidecar.switch_file.read_text())
        assert scene.operator.gray(add=key).changed
    scene.sidecar.kill()
    scene.sidecar.switch_file.write_text(copies[-1 if restored == "one epoch" else 0])
    checked = run(scene.sidecar.binary, "check", cwd=scene.sidecar.folder)
    assert checked.returncode == 1 and "is lower than 4, which was in force by" in checked.stderr, checked
    scene.start(is_ready=False)
    wait_for(lambda: "is lower than 4, which was in force by" in scene.sidecar.log(), 5, "it is said")
    assert scene.sidecar.get("/readyz")[0] == 503
    scene.sidecar.switch_file.unlink()
    wait_for(lambda: "there is no switch file" in scene.sidecar.log(), 5, "it is gone")
    made = run(scene.sidecar.binary, "init-switches", cwd=scene.sidecar.folder)
    assert made.returncode == 0 and "--not-made" not in made.stdout, made
    scene.sidecar.await_ready()
    scene.connect()
    assert scene.stage() == "dualNew" and scene.operator.explain("7").stage == "dualNew"


def test_a_change_on_record_that_was_never_made_is_no_obstacle(scene):
    """The process was killed between the audit file and the switch file."""
    scene = scene(dict(phase="migrating", enrolled={"allow": ["406"]}, gray="none"))
    assert scene.operator.gray(add="406").changed
    scene.sidecar.kill()
    record = scene.sidecar.folder / "switches.audit.jsonl"
    line = json.loads(record.read_text().splitlines()[-1])
    line["before"], line["after"] = line["after"], {**line["after"], "epoch": 4, "gray": "none"}
    with open(record, "a") as file:
        file.write(json.dumps(line) + "\n")
    scene.start()
    assert scene.stage() == "dualNew"


def late(scene, seconds):
    """The service makes this write only then, whoever has sent it."""
    scene.old.faults["Change"] = lambda request, context: request.add_cents == 1000 and hang(seconds)(request, context)
    request = ledger.ChangeRequest(name=name(OURS), add_cents=1000)
    call = scene.client.channel.unary_unary(f"/{LEDGER}/Change")
    scene.late = call.future(request.SerializeToString(), timeout=30)
    wait_for(lambda: scene.old.log, 5, "it is sent")


def enrols_after_the_late_write(scene):
    answer = scene.operator.enrol(add="406")
    assert answer.changed and "came into force" in answer.notes[-1], answer
    assert scene.old.entries[OURS].cents == 1100
    assert scene.client.change(OURS, 10).code == "OK"
    assert len(set(scene.cents())) == 1


@pytest.mark.parametrize("calls", [0, 1], ids=["no call", "a call"])
def test_a_short_life_between_does_not_end_the_quiet_period(calls, scene):
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "4s")
    late(scene, 3)
    scene.restart(kill=True)
    for _ in range(calls):
        assert scene.client.find(("7", 1)).code == "NOT_FOUND"
    scene.restart(kill=False)
    enrols_after_the_late_write(scene)


@pytest.mark.parametrize("spoil", ["unlink", "empty"])
def test_without_a_word_of_the_process_before_a_start_waits(spoil, scene):
    """Removed by somebody, or emptied by a disk that was full."""
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "4s")
    late(scene, 3)
    scene.sidecar.kill()
    lock = scene.sidecar.folder / "switches.json.switchover-lock"
    lock.unlink() if spoil == "unlink" else lock.write_text("")
    scene.start()
    enrols_after_the_late_write(scene)


def test_a_word_that_cannot_be_written_is_said_and_counts_as_unsettled(scene):
    """The lock file is one of a disk that is full."""
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "4s")
    scene.sidecar.terminate()
    scene.sidecar.wait()
    lock = scene.sidecar.folder / "switches.json.switchover-lock"
    lock.unlink()
    lock.mkdir()
    scene.start()
    assert "each start counts as one after a crash" in scene.sidecar.log()
    late(scene, 3)
    scene.restart(kill=True)
    enrols_after_the_late_write(scene)


@pytest.mark.parametrize("kill", [True, False], ids=["kill -9", "SIGTERM"])
@pytest.mark.parametrize("lock", ["removed", "impossible"])
def test_a_file_that_was_changed_meanwhile_waits_where_nobody_knows_what_it_said(lock, kill, scene):
    """A folder that cannot be written (a mounted configuration): its file is replaced, and the sidecar restarted."""
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "4s")
    file = scene.sidecar.folder / "switches.json.switchover-lock"
    if lock == "impossible":
        scene.sidecar.terminate()
        scene.sidecar.wait()
        file.unlink()
        file.mkdir()
        scene.start()
    late(scene, 3)
    scene.client.close()
    scene.sidecar.kill() if kill else (scene.sidecar.terminate(), scene.sidecar.wait())
    if lock == "removed":
        file.unlink()
    scene.sidecar.write_switches("migrating", "all", epoch=7)
    scene.start(is_ready=False)
    wait_for(lambda: "is not on record" in scene.sidecar.log(), 5, "it is said")
    scene.connect()
    outcome = scene.client.find(OURS)
    assert (outcome.code, outcome.error) == ("UNAVAILABLE", "no-switches")
    scene.sidecar.await_ready(4 + LATE)
    assert scene.old.entries[OURS].cents == 1100, "the late write came first"
    assert scene.client.change(OURS, 10).code == "OK"
    assert scene.cents() == [1110, 1110]


@pytest.mark.parametrize("switches", [dict(phase="idle", enrolled="all"), dict(phase="migrating", enrolled="all")])
def test_a_first_start_serves_at_once(switches, scene):
    scene = scene(switches, "30s")
    assert scene.client.find(OURS).code == "OK"


def test_a_folder_that_cannot_be_written_serves_old_at_once(scene):
    scene = scene(dict(phase="idle", enrolled="all"), "30s")
    scene.sidecar.kill()
    lock = scene.sidecar.folder / "switches.json.switchover-lock"
    lock.unlink()
    lock.mkdir()
    scene.start()
    assert scene.client.find(OURS).code == "OK"


def test_what_was_in_force_and_could_not_be_written_is_not_taken_for_an_older_epoch(scene):
    """A file system that takes no byte more: a start with the epoch before would hide what was inserted since."""
    scene = scene(dict(phase="migrating", enrolled="none", gray="none"), "4s")
    assert scene.client.find(OURS).code == "OK"
    resource.prlimit(scene.sidecar.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    scene.sidecar.write_switches("migrating", "all")
    wait_for(lambda: scene.stage() == "dualOld", 5, "it is in force all the same")
    assert scene.client.add(("406", 9), 70).code == "OK"
    assert ("406", 9) in scene.new.entries and ("406", 9) not in scene.old.entries
    scene.sidecar.kill()
    lock = scene.sidecar.folder / "switches.json.switchover-lock"
    assert lock.read_text().strip() == ""
    scene.start(is_ready=False)
    scene.connect()
    assert scene.client.find(("406", 9)).code in ("UNAVAILABLE", "OK")
    scene.sidecar.await_ready(4 + LATE)
    assert scene.client.find(("406", 9)).code == "OK"


def test_a_dirty_record_may_be_unsettled_at_the_end_too(scene):
    """Its double write lost the answer of old, and a process that ends says that something is left."""
    scene = scene(dict(phase="migrating", enrolled="all", gray="none"), "20s")
    scene.old.faults["Change"] = hang(10)
    scene.client.change(OURS, 1000, timeout=0.3)
    scene.sidecar.terminate()
    scene.sidecar.wait()
    lock = scene.sidecar.folder / "switches.json.switchover-lock"
    assert "unsettled" in lock.read_text().split()


def test_what_a_killed_change_left_is_removed(scene):
    scene = scene(dict(phase="idle"))
    scene.sidecar.kill()
    left = scene.sidecar.folder / f"switches.json.{scene.sidecar.pid}.tmp"
    left.write_text("{")
    scene.start()
    assert not left.exists()
