"""Orders in two SQLite databases with other tables and columns, and a client of the Records service for them."""

import sqlite3

from .history import Client
from .stubs import records

RECORDS = "switchover.v1.Records"
ENTITY = {
    "entity": "orders",
    "fields": {
        "id": "int64", "store": "text", "status": {"type": "text", "nullable": True},
        "cents": {"type": "int64", "nullable": True}, "version": "int64",
    },
    "key": "id", "gray_key": "store", "version": "version",
    "old": {"table": "t_order", "columns": {"id": "order_no", "store": "store_id", "cents": "total"}},
    "new": {"table": "orders", "columns": {"status": "state"}, "constants": {"source": "sidecar"}},
}


class Database:
    """One side's table, looked into behind the sidecar's back."""

    def __init__(self, side, folder):
        self.side = side
        self.path = folder / f"{side}.db"
        self.link = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        self.link.execute("pragma journal_mode = wal")
        if side == "old":
            self.link.execute(
                "create table t_order (order_no integer primary key, store_id text not null, status text, "
                "total integer, version integer not null default 1)")
            self.columns = "order_no, store_id, status, total, version"
            self.table = "t_order"
        else:
            self.link.execute(
                "create table orders (state text, id integer primary key, cents integer, store text not null, "
                "version integer not null default 1, source text)")
            self.columns = "id, store, state, cents, version"
            self.table = "orders"

    def put(self, number, store, status="open", cents=100, version=1):
        marks = self.columns.replace("order_no", "?").split(", ")
        self.link.execute(
            f"insert or replace into {self.table} ({self.columns}) values ({', '.join('?' * len(marks))})",
            (number, store, status, cents, version))

    def rows(self):
        return self.link.execute(f"select {self.columns} from {self.table} order by 1").fetchall()

    def clear(self):
        self.link.execute(f"delete from {self.table}")

    def close(self):
        self.link.close()


def settings(old, new):
    """What of the sidecar's configuration is other than for services."""
    return {
        "upstreams": {"orders-old": {"sqlite": str(old.path)}, "orders-new": {"sqlite": str(new.path)}},
        "migrations": {"orders": {"old": "orders-old", "new": "orders-new", "records": ENTITY}},
    }


def value(content):
    if content is None:
        return records.Value()
    return records.Value(int64=content) if isinstance(content, int) else records.Value(text=content)


def plain(content):
    kind = content.WhichOneof("kind")
    return getattr(content, kind) if kind else None


def row(record):
    """A record as the databases show it."""
    fields = {field.name: plain(field.value) for field in record.fields}
    return (plain(record.key.parts[0]), plain(record.gray_key), fields.get("status"), fields.get("cents"),
            record.version)


class Clerk(Client):
    """A client of the Records service; answers rows, or the status."""

    def ask(self, method, request, answer, **options):
        outcome = self.unary(f"/{RECORDS}/{method}", request, **options)
        self.last = outcome
        if outcome.code != "OK":
            return f"{outcome.code} {outcome.error}" if outcome.error not in (None, "store") else outcome.code
        return answer.FromString(outcome.messages[0])

    def one(self, method, number, store, make, answer, **options):
        keys = {"entity": "orders", "key": records.Key(parts=[value(number)])}
        if store is not None:
            keys["gray_key"] = value(store)
        reply = self.ask(method, make(**keys), answer, **options)
        return reply if isinstance(reply, str) else row(reply.record)

    def get(self, number, store="406", **options):
        return self.one("Get", number, store, records.GetRequest, records.GetResponse, **options)

    def insert(self, number, store="406", **fields):
        return self.one(
            "Insert", number, store, lambda **keys: records.InsertRequest(fields=named(fields), **keys),
            records.InsertResponse)

    def update(self, number, store="406", expected=None, to=None, **fields):
        return self.one(
            "Update", number, store,
            lambda **keys: records.UpdateRequest(
                changes=named(fields), expected_version=expected, new_gray_key=value(to) if to else None, **keys),
            records.UpdateResponse)

    def upsert(self, number, store="406", **fields):
        return self.one(
            "Upsert", number, store, lambda **keys: records.UpsertRequest(fields=named(fields), **keys),
            records.UpsertResponse)

    def delete(self, number, store="406", expected=None):
        return self.one(
            "Delete", number, store, lambda **keys: records.DeleteRequest(expected_version=expected, **keys),
            records.DeleteResponse)

    def get_many(self, numbers, store=None):
        request = records.GetManyRequest(
            entity="orders", keys=[records.Key(parts=[value(number)]) for number in numbers])
        if store is not None:
            request.gray_key.CopyFrom(value(store))
        reply = self.ask("GetMany", request, records.GetManyResponse)
        return reply if isinstance(reply, str) else [row(record) for record in reply.records]

    def query(self, order=(), limit=0, token=b"", store=None, filter=None):
        request = records.QueryRequest(
            entity="orders", limit=limit, page_token=token, filter=filter,
            order=[records.Order(field=name.lstrip("-"), descending=name.startswith("-")) for name in order])
        if store is not None:
            request.gray_key.CopyFrom(value(store))
        return self.ask("Query", request, records.QueryResponse)

    def walk(self, **request):
        found, token = [], b""
        while True:
            reply = self.query(token=token, **request)
            assert not isinstance(reply, str), (reply, self.last)
            found += [row(record) for record in reply.records]
            token = reply.next_page_token
            if not token:
                return found


def named(fields):
    return [records.Field(name=name, value=value(content)) for name, content in fields.items()]


def at_least(field, content):
    comparison = records.Comparison(
        field=field, operator=records.Comparison.GREATER_OR_EQUAL, value=value(content))
    return records.Filter(comparison=comparison)
