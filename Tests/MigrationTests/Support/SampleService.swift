import TestSupport
import Testing
import WireFormat

@testable import Migration

/// A service over sample records, one on each side, and the plan by which it is merged.
///
/// Requests: 1 the wanted status plus one, 2 limit, 3 page token, 4 a name that look-ups need too. Responses: 1 rows,
/// 2 next page token, 3 a total. Look-ups: 2 keys; answers: 1 rows.
struct SampleService {
    enum Form: CaseIterable {
        /// Rows and tokens as the Records service has them: a sort key in each row, tokens that both sides understand.
        case records
        /// A service with a row of its own and tokens that only the side understands.
        case opaque
        /// The same without any token.
        case none
    }

    let form: Form
    let key: SampleKey
    let order: [SampleOrder]
    let plan: MultiQueryPlan

    init(_ form: Form, key: SampleKey, order: [SampleOrder], maximumLimit: Int = 1000, confirms: Bool = true) throws {
        self.form = form
        self.key = key
        self.order = order
        let keyPlan = try KeyPlan(Self.keyFields(form, key))
        let tokens: TokenForm =
            switch form {
            case .records: .keyset
            case .opaque: .opaque
            case .none: .none
            }
        let paging = try PagePlan(
            tokens: tokens, limitField: 2, maximumLimit: maximumLimit, requestTokenField: form == .none ? nil : 3,
            responseTokenField: form == .none ? nil : 2)
        let gray = try KeyPlan([KeyField(path: FieldPath(form == .records ? "2.6" : "3"), type: .string)])
        let rows =
            form == .records
            ? try RowPlan(
                field: 1, key: keyPlan, grayKey: gray,
                order: [OrderTerm(path: FieldPath("5"), type: .scalar(.bytes))], isTotal: true, paging: paging)
            : try RowPlan(
                field: 1, key: keyPlan, grayKey: gray, order: order.map { try Self.term($0) }, paging: paging)
        let lookUp = try LookUpPlan(
            method: "/a.B/GetMany", copied: [4], element: 2, parts: Self.parts(form, key), rows: 1, key: keyPlan)
        plan = MultiQueryPlan(rows: rows, lookUp: confirms ? lookUp : nil, rest: .taken(from: .new))
    }

    private static func keyFields(_ form: Form, _ key: SampleKey) throws -> [KeyField] {
        let isRecord = form == .records
        let id = KeyField(path: try FieldPath(isRecord ? key == .id ? "1.1[0].2" : "1.1[1].2" : "1"), type: .int64)
        let name = KeyField(path: try FieldPath(isRecord ? "1.1[0].6" : "2"), type: .string)
        switch key {
        case .id: return [id]
        case .name: return [name]
        case .both: return [name, id]
        }
    }

    private static func parts(_ form: Form, _ key: SampleKey) throws -> [LookUpPart] {
        if form == .records { return [LookUpPart(path: try FieldPath("1"), type: .bytes)] }
        switch key {
        case .id: return [LookUpPart(path: try FieldPath("1"), type: .int64, field: 2)]
        case .name: return [LookUpPart(path: try FieldPath("2"), type: .string)]
        case .both:
            return [
                LookUpPart(path: try FieldPath("2"), type: .string, field: 6),
                LookUpPart(path: try FieldPath("1"), type: .int64, field: 2),
            ]
        }
    }

    private static func term(_ order: SampleOrder) throws -> OrderTerm {
        let columns: [(path: String, type: OrderType, absence: OrderTerm.Absence)] = [
            ("4", .scalar(.string), .isNull), ("5", .scalar(.sint64), .isNull), ("6", .double, .isDefault),
            ("7", .scalar(.bool), .isDefault), ("8", .scalar(.fixed32), .isDefault),
            ("9.1", .scalar(.int32), .isNullWithoutHolder),
        ]
        let column = columns[order.column]
        return OrderTerm(
            path: try FieldPath(column.path), type: column.type, absence: column.absence,
            isDescending: order.isDescending)
    }

    // MARK: Messages

    func request(status: Int?, limit: Int, token: [UInt8]) -> [UInt8] {
        var request: [UInt8] = []
        FieldWriter.append(4, Array("orders".utf8), to: &request)
        if !token.isEmpty { FieldWriter.append(3, token, to: &request) }
        if let status { FieldWriter.append(1, varint: UInt64(status + 1), to: &request) }
        if limit > 0 { FieldWriter.append(2, varint: UInt64(limit), to: &request) }
        return request
    }

    /// A row with fields that no plan knows, which say whose copy it is.
    func encode(_ row: SampleRow, sortKey: [UInt8]) -> [UInt8] {
        var bytes = form == .records ? encodeRecord(row, sortKey) : encodeForeign(row)
        FieldWriter.append(15, varint: UInt64(row.side.rawValue) + 1, to: &bytes)
        FieldWriter.append(16, Array(row.record.name.utf8), to: &bytes)
        FieldWriter.append(17, varint: UInt64(bitPattern: row.record.id), to: &bytes)
        return bytes
    }

    private func encodeRecord(_ row: SampleRow, _ sortKey: [UInt8]) -> [UInt8] {
        var gray: [UInt8] = []
        FieldWriter.append(6, Array(row.copy.gray.utf8), to: &gray)
        var bytes: [UInt8] = []
        FieldWriter.append(1, recordKey(row.record), to: &bytes)
        FieldWriter.append(2, gray, to: &bytes)
        FieldWriter.append(5, sortKey, to: &bytes)
        return bytes
    }

    /// A key of the Records service: a value for each part.
    func recordKey(_ record: SampleRecord) -> [UInt8] {
        var parts: [[UInt8]] = []
        if key != .id {
            parts.append([])
            FieldWriter.append(6, Array(record.name.utf8), to: &parts[parts.count - 1])
        }
        if key != .name {
            parts.append([])
            FieldWriter.append(2, varint: UInt64(bitPattern: record.id), to: &parts[parts.count - 1])
        }
        var bytes: [UInt8] = []
        for part in parts { FieldWriter.append(1, part, to: &bytes) }
        return bytes
    }

    private func encodeForeign(_ row: SampleRow) -> [UInt8] {
        var bytes: [UInt8] = []
        if !row.copy.gray.isEmpty { FieldWriter.append(3, Array(row.copy.gray.utf8), to: &bytes) }
        if row.record.id != 0 { FieldWriter.append(1, varint: UInt64(bitPattern: row.record.id), to: &bytes) }
        if !row.record.name.isEmpty { FieldWriter.append(2, Array(row.record.name.utf8), to: &bytes) }
        for (column, cell) in row.copy.columns.enumerated() { Self.append(column, cell, to: &bytes) }
        return bytes
    }

    private static func append(_ column: Int, _ cell: Cell, to bytes: inout [UInt8]) {
        switch (column, cell) {
        case (0, .text(let text)): FieldWriter.append(4, Array(text.utf8), to: &bytes)
        case (1, .number(let number)):
            let value = Int64(number)
            FieldWriter.append(5, varint: UInt64(bitPattern: value << 1 ^ value >> 63), to: &bytes)
        case (2, .number(let number)): FieldWriter.append(6, fixed64: number.bitPattern, to: &bytes)
        case (3, .bool(let bool)): FieldWriter.append(7, varint: bool ? 1 : 0, to: &bytes)
        case (4, .number(let number)): FieldWriter.append(8, fixed32: UInt32(number), to: &bytes)
        case (5, .number(let number)):
            var holder: [UInt8] = []
            if number != 0 { FieldWriter.append(1, varint: UInt64(bitPattern: Int64(number)), to: &holder) }
            FieldWriter.append(9, holder, to: &bytes)
        default: break
        }
    }

    /// The canonical record key, spelled out by hand.
    func canonicalKey(_ record: SampleRecord) -> [UInt8] {
        let id = Array("\(record.id)".utf8)
        let name = Array(record.name.utf8)
        func prefixed(_ part: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(part.count)] + part }
        switch key {
        case .id: return id
        case .name: return name
        case .both: return prefixed(name) + prefixed(id)
        }
    }
}

/// Both sides of a sample service, as servers: they filter, order and page their own copies.
struct SampleSides {
    let service: SampleService
    let records: SampleRecords
    let status: Int?
    /// Positions that compare like the contract's order: the rank of each row among all rows of both sides.
    private let ranks: [[UInt8]: Int]
    var random: SeededRandom
    /// Whether a side may return fewer rows than it is asked for although it has more.
    var isMoody = false

    init(_ service: SampleService, _ records: SampleRecords, status: Int?, random: SeededRandom) {
        self.service = service
        self.records = records
        self.status = status
        self.random = random
        let all = [Side.old, .new].flatMap { records.rows(of: $0, status: nil, service.order, service.key) }
            .sorted { $0.precedes($1, service.order, service.key) }
        var ranks: [[UInt8]: Int] = [:]
        var rank = 0
        for (index, row) in all.enumerated() {
            if index > 0, all[index - 1].precedes(row, service.order, service.key) { rank += 1 }
            ranks[Self.identity(row)] = rank
        }
        self.ranks = ranks
    }

    private static func identity(_ row: SampleRow) -> [UInt8] { Array("\(row.side) \(row.record.id)".utf8) }

    func sortKey(_ row: SampleRow) -> [UInt8] {
        withUnsafeBytes(of: UInt16(ranks[Self.identity(row)] ?? 0).bigEndian) { Array($0) }
    }

    mutating func answer(_ ask: MultiQuery.Ask) throws -> [UInt8] {
        ask.method == nil ? try page(of: ask.side, ask.message) : try lookUp(on: ask.side, ask.message)
    }

    private mutating func page(of side: Side, _ request: [UInt8]) throws -> [UInt8] {
        let rows = records.rows(of: side, status: status, service.order, service.key)
        let parts = try request.withUnsafeBytes { try MessageParts(of: $0, number: 2, text: 3) }
        let digest = try request.withUnsafeBytes { try RequestDigest(of: $0, withoutLimit: 2, withoutToken: 3) }
        let start = try start(parts.text.map { Array(request[$0]) } ?? [], rows, digest)
        let limit = parts.number.map { Int($0) } ?? 3
        var count = min(limit, rows.count - start)
        if isMoody, service.form == .opaque { count = Int.random(in: 0...count, using: &random) }
        let page = rows[start..<start + count]
        var message: [UInt8] = []
        FieldWriter.append(3, varint: UInt64(side.rawValue) + 40, to: &message)
        for row in page { FieldWriter.append(1, service.encode(row, sortKey: sortKey(row)), to: &message) }
        let token = token(start + count, rows, digest)
        if !token.isEmpty { FieldWriter.append(2, token, to: &message) }
        return message
    }

    private func start(_ token: [UInt8], _ rows: [SampleRow], _ digest: RequestDigest) throws -> Int {
        guard !token.isEmpty else { return 0 }
        switch service.form {
        case .none: return 0
        case .opaque: return try #require(Int(String(decoding: token.dropFirst(), as: UTF8.self)))
        case .records:
            let position = try #require(PageToken.position(in: token, of: digest))
            return rows.firstIndex { position.lexicographicallyPrecedes(sortKey($0)) } ?? rows.count
        }
    }

    private func token(_ next: Int, _ rows: [SampleRow], _ digest: RequestDigest) -> [UInt8] {
        guard next < rows.count else { return [] }
        switch service.form {
        case .none: return []
        case .opaque: return Array("o\(next)".utf8)
        // The side's last row; a side never ends a page of no rows with a token here.
        case .records: return next == 0 ? [] : PageToken.encode(sortKey(rows[next - 1]), of: digest)
        }
    }

    private func lookUp(on side: Side, _ request: [UInt8]) throws -> [UInt8] {
        let elements = try request.withUnsafeBytes { bytes in
            try LookUpPlan(
                method: "", element: 1, parts: [LookUpPart(path: FieldPath("1"), type: .bytes)], rows: 2,
                key: service.plan.rows.key
            ).rows(of: bytes).map { Array(request[$0]) }
        }
        let parts = try request.withUnsafeBytes { try MessageParts(of: $0, text: 4) }
        try #require(parts.text.map { Array(request[$0]) } == Array("orders".utf8))
        var message: [UInt8] = []
        for element in elements {
            guard let record = records.records.first(where: { self.element(of: $0) == element }) else {
                throw Unknown(key: element)
            }
            guard let copy = record.copy(side) else { continue }
            let row = SampleRow(record: record, side: side, copy: copy)
            FieldWriter.append(1, service.encode(row, sortKey: []), to: &message)
        }
        return message
    }

    struct Unknown: Error {
        let key: [UInt8]
    }

    /// What a look-up's request has for a record.
    private func element(of record: SampleRecord) -> [UInt8] {
        if service.form == .records { return service.recordKey(record) }
        if service.key == .name { return Array(record.name.utf8) }
        var value: [UInt8] = []
        if service.key != .id { FieldWriter.append(6, Array(record.name.utf8), to: &value) }
        if service.key != .name { FieldWriter.append(2, varint: UInt64(bitPattern: record.id), to: &value) }
        return value
    }
}
