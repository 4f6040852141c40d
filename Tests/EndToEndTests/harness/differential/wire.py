"""How a request looks on the wire, and what came back of it, as plain values."""

import dataclasses
import urllib.parse

import grpc

from ..raw import RawClient, call_headers

NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
NOT_TRAILERS = {":status", "content-type", "grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding",
                "accept-encoding"}


@dataclasses.dataclass
class Answer:
    """Status, words, trailers and messages of a call; `pages` are those of a multi query's whole walk."""

    status: str
    words: str = ""
    trailers: list = dataclasses.field(default_factory=list)
    messages: list = dataclasses.field(default_factory=list)

    @property
    def error(self):
        return dict(self.trailers).get("switchover-error")


class Caller:
    """Makes calls with frames of its own, so that no client library stands between a deadline and the subject."""

    def __init__(self, address):
        self.address = address
        self.wire = None

    def call(self, draft):
        exchange = self.exchange(draft)
        if draft.coding == "odd":
            # What a server makes of an unknown coding may stay with its connection.
            self.close()
        if not exchange.ended:
            return Answer(f"RESET {exchange.reset}")
        if exchange.http_status != "200":
            return Answer(f"HTTP {exchange.http_status}")
        status = exchange.grpc_status
        fields = exchange.trailers if exchange.trailers is not None else exchange.headers
        trailers = sorted((name.decode(), value.decode("latin-1")) for name, value in fields
                          if name.decode() not in NOT_TRAILERS)
        return Answer(
            NAMES.get(int(status), status) if status is not None else "no status",
            urllib.parse.unquote(exchange.field("grpc-message") or ""), trailers, messages(exchange.body))

    def exchange(self, draft):
        if self.wire is None or self.wire.closed or self.wire.goaway or self.wire.next_stream > 2000:
            self.close()
            self.wire = RawClient(self.address)
            self.wire.await_settings()
        fields = list(draft.metadata)
        if draft.timeout is not None:
            fields.insert(0, ("grpc-timeout", draft.timeout))
        if draft.coding is not None:
            fields.append(("grpc-encoding", draft.coding))
        return self.wire.call(call_headers(draft.method, *fields), draft.body())

    def close(self):
        if self.wire is not None:
            self.wire.close()
            self.wire = None


def messages(body):
    found = []
    while body:
        length = int.from_bytes(body[1:5], "big")
        found.append(body[5:5 + length])
        body = body[5 + length:]
    return found
