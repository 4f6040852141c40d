"""`switchover init`: what it writes passes `check`, or check names exactly the lines that need a decision."""

import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest

from harness.ports import free_address
from harness.processes import Process
from harness.shopper import Shopper, side
from harness.subjects import run

PROTOS = pathlib.Path(__file__).parent / "protos"
SHOP = """\
syntax = "proto3";
package big.v1;
message Item { string tenant_id = 1; string item_id = 2; string title = 3; }
message GetItemRequest { string tenant_id = 1; string item_id = 2; }
message ListItemsRequest { string tenant_id = 1; int32 page_size = 2; string page_token = 3; }
message ListItemsResponse { repeated Item items = 4; string next_page_token = 5; }
message CreateItemRequest { Item item = 1; }
message UpdateItemRequest { Item item = 1; repeated string mask = 2; map<string, string> labels = 3; }
message DeleteItemRequest { string tenant_id = 5; string item_id = 6; }
message Nothing {}
service ItemService {
  rpc GetItem(GetItemRequest) returns (Item);
  rpc BatchGetItems(GetItemRequest) returns (ListItemsResponse);
  rpc ListItems(ListItemsRequest) returns (ListItemsResponse);
  rpc CreateItem(CreateItemRequest) returns (Item);
  rpc UpdateItem(UpdateItemRequest) returns (Item);
  rpc DeleteItem(DeleteItemRequest) returns (Nothing);
  rpc WatchItems(ListItemsRequest) returns (stream Item);
  rpc UploadItems(stream Item) returns (Nothing);
  rpc Reindex(Nothing) returns (Nothing);
}
"""


@pytest.fixture
def descriptor(tmp_path):
    """descriptor("shop") makes the descriptor set of a file of protos/; a text is a file of its own."""

    def make(name, text=None):
        folder = PROTOS
        if text:
            (tmp_path / f"{name}.proto").write_text(text)
            folder = tmp_path
        path = tmp_path / f"{name}.binpb"
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", "--include_imports",
             f"--descriptor_set_out={path}", str(folder / f"{name}.proto")], check=True, timeout=60)
        return path

    return make


def made(binary, tmp_path, *arguments):
    """The file's lines, and the numbers of those that check names."""
    done = run(binary, "init", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "switchover.yaml").read_text().splitlines()
    assert max(map(len, lines)) <= 120
    checked = run(binary, "check", cwd=tmp_path)
    errors = [line for line in checked.stderr.splitlines() if not line.startswith("warning: ")]
    named = [int(line.split(":")[1]) for line in errors]
    assert (checked.returncode == 0) == (not named), checked.stderr
    return lines, named


def undecided(lines):
    """Lines that check has to name: the others that are to be decided have a value that could be right."""
    numbers = []
    for number, line in enumerate(lines, 1):
        if re.search(r": decide\b", line.partition("#")[0]) or "must be alike" in line:
            # A remark of its own stands above its line.
            numbers.append(number + 1 if line.lstrip().startswith("#") else number)
    return numbers


def line_with(lines, words):
    return next(" ".join(line.split()) for line in lines if words in line)


def test_every_method_is_listed_with_a_kind(binary, tmp_path, descriptor):
    lines, named = made(binary, tmp_path, "--descriptor", descriptor("big", SHOP))
    assert named == []
    text = "\n".join(lines)
    kinds = dict(re.findall(r"      (\w+):(?:\n        | \{ )kind: (\w+)", text))
    assert kinds == {
        "GetItem": "single_query", "BatchGetItems": "pass_through", "ListItems": "multi_query",
        "CreateItem": "insert", "UpdateItem": "update", "DeleteItem": "delete", "WatchItems": "pass_through",
        "UploadItems": "pass_through", "Reindex": "pass_through"}
    effects = dict(re.findall(r"(\w+): \{ kind: pass_through, effect: (\w+)", text))
    assert effects == {
        "BatchGetItems": "read", "WatchItems": "read", "UploadItems": "unsafe_write", "Reindex": "unsafe_write"}
    assert "  item:" in lines and "    services: [big.v1.ItemService]" in lines
    assert line_with(lines, "gray_key: { path: 1, type: string }").endswith("# tenant_id; guess")
    assert line_with(lines, "record_key: { path: 6, type: string }").endswith("# item_id; guess")
    assert line_with(lines, "look_up") == (
        "look_up: { method: GetItem, fields: { 1: request.1.1, 2: request.1.2 } } # guess")
    assert line_with(lines, "tokens") == "pages: { tokens: opaque, limit: 2, request_token: 3, response_token: 5 }"
    assert line_with(lines, "field: 4") == "field: 4 # items"
    for line in lines:
        if "kind:" in line and not line.lstrip().startswith("#"):
            assert "guess" in line, line


@pytest.mark.parametrize("name, services", [
    ("shop", []), ("ledger", []), ("interop", []), ("interop", ["switchover.test.v1.Interop"])])
def test_check_names_exactly_what_is_to_be_decided(name, services, binary, tmp_path, descriptor):
    arguments = [word for service in services for word in ("--service", service)]
    lines, named = made(binary, tmp_path, "--descriptor", descriptor(name), *arguments)
    assert named == undecided(lines)
    assert bool(named) == (name != "interop"), lines


def test_what_was_written_serves_once_it_is_decided(binary, tmp_path, descriptor, shops):
    made(binary, tmp_path, "--descriptor", descriptor("shop"))
    path = tmp_path / "switchover.yaml"
    text = re.sub(r"      Find:\n(        .*\n)+", "", path.read_text())
    listen, stats = free_address(), free_address()
    for old, new in (("127.0.0.1:7400", listen), ("127.0.0.1:7401", stats), ("127.0.0.1:50051", shops[0].address),
                     ("127.0.0.1:50052", shops[1].address)):
        text = text.replace(old, new)
    path.write_text(text)
    assert run(binary, "init-switches", cwd=tmp_path).returncode == 0
    shops[0].orders.add("a")
    sidecar = Process([str(binary), "serve"], tmp_path / "log", cwd=tmp_path)
    try:
        sidecar.await_port(listen)
        with Shopper(listen) as client:
            assert side(client.get("a")) == "old"
    finally:
        sidecar.kill()


OLD = """
create table t_order (id integer primary key, store_id text not null, total_cents integer, created text,
  status varchar(10), amount decimal(10,2), paid boolean, version integer not null default 1, note text);
insert into t_order values (1, '406', 5, '2017-01-01T11:53:26Z', 'open', '1.50', 1, 1, 'x');
"""
NEW = """
create table orders (order_id integer primary key, store_id text not null, total integer, created_at integer,
  order_status text, amount decimal(10,2), paid boolean, version integer not null default 1, source text not null);
"""


def database(path, statements):
    link = sqlite3.connect(path)
    link.executescript(statements)
    link.close()
    return path


def test_two_tables(binary, tmp_path):
    old, new = database(tmp_path / "old.db", OLD), database(tmp_path / "new.db", NEW)
    lines, named = made(
        binary, tmp_path, "--sqlite-old", old, "--table", "t_order", "--sqlite-new", new, "--new-table", "orders")
    assert named == undecided(lines)
    fields = dict(re.findall(r"^        (\w+): (.*?) +#", "\n".join(lines), re.M))
    assert fields["order_id"] == "int64"
    assert fields["created_at"] == "{ type: timestamp, nullable: on }"
    assert fields["order_status"] == "{ type: text, nullable: on }"
    assert fields["version"] == "int64"
    assert line_with(lines, "key: order_id") == "key: order_id"
    assert line_with(lines, "gray_key: store_id").startswith("gray_key: store_id # the field")
    assert line_with(lines, "created_at: { column: created,") == (
        'created_at: { column: created, stored: "2017-01-01T11:53:26Z" } # guess')
    assert line_with(lines, "# decide: note") == "# decide: note: orders has no such column, so that it is not mapped"
    assert line_with(lines, "source: decide").endswith("# decide: what new rows have there, TEXT")
    assert fields["amount"] == "{ type: decimal, nullable: on }"
    text = (tmp_path / "switchover.yaml").read_text()
    text = text.replace("source: decide", "source: sidecar").replace("stored: decide", "stored: seconds")
    (tmp_path / "switchover.yaml").write_text(text)
    checked = run(binary, "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "no field is in note, so that what stands there is not carried to new" in checked.stderr
    rows = [" ".join(line.split()) for line in checked.stdout.splitlines()]
    assert "field type old: t_order new: orders conversion" in rows
    assert "created_at timestamp, nullable created created_at 2017-01-01T11:53:26Z <-> seconds" in rows
    assert "amount decimal, nullable amount amount float, scale 2" in rows


def test_tables_without_a_key_or_a_store(binary, tmp_path):
    old = database(tmp_path / "old.db", "create table a (x text, y integer);")
    new = database(tmp_path / "new.db", "create table a (x text, y integer);")
    lines, named = made(binary, tmp_path, "--sqlite-old", old, "--table", "a", "--sqlite-new", new)
    assert len(named) == 2
    assert named == undecided(lines)


def test_without_a_source_it_is_a_template(binary, tmp_path):
    lines, named = made(binary, tmp_path)
    assert named == []
    assert run(binary, "init", "--output", "-", cwd=tmp_path).stdout.splitlines() == lines


def test_a_file_is_replaced_by_force_only(binary, tmp_path):
    path = tmp_path / "switchover.yaml"
    path.write_text("mine")
    done = run(binary, "init", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1, "switchover.yaml is there already; name another file with --output, or replace it with --force\n")
    assert path.read_text() == "mine"
    assert run(binary, "init", "--force", cwd=tmp_path).returncode == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize("arguments, status, words", [
    (["--descriptor", "none.binpb"], 1, "none.binpb cannot be read; make it with: protoc --include_imports"),
    (["--descriptor", "text"], 1, "text is no descriptor set; make one with: protoc"),
    (["--descriptor", "big.binpb", "--service", "big.v1.ItemServise"], 1,
     "big.binpb has no service big.v1.ItemServise; write big.v1.ItemService"),
    (["--sqlite-old", "none.db", "--table", "a", "--sqlite-new", "none.db"], 1, "none.db: there is no such database"),
    (["--sqlite-old", "old.db", "--table", "b", "--sqlite-new", "old.db"], 1,
     "old.db: there is no table b; name one of a"),
    (["--sqlite-old", "old.db"], 64, "--sqlite-old, --table, --sqlite-new and --new-table"),
    (["--service", "a.B"], 64, "--service names one of a --descriptor"),
    (["--descriptor", "big.binpb", "--table", "a"], 64, "a migration moves one or the other"),
])
def test_what_it_cannot_start_from(arguments, status, words, binary, tmp_path, descriptor):
    descriptor("big", SHOP)
    (tmp_path / "text").write_text("no descriptor")
    database(tmp_path / "old.db", "create table a (x);")
    done = run(binary, "init", *arguments, cwd=tmp_path)
    assert done.returncode == status
    assert words in done.stderr
    assert not (tmp_path / "switchover.yaml").exists()


def test_check_lists_what_init_has_marked(binary, tmp_path):
    lines, named = made(binary, tmp_path)
    assert not named
    # A line that is nothing but a remark explains; the others are marked.
    marked = [number for number, line in enumerate(lines, 1) if re.search(r"^[^#].*#.*(decide|guess)", line)]
    assert marked
    out = run(binary, "check", cwd=tmp_path).stdout
    assert "marked by init" in out
    assert [int(number) for number in re.findall(r"^  switchover.yaml:(\d+):", out, re.M)] == marked
    text = "\n".join(re.sub(r" *#.*", "", line) for line in lines)
    (tmp_path / "switchover.yaml").write_text(text)
    assert "marked by init" not in run(binary, "check", cwd=tmp_path).stdout
