import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Stores

/// Every type of value in every declared type of column: opening refuses the column, or what is written is what is
/// read,
/// found by its value and answered in the same bytes.
@Suite struct ColumnAffinityTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let type: ValueType
        var storage = ColumnStorage.plain
        let values: [Value]

        var testDescription: String { "\(type.name), \(storage)" }
    }

    private static let texts = [
        "", "0", "012", "1e3", "0x1f", " 12 ", "-5", "20240115", "0930", "2024-01-15", "1.50", "9007199254740993",
        "nan",
        "null", "a\u{0}b", "\u{65e5}", "true",
    ]
    private static let uuids: [[UInt8]] = [
        Array(repeating: 0, count: 16), Array(repeating: 0x12, count: 16), Array(repeating: 0xff, count: 16),
        [0x12, 0x34, 0x5e, 0x67] + Array(repeating: 0x11, count: 12),
    ]
    private static let integers: [Int64] = [0, 1, -1, .max, .min, 1 << 53 + 1]
    private static let doubles: [Double] = [
        0, 1, -1, 0.1, 12.5, 1e300, -1e-300, 9_007_199_254_740_992, .infinity, 4e18,
    ]

    static let kinds: [Kind] = [
        Kind(type: .bool, values: [.bool(true), .bool(false)]),
        Kind(type: .int64, values: integers.map { .int64($0) }),
        Kind(type: .uint64, values: [.uint64(0), .uint64(UInt64(Int64.max))]),
        Kind(type: .double, values: doubles.map { .double($0) }),
        Kind(type: .decimal, storage: .scaled(2), values: ["0", "-12.5", "92233720368547758.07"].map { .decimal($0) }),
        Kind(
            type: .decimal, storage: .real(2),
            values: ["0", "-12.5", "0.1", "0.01", "12", "1234567890123.45", "-9999999999999.99"].map { .decimal($0) }),
        Kind(
            type: .decimal, storage: .text,
            values: ["0", "-12.5", "12", "0.00000000000000000001", "99999999999999999999999999999999999999"].map {
                .decimal($0)
            }),
        Kind(type: .text, values: texts.map { .text($0) }),
        Kind(type: .json, values: ["12", "012", "{}", "\"1\"", "null"].map { .json($0) }),
        Kind(type: .bytes, values: [[], [0], Array("012".utf8), [0xff]].map { .bytes($0) }),
        Kind(type: .timestamp, storage: .microseconds, values: integers.map { .timestamp($0) }),
        Kind(
            type: .timestamp, storage: .formatted(TimestampFormat(example: "2017-01-01T11:53:26Z")!),
            values: [.timestamp(0), .timestamp(-62_167_219_200_000_000)]),
        Kind(
            type: .timestamp, storage: .formatted(TimestampFormat(example: "2017-01-01")!),
            values: [.timestamp(0), .timestamp(-86_400_000_000)]),
        Kind(type: .uuid, values: uuids.map { .uuid($0) }),
        Kind(type: .uuid, storage: .text, values: uuids.map { .uuid($0) }),
        Kind(
            type: .uuid, storage: .uuidText(UUIDFormat(isUpper: true, hasHyphens: false)),
            values: uuids.map { .uuid($0) }),
    ]

    private static let declared = [
        "", "INT", "INTEGER", "BIGINT", "BOOLEAN", "TEXT", "VARCHAR(20)", "CHAR(36)", "CLOB", "BLOB", "REAL", "DOUBLE",
        "FLOAT", "NUMERIC", "DECIMAL(10,2)", "DATE", "TIME", "DATETIME", "TIMESTAMP", "ANY", "STRING", "JSON", "UUID",
        "MONEY", "FLOATING POINT", "TEXTBLOB",
    ]
    private static let strict = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"]

    @Test(arguments: kinds) func everyColumn(kind: Kind) throws {
        var opened = 0
        for type in Self.declared { opened += try roundTrip(kind, "x \(type)", "") }
        for type in Self.strict { opened += try roundTrip(kind, "x \(type)", "STRICT") }
        #expect(opened > 1, "some columns are right for every kind")
    }

    private func roundTrip(_ kind: Kind, _ column: String, _ options: String) throws -> Int {
        let folder = try TestFolder()
        let path = try folder.database("t.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, g TEXT, \(column)) \(options)")
        let entity = try RecordEntity(
            name: "orders",
            fields: [
                .init(name: "id", type: .int64), .init(name: "g", type: .text),
                .init(name: "x", type: kind.type, isNullable: true),
            ], key: ["id"], grayKey: "g")
        let configuration = try StoreConfiguration(
            path: path, entity: entity, table: "t",
            columns: [.init(name: "id"), .init(name: "g"), .init(name: "x", storage: kind.storage)])
        guard let store = try? TestStore(configuration) else { return 0 }
        let check = RequestCheck(old: store.store, new: store.store)
        for (index, value) in kind.values.enumerated() {
            let insert = Orders.insert(Int64(index), [("x", value)])
            let bytes: [UInt8] = try insert.serializedBytes()
            let fault = bytes.withUnsafeBytes { check.fault(of: .insert, $0) }
            #expect(fault == nil, "\(column): \(value)")
            let made: Switchover_V1_InsertResponse = try store.answer(.insert, insert)
            let read: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(Int64(index)))
            #expect(made.record == read.record)
            #expect(read.record["x"] == value, "\(column) \(options): \(value)")
        }
        return 1
    }
}
