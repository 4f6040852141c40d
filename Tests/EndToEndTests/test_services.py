"""What the tool says of services, sides, databases and itself: names that are wrong, sides that do not answer, what it
cannot know, and what changes while it runs."""

import json
import socket
import sqlite3

import grpc
import pytest
from google.protobuf import descriptor_pb2

from harness.ledger import (
    CHANGE_MANY, IN_ENTRY, LEDGER, LIST, NAME, OVERWRITE, PLACE, PLAN, Bookkeeper, entry, hang, name)
from harness.operators import operating, sets
from harness.ports import free_address
from harness.processes import Process, accepts, wait_for
from harness.raw import RawClient, call_headers, message
from harness.records import settings
from harness.stubs import ledger
from harness.subjects import run

WRONG = "ledger.v1.Ledgr"
MIGRATING = dict(phase="migrating", enrolled="all", gray="none")
KEY = ("406", 1)
EVERYTHING = {
    **PLAN, "FindMany": {"kind": "pass_through", "effect": "read"},
    **{method: {"kind": "pass_through", "effect": "unsafe_write"}
       for method in ("Overwrite", "Place", "Drop", "ChangeMany")},
}


@pytest.fixture
def between(start, ledgers):
    """between(switches, ...) puts a sidecar between two ledgers that have one entry."""
    for side in ledgers:
        side.entries[KEY] = entry(KEY, 100)

    def between(switches, services=(LEDGER,), methods=PLAN, **options):
        return start(
            ledgers[0].address, ledgers[1].address, switches, plan=methods,
            migration={"services": list(services), **NAME}, **options).await_ready()

    return between


def calling(sidecar, act):
    client = Bookkeeper(sidecar.address)
    try:
        return act(client)
    finally:
        client.close()


def status(sidecar, *more):
    done = run(sidecar.binary, "status", *more, "--config", sidecar.configuration)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- names


def test_a_mistyped_service_holds_every_move_until_it_is_forced(between):
    sidecar = between(MIGRATING, services=[WRONG])
    with operating(sidecar) as operator:
        assert operator.status().services_never_called == [WRONG]
        assert operator.obstacles(gray=sets({"all": True})) == [], "where nobody calls, nothing is known"
        assert calling(sidecar, lambda client: client.find(KEY)).code == "OK"
        assert operator.status("").unnamed_services == [LEDGER]
        for change in (dict(gray=sets({"all": True})), dict(gray=sets({"add": "406"})), dict(phase="mirrored")):
            names = operator.obstacles(**change)
            assert {"service-never-called", "service-not-named"} <= set(names), (change, names)
            code, words = operator.change(**change)
            assert code == "FAILED_PRECONDITION" and WRONG in words and f"{LEDGER} is called" in words
        text = status(sidecar)
        assert f"called, and named by no migration: {LEDGER}" in text and f"no call    {WRONG} since" in text
        assert "[x] Every method" not in text
        assert operator.obstacles(gray=sets({"remove": "406"})) == [], "what goes back is never held"
        changed = operator.change(gray=sets({"all": True}), force="orders")
        assert changed.changed and changed.delta.calls_moved == 0 and changed.delta.calls_elsewhere == 1


def test_without_calls_a_status_ticks_no_method(between):
    sidecar = between(dict(phase="idle"))
    text = status(sidecar)
    assert f"[?] Whether the configuration names what clients call is unknown: {LEDGER} has not" in text
    assert "[x] Every method" not in text
    calling(sidecar, lambda client: client.find(KEY))
    text = status(sidecar)
    assert "[x] Every method that was called since" in text and "[?]" not in text


def test_a_service_that_is_meant_to_pass_holds_nothing(between):
    sidecar = between(MIGRATING, pass_through="orders")
    calling(sidecar, lambda client: (client.find(KEY), client.unary("/other.v1.Other/Get", b"")))
    with operating(sidecar) as operator:
        assert operator.status("").unnamed_services == ["other.v1.Other"]
        assert operator.obstacles(gray=sets({"all": True})) == []


def test_tools_that_ask_for_health_and_reflection_hold_nothing(between):
    sidecar = between(MIGRATING)
    calling(sidecar, lambda client: (
        client.find(KEY), client.unary("/grpc.health.v1.Health/Check", b""),
        client.unary("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", b"")))
    with operating(sidecar) as operator:
        assert operator.status("").unnamed_services == []
        assert operator.obstacles(gray=sets({"all": True})) == []


def test_an_unlisted_method_holds_moves_after_idle_too(between):
    sidecar = between(MIGRATING, methods={name: plan for name, plan in PLAN.items() if name != "Remove"})
    calling(sidecar, lambda client: (client.find(KEY), client.remove(("406", 9))))
    with operating(sidecar) as operator:
        assert operator.obstacles(gray=sets({"all": True})) == ["unlisted-methods"]
        assert operator.status().unlisted_methods == [f"{LEDGER}/Remove"]


@pytest.mark.parametrize("path", [
    f"/{LEDGER}/Find?a=b", f"/{LEDGER}/Find?", f"/{LEDGER}/Find;a", f"/{LEDGER}/%46ind", f"//{LEDGER}/Find",
    f"/x/../{LEDGER}/Find", f"/{LEDGER}/Find#a"])
def test_a_path_that_names_no_method_is_refused_once_keys_are_enrolled(between, ledgers, path):
    sidecar = between(dict(phase="idle"))
    calling(sidecar, lambda client: client.unary(path, name(KEY)))
    before = len(ledgers[0].log)
    for switches in (MIGRATING, dict(MIGRATING, enrolled={"allow": ["7"]}), MIGRATING,
                     dict(phase="mirrored", enrolled="all"), dict(phase="finished", enrolled="all")):
        sidecar.write_switches(**switches)
        with operating(sidecar) as operator:
            wait_for(lambda: operator.status().in_force.epoch == sidecar.epoch, what="in force")
        outcome = calling(sidecar, lambda client: client.unary(path, name(KEY)))
        assert (outcome.code, outcome.error) == ("UNIMPLEMENTED", "unknown-method"), switches
    assert len(ledgers[0].log) == before


# ---- check --descriptor


def descriptor(tmp_path, streams={}):
    """Of the ledger. `streams` makes a method one, as {"Find": "server_streaming"}."""
    file = descriptor_pb2.FileDescriptorProto.FromString(ledger.DESCRIPTOR.serialized_pb)
    for method in file.service[0].method:
        if method.name in streams:
            setattr(method, streams[method.name], True)
    path = tmp_path / "ledger.binpb"
    path.write_bytes(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
    return path


def with_plan(**changes):
    return {**EVERYTHING, **changes}


WRONGS = [
    # what is wrong, the services, the plan, what is said
    ("a service", [WRONG], EVERYTHING, f"has no service {WRONG}; write {LEDGER}"),
    ("a method", [LEDGER], {**{k: v for k, v in EVERYTHING.items() if k != "Find"}, "Fnid": PLAN["Find"]},
     "ledger.v1.Ledger has no method Fnid; write Find"),
    ("a key's type", [LEDGER], with_plan(Find={"kind": "single_query", "gray_key": {"path": 2, "type": "string"}}),
     "gray key: field 2 of ledger.v1.EntryName, id, is of type int64; write type: int64"),
    ("a number", [LEDGER], with_plan(Find={"kind": "single_query", "gray_key": {"path": 9, "type": "string"}}),
     "gray key: ledger.v1.EntryName has no field 9; it has 1 store (string), 2 id (int64)"),
    ("a message", [LEDGER], with_plan(Change={**PLAN["Change"], "record_key": {"path": 1, "type": "int64"}}),
     "record key: field 1 of ledger.v1.ChangeRequest, name, is ledger.v1.EntryName, which cannot be read as int64"),
    ("a way through a scalar", [LEDGER],
     with_plan(Find={"kind": "single_query", "gray_key": {"path": "1.1", "type": "string"}}), "has no fields"),
    ("a repeated field", [LEDGER],
     with_plan(FindMany={"kind": "single_query", "gray_key": {"path": 1, "type": "string"}}),
     "ids, is repeated; write which element, like 1[0]"),
    ("a sign", [LEDGER], with_plan(List={**LIST, "rows": {
        **LIST["rows"], "order": [{"path": 4, "type": "int64", "descending": True}]}}),
     "rows.order: field 4 of ledger.v1.Entry, cents, is of type sint64; write type: sint64"),
    ("the rows", [LEDGER], with_plan(List={**LIST, "rows": {**LIST["rows"], "field": 3}}),
     "field 3 of ledger.v1.ListReply, total, is not repeated"),
    ("a page token", [LEDGER], with_plan(List={**LIST, "pages": {**LIST["pages"], "response_token": 3}}),
     "a page token is string or bytes: field 3 of ledger.v1.ListReply, total, is int64"),
    ("the limit", [LEDGER], with_plan(List={**LIST, "pages": {**LIST["pages"], "limit": 1}}),
     "limit: field 1 of ledger.v1.ListRequest, store, is string, no integer"),
    ("a look-up's part", [LEDGER], with_plan(List={**LIST, "confirm": {
        **LIST["confirm"], "parts": [{"path": 1, "type": "string"}]}}),
     "parts: store of ledger.v1.Entry is string, ids"),
    ("a template's field", [LEDGER], with_plan(Change={
        "kind": "update", **IN_ENTRY, "put": {"method": "Overwrite", "fields": {"1": "reply.1"}},
        "put_or_insert": PLACE}),
     "1: reply.1: note of ledger.v1.EntryReply is string, entry of ledger.v1.SaveRequest is ledger.v1.Entry"),
    ("a template's method", [LEDGER], with_plan(Change={
        "kind": "update", **IN_ENTRY, "put": {**OVERWRITE, "method": "Overwirte"}, "put_or_insert": PLACE}),
     "has no method ledger.v1.Ledger/Overwirte; did you mean ledger.v1.Ledger/Overwrite?"),
    ("an element", [LEDGER], with_plan(Change={"kind": "update", "element": 2, **IN_ENTRY}),
     "field 2 of ledger.v1.ChangeRequest, add_cents, is not repeated"),
    ("an element's record key", [LEDGER], with_plan(ChangeMany={
        **CHANGE_MANY, "record_key": {"path": "1.9", "type": "int64"}}),
     "record key: ledger.v1.EntryName has no field 9"),
    ("the type of an element's record key", [LEDGER], with_plan(ChangeMany={
        **CHANGE_MANY, "record_key": {"path": "1.1", "type": "int64"}}),
     "record key: field 1.1 of ledger.v1.ChangeRequest, store, is of type string; write type: string"),
]


@pytest.mark.parametrize("services, plan, text", [case[1:] for case in WRONGS], ids=[case[0] for case in WRONGS])
def test_the_descriptor_shows_what_is_wrong(binary, tmp_path, services, plan, text):
    done = check(binary, tmp_path, services, plan)
    assert done.returncode == 1 and text in done.stderr, done.stderr
    assert "switchover.yaml:" in done.stderr
    assert check(binary, tmp_path, services, plan, compared=False).returncode == 0, "right in itself"


@pytest.mark.parametrize("side", ["client_streaming", "server_streaming"])
@pytest.mark.parametrize("method, key", [
    ("Find", "look_up"), ("Overwrite", "put"), ("Place", "put_or_insert"), ("Drop", "erase")])
def test_the_sidecar_asks_no_stream(method, key, side, binary, tmp_path):
    plan = with_plan(**{method: {"kind": "pass_through", "effect": "unsafe_write"}})
    done = check(binary, tmp_path, [LEDGER], plan, streams={method: side})
    assert done.returncode == 1 and f"{method} is a stream, and the sidecar asks" in done.stderr, done.stderr
    assert f".{key}: " in done.stderr, done.stderr


def check(binary, tmp_path, services, plan, *more, compared=True, streams={}):
    configuration = tmp_path / "switchover.yaml"
    configuration.write_text(json.dumps({
        "upstreams": {"a": {"address": free_address()}, "b": {"address": free_address()}},
        "migrations": {"orders": {"old": "a", "new": "b", "services": services, **NAME, "methods": plan}}}, indent=1))
    words = ["--descriptor", descriptor(tmp_path, streams)] if compared else []
    return run(binary, "check", "--config", configuration, *words, *more)


def test_a_right_configuration_fits_its_descriptor(binary, tmp_path):
    done = check(binary, tmp_path, [LEDGER], EVERYTHING)
    assert done.returncode == 0, done.stderr
    assert "3 total of ledger.v1.ListReply cannot be merged" in done.stderr and "rest: old" in done.stderr
    plan = {name: method for name, method in EVERYTHING.items() if name != "Drop"}
    assert "ledger.v1.Ledger/Drop is not listed" in check(binary, tmp_path, [LEDGER], plan).stderr
    assert "no migration names services" in nothing_to_compare(binary, tmp_path).stderr


def nothing_to_compare(binary, tmp_path):
    path = tmp_path / "none.binpb"
    path.write_bytes(b"no descriptor")
    configuration = tmp_path / "switchover.yaml"
    assert run(binary, "check", "--config", configuration, "--descriptor", path).returncode == 1
    assert run(binary, "check", "--config", configuration, "--descriptor", tmp_path / "absent").returncode == 1
    made = run(binary, "init", "--sqlite-old", *tables(tmp_path), "-o", tmp_path / "records.yaml")
    assert made.returncode == 0, made.stderr
    return run(binary, "check", "--config", tmp_path / "records.yaml", "--descriptor", descriptor(tmp_path))


def tables(tmp_path):
    for side in ("old", "new"):
        link = sqlite3.connect(tmp_path / f"{side}.db")
        link.execute("create table orders (id integer primary key, store_id text not null)")
        link.close()
    return [tmp_path / "old.db", "--table", "orders", "--sqlite-new", tmp_path / "new.db"]


# ---- what a status knows


def sides(operator):
    return {side.side: (side.reachable, side.reachable_problem) for side in operator.status().sides}


def test_a_side_that_does_not_answer_is_said_to(start, ledgers):
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{silent.getsockname()[1]}"
    sidecar = start(ledgers[0].address, address, MIGRATING, plan=PLAN, migration={"services": [LEDGER], **NAME})
    sidecar.await_ready()
    with operating(sidecar) as operator:
        assert sides(operator) == {"old": ("yes", ""), "new": ("no", "no answer within 1 s")}
        assert "NOT REACHABLE (no answer within 1 s)" in status(sidecar)
        ledgers[0].close()
        silent.close()
        said = wait_for(
            lambda: (lambda found: found if found["old"][0] == "no" else None)(sides(operator)), 10, "old is gone")
        assert "refused" in said["old"][1] and said["new"][0] == "no", said


def test_a_table_that_cannot_be_read_is_no_reachable_side(start, databases):
    sidecar = start("", None, MIGRATING, **settings(*databases)).await_ready()
    with operating(sidecar) as operator:
        assert sides(operator) == {"old": ("yes", ""), "new": ("yes", "")}
        databases[1].link.execute("drop table orders")
        databases[1].link.commit()
        said = wait_for(
            lambda: (lambda found: found if found["new"][0] == "no" else None)(sides(operator)), 10, "new is gone")
        assert "there is no table orders" in said["new"][1], said
        assert any("is gone" in text for text in operator.status().table_changes)


def test_what_the_sidecar_cancels_is_no_failure_of_a_side(between, ledgers):
    """A merged query whose one side fails cancels the other; a client that leaves cancels what it asked."""
    sidecar = between(MIGRATING)
    ledgers[0].faults["List"] = hang(1.5)
    ledgers[1].faults["List"] = grpc.StatusCode.INTERNAL
    assert calling(sidecar, lambda client: client.list(store="406")).code == "UNAVAILABLE"
    with operating(sidecar) as operator:
        old = wait_for(lambda: next(
            (side for side in operator.status().sides if side.side == "old" and side.asked), None), 10, "counted")
        assert (old.asked, old.failed, old.cancelled) == (1, 0, 1)
        new = operator.status().sides[1]
        assert (new.asked, new.failed, new.cancelled) == (1, 1, 0)


def test_a_client_that_leaves_is_no_failure_of_a_side_and_a_deadline_is(between, ledgers):
    sidecar = between(dict(phase="idle"))
    ledgers[0].faults["Find"] = hang(1.5)
    channel = grpc.insecure_channel(sidecar.address)
    call = channel.unary_unary(f"/{LEDGER}/Find", lambda m: m.SerializeToString(), lambda b: b)
    future = call.future(name(KEY))
    wait_for(lambda: ledgers[0].log, what="asked")
    future.cancel()
    # A client that leaves the deadline to the sidecar: grpcio's own would race with it.
    with RawClient(sidecar.address) as raw:
        headers = call_headers(f"/{LEDGER}/Find", ("grpc-timeout", "300m"))
        assert raw.call(headers, message(name(KEY).SerializeToString())).grpc_status == "4"
    with operating(sidecar) as operator:
        wait_for(lambda: operator.status().sides[0].asked == 2, 10, "both counted")
        old = operator.status().sides[0]
        assert (old.failed, old.cancelled) == (1, 1)
    channel.close()


def test_before_its_start_it_knows_nothing_of_writes(start, databases, between):
    sidecar = start("", None, dict(phase="idle"), **settings(*databases)).await_ready()
    with operating(sidecar) as operator:
        assert operator.phase("migrating", new_is_empty=True).changed
        assert operator.enrol(all=True).changed
        seen = operator.status()
        assert seen.unknown == [] and any("No record is dirty now" in text for text in seen.met)
    sidecar.popen.kill()
    sidecar.wait()
    again = start("", None, None, folder=sidecar.folder, **settings(*databases)).await_ready()
    with operating(again) as operator:
        seen = operator.status()
        started = operator.status("").started
        assert seen.unknown == [f"Whether a write was left on one side is unknown before the start at {started}."]
        assert all("since the start at " + started in text for text in seen.met if "No write" in text)
        notes = operator.change(gray=sets({"all": True}), dry_run=True).notes
        assert any(f"before {started} is not known" in note for note in notes), notes


def test_a_preview_counts_the_calls_that_move(between):
    sidecar = between(dict(phase="migrating", enrolled={"allow": ["406", "7"]}, gray="none"))
    calling(sidecar, lambda client: [client.find(KEY) for _ in range(3)] + [client.call("FindMany", b"")])
    with operating(sidecar) as operator:
        delta = operator.change(gray=sets({"add": "406"}), dry_run=True, force="orders").delta
        assert (delta.calls_last_minute, delta.calls_moved, delta.calls_elsewhere) == (3, 3, 1), delta
        delta = operator.change(gray=sets({"add": "7"}), dry_run=True, force="orders").delta
        assert (delta.calls_last_minute, delta.calls_moved) == (3, 0), delta


def test_what_does_not_follow_the_gray_switch_is_said_by_check_and_move(between):
    sidecar = between(dict(phase="migrating", enrolled="none"), methods=EVERYTHING)
    with operating(sidecar) as operator:
        notes = "\n".join(operator.enrol(all=True).notes)
        assert "do not follow the gray switch: FindMany" in notes
        assert "ChangeMany" in notes and "write on old alone" in notes
        assert "answers of List that are merged" in notes
        assert "do not follow the gray switch" in "\n".join(operator.gray(all=True).notes)
    text = run(sidecar.binary, "check", "--config", sidecar.configuration).stdout
    assert "pass_through, read, follows the total switch" in text
    assert "rest dropped" in text


# ---- what changes while it runs


def test_a_table_that_changes_beside_it_is_noticed(start, databases):
    sidecar = start("", None, MIGRATING, **settings(*databases)).await_ready()
    with operating(sidecar) as operator:
        assert operator.status().table_changes == []
        link = databases[0].link
        link.execute("create trigger audit after update on t_order begin select 1; end")
        link.execute("create index by_store on t_order (store_id)")
        link.execute("alter table t_order add column extra text")
        link.commit()
        changes = wait_for(lambda: list(operator.status().table_changes), 10, "noticed")
        assert [change.split(" of ")[0].split(" to ")[0] for change in changes] == [
            "Column extra was added", "Index by_store was added", "Trigger audit was added"], changes
        wait_for(lambda: "Trigger audit was added" in sidecar.log(), 10, "logged")
        assert "changed    Trigger audit was added" in status(sidecar)
        link.execute("drop trigger audit")
        link.commit()
        wait_for(lambda: len(operator.status().table_changes) == 2, 10, "taken back")


# ---- JSON, keys, addresses


def test_numbers_are_numbers_and_failures_are_json(between):
    sidecar = between(MIGRATING)
    calling(sidecar, lambda client: client.find(KEY))
    said = json.loads(status(sidecar, "--json"))
    orders = said["migrations"][0]
    assert orders["inForce"]["epoch"] == 2 and orders["sides"][0]["asked"] == 1
    watched = run(sidecar.binary, "watch", "orders", "--count", "1", "--interval", "0.2", "--json", "--config",
                  sidecar.configuration)
    assert set(json.loads(watched.stdout)) == set(said)
    failures = [
        (["status", "nothing"], 2, "NOT_FOUND"), (["total", "orders", "retired"], 2, "FAILED_PRECONDITION"),
        (["explain", "orders", "7"], 2, "FAILED_PRECONDITION"), (["watch", "orders", "--interval", "0"], 64, "USAGE"),
        (["status", "--control", "/tmp/nobody.sock"], 3, "UNAVAILABLE"), (["history", "--nonsense"], 64, "USAGE"),
        (["get", "orders", "7"], 1, "INVALID_CONFIGURATION"),
    ]
    for words, code, name in failures:
        done = run(sidecar.binary, *words, "--json", "--config", sidecar.configuration)
        error = json.loads(done.stdout)["error"]
        assert (done.returncode, error["code"], error["exitStatus"]) == (code, name, code), done
        assert error["message"] and done.stderr == ""
    for words in (["status"], ["check"], ["query", "orders"]):
        done = run(sidecar.binary, *words, "--json", "--config", "/tmp/no-such.yaml")
        assert json.loads(done.stdout)["error"]["code"] == "INVALID_CONFIGURATION" and done.returncode == 1


def test_lists_of_keys_from_other_programs(start, databases):
    sidecar = start("", None, dict(MIGRATING), **settings(*databases)).await_ready()
    keys = sidecar.folder / "keys.txt"

    def take(content):
        keys.write_bytes(content)
        return run(sidecar.binary, "gray", "orders", "file", "keys.txt", "--config", sidecar.configuration)

    for content, problem in [
        (b'406\n"407"\n', 'keys.txt:2: "407" has quotation marks'),
        (b"406\n407 \n", 'keys.txt:2: "407 " begins or ends'),
        (b"\xff\xfe4\x006\x00", "UTF-16"), (b"406\r407\n", "keys.txt:1: the line holds a carriage return"),
    ]:
        done = take(content)
        assert done.returncode == 2 and problem in done.stderr, done.stderr
    assert take(b"\xef\xbb\xbf406\r\n407\r\n").returncode == 0
    with operating(sidecar) as operator:
        assert [operator.explain(key).stage for key in ("406", "407", "408")] == ["dualNew", "dualNew", "dualOld"]


@pytest.mark.parametrize("listen", ["unix:data.sock", "127.0.0.1:0"])
def test_data_commands_find_where_it_really_listens(binary, start, databases, tmp_path, listen, keep):
    databases[0].put(1, "406")
    sidecar = start("", None, dict(phase="idle"), **settings(*databases)).await_ready()
    sidecar.terminate()
    sidecar.wait()
    process = keep_closing(keep, Process(
        [str(binary), "serve", "--config", str(sidecar.configuration), "--listen", listen],
        tmp_path / "again.log", cwd=sidecar.folder))
    wait_for(lambda: accepts(sidecar.stats) and sidecar.get("/readyz")[0] == 200, 10, "ready")
    done = run(binary, "get", "orders", "1", "--config", sidecar.configuration, cwd=tmp_path)
    assert done.returncode == 0 and "406" in done.stdout, done.stderr


def keep_closing(keep, process):
    process.close = process.kill
    process.name, process.address = "sidecar", "its own"
    return keep(process)
