"""Judges a run from the two databases and the client's own log; the sidecar's counters are not asked.

    verdict.py FOLDER      the folder with old.db, new.db and calls.jsonl

Exit status 0 when every call was answered, nobody saw a stale answer, and every record is where it must be, once.
At the end every store must be written on both sides and read from old (stage dualOld).
"""

import bisect
import collections
import json
import pathlib
import sys

import databases

NEVER = float("inf")
EXAMPLES = 3


class History:
    """What became of one order: its writes by one client, one after the other."""

    def __init__(self, revision=None):
        # Of each write: when it was asked for, when it was answered, the revision that it made (None: deleted).
        self.asked = [-1] if revision is not None else []
        self.answered = [-1] if revision is not None else []
        self.revisions = [revision] if revision is not None else []
        self.is_known = True

    def write(self, call, revision):
        if "failed" in call:
            self.is_known = False  # nobody writes it again; what became of it is not known
            return
        self.asked.append(call["from"])
        self.answered.append(call["to"])
        self.revisions.append(revision)

    def possible(self, begin, end):
        """The revisions that a reader from `begin` to `end` may find; None for absence."""
        first = bisect.bisect_right(self.answered, begin) - 1
        last = bisect.bisect_left(self.asked, end)
        found = set(self.revisions[max(first, 0):last])
        return found | {None} if first < 0 else found

    def always_there(self, begin, end):
        return self.is_known and None not in self.possible(begin, end)


class Verdict:
    """Reads the log twice: first what was written, then whether what was read fits."""

    def __init__(self, folder):
        self.folder = folder
        with open(folder / "calls.jsonl") as log:
            self.calls = [json.loads(line) for line in log]
        self.orders = {int(row["order_id"]): History(1) for row in databases.read_orders()}
        self.stores = {int(row["order_id"]): row["store_id"] for row in databases.read_orders()}
        self.originals = set(self.orders)
        self.faults = collections.defaultdict(list)
        self.counts = collections.Counter(call["kind"] for call in self.calls)

    def judge(self):
        for call in sorted(self.calls, key=lambda call: call["from"]):
            if "failed" in call:
                self.fault("failed calls", f"{call['kind']} {call.get('order', '')}: {call['failed']}")
            self.note_write(call)
        for call in self.calls:
            if "failed" not in call:
                self.judge_read(call)
        self.judge_databases()

    def fault(self, kind, text):
        self.faults[kind].append(text)

    def note_write(self, call):
        if call["kind"] not in ("update", "insert", "upsert", "delete"):
            return
        order = call["order"]
        if order not in self.orders:
            self.orders[order] = History()
            self.stores[order] = call["store"]
        self.orders[order].write(call, call.get("revision"))

    # Reading

    def judge_read(self, call):
        kind = call["kind"]
        if kind == "get":
            self.compare(call, call["order"], call.get("revision"))
        elif kind == "getMany":
            found = dict(call["rows"])
            for order in found.keys() - set(call["asked"]):
                self.fault("doubled records", f"getMany returned order {order}, which was not asked for")
            for order in set(call["asked"]):
                self.compare(call, order, found.get(order))
        elif kind in ("ofStore", "walk"):
            self.judge_walk(call)

    def compare(self, call, order, revision):
        history = self.orders.get(order)
        if history is None:
            return self.fault("doubled records", f"{call['kind']} found order {order}, which nobody wrote")
        if history.is_known and revision not in history.possible(call["from"], call["to"]):
            self.fault("stale reads", f"{call['kind']} of order {order} found revision {revision}, "
                                      f"expected one of {sorted(history.possible(call['from'], call['to']), key=str)}")

    def judge_walk(self, call):
        found = collections.Counter(order for order, _ in call["rows"])
        for order, times in found.items():
            if times > 1:
                self.fault("doubled records", f"{call['kind']} returned order {order} {times} times")
        for order, revision in call["rows"]:
            self.compare(call, order, revision)
            if call["kind"] == "ofStore" and self.stores.get(order) != call["store"]:
                self.fault("doubled records", f"ofStore returned order {order} of another store than {call['store']}")
        for order, history in self.orders.items():
            if call["kind"] == "ofStore" and self.stores[order] != call["store"]:
                continue
            if order not in found and history.always_there(call["from"], call["to"]):
                self.fault("lost records", f"{call['kind']} did not return order {order}")

    # What is stored

    def judge_databases(self):
        old, new = databases.rows(self.folder, "old"), databases.rows(self.folder, "new")
        self.old_rows, self.new_rows = len(old), len(new)
        for order in old.keys() & new.keys():
            self.fault("doubled records", f"order {order} is in both databases, and was written to one")
        for order in (old.keys() | new.keys()) - self.orders.keys():
            self.fault("doubled records", f"order {order} is stored, and nobody wrote it")
        for order, history in self.orders.items():
            if history.is_known:
                self.judge_record(order, history, old.get(order) or new.get(order))

    def judge_record(self, order, history, row):
        revision = history.revisions[-1]
        if revision is None and row is not None:
            self.fault("lost records", f"order {order} was deleted and is back, at revision {row[3]}")
        elif revision is not None and row is None:
            self.fault("lost records", f"order {order} is in neither database")
        elif revision is not None and row[3] != revision:
            self.fault("lost records", f"order {order} is stored at revision {row[3]}, written was {revision}")

    def report(self):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items(), key=lambda each: -each[1]))
        print(f"\n{len(self.calls)} calls by the client's log: {kinds}")
        print(f"{len(self.originals)} orders at first; {self.old_rows} rows in old and {self.new_rows} in new now")
        for kind in ("failed calls", "stale reads", "lost records", "doubled records"):
            print(f"  {kind:<16} {len(self.faults[kind])}")
            for text in self.faults[kind][:EXAMPLES]:
                print(f"      {text}")
        missing = {"get", "getMany", "ofStore", "walk", "update", "insert", "upsert", "delete"} - self.counts.keys()
        if missing:
            print(f"  never called: {', '.join(sorted(missing))}")
        is_good = not missing and not any(self.faults.values())
        print("verdict: " + ("PASS" if is_good else "FAIL"))
        return 0 if is_good else 1


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    verdict = Verdict(pathlib.Path(sys.argv[1]))
    verdict.judge()
    return verdict.report()


if __name__ == "__main__":
    sys.exit(main())
