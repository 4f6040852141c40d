"""Requests for the orders of `orders.py`, and the edges by which they differ from plain ones."""

from ..records import RECORDS, value
from ..stubs import records
from . import grammar
from .orders import FIELDS, FRESH, NULLS, STOCK, row
from .routing import TARGET

KINDS = ["single query", "multi query", "many", "update", "upsert", "insert", "delete", "pass-through"]
METHODS = {
    "single query": ("Get", records.GetRequest), "many": ("GetMany", records.GetManyRequest),
    "multi query": ("Query", records.QueryRequest), "update": ("Update", records.UpdateRequest),
    "upsert": ("Upsert", records.UpsertRequest), "insert": ("Insert", records.InsertRequest),
    "delete": ("Delete", records.DeleteRequest), "pass-through": ("Get", records.GetRequest),
}
ANSWERS = {
    "Get": records.GetResponse, "GetMany": records.GetManyResponse, "Query": records.QueryResponse,
    "Update": records.UpdateResponse, "Upsert": records.UpsertResponse, "Insert": records.InsertResponse,
    "Delete": records.DeleteResponse,
}
edges = grammar.Edges()


def key(number):
    return records.Key(parts=[value(number)])


def field(name, content):
    return records.Field(name=name, value=content if isinstance(content, records.Value) else value(content))


def plain(kind, choose):
    method, request = METHODS[kind]
    content = request(entity="orders")
    number = 20 if kind == "insert" else 7
    if kind == "many":
        content.keys.extend(key(each) for each in (9, 7, 20, 1))
    elif kind != "multi query":
        content.key.CopyFrom(key(number))
    if kind not in ("many", "multi query"):
        content.gray_key.CopyFrom(value(TARGET))
    if kind in ("update", "upsert", "insert"):
        fields_of(content).extend([field("status", choose.choice(["paid", "sent"])), field("number", 5)])
    path = f"/{RECORDS}/{method}" if kind != "pass-through" else "/shop.v1.Archive/Get"
    return grammar.Draft(kind, path, content, number)


def fields_of(content):
    return content.changes if isinstance(content, records.UpdateRequest) else content.fields


def gray_key(draft):
    """The gray key of a request, None where it has none."""
    if draft.kind == "pass-through" or not draft.content.HasField("gray_key"):
        return None
    kind = draft.content.gray_key.WhichOneof("kind")
    return draft.content.gray_key.text if kind == "text" else None


def touches_target(draft):
    """Whether it matters to the request who has record 7."""
    return draft.kind in ("multi query", "many") or draft.kind != "pass-through" and draft.content.key == key(7)


WRITES = ["update", "upsert", "insert"]
ONES = ["single query", "update", "upsert", "insert", "delete"]


each = edges.add


def add_keys():
    def to(content):
        return lambda draft, choose: draft.content.key.CopyFrom(content)

    each(ONES, "missing", "record key", lambda draft, choose: draft.content.ClearField("key"))
    each(ONES, "empty", "record key without parts", to(records.Key()))
    each(ONES, "NULL", "record key", to(records.Key(parts=[records.Value()])))
    each(ONES, "extreme", "record key of two parts", to(records.Key(parts=[value(7), value(7)])))
    each(ONES, "wrong type", "record key of text", to(records.Key(parts=[value("7")])))
    each(ONES, "wrong type", "record key of uint64", to(records.Key(parts=[records.Value(uint64=7)])))
    each(ONES, "extreme", "record key is the least integer", to(key(-2**63)))
    each(ONES, "extreme", "record key is the greatest integer", to(key(2**63 - 1)))
    each(ONES, "missing", "no record of the key", to(key(99)))
    each(["insert"], "extreme", "the record is there", to(key(7)))
    each(ONES + ["many", "multi query"], "missing", "entity",
         lambda draft, choose: draft.content.ClearField("entity"))
    each(ONES, "wrong type", "entity in capitals", lambda draft, choose: setattr(draft.content, "entity", "Orders"))


def add_gray_keys():
    def to(content):
        return lambda draft, choose: draft.content.gray_key.CopyFrom(content)

    kinds = ONES + ["many", "multi query"]
    each(ONES, "missing", "gray key", lambda draft, choose: draft.content.ClearField("gray_key"))
    each(["many", "multi query"], "missing", "gray key is there", to(value(TARGET)))
    each(kinds, "NULL", "gray key", to(records.Value()))
    each(kinds, "empty", "gray key", to(value("")))
    each(kinds, "wrong type", "gray key is a number", to(value(406)))
    for name, content in [("never enrolled", "407"), ("enrolled", "408"), ("gray", "409"), ("of nobody", "999")]:
        each(kinds, "wrong gray key", name, to(value(content)))
    each(kinds, "extreme", "gray key of 70,000 bytes", to(value("4" * 70_000)))
    each(kinds, "extreme", "gray key with NUL", to(value("406\0")))


def add_wire_forms():
    twice = records.GetRequest(key=key(7)).SerializeToString()
    store = records.GetRequest(gray_key=value("407")).SerializeToString()
    each(ONES, "extreme", "record key twice", lambda draft, choose: draft.changes.append(lambda made: made + twice))
    each(ONES + ["many", "multi query"], "extreme", "gray key twice, another one",
         lambda draft, choose: draft.changes.append(lambda made: made + store))
    each(ONES, "unknown field", "in the gray key",
         lambda draft, choose: draft.changes.append(lambda made: made + b"\x1a\x09\x32\x03406\xf8\x3f\x01"))


def add_fields():
    def having(name, content):
        def change(draft, choose):
            kept = [each for each in fields_of(draft.content) if each.name != name]
            del fields_of(draft.content)[:]
            fields_of(draft.content).extend([*kept, field(name, content)])
        return change

    kinds = WRITES
    V = records.Value
    for group, name, content in VALUES:
        each(kinds, group, f"{name} = {shown(content)}", having(name, content))
    each(kinds, "missing", "no fields", lambda draft, choose: draft.content.ClearField(
        "changes" if draft.kind == "update" else "fields"))
    each(kinds, "extreme", "a field twice",
         lambda draft, choose: fields_of(draft.content).append(field("status", "twice")))
    each(kinds, "wrong type", "the record key among the fields", having("id", 7))
    each(kinds, "wrong type", "the gray key among the fields", having("store", "406"))
    each(kinds, "wrong type", "the version among the fields", having("version", 9))
    each(kinds, "unknown field", "no such name", having("nothing", V(text="x")))
    each(kinds, "unknown field", "name in capitals", having("Status", V(text="x")))
    each(kinds, "empty", "name of a field", having("", V(text="x")))


def shown(content):
    text = str(content).strip().replace("\n", " ") or "NULL"
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)})"


V = records.Value
VALUES = [
    ("NULL", "name", V()), ("NULL", "status", V()), ("empty", "status", V(text="")), ("empty", "data", V(bytes=b"")),
    ("extreme", "status", V(text="s" * 50_000)), ("extreme", "status", V(text="a\0b")),
    ("wrong type", "status", V(int64=5)), ("wrong type", "number", V(text="5")), ("wrong type", "paid", V(int64=1)),
    ("wrong type", "created", V(int64=1)), ("wrong type", "data", V(text="x")), ("wrong type", "count", V(int64=1)),
    ("extreme", "amount", V(decimal="0.001")), ("extreme", "amount", V(decimal="0.00001")),
    ("extreme", "amount", V(decimal="12345678901234567.89")), ("extreme", "amount", V(decimal="9" * 39)),
    ("extreme", "amount", V(decimal="-0")), ("extreme", "amount", V(decimal="00012.50")),
    ("wrong type", "amount", V(decimal="1e3")), ("empty", "amount", V(decimal="")), ("NULL", "amount", V()),
    ("extreme", "created", V(timestamp=1)), ("extreme", "created", V(timestamp=-1_000_000)),
    ("extreme", "created", V(timestamp=2**63 - 1)), ("extreme", "created", V(timestamp=253_402_300_799_000_000)),
    ("extreme", "created", V(timestamp=253_402_300_800_000_000)), ("NULL", "created", V()),
    ("wrong type", "code", V(uuid=b"15 bytes only..")), ("extreme", "code", V(uuid=bytes(16))),
    ("extreme", "weight", V(double=float("nan"))), ("extreme", "weight", V(double=float("inf"))),
    ("extreme", "weight", V(double=-0.0)), ("extreme", "count", V(uint64=2**63)),
    ("extreme", "count", V(uint64=2**63 - 1)), ("extreme", "number", V(int64=-2**63)),
    ("wrong type", "extra", V(json="no json {")), ("empty", "extra", V(json="")),
]


def add_versions():
    def to(version):
        return lambda draft, choose: setattr(draft.content, "expected_version", version)

    for name, version in [("stale", 2), ("of the future", 4), ("0", 0), ("greatest", 2**63 - 1)]:
        each(["update", "delete"], "stale version", name, to(version))
    each(["update", "delete"], "stale version", "the right one", to(3))


def add_moves():
    def to(content):
        return lambda draft, choose: draft.content.new_gray_key.CopyFrom(content)

    for name, store in [("never enrolled", "407"), ("enrolled", "408"), ("gray", "409"), ("its own", "406")]:
        each(["update"], "wrong gray key", f"new one: {name}", to(value(store)))
    each(["update"], "NULL", "new gray key", to(records.Value()))
    each(["update"], "empty", "new gray key", to(value("")))
    each(["update"], "wrong type", "new gray key is a number", to(value(407)))


def add_queries():
    def limit(number):
        return lambda draft, choose: setattr(draft.content, "limit", number)

    def order(*names):
        return lambda draft, choose: draft.content.order.extend(
            records.Order(field=name.lstrip("-"), descending=name.startswith("-")) for name in names)

    def only(**condition):
        return lambda draft, choose: draft.content.filter.CopyFrom(records.Filter(**condition))

    def compare(field, operator, content):
        return only(comparison=records.Comparison(field=field, operator=operator, value=content))

    kind = ["multi query"]
    for number in (0, 1, 2, 5, 1000, 1001, 5000, 2**32 - 1):
        each(kind, "limit", str(number), limit(number))
    each(kind, "long order key", "status", order("status"))
    each(kind, "long order key", "-status", order("-status", "number"))
    for names in (
            ("number",), ("-number", "created"), ("amount",), ("-weight",), ("code",), ("-id",), ("paid", "count")):
        each(kind, "extreme", f"order {' '.join(names)}", order(*names))
    each(kind, "wrong type", "order by JSON", order("extra"))
    each(kind, "extreme", "order names a field twice", order("status", "-status"))
    each(kind, "unknown field", "in the order", order("nothing"))
    each(kind, "empty", "name in the order", order(""))
    each(kind, "extreme", "order of nine fields", order(*[name for name in FIELDS if name != "extra"][:9]))
    each(kind, "empty", "filter", only())
    each(kind, "extreme", "page token of nobody",
         lambda draft, choose: setattr(draft.content, "page_token", b"\x01xyz"))
    each(kind, "extreme", "page token of 70,000 bytes",
         lambda draft, choose: setattr(draft.content, "page_token", b"\x01" * 70_000))
    operators = records.Comparison
    each(kind, "unknown field", "in the filter", compare("nothing", operators.EQUAL, value(1)))
    each(kind, "wrong type", "in the filter", compare("number", operators.EQUAL, value("1")))
    each(kind, "NULL", "in the filter", compare("number", operators.EQUAL, records.Value()))
    each(kind, "NULL", "asked for", only(is_null=records.IsNull(field="status")))
    each(kind, "missing", "operator", compare("number", operators.OPERATOR_UNSPECIFIED, value(1)))
    each(kind, "extreme", "operator of nobody", compare("number", 77, value(1)))
    each(kind, "extreme", "finer than old holds",
         compare("amount", operators.GREATER, records.Value(decimal="12.4999")))
    each(kind, "extreme", "between two seconds",
         compare("created", operators.LESS_OR_EQUAL, records.Value(timestamp=1_483_271_606_000_001)))
    each(kind, "extreme", "finer than both hold",
         compare("amount", operators.EQUAL, records.Value(decimal="12.500001")))
    each(kind, "extreme", "amount of 30 digits", compare("amount", operators.LESS, records.Value(decimal="9" * 30)))
    each(kind, "empty", "prefix", only(prefix=records.Prefix(field="status", prefix="")))
    each(kind, "extreme", "prefix", only(prefix=records.Prefix(field="status", prefix="longlong")))
    each(kind, "wrong type", "prefix of a number", only(prefix=records.Prefix(field="number", prefix="1")))
    each(kind, "empty", "in", only(among=records.Among(field="number")))
    each(kind, "extreme", "in, 1,001 values", only(among=records.Among(field="number", values=[value(1)] * 1001)))
    each(kind, "empty", "all of nothing", only(all=records.Filters()))
    each(kind, "empty", "any of nothing", only(any=records.Filters()))


def add_rows():
    """Edges of the rows instead of the request."""
    def having(*rows):
        return lambda draft, choose: draft.rows.extend(dict(each) for each in rows)

    kinds = ["single query", "multi query", "many", "update", "upsert", "insert", "delete"]
    each(kinds, "NULL", "fields of the record", having(row(7, TARGET, **NULLS)))
    each(kinds, "NULL", "version of the record", having(row(7, TARGET, version=None)))
    each(kinds, "extreme", "version of the record", having(row(7, TARGET, version=2**63 - 1)))
    each(kinds, "extreme", "text of the record, 100,000 bytes", having(row(7, TARGET, status="ä" * 50_000)))
    each(kinds, "empty", "texts of the record", having(row(7, TARGET, name="", status="", extra="", data=b"")))
    each(kinds, "empty", "gray key of the record", having(row(7, "")))

    def long(draft, choose):
        having(row(7, TARGET, status="long" * 20_000), row(13, TARGET, status="long" * 20_000 + "x"))(draft, choose)
        draft.content.order.append(records.Order(field="status", descending=choose.random() < 0.5))
        draft.content.limit = choose.choice([0, 1, 5])

    each(["multi query"], "long order key", "80,000 bytes", long)


def add_many():
    def keys(*contents):
        def change(draft, choose):
            del draft.content.keys[:]
            draft.content.keys.extend(contents)
        return change

    kind = ["many"]
    each(kind, "missing", "keys", keys())
    each(kind, "missing", "records of the keys", keys(key(98), key(99)))
    each(kind, "empty", "key without parts", keys(key(7), records.Key()))
    each(kind, "NULL", "key", keys(key(7), records.Key(parts=[records.Value()])))
    each(kind, "wrong type", "key of text", keys(key(7), records.Key(parts=[value("8")])))
    each(kind, "extreme", "the same key three times", keys(key(7), key(7), key(1), key(7)))
    each(kind, "extreme", "one key", keys(key(7)))
    each(kind, "limit", "1,000 keys", keys(*map(key, range(1000))))
    each(kind, "limit", "1,001 keys", keys(*map(key, range(1001))))
    each(kind, "extreme", "greatest and least key", keys(key(2**63 - 1), key(7), key(-2**63)))
    each(kind, "extreme", "records of all stores", keys(key(10), key(9), key(8), key(7)))


def add_passing():
    def to(path):
        return lambda draft, choose: setattr(draft, "method", path)

    kind = ["pass-through"]
    for group, path in [
        ("unknown field", f"/{RECORDS}/Nothing"), ("unknown field", f"/{RECORDS}/get"), ("empty", f"/{RECORDS}/"),
        ("empty", "/"), ("missing", f"/{RECORDS}"), ("extreme", f"/{RECORDS}/Get?x=1"), ("extreme", f"/{RECORDS}/Get/"),
        ("extreme", f"/{RECORDS}/Get#x"), ("extreme", f"//{RECORDS}/Get"), ("wrong type", "/switchover.v1.records/Get"),
        ("wrong type", "/switchover.v2.Records/Get"), ("unknown field", "/switchover.v1.Control/GetStatus"),
        ("unknown field", "/grpc.health.v1.Health/Check"), ("extreme", "/" + "s" * 4000 + "/Get"),
        ("extreme", f"/{RECORDS}/%47et"),
        ("unknown field", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    ]:
        each(kind, group, path if len(path) < 60 else "path of 4,000 bytes", to(path))


class World:
    """What the run needs to know of records."""

    name = "records"
    kinds = KINDS
    edges = edges
    plain = staticmethod(plain)
    gray_key = staticmethod(gray_key)
    touches_target = staticmethod(touches_target)
    stock = STOCK
    fresh = FRESH

    @staticmethod
    def decode(draft, content):
        answer = ANSWERS.get(draft.method.rpartition("/")[2])
        return answer.FromString(content) if answer else content


for add in (add_keys, add_gray_keys, add_wire_forms, add_fields, add_versions, add_moves, add_queries, add_rows,
            add_many, add_passing):
    add()
grammar.add_envelope(edges, KINDS)
