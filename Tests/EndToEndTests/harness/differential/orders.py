"""Records: orders in two SQLite stores whose tables, columns and scales differ."""

import datetime
import decimal
import sqlite3
import uuid

from .routing import TARGET

FIELDS = {
    "id": "int64", "store": "text", "version": "int64",
    "name": "text",
    "status": {"type": "text", "nullable": True},
    "amount": {"type": "decimal", "nullable": True},
    "created": {"type": "timestamp", "nullable": True},
    "code": {"type": "uuid", "nullable": True},
    "weight": {"type": "double", "nullable": True},
    "paid": {"type": "bool", "nullable": True},
    "count": {"type": "uint64", "nullable": True},
    "data": {"type": "bytes", "nullable": True},
    "extra": {"type": "json", "nullable": True},
    "number": {"type": "int64", "nullable": True},
}
ENTITY = {
    "entity": "orders", "fields": FIELDS, "key": "id", "gray_key": "store", "version": "version",
    "old": {"table": "t_order", "columns": {
        "id": "order_no", "store": "store_id", "amount": {"column": "cents", "scale": 2},
        "created": {"column": "created", "stored": "2017-01-01T11:53:26Z"},
        "code": {"column": "code", "stored": "text"}}},
    "new": {"table": "orders", "constants": {"source": "sidecar"}, "columns": {
        "status": "state", "amount": {"column": "amount", "scale": 4},
        "created": {"column": "created_at", "stored": "microseconds"}}},
}
TABLES = {
    "old": "create table t_order (order_no integer primary key, store_id text not null, version integer, "
           "name text not null default 'none', status text, cents integer, created text, code text, weight real, "
           "paid integer, count integer, data blob, extra text, number integer, remark text default 'fresh')",
    "new": "create table orders (state text, id integer primary key, store text not null, version integer, "
           "name text not null default 'none', amount integer, created_at integer, code blob, weight real, "
           "paid integer, count integer, data blob, extra text, number integer, source text default 'copied')",
}
COLUMNS = {
    "old": ("t_order", "order_no, store_id, version, name, status, cents, created, code, weight, paid, count, data, "
                       "extra, number, remark"),
    "new": ("orders", "id, store, version, name, state, amount, created_at, code, weight, paid, count, data, extra, "
                      "number, source"),
}
NAMES = ["key", "gray", "version", "name", "status", "amount", "created", "code", "weight", "paid", "count", "data",
         "extra", "number", "own"]
# What a row that the sidecar makes has in the column that it does not know.
FRESH = {"old": "fresh", "new": "sidecar"}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def row(key, gray, **fields):
    """A row as both sides have it; `own` is what a side has in the column that is not mapped."""
    plain = dict(version=3, name=f"n{key}", status="open", amount=decimal.Decimal("12.5"),
                 created=1_483_271_606_000_000, code=uuid.UUID(int=key), weight=0.5, paid=False, count=key,
                 data=b"\x00\xff", extra="{}", number=key % 3)
    return {"key": key, "gray": gray, **plain, **fields, "own": "kept"}


NULLS = dict.fromkeys(["status", "amount", "created", "code", "weight", "paid", "count", "data", "extra", "number"])
STOCK = [
    row(1, "406", status="a"), row(2, "406", status="A", number=-5), row(3, "406", **NULLS),
    row(4, "406", status="", amount=decimal.Decimal("-0.01"), weight=-1e300, number=2**63 - 1),
    row(5, "406", status="long" * 600, created=-1_000_000), row(6, "406", status="long" * 600 + "x", number=-2**63),
    row(7, TARGET), row(8, "407"), row(9, "408", status="ä"), row(10, "409", version=1),
    row(11, "406", status="a\x00b", version=2**40, paid=True), row(12, "406", status="open", amount=decimal.Decimal(0)),
]


class Store:
    """One side's database: set to rows and read behind the sidecar's back."""

    def __init__(self, side, folder):
        self.side = side
        self.path = folder / f"{side}.db"
        self.table, self.columns = COLUMNS[side]
        self.link = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        self.link.execute("pragma journal_mode = wal")
        self.link.execute("pragma synchronous = off")
        self.link.execute(TABLES[side])

    def set(self, rows):
        marks = ", ".join("?" * len(NAMES))
        self.link.execute("begin immediate")
        self.link.execute(f"delete from {self.table}")
        self.link.executemany(
            f"insert into {self.table} ({self.columns}) values ({marks})", [self.stored(row) for row in rows])
        self.link.execute("commit")

    def stored(self, row):
        cells = dict(row)
        old = self.side == "old"
        if row["amount"] is not None:
            cells["amount"] = int(row["amount"].scaleb(2 if old else 4))
        if row["created"] is not None and old:
            cells["created"] = instant(row["created"]).strftime("%Y-%m-%dT%H:%M:%SZ")
        if row["code"] is not None:
            cells["code"] = str(row["code"]) if old else row["code"].bytes
        return [cells[name] for name in NAMES]

    def rows(self):
        found = self.link.execute(f"select {self.columns} from {self.table}").fetchall()
        return {cells[0]: self.read(cells) for cells in found}

    def read(self, cells):
        row = dict(zip(NAMES, cells))
        old = self.side == "old"
        if row["amount"] is not None:
            row["amount"] = decimal.Decimal(row["amount"]).scaleb(-2 if old else -4).normalize()
        if row["created"] is not None and old:
            row["created"] = microseconds(row["created"])
        if row["code"] is not None:
            row["code"] = uuid.UUID(row["code"]) if old else uuid.UUID(bytes=row["code"])
        if row["paid"] is not None:
            row["paid"] = bool(row["paid"])
        return row

    def close(self):
        self.link.close()


def instant(microseconds):
    return EPOCH + datetime.timedelta(microseconds=microseconds)


def microseconds(text):
    found = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    return (found - EPOCH) // datetime.timedelta(microseconds=1)


def settings(old, new):
    return {
        "upstreams": {"orders-old": {"sqlite": str(old.path)}, "orders-new": {"sqlite": str(new.path)}},
        "migrations": {"orders": {"old": "orders-old", "new": "orders-new", "records": ENTITY}},
    }
