import WireFormat

/// Reads rows, page tokens and look-ups from arbitrary bytes by a fixed set of plans, and checks what must hold for any
/// bytes at all.
///
/// The fuzzer's own memory ends with the input, so that AddressSanitizer sees any read beyond the message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRows(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = UnsafeRawBufferPointer(start: start, count: count)
    for plan in Plans.rows { checkRows(message, plan) }
    checkParts(message)
    for plan in Plans.lookUps { checkLookUp(message, plan) }
    checkTokens(message)
    return 0
}

/// The plans that are tried on every input.
private enum Plans {
    static let rows: [RowPlan] = [
        rows(1, [OrderTerm(path: path("5"), type: .scalar(.bytes))], isTotal: true),
        rows(1, [OrderTerm(path: path("1.2"), type: .scalar(.string), absence: .isNullWithoutHolder)]),
        rows(
            2,
            [
                OrderTerm(path: path("1"), type: .double, absence: .isNull, isDescending: true),
                OrderTerm(path: path("2"), type: .float),
                OrderTerm(path: path("3.1"), type: .scalar(.sint32), isDescending: true),
            ]),
        rows(
            16,
            [
                OrderTerm(path: path("1"), type: .scalar(.string), isDescending: true),
                OrderTerm(path: path("4"), type: .scalar(.bool), absence: .isNull),
            ]),
    ]

    static let lookUps: [LookUpPlan] = [
        lookUp([LookUpPart(path: path("1"), type: .bytes)]),
        lookUp([
            LookUpPart(path: path("1"), type: .sint64, field: 1),
            LookUpPart(path: path("2.1"), type: .fixed32, field: 2),
        ]),
    ]

    static let key = make { try KeyPlan([KeyField(path: path("1"), type: .int64)]) }

    private static func path(_ text: String) -> FieldPath { make { try FieldPath(text) } }

    private static func rows(_ field: UInt32, _ order: [OrderTerm], isTotal: Bool = false) -> RowPlan {
        make {
            let paging = try PagePlan(tokens: .opaque, limitField: 5, requestTokenField: 6, responseTokenField: 3)
            return try RowPlan(field: field, key: key, order: order, isTotal: isTotal, paging: paging)
        }
    }

    private static func lookUp(_ parts: [LookUpPart]) -> LookUpPlan {
        make { try LookUpPlan(method: "", copied: [1, 3], element: 2, parts: parts, rows: 1, key: key) }
    }

    private static func make<Plan>(_ body: () throws -> Plan) -> Plan {
        do {
            return try body()
        } catch {
            fatalError("no plan: \(error)")
        }
    }
}

private func checkRows(_ message: UnsafeRawBufferPointer, _ plan: RowPlan) {
    var table = RowTable()
    let frame: PageFrame
    do {
        frame = try plan.scan(message, page: 0, into: &table)
    } catch {
        guard let fault = error as? RowFault else { fatalError("another error") }
        precondition((0..<message.count).contains(fault.offset), "a fault outside the message")
        return
    }
    // Rows, rest and tokens part the message; the tokens before the last one are the only gaps.
    let known = (table.rows.map { $0.fieldStart..<$0.end } + frame.rest).sorted { $0.lowerBound < $1.lowerBound }
    for (one, two) in zip(known, known.dropFirst()) {
        precondition(one.upperBound <= two.lowerBound, "two parts overlap")
    }
    precondition(known.last.map { $0.upperBound <= message.count } ?? true, "a part beyond the message")
    checkOrder(table)
    checkSplice(message, table, plan)
}

/// Positions are a total order.
private func checkOrder(_ table: RowTable) {
    let rows = Array(table.rows.indices.prefix(12))
    for one in rows {
        for two in rows {
            let result = RowTable.compare(table, one, table, two)
            precondition(result.signum() == -RowTable.compare(table, two, table, one).signum(), "no order")
            precondition((result == 0) == (table.position(of: one) == table.position(of: two)), "no equality")
            for three in rows where result <= 0 && RowTable.compare(table, two, table, three) <= 0 {
                precondition(RowTable.compare(table, one, table, three) <= 0, "not transitive")
            }
        }
    }
}

/// Spliced rows are the same rows again.
private func checkSplice(_ message: UnsafeRawBufferPointer, _ table: RowTable, _ plan: RowPlan) {
    var output = MergePlan()
    for row in table.rows { output.append(row.fieldStart..<row.end, of: 0) }
    let spliced = output.message(of: [Array(message)])
    var again = RowTable()
    do {
        let frame = try spliced.withUnsafeBytes { try plan.scan($0, page: 0, into: &again) }
        precondition(frame.rest.isEmpty && frame.token == nil && again.count == table.count, "rows are lost")
    } catch {
        fatalError("spliced rows are unreadable: \(error)")
    }
    for row in table.rows.indices { precondition(again.position(of: row) == table.position(of: row), "a row moved") }
}

private func checkParts(_ message: UnsafeRawBufferPointer) {
    guard let parts = try? MessageParts(of: message, number: 5, text: 6) else { return }
    for (one, two) in zip(parts.rest, parts.rest.dropFirst()) {
        precondition(one.upperBound < two.lowerBound, "ranges that touch are one")
    }
    precondition(parts.text.map { $0.upperBound <= message.count } ?? true, "a text beyond the message")
}

/// A look-up's request has the keys of the answer's rows; a request is read again as it was written.
private func checkLookUp(_ message: UnsafeRawBufferPointer, _ plan: LookUpPlan) {
    guard var request = try? plan.request(copyingFrom: message) else { return }
    guard let rows = try? plan.rows(of: message) else { fatalError("a message is readable or not") }
    var count = 0
    for row in rows where (try? plan.append(UnsafeRawBufferPointer(rebasing: message[row]), to: &request)) != nil {
        count += 1
    }
    guard
        let reader = try? LookUpPlan(
            method: "", element: 1, parts: plan.parts.prefix(1).map { LookUpPart(path: $0.path, type: $0.type) },
            rows: 2,
            key: Plans.key)
    else { fatalError("no reader") }
    let elements = try? request.withUnsafeBytes { try reader.rows(of: $0) }
    precondition(elements?.count == count, "an element is lost")
}

private func checkTokens(_ bytes: UnsafeRawBufferPointer) {
    guard
        let digest = try? RequestDigest(
            of: UnsafeRawBufferPointer(start: nil, count: 0), withoutLimit: 1, withoutToken: 2)
    else { fatalError("an empty request has a digest") }
    if let position = PageToken.position(in: bytes, of: digest) {
        precondition(PageToken.encode(position, of: digest).elementsEqual(bytes), "another token")
    }
    if case .token(let token) = WalkToken.parse(bytes, of: digest) {
        precondition(WalkToken.parse(token.encode(of: digest), of: digest) == .token(token), "another token")
    }
}
