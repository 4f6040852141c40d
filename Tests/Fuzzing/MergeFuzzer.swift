import Migration
import WireFormat

/// Lets a multi query run over arbitrary bytes: the request, then the replies of both sides, in whatever order it asks.
/// It must come to an end, and an answer holds no more rows than the limit, ascending.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMerge(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(bytes: Array(UnsafeBufferPointer(start: start, count: count)))
    let choice = input.byte()
    let plan = Plans.all[Int(choice & 3)]
    let sides: MultiQuery.Sides =
        switch choice >> 2 & 3 {
        case 0: .both(nil)
        case 1: .both(.dualNew)
        case 2: .both(.dualOld)
        default: .one(choice >> 7 == 0 ? .old : .new)
        }
    let stages = FuzzStages(hasPins: choice >> 4 & 1 == 1)
    let size = input.byte()
    let most = size == 0 ? Int.max : Int(size)
    let mayMiss = SideSet(rawValue: choice >> 5 & 3)
    var query = MultiQuery(plan: plan, sides: sides, mayMiss: mayMiss, maxAnswerBytes: most)
    let request = input.message()
    var action = query.start(request: request)
    var asks = 0
    while case .ask(let now) = action {
        precondition(!now.isEmpty && now.count <= 2, "one or two asks")
        asks += now.count
        precondition(asks <= 100, "a query that does not end")
        for (index, ask) in now.enumerated() {
            precondition(index == 0 || action == .wait, "a query goes on before all have replied")
            action = query.replied(ask.side, input.reply(), stages: stages)
            if action != .wait { break }
        }
    }
    precondition(action != .wait && action != .ignore, "a query that nobody moves")
    if case .answer(let message, _) = action, case .both = sides { check(message, plan, request, most) }
    return 0
}

private struct Input {
    var bytes: [UInt8]
    var at = 0

    mutating func byte() -> UInt8 {
        guard at < bytes.count else { return 0 }
        at += 1
        return bytes[at - 1]
    }

    /// A byte with the length, then that many bytes.
    mutating func message() -> [UInt8] {
        let end = min(bytes.count, at + 1 + Int(byte()))
        guard at < end else { return [] }
        defer { at = end }
        return Array(bytes[at..<end])
    }

    mutating func reply() -> MultiQuery.Reply {
        let kind = byte()
        if kind == 255 { return .unreachable }
        return kind > 240 ? .failed(GRPCStatus(rawValue: kind - 240) ?? .unknown) : .message(message())
    }
}

private struct FuzzStages: RowStages {
    let hasPins: Bool
    func stage(grayKey: UnsafeRawBufferPointer) -> Stage { Stage(rawValue: (grayKey.first ?? 0) % 5) ?? .old }
    var stageOfNoKey: Stage { .old }
    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? {
        recordKey.first.flatMap { Stage(rawValue: $0 & 15) }
    }
}

/// Requests: 2 limit, 3 token. Responses: 1 rows, 2 token. Rows: 1 key, 3 gray key, 4 and 5 order.
private enum Plans {
    static let all: [MultiQueryPlan] = [plan(.keyset), plan(.opaque), plan(.none), plan(.opaque, confirms: false)]

    private static func plan(_ tokens: TokenForm, confirms: Bool = true) -> MultiQueryPlan {
        do {
            let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .string)])
            let gray = try KeyPlan([KeyField(path: FieldPath("3"), type: .string)])
            let hasTokens = tokens != .none
            let paging = try PagePlan(
                tokens: tokens, limitField: 2, maximumLimit: 5, requestTokenField: hasTokens ? 3 : nil,
                responseTokenField: hasTokens ? 2 : nil)
            let text = OrderTerm(path: try FieldPath("5"), type: .scalar(.bytes))
            let number = OrderTerm(
                path: try FieldPath("4"), type: .scalar(.int64), absence: .isNull, isDescending: true)
            let isKeyset = tokens == .keyset
            let rows = try RowPlan(
                field: 1, key: key, grayKey: gray, order: isKeyset ? [text] : [number, text], isTotal: isKeyset,
                paging: paging)
            let lookUp = try LookUpPlan(
                method: "/a", copied: [4], element: 2, parts: [LookUpPart(path: FieldPath("1"), type: .string)],
                rows: 1,
                key: key)
            return MultiQueryPlan(rows: rows, lookUp: confirms ? lookUp : nil, rest: .taken(from: .old))
        } catch {
            fatalError("no plan: \(error)")
        }
    }
}

private func check(_ message: [UInt8], _ plan: MultiQueryPlan, _ request: [UInt8], _ most: Int) {
    do {
        var table = RowTable()
        _ = try message.withUnsafeBytes { try plan.rows.scan($0, page: 0, into: &table) }
        precondition(table.firstOutOfOrder(in: min(1, table.count)..<table.count) == nil, "rows do not ascend")
        let limit = try request.withUnsafeBytes { try MessageParts(of: $0, number: 2) }.number ?? 0
        let bytes = table.rows.reduce(0) { $0 + $1.end - $1.fieldStart }
        precondition(bytes <= most || table.count == 1 || plan.rows.paging.tokens == .none, "more bytes than may be")
        precondition(limit == 0 || UInt64(table.count) <= limit, "more rows than the limit")
    } catch {
        fatalError("an answer is unreadable: \(error)")
    }
}
