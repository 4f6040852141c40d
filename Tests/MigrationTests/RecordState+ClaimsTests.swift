import Testing

@testable import Migration

/// Expected values: contract, 2 (a record that is not at rest keeps its stage, which its own gray key says) and
/// decision 0017. What a request says of a record's gray key is no more than a claim until a side has taken the write.
@Suite struct RecordStateClaimsTests {
    private typealias State = RecordState<String>

    private func check(_ holds: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(holds, sourceLocation: sourceLocation)
    }

    /// Of gray key 7 at `dualNew`, and its sides differ.
    private func dirty() -> State {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        _ = record.decide(.dualNew, grayKey: .has([7]))
        record.judged(.taken) { _ in nil }
        _ = record.leave(isEqual: false)
        return record
    }

    @Test func aRefusedWriteUnderAnotherKeySaysNothing() {
        var record = dirty()
        check(record.decide(.dualOld, grayKey: .has([8])) == .dualOld)
        check(record.possibleGrayKeys == [[7]] && record.stage == .dualNew)
        record.judged(.refused) { _ in .dualOld }
        _ = record.leave(isEqual: nil)
        check(record.possibleGrayKeys == [[7]] && record.stage == .dualNew)
    }

    @Test func aWriteThatASideHasTakenSaysTheKey() {
        var record = dirty()
        _ = record.decide(.dualOld, grayKey: .has([8]))
        record.judged(.taken) { _ in nil }
        check(record.possibleGrayKeys == [[8]] && record.stage == .dualOld)
    }

    @Test func afterAWriteOfUnknownOutcomeBothKeysMayBeSo() {
        var record = dirty()
        _ = record.decide(.dualOld, grayKey: .has([8]))
        record.judged(.unclear) { _ in nil }
        check(record.possibleGrayKeys == [[7], [8]])
        record.lost(until: 100, .old, grayKey: .has([9]))
        check(record.possibleGrayKeys == nil)
    }

    /// What else was heard meanwhile may be so as well.
    @Test func aWriteThatIsLostBesideOneOfUnknownOutcomeIsNotForgotten() {
        var record = dirty()
        _ = record.decide(.dualNew, grayKey: .has([7]))
        record.lost(until: 100, .old, grayKey: .has([9]))
        record.judged(.unclear) { _ in nil }
        check(record.possibleGrayKeys == [[7], [9]])
    }

    @Test func ofANewRecordAClaimIsBelievedUntilItIsRefused() {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        _ = record.decide(.dualNew, grayKey: .has([7]))
        check(record.possibleGrayKeys == [[7]])
        record.judged(.refused) { _ in nil }
        check(record.possibleGrayKeys == nil && record.stage == nil)
    }

    /// Contract, 2: a record keeps the stage of its own gray key; a request that is refused has not said it.
    @Test func aClaimThatIsRefusedPinsNothing() {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        _ = record.decide(.dualOld, grayKey: .has([7]))
        record.change(from: .dualOld, to: .dualNew, at: 1)
        check(record.pin == .dualOld)
        record.lost(until: 100, .old, grayKey: .has([4]))
        record.judged(.refused) { _ in nil }
        _ = record.leave(isEqual: nil)
        check(record.pin == nil && record.possibleGrayKeys == [[4]] && record.stage == .old)
    }

    @Test func aClaimThatHoldsKeepsItsPin() {
        for verdict in [WriteVerdict.taken, .unclear] {
            var record = State()
            _ = record.enter(id: 1, "first", now: 0, limit: 10)
            _ = record.decide(.dualOld, grayKey: .has([7]))
            record.change(from: .dualOld, to: .dualNew, at: 1)
            record.judged(verdict) { _ in nil }
            check(record.pin == .dualOld && record.possibleGrayKeys == [[7]])
        }
    }

    /// What was not at rest before is pinned for that.
    @Test func aRefusedClaimLeavesThePinOfADirtyRecord() {
        var record = dirty()
        _ = record.decide(.dualNew, grayKey: .has([7]))
        record.change(from: .dualNew, to: .dualOld, at: 1)
        record.judged(.refused) { _ in nil }
        check(record.pin == .dualNew)
    }

    @Test func aWriteOfOneSideUnderAnotherKeyLeavesBoth() {
        var record = State()
        record.lost(until: 100, .old, grayKey: .has([7]))
        record.singleFound(.new, grayKey: .has([8]))
        check(record.possibleGrayKeys == [[7], [8]] && record.stage == .old)
    }

    @Test func aPinnedRecordIsNotToldByAWriteThatIsRefused() {
        var record = State()
        record.lost(until: 100, .dualNew, grayKey: .unsaid)
        record.change(from: .dualNew, to: nil, isJump: true, at: 1)
        _ = record.enter(id: 1, "first", now: 200, limit: 10)
        check(record.decide(.old, grayKey: .has([7])) == .dualNew)
        record.judged(.refused) { $0 == .unsaid ? nil : .old }
        _ = record.leave(isEqual: nil)
        check(!record.settle(at: 201, Turns()) && record.pin == .dualNew)
    }

    /// Decision 0017: "A record that new was to lose is equal only once it has".
    @Test func aRefusedUpdateLeavesAHalfMovedRecordAsItIs() {
        var record = dirty()
        _ = record.decide(.dualNew, grayKey: .moves(from: [7], to: [8]), movesTo: .old)
        record.keep([8], at: .dualNew, bySwitches: .old)
        record.judged(.taken) { _ in .old }
        _ = record.leave(isEqual: false)
        check(record.isKept && record.isToMoveTo == .old)
        _ = record.decide(.old, grayKey: .has([8]), movesTo: .old)
        record.judged(.refused) { _ in .old }
        _ = record.leave(isEqual: nil)
        check(record.isKept && record.isToMoveTo == .old && record.pin == .dualNew && record.isDirty)
    }

    /// Its rows have two gray keys: whatever the switches say by then, it is found at this stage alone.
    @Test func aChangeDoesNotLetGoOfAHalfMovedRecord() {
        var record = dirty()
        _ = record.decide(.dualNew, grayKey: .moves(from: [7], to: [8]))
        record.keep([8], at: .dualNew, bySwitches: .dualNew)
        _ = record.leave(isEqual: false)
        record.change(from: .dualNew, to: .dualOld, at: 1)
        record.change(from: .dualOld, to: .dualNew, at: 2)
        check(record.isKept && record.pin == .dualNew)
        _ = record.decide(.dualNew, grayKey: .has([8]))
        record.judged(.taken) { _ in .dualNew }
        _ = record.leave(isEqual: true)
        check(record.settle(at: 3, Turns()) && record.pin == nil && record.isForgettable(at: 3))
    }
}
