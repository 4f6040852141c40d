"""Requests for the registrars of `entries.py`, and the edges by which they differ from plain ones."""

from ..ledger import LEDGER
from ..stubs import ledger
from . import grammar
from .entries import STOCK, row
from .routing import TARGET

KINDS = ["single query", "multi query", "update", "upsert", "insert", "delete", "pass-through"]
METHODS = {"single query": "Find", "multi query": "List", "update": "Change", "upsert": "Save", "insert": "Add",
           "delete": "Remove", "pass-through": "FindMany"}
NAMED = ["single query", "update", "delete"]
MADE = ["upsert", "insert"]
ANSWERS = {"Find": ledger.EntryReply, "List": ledger.ListReply, "Change": ledger.EntryReply, "Move": ledger.EntryReply,
           "Save": ledger.EntryReply, "Add": ledger.EntryReply, "Remove": ledger.RemoveReply,
           "FindMany": ledger.FindManyReply, "ChangeMany": ledger.FindManyReply, "Place": ledger.EntryReply,
           "Overwrite": ledger.EntryReply, "Drop": ledger.RemoveReply}
edges = grammar.Edges()
each = edges.add


def plain(kind, choose):
    number = 20 if kind == "insert" else 7
    name = ledger.EntryName(store=TARGET, id=number)
    entry = ledger.Entry(store=TARGET, id=number, owner=choose.choice(["Åsa", "Bo"]), cents=choose.randint(1, 50))
    content = {
        "single query": name, "delete": name, "multi query": ledger.ListRequest(store=TARGET),
        "update": ledger.ChangeRequest(name=name, add_cents=5), "upsert": ledger.SaveRequest(entry=entry),
        "insert": ledger.AddRequest(entry=entry), "pass-through": ledger.FindManyRequest(ids=[7, 9, 20]),
    }[kind]
    return grammar.Draft(kind, f"/{LEDGER}/{METHODS[kind]}", content, number)


def named(content):
    """The messages in a request that have store and id."""
    for part in ("name", "entry"):
        if part in content.DESCRIPTOR.fields_by_name:
            return [getattr(content, part)]
    return [each.name for each in content.changes] if isinstance(content, ledger.ChangeManyRequest) else [content]


def gray_key(draft):
    if draft.kind == "pass-through" or draft.kind == "multi query" and not draft.content.HasField("store"):
        return None
    return named(draft.content)[0].store


def touches_target(draft):
    return draft.kind in ("multi query", "pass-through") or any(each.id == 7 for each in named(draft.content))


def setting(**fields):
    def change(draft, choose):
        for message in named(draft.content):
            for name, content in fields.items():
                setattr(message, name, content)
    return change


def add_names():
    kinds = NAMED + MADE
    each(kinds, "missing", "record key", setting(id=0))
    each(kinds, "missing", "gray key", setting(store=""))
    each(kinds, "missing", "no record of the key", setting(id=99))
    each(["insert"], "extreme", "the record is there", setting(id=7))
    each(kinds, "extreme", "record key is the least integer", setting(id=-2**63))
    each(kinds, "extreme", "record key is the greatest integer", setting(id=2**63 - 1))
    for name, store in [("never enrolled", "407"), ("enrolled", "408"), ("gray", "409"), ("of nobody", "999")]:
        each(kinds, "wrong gray key", name, setting(store=store))
    each(kinds, "wrong gray key", "in its place a number's text", setting(store="0406"))
    each(kinds, "extreme", "gray key of 2,000 bytes", setting(store="4" * 2000))
    each(kinds, "extreme", "gray key with NUL", setting(store="406\0"))
    each(kinds, "empty", "name or entry", lambda draft, choose: [each.Clear() for each in named(draft.content)])
    for name, version in [("stale", 2), ("of the future", 4), ("0", 0), ("greatest", 2**63 - 1), ("the right one", 3)]:
        each(["update", "delete"], "stale version", name, setting(version=version))
    each(NAMED, "wrong type", "the gray key is not UTF-8", lambda draft, choose: draft.changes.append(
        lambda made: made.replace(b"406", b"4\xff6")))
    each(NAMED + MADE, "unknown field", "in the message twice", lambda draft, choose: draft.changes.append(
        lambda made: made + b"\xf8\x3f\x01\xfa\x3f\x02ab"))


def add_fields():
    each(MADE, "empty", "owner", setting(owner=""))
    each(MADE, "extreme", "owner of 1,000 characters", setting(owner="o" * 1000))
    each(MADE, "extreme", "owner of 1,001 characters", setting(owner="o" * 1001))
    for cents in (0, -2**63, 2**63 - 1):
        each(MADE, "extreme", f"cents {cents}", setting(cents=cents))
    each(MADE, "extreme", "version", setting(version=2**63 - 1))
    each(MADE, "missing", "entry", lambda draft, choose: draft.content.ClearField("entry"))
    each(MADE, "unknown field", "in the entry",
         lambda draft, choose: draft.content.entry.MergeFromString(b"\xa2\x06\x03abc"))
    each(MADE, "NULL", "entry twice, the second empty",
         lambda draft, choose: draft.changes.append(lambda made: made + b"\x0a\x00"))

    def add(cents):
        return lambda draft, choose: setattr(draft.content, "add_cents", cents)

    for cents in (0, -105, 2**63 - 1, -2**63):
        each(["update"], "extreme", f"add {cents}", add(cents))
    each(["update"], "missing", "name", lambda draft, choose: draft.content.ClearField("name"))
    each(["update"], "NULL", "name twice, the second empty",
         lambda draft, choose: draft.changes.append(lambda made: made + b"\x0a\x00"))


def add_rows():
    """Edges of the entries instead of the request."""
    def having(*rows):
        return lambda draft, choose: draft.rows.extend(dict(each) for each in rows)

    kinds = ["single query", "multi query", "update", "upsert", "insert", "delete", "pass-through"]
    each(kinds, "extreme", "version of the entry", having(row(7, TARGET, version=2**63 - 1)))
    each(kinds, "extreme", "owner of the entry, 100,000 bytes", having(row(7, TARGET, owner="ä" * 50_000)))
    each(kinds, "empty", "cents, owner and version of the entry", having(row(7, TARGET, 0, "", 0)))


def add_moves():
    def to(store):
        def change(draft, choose):
            draft.content = ledger.MoveRequest(name=draft.content.name, store=store)
            draft.method = f"/{LEDGER}/Move"
        return change

    for name, store in [("never enrolled", "407"), ("enrolled", "408"), ("gray", "409"), ("its own", "406")]:
        each(["update"], "wrong gray key", f"new one: {name}", to(store))
    each(["update"], "missing", "new gray key", to(""))

    def several(*ids):
        def change(draft, choose):
            names = [ledger.EntryName(store=TARGET, id=id) for id in ids]
            draft.content = ledger.ChangeManyRequest(
                changes=[ledger.ChangeRequest(name=name, add_cents=1) for name in names])
            draft.method = f"/{LEDGER}/ChangeMany"
        return change

    each(["update"], "extreme", "several records", several(1, 2))


def add_lists():
    def to(**fields):
        def change(draft, choose):
            for name, content in fields.items():
                setattr(draft.content, name, content)
        return change

    kind = ["multi query"]
    each(kind, "missing", "gray key", lambda draft, choose: draft.content.ClearField("store"))
    for limit in (0, 1, 2, 5, 1000, 1001, -1, 2**31 - 1):
        each(kind, "limit", str(limit), to(limit=limit))
    for cents in (0, 5, 100, 2**63 - 1, -2**63):
        each(kind, "extreme", f"at least {cents}", to(at_least_cents=cents))
    each(kind, "extreme", "page token of nobody", to(page_token="xyz"))
    each(kind, "extreme", "page token that the service takes", to(page_token="5:1"))
    each(kind, "extreme", "page token of 70,000 bytes", to(page_token="1" * 70_000))
    each(kind, "empty", "gray key", to(store=""))
    for name, store in [("never enrolled", "407"), ("enrolled", "408"), ("gray", "409"), ("of nobody", "999")]:
        each(kind, "wrong gray key", name, to(store=store))


def add_passing():
    def to(method, content):
        def change(draft, choose):
            draft.method, draft.content = f"/{LEDGER}/{method}", content
        return change

    kind = ["pass-through"]
    entry = ledger.Entry(store=TARGET, id=7, owner="Bo", cents=1)
    other = ledger.Entry(store="407", id=20, owner="Bo", cents=1)
    each(kind, "missing", "ids", to("FindMany", ledger.FindManyRequest()))
    each(kind, "extreme", "ids", to("FindMany", ledger.FindManyRequest(ids=[2**63 - 1, 7, -2**63, 7])))
    each(kind, "limit", "1,001 ids", to("FindMany", ledger.FindManyRequest(ids=range(1001))))
    for name, content in (("of a record", entry), ("of no record", other)):
        each(kind, "extreme", f"Place {name}", to("Place", ledger.SaveRequest(entry=content)))
        each(kind, "extreme", f"Overwrite {name}", to("Overwrite", ledger.SaveRequest(entry=content)))
    each(kind, "missing", "entry of Place", to("Place", ledger.SaveRequest()))
    for id in (7, 99):
        each(kind, "extreme", f"Drop {id}", to("Drop", ledger.DropRequest(id=id)))
    each(kind, "missing", "id of Drop", to("Drop", ledger.DropRequest()))
    for group, path in [
        ("unknown field", f"/{LEDGER}/Nothing"), ("empty", f"/{LEDGER}/"), ("missing", f"/{LEDGER}"), ("empty", "/"),
        ("extreme", f"/{LEDGER}/FindMany?x=1"), ("extreme", f"/{LEDGER}/FindMany/"),
        ("extreme", "/" + "s" * 4000 + "/x"),
        ("unknown field", "/ledger.v2.Ledger/Find"), ("wrong type", "/ledger.v1.ledger/Find"),
        ("extreme", f"/{LEDGER}/Find%4dany"),
    ]:
        each(kind, group, path if len(path) < 60 else "path of 4,000 bytes",
             lambda draft, choose, path=path: setattr(draft, "method", path))


class World:
    """What the run needs to know of the interface."""

    name = "interface"
    kinds = KINDS
    edges = edges
    plain = staticmethod(plain)
    gray_key = staticmethod(gray_key)
    touches_target = staticmethod(touches_target)
    stock = STOCK
    fresh = {"old": "fresh", "new": "fresh"}

    @staticmethod
    def decode(draft, content):
        answer = ANSWERS.get(draft.method.rpartition("/")[2])
        return answer.FromString(content) if answer else content


for add_edges in (add_names, add_fields, add_rows, add_moves, add_lists, add_passing):
    add_edges()
grammar.add_envelope(edges, KINDS)
