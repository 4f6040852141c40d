"""Plants one kind of fault in the databases, behind the sidecar's back: a verdict that misses it is worth nothing."""

import sqlite3

FAULTS = ("lost", "stale", "double")
RECORDS = 20


def plant(fault, folder):
    """What was done, in words."""
    old, new = (sqlite3.connect(folder / f"{side}.db", timeout=10, isolation_level=None) for side in ("old", "new"))
    try:
        return {"lost": lose, "stale": age, "double": double}[fault](old, new)
    finally:
        old.close()
        new.close()


def lose(old, new):
    """Records that were written, and acknowledged, are gone from where they are."""
    old.execute(
        f"delete from t_order where order_no in (select order_no from t_order order by random() limit {RECORDS})")
    return f"{RECORDS} orders have been deleted from old"


def age(old, new):
    """Writes that were acknowledged are undone, as if a copy of yesterday had been put back."""
    done = old.execute(
        "update t_order set revision = revision - 1 where order_no in "
        f"(select order_no from t_order where revision > 1 order by random() limit {RECORDS})").rowcount
    return f"{done} orders of old have been put back by a revision"


def double(old, new):
    """Records that were inserted into new alone stand in old too."""
    rows = new.execute(
        "select id, store, household_id, item_count, total / 100, "
        "strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000000, 'unixepoch'), state, revision from orders "
        f"order by random() limit {RECORDS}").fetchall()
    old.executemany("insert into t_order values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return f"{len(rows)} orders of new have been copied to old"
