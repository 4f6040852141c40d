import Foundation
import SwitchoverClient

/// Every kind of call once, against the sidecar at the address that is given.
@main
enum Orders {
    static func main() async throws {
        let address = CommandLine.arguments.dropFirst().first ?? "127.0.0.1:7400"
        let client = try SwitchoverClient(address)
        defer { client.close() }
        let orders = client.records(
            of: "orders", as: Order.self, key: ["order_id"], grayKey: "store_id", version: "version")
        try await write(orders)
        try await read(orders)
        try await fail(orders)
    }

    private static func write(_ orders: Records<Order>) async throws {
        let now = Date(timeIntervalSince1970: 1_764_000_000)
        for id in 1...5 as ClosedRange<Int64> {
            let order = Order(
                orderID: id, storeID: "406", status: .open, total: Decimal(id) * 9.5, createdAt: now + Double(id))
            try await orders.insert(order)
        }
        let paid = try await orders.update(1, grayKey: "406", set: ["status": "paid"], expectedVersion: 1)
        print("order \(paid.orderID) is \(paid.status) at version \(paid.version ?? 0)")
        try await orders.upsert(Order(orderID: 2, storeID: "406", status: .sent, total: nil, createdAt: now))
        try await orders.delete(5, grayKey: "406")
    }

    private static func read(_ orders: Records<Order>) async throws {
        if let order = try await orders.get(2, grayKey: "406") {
            print("order 2 is \(order.status), total \(order.total.map { "\($0)" } ?? "unknown")")
        }
        let some = try await orders.getMany([4, 5, 3])
        print("of 4, 5 and 3 there are \(some.map(\.orderID))")
        let open = orders.query(
            where: .equal("status", "open") && .greater("total", Decimal(10)), orderBy: [.descending("total")],
            grayKey: "406", pageSize: 2)
        for try await order in open { print("open: order \(order.orderID), total \(order.total ?? 0)") }
    }

    private static func fail(_ orders: Records<Order>) async throws {
        do throws(any Error) {
            try await orders.update(1, grayKey: "406", set: ["status": "sent"], expectedVersion: 1)
        } catch let error as SwitchoverError where error.code == .aborted {
            print("refused: \(error.message)")
        }
        let late = CallOptions(timeout: .seconds(2))
        print("order 9 is \(try await orders.get(9, options: late) == nil ? "not there" : "there")")
    }
}
