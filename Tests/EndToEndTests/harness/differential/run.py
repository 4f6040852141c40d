"""Every request at every stage, compared with the plain truth."""

import collections
import dataclasses
import time

from . import grammar
from .routing import PLACEMENTS, SIDES, after_write, call_stage, is_visible
from .wire import Answer

READING = {"single query", "multi query", "many"}
# So much later a write whose deadline has passed has happened, or never will; `settle_after` is shorter.
SETTLED = 0.06
PAGES = 40


@dataclasses.dataclass
class Bench:
    """Where requests are made: a subject, and the sides behind it."""

    caller: object
    sides: dict


@dataclasses.dataclass
class Seen:
    answer: Answer
    aspects: dict
    # By side and key, before the call and after it.
    before: dict
    rows: dict


@dataclasses.dataclass
class Difference:
    case: grammar.Case
    place: str
    placement: str
    aspect: str
    expected: object
    seen: object
    base: Answer
    at: Answer
    # Of the call, by its gray key.
    stage: str
    because: object = None


class Run:
    """`truth` is the bench whose answers are right; `benches` has one for each place."""

    def __init__(self, world, truth, benches, reasons):
        self.world, self.truth, self.benches, self.reasons = world, truth, benches, reasons
        self.differences = []
        self.requests, self.runs = collections.Counter(), collections.Counter()
        self.groups = collections.defaultdict(set)

    def all(self, cases):
        for case in cases:
            self.requests[case.draft.kind] += 1
            self.groups[case.draft.kind] |= case.draft.groups
            self.one(case)
        return self

    def one(self, case):
        draft, stock = case.draft, grammar.stock(self.world, case.draft)
        plain = grammar.again(draft, timeout="20S") if draft.races else draft
        absent = [row for row in stock if row["key"] != 7]
        bases = {True: self.observe(self.truth, plain, {side: stock for side in self.truth.sides})}
        if self.world.touches_target(draft):
            bases[False] = self.observe(self.truth, plain, {side: absent for side in self.truth.sides})
        gray = self.gray_key(draft, stock)
        for place, bench in self.benches.items():
            for placement, have in PLACEMENTS.items():
                if placement != "both" and False not in bases:
                    continue
                before = {side: stock if side in have else absent for side in SIDES}
                seen = self.observe(bench, draft, before)
                self.runs[draft.kind, place] += 1
                stage = call_stage(place, draft.kind, gray)
                self.judge(case, place, placement, stage, bases, seen)

    def gray_key(self, draft, stock):
        """That by which the call is decided: its own, or its record's."""
        gray = self.world.gray_key(draft)
        return gray if gray is not None else next(row["gray"] for row in stock if row["key"] == 7)

    def observe(self, bench, draft, before):
        for side, rows in before.items():
            bench.sides[side].set(rows)
        answer = bench.caller.call(draft)
        aspects = {"status": answer.status, "trailers": answer.trailers}
        if answer.error is None:
            # The words of the sidecar's own errors are for people, and say where it stands.
            aspects["words"] = answer.words
        decoded = [self.world.decode(draft, content) for content in answer.messages]
        if draft.kind == "multi query" and answer.status == "OK":
            aspects["end of the walk"] = None if draft.changes else self.walk(bench, draft, decoded)
            aspects["rows of the answer"] = [str(row) for page in decoded for row in self.rows_of(page)]
            aspects["page sizes"] = [len(self.rows_of(page)) for page in decoded]
            aspects["beside the rows"] = [self.rest_of(page) for page in decoded[:1]]
        else:
            aspects["message"] = [str(content) for content in decoded]
        if draft.races or answer.error == "outcome-unknown":
            time.sleep(SETTLED)
        return Seen(answer, aspects, {side: {row["key"]: row for row in rows} for side, rows in before.items()},
                    {side: bench.sides[side].rows() for side in before})

    def walk(self, bench, draft, pages):
        """Follows the page tokens to the end; returns what ended it early."""
        while pages[-1].next_page_token:
            if len(pages) == PAGES:
                return "too many pages"
            content = type(draft.content).FromString(draft.content.SerializeToString())
            content.page_token = pages[-1].next_page_token
            answer = bench.caller.call(grammar.again(draft, content=content))
            if answer.status != "OK":
                return f"{answer.status} {answer.error}"
            pages.append(self.world.decode(draft, answer.messages[0]))
        return None

    @staticmethod
    def rows_of(page):
        return page.records if hasattr(page, "records") else page.entries

    @staticmethod
    def rest_of(page):
        rest = type(page).FromString(page.SerializeToString())
        for name in ("records", "entries", "next_page_token"):
            if name in rest.DESCRIPTOR.fields_by_name:
                rest.ClearField(name)
        return str(rest)

    def judge(self, case, place, placement, stage, bases, seen):
        base = bases[is_visible(stage, PLACEMENTS[placement]) if False in bases else True]
        found = self.answers_differ(case.draft, stage, base, seen)
        # At newMirrored a delete of what new does not have goes on to old (contract, 4.7).
        goes_on = case.draft.kind == "delete" and stage == "newMirrored" and placement == "only old"
        allowed = self.rows_after(case.draft, place, stage, bases[True] if goes_on else base, seen, goes_on)
        if seen.rows not in allowed:
            found.append(("rows", changes(seen.before, allowed[-1]), changes(seen.before, seen.rows)))
        for aspect, expected, got in found:
            difference = Difference(
                case, place, placement, aspect, expected, got, base.answer, seen.answer, stage)
            difference.because = self.reasons.of(difference)
            self.differences.append(difference)

    @staticmethod
    def answers_differ(draft, stage, base, seen):
        """(aspect, expected, seen) of each difference; of another status the message says nothing more."""
        aspects = ["status", "trailers"]
        if base.answer.status == seen.answer.status:
            aspects = sorted(set(base.aspects) & set(seen.aspects))
        found = [(aspect, base.aspects[aspect], seen.aspects[aspect]) for aspect in aspects
                 if base.aspects[aspect] != seen.aspects[aspect]]
        if draft.races and draft.kind not in READING and stage not in ("old", "new") and seen.answer.status == "OK":
            found.append(("status", "DEADLINE_EXCEEDED", "OK"))
        return found

    def rows_after(self, draft, place, stage, base, seen, goes_on):
        """What the sides may hold: as the routing table says after a write, and as before where it was refused."""
        if draft.kind in READING:
            return [seen.before]
        (base_before,), (base_after,) = base.before.values(), base.rows.values()
        touched = {7} if draft.kind in ("update", "upsert") and self.world.touches_target(draft) else set()
        written = after_write(place, draft.kind, seen.before, base_before, base_after, touched, self.world.fresh)
        if draft.races and stage in ("old", "new"):
            return [seen.before, written]
        return [written] if seen.answer.status == "OK" or goes_on and not draft.races else [seen.before]

    @property
    def unexplained(self):
        return [each for each in self.differences if each.because is None]

    def table(self):
        """Kind by place: requests, times that they were made, and how many differed, by the reasons' marks."""
        lines = [f"{self.world.name:14}{'requests':>9}" + "".join(f"{place:>22}" for place in self.benches)]
        for kind in self.requests:
            cells = [f"{kind:14}{self.requests[kind]:>9}"]
            for place in self.benches:
                marks = collections.defaultdict(set)
                for each in self.differences:
                    if (each.case.draft.kind, each.place) == (kind, place):
                        marks[each.because.mark if each.because else "?"].add((each.case.index, each.placement))
                words = " ".join(f"{len(marks[mark])}{mark}" for mark in "ak?" if marks[mark])
                cells.append(f"{self.runs[kind, place]:>10} {words or '-':>11}")
            lines.append("".join(cells))
        lines.append("made so many times; differs: a as the contract allows, k as a known fault, ? as a fault")
        lines += [f"known fault {each.name}: {each.words}" for each in self.reasons.all if each.mark == "k"]
        return "\n".join(lines)


def report(differences):
    """What differs, by request: the places at which it is one and the same stand together."""
    cases, lines = {}, []
    for each in differences:
        same = cases.setdefault(each.case.index, (each, {}))[1]
        key = each.aspect, short(each.expected), short(each.seen)
        same.setdefault(key, []).append(each.place if each.placement == "both" else f"{each.place}/{each.placement}")
    for first, same in cases.values():
        case = first.case
        lines += ["", f"{case.name}; again: --differential {case.seed}:{case.index} -k {case.world}",
                  f"  {case.draft.method} {short(case.draft.content)}"]
        for (aspect, expected, seen), places in same.items():
            lines += [f"  {aspect} at {', '.join(places)}", f"    expected {expected}", f"    seen     {seen}"]
    return "\n".join(lines)


def short(content):
    text = " ".join(str(content).split())
    return text if len(text) < 240 else f"{text[:240]}... ({len(text)})"


def changes(before, after):
    """What differs from what was there, by side and key."""
    return {side: {key: after[side].get(key) for key in sorted(set(before[side]) | set(after[side]))
                   if before[side].get(key) != after[side].get(key)} for side in SIDES}
