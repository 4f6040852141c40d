"""Foreign peers on both sides: each interoperability case must come out the same direct and through the hop."""

import pytest

from harness.cases import (
    BROKEN_OFF, CASES, UNARY, cancel_after_first_response, many_at_once, timeout_on_sleeping_server,
)
from harness.checker import differences, received_differences
from harness.history import Client
from harness.stubs import interop as messages

pytestmark = pytest.mark.any_hop


def observed(case, address, server):
    server.received.clear()
    with Client(address) as client:
        outcomes = case(client)
    return outcomes, list(server.received)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case_is_the_same_through_the_hop(case, interop, hop, record_property):
    direct, received_direct = observed(case, interop.address, interop)
    subject = hop(interop.address)
    through, received_through = observed(case, subject.address, interop)
    found = [text for pair in zip(direct, through) for text in differences(*pair, subject.adds_to_answers)]
    if case not in BROKEN_OFF:
        found += received_differences(received_direct, received_through, subject.adds_to_requests)
    verdict = "equal" if not found else "; ".join(dict.fromkeys(found))
    record_property("verdict", verdict[:400])
    print(f"{case.__name__}: {len(direct)} calls, {verdict}")
    assert len(direct) == len(through)
    assert verdict == "equal"


def test_many_at_once_with_more_workers(interop, start):
    """Clients on different event loops share nothing but the switches."""
    address = start(interop.address, workers=3).address
    clients = [Client(address) for _ in range(6)]
    for client in clients:
        many_at_once(client)
        client.close()


@pytest.mark.parametrize("case", [cancel_after_first_response, timeout_on_sleeping_server], ids=lambda c: c.__name__)
def test_the_server_is_told_of_the_end(case, interop, hop):
    subject = hop(interop.address)
    with Client(subject.address) as client:
        case(client)
        assert interop.ended.acquire(timeout=2), "the server's call goes on although the client's has ended"


def test_the_deadline_passed_on_is_never_longer(interop, hop):
    timeouts = (0.5, 5, 3600, 3_000_000)
    for address in (interop.address, hop(interop.address).address):
        with Client(address) as client:
            for seconds in timeouts:
                client.unary(UNARY, messages.Request(), timeout=seconds)
    direct, through = interop.remaining[:4], interop.remaining[4:]
    for seconds, before, after in zip(timeouts, direct, through):
        assert 0.98 * before - 0.2 < after < 1.01 * seconds  # the client itself rounds by as much
