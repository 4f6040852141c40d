"""What tests of changes under way share: two ledgers with two entries, and calls that a change meets."""

import time

from .ledger import LEDGER
from .stubs import ledger

OURS, OTHER = ("406", 1), ("7", 2)
NONE = dict(phase="migrating", enrolled="none", gray="none")
BOTH = dict(phase="migrating", enrolled={"allow": ["406", "7"]}, gray="none")
# A rollback is in force within limits.handover_wait (2 s) whatever new does; a loaded machine is given as much again.
SOON = 4


def cents(ledgers, key):
    return [side.entries[key].cents if key in side.entries else None for side in ledgers]


def took(change):
    """How long it took, seconds; it must not be refused."""
    began = time.monotonic()
    answer = change()
    assert not isinstance(answer, tuple), answer
    return time.monotonic() - began, answer


def in_flight(sidecar):
    lines = sidecar.get("/metrics")[1].splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith("switchover_calls_in_flight"))


def begin(client, method, request, timeout=20):
    return client.channel.unary_unary(f"/{LEDGER}/{method}").future(request.SerializeToString(), timeout=timeout)


def found(outcome):
    assert outcome.code == "OK", outcome
    return ledger.EntryReply.FromString(outcome.messages[0]).entry.cents
