import WireFormat

/// The suspects of a page that have one authority: their keys, and which of them the authority has.
struct Suspects: Sendable {
    let authority: Side
    private var keys = KeyTable()
    private var isFound: [Bool] = []
    /// For each suspect its place among the page's picks, and the number of its key.
    private var suspects: [(pick: Int, key: Int)] = []

    /// Collects the suspects among `picks` that stand on the follower's side, and finds those that the authority
    /// returned too, wherever: its row is the record's.
    init(
        of side: Side, picks: [RowMerge.Pick], authority: MergeWindow, follower: MergeWindow, key: KeyPlan
    ) throws(MultiQuery.Refusal) {
        self.authority = side
        do throws(AnswerFault) {
            try collect(picks, follower, key)
        } catch {
            throw .fault(side.other, error)
        }
        guard isOpen else { return }
        do throws(AnswerFault) {
            let scratch = KeyScratch()
            for row in authority.table.rows {
                try scratch.withKey(key, in: authority.pages[row.page].message, row.range) { mark($0) }
            }
        } catch {
            throw .fault(side, error)
        }
    }

    private mutating func collect(
        _ picks: [RowMerge.Pick], _ follower: MergeWindow, _ key: KeyPlan
    ) throws(AnswerFault) {
        let scratch = KeyScratch()
        for (index, pick) in picks.enumerated() where pick.isSuspect && pick.side == follower.side {
            let row = follower.table.rows[pick.row]
            let message = follower.pages[row.page].message
            suspects.append((index, try scratch.withKey(key, in: message, row.range) { keys.insert($0) }))
        }
        isFound = Array(repeating: false, count: keys.count)
    }

    /// Whether the authority has to be asked for any.
    var isOpen: Bool { isFound.contains(false) }
    /// How many records that would be.
    var openCount: Int { isFound.count { !$0 } }

    /// The request that looks up every key that was not found yet.
    func request(
        _ plan: LookUpPlan, query: PagedRequest, picks: [RowMerge.Pick], follower: MergeWindow
    ) throws(AnswerFault) -> [UInt8] {
        var request = try plan.request(copyingFrom: query)
        var isAsked = isFound
        for (pick, key) in suspects where !isAsked[key] {
            isAsked[key] = true
            let row = follower.table.rows[picks[pick].row]
            try plan.append(keyOf: follower.pages[row.page].message, row.range, to: &request)
        }
        return request
    }

    /// Reads the answer to the look-up: the authority has these.
    mutating func find(inAnswer answer: [UInt8], _ plan: LookUpPlan) throws(AnswerFault) {
        let scratch = KeyScratch()
        for row in try plan.rows(ofAnswer: answer) {
            try scratch.withKey(plan.key, in: answer, row) { mark($0) }
        }
    }

    /// Notes which picks fall away.
    func drop(into isDropped: inout [Bool]) {
        for (pick, key) in suspects where isFound[key] { isDropped[pick] = true }
    }

    private mutating func mark(_ key: UnsafeRawBufferPointer) {
        if let number = keys.find(key) { isFound[number] = true }
    }
}

/// `LookUpPlan` in the errors of this module.
extension LookUpPlan {
    fileprivate func request(copyingFrom query: PagedRequest) throws(AnswerFault) -> [UInt8] {
        do throws(RowFault) {
            return try query.message.span.bytes.withUnsafeBytes { query throws(RowFault) in
                try request(copyingFrom: query)
            }
        } catch {
            throw .unreadable(error)
        }
    }

    fileprivate func append(
        keyOf message: [UInt8], _ row: Range<Int>, to request: inout [UInt8]
    ) throws(AnswerFault) {
        do throws(RowFault) {
            try message.span.bytes.withUnsafeBytes { memory throws(RowFault) in
                try append(UnsafeRawBufferPointer(rebasing: memory[row]), to: &request)
            }
        } catch {
            throw .unreadable(error)
        }
    }

    fileprivate func rows(ofAnswer answer: [UInt8]) throws(AnswerFault) -> [Range<Int>] {
        do throws(RowFault) {
            return try answer.span.bytes.withUnsafeBytes { answer throws(RowFault) in try rows(of: answer) }
        } catch {
            throw .unreadable(error)
        }
    }
}
