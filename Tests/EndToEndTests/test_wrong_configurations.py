"""Wrong configurations of each kind, and what `switchover check` says of them: the line, what is wrong, what to write.

Each message was judged as somebody would who is woken at two in the morning; whoever changes one judges it again.
"""

import socket
import sqlite3

import pytest

from harness.subjects import run

SERVICE = """\
listen: 127.0.0.1:7400
stats: 127.0.0.1:7401
upstreams:
  orders-old: { address: 127.0.0.1:50051 }
  orders-new: { address: 127.0.0.1:50052 }
migrations:
  orders:
    old: orders-old
    new: orders-new
    services: [shop.v1.Orders]
    gray_key: { path: 1, type: string }
    record_key: { path: 2, type: int64 }
    methods:
      Get: { kind: single_query, timeout: 30s }
      Change: { kind: update, put: { method: Put, fields: { 1: reply.1 } } }
      Watch: { kind: pass_through, effect: read }
      List:
        kind: multi_query
        rows: { field: 1, key: { path: 2, type: int64 }, order: [{ path: 4, type: sint64 }] }
        pages: { tokens: opaque, limit: 3, request_token: 4, response_token: 2 }
        confirm: off
"""
RECORDS = """\
upstreams:
  shop-old: { sqlite: old.db }
  shop-new: { sqlite: new.db }
migrations:
  orders:
    old: shop-old
    new: shop-new
    records:
      fields:
        order_id: int64
        store_id: text
      key: order_id
      gray_key: store_id
      old: { table: t_order, columns: { order_id: id } }
      new: { table: orders }
"""
# A name, what is replaced by what in the file, and all that is said, with the line.
SERVICE_CASES = [
    ("unknown key", "services: [shop", "sevices: [shop", [
        '7: migrations.orders: key "services" is missing; write services: [package.Service]',
        '10: migrations.orders.sevices: unknown key "sevices"; did you mean services?',
    ]),
    ("duplicate key", "    record_key", "    old: orders-new\n    record_key", [
        "12: migrations.orders.old: duplicate key, it stands on line 8 already; keep one of them",
    ]),
    ("tab", "    new: orders-new", "\tnew: orders-new", [
        "9: not valid YAML: the indentation has a tab; indent with spaces",
    ]),
    ("missing colon", "    new: orders-new", "    new orders-new", [
        "9: not valid YAML: this is no key: value; write a colon and a space between the key and its value",
    ]),
    ("unclosed", "services: [shop.v1.Orders]", "services: [shop.v1.Orders", [
        "10: not valid YAML: a list [ ... ] has no end; close it with ]",
    ]),
    ("empty file", None, "", [
        "1: the file is empty; write one with: switchover init",
    ]),
    ("text for number", "stats:", "workers: two\nstats:", [
        '2: workers: expected a whole number, found "two"',
    ]),
    ("missing upstream", "    old: orders-old", "    old: orders-odl", [
        '8: migrations.orders.old: unknown upstream "orders-odl"; write under upstreams: orders-odl: { '
        "address: host:port } (did you mean orders-old?)",
    ]),
    ("upstream without port", "address: 127.0.0.1:50051", "address: localhost", [
        '4: upstreams.orders-old.address: "localhost" has no port; write host:port, [v6]:port or unix:/path',
    ]),
    ("upstream url", "address: 127.0.0.1:50051", "address: http://127.0.0.1:50051", [
        '4: upstreams.orders-old.address: "http://127.0.0.1:50051" is a URL; write 127.0.0.1:50051 alone',
    ]),
    ("no new", "    new: orders-new\n", "", [
        '7: migrations.orders: key "new" is missing; write new: the name of an upstream',
    ]),
    ("same upstream", "    new: orders-new", "    new: orders-old", [
        "9: migrations.orders.new: old and new are the same upstream, orders-old; name another one",
    ]),
    ("same address", "127.0.0.1:50052", "127.0.0.1:50051", [
        "9: migrations.orders.new: old (orders-old) and new (orders-new) have the same address, "
        "127.0.0.1:50051; change one",
    ]),
    ("unknown kind", "kind: single_query", "kind: query", [
        '14: migrations.orders.methods.Get.kind: unknown kind "query"; write one of single_query, '
        "multi_query, update, upsert, insert, delete, pass_through",
    ]),
    ("kind missing", "{ kind: single_query, timeout: 30s }", "{ timeout: 30s }", [
        '14: migrations.orders.methods.Get: key "kind" is missing; write kind: one of single_query, '
        "multi_query, update, upsert, insert, delete, pass_through",
    ]),
    ("method as text", "Get: { kind: single_query, timeout: 30s }", "Get: single_query", [
        "14: migrations.orders.methods.Get: expected a mapping (key: value), found a single value; write { "
        "kind: single_query }",
    ]),
    ("field name in path", "gray_key: { path: 1,", "gray_key: { path: store_id,", [
        "11: migrations.orders.gray_key.path: 'store_id' is not a field number; write numbers joined by dots,"
        " such as 1.3; the number stands behind the = of the field in the .proto file",
    ]),
    ("field path 0", "gray_key: { path: 1,", "gray_key: { path: 1.0,", [
        "11: migrations.orders.gray_key.path: field number 0 is out of range; protobuf has 1 to 536870911",
    ]),
    ("gray key as number", "gray_key: { path: 1, type: string }", "gray_key: 1", [
        "11: migrations.orders.gray_key: expected a mapping (key: value), found a single value; write { path:"
        " 1, type: string }",
    ]),
    ("gray key float", "gray_key: { path: 1, type: string }", "gray_key: { path: 1, type: double }", [
        "11: migrations.orders.gray_key.type: floating point cannot be a key, since equal numbers have "
        "several writings; choose another field",
    ]),
    ("type int", "record_key: { path: 2, type: int64 }", "record_key: { path: 2, type: int }", [
        '12: migrations.orders.record_key.type: unknown type "int"; did you mean int32?',
    ]),
    ("no gray key", "    gray_key: { path: 1, type: string }\n", "", [
        "13: migrations.orders.methods.Get: a method of kind single_query needs a gray key; write gray_key: {"
        " path: 1, type: string } here, or in the migration",
        "14: migrations.orders.methods.Change: a method of kind update needs a gray key; write gray_key: { "
        "path: 1, type: string } here, or in the migration",
    ]),
    ("no record key", "    record_key: { path: 2, type: int64 }\n", "", [
        "14: migrations.orders.methods.Change: a method of kind update needs a record key; write record_key: "
        "{ path: 1, type: int64 } here, or in the migration",
    ]),
    ("duration without unit", "timeout: 30s", "timeout: 30", [
        '14: migrations.orders.methods.Get.timeout: "30" has no unit; write one of us, ms, s, m, h after the '
        "number",
    ]),
    ("fractional duration", "timeout: 30s", "timeout: 1.5s", [
        '14: migrations.orders.methods.Get.timeout: "1.5s" is no whole number; write it in a smaller unit, '
        "like 1500ms for 1.5s",
    ]),
    ("duration out of range", "timeout: 30s", "timeout: 0s", [
        "14: migrations.orders.methods.Get.timeout: 0s is out of range; write 1ms to 24h",
    ]),
    ("size", "stats:", "limits: { message_bytes: 4MB }\nstats:", [
        '2: limits.message_bytes: unknown unit "MB" in "4MB"; write one of KiB, MiB, GiB after a whole number',
    ]),
    ("two migrations one service", "        confirm: off",
     "        confirm: off\n  baskets: { old: orders-old, new: orders-new, services: [shop.v1.Orders] }", [
        "22: migrations.baskets.services[0]: shop.v1.Orders belongs to migration orders already on line 10; "
        "name it once",
    ]),
    ("method of another service", "      Get: {", "      shop.v1.Basket/Get: {", [
        '14: migrations.orders.methods.shop.v1.Basket/Get: "shop.v1.Basket" is no service of this migration; '
        "write shop.v1.Orders",
    ]),
    ("listen beyond", "listen: 127.0.0.1:7400", "listen: 0.0.0.0:7400", [
        "1: listen: 0.0.0.0:7400 can be reached from other machines; write 127.0.0.1:7400, or allow it: "
        "allow_remote: true (--allow-remote)",
    ]),
    ("same port", "stats: 127.0.0.1:7401", "stats: 127.0.0.1:7400", [
        "2: stats: 127.0.0.1:7400 is the data port's address already; write another port, or off",
    ]),
    ("own port as upstream", "127.0.0.1:50051", "127.0.0.1:7400", [
        "4: upstreams.orders-old.address: 127.0.0.1:7400 is the sidecar's own data port; write the service's "
        "address",
    ]),
    ("effect missing", "{ kind: pass_through, effect: read }", "{ kind: pass_through }", [
        '16: migrations.orders.methods.Watch: key "effect" is missing; write effect: read, or unsafe_write if'
        " the method changes records",
    ]),
    ("gray key of pass through", "{ kind: pass_through, effect: read }",
     "{ kind: pass_through, effect: read, gray_key: { path: 1, type: string } }", [
        "16: migrations.orders.methods.Watch.gray_key: a method of kind pass_through has no gray_key; remove "
        "it, or write another kind",
    ]),
    ("put from request", "fields: { 1: reply.1 }", "fields: { 1: request.1 }", [
        "15: migrations.orders.methods.Change.put: a side is given the record of the other side's reply; take"
        " a field from reply, like reply.1",
    ]),
    ("put without source", "fields: { 1: reply.1 }", "fields: { 1: record }", [
        '15: migrations.orders.methods.Change.put.fields.1: "record" does not say where the field comes from;'
        " write request.1 or reply.1",
    ]),
    ("insert without look up", "kind: update, put:", "kind: insert, put_or_insert:", [
        "15: migrations.orders.methods.Change: old is asked for the record before new is given it; write "
        "look_up: { method: Get, fields: ... }, or insert_guard: false in the migration where keys are unique"
        " by construction",
    ]),
    ("absent status", "timeout: 30s }", "absent: UNAVAILABLE }", [
        "14: migrations.orders.methods.Get.absent: UNAVAILABLE cannot mean absence, since failures have it "
        "too; write one of NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT, OUT_OF_RANGE",
    ]),
    ("no confirm", "        confirm: off\n", "", [
        '17: migrations.orders.methods.List: key "confirm" is missing; write confirm: off, or { method: '
        "GetMany, element: 1, ... }",
    ]),
    ("pass through of nobody", "stats:", "pass_through: ordres\nstats:", [
        '2: pass_through: unknown migration "ordres"; write one of orders, off (did you mean orders?)',
    ]),
    ("switch as boolean", "stats:", "allow_remote: maybe\nstats:", [
        '2: allow_remote: expected on or off (true or false), found "maybe"',
    ]),
    ("bad indent", "    new: orders-new", "   new: orders-new", [
        "9: not valid YAML: the indentation does not fit; begin all keys of a mapping in one column",
    ]),
    ("colon in value", "    new: orders-new", "    new: a: b", [
        "9: not valid YAML: a second : in a line; put a text that has one in quotes",
    ]),
    ("unclosed map", "{ address: 127.0.0.1:50051 }", "{ address: 127.0.0.1:50051", [
        "4: not valid YAML: a mapping { ... } has no end; close it with }",
    ]),
    ("at sign", "    new: orders-new", "    new: @orders", [
        "9: not valid YAML: a text cannot begin with @, ` or %; put it in quotes",
    ]),
    ('unclosed quote', '    new: orders-new', '    new: "orders', [
        "9: not valid YAML: a quote has no end; close it",
    ]),
    ("upstream as text", "{ address: 127.0.0.1:50051 }", "127.0.0.1:50051", [
        "4: upstreams.orders-old: expected a mapping (key: value), found a single value; write { address: "
        "host:port }",
    ]),
    ("alias", "    new: orders-new", "    new: *x", [
        "9: not valid YAML: * refers to an anchor that is nowhere; put a text that begins with * in quotes",
    ]),
]
RECORDS_CASES = [
    ("bad type", "store_id: text", "store_id: string", [
        '11: migrations.orders.records.fields.store_id: unknown type "string"; write one of bool, int64, '
        "uint64, double, decimal, text, bytes, timestamp, uuid, json",
    ]),
    ("unknown field", "gray_key: store_id", "gray_key: store", [
        '13: migrations.orders.records.gray_key: unknown field "store"; write one of order_id, store_id (did '
        "you mean store_id?)",
    ]),
    ("missing table", "{ table: orders }", "{ }", [
        "15: migrations.orders.records.new: key \"table\" is missing; write table: the table's name",
    ]),
    ("db as service", "      fields:", "      fieldz:", [
        '8: migrations.orders.records: key "fields" is missing; write fields: and below it each field as '
        "name: type, like order_id: int64",
        '9: migrations.orders.records.fieldz: unknown key "fieldz"; write one of entity, fields, key, '
        "gray_key, version, old, new (did you mean fields?)",
    ]),
    ("services of db", "    records:", "    services: [a.B]\n    records:", [
        "8: migrations.orders.services[0]: a migration with records has no services, since its calls are "
        "those of switchover.v1.Records; remove them, or write another migration",
    ]),
    ("float key", "order_id: int64", "order_id: double", [
        "8: migrations.orders.records: order_id cannot be in the record key: equal values of type double have"
        " several forms",
    ]),
    ("decimal", "store_id: text", "store_id: text\n        total: decimal", [
        "15: migrations.orders.records.old: total is of type decimal; say how the column stores it: as an "
        "integer with a scale, as a float with a scale, or as text; write total: { column: total, scale: 2 }",
        "16: migrations.orders.records.new: total is of type decimal; say how the column stores it: as an "
        "integer with a scale, as a float with a scale, or as text; write total: { column: total, scale: 2 }",
    ]),
]


@pytest.fixture
def check(binary, tmp_path):
    """check(text) gives the exit status and what is said, without the file's name."""

    def check(text, *options):
        (tmp_path / "switchover.yaml").write_text(text)
        done = run(binary, "check", *options, cwd=tmp_path)
        lines = done.stderr.splitlines()
        return done.returncode, [line.removeprefix("switchover.yaml:") for line in lines]

    return check


def test_the_files_are_right_before_they_are_spoiled(check, databases):
    assert check(SERVICE) == (0, [])
    assert check(RECORDS) == (0, [])


@pytest.mark.parametrize("text, replaced, by, said", [
    *[pytest.param(SERVICE, *case[1:], id=case[0]) for case in SERVICE_CASES],
    *[pytest.param(RECORDS, *case[1:], id=case[0]) for case in RECORDS_CASES],
])
def test_each_wrong_file(text, replaced, by, said, check):
    assert replaced is None or replaced in text
    assert check(by if replaced is None else text.replace(replaced, by, 1)) == (1, said)


def test_several_wrong_lines_are_said_in_one_run(check):
    text = SERVICE.replace("kind: single_query", "kind: query").replace("127.0.0.1:7401", "127.0.0.1").replace(
        "type: int64 }\n", "type: int }\n", 1)
    status, said = check(text)
    assert (status, [line.split(":")[0] for line in said]) == (1, ["2", "12", "14"])


# MARK: databases

@pytest.fixture
def databases(tmp_path):
    """databases(old, new) makes both with these statements."""

    def make(old, new):
        for name, statement in (("old.db", old), ("new.db", new)):
            (tmp_path / name).unlink(missing_ok=True)
            if statement:
                link = sqlite3.connect(tmp_path / name)
                link.executescript(statement)
                link.close()

    make(OLD, NEW)
    return make


OLD = "create table t_order (id integer primary key, store_id text not null); create index i on t_order (store_id);"
NEW = "create table orders (order_id integer primary key, store_id text not null); create index i on orders (store_id);"
DATABASE_CASES = {
    "no database": (OLD, None, (
        "15: migrations.orders.records.new: new.db: there is no such database; create it and its table first, or "
        "correct the path")),
    "no database file": (OLD, "", (
        "15: migrations.orders.records.new: new.db: there is no such database; create it and its table first, or "
        "correct the path")),
    "no table": (OLD, "create table other (id);", (
        "15: migrations.orders.records.new: new.db: there is no table orders; write one of other")),
    "no column": ("create table t_order (number integer primary key, store_id text);", NEW, (
        "14: migrations.orders.records.old: old.db: table t_order has no column id; write one of number, store_id")),
    "no key": (OLD, "create table orders (order_id integer not null, store_id text);", (
        "15: migrations.orders.records.new: new.db: nothing in table orders makes the record key unique byte by byte; "
        'CREATE UNIQUE INDEX ... ON "orders" ("order_id"), with COLLATE BINARY where a column has another collation')),
    "a column that needs a value": (OLD, NEW.replace("null);", "null, note text not null);"), (
        "15: migrations.orders.records.new: new.db: column note must not be NULL and has no default, so that no record "
        "could be inserted; map it to a field, or give it a constant")),
    "another type": (OLD, NEW.replace("order_id integer", "order_id text"), (
        "15: migrations.orders.records.new: new.db: column order_id is declared TEXT, by which SQLite turns numbers to "
        "text; field order_id is of type int64: correct the type, or map another column")),
}


@pytest.mark.parametrize("old, new, said", DATABASE_CASES.values(), ids=DATABASE_CASES.keys())
def test_each_wrong_database(old, new, said, check, databases, tmp_path):
    databases(old, new)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.db")}
    assert check(RECORDS) == (1, [said])
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.db")} == before, "check changes nothing"


def test_one_table_for_both_sides(check, databases):
    text = RECORDS.replace("new.db", "old.db").replace("{ table: orders }", "{ table: t_order }")
    assert check(text) == (1, [
        "15: migrations.orders.records.new.table: old and new are the same table, t_order of old.db; name another one"])


# MARK: beside the file

def test_no_file(binary, tmp_path):
    done = run(binary, "check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, (
        "switchover.yaml: cannot be read: No such file or directory; name the file with --config, or write one with: "
        "switchover init\n"))


def test_options_are_judged_like_the_file(check):
    assert check(SERVICE, "--upstream", "orders-nwe=127.0.0.1:1") == (1, [
        '--upstream: unknown upstream "orders-nwe"; write one of orders-old, orders-new (did you mean orders-new?)'])
    assert check(SERVICE, "--workers", "0") == (1, ["--workers: 0 is out of range; write 1 to 256"])


def test_the_switch_file_is_judged_too(check, tmp_path):
    (tmp_path / "switches.json").write_text(
        '{"version": 1, "migrations": {"orders": {"epoch": 2, "phase": "mirorred"}}}')
    assert check(SERVICE) == (1, [
        'switches.json:1: migrations.orders.phase: unknown phase "mirorred"; write one of idle, migrating, mirrored, '
        "finished, retired (did you mean mirrored?)"])


@pytest.mark.parametrize("key", ["listen", "stats"])
def test_a_port_in_use_is_said_by_serve(key, binary, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        other = "stats" if key == "listen" else "listen"
        ports = f"{key}: {address}\n{other}: 127.0.0.1:0"
        text = SERVICE.replace("listen: 127.0.0.1:7400\nstats: 127.0.0.1:7401", ports)
        (tmp_path / "switchover.yaml").write_text(text)
        done = run(binary, "serve", cwd=tmp_path)
    what = address if key == "listen" else f"{address} for stats"
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"cannot listen on {what}: bind: Address already in use; is another sidecar running?")
