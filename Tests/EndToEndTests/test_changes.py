"""Changes of the switches under load: no call is dropped, each is answered by one epoch, and who has seen a write goes
on seeing it."""

import collections
import random
import threading
import time

import pytest

from harness.ledger import LEDGER, NAME, PLAN, Bookkeeper, entry, hang
from harness.processes import wait_for
from harness.stubs import ledger

STORES = [str(number) for number in range(400, 408)]
ALL = dict(enrolled="all")


@pytest.fixture
def sidecar(start, ledgers):
    def sidecar(switches, **settings):
        return start(
            ledgers[0].address, ledgers[1].address, switches, plan=PLAN,
            migration={"services": [LEDGER], **NAME}, **settings).await_ready()

    return sidecar


def epoch_in_force(sidecar):
    return f'"epoch" : {sidecar.epoch}' in sidecar.get("/stats")[1]


class Shopkeeper(threading.Thread):
    """Owns one entry: changes it, reads its own writes, and notes what was not as it must be."""

    def __init__(self, sidecar, key, cents, seed):
        super().__init__()
        self.client = Bookkeeper(sidecar.address)
        self.key = key
        self.cents = cents
        self.random = random.Random(seed)
        self.calls = 0
        self.wrong = []
        self.slowest = 0
        self.stopped = False

    def run(self):
        while not self.stopped:
            self.calls += 1
            started = time.monotonic()
            action = self.random.choice([self.find, self.find, self.change, self.save, self.come_and_go, self.list])
            action()
            self.slowest = max(self.slowest, time.monotonic() - started)
        self.client.close()

    def expect(self, what, outcome, cents=None):
        if outcome.code != "OK":
            return self.wrong.append(f"{what}: {outcome.code} {outcome.details}")
        if cents is not None:
            seen = ledger.EntryReply.FromString(outcome.messages[0]).entry.cents
            if seen != cents:
                self.wrong.append(f"{what}: {seen} in place of {cents}")

    def find(self):
        self.expect("find", self.client.find(self.key), self.cents)

    def list(self):
        outcome = self.client.list(store=self.key[0], limit=100)
        if outcome.code != "OK":
            return self.wrong.append(f"list: {outcome.code} {outcome.details}")
        entries = ledger.ListReply.FromString(outcome.messages[0]).entries
        mine = [each.cents for each in entries if each.id == self.key[1]]
        if mine != [self.cents]:
            self.wrong.append(f"list: {mine} in place of {self.cents}")

    def change(self):
        self.cents += 1
        self.expect("change", self.client.change(self.key, 1), self.cents)

    def save(self):
        self.cents = self.random.randrange(1_000_000)
        self.expect("save", self.client.save(self.key, self.cents), self.cents)

    def come_and_go(self):
        key = (self.key[0], self.random.randrange(10_000, 1 << 60))
        self.expect("add", self.client.add(key, 7), 7)
        self.expect("find what was added", self.client.find(key), 7)
        self.expect("remove", self.client.remove(key))
        outcome = self.client.find(key)
        if outcome.code != "NOT_FOUND":
            self.wrong.append(f"found what was removed: {outcome.code}")


@pytest.mark.parametrize("workers", [1, 2])
def test_changes_under_load(workers, sidecar, ledgers):
    """200 changes between dualOld, dualNew and newMirrored, all call kinds."""
    switches = [
        dict(phase="migrating", gray="none", **ALL),
        dict(phase="migrating", gray={"allow": STORES[:4]}, **ALL),
        dict(phase="migrating", gray={"allow": STORES[2:]}, **ALL),
        dict(phase="migrating", gray="all", **ALL),
        dict(phase="mirrored", gray="all", **ALL),
    ]
    subject = sidecar(switches[0], workers=workers)
    people = []
    for index in range(16):
        key = (STORES[index % len(STORES)], index)
        for side in ledgers:
            side.entries[key] = entry(key, 100)
        people.append(Shopkeeper(subject, key, 100, seed=index))
    for person in people:
        person.start()
    choose = random.Random(workers)
    place = 0
    for _ in range(200):
        # One rung at a time: mirrored is reached from gray for all, and left to it.
        place = 3 if place == 4 else choose.choice([other for other in range(4) if other != place])
        if place == 3 and choose.random() < 0.5:
            subject.write_switches(**switches[3])
            wait_for(lambda: epoch_in_force(subject), 10, "the change is made")
            place = 4
        subject.write_switches(**switches[place])
        wait_for(lambda: epoch_in_force(subject), 10, "the change is made")
    for person in people:
        person.stopped = True
    for person in people:
        person.join()
    assert [wrong for person in people for wrong in person.wrong] == []
    assert sum(person.calls for person in people) > 1000
    assert max(person.slowest for person in people) < 2, "writes wait no longer than handover_wait"
    assert ledgers[0].entries == ledgers[1].entries
    check_epochs(ledgers[0].log, subject.epoch)


def check_epochs(log, last):
    """Joins what both sides received: the legs of one call bear one epoch and one stage."""
    calls = collections.defaultdict(set)
    for _, _, _, metadata in log:
        assert 2 <= int(metadata["switchover-epoch"]) <= last
        calls[metadata["traceparent"]].add((metadata["switchover-epoch"], metadata["switchover-stage"]))
    assert len(calls) > 1000
    assert [legs for legs in calls.values() if len(legs) != 1] == []
