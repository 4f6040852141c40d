"""A stock gRPC client of the Records service, with stubs generated from `Protocol/switchover/v1/records.proto`.

    client.py ADDRESS      host:port or unix:/path of the sidecar

Every call here works the same whether its store is on old, on both, or on new: nothing in this file knows. Exit
status: 0 when every answer was as expected.
"""

import datetime
import sys
import uuid

import grpc

from switchover.v1 import records_pb2 as messages
from switchover.v1 import records_pb2_grpc as services

TIMEOUT = 5  # seconds; sent as grpc-timeout, and kept by the sidecar too
STORE = messages.Value(text="406")
ORDER = 90_000_000_001


def key(order):
    return messages.Key(parts=[messages.Value(int64=order)])


def fields(**values):
    return [messages.Field(name=name, value=value) for name, value in values.items()]


def once():
    """Metadata of one write. The sidecar does nothing with it yet: a write that is sent twice is made twice."""
    return [("idempotency-key", str(uuid.uuid4()))]


def microseconds(moment):
    return int(moment.timestamp() * 1_000_000)


def insert(stub):
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    request = messages.InsertRequest(
        entity="orders", key=key(ORDER), gray_key=STORE,
        fields=fields(
            household_id=messages.Value(int64=1), item_count=messages.Value(int64=2),
            total=messages.Value(decimal="12.5"), created_at=messages.Value(timestamp=microseconds(now)),
            status=messages.Value(text="open"), revision=messages.Value(int64=1)))
    record = stub.Insert(request, timeout=TIMEOUT, metadata=once()).record
    print(f"inserted  order {record.key.parts[0].int64}, status {value(record, 'status')}")


def update(stub):
    request = messages.UpdateRequest(
        entity="orders", key=key(ORDER), gray_key=STORE,
        changes=fields(status=messages.Value(text="sent"), revision=messages.Value(int64=2)))
    record = stub.Update(request, timeout=TIMEOUT, metadata=once()).record
    assert value(record, "status") == "sent", record
    print(f"updated   status {value(record, 'status')}, total {value(record, 'total')}")


def upsert(stub):
    request = messages.UpsertRequest(
        entity="orders", key=key(ORDER), gray_key=STORE, fields=fields(status=messages.Value(text="delivered")))
    record = stub.Upsert(request, timeout=TIMEOUT, metadata=once()).record
    assert value(record, "status") == "delivered" and value(record, "revision") == 2, record
    print(f"upserted  status {value(record, 'status')}")


def get(stub):
    # Without the gray key the sidecar looks the record up; with it that is saved.
    record = stub.Get(messages.GetRequest(entity="orders", key=key(ORDER)), timeout=TIMEOUT).record
    assert record.gray_key.text == "406" and value(record, "status") == "delivered", record
    print(f"got       order {record.key.parts[0].int64} of store {record.gray_key.text}")


def get_many(stub):
    keys = [key(31198655051), key(1), key(ORDER)]
    found = stub.GetMany(messages.GetManyRequest(entity="orders", keys=keys), timeout=TIMEOUT).records
    assert [record.key.parts[0].int64 for record in found] == [31198655051, ORDER], found
    print(f"got many  {len(found)} of {len(keys)}, in the order of the request")


def query(stub):
    """All orders above 20.00, dearest first, page by page; both sides are asked and merged."""
    request = messages.QueryRequest(
        entity="orders", limit=50, order=[messages.Order(field="total", descending=True)],
        filter=messages.Filter(comparison=messages.Comparison(
            field="total", operator=messages.Comparison.GREATER, value=messages.Value(decimal="20"))))
    seen, pages = [], 0
    while True:
        page = stub.Query(request, timeout=TIMEOUT)
        seen += [record.key.parts[0].int64 for record in page.records]
        pages += 1
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(seen) == len(set(seen)) > 0, "a record came twice"
    print(f"queried   {len(seen)} orders on {pages} pages, each once")


def delete(stub):
    request = messages.DeleteRequest(entity="orders", key=key(ORDER), gray_key=STORE)
    stub.Delete(request, timeout=TIMEOUT, metadata=once())
    print("deleted")


def absent(stub):
    try:
        stub.Get(messages.GetRequest(entity="orders", key=key(ORDER), gray_key=STORE), timeout=TIMEOUT)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
        print(f"absent    {error.code().name}")
    else:
        raise AssertionError("the order was deleted")


def refused(stub):
    """An error of the sidecar's own making says so in a trailer: Protocol/errors.md has the table \"may I retry?\"."""
    try:
        stub.Get(messages.GetRequest(entity="parcels", key=key(1)), timeout=TIMEOUT)
    except grpc.RpcError as error:
        word = dict(error.trailing_metadata()).get("switchover-error")
        assert word == "unknown-entity", error
        print(f"refused   {error.code().name} {word}: {error.details()}")
    else:
        raise AssertionError("there are no parcels")


def value(record, name):
    """Of a field; None for NULL."""
    content = next(field.value for field in record.fields if field.name == name)
    kind = content.WhichOneof("kind")
    return getattr(content, kind) if kind else None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with grpc.insecure_channel(sys.argv[1]) as channel:
        stub = services.RecordsStub(channel)
        for call in (insert, update, upsert, get, get_many, query, delete, absent, refused):
            call(stub)


if __name__ == "__main__":
    main()
