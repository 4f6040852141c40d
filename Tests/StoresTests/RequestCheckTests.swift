import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// What is refused before any side is asked, because one of the two cannot do it.
@Suite struct RequestCheckTests {
    private static let fields: [RecordEntity.Field] = [
        .init(name: "id", type: .int64), .init(name: "store", type: .text),
        .init(name: "total", type: .decimal, isNullable: true), .init(name: "at", type: .timestamp, isNullable: true),
        .init(name: "status", type: .text, isNullable: true), .init(name: "rate", type: .decimal, isNullable: true),
    ]

    private static func check() throws -> RequestCheck {
        let folder = try TestFolder()
        let path = try folder.database(
            "t.db",
            """
            CREATE TABLE t_order (id INTEGER PRIMARY KEY, store TEXT NOT NULL, total INTEGER, at TEXT, status TEXT,
                rate INTEGER);
            CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT NOT NULL, total INTEGER, at INTEGER,
                status TEXT NOT NULL DEFAULT '', rate TEXT)
            """)
        let entity = try RecordEntity(name: "orders", fields: fields, key: ["id"], grayKey: "store")
        func store(_ table: String, _ total: Int, _ at: ColumnStorage, _ rate: ColumnStorage) throws -> any Store {
            try SQLiteStore(
                StoreConfiguration(
                    path: path, entity: entity, table: table,
                    columns: [
                        .init(name: "id"), .init(name: "store"), .init(name: "total", storage: .scaled(total)),
                        .init(name: "at", storage: at), .init(name: "status"), .init(name: "rate", storage: rate),
                    ]))
        }
        let old = try store("t_order", 2, .formatted(TimestampFormat(example: "2017-01-01T11:53:26Z")!), .scaled(4))
        let new = try store("orders", 4, .microseconds, .text)
        defer {
            old.close()
            new.close()
        }
        return RequestCheck(old: old, new: new)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let operation: StoreOperation
        let message: any Message
        /// Nil: it is not refused.
        let words: String?

        var testDescription: String { words ?? "right: \(operation) \(message)" }
    }

    private static func update(_ field: String, _ value: Value, _ words: String?) -> Case {
        Case(operation: .update, message: Orders.update(1, [(field, value)]), words: words)
    }

    private static func query(_ body: (inout Switchover_V1_QueryRequest) -> Void, _ words: String?) -> Case {
        let message = Switchover_V1_QueryRequest.with {
            $0.entity = "orders"
            body(&$0)
        }
        return Case(operation: .query, message: message, words: words)
    }

    private static let writes: [Case] = [
        update("total", .decimal("12.34"), nil),
        update(
            "total", .decimal("12.345"),
            "changes[0].total: column total of old's table t_order holds 2 digits after the point, and the value is "
                + "finer"
        ),
        update(
            "total", .decimal("92233720368547758"),
            "changes[0].total: column total of new's table orders cannot hold a value of this size"),
        update("at", .timestamp(1_000_000), nil),
        update(
            "at", .timestamp(1_500_000),
            "changes[0].at: column at of old's table t_order holds whole seconds, and the value is finer"),
        update(
            "at", .timestamp(.max), "changes[0].at: column at of old's table t_order cannot hold a value of this size"),
        update("status", .null, "changes[0].status: column status of new's table orders takes no NULL"),
        update("total", .null, nil),
        Case(operation: .update, message: Orders.update(1, []), words: "changes: it is empty"),
        Case(operation: .insert, message: Orders.insert(1, [("status", .text("a"))]), words: nil),
        Case(
            operation: .insert, message: Orders.insert(1),
            words: "fields.status: it must be given: column status of new's table orders takes no NULL"),
        Case(
            operation: .upsert(ifAbsent: nil),
            message: Orders.insert(1, [("status", .text("a")), ("total", .decimal("0.001"))]),
            words: "fields[1].total: column total of old's"),
        Case(
            operation: .insert, message: Orders.insert(1, store: String(repeating: "s", count: 1_025)),
            words: "gray_key: it is longer than 1024 bytes"),
    ]

    private static let queries: [Case] = [
        query({ _ in }, nil), query({ $0.limit = 1_000 }, nil),
        query({ $0.limit = 1_001 }, "limit: a page has at most 1000 records"),
        query({ $0.order = [.with { $0.field = "total" }] }, nil),
        query(
            { $0.order = [.with { $0.field = "rate" }] }, "order[0]: rate is neither compared nor ordered"),
        query(
            {
                $0.filter.negated.comparison.field = "rate"
                $0.filter.negated.comparison.operator = .less
                $0.filter.negated.comparison.value = .decimal("1")
            }, "filter: rate is neither compared nor ordered: column rate of new's table orders stores it as text"),
        query({ $0.pageToken = Data([1, 2, 3]) }, "page_token: it was not made for this query"),
    ]

    @Test(arguments: writes + queries) func aRequest(sample: Case) throws {
        let bytes: [UInt8] = try sample.message.serializedBytes()
        let fault = try Self.check().fault(of: sample.operation, bytes)
        guard let words = sample.words else {
            #expect(fault == nil)
            return
        }
        #expect(fault?.status == .invalidArgument)
        #expect(fault?.description.hasPrefix(words) == true, "\(fault?.description ?? "not refused")")
    }

    /// Contract, 3: existence first. What a request leaves out is missing only where it makes a record.
    @Test func anUpsertThatLeavesOutAFieldAsksFirst() throws {
        let check = try Self.check()
        let partial: [UInt8] = try Orders.insert(1).serializedBytes()
        let whole: [UInt8] = try Orders.insert(1, [("status", .text("a"))]).serializedBytes()
        #expect(check.fault(of: .upsert(ifAbsent: nil), partial) == nil)
        guard case .upsert(let fault?) = partial.withUnsafeBytes({ check.operation(.upsert(ifAbsent: nil), $0) }) else {
            Issue.record("a record without its status can be made")
            return
        }
        #expect(
            fault.description
                == "fields.status: it must be given: column status of new's table orders takes no NULL")
        #expect(whole.withUnsafeBytes { check.operation(.upsert(ifAbsent: nil), $0) } == .upsert(ifAbsent: nil))
    }

    /// A limit beyond 32 bits is no small one, whoever reads it.
    @Test func aLimitIsNotCut() throws {
        let bytes: [UInt8] = [0x0a, 6] + Array("orders".utf8) + [0x28, 0x85, 0x80, 0x80, 0x80, 0x10]
        #expect(try Self.check().fault(of: .query, bytes)?.description == "limit: a page has at most 1000 records")
    }
}

extension RequestCheck {
    fileprivate func fault(of operation: StoreOperation, _ bytes: [UInt8]) -> StoreFault? {
        bytes.withUnsafeBytes { fault(of: operation, $0) }
    }
}
