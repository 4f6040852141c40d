"""Requests from a seed: each is a plain request of one call kind, changed by one or two edges."""

import contextlib
import copy
import dataclasses
import gzip
import random

from ..raw import message

# Requests of a kind that differ by two edges, beside those that differ by one.
PAIRS = 16


@dataclasses.dataclass
class Draft:
    """A request that is being made. Edges change it; `about` is what the routing table must know of it."""

    kind: str
    method: str
    content: object
    key: object
    edges: list = dataclasses.field(default_factory=list)
    changes: list = dataclasses.field(default_factory=list)
    metadata: list = dataclasses.field(default_factory=list)
    timeout: str = "20S"
    coding: str = None
    compressed: bool = False
    suffix: bytes = b""
    groups: set = dataclasses.field(default_factory=set)
    # Rows that both sides have beside the stock, or in place of one of its rows.
    rows: list = dataclasses.field(default_factory=list)
    # A deadline that may pass before, while or after the call is made.
    races: bool = False

    def message(self):
        """The request's bytes, before compression."""
        made = self.content if isinstance(self.content, bytes) else self.content.SerializeToString()
        for change in self.changes:
            made = change(made)
        return made

    def body(self):
        made = self.message()
        packed = gzip.compress(made, mtime=0) if self.compressed and self.coding != "odd" else made
        return message(packed, flag=int(self.compressed)) + self.suffix


@dataclasses.dataclass(frozen=True)
class Edge:
    """One way in which a request is not plain. `group` is the issue's word for it."""

    group: str
    name: str
    change: object

    def __call__(self, draft, choose):
        self.change(draft, choose)
        draft.edges.append(f"{self.group}: {self.name}")
        draft.groups.add(self.group)


class Edges:
    """Collects edges by call kind."""

    def __init__(self):
        self.of = {}

    def add(self, kinds, group, name, change):
        for kind in kinds:
            self.of.setdefault(kind, []).append(Edge(group, name, change))

    def edge(self, kinds, group, name):
        """The same as a decorator of change(draft, choose)."""
        def take(change):
            self.add(kinds, group, name, change)
            return change
        return take


@dataclasses.dataclass
class Case:
    world: str
    seed: int
    index: int
    draft: Draft

    @property
    def name(self):
        return f"{self.draft.kind} {self.index}: {', '.join(self.draft.edges) or 'plain'}"


def cases(world, seed, only=None):
    """The requests of a world. Each depends on (seed, index) alone: it can be made again without the others."""
    indexes = [number * 1000 + position for number, kind in enumerate(world.kinds)
               for position in range(1 + len(world.edges.of[kind]) + PAIRS)]
    return [case(world, seed, index) for index in indexes if only in (None, index)]


def case(world, seed, index):
    """The first request of a kind is plain, the next ones take every edge in turn, the last ones two of them."""
    kind, position = world.kinds[index // 1000], index % 1000
    choose = random.Random(f"{seed}/{index}")
    edges = world.edges.of[kind]
    draft = world.plain(kind, choose)
    if position > len(edges):
        chosen = choose.sample(edges, 2)
    else:
        chosen = edges[position - 1:position] if position else []
    for edge in chosen:
        # The first edge may have made another request of it, which has no place for the second.
        with contextlib.suppress(AttributeError):
            edge(draft, choose)
    return Case(world.name, seed, index, draft)


def stock(world, draft):
    """The rows of a request, by which every side begins."""
    return list({row["key"]: row for row in [*world.stock, *draft.rows]}.values())


def again(draft, **changes):
    """The same request, changed."""
    made = copy.copy(draft)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def add_envelope(edges, kinds):
    """What holds for any call: coding, deadline, metadata, and a message that is not well-formed."""

    @edges.edge(kinds, "coding", "gzip")
    def _(draft, choose):
        draft.coding, draft.compressed = "gzip", True

    @edges.edge(kinds, "coding", "gzip named, message not compressed")
    def _(draft, choose):
        draft.coding = "gzip"

    @edges.edge(kinds, "coding", "unknown")
    def _(draft, choose):
        draft.coding, draft.compressed = "odd", True

    @edges.edge(kinds, "deadline", "none")
    def _(draft, choose):
        draft.timeout = None

    @edges.edge(kinds, "deadline", "tiny")
    def _(draft, choose):
        draft.timeout, draft.races = "2m", True

    @edges.edge(kinds, "deadline", "expired")
    def _(draft, choose):
        draft.timeout, draft.races = "1n", True

    @edges.edge(kinds, "extreme", "metadata of 4 KiB")
    def _(draft, choose):
        draft.metadata.append(("x-note", "n" * 4096))

    @edges.edge(kinds, "empty", "metadata value")
    def _(draft, choose):
        draft.metadata.append(("x-note", ""))

    @edges.edge(kinds, "empty", "message")
    def _(draft, choose):
        draft.changes.append(lambda made: b"")

    @edges.edge(kinds, "unknown field", "in the request")
    def _(draft, choose):
        draft.changes.append(lambda made: made + b"\xf8\x3f\x01")

    @edges.edge(kinds, "wrong type", "the message is cut off")
    def _(draft, choose):
        draft.changes.append(lambda made: made[:-1] if made else b"\x0a")

    @edges.edge(kinds, "wrong type", "field 1 is a number")
    def _(draft, choose):
        draft.changes.append(lambda made: b"\x08\x05" + made)
