"""The test protos, compiled at import by grpcio-tools."""

import pathlib
import sys

import grpc

here = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(here / "protos"), str(here.parent.parent / "Protocol")]

interop, interop_services = grpc.protos_and_services("interop.proto")
shop, shop_services = grpc.protos_and_services("shop.proto")
ledger, ledger_services = grpc.protos_and_services("ledger.proto")
records, _ = grpc.protos_and_services("switchover/v1/records.proto")
control, control_services = grpc.protos_and_services("switchover/v1/control.proto")

INTEROP = "switchover.test.v1.Interop"
ORDERS = "shop.v1.Orders"
