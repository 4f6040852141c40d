"""The process neither ends nor goes deaf: whatever happens to its log, its output, its files and its signals."""

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess

import pytest

from harness.ports import free_address
from harness.processes import Process, accepts, wait_for
from harness.subjects import run

TABLE = "create table t_order (id integer primary key, store text not null)"


@pytest.fixture
def place(tmp_path):
    """A folder with two databases and a configuration of one migration of records."""
    for name in ("old.db", "new.db"):
        with sqlite3.connect(tmp_path / name) as link:
            link.execute(TABLE)
            link.execute("insert into t_order values (1, '406')")
    return Place(tmp_path)


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.listen, self.stats = free_address(), free_address()
        self.configure()
        self.switch("idle")

    def configure(self, **settings):
        self.settings = {
            "listen": self.listen, "stats": self.stats, "control": "switchover.sock", "switches": "switches.json",
            "upstreams": {"o": {"sqlite": "old.db"}, "n": {"sqlite": "new.db"}},
            "migrations": {"orders": {"old": "o", "new": "n", "records": {
                "entity": "orders", "fields": {"id": "int64", "store": "text"}, "key": "id", "gray_key": "store",
                "old": {"table": "t_order"}, "new": {"table": "t_order"}}}},
            "drain": {"delay": "0s", "timeout": "2s"}, **settings}
        (self.folder / "switchover.yaml").write_text(json.dumps(self.settings))

    def switch(self, phase, enrolled="none", gray="none", epoch=1):
        text = json.dumps({"version": 1, "migrations": {"orders": {
            "epoch": epoch, "phase": phase, "enrolled": enrolled, "gray": gray}}})
        (self.folder / "switches.next").write_text(text)
        os.replace(self.folder / "switches.next", self.folder / "switches.json")

    def get(self, path):
        import urllib.request
        try:
            with urllib.request.urlopen(f"http://{self.stats}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        return accepts(self.stats) and self.get("/readyz")[0] == 200

    def metric(self, name):
        return next(float(line.split()[-1]) for line in self.get("/metrics")[1].splitlines() if line.startswith(name))

    def epoch(self):
        return self.metric("switchover_switches_epoch")


def serve(binary, place, stderr, **popen):
    command = [str(binary), "serve"]
    return subprocess.Popen(command, cwd=place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=stderr, **popen)


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("kind", ["reader gone", "disk full", "closed", "size limit"])
def test_a_log_that_cannot_be_written_stops_nothing(binary, place, form, kind):
    place.configure(log={"format": form})
    reader, writer = os.pipe()
    popen = {}
    stderr = writer
    if kind == "disk full":
        stderr = os.open("/dev/full", os.O_WRONLY)
    elif kind == "closed":
        popen["preexec_fn"] = lambda: os.close(2)
    elif kind == "size limit":
        stderr = os.open(place.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.ftruncate(stderr, 1 << 20)
        popen["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    sidecar = serve(binary, place, stderr, **popen)
    try:
        wait_for(lambda: sidecar.poll() is not None or place.ready(), 15, "ready")
        os.close(reader)
        os.close(writer)
        place.switch("migrating", epoch=2)
        wait_for(lambda: sidecar.poll() is not None or place.epoch() == 2, 10, "the change")
        assert sidecar.poll() is None
        wait_for(lambda: place.metric("switchover_log_lines_lost_total") > 0, 5, "lines are counted")
        sidecar.terminate()
        assert sidecar.wait(20) == 0
        # The descriptor that was closed is nobody else's.
        for name in ("old.db", "new.db"):
            with sqlite3.connect(place.folder / name) as link:
                assert link.execute("pragma integrity_check").fetchone() == ("ok",)
    finally:
        sidecar.kill()
        sidecar.wait()


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_log_that_nobody_reads_stops_nothing(binary, place, form):
    """Far more lines than a pipe and the queue hold: changes, control and SIGTERM go on; what was lost is told of."""
    import grpc
    from harness.stubs import records
    place.configure(log={"format": form}, access_log={"sample": 1})
    reader, writer = os.pipe()
    sidecar = serve(binary, place, writer)
    os.close(writer)
    try:
        wait_for(place.ready, 15, "ready")
        with grpc.insecure_channel(place.listen) as channel:
            call = channel.unary_unary("/switchover.v1.Records/Get")
            request = records.GetRequest(
                entity="orders", key=records.Key(parts=[records.Value(int64=1)])).SerializeToString()
            for _ in range(120):
                for answer in [call.future(request, timeout=20) for _ in range(100)]:
                    answer.result()
        assert place.metric("switchover_log_lines_lost_total") > 0
        place.switch("migrating", epoch=2)
        wait_for(lambda: place.epoch() == 2, 5, "the change")
        assert run(binary, "status", cwd=place.folder).returncode == 0
        collected = []
        os.set_blocking(reader, False)

        def read():
            try:
                collected.append(os.read(reader, 1 << 20))
            except BlockingIOError:
                pass
            return re.search(rb"\d+ log lines were lost", b"".join(collected)[-10_000:])

        wait_for(read, 20, "what was lost is told of")
        # And stalled again while it ends.
        sidecar.terminate()
        assert sidecar.wait(20) == 0
    finally:
        sidecar.kill()
        sidecar.wait()
        os.close(reader)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_other_signals_are_said_and_change_nothing(binary, place, number):
    sidecar = Process([binary, "serve"], place.folder / "log", cwd=place.folder)
    try:
        wait_for(place.ready, 15, "ready")
        sidecar.popen.send_signal(number)
        wait_for(lambda: "this signal changes nothing" in sidecar.log(), 5, "it is said")
        assert place.ready()
        sidecar.popen.send_signal(signal.SIGQUIT)
        assert sidecar.wait(20) == 0
    finally:
        sidecar.kill()


def failing(place, what):
    """Makes a start fail at one of its steps; returns what standard error must name."""
    if what == "old database":
        (place.folder / "old.db").unlink()
        return "old.db"
    if what == "new database":
        (place.folder / "new.db").write_bytes(b"no database" * 1000)
        return "new.db"
    if what == "control":
        place.configure(control="nowhere/switchover.sock")
        return "nowhere/switchover.sock"
    import socket
    taken = socket.create_server(("127.0.0.1", 0))
    place.taken = taken
    address = f"127.0.0.1:{taken.getsockname()[1]}"
    place.configure(**{what: address})
    return address


@pytest.mark.parametrize("what", ["old database", "new database", "control", "listen", "stats"])
def test_a_start_that_fails_says_why(binary, place, what):
    named = failing(place, what)
    for _ in range(8):
        answer = run(binary, "serve", cwd=place.folder)
        assert answer.returncode == 1, answer
        assert named in answer.stderr, answer
    assert not (place.folder / "switchover.sock").exists()


@pytest.mark.parametrize("kind", ["disk full", "closed", "reader gone"])
@pytest.mark.parametrize("words", [
    ["query", "orders", "--json", "--limit", "0"], ["get", "orders", "1"], ["status", "--json"], ["check"],
    ["history", "orders"], ["--help"], ["help", "serve"], ["version"], ["--version"], ["init", "--output", "-"],
    ["--generate-completion-script", "bash"], ["total", "orders", "migrating", "--dry-run", "--json"],
    ["watch", "orders", "--interval", "0.2"],
], ids=lambda words: " ".join(words))
def test_output_that_is_lost_is_a_failure(binary, keep, tmp_path_factory, words, kind, shared):
    reader, writer = os.pipe()
    os.close(reader)
    stdout = open("/dev/full", "wb") if kind == "disk full" else writer
    popen = {"preexec_fn": lambda: os.close(1)} if kind == "closed" else {}
    try:
        answer = subprocess.run(
            [binary, *words], cwd=shared.folder, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=30, **popen)
    finally:
        os.close(writer)
    assert answer.returncode > 0, answer
    assert "standard output" in answer.stderr, answer


@pytest.fixture(scope="module")
def shared(binary, tmp_path_factory):
    """A sidecar that several tests ask."""
    folder = tmp_path_factory.mktemp("shared")
    for name in ("old.db", "new.db"):
        with sqlite3.connect(folder / name) as link:
            link.execute(TABLE)
            link.execute("insert into t_order values (1, '406')")
    place = Place(folder)
    sidecar = Process([binary, "serve"], folder / "log", cwd=folder)
    wait_for(place.ready, 15, "ready")
    yield place
    sidecar.kill()


# --- the switch file


def history(place):
    return [json.loads(line) for line in (place.folder / "switches.audit.jsonl").read_text().splitlines()]


@pytest.fixture
def serving(binary, place):
    """A sidecar at phase migrating, with one key enrolled by a command."""
    sidecar = Process([binary, "serve"], place.folder / "log", cwd=place.folder)
    wait_for(place.ready, 15, "ready")
    with sqlite3.connect(place.folder / "new.db") as link:
        link.execute("delete from t_order")
    assert run(binary, "total", "orders", "migrating", cwd=place.folder).returncode == 0
    assert run(binary, "enrol", "orders", "add", "406", cwd=place.folder).returncode == 0
    place.sidecar = sidecar
    yield place
    sidecar.kill()


@pytest.mark.parametrize("runs", [True, False], ids=["sidecar runs", "sidecar ended"])
def test_a_lost_switch_file_comes_back_as_it_was(binary, serving, runs):
    """Idle would hide what was inserted for the enrolled key."""
    inserted = run(binary, "insert", "orders", "id=7", "store=406", cwd=serving.folder)
    assert inserted.returncode == 0, inserted
    before = json.loads((serving.folder / "switches.json").read_text())
    if not runs:
        serving.sidecar.kill()
    (serving.folder / "switches.json").unlink()
    if runs:
        wait_for(lambda: "init-switches" in serving.sidecar.log(), 5, "the log says what to do")
    made = run(binary, "init-switches", cwd=serving.folder)
    assert made.returncode == 0, made
    assert json.loads((serving.folder / "switches.json").read_text())["migrations"] == before["migrations"]
    sidecar = serving.sidecar if runs else Process([binary, "serve"], serving.folder / "log2", cwd=serving.folder)
    try:
        wait_for(serving.ready, 15, "ready")
        assert run(binary, "get", "orders", "7", cwd=serving.folder).returncode == 0
        assert run(binary, "enrol", "orders", "add", "407", cwd=serving.folder).returncode == 0
    finally:
        sidecar.kill()


def test_a_record_that_cannot_be_read_is_no_ground_for_idle(binary, serving):
    serving.sidecar.kill()
    (serving.folder / "switches.json").unlink()
    with open(serving.folder / "switches.audit.jsonl", "a") as audit:
        audit.write('{ "migration": "orders", "epoch": "?" }\n')
    made = run(binary, "init-switches", cwd=serving.folder)
    assert made.returncode == 1 and "switches.audit.jsonl" in made.stderr, made
    assert not (serving.folder / "switches.json").exists()


def test_a_file_that_jumps_is_refused(binary, serving):
    serving.switch("finished", "all", "all", epoch=9)
    wait_for(lambda: "more than one rung" in serving.sidecar.log(), 5, "an error in the log")
    assert serving.epoch() == 3
    status = run(binary, "status", "orders", cwd=serving.folder)
    assert "more than one rung" in status.stdout + status.stderr, status
    serving.switch("migrating", {"allow": ["406"]}, epoch=9)
    wait_for(lambda: serving.epoch() == 9, 5, "a step is taken")
    serving.switch("migrating", "none", epoch=10)
    wait_for(lambda: serving.epoch() == 10, 5, "a step is taken")
    refused = run(binary, "total", "orders", "mirrored", "--force", "orders", cwd=serving.folder)
    assert refused.returncode and "Enrol them first: switchover enrol orders all" in refused.stderr, refused


def test_what_was_waived_is_on_record(binary, serving):
    waived = ["total", "orders", "mirrored", "--force", "orders"]
    for words in (["enrol", "orders", "all"], ["gray", "orders", "all"], waived):
        done = run(binary, *words, "--reason", "why not", cwd=serving.folder)
        assert done.returncode == 0, done
    assert history(serving)[-1]["waived"] == ["not-verified: --force orders"]
    shown = run(binary, "history", "orders", cwd=serving.folder)
    assert "why not" in shown.stdout and "not-verified: --force orders" in shown.stdout
    refused = run(binary, "total", "orders", "finished", cwd=serving.folder)
    assert refused.returncode == 2 and "--force orders" in refused.stderr, refused
    assert run(binary, "total", "orders", "finished", "--force", "orders", cwd=serving.folder).returncode == 0


def test_a_change_that_cannot_be_written_is_not_on_record(binary, serving):
    """The audit file has room, the switch file has none: nothing has changed, and a rollback does not undo it."""
    # In the place of the file that would be renamed into place stands a folder that is not empty.
    (serving.folder / f"switches.json.{serving.sidecar.pid}.tmp" / "x").mkdir(parents=True)
    failed = run(binary, "enrol", "orders", "add", "500", cwd=serving.folder)
    assert failed.returncode == 2 and "nothing has changed" in failed.stderr, failed
    assert history(serving)[-1]["after"]["epoch"] == 3
    (serving.folder / f"switches.json.{serving.sidecar.pid}.tmp" / "x").rmdir()
    (serving.folder / f"switches.json.{serving.sidecar.pid}.tmp").rmdir()
    assert run(binary, "rollback", "orders", "--force", "0", cwd=serving.folder).returncode == 0
    assert json.loads((serving.folder / "switches.json").read_text())["migrations"]["orders"]["enrolled"] == "none"


def never_made(place):
    """A rollback on record that is not in the switch file: its process ended between the two."""
    entry = history(place)[-1]
    lost = entry | {"origin": "rollback", "before": entry["after"], "undoes": 3}
    lost["after"] = entry["before"] | {"epoch": 4}
    with open(place.folder / "switches.audit.jsonl", "a") as audit:
        audit.write(json.dumps(lost) + "\n")


@pytest.mark.parametrize("runs", [True, False], ids=["sidecar runs", "sidecar ended"])
def test_a_change_that_was_never_made_stays_so(binary, serving, runs):
    if not runs:
        serving.sidecar.kill()
    never_made(serving)
    before = json.loads((serving.folder / "switches.json").read_text())
    (serving.folder / "switches.json").unlink()
    made = run(binary, "init-switches", cwd=serving.folder)
    if not runs:
        # Nobody knows: the newest change is taken, and the choice is said.
        assert made.returncode == 0 and "--not-made orders" in made.stdout and "epoch 3" in made.stdout, made
        (serving.folder / "switches.json").unlink()
        made = run(binary, "init-switches", "--not-made", "orders", cwd=serving.folder)
    assert made.returncode == 0 and "--not-made" not in made.stdout, made
    assert json.loads((serving.folder / "switches.json").read_text())["migrations"] == before["migrations"]


def test_a_sidecar_that_does_not_answer_is_not_passed_over(binary, serving):
    os.kill(serving.sidecar.pid, signal.SIGSTOP)
    try:
        (serving.folder / "switches.json").unlink()
        made = run(binary, "init-switches", cwd=serving.folder)
    finally:
        os.kill(serving.sidecar.pid, signal.SIGCONT)
    assert made.returncode == 1 and "what is in force" in made.stderr, made
    assert not (serving.folder / "switches.json").exists()


def test_a_rollback_that_could_not_be_written_is_made_when_it_is_repeated(binary, serving):
    """On record, and not in the switch file: the process ended between the two."""
    serving.sidecar.kill()
    never_made(serving)
    sidecar = Process([binary, "serve"], serving.folder / "log2", cwd=serving.folder)
    try:
        wait_for(serving.ready, 15, "ready")
        wait_for(lambda: history(serving)[-1]["origin"] == "withdrawn", 5, "the next process says so")
        assert history(serving)[-1]["undoes"] == 4 and history(serving)[-1]["after"]["epoch"] == 3
        done = run(binary, "rollback", "orders", "--force", "0", cwd=serving.folder)
        assert done.returncode == 0 and "epoch 4" in done.stdout, done
        assert history(serving)[-1]["undoes"] == 3
    finally:
        sidecar.kill()


STRANGE = {
    "percent": lambda text: text.replace('{ "allow": ["406"] }', '{ "percent": 99999999 }'),
    "epoch": lambda text: re.sub(r'"epoch": \d+', '"epoch": 18446744073709551615', text),
    "no UTF-8": lambda text: text.replace("orders", "ord\udcff"),
    "deep": lambda text: text + "[" * 100_000 + "\n",
    "a long line": lambda text: text + '{ "migration": "' + "x" * 2_000_000 + '" }\n',
    "empty lines": lambda text: "\n\n\n" + text + "\n\n",
    "zeros": lambda text: text + "\0" * 10_000 + "\n",
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
def test_a_strange_audit_file_ends_nothing(binary, serving, change):
    serving.sidecar.kill()
    audit = serving.folder / "switches.audit.jsonl"
    audit.write_bytes(change(audit.read_text()).encode(errors="surrogateescape"))
    sidecar = Process([binary, "serve"], serving.folder / "log2", cwd=serving.folder)
    try:
        wait_for(lambda: serving.ready() or not sidecar.running, 15, "ready")
        assert sidecar.running, sidecar.log()
        for words in (["status"], ["history", "orders"], ["rollback", "orders", "--dry-run"]):
            assert run(binary, *words, cwd=serving.folder).returncode in (0, 2)
        assert sidecar.running
    finally:
        sidecar.kill()


@pytest.mark.parametrize("name", ["switches.json", "switches.audit.jsonl"])
def test_a_pipe_in_a_files_place_stops_nothing(binary, serving, name):
    (serving.folder / name).unlink()
    os.mkfifo(serving.folder / name)
    answer = run(binary, "enrol", "orders", "add", "408", cwd=serving.folder)
    assert answer.returncode in (2, 3) and name in answer.stderr, answer
    assert run(binary, "status", cwd=serving.folder).returncode == 0
    serving.sidecar.terminate()
    assert serving.sidecar.wait(20) == 0


# --- a second sidecar


def second(binary, place, folder, **settings):
    """Starts another sidecar beside the first one, on files that settings name; returns its outcome."""
    folder.mkdir()
    other = Place(folder)
    other.configure(**settings)
    return subprocess.run([binary, "serve"], cwd=folder, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("way", ["path", "link", "folder link"])
@pytest.mark.parametrize("what", ["switches", "database"])
def test_a_second_sidecar_on_the_same_files_is_refused(binary, serving, tmp_path_factory, what, way):
    base = tmp_path_factory.mktemp("second")
    name = "switches.json" if what == "switches" else "new.db"
    path = serving.folder / name
    if way == "link":
        (base / name).symlink_to(path)
        path = base / name
    elif way == "folder link":
        (base / "linked").symlink_to(serving.folder)
        path = base / "linked" / name
    for own in ("old.db", "new.db"):
        with sqlite3.connect(base / own) as link:
            if not (base / own).is_symlink():
                link.execute(TABLE)
    ups = {"o": {"sqlite": str(base / "old.db")}, "n": {"sqlite": str(base / "new.db")}}
    settings = {"upstreams": ups}
    if what == "switches":
        settings["switches"] = str(path)
    else:
        ups["n"] = {"sqlite": str(path)}
    refused = second(binary, serving, base / "run", **settings)
    assert refused.returncode == 1, refused
    assert f"process {serving.sidecar.pid}" in refused.stderr, refused
    assert str(serving.folder / "switchover.sock") in refused.stderr, refused
    # The first one notices nothing of it; and once it is gone, however it went, the files are free.
    assert serving.ready()
    serving.sidecar.kill()
    third = Process([binary, "serve"], base / "log3", cwd=base / "run")
    try:
        wait_for(lambda: "serving" in third.log() or not third.running, 15, "it serves")
        assert third.running, third.log()
    finally:
        third.kill()


# --- connections


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\0" + bytes(4)


@pytest.mark.parametrize("workers", [1, 3])
def test_idle_connections_lock_nobody_out(binary, place, workers):
    import grpc
    import socket
    from harness.stubs import records
    place.configure(limits={"connections": 20}, workers=workers)
    sidecar = Process([binary, "serve"], place.folder / "log", cwd=place.folder)
    idle = []
    host, _, port = place.listen.rpartition(":")
    try:
        wait_for(place.ready, 15, "ready")
        for _ in range(60):
            link = socket.create_connection((host, int(port)))
            link.sendall(PREFACE)
            idle.append(link)
        with grpc.insecure_channel(place.listen) as channel:
            call = channel.unary_unary("/switchover.v1.Records/Get")
            request = records.GetRequest(
                entity="orders", key=records.Key(parts=[records.Value(int64=1)])).SerializeToString()
            call(request, timeout=10)
            closed = "switchover_client_connections_idle_closed_total"
            wait_for(lambda: place.metric(closed) >= 41, 10, "idle ones closed")
            # The client that calls keeps its connection.
            call(request, timeout=10)
        assert "idle longest" in sidecar.log()
        assert place.metric("switchover_client_connections_refused_total") == 0
        wait_for(lambda: place.metric("switchover_client_connections ") <= 20, 10, "no more than may be")
        assert place.get("/readyz")[0] == 200
        first = idle[0]
        first.settimeout(5)
        got = b""
        while piece := first.recv(1000):
            got += piece
        assert b"\x07\0\0\0\0\0" in got, "GOAWAY"
    finally:
        for link in idle:
            link.close()
        sidecar.kill()


def test_not_ready_only_while_all_connections_have_calls(start, keep):
    from harness.raw import RawClient, RawServer, call_headers, message
    held = []
    server = keep(RawServer(lambda wire, stream, got: held.append((wire, stream))))
    sidecar = start(server.address, limits={"connections": 2}, drain={"delay": "0s", "timeout": "1s"})
    sidecar.await_ready()
    clients = [keep(RawClient(sidecar.address)) for _ in range(2)]
    for client in clients:
        stream = client.open(call_headers())
        client.data(stream, message(), end_stream=True)
    wait_for(lambda: len(held) == 2, 5, "both have calls")
    assert sidecar.get("/readyz")[0] == 200
    import socket
    host, _, port = sidecar.address.rpartition(":")
    with socket.create_connection((host, int(port))) as refused:
        refused.settimeout(5)
        got = b""
        while piece := refused.recv(1000):
            got += piece
        assert b"limits.connections" in got
    wait_for(lambda: sidecar.get("/readyz")[0] == 503, 5, "not ready")
    assert "limits.connections" in sidecar.get("/readyz")[1]
    assert "refused" in sidecar.log()
    clients[0].close()
    wait_for(lambda: sidecar.get("/readyz")[0] == 200, 5, "ready again")


# --- limits of the system


def test_without_descriptors_it_goes_on_later(binary, place):
    """Descriptors run out: connections wait, idle ones are closed, it is said, and changes are taken afterwards."""
    import socket
    limit = 60
    sidecar = serve(binary, place, open(place.folder / "log", "wb"),
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    host, _, port = place.listen.rpartition(":")
    links = []
    try:
        wait_for(place.ready, 15, "ready")
        for _ in range(limit):
            links.append(socket.create_connection((host, int(port))))
        log = place.folder / "log"
        wait_for(lambda: "Too many open files" in log.read_text(), 10, "it is said")
        place.switch("migrating", epoch=2)
        for link in links:
            link.close()
        wait_for(lambda: accepts(place.stats) and place.epoch() == 2, 15, "the change is taken")
        sidecar.terminate()
        assert sidecar.wait(20) == 0
    finally:
        sidecar.kill()
        sidecar.wait()
