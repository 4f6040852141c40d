import WireFormat

@testable import Migration

/// Messages of a small foreign service, and queries that are answered by hand.
///
/// Rows: 1 id, 3 gray key, 6 a number to order by. Requests: 2 limit, 3 token. Responses: 1 rows, 2 token, 3 total.
enum ScriptedQuery {
    struct Row {
        let id: Int64
        var gray = "g"
        var order: Int64

        init(_ id: Int64, gray: String = "g", order: Int64? = nil) {
            self.id = id
            self.gray = gray
            self.order = order ?? id
        }

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            FieldWriter.append(1, varint: UInt64(bitPattern: id), to: &bytes)
            FieldWriter.append(3, Array(gray.utf8), to: &bytes)
            FieldWriter.append(6, varint: UInt64(bitPattern: order), to: &bytes)
            return bytes
        }
    }

    static func plan(
        tokens: TokenForm = .opaque, confirms: Bool = true, hasGrayKey: Bool = true, defaultLimit: Int? = nil,
        rest: MultiQueryPlan.Rest = .dropped
    ) throws -> MultiQueryPlan {
        let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .int64)])
        let gray = try KeyPlan([KeyField(path: FieldPath("3"), type: .string, presence: .required)])
        let paging = try PagePlan(
            tokens: tokens, limitField: 2, defaultLimit: defaultLimit, maximumLimit: 100,
            requestTokenField: tokens == .none ? nil : 3, responseTokenField: tokens == .none ? nil : 2)
        let order = [OrderTerm(path: try FieldPath("6"), type: .scalar(.int64))]
        let rows = try RowPlan(field: 1, key: key, grayKey: hasGrayKey ? gray : nil, order: order, paging: paging)
        let lookUp = try LookUpPlan(
            method: "/a.B/GetMany", element: 2, parts: [LookUpPart(path: FieldPath("1"), type: .int64)], rows: 1,
            key: key)
        return MultiQueryPlan(rows: rows, lookUp: confirms ? lookUp : nil, rest: rest)
    }

    /// A plan with the Records service's tokens: field 5 of a row is its whole position.
    static func keysetPlan() throws -> MultiQueryPlan {
        let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .int64)])
        let paging = try PagePlan(tokens: .keyset, limitField: 2, requestTokenField: 3, responseTokenField: 2)
        let order = [OrderTerm(path: try FieldPath("5"), type: .scalar(.bytes))]
        return MultiQueryPlan(
            rows: try RowPlan(field: 1, key: key, order: order, isTotal: true, paging: paging), lookUp: nil)
    }

    static func request(limit: Int = 0, token: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        FieldWriter.append(9, Array("paid".utf8), to: &bytes)
        if limit > 0 { FieldWriter.append(2, varint: UInt64(limit), to: &bytes) }
        if !token.isEmpty { FieldWriter.append(3, token, to: &bytes) }
        return bytes
    }

    static func digest() throws -> RequestDigest {
        try request().withUnsafeBytes { try RequestDigest(of: $0, withoutLimit: 2, withoutToken: 3) }
    }

    static func response(_ rows: [Row], token: String = "", total: UInt64? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        if let total { FieldWriter.append(3, varint: total, to: &bytes) }
        for row in rows { FieldWriter.append(1, row.bytes, to: &bytes) }
        if !token.isEmpty { FieldWriter.append(2, Array(token.utf8), to: &bytes) }
        return bytes
    }

    static func reply(_ rows: [Row], token: String = "") -> MultiQuery.Reply { .message(response(rows, token: token)) }

    /// What asks for pages are, side by side.
    static func pages(_ asks: [(side: Side, limit: Int, token: String)]) -> MultiQuery.Action {
        .ask(
            asks.map {
                .init(side: $0.side, method: nil, message: request(limit: $0.limit, token: Array($0.token.utf8)))
            })
    }

    static func lookUp(_ side: Side, ids: [Int64]) -> MultiQuery.Ask {
        var message: [UInt8] = []
        for id in ids { FieldWriter.append(2, varint: UInt64(bitPattern: id), to: &message) }
        return .init(side: side, method: "/a.B/GetMany", message: message)
    }
}

/// Stages of a few gray keys, nothing pinned.
struct ScriptedStages: RowStages {
    var stages: [String: Stage] = [:]
    var pins: [String: Stage] = [:]

    func stage(grayKey: UnsafeRawBufferPointer) -> Stage {
        stages[String(decoding: grayKey, as: UTF8.self)] ?? .dualOld
    }
    var hasPins: Bool { !pins.isEmpty }
    var stageOfNoKey: Stage { .old }
    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? { pins[String(decoding: recordKey, as: UTF8.self)] }
}
