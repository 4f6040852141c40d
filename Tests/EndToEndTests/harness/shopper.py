"""A client of the shops: asks for orders and says in a word what came back."""

from .history import Client
from .stubs import ORDERS, shop

GET, FIND, WATCH, CHANGE = (f"/{ORDERS}/{method}" for method in ("Get", "Find", "Watch", "Change"))


class Shopper(Client):
    def get(self, order, store="406", **options):
        return self.unary(GET, shop.GetRequest(id=order, store=store), **options)

    def find(self, order, store, **options):
        return self.unary(FIND, shop.FindRequest(where=shop.Where(id=order, store=store)), **options)

    def change(self, order, store="406", **options):
        return self.unary(CHANGE, shop.GetRequest(id=order, store=store), **options)

    def watch(self, order, store="406", **options):
        return self.stream_out(WATCH, shop.GetRequest(id=order, store=store), **options)


def orders(outcome):
    return [shop.Order.FromString(message) for message in outcome.messages]


def side(outcome):
    """`old` or `new` for an answer of that side, else the status; `NOT_FOUND by new` tells whose absence it is."""
    if outcome.code == "OK":
        return orders(outcome)[0].side
    by = dict(outcome.trailing).get("answered-by")
    return f"{outcome.code} by {by}" if by else outcome.code
