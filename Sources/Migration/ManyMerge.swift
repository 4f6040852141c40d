package import WireFormat

/// Where keys and records stand in a request for many records by their keys, and in its answer.
package struct ManyPlan: Sendable, Equatable {
    /// The request's repeated field of keys.
    package let keys: UInt32
    /// The record key within such an element.
    package let requestedKey: KeyPlan
    /// The answer's repeated field of records.
    package let rows: UInt32
    package let key: KeyPlan
    package let grayKey: KeyPlan

    package init(keys: UInt32, requestedKey: KeyPlan, rows: UInt32, key: KeyPlan, grayKey: KeyPlan) {
        self.keys = keys
        self.requestedKey = requestedKey
        self.rows = rows
        self.key = key
        self.grayKey = grayKey
    }
}

extension ManyPlan {
    /// Who the first record of an answer belongs to.
    package enum FirstKey: Sendable, Equatable {
        case grayKey([UInt8])
        /// It has no gray key.
        case none
    }

    /// The gray key of the first record of an answer; nil when there is no record.
    package func grayKey(ofFirst answer: [UInt8]) throws -> FirstKey? {
        let first = try answer.withUnsafeBytes { try RepeatedField.ranges(of: rows, in: $0).first }
        guard let first else { return nil }
        return try KeyScratch().grayKey(grayKey, in: answer, first).map { .grayKey($0) } ?? FirstKey.none
    }
}

/// Merges what both sides have of many records: each is routed on its own, as a single query would be, and the answer
/// is in the order of the request. Records that are nowhere are left out. Run by `ManyOperation`.
package struct ManyMerge {
    private let plan: ManyPlan
    /// The stage of every record; nil where each one's own gray key decides.
    private let stage: Stage?
    /// Whether a record that new does not have at `dualNew` is taken from old.
    private let grayFallback: Bool
    /// Records that old had in place of new.
    package private(set) var unmigrated = 0
    /// Whether new lacks a record that old may have got since it was asked, or have lost: old is to be asked once more,
    /// after new, and the answers merged again.
    package private(set) var isDoubtful = false
    package private(set) var tally = MergeTally()

    package init(plan: ManyPlan, stage: Stage?, grayFallback: Bool) {
        self.plan = plan
        self.stage = stage
        self.grayFallback = grayFallback
    }

    /// What cannot be read: the request, where there is no side, or that side's answer.
    package struct Fault: Error, Equatable {
        package let side: Side?
        package let fault: AnswerFault
    }

    /// The answer's message.
    package mutating func merge<Stages: RowStages & ~Copyable>(
        request: [UInt8], old: [UInt8], new: [UInt8], stages: borrowing Stages
    ) throws(Fault) -> [UInt8] {
        let scratch = KeyScratch()
        isDoubtful = false
        unmigrated = 0
        tally = MergeTally()
        tally.pages += 2
        let ofOld = try rows(old, of: .old, scratch)
        let ofNew = try rows(new, of: .new, scratch)
        var answer: [UInt8] = []
        for range in try ranges(plan.keys, request, nil) {
            let key = try self.key(plan.requestedKey, request, range, nil, scratch)
            let inOld = ofOld[key].map { old[$0] }
            let inNew = ofNew[key].map { new[$0] }
            if inOld != nil, inNew != nil { tally.duplicates += 1 }
            guard let row = try choose(key, inOld, inNew, stages, scratch) else { continue }
            tally.rows += 1
            FieldWriter.append(plan.rows, row, to: &answer)
        }
        return answer
    }

    private mutating func choose<Stages: RowStages & ~Copyable>(
        _ key: [UInt8], _ old: ArraySlice<UInt8>?, _ new: ArraySlice<UInt8>?, _ stages: borrowing Stages,
        _ scratch: borrowing KeyScratch
    ) throws(Fault) -> ArraySlice<UInt8>? {
        // The record is looked up on old, absent there on new, and its own gray key decides.
        guard let found = old ?? new else {
            if stage == nil { isDoubtful = true }
            return nil
        }
        let pinned = stages.hasPins ? key.withUnsafeBytes { stages.pinnedStage(recordKey: $0) } : nil
        var stage = pinned ?? .old
        if pinned == nil { stage = try self.stage(of: Array(found), old == nil ? .new : .old, stages, scratch) }
        switch (stage.authority, old, new) {
        case (.old, let old?, _): return old
        // Of a key that nobody writes on new, what new has is no record yet.
        case (.old, nil, let new): return stage == .old ? nil : new
        case (.new, _, let new?): return new
        case (.new, let old, nil):
            guard stage == .dualNew, grayFallback else { return nil }
            unmigrated += 1
            isDoubtful = true
            return old
        }
    }

    private func stage<Stages: RowStages & ~Copyable>(
        of row: [UInt8], _ side: Side, _ stages: borrowing Stages, _ scratch: borrowing KeyScratch
    ) throws(Fault) -> Stage {
        if let stage { return stage }
        do throws(AnswerFault) {
            return try scratch.stage(plan.grayKey, in: row, 0..<row.count, stages)
        } catch {
            throw Fault(side: side, fault: error)
        }
    }

    private func rows(
        _ message: [UInt8], of side: Side, _ scratch: borrowing KeyScratch
    ) throws(Fault) -> [[UInt8]: Range<Int>] {
        var rows: [[UInt8]: Range<Int>] = [:]
        for range in try ranges(plan.rows, message, side) {
            rows[try key(plan.key, message, range, side, scratch)] = range
        }
        return rows
    }

    private func ranges(_ field: UInt32, _ message: [UInt8], _ side: Side?) throws(Fault) -> [Range<Int>] {
        let found = message.withUnsafeBytes { bytes -> Result<[Range<Int>], RowFault> in
            do throws(RowFault) {
                return .success(try RepeatedField.ranges(of: field, in: bytes))
            } catch {
                return .failure(error)
            }
        }
        switch found {
        case .success(let ranges): return ranges
        case .failure(let fault): throw Fault(side: side, fault: .unreadable(fault))
        }
    }

    private func key(
        _ plan: KeyPlan, _ message: [UInt8], _ range: Range<Int>, _ side: Side?, _ scratch: borrowing KeyScratch
    ) throws(Fault) -> [UInt8] {
        do throws(AnswerFault) {
            return try scratch.withKey(plan, in: message, range) { Array($0) }
        } catch {
            throw Fault(side: side, fault: error)
        }
    }
}
