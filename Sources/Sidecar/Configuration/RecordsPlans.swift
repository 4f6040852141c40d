import Migration
import Stores
import WireFormat

/// The call plans of the Records service for one entity: the same form as those of a user's own service, so that the
/// engine has one way in.
struct RecordsPlans {
    let entity: RecordEntity
    let migrationIndex: Int
    let inserts: InsertRule
    let guardsInserts: Bool
    let grayFallback: Bool
    let isGrayKeyImmutable: Bool

    private static let timeout = Configuration.defaultTimeoutNanoseconds

    /// In the order in which they are counted.
    func methods() -> [MethodConfiguration] {
        let kinds: [(name: String, kind: CallKind)] = [
            ("Get", .singleQuery), ("GetMany", .multiQuery), ("Query", .multiQuery), ("Insert", .insert),
            ("Update", .update), ("Upsert", .upsert), ("Delete", .delete),
        ]
        return kinds.enumerated().map { index, method in
            MethodConfiguration(
                service: RecordsConfiguration.service, name: method.name, plan: plan(method.kind, index),
                write: method.kind.isWrite ? write(method.kind) : nil,
                query: method.name == "Query" ? MultiQueryConfiguration(plan: query, mayMiss: []) : nil)
        }
    }

    private func plan(_ kind: CallKind, _ index: Int) -> CallPlan {
        let key = entity.requestGrayKey
        switch kind {
        case .singleQuery:
            return CallPlan(
                singleQuery: key, recordKey: entity.requestRecordKey, absent: .notFound, grayFallback: grayFallback,
                timeoutNanoseconds: Self.timeout, migrationIndex: migrationIndex, methodIndex: index)
        case .multiQuery, .passThrough:
            return CallPlan(
                multiQuery: key, timeoutNanoseconds: Self.timeout, migrationIndex: migrationIndex, methodIndex: index)
        case .update, .upsert, .insert, .delete:
            return CallPlan(
                write: kind, key: key, absent: .notFound, timeoutNanoseconds: Self.timeout,
                migrationIndex: migrationIndex, methodIndex: index,
                isAlwaysRead: isGrayKeyImmutable && kind == .update)
        }
    }

    private func write(_ kind: CallKind) -> WritePlan {
        // Where it is a part of the record key, stores refuse to change it themselves.
        let changes = kind == .update && !entity.key.contains(entity.grayKey)
        return WritePlan(
            recordKey: entity.requestRecordKey, inserts: inserts, guardsInserts: guardsInserts,
            lookUp: request("Get", [(1, .request, "1"), (2, .request, "2")]),
            put: record, putOrInsert: record, erase: request("", [(1, .request, "2")], recordKey: entity.rowRecordKey),
            newGrayKey: changes ? entity.requestNewGrayKey.required : nil, isGrayKeyImmutable: isGrayKeyImmutable,
            tries: true)
    }

    /// A Record, as the reply to a write or a look-up has it in field 1; its sort key is no part of it.
    private var record: DerivedRequest {
        request(
            "", [(1, .reply, "1.1"), (2, .reply, "1.2"), (3, .reply, "1.3"), (4, .reply, "1.4")],
            recordKey: entity.rowRecordKey)
    }

    private func request(
        _ method: String, _ fields: [(number: UInt32, source: MessageTemplate.Source, path: String)],
        recordKey: KeyPlan? = nil
    ) -> DerivedRequest {
        let template = MessageTemplate(
            fields.map { .init(number: $0.number, source: $0.source, path: Self.path($0.path)) })
        return DerivedRequest(
            path: "/\(RecordsConfiguration.service)/\(method)", template: template, recordKey: recordKey)
    }

    private var query: MultiQueryPlan {
        let paging = Self.sound {
            try PagePlan(
                tokens: .keyset, limitField: 5, defaultLimit: 100, requestTokenField: 6, responseTokenField: 2)
        }
        let order = OrderTerm(path: Self.path("5"), type: .scalar(.bytes))
        let rows = Self.sound {
            try RowPlan(
                field: 1, key: entity.rowRecordKey, grayKey: entity.rowGrayKey, order: [order], isTotal: true,
                paging: paging)
        }
        let lookUp = Self.sound {
            try LookUpPlan(
                method: "/\(RecordsConfiguration.service)/GetMany", copied: [1], element: 2,
                parts: [LookUpPart(path: Self.path("1"), type: .bytes)], rows: 1, key: entity.rowRecordKey)
        }
        return MultiQueryPlan(rows: rows, lookUp: lookUp)
    }

    private static func path(_ text: String) -> FieldPath { sound { try FieldPath(text) } }

    /// What is written in this file has no faults.
    private static func sound<Value>(_ make: () throws -> Value) -> Value {
        guard let value = try? make() else { preconditionFailure("the Records service's plans are sound") }
        return value
    }
}
