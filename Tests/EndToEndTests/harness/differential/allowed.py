"""The differences that the contract allows, each with its sentence in Protocol/semantics.md."""

import dataclasses
import pathlib

WRITES = ("update", "upsert", "insert", "delete")
CONTRACT = pathlib.Path(__file__).parents[4] / "Protocol/semantics.md"


@dataclasses.dataclass
class Allowance:
    """`covers(difference)` says whether it is one of those that the sentence allows."""

    name: str
    sentence: str
    covers: object
    worlds: tuple = ("records", "interface")
    mark: str = "a"


@dataclasses.dataclass
class KnownFault:
    """A difference that the contract does not allow and that nobody has removed yet."""

    name: str
    reason: str
    covers: object
    worlds: tuple = ("records", "interface")
    mark: str = "k"


class Allowances:
    """Those of one world; each must occur in a run of all requests."""

    def __init__(self, world):
        self.allowed = [each for each in ALLOWED if world in each.worlds]
        self.known = [each for each in KNOWN if world in each.worlds]
        self.used = set()

    def why(self, difference):
        for each in [*self.allowed, *self.known]:
            if (answers(difference) or each in self.known) and each.covers(difference):
                self.used.add(each.name)
                return each
        return None


def contract():
    """The contract as one line, so that a sentence may be broken anywhere."""
    return " ".join(CONTRACT.read_text().split())


def answers(difference):
    """Whether it is the answer that differs; what became of the rows is never allowed to."""
    return difference.aspect != "rows"


def passed(difference):
    return difference.case.draft.races and difference.at.answer.status == "DEADLINE_EXCEEDED"


def guarded(difference):
    return difference.case.draft.kind == "insert" and difference.at.answer.error == "already-exists"


def unreadable(difference):
    """The service was not asked, since the sidecar could not read whom the call is about."""
    return (difference.place != "old" and difference.at.answer.error in ("malformed-message", "missing-key")
            and not edge(difference, "limit: -1"))


def packed(difference):
    return difference.case.draft.coding == "odd" and difference.at.answer.error == "compressed-message"


def totals(difference):
    return difference.aspect == "beside the rows" and difference.expected != [""] and difference.seen == [""]


def interrupted(difference):
    """A page token of the service itself, where the sidecar's own are asked for."""
    return difference.case.draft.kind == "multi query" and difference.at.answer.error == "walk-interrupted"


def unknown(difference):
    """The service's INTERNAL for what it cannot read does not say whether it has written."""
    at, base = difference.at.answer, difference.base.answer
    return at.error == "outcome-unknown" and (base.status, at.status) == ("INTERNAL", "UNKNOWN")


def several(difference):
    return difference.at.answer.error == "several-records"


def edge(difference, *words):
    return any(word in name for name in difference.case.draft.edges for word in words)


def refused_by_look_up(difference, status):
    return difference.base.answer.status == status and difference.at.answer.error == "side-unreachable"


def no_call(difference):
    return difference.at.answer.status == "HTTP 404" and difference.case.draft.kind == "pass-through"


# Of the answer alone: a difference in what became of the rows is never allowed.
ALLOWED = [
    Allowance("deadline", "Less than 5 ms left before the first write ask: `DEADLINE_EXCEEDED`, nothing sent.", passed),
    Allowance("insert guard", "before a record is inserted into new, old is asked whether it has the record key", guarded),
    Allowance("unreadable key", "| record or gray key missing or malformed | `INVALID_ARGUMENT`, naming the field path |",
              unreadable, ("interface",)),
    Allowance("unknown coding", "| a message that must be read is compressed with another coding than gzip |", packed,
              ("interface",)),
    Allowance("totals", "Totals and aggregates that cannot be merged exactly are dropped", totals, ("interface",)),
    Allowance("foreign page token", "when the sides asked change during a walk: `ABORTED` `walk-interrupted`",
              interrupted, ("interface",)),
    Allowance("outcome unknown", "| write's outcome unknown | the deadline's status, or `UNKNOWN` `outcome-unknown` |",
              unknown, ("interface",)),
    Allowance("several records", "| write of several records: not of one stage; at the stages of double writes",
              several, ("interface",)),
    Allowance("no gRPC call", "calls that break HTTP/2's or gRPC's own wire rules", no_call, ("interface",)),
]
KNOWN = [
    KnownFault("R1 limit", "a limit above 1,000 is taken where sides are merged",
               lambda d: d.case.draft.kind == "multi query" and d.case.draft.content.limit > 1000
               and d.at.answer.status == "OK"),
    KnownFault("R2 one side cannot hold it", "a value that one side cannot hold is written to the other",
               lambda d: d.case.draft.kind in WRITES and edge(d, "amount =", "created ="), ("records",)),
    KnownFault("R3 wrong request", "a look-up's refusal of a request that is wrong in itself is taken for a failure",
               lambda d: refused_by_look_up(d, "INVALID_ARGUMENT")),
    KnownFault("R4 two names", "one fault of a request has two names",
               lambda d: d.aspect == "trailers" and d.base.answer.status == d.at.answer.status == "INVALID_ARGUMENT",
               ("records",)),
    KnownFault("R5 gray key of another type", "it is taken for missing", lambda d: edge(d, "gray key is a number"),
               ("records",)),
    KnownFault("R6 long gray key", "its limit holds at migrating only", lambda d: edge(d, "gray key of 70,000"),
               ("records",)),
    KnownFault("W1 refused delete", "the follower is erased before the request is judged",
               lambda d: d.case.draft.kind == "delete" and d.base.answer.status != "OK" and d.stage != "newMirrored",
               ("records",)),
    KnownFault("W3 delete of old's left-over", "at newMirrored old is erased of what new does not have",
               lambda d: d.case.draft.kind == "delete" and (d.place, d.placement) == ("newMirrored", "only old")),
    KnownFault("W4 refused look-up", "a look-up's refusal on purpose is taken for a failure",
               lambda d: refused_by_look_up(d, "FAILED_PRECONDITION")),
    KnownFault("Q1 trailers of lists", "a multi query loses the side's own trailers",
               lambda d: d.case.draft.kind == "multi query" and d.aspect == "trailers" and d.seen == [], ("interface",)),
    KnownFault("Q2 limit below 0", "it is refused where sides are merged, whatever the service makes of it",
               lambda d: edge(d, "limit: -1"), ("interface",)),
    KnownFault("Q3 expired", "UNAVAILABLE instead of DEADLINE_EXCEEDED",
               lambda d: d.case.draft.races and d.at.answer.error == "side-unreachable", ("records",)),
    KnownFault("Q4 reset", "a deadline that has passed is answered by a reset without a cause",
               lambda d: d.case.draft.races and d.at.answer.status == "RESET 0", ("interface",)),
]
