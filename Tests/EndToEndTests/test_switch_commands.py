"""The switches by the real commands: what they print, what they refuse, and how they end."""

import getpass
import json
import os
import pty
import re
import select
import subprocess
import time

import grpc
import pytest

from harness.records import Clerk, settings
from harness.subjects import run

REFUSED, UNAVAILABLE, USAGE = 2, 3, 64


@pytest.fixture
def command(binary, start, databases):
    """command("status orders") of a sidecar at idle: what it printed, after checking how it ended."""
    for number, store in ((1, "406"), (2, "407"), (3, "408")):
        databases[0].put(number, store)
    sidecar = start("", None, dict(phase="idle", enrolled="none", gray="none"), **settings(*databases)).await_ready()

    def command(words, status=0):
        done = run(binary, *words.split(), "--config", sidecar.folder / "switchover.yaml")
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    command.sidecar = sidecar
    command.words = lambda words: [str(binary), *words.split(), "--config", str(sidecar.folder / "switchover.yaml")]
    return command


def test_a_store_goes_and_comes_back(command):
    out = command("total orders migrating")
    assert "now: migrating, enrolled none, gray none" in out and "moves: no key" in out
    out = command("enrol orders add 406 407")
    assert "moves: 2 listed keys (406 407)" in out and "is in force; writes of the keys that moved waited" in out
    assert "now: migrating, enrolled 406 407, gray 406" in command("gray orders add 406")
    out = command("status orders")
    assert re.search(r"phase +migrating, epoch 5", out) and re.search(r"gray +406", out)
    assert "may I go on to mirrored? not yet" in out
    out = command("rollback orders")
    assert "now: migrating, enrolled 406 407, gray none" in out
    assert "note: Keys that stay enrolled are still inserted into new alone" in out
    assert "is in this state already" in command("gray orders none")


def test_each_form_of_a_set(command):
    command("total orders migrating")
    command("enrol orders all")
    for words, shown in [
        ("add 406", "406"), ("percent 12.5", "406 + 12.5 %"), ("remove 407", "406 + 12.5 % without 407"),
        ("none", "none"), ("all", "all"),
    ]:
        assert f"gray {shown}" in command(f"gray orders {words}"), words
        assert command("gray orders show").strip() == shown
    (command.sidecar.folder / "keys.txt").write_text("408\n")
    assert "the keys in keys.txt" in command("gray orders file keys.txt")
    assert "at stage dualNew" in command("explain orders --gray-key 408")


def test_a_preview_and_a_dry_run_change_nothing(command):
    command("total orders migrating")
    before = command.sidecar.switch_file.read_bytes()
    for words in ("enrol orders preview percent 5", "enrol orders percent 5 --dry-run"):
        out = command(words)
        assert "would be: migrating, enrolled 5 %, gray none" in out
        assert "nothing stands in its way; nothing has been changed" in out
    out = command("gray orders preview add 409", status=REFUSED)
    assert "would be: migrating, enrolled none, gray 409" in out
    assert "Enrol first: switchover enrol orders add 409" in out
    assert command.sidecar.switch_file.read_bytes() == before


@pytest.mark.parametrize("words, status, text", [
    ("total orders mirrored", REFUSED, "more than one rung of the ladder. Go one at a time: switchover total orders"),
    ("total orders sideways", REFUSED, 'there is no phase "sideways"; write one of idle, migrating'),
    ("total parcels migrating", REFUSED, 'there is no migration "parcels"; the configuration has orders'),
    ("enrol orders add", USAGE, "name at least one key"),
    ("enrol orders percent 101", USAGE, "a percentage is a number from 0 to 100"),
    ("enrol orders all 5", USAGE, "all takes no values"),
    ("enrol orders sometimes 5", USAGE, "sometimes"),
    ("rollback orders", REFUSED, "there is no forward change to undo"),
    ("total orders migrating --if-epoch 7", REFUSED, "meant for epoch 7, the switches are at 2"),
    ("explain orders", USAGE, "name a record key, or a gray key"),
    ("explain orders x", USAGE, 'id: "x" is no int64'),
    ("explain parcels 1", USAGE, "there is no migration parcels"),
    ("watch orders --interval 0", USAGE, "the interval is 0.2 to 3600 seconds"),
    ("history orders --control /nowhere.sock", UNAVAILABLE, "no sidecar answers at /nowhere.sock; is it running?"),
])
def test_what_is_refused_says_what_to_do(words, status, text, command):
    assert text in command(words, status=status)


def test_gray_counts_within_enrolled_only(command):
    command("total orders migrating")
    assert "Enrol first: switchover enrol orders add 406" in command("gray orders add 406", status=REFUSED)


def test_rollback_to_an_epoch_goes_step_by_step(command):
    command("total orders migrating")
    command("enrol orders all")
    for words in ("add 406", "percent 10", "all"):
        command(f"gray orders {words}")
    out = command("rollback orders --to 4")
    assert out.count("is in force") == 3
    assert "now: migrating, enrolled all, gray none" in out
    assert command("gray orders show").strip() == "none"


def test_each_step_of_a_rollback_starts_from_the_one_before(command):
    """Who names the epoch that the switches must be at means all steps: they follow each other, and nothing else."""
    command("total orders migrating")
    command("enrol orders all")
    for key in (1, 2, 3):
        command(f"gray orders add {key}")
    assert "meant for epoch 6" in command("rollback orders --to 4 --if-epoch 6", status=REFUSED)
    out = command("rollback orders --to 4 --if-epoch 7")
    assert out.count("is in force") == 3 and command("gray orders show").strip() == "none"


@pytest.mark.parametrize("words", ["--to 0", "--if-epoch 0", "--to 4 --if-epoch 0"])
def test_there_is_no_epoch_0(words, command):
    command("total orders migrating")
    command("enrol orders all")
    assert "first epoch is 1" in command(f"rollback orders {words}", status=USAGE)
    assert command("enrol orders show").strip() == "all", "nothing was undone"


def test_a_history_of_long_lists_is_told(command):
    """A switch file may have 64 MiB of keys in it, and each change is on record with all of them, twice."""
    command("total orders migrating")
    audit = command.sidecar.folder / "switches.audit.jsonl"
    entry = json.loads(audit.read_text().splitlines()[-1])
    entry["after"]["gray"] = {"allow": [f"{number:0900}" for number in range(1700)]}
    with audit.open("a") as file:
        file.writelines(json.dumps(entry) + "\n" for _ in range(4))
    lines = command("history orders").splitlines()
    assert [line.count("gray 1700 keys (") for line in lines if line.startswith("    to ")][:5] == [1, 1, 1, 1, 0]
    listed = json.loads(command("history orders --json"))["changes"]
    assert [len(change["after"]["gray"].get("allow", [])) for change in listed[:5]] == [1700] * 4 + [0]


def test_records_that_would_disappear_are_counted(command, databases):
    command("total orders migrating")
    out = command("enrol orders add 406")
    assert "note: Inserts of these keys go to new alone from now on" in out
    clerk = Clerk(command.sidecar.address)
    try:
        for number in (11, 12):
            clerk.insert(number, status="open")
    finally:
        clerk.close()
    out = command("rollback orders", status=REFUSED)
    assert "2 records of these keys are on new only (11, 12): old would not show them." in out
    assert "--force 2" in command("enrol orders remove 406 --dry-run", status=REFUSED)
    command("rollback orders --force orders", status=REFUSED)
    command("rollback orders --force 3", status=REFUSED)
    for number in (11, 12):
        databases[0].put(number, "406")
    assert "No record of these keys is on new only just now" in command("rollback orders --dry-run", status=REFUSED)
    out = command("rollback orders --force 0")
    assert "now: migrating, enrolled none" in out and "note: Let through: No record of these keys" in out
    assert "undone already" in command("rollback orders")
    command("rollback orders --to 1")
    assert "[ ] New holds records of this migration that nobody has maintained" in command("status orders")
    databases[1].clear()
    assert "[x] New holds no record yet." in command("status orders")


def test_many_hidden_records_are_counted_over_pages(command, databases):
    command("total orders migrating")
    command("enrol orders add 406 407")
    old, new = databases
    for side in databases:
        side.link.execute("begin")
    for number in range(1000, 3500):
        new.put(number, "406" if number % 5 else "407")
        if number % 2:
            old.put(number, "406" if number % 5 else "407")
    for side in databases:
        side.link.execute("commit")
    out = command("enrol orders remove 406", status=REFUSED)
    assert "1000 records of these keys are on new only (1002, 1004, 1006, 1008, 1012, ...)" in out
    assert "1250 records of these keys" in command("rollback orders", status=REFUSED)


def test_history_is_newest_first_with_who_and_why(command):
    command("total orders migrating")
    subprocess.run([*command.words("enrol orders add 406"), "--reason", "pilot store"], check=True, capture_output=True)
    lines = command("history orders").splitlines()
    heads = [line for line in lines if "epoch" in line]
    assert "epoch 4" in heads[0] and heads[0].endswith('"pilot store"')
    assert f"command by {getpass.getuser()}" in heads[0]
    assert "epoch 3" in heads[1]
    assert json.loads(command("history orders --json"))["changes"][0]["reason"] == "pilot store"
    assert len([line for line in command("history orders --limit 1").splitlines() if "epoch" in line]) == 1


def test_a_record_is_explained(command, databases):
    command("total orders migrating")
    command("enrol orders add 406")
    databases[1].put(1, "406", cents=8)
    out = command("explain orders 1")
    assert out.startswith("1 is at stage dualOld (epoch 4), on both sides, which differ")
    assert re.search(r"^\* cents +100 +8 *$", out, re.M) and re.search(r"^  status +open +open *$", out, re.M)
    assert "lane: free" in out and "no write at a stage of both sides is remembered" in out
    clerk = Clerk(command.sidecar.address)
    try:
        clerk.update(1, status="sent")
    finally:
        clerk.close()
    out = command("explain orders 1")
    assert "on both sides, equal" in out and "update at dualOld (epoch 4): reply of old" in out
    assert "FAILED_PRECONDITION" not in out
    assert "2 is at stage old (epoch 4), on old only" in command("explain orders 2")
    assert "9 is on neither side" in command("explain orders 9")
    assert json.loads(command("explain orders 1 --json"))["stage"] == "dualOld"


def test_watch_prints_a_line_each_interval(command):
    clerk = Clerk(command.sidecar.address)
    watch = subprocess.Popen(
        command.words("watch orders --interval 0.3 --count 4"), stdout=subprocess.PIPE, text=True)
    try:
        while watch.poll() is None:
            clerk.get(1)
            time.sleep(0.005)
    finally:
        clerk.close()
    heading, *rows = watch.stdout.read().splitlines()
    assert heading.split() == [
        "epoch", "phase", "old", "dualOld", "dualNew", "newMirrored", "new", "undecided", "failed", "->old", "->new"]
    assert len(rows) == 4
    rates = [int(row.split()[2].removesuffix("/s")) for row in rows]
    assert max(rates) > 10, rows
    assert all(row.split()[:2] == ["2", "idle"] for row in rows)


def test_watch_goes_on_when_the_sidecar_is_started_again(command):
    """The counters begin at 0 then."""
    clerk = Clerk(command.sidecar.address)
    for _ in range(50):
        clerk.get(1)
    clerk.close()
    watch = subprocess.Popen(
        command.words("watch orders --interval 3 --count 2"), stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    command.sidecar.restart(kill=True)
    assert watch.wait(20) == 0
    assert [row.split()[2] for row in watch.stdout.read().splitlines()[1:]] == ["0/s", "0/s"]


def test_watches_lock_nobody_out(command, keep):
    """64 clients that watch health: a command finds room, and init-switches asks the sidecar."""
    for _ in range(64):
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = keep(grpc.insecure_channel(f"unix:{command.sidecar.control}", options=options))
        next(channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=60))
    assert command("total orders migrating")
    command.sidecar.switch_file.unlink()
    assert "as the running sidecar has it" in command("init-switches")


def test_init_switches_does_not_take_silence_for_the_end(command):
    """A sidecar that is not reached still knows what is in force."""
    command.sidecar.switch_file.unlink()
    command.sidecar.control.unlink()
    words = command("init-switches", status=1)
    assert f"process {command.sidecar.pid}" in words and "knows what is in force" in words
    command.sidecar.kill()
    assert "orders at phase idle" in command("init-switches")


def test_watch_stays_in_its_place_on_a_terminal(command):
    main, terminal = pty.openpty()
    watch = subprocess.Popen(command.words("watch orders --interval 0.2 --count 3"), stdout=terminal)
    os.close(terminal)
    text = b""
    end = time.monotonic() + 20
    while time.monotonic() < end and select.select([main], [], [], 10)[0]:
        try:
            text += os.read(main, 65536)
        except OSError:  # the terminal's other end is closed
            break
    os.close(main)
    assert watch.wait(10) == 0
    first, *later = text.decode().replace("\r", "").split("\x1b[13A")
    assert len(later) == 2 and first.count("\n") == 13, "each table covers the one before"
    assert all(table.count("\n") == 13 for table in later)
    assert "orders: idle (epoch 2)" in first and "newMirrored" in first


def test_json_is_there_for_scripts(command):
    status = json.loads(command("status orders --json"))
    assert status["ready"] is True and status["migrations"][0]["inForce"]["phase"] == "idle"
    change = json.loads(command("total orders migrating --json"))
    assert change["changed"] is True and change["after"]["phase"] == "migrating"
