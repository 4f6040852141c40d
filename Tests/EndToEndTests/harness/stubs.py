"""The test protos, compiled at import by grpcio-tools."""

import pathlib
import sys

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "protos"))

interop, interop_services = grpc.protos_and_services("interop.proto")
shop, shop_services = grpc.protos_and_services("shop.proto")
ledger, ledger_services = grpc.protos_and_services("ledger.proto")

INTEROP = "switchover.test.v1.Interop"
ORDERS = "shop.v1.Orders"
