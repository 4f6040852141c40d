import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

@testable import Stores

/// The entity that most tests use, with a field of every type, and two tables for it that differ in names, order,
/// storage, collation and extra columns.
enum Orders {
    static let fields: [RecordEntity.Field] = [
        .init(name: "order_id", type: .int64), .init(name: "store_id", type: .text),
        .init(name: "household", type: .uint64, isNullable: true), .init(name: "items", type: .int64),
        .init(name: "total", type: .decimal, isNullable: true),
        .init(name: "created_at", type: .timestamp, isNullable: true),
        .init(name: "note", type: .text, isNullable: true), .init(name: "paid", type: .bool, isNullable: true),
        .init(name: "weight", type: .double, isNullable: true), .init(name: "tag", type: .bytes, isNullable: true),
        .init(name: "reference", type: .uuid, isNullable: true), .init(name: "extra", type: .json, isNullable: true),
        .init(name: "version", type: .int64),
    ]

    static func entity() throws -> RecordEntity {
        try RecordEntity(name: "orders", fields: fields, key: ["order_id"], grayKey: "store_id", version: "version")
    }

    static let oldTable = """
        CREATE TABLE t_order (
            id INTEGER PRIMARY KEY, store VARCHAR(20) NOT NULL, household INTEGER, items INTEGER NOT NULL DEFAULT 1,
            total_cents INTEGER, created DATETIME, note TEXT COLLATE NOCASE CHECK (note <> 'forbidden'),
            paid BOOLEAN, weight REAL, tag BLOB, ref CHAR(36), extra TEXT, rev INTEGER NOT NULL,
            source TEXT NOT NULL, touched INTEGER DEFAULT 7)
        """

    static let newTable = #"""
        CREATE TABLE "orders ""new""" (
            version INTEGER NOT NULL, extra TEXT, reference BLOB, tag BLOB, weight REAL, paid INTEGER, note TEXT,
            created_at INTEGER, total INTEGER, items INTEGER NOT NULL, household INTEGER, store_id TEXT NOT NULL,
            order_id INTEGER NOT NULL UNIQUE) STRICT
        """#

    static func old(_ path: String, limits: StoreLimits = StoreLimits()) throws -> StoreConfiguration {
        try StoreConfiguration(
            path: path, entity: entity(), table: "t_order",
            columns: [
                .init(name: "id"), .init(name: "store"), .init(name: "household"), .init(name: "items"),
                .init(name: "total_cents", storage: .scaled(2)),
                .init(name: "created", storage: .formatted(TimestampFormat(example: "2017-01-01T11:53:26Z")!)),
                .init(name: "note"), .init(name: "paid"), .init(name: "weight"), .init(name: "tag"),
                .init(name: "ref", storage: .text), .init(name: "extra"), .init(name: "rev"),
            ],
            constants: [.init(column: "source", value: .text("sidecar"))], limits: limits)
    }

    static func new(_ path: String, limits: StoreLimits = StoreLimits()) throws -> StoreConfiguration {
        try StoreConfiguration(
            path: path, entity: entity(), table: "orders \"new\"",
            columns: [
                .init(name: "order_id"), .init(name: "store_id"), .init(name: "household"), .init(name: "items"),
                .init(name: "total", storage: .scaled(4)), .init(name: "created_at", storage: .microseconds),
                .init(name: "note"), .init(name: "paid"), .init(name: "weight"), .init(name: "tag"),
                .init(name: "reference"), .init(name: "extra"), .init(name: "version"),
            ],
            limits: limits)
    }

    static func oldStore(_ folder: TestFolder, limits: StoreLimits = StoreLimits()) throws -> TestStore {
        try TestStore(old(folder.database("old.db", oldTable), limits: limits))
    }

    static func newStore(_ folder: TestFolder, limits: StoreLimits = StoreLimits()) throws -> TestStore {
        try TestStore(new(folder.database("new.db", newTable), limits: limits))
    }

    static func key(_ id: Int64) -> Switchover_V1_Key { .with { $0.parts = [.int64(id)] } }

    static func insert(
        _ id: Int64, store: String = "330", _ fields: [(String, Value)] = []
    ) -> Switchover_V1_InsertRequest {
        .with {
            $0.entity = "orders"
            $0.key = key(id)
            $0.grayKey = .text(store)
            $0.fields = self.fields(fields)
        }
    }

    static func get(_ id: Int64) -> Switchover_V1_GetRequest {
        .with {
            $0.entity = "orders"
            $0.key = key(id)
        }
    }

    static func update(_ id: Int64, _ changes: [(String, Value)]) -> Switchover_V1_UpdateRequest {
        .with {
            $0.entity = "orders"
            $0.key = key(id)
            $0.changes = fields(changes)
        }
    }

    static func fields(_ fields: [(String, Value)]) -> [Switchover_V1_Field] {
        fields.map { name, value in
            .with {
                $0.name = name
                if value != .null { $0.value = value }
            }
        }
    }
}

extension Switchover_V1_Value {
    static let null = Value()
    static func bool(_ value: Bool) -> Value { .with { $0.bool = value } }
    static func int64(_ value: Int64) -> Value { .with { $0.int64 = value } }
    static func uint64(_ value: UInt64) -> Value { .with { $0.uint64 = value } }
    static func double(_ value: Double) -> Value { .with { $0.double = value } }
    static func decimal(_ value: String) -> Value { .with { $0.decimal = value } }
    static func text(_ value: String) -> Value { .with { $0.text = value } }
    static func bytes(_ value: [UInt8]) -> Value { .with { $0.bytes = Data(value) } }
    static func timestamp(_ value: Int64) -> Value { .with { $0.timestamp = value } }
    static func uuid(_ value: [UInt8]) -> Value { .with { $0.uuid = Data(value) } }
    static func json(_ value: String) -> Value { .with { $0.json = value } }
}

extension Switchover_V1_Record {
    /// A field by its name; nil if the record has none of it.
    subscript(name: String) -> Value? { fields.first { $0.name == name }.map { $0.hasValue ? $0.value : .null } }
}
