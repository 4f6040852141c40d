import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// What a query must answer, said a second time without a database: three-valued conditions, the contract's order,
/// pages cut from the whole.
struct OrdersModel {
    var records: [TestRecord] = []

    /// All records that a query lets through, in order; limit and token are not looked at.
    func answer(_ query: Switchover_V1_QueryRequest) -> [TestRecord] {
        records
            .filter { !query.hasGrayKey || Self.value("store_id", $0) == query.grayKey }
            .filter { !query.hasFilter || Self.holds(query.filter, $0) == true }
            .sorted { Self.isBefore($0, $1, query.order) }
    }

    static func value(_ field: String, _ record: TestRecord) -> Value {
        switch field {
        case "order_id": record.key.parts[0]
        case "store_id": record.grayKey
        case "version": .int64(record.version)
        default: record[field] ?? .null
        }
    }

    /// Nil: unknown.
    static func holds(_ filter: Filter, _ record: TestRecord) -> Bool? {
        switch filter.kind {
        case nil: return false
        case .all(let all): return conjunction(all.filters.map { holds($0, record) })
        case .any(let any): return conjunction(any.filters.map { holds($0, record).map { !$0 } }).map { !$0 }
        case .negated(let filter): return holds(filter, record).map { !$0 }
        case .isNull(let isNull): return value(isNull.field, record).kind == nil
        case .prefix(let prefix):
            guard case .text(let text)? = value(prefix.field, record).kind else { return nil }
            return Array(text.utf8).starts(with: Array(prefix.prefix.utf8))
        case .among(let among):
            let found = value(among.field, record)
            return found.kind == nil ? nil : among.values.contains { compare(found, $0) == 0 }
        case .comparison(let comparison):
            let found = value(comparison.field, record)
            guard found.kind != nil else { return nil }
            let order = compare(found, comparison.value)
            switch comparison.operator {
            case .equal: return order == 0
            case .notEqual: return order != 0
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
        }
    }

    private static func conjunction(_ parts: [Bool?]) -> Bool? {
        if parts.contains(false) { return false }
        return parts.contains(nil) ? nil : true
    }

    static func isBefore(_ one: TestRecord, _ two: TestRecord, _ order: [Switchover_V1_Order]) -> Bool {
        for part in order {
            let found = compare(value(part.field, one), value(part.field, two))
            if found != 0 { return part.descending ? found > 0 : found < 0 }
        }
        return compare(one.key.parts[0], two.key.parts[0]) < 0
    }

    /// Negative, 0 or positive; NULL is less than everything.
    static func compare(_ one: Value, _ two: Value) -> Int {
        switch (one.kind, two.kind) {
        case (nil, nil): 0
        case (nil, _): -1
        case (_, nil): 1
        case (.bool(let one), .bool(let two)): compare(one ? 1 : 0, two ? 1 : 0)
        case (.int64(let one), .int64(let two)), (.timestamp(let one), .timestamp(let two)): compare(one, two)
        case (.uint64(let one), .uint64(let two)): compare(one, two)
        case (.double(let one), .double(let two)): compare(one, two)
        case (.decimal(let one), .decimal(let two)): compare(Decimal(string: one)!, Decimal(string: two)!)
        case (.text(let one), .text(let two)): compare(Array(one.utf8), Array(two.utf8))
        case (.bytes(let one), .bytes(let two)), (.uuid(let one), .uuid(let two)): compare(Array(one), Array(two))
        default: preconditionFailure("values of two types")
        }
    }

    private static func compare<Number: Comparable>(_ one: Number, _ two: Number) -> Int {
        one < two ? -1 : one == two ? 0 : 1
    }

    static func compare(_ one: [UInt8], _ two: [UInt8]) -> Int {
        one.lexicographicallyPrecedes(two) ? -1 : one == two ? 0 : 1
    }
}
