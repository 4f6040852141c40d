"""Contract, 1: records of two entities of one migration have nothing to do with each other, whatever their keys."""

import socket

import pytest

from harness.history import Client
from harness.ledger import entry
from harness.operators import Operator
from harness.raw import ANSWER_HEADERS, RawServer, message, reply
from harness.stubs import ledger

ORDERS, CUSTOMERS = "a.Orders", "a.Customers"
PUT = {"kind": "pass_through", "effect": "unsafe_write"}
KEYS = {"gray_key": {"path": "1.1", "type": "string"}, "record_key": {"path": "1.2", "type": "int64"}}
ENROLLED = dict(phase="migrating", enrolled={"allow": ["406"]}, gray="none")
REQUEST = ledger.ChangeRequest(name=ledger.EntryName(store="406", id=7), add_cents=1)


def plan(service, **more):
    return {
        f"{service}/Change": {
            "kind": "update", **KEYS, "put": {"method": f"{service}/Put", "fields": {"1": "reply.2"}}, **more},
        f"{service}/Put": PUT,
        f"{service}/Find": {"kind": "single_query", "gray_key": {"path": 1, "type": "string"},
                            "record_key": {"path": 2, "type": "int64"}, **more},
    }


def said_by(side):
    return ledger.EntryReply(note=side, entry=entry(("406", 7), 1)).SerializeToString()


class Shop:
    """Two sides that hold orders and customers; `faults` of (side, path): a status, or "lost"."""

    def __init__(self, start, keep, plan):
        self.faults, self.answers, self.puts = {}, None, 0
        sides = [keep(RawServer(self.answer(side))) for side in ("old", "new")]
        self.sidecar = start(
            *[side.address for side in sides], ENROLLED, plan=plan,
            migration={"services": [ORDERS, CUSTOMERS]}).await_ready()
        self.client, self.operator = keep(Client(self.sidecar.address)), keep(Operator(self.sidecar))

    def answer(self, side):
        def answer(wire, stream, exchange):
            path = dict(exchange.headers)[b":path"].decode()
            fault = self.faults.get((side, path))
            self.puts += path.endswith("/Put")
            if fault == "lost":
                return wire.socket.shutdown(socket.SHUT_RDWR)
            if fault:
                return wire.headers(stream, [*ANSWER_HEADERS, (b"grpc-status", b"%d" % fault)], end_stream=True)
            return reply(wire, stream, message(
                self.answers.SerializeToString() if self.answers else said_by(side)))

        return answer

    def change(self, service):
        return self.client.unary(f"/{service}/Change", REQUEST)


@pytest.fixture
def shop(start, keep):
    return lambda plan: Shop(start, keep, plan)


def test_a_good_write_of_a_customer_leaves_an_order_dirty(shop):
    shop = shop({**plan(ORDERS), **plan(CUSTOMERS)})
    shop.faults["new", f"/{ORDERS}/Put"] = 3
    assert shop.change(ORDERS).error == "partial-write"
    assert shop.change(CUSTOMERS).code == "OK"
    refused = shop.operator.gray(add="406")
    assert isinstance(refused, tuple) and "1 record" in str(refused)
    shop.faults.clear()
    assert shop.change(ORDERS).code == "OK"
    assert shop.operator.gray(add="406").changed


def test_a_lost_answer_for_a_customer_closes_no_order(shop):
    shop = shop({**plan(ORDERS), **plan(CUSTOMERS)})
    shop.faults["new", f"/{CUSTOMERS}/Put"] = "lost"
    shop.change(CUSTOMERS)
    shop.faults.clear()
    assert shop.change(ORDERS).code == "OK"
    assert shop.change(CUSTOMERS).error == "outcome-unknown"


def test_a_pin_of_an_order_is_named_and_moves_no_customer(shop):
    shop = shop({**plan(ORDERS), **plan(CUSTOMERS)})
    assert shop.operator.gray(add="406").changed
    shop.faults["old", f"/{ORDERS}/Put"] = 3
    assert shop.change(ORDERS).error == "partial-write"
    told = shop.operator.rollback()
    assert "(a.Orders 7)" in list(told.notes)[-1], told.notes
    found = [shop.client.unary(f"/{service}/Find", REQUEST.name).messages[0] for service in (ORDERS, CUSTOMERS)]
    assert found == [said_by("new"), said_by("old")]
    assert any("a.Orders 7" in line for line in shop.sidecar.log().splitlines())


def test_two_services_of_one_entity_share_its_records(shop):
    shop = shop({**plan(ORDERS, entity="order"), **plan(CUSTOMERS, entity="order")})
    shop.faults["new", f"/{ORDERS}/Put"] = 3
    assert shop.change(ORDERS).error == "partial-write"
    assert shop.change(CUSTOMERS).code == "OK"
    assert shop.operator.gray(add="406").changed


def test_a_reply_of_another_record_makes_no_put(shop):
    """4.3: what names another record would be written without that record's lane."""
    methods = plan(ORDERS)
    methods[f"{ORDERS}/Change"]["put"]["record_key"] = {"path": "1.2", "type": "int64"}
    shop = shop(methods)
    assert shop.change(ORDERS).code == "OK"
    shop.answers = ledger.EntryReply(entry=entry(("406", 8), 1))
    outcome = shop.change(ORDERS)
    assert outcome.error == "partial-write" and "is of another record than the request" in outcome.details
    assert shop.puts == 1 and "the two sides of a record may differ" in shop.sidecar.log()
