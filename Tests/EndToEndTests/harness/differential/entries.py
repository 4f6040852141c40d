"""Interface: a registrar, strict about what it is asked, on both sides.

Both sides call themselves `it`, so that an answer does not show who gave it: the plain truth is a third registrar,
called directly."""

import grpc

from ..ledger import CHANGE_MANY, LEDGER, NAME, PLAN, Ledger
from ..stubs import ledger
from .routing import TARGET

PASSING = {
    "FindMany": {"kind": "pass_through", "effect": "read"},
    "Place": {"kind": "pass_through", "effect": "unsafe_write"},
    "Overwrite": {"kind": "pass_through", "effect": "unsafe_write"},
    "Drop": {"kind": "pass_through", "effect": "unsafe_write"},
}


class Registrar(Ledger):
    """A ledger that refuses what makes no sense, another store's entries and stale versions."""

    def __init__(self):
        self.kept = set()
        super().__init__("it", [])

    def set(self, rows):
        with self.lock:
            self.entries = {(row["gray"], row["key"]): entry_of(row) for row in rows}
            self.kept = {row["key"] for row in rows}

    def rows(self):
        """An entry's `own` tells whether it was there all the time: what hung on one that is put back is gone."""
        with self.lock:
            return {id: row_of(entry, "kept" if id in self.kept else "fresh")
                    for (_, id), entry in self.entries.items()}

    def gone(self, id):
        with self.lock:
            if self.store_of(id) is None:
                self.kept.discard(id)

    def refuse(self, context, status, words):
        context.abort(getattr(grpc.StatusCode, status), words)

    def check_entry(self, entry, context):
        if entry.id <= 0:
            self.refuse(context, "INVALID_ARGUMENT", "an id is above 0")
        if not entry.store:
            self.refuse(context, "INVALID_ARGUMENT", "the store is missing")
        if len(entry.owner) > 1000:
            self.refuse(context, "INVALID_ARGUMENT", "the owner's name is too long")
        if self.store_of(entry.id) not in (None, entry.store):
            self.refuse(context, "FAILED_PRECONDITION", f"{entry.id} is another store's")

    def check_name(self, name, context):
        found = self.entries.get((name.store, name.id))
        if found is None and self.store_of(name.id) is not None:
            self.refuse(context, "FAILED_PRECONDITION", f"{name.id} is another store's")
        if found is not None and name.HasField("version") and name.version != found.version:
            self.refuse(context, "ABORTED", f"{name.id} has another version")

    def Find(self, request, context):
        self.check_name(ledger.EntryName(store=request.store, id=request.id), context)
        return super().Find(request, context)

    def Change(self, request, context):
        self.check_name(request.name, context)
        found = self.entries.get((request.name.store, request.name.id))
        if found is not None and not -2**63 <= found.cents + request.add_cents < 2**63:
            self.refuse(context, "OUT_OF_RANGE", "that many cents cannot be")
        return super().Change(request, context)

    def Move(self, request, context):
        self.check_name(request.name, context)
        return super().Move(request, context)

    def Remove(self, request, context):
        self.check_name(request, context)
        reply = super().Remove(request, context)
        self.gone(request.id)
        return reply

    def Drop(self, request, context):
        reply = super().Drop(request, context)
        self.gone(request.id)
        return reply

    def Add(self, request, context):
        self.check_entry(request.entry, context)
        return super().Add(request, context)

    def Save(self, request, context):
        self.check_entry(request.entry, context)
        return super().Save(request, context)

    def List(self, request, context):
        if not 0 <= request.limit <= 1000:
            self.refuse(context, "INVALID_ARGUMENT", "a page has 1 to 1,000 entries")
        try:
            return super().List(request, context)
        except ValueError:
            self.refuse(context, "INVALID_ARGUMENT", "no page token of ours")


def entry_of(row):
    return ledger.Entry(store=row["gray"], id=row["key"], owner=row["owner"], cents=row["cents"],
                        version=row["version"])


def row_of(entry, own):
    return {"key": entry.id, "gray": entry.store, "owner": entry.owner, "cents": entry.cents, "version": entry.version,
            "bytes": entry.SerializeToString(), "own": own}


def row(key, gray, cents=100, owner=" Åsa ", version=3):
    made = ledger.Entry(store=gray, id=key, owner=owner, cents=cents, version=version)
    return row_of(made, "kept")


STOCK = [
    row(1, "406", 5), row(2, "406", 5, ""), row(3, "406", -5), row(4, "406", 2**62), row(5, "406", -2**63),
    row(6, "406", 0, "long" * 700), row(7, TARGET), row(8, "407"), row(9, "408", 7), row(10, "409", version=2**40),
]


def migration():
    return {"services": [LEDGER], **NAME}


def plan():
    return {**PLAN, **PASSING, "ChangeMany": CHANGE_MANY}
