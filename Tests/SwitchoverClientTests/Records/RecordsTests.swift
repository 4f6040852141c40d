import Foundation
import Testing

@testable import SwitchoverClient

/// The compiled library against the real sidecar.
@Suite(.timeLimit(.minutes(5)), .serialized) struct RecordsTests {
    struct Order: Codable, Sendable, Equatable {
        enum Status: String, Codable { case open, sent }

        var id: Int64
        var store = "406"
        var status = Status.open
        var total: Decimal?
        var paid: Bool?
        var count: UInt32?
        var weight: Double?
        var created: Date?
        var code: UUID?
        var photo: Data?
        var extra: JSONText?
        var version: Int64?

        enum CodingKeys: String, CodingKey {
            case id = "order_id"
            case store = "store_id"
            case status, total, paid, count, weight
            case created = "created_at"
            case code, photo, extra, version
        }
    }

    private func orders(_ sidecar: RunningSidecar) throws -> Records<Order> {
        try SwitchoverClient(sidecar.address).records(
            of: "orders", as: Order.self, key: ["order_id"], grayKey: "store_id", version: "version")
    }

    private func full(_ id: Int64) -> Order {
        Order(
            id: id, status: .sent, total: Decimal(string: "12.25"), paid: true, count: 4_000_000_000, weight: -1.5,
            created: Date(timeIntervalSince1970: 1_764_000_000.123456),
            code: UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)), photo: Data([0, 255]),
            extra: #"{"a": [1, null]}"#)
    }

    private func failure(_ call: () async throws -> Void) async -> SwitchoverError? {
        do {
            try await call()
            return nil
        } catch {
            return error as? SwitchoverError
        }
    }

    @Test func everyTypeThereAndBack() async throws {
        let sidecar = try RunningSidecar()
        defer { sidecar.stop() }
        let orders = try orders(sidecar)
        for order in [full(1), Order(id: 2)] {
            var expected = order
            expected.version = 1
            #expect(try await orders.insert(order) == expected)
            #expect(try await orders.get(RecordKey(order.id)) == expected)
            #expect(try await orders.get(["order_id": order.id], grayKey: "406") == expected)
        }
        // Nil is NULL, also where there was a value.
        #expect(try await orders.upsert(Order(id: 1)) == Order(id: 1, version: 2))
        #expect(try await orders.update(1, set: ["total": Decimal(7), "paid": nil, "count": UInt(1)]).total == 7)
    }

    @Test func everyCallWhileAStoreMoves() async throws {
        let sidecar = try RunningSidecar(rows: [(1, "406"), (2, "407")])
        defer { sidecar.stop() }
        let orders = try orders(sidecar)
        var number: Int64 = 10
        func play() async throws {
            number += 1
            let one = try await orders.insert(Order(id: number))
            #expect(try await orders.get(RecordKey(one.id), grayKey: "406") == one)
            let sent = try await orders.update(
                RecordKey(one.id), grayKey: "406", set: ["status": "sent"], expectedVersion: one.version)
            #expect(sent.status == .sent)
            #expect(sent.version == 2)
            let stale = await failure {
                _ = try await orders.update(RecordKey(one.id), set: ["status": "open"], expectedVersion: 1)
            }
            #expect(stale?.code == .aborted)
            #expect(try await orders.getMany([RecordKey(number), 9, 1]).map(\.id) == [number, 1])
            var found: [Int64] = []
            for try await order in orders.query(where: .notEqual("status", "x"), pageSize: 1) { found.append(order.id) }
            #expect(found == [1, 2, number])
            #expect(try await orders.delete(RecordKey(number)).id == number)
            #expect(try await orders.get(RecordKey(number)) == nil)
            #expect(await failure { _ = try await orders.delete(RecordKey(number)) }?.code == .notFound)
        }
        try await play()
        try sidecar.run("total", "orders", "migrating")
        try await play()
        try sidecar.run("enrol", "orders", "add", "406")
        try await play()
        try sidecar.run("gray", "orders", "add", "406")
        try await play()
        let born = try await orders.insert(Order(id: 99))
        #expect(try sidecar.numbers(on: "old") == [1, 2])
        #expect(try sidecar.numbers(on: "new") == [99])
        try sidecar.run("rollback", "orders")
        try await find(born, in: orders)
    }

    /// A record that new alone has is found when old is asked first.
    private func find(_ born: Order, in orders: Records<Order>) async throws {
        #expect(try await orders.get(99, grayKey: "406") == born)
        #expect(try await orders.page(where: .greaterOrEqual("order_id", 50)).records == [born])
    }

    @Test func pagesGoOnAcrossTheSidecarsRestart() async throws {
        let rows = (0..<250).map { (id: $0 as Int64, store: "\(400 + $0 % 3)") }
        let sidecar = try RunningSidecar(rows: rows)
        defer { sidecar.stop() }
        let orders = try orders(sidecar)
        let first = try await orders.page(orderBy: [.descending("order_id")], limit: 100)
        #expect(first.records.map(\.id) == Array((150..<250).reversed()))
        sidecar.stop()
        let token = try #require(first.nextToken)
        async let next = orders.page(orderBy: [.descending("order_id")], limit: 1_000, after: token)
        try sidecar.start()
        let rest = try await next
        #expect(rest.records.map(\.id) == Array((0..<150).reversed()))
        #expect(rest.nextToken == nil)
        var count = 0
        for try await order in orders.query(grayKey: "401", pageSize: 10) {
            #expect(order.store == "401")
            count += 1
        }
        #expect(count == 83)
    }

    @Test func errorsNameWhatIsWrong() async throws {
        let sidecar = try RunningSidecar(rows: [(1, "406")])
        defer { sidecar.stop() }
        let orders = try orders(sidecar)
        let other = await failure { _ = try await orders.get(1, grayKey: "407") }
        #expect(other?.code == .failedPrecondition)
        let type = await failure { _ = try await orders.update(1, set: ["total": 5]) }
        #expect(type?.code == .invalidArgument)
        #expect(type?.message.contains("decimal") == true)
        let name = await failure { _ = try await orders.update(1, set: ["stauts": "x"]) }
        #expect(name?.message.contains("stauts") == true)
        let twice = await failure { _ = try await orders.insert(Order(id: 1)) }
        #expect(twice?.code == .alreadyExists)
        let strangers = orders.client.records(of: "orders", as: Order.self, key: ["id"], grayKey: "store_id")
        await #expect(throws: DecodingError.self) { _ = try await strangers.get(1) }
        let nobody = orders.client.records(of: "customers", as: Order.self, key: ["id"], grayKey: "store_id")
        #expect(await failure { _ = try await nobody.get(1) }?.reason == "unknown-entity")
        let token = PageToken("AQID")
        #expect(await failure { _ = try await orders.page(after: token) }?.code == .invalidArgument)
    }

    @Test func aSequenceFetchesNoMoreThanIsRead() async throws {
        let server = try GRPCServer { _ in .failure(13) }
        defer { server.stop() }
        let records = try SwitchoverClient(server.address).records(
            of: "orders", as: Order.self, key: ["order_id"], grayKey: "store_id")
        let unread = records.query()
        #expect(server.seen.calls.isEmpty)
        await #expect(throws: SwitchoverError.self) { for try await _ in unread {} }
        #expect(server.seen.calls.count == 1)
    }
}
