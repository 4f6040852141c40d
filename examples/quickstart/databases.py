"""The two databases of the example: old with real orders, new empty, their tables and columns named otherwise."""

import csv
import pathlib
import sqlite3

ORDERS = pathlib.Path(__file__).with_name("orders.csv")

OLD = """create table t_order (
    order_no integer primary key, store_id text not null, household_id integer not null, item_count integer not null,
    total_cents integer not null, created text not null, status text, revision integer not null)"""
NEW = """create table orders (
    id integer primary key, store text not null, household_id integer not null, item_count integer not null,
    total integer not null, created_at integer not null, state text, revision integer not null, source text not null)"""

# What the verdict compares: order, store, total in cents, status, revision.
ROWS = {
    "old": "select order_no, store_id, total_cents, status, revision from t_order",
    "new": "select id, store, total / 100, state, revision from orders",
}


def create(folder):
    for side, table in (("old", OLD), ("new", NEW)):
        link = sqlite3.connect(folder / f"{side}.db")
        link.execute("pragma journal_mode = wal")
        link.execute(table)
        for column in ("store_id", "total_cents", "created") if side == "old" else ("store", "total", "created_at"):
            link.execute(f"create index {side}_{column} on {'t_order' if side == 'old' else 'orders'} ({column})")
        if side == "old":
            link.executemany(
                "insert into t_order values (?, ?, ?, ?, ?, ?, 'open', 1)",
                [(row["order_id"], row["store_id"], row["household_id"], row["item_count"], row["total_cents"],
                  row["created_at"]) for row in read_orders()])
        link.commit()
        link.close()


def read_orders():
    with open(ORDERS, newline="") as file:
        return list(csv.DictReader(file))


def rows(folder, side):
    """Of one side's table: (store, total in cents, status, revision) by order."""
    link = sqlite3.connect(f"file:{folder / f'{side}.db'}?mode=ro", uri=True, timeout=10)
    try:
        return {order: tuple(rest) for order, *rest in link.execute(ROWS[side])}
    finally:
        link.close()
