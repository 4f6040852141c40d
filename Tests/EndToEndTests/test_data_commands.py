"""Records by command: get, query, insert, update, upsert, delete, and the shell's completion."""

import json
import os
import sqlite3
import subprocess

import pytest

from harness.ports import free_address
from harness.subjects import run

FIELDS = {
    "order_id": "int64", "store_id": "text", "status": "text", "total": {"type": "decimal", "nullable": True},
    "paid": {"type": "bool", "nullable": True}, "weight": {"type": "double", "nullable": True},
    "created_at": {"type": "timestamp", "nullable": True}, "code": {"type": "uuid", "nullable": True},
    "photo": {"type": "bytes", "nullable": True}, "extra": {"type": "json", "nullable": True}, "version": "int64",
}
TABLE = """
create table orders (order_id integer primary key, store_id text not null, status text not null default 'open',
total integer, paid integer, weight real, created_at integer, code text, photo blob, extra text, version integer)"""
LINES = """
create table lines (order_id integer, line integer, store_id text, amount integer, primary key (order_id, line))"""
COLUMNS = {"columns": {
    "total": {"column": "total", "scale": 2}, "created_at": {"column": "created_at", "stored": "microseconds"},
    "code": {"column": "code", "stored": "text"}}}
FULL = ["order_id=7", "store_id=406", "status=sent", "total=-12.50", "paid=true", "weight=1.5",
        "created_at=2017-01-01T12:53:26.25+01:00", "code=00010203-0405-0607-0809-0a0b0c0d0e0f", "photo=hex:0aff",
        'extra={"a": [1, null]}']
AS_JSON = {"order_id": 7, "store_id": "406", "status": "sent", "total": "-12.5", "paid": True, "weight": 1.5,
           "created_at": "2017-01-01T11:53:26.25Z", "code": "00010203-0405-0607-0809-0a0b0c0d0e0f",
           "photo": "hex:0aff", "extra": {"a": [1, None]}, "version": 1}


@pytest.fixture
def sidecar(start, tmp_path):
    for side in ("old", "new"):
        link = sqlite3.connect(tmp_path / f"{side}.db")
        link.execute(TABLE)
        link.execute(LINES)
        link.close()
    upstreams = {f"shop-{side}": {"sqlite": str(tmp_path / f"{side}.db")} for side in ("old", "new")}
    sides = {"old": "shop-old", "new": "shop-new"}
    orders = {"entity": "orders", "fields": FIELDS, "key": "order_id", "gray_key": "store_id", "version": "version",
              **{side: {"table": "orders", **COLUMNS} for side in ("old", "new")}}
    lines = {"entity": "lines", "key": ["order_id", "line"], "gray_key": "store_id",
             "fields": {"order_id": "int64", "line": "int64", "store_id": "text", "amount": "int64"},
             **{side: {"table": "lines"} for side in ("old", "new")}}
    sidecar = start("", "", None, upstreams=upstreams, migrations={
        "orders": {**sides, "records": orders}, "lines": {**sides, "records": lines}})
    assert run(sidecar.binary, "init-switches", "--config", sidecar.configuration).returncode == 0
    return sidecar.await_ready()


@pytest.fixture
def do(sidecar):
    def do(command, *words):
        return run(sidecar.binary, command, *words, "--config", sidecar.configuration)

    return do


def objects(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_record_of_every_type_there_and_back(do):
    assert objects(do("insert", "orders", *FULL, "--json")) == [AS_JSON]
    assert objects(do("get", "orders", 7, "--json")) == [AS_JSON]
    assert objects(do("get", "orders", 7, "--gray-key", 406, "--json")) == [AS_JSON]
    # What is shown can be written again.
    nulls = [f"{name}=null" for name in ("total", "paid", "weight", "created_at", "code", "photo", "extra")]
    assert objects(do("update", "orders", 7, *nulls, "--json")) == [
        {**dict.fromkeys(AS_JSON), "order_id": 7, "store_id": "406", "status": "sent", "version": 2}]
    again = [f"{name}={json.dumps(value) if name == 'extra' else str(value).lower() if name == 'paid' else value}"
             for name, value in AS_JSON.items() if name not in ("order_id", "store_id", "version")]
    assert objects(do("update", "orders", 7, *again, "--json")) == [{**AS_JSON, "version": 3}]


def test_what_a_person_sees(do):
    done = do("insert", "orders", "order_id=1", "store_id=406", "total=7", r"status=\null")
    assert done.stdout.splitlines()[:4] == ["order_id    1", "store_id    406", "status      null", "total       7"]
    do("insert", "orders", "order_id=12", "store_id=406", "total=10.25", "status=two\nlines")
    table = do("query", "orders").stdout.splitlines()
    assert [line.split()[:4] for line in table] == [
        ["order_id", "store_id", "status", "total"], ["1", "406", "null", "7"], ["12", "406", '"two\\nlines"', "10.25"]]
    assert table[1].startswith("       1  406")
    both = do("get", "orders", 1, 12).stdout.split("\n\n")
    assert [part.splitlines()[0].split() for part in both] == [["order_id", "1"], ["order_id", "12"]]


def test_keys_of_two_fields(do):
    assert objects(do("insert", "lines", "order_id=1", "line=2", "store_id=406", "amount=3", "--json"))
    assert objects(do("get", "lines", "1,2", "--json")) == [{"order_id": 1, "line": 2, "store_id": "406", "amount": 3}]
    assert objects(do("delete", "lines", "1,2", "--json"))[0]["amount"] == 3
    done = do("get", "lines", "1")
    assert done.returncode == 64
    assert "ORDER_ID,LINE" in done.stderr


@pytest.fixture
def stocked(do):
    for number, (status, total) in enumerate([("open", 1), ("open", 2), ("sent", 3), ("open", 4), ("paid", None)]):
        written = "null" if total is None else total
        store = 407 if number == 3 else 406
        assert do("insert", "orders", f"order_id={number}", f"store_id={store}", f"status={status}",
                  f"total={written}").returncode == 0
    return lambda *words: [found["order_id"] for found in objects(do("query", "orders", "--json", *words))]


def test_conditions_and_order(stocked):
    assert stocked() == [0, 1, 2, 3, 4]
    assert stocked("--where", "status=open") == [0, 1, 3]
    assert stocked("--where", "status=open", "--gray-key", 406) == [0, 1]
    assert stocked("--where", "status!=open", "--where", "total>=3") == [2]
    assert stocked("--where", "total<2") == [0]
    assert stocked("--where", "total<=2", "--order", "-total") == [1, 0]
    assert stocked("--where", "total>3") == [3]
    assert stocked("--where", "total=null") == [4]
    assert stocked("--where", "total!=null", "--order", "status", "--order", "-order_id") == [3, 1, 0, 2]
    assert stocked("--where", "status^=p") == [4]


def test_going_on(do, stocked):
    done = do("query", "orders", "--limit", 2)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3
    option, token = done.stderr.split()[-2:]
    assert option == "--after"
    assert stocked("--limit", 2, "--after", token) == [2, 3]
    assert stocked("--limit", 0, "--after", token) == [2, 3, 4]
    assert do("query", "orders", "--limit", 0).stderr == ""
    assert do("query", "orders", "--after", token, "--order", "status").returncode == 2, "the token of another query"


def test_all_of_many(do, sidecar, tmp_path):
    link = sqlite3.connect(tmp_path / "old.db")
    with link:
        link.executemany("insert into orders (order_id, store_id, version) values (?, '406', 1)",
                         [(number,) for number in range(2_345)])
    link.close()
    lines = do("query", "orders", "--limit", 0).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["order_id", *map(str, range(2_345))]


def test_writes(do):
    assert objects(do("upsert", "orders", "order_id=1", "store_id=406", "status=open", "--json"))[0]["version"] == 1
    assert objects(do("upsert", "orders", "order_id=1", "store_id=406", "total=5", "--json"))[0]["status"] == "open"
    done = do("update", "orders", 1, "status=sent", "--expected-version", 1)
    assert (done.returncode, done.stdout) == (2, "")
    assert "version 2" in done.stderr
    assert do("update", "orders", 1, "status=sent", "--expected-version", 2, "--gray-key", 406).returncode == 0
    assert do("delete", "orders", 1, "--expected-version", 2).returncode == 2
    assert objects(do("delete", "orders", 1, "--json"))[0]["status"] == "sent"
    assert do("delete", "orders", 1).returncode == 2
    done = do("get", "orders", 1)
    assert (done.returncode, done.stderr) == (2, "orders has no record 1\n")


@pytest.mark.parametrize("words, named", [
    (["get", "order", 1], ["no entity order", "lines"]),
    (["get", "orders", "x"], ["order_id", "int64"]),
    (["update", "orders", 1, "stauts=x"], ["stauts", "status"]),
    (["update", "orders", 1, "status"], ["status", "FIELD=VALUE"]),
    (["update", "orders", 1, "total=1", "total=2"], ["total stands twice"]),
    (["update", "orders", 1, "total=1e3"], ["total", "decimal", "-12.50"]),
    (["update", "orders", 1, "paid=yes"], ["paid", "true or false"]),
    (["update", "orders", 1, "weight=nan"], ["weight"]),
    (["update", "orders", 1, "created_at=yesterday"], ["created_at", "2017-01-01T11:53:26Z"]),
    (["update", "orders", 1, "code=1"], ["code", "uuid"]),
    (["update", "orders", 1, "photo=0a"], ["photo", "hex:"]),
    (["update", "orders", 1, "photo=hex:0"], ["photo", "hex:"]),
    (["update", "orders", 1, "extra={"], ["extra", "JSON"]),
    (["update", "orders", 1], ["changes"]),
    (["query", "orders", "--where", "status"], ["status", "!="]),
    (["query", "orders", "--where", "total<null"], ["total", "NULL"]),
    (["query", "orders", "--order", "-when"], ["when", "created_at"]),
    (["query", "orders", "--limit", "-1"], ["--limit"]),
    (["query", "orders", "--after", "?"], ["--after"]),
    (["get", "orders", 1, "--address", "nowhere"], ["nowhere", "host:port"]),
])
def test_what_is_wrong_with_the_words(words, named, do):
    done = do(*words)
    print(done.stderr)
    assert (done.returncode, done.stdout) == (64, "")
    for word in named:
        assert word in done.stderr


@pytest.mark.parametrize("words, named", [
    (["insert", "orders", "order_id=1"], "store_id"),
    (["update", "orders", 1, "order_id=2"], "order_id"),
    (["update", "orders", 1, "version=2"], "counts by itself"),
    (["update", "orders", 1, "status=null"], "status"),
])
def test_what_the_records_do_not_allow(words, named, do):
    done = do(*words)
    print(done.stderr)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr


def test_another_address_and_nobody_there(do, sidecar, tmp_path):
    assert objects(do("insert", "orders", "order_id=1", "store_id=406", "--address", sidecar.address, "--json"))
    for address in (free_address(), f"unix:{tmp_path}/none.sock"):
        done = do("get", "orders", 1, "--address", address)
        assert (done.returncode, done.stdout) == (3, "")
        assert "no sidecar answers" in done.stderr and address in done.stderr


def test_no_records_in_the_configuration(start, binary):
    sidecar = start(free_address())
    done = run(binary, "get", "orders", 1, "--config", sidecar.configuration)
    assert done.returncode == 1
    assert "records:" in done.stderr
    assert run(binary, "get", "orders", 1, "--config", "none.yaml").returncode == 1


@pytest.mark.parametrize("command", ["get", "query", "insert", "update", "upsert", "delete"])
def test_help_has_examples(command, binary):
    done = run(binary, command, "--help")
    assert done.returncode == 0
    assert f"switchover {command} orders" in done.stdout
    assert "Exit status" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, binary):
    done = run(binary, "--generate-completion-script", shell)
    assert done.returncode == 0
    assert "migrating" in done.stdout and "query" in done.stdout


def test_names_complete(do, sidecar):
    def complete(*words):
        done = run(sidecar.binary, "---completion", *words, cwd=sidecar.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    typed = ["0", "0", "switchover"]
    assert complete("total", "--", "positional@0", *typed) == ["orders", "lines"]
    assert complete("get", "--", "positional@0", *typed, "--config", "none.yaml") == []
    assert complete("get", "--", "positional@0", *typed) == ["orders", "lines"]


COMPLETE = """
source <(switchover --generate-completion-script bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_switchover switchover "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("words, offered", [
    (["total", "o"], {"orders"}),
    (["total", "orders", ""], {"idle", "migrating", "mirrored", "finished", "retired"}),
    (["get", ""], {"orders", "lines"}),
    (["gray", "orders", "p"], {"percent", "preview"}),
    (["check", "--config", "switchover.y"], {"switchover.yaml"}),
    (["up"], {"update", "upsert"}),
])
def test_bash_completes(words, offered, sidecar, binary, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/switchover").symlink_to(binary)
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", "switchover", *words], cwd=sidecar.folder, capture_output=True, text=True,
        timeout=20, check=False, env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert set(done.stdout.split()) == offered, done.stderr


def test_an_error_points_to_the_commands_own_usage(do):
    done = do("get", "orders", "x")
    assert done.returncode == 64
    assert 'order_id: "x" is no int64' in done.stderr and "Usage: switchover get" in done.stderr
