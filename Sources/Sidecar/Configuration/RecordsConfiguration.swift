package import Migration
package import Stores
package import WireFormat

/// A database that the records of migrations are in.
package struct DatabaseUpstream: Sendable, Equatable {
    package let name: String
    /// The file of a SQLite database.
    package let path: String
}

/// What a migration says that moves records of `switchover.v1.Records` instead of a service of the user's own.
package struct RecordsConfiguration: Sendable, Equatable {
    package static let service = "switchover.v1.Records"

    package let entity: RecordEntity
    package let old: StoreConfiguration
    package let new: StoreConfiguration
}

extension RecordsConfiguration {
    /// How `GetMany` names records and answers them.
    package var many: ManyPlan {
        ManyPlan(
            keys: 2, requestedKey: entity.keyOfKey, rows: 1, key: entity.rowRecordKey, grayKey: entity.rowGrayKey)
    }
}

/// Where a Records request and a Record have their keys: the entity's own call plans.
extension RecordEntity {
    /// The record key of every request about one record.
    package var requestRecordKey: KeyPlan { plan(of: key.enumerated().map { ("2.1[\($0)]", $1) }) }

    /// The gray key of a request; not on the wire where the caller leaves it out.
    package var requestGrayKey: KeyPlan { plan(of: [("3", grayKey)]) }

    /// The gray key that an update gives a record; not on the wire where it keeps its own.
    package var requestNewGrayKey: KeyPlan { plan(of: [("6", grayKey)]) }

    /// The record key in a Key.
    package var keyOfKey: KeyPlan { plan(of: key.enumerated().map { ("1[\($0)]", $1) }) }

    /// The record key in a Record.
    package var rowRecordKey: KeyPlan { plan(of: key.enumerated().map { ("1.1[\($0)]", $1) }) }

    /// The gray key in a Record.
    package var rowGrayKey: KeyPlan { plan(of: [("2", grayKey)]) }

    /// - Parameter parts: the path of each part's Value, and the field that it is of.
    private func plan(of parts: [(path: String, field: Int)]) -> KeyPlan {
        let keyFields = parts.compactMap { part -> KeyField? in
            let type = fields[part.field].type
            guard let path = try? FieldPath("\(part.path).\(type.rawValue)") else { return nil }
            return type.wire.map { KeyField(path: path, type: $0, presence: .required) }
        }
        guard keyFields.count == parts.count, let plan = try? KeyPlan(keyFields) else {
            preconditionFailure("an entity's keys have one to four parts of types that can be keys")
        }
        return plan
    }
}

extension ValueType {
    /// The type of the kind's field in a Value; nil for types that are no keys.
    fileprivate var wire: ScalarType? {
        switch self {
        case .bool: .bool
        case .int64, .timestamp: .int64
        case .uint64: .uint64
        case .text: .string
        case .bytes, .uuid: .bytes
        case .double, .decimal, .json: nil
        }
    }
}
