import EventLoop
import Migration
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Compares some records that both sides have, as `check` does it: columns that are mapped in another unit, or not to
/// each
/// other, show at once.
struct SQLiteComparison {
    static let recordsAtMost: UInt32 = 500

    let old: SQLiteInspection.Side
    let new: SQLiteInspection.Side

    func findings() -> [StoreFinding] {
        guard let records = records(), !records.isEmpty else { return [] }
        let others = Dictionary(others(of: records.map(\.key)).map { ($0.key, $0) }) { first, _ in first }
        var differing: [String: (count: Int, first: String)] = [:]
        var both = 0
        for record in records {
            guard let other = others[record.key] else { continue }
            both += 1
            for (field, counterpart) in zip(record.fields, other.fields) where field != counterpart {
                let values = "\(Self.shown(field.value)) on old, \(Self.shown(counterpart.value)) on new"
                differing[field.name, default: (0, "\(keyText(record.key)): \(values)")].count += 1
            }
        }
        return differing.sorted { $0.key < $1.key }.map { name, found in
            old.finding(
                .warning,
                "field \(name) differs between the sides in \(found.count) of \(both) records compared, first "
                    + "\(found.first). If they are copies of one another, the mapping is wrong (another unit, another "
                    + "column), or one is out of date")
        }
    }

    private func records() -> [Switchover_V1_Record]? {
        let request = Switchover_V1_QueryRequest.with {
            $0.entity = old.table.entity.name
            $0.limit = Self.recordsAtMost
        }
        return answer(old, .query, request).flatMap { try? Switchover_V1_QueryResponse(serializedBytes: $0).records }
    }

    private func others(of keys: [Switchover_V1_Key]) -> [Switchover_V1_Record] {
        let request = Switchover_V1_GetManyRequest.with {
            $0.entity = new.table.entity.name
            $0.keys = keys
        }
        let message = answer(new, .getMany, request)
        return message.flatMap { try? Switchover_V1_GetManyResponse(serializedBytes: $0).records } ?? []
    }

    /// Nil where the side cannot answer, which is told elsewhere.
    private func answer(
        _ side: SQLiteInspection.Side, _ operation: StoreOperation, _ request: some Message
    ) -> [UInt8]? {
        guard let bytes: [UInt8] = try? request.serializedBytes() else { return nil }
        let deadline = MonotonicClock.nanoseconds &+ SQLiteSample.nanosecondsAtMost
        let reply = side.session.perform(StoreRequest(operation, message: bytes, deadline: deadline))
        return reply.status == .ok ? reply.message : nil
    }

    private func keyText(_ key: Switchover_V1_Key) -> String {
        zip(old.table.entity.key, key.parts).map { "\(old.column($0))=\(Self.shown($1))" }.joined(separator: ", ")
    }

    private static func shown(_ value: Switchover_V1_Value) -> String {
        guard let kind = value.kind else { return "NULL" }
        return switch kind {
        case .bool(let value): "\(value)"
        case .int64(let value), .timestamp(let value): "\(value)"
        case .uint64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let value): value
        case .text(let value), .json(let value): "\"\(value.prefix(40))\""
        case .bytes(let value), .uuid(let value): "\(value.count) bytes"
        }
    }
}
