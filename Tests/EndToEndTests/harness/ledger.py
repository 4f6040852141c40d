"""A ledger, old or new: a service of its own kind, with faults on demand, and the sidecar's configuration for it."""

import threading
import time
import uuid

import grpc

from .backends import Server
from .history import Client
from .stubs import ledger, ledger_services

LEDGER = "ledger.v1.Ledger"
NAME = {"gray_key": {"path": 1, "type": "string"}, "record_key": {"path": 2, "type": "int64"}}
IN_ENTRY = {"gray_key": {"path": "1.1", "type": "string"}, "record_key": {"path": "1.2", "type": "int64"}}
FIND = {"method": "Find", "fields": {"1": "request.1", "2": "request.2"}}
FIND_ENTRY = {"method": "Find", "fields": {"1": "request.1.1", "2": "request.1.2"}}
OVERWRITE = {"method": "Overwrite", "fields": {"1": "reply.2"}}
PLACE = {"method": "Place", "fields": {"1": "reply.2"}}
LIST = {
    "kind": "multi_query",
    "gray_key": {"path": 1, "type": "string"},
    "rows": {
        "field": 1, "key": {"path": 2, "type": "int64"}, "gray_key": {"path": 1, "type": "string"},
        "order": [{"path": 4, "type": "sint64", "descending": True}],
    },
    "pages": {
        "tokens": "opaque", "limit": 3, "default_limit": 100, "request_token": 4, "response_token": 2},
    "confirm": {
        "method": "FindMany", "element": 1, "parts": [{"path": 2, "type": "int64"}], "rows": 1,
        "key": {"path": 2, "type": "int64"}},
}
MOVE = {
    "kind": "update", **IN_ENTRY, "new_gray_key": {"path": 2, "type": "string"}, "put": OVERWRITE,
    "put_or_insert": PLACE,
    "erase": {"method": "Drop", "fields": {"1": "request.1.2"}},
}
CHANGE_MANY = {"kind": "update", "element": 1, **IN_ENTRY}
PLAN = {
    "List": LIST,
    "Find": {"kind": "single_query"},
    "Change": {"kind": "update", **IN_ENTRY, "put": OVERWRITE, "put_or_insert": PLACE},
    "Move": MOVE,
    "Add": {"kind": "insert", **IN_ENTRY, "look_up": FIND_ENTRY, "put_or_insert": PLACE},
    "Save": {"kind": "upsert", **IN_ENTRY, "look_up": FIND_ENTRY, "put": OVERWRITE, "put_or_insert": PLACE},
    "Remove": {"kind": "delete", "look_up": FIND, "put_or_insert": PLACE},
}


class Ledger(Server, ledger_services.LedgerServicer):
    """Entries of one side. `log` is shared by both sides and holds (side, method, key, metadata) in order of arrival.

    `faults[method]` is a status to fail with before anything is done, or a function of (request, context).
    """

    def __init__(self, side, log):
        self.side = side
        self.log = log
        self.entries = {}
        self.faults = {}
        self.lock = threading.Lock()
        super().__init__(None)

    def register(self, server):
        ledger_services.add_LedgerServicer_to_server(self, server)

    def arrived(self, method, key, request, context):
        self.log.append((self.side, method, key, dict(context.invocation_metadata())))
        context.set_trailing_metadata([("answered-by", self.side)])
        fault = self.faults.get(method)
        if isinstance(fault, grpc.StatusCode):
            context.abort(fault, f"{self.side} was told to fail")
        if fault:
            fault(request, context)

    def present(self, key, context):
        if key not in self.entries:
            context.abort(grpc.StatusCode.NOT_FOUND, f"{self.side} has no {key[1]}")
        return self.entries[key]

    def reply(self, entry):
        return ledger.EntryReply(note=self.side, entry=entry)

    def store_of(self, number):
        return next((store for store, id in self.entries if id == number), None)

    def put(self, key, entry):
        self.entries.pop((self.store_of(key[1]), key[1]), None)
        self.entries[key] = ledger.Entry.FromString(entry.SerializeToString())
        return self.reply(self.entries[key])

    def Find(self, request, context):
        key = (request.store, request.id)
        self.arrived("Find", key, request, context)
        return self.reply(self.present(key, context))

    def List(self, request, context):
        self.arrived("List", request.store, request, context)
        found = [entry for entry in self.entries.values()
                 if entry.cents >= request.at_least_cents and request.store in ("", entry.store)]
        found.sort(key=lambda entry: (-entry.cents, entry.id))
        after = tuple(map(int, request.page_token.split(":"))) if request.page_token else None
        rest = [entry for entry in found if after is None or (-entry.cents, entry.id) > after]
        page = rest[:request.limit or 100]
        reply = ledger.ListReply(entries=page, total=len(found))
        if len(rest) > len(page):
            reply.next_page_token = f"{-page[-1].cents}:{page[-1].id}"
        return reply

    def FindMany(self, request, context):
        self.arrived("FindMany", tuple(request.ids), request, context)
        wanted = set(request.ids)
        return ledger.FindManyReply(entries=[entry for (_, key), entry in self.entries.items() if key in wanted])

    def Change(self, request, context):
        key = (request.name.store, request.name.id)
        self.arrived("Change", key, request, context)
        return self.reply(self.changed(request, context))

    def changed(self, request, context):
        key = (request.name.store, request.name.id)
        with self.lock:
            entry = ledger.Entry.FromString(self.present(key, context).SerializeToString())
            entry.cents += request.add_cents
            entry.version += 1
            self.put(key, entry)
        return entry

    def ChangeMany(self, request, context):
        self.arrived("ChangeMany", tuple(each.name.id for each in request.changes), request, context)
        return ledger.FindManyReply(entries=[self.changed(each, context) for each in request.changes])

    def Add(self, request, context):
        key = (request.entry.store, request.entry.id)
        self.arrived("Add", key, request, context)
        with self.lock:
            if key in self.entries:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{self.side} has {key[1]}")
            return self.put(key, request.entry)

    def Save(self, request, context):
        key = (request.entry.store, request.entry.id)
        self.arrived("Save", key, request, context)
        return self.put(key, request.entry)

    def Overwrite(self, request, context):
        key = (request.entry.store, request.entry.id)
        self.arrived("Overwrite", key, request, context)
        self.present((self.store_of(key[1]), key[1]), context)
        return self.put(key, request.entry)

    def Place(self, request, context):
        key = (request.entry.store, request.entry.id)
        self.arrived("Place", key, request, context)
        return self.put(key, request.entry)

    def Move(self, request, context):
        key = (request.name.store, request.name.id)
        self.arrived("Move", key, request, context)
        with self.lock:
            entry = ledger.Entry.FromString(self.present(key, context).SerializeToString())
            entry.store = request.store or entry.store
            entry.version += 1
            return self.put((entry.store, entry.id), entry)

    def Drop(self, request, context):
        key = (self.store_of(request.id), request.id)
        self.arrived("Drop", key, request, context)
        self.present(key, context)
        del self.entries[key]
        return ledger.RemoveReply(removed_by=self.side)

    def Remove(self, request, context):
        key = (request.store, request.id)
        self.arrived("Remove", key, request, context)
        self.present(key, context)
        del self.entries[key]
        return ledger.RemoveReply(removed_by=self.side)


class Bookkeeper(Client):
    """A client of the ledgers."""

    def call(self, method, request, metadata=(), **options):
        """Each call bears a trace of its own, by which its legs are known at the sides."""
        trace = ("traceparent", f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-01")
        return self.unary(f"/{LEDGER}/{method}", request, metadata=[trace, *metadata], **options)

    def find(self, key, **options):
        return self.call("Find", name(key), **options)

    def list(self, compression=None, **fields):
        return self.call("List", ledger.ListRequest(**fields), compression=compression)

    def walk(self, **fields):
        """The entries of all pages, and the pages' sizes; fails with the first call that does."""
        entries, sizes, token = [], [], ""
        while True:
            outcome = self.list(page_token=token, **fields)
            assert outcome.code == "OK", outcome
            reply = ledger.ListReply.FromString(outcome.messages[0])
            entries += reply.entries
            sizes.append(len(reply.entries))
            token = reply.next_page_token
            if not token:
                return entries, sizes

    def change(self, key, cents, **options):
        return self.call("Change", ledger.ChangeRequest(name=name(key), add_cents=cents), **options)

    def change_many(self, keys, cents, **options):
        changes = [ledger.ChangeRequest(name=name(key), add_cents=cents) for key in keys]
        return self.call("ChangeMany", ledger.ChangeManyRequest(changes=changes), **options)

    def move(self, key, store, **options):
        return self.call("Move", ledger.MoveRequest(name=name(key), store=store), **options)

    def add(self, key, cents=1, **options):
        return self.call("Add", ledger.AddRequest(entry=entry(key, cents)), **options)

    def save(self, key, cents=1, **options):
        return self.call("Save", ledger.SaveRequest(entry=entry(key, cents)), **options)

    def remove(self, key, **options):
        return self.call("Remove", name(key), **options)


def name(key):
    return ledger.EntryName(store=key[0], id=key[1])


def entry(key, cents, version=1, owner=" Åsa "):
    return ledger.Entry(store=key[0], id=key[1], owner=owner, cents=cents, version=version)


def hang(seconds):
    """A fault: nothing is said for a while; the method then goes on."""

    def fault(_, context):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.01)

    return fault
