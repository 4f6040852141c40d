"""One side of the example: answers order look-ups from orders.csv.

    python orders_service.py old 127.0.0.1:50051
    python orders_service.py new 127.0.0.1:50052     (every tenth order has not been copied yet)
"""

import concurrent.futures
import csv
import pathlib
import sys

import grpc

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER))
messages, services = grpc.protos_and_services("orders.proto")


def read_orders():
    """Rows of orders.csv by (store, order)."""
    with open(FOLDER / "orders.csv", newline="") as file:
        return {(row["store_id"], row["order_id"]): row for row in csv.DictReader(file)}


def not_copied(orders):
    """Keys of the orders that new does not have yet."""
    return set(sorted(orders)[::10])


class Orders(services.OrdersServicer):
    def __init__(self, side):
        self.side = side
        orders = read_orders()
        missing = not_copied(orders) if side == "new" else set()
        self.orders = {key: row for key, row in orders.items() if key not in missing}

    def Get(self, request, context):
        row = self.orders.get((request.store_id, request.order_id))
        if row is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no order {request.order_id} in store {request.store_id}")
        metadata = dict(context.invocation_metadata())
        return messages.Order(
            order_id=row["order_id"], store_id=row["store_id"], total_cents=int(row["total_cents"]),
            created_at=row["created_at"], answered_by=self.side, stage=metadata.get("switchover-stage", ""),
            epoch=metadata.get("switchover-epoch", ""),
        )


def main():
    side, address = sys.argv[1:]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    services.add_OrdersServicer_to_server(Orders(side), server)
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
