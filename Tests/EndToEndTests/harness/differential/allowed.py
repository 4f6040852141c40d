"""The differences that the contract allows, each with its sentence in Protocol/semantics.md; and known faults.

An allowance is of the answer alone: what becomes of the rows is never allowed to differ."""

import dataclasses
import pathlib

CONTRACT = pathlib.Path(__file__).parents[4] / "Protocol/semantics.md"
WRITES = ("update", "upsert", "insert", "delete")
BOTH, RECORDS, INTERFACE = ("records", "interface"), ("records",), ("interface",)


@dataclasses.dataclass
class Reason:
    """Why differences are as they are: the contract's sentence (mark `a`), or what is known of a fault (`k`)."""

    name: str
    words: str
    worlds: tuple
    mark: str
    covers: object


ALLOWED, KNOWN = [], []


def allowed(name, sentence, worlds=BOTH):
    def take(covers):
        ALLOWED.append(Reason(name, sentence, worlds, "a", covers))
    return take


def known(name, words, worlds=BOTH):
    def take(covers):
        KNOWN.append(Reason(name, words, worlds, "k", covers))
    return take


class Reasons:
    """Those of one world; each must occur in a run of all requests."""

    def __init__(self, world):
        self.all = [each for each in [*ALLOWED, *KNOWN] if world in each.worlds]
        self.used = set()

    def of(self, difference):
        for each in self.all:
            if (difference.aspect != "rows" or each.mark == "k") and each.covers(difference):
                self.used.add(each.name)
                return each
        return None

    @property
    def dead(self):
        return [each.name for each in self.all if each.name not in self.used]


def contract():
    """The contract as one line, so that a sentence may be broken anywhere."""
    return " ".join(CONTRACT.read_text().split())


def edge(difference, *words):
    return any(word in name for name in difference.case.draft.edges for word in words)


@allowed("deadline", "Less than 5 ms left before the first write ask: `DEADLINE_EXCEEDED`, nothing sent.")
def _(d):
    return d.case.draft.races and d.at.status == "DEADLINE_EXCEEDED"


@allowed("insert guard", "before a record is inserted into new, old is asked whether it has the record key")
def _(d):
    """At newMirrored it may be a left-over of old alone, which old may say in words of its own."""
    of_old = (d.place, d.placement) == ("newMirrored", "only old") and d.at.status == "FAILED_PRECONDITION"
    return d.case.draft.kind == "insert" and (d.at.error == "already-exists" or of_old)


@allowed("unreadable key", "| record or gray key missing or malformed | `INVALID_ARGUMENT`, naming the field path |",
         INTERFACE)
def _(d):
    """The service was not asked, since the sidecar could not read whom the call is about."""
    return d.place != "old" and d.at.error in ("malformed-message", "missing-key")


@allowed("unknown coding", "| a message that must be read is compressed with another coding than gzip |", INTERFACE)
def _(d):
    return d.case.draft.coding == "odd" and d.at.error == "compressed-message"


@allowed("totals", "Totals and aggregates that cannot be merged exactly are dropped", INTERFACE)
def _(d):
    return d.aspect == "beside the rows" and d.expected != [""] and d.seen == [""]


@allowed("metadata of merged pages", "A merged answer has no metadata or trailers of the sides", INTERFACE)
def _(d):
    return (d.case.draft.kind == "multi query" and d.aspect == "trailers" and d.seen == []
            and d.place not in ("old", "newMirrored", "new"))


@allowed("larger limit", "above the plan's `maximum_limit` it gives pages of that many", INTERFACE)
def _(d):
    """The service refuses it and is not asked for so many."""
    return d.case.draft.kind == "multi query" and d.case.draft.content.limit > 1000 and d.at.status == "OK"


@allowed("foreign page token", "when the sides asked change during a walk: `ABORTED` `walk-interrupted`", INTERFACE)
def _(d):
    """A page token of the service itself, where the sidecar's own are asked for."""
    return d.case.draft.kind == "multi query" and d.at.error == "walk-interrupted"


@allowed("several records", "| write of several records: not of one stage; at the stages of double writes", INTERFACE)
def _(d):
    return d.at.error == "several-records"


@allowed("no method", "| method not known, no pass-through | `UNIMPLEMENTED` |", INTERFACE)
def _(d):
    """A path that no method has is refused by the sidecar, once it matters to which side it would go."""
    return d.case.draft.kind == "pass-through" and d.place != "old" and d.at.error == "unknown-method"


@allowed("no gRPC call", "calls that break HTTP/2's or gRPC's own wire rules", INTERFACE)
def _(d):
    return d.case.draft.kind == "pass-through" and d.at.status == "HTTP 404"


@allowed("existence first", "existence first, then update or insert", INTERFACE)
def _(d):
    """Of two faults in one request the look-up finds the record's first, and its word is the answer."""
    return (d.case.draft.kind == "upsert" and d.place != "old" and d.base.status == "INVALID_ARGUMENT"
            and d.at.status == "FAILED_PRECONDITION")
