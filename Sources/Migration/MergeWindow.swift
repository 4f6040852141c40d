import WireFormat

/// How a row stands to its record.
enum RowStanding: UInt8, Sendable {
    /// Its side is the record's authority.
    case authoritative
    /// Its side follows; the record is this row only if the authority lacks it.
    case follower
    /// Its side has no say at the record's stage.
    case dropped

    init(of side: Side, at stage: Stage) {
        self =
            switch stage {
            case .old: side == .old ? .authoritative : .dropped
            case .dualOld: side == .old ? .authoritative : .follower
            case .dualNew: side == .new ? .authoritative : .follower
            case .newMirrored, .new: side == .new ? .authoritative : .dropped
            }
    }
}

/// What one side has said of a multi query so far: its pages, and its rows up to where they are decided.
struct MergeWindow: Sendable {
    /// One answer of the side.
    struct Page: Sendable {
        let message: [UInt8]
        let frame: PageFrame
        /// The token that fetched it.
        let token: [UInt8]
        /// Where its rows begin in the table.
        let firstRow: Int
    }

    /// Where the side goes on.
    enum Continuation: Sendable, Equatable {
        case page(token: [UInt8])
        case end
    }

    let side: Side
    private(set) var pages: [Page] = []
    private(set) var table = RowTable()
    private(set) var standings: [RowStanding] = []
    /// The first row that is not decided.
    var next = 0
    var failure: MultiQuery.SideFailure?
    private(set) var continuation: Continuation
    /// How many rows the side was last asked for; nil leaves it to the side.
    private var askedLimit: Int?

    init(side: Side, continuation: Continuation) {
        self.side = side
        self.continuation = continuation
    }

    var heldBytes: Int { pages.reduce(0) { $0 + $1.message.count } }
    var hasNext: Bool { next < table.count }
    var hasMore: Bool { failure == nil && continuation != .end }
    /// Nothing of this side is known beyond here, but there is more: what the other side has must wait.
    var isBlocked: Bool { !hasNext && hasMore }

    /// The token and the limit to ask with. A side without tokens has to repeat what it said to say more.
    mutating func ask(limit: Int?, tokens: TokenForm) -> (limit: Int?, token: [UInt8]) {
        askedLimit = tokens == .none ? limit.map { $0 + table.count } : limit
        guard case .page(let token) = continuation else { return (askedLimit, []) }
        return (askedLimit, token)
    }

    /// Takes the side's answer.
    ///
    /// - Parameters:
    ///   - cursor: the position after which the whole walk goes on.
    ///   - stage: the stage of every row; nil where each row's own gray key decides.
    mutating func receive<Stages: RowStages & ~Copyable>(
        _ message: [UInt8], plan: RowPlan, cursor: [UInt8]?, stage: Stage?, stages: borrowing Stages
    ) throws(AnswerFault) {
        let firstRow = table.count
        let frame = try scan(message, plan)
        let said = table.count - firstRow
        if let row = table.firstOutOfOrder(in: min(firstRow + 1, table.count)..<table.count) {
            throw .unsorted(row: row - firstRow)
        }
        let known = rowsKnown(from: firstRow, cursor: cursor)
        // A service with a keyset goes on strictly after the position; others may repeat rows.
        guard known == 0 || plan.paging.tokens != .keyset else { throw .unsorted(row: 0) }
        table.remove(firstRow..<firstRow + known)
        let token: [UInt8] = if case .page(let token) = continuation { token } else { [] }
        pages.append(Page(message: message, frame: frame, token: token, firstRow: firstRow))
        try appendStandings(from: firstRow, plan: plan, stage: stage, stages: stages)
        switch plan.paging.tokens {
        case .none: continuation = said > known && askedLimit.map { said >= $0 } == true ? .page(token: []) : .end
        case .keyset, .opaque:
            let next = frame.token.map { Array(message[$0]) } ?? []
            continuation = next.isEmpty ? .end : .page(token: next)
        }
    }

    /// Where the side stands once everything up to `position` is decided: in the page with the first row after it.
    func standing(after position: [UInt8]?) -> WalkToken.Standing {
        var row = table.count
        while row > 0, position.map({ table.compare(row: row - 1, to: $0) > 0 }) ?? true { row -= 1 }
        if row < table.count { return .page(pages[table.rows[row].page].token) }
        switch continuation {
        case .page(let token): return .page(token)
        case .end: return .end
        }
    }

    private mutating func scan(_ message: [UInt8], _ plan: RowPlan) throws(AnswerFault) -> PageFrame {
        let page = pages.count
        do throws(RowFault) {
            return try message.span.bytes.withUnsafeBytes { memory throws(RowFault) in
                try plan.scan(memory, page: page, into: &table)
            }
        } catch {
            throw .unreadable(error)
        }
    }

    /// How many rows of a new page are not after what is known already.
    private func rowsKnown(from firstRow: Int, cursor: [UInt8]?) -> Int {
        var row = firstRow
        if firstRow > 0 {
            while row < table.count, RowTable.compare(table, row, table, firstRow - 1) <= 0 { row += 1 }
        } else if let cursor {
            while row < table.count, table.compare(row: row, to: cursor) <= 0 { row += 1 }
        }
        return row - firstRow
    }

    private mutating func appendStandings<Stages: RowStages & ~Copyable>(
        from firstRow: Int, plan: RowPlan, stage: Stage?, stages: borrowing Stages
    ) throws(AnswerFault) {
        standings.reserveCapacity(table.count)
        guard stage == nil || stages.hasPins else {
            let standing = RowStanding(of: side, at: stage ?? .old)
            standings.append(contentsOf: repeatElement(standing, count: table.count - firstRow))
            return
        }
        let scratch = KeyScratch()
        for row in firstRow..<table.count {
            standings.append(try standing(row, plan, stage, stages, scratch))
        }
    }

    private func standing<Stages: RowStages & ~Copyable>(
        _ row: Int, _ plan: RowPlan, _ stage: Stage?, _ stages: borrowing Stages, _ scratch: borrowing KeyScratch
    ) throws(AnswerFault) -> RowStanding {
        let row = table.rows[row]
        let message = pages[row.page].message
        if stages.hasPins {
            let pinned = try scratch.withKey(plan.key, in: message, row.range) { stages.pinnedStage(recordKey: $0) }
            if let pinned { return RowStanding(of: side, at: pinned) }
        }
        if let stage { return RowStanding(of: side, at: stage) }
        guard let grayKey = plan.grayKey else { throw .keyMissing(component: 0) }
        let own = try scratch.stage(grayKey, in: message, row.range, stages)
        return RowStanding(of: side, at: own)
    }
}
