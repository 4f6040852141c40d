import Testing

@testable import Migration

/// Expected values: contract, section 2 (pins), and the rules of which it says that they were model-checked. Times are
/// plain numbers.
@Suite struct RecordStateTests {
    private typealias State = RecordState<String>

    /// Queries were asked to end so many times, and have.
    private static func turns(_ begun: UInt64, ended: UInt64) -> Turns {
        var turns = Turns()
        (turns.begun, turns.ended) = (begun, ended)
        return turns
    }

    /// `#expect` alone takes no expression that changes what it is asked of.
    private func check(
        _ holds: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(holds, comment, sourceLocation: sourceLocation)
    }

    /// A double write has been decided, and runs.
    private static func running(at stage: Stage) -> State {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        _ = record.decide(stage, grayKey: .has([7]))
        return record
    }

    /// A change between stages that are next to each other, in both directions.
    private static let changes: [(from: Stage, to: Stage)] = [
        (.old, .dualOld), (.dualOld, .old), (.dualOld, .dualNew), (.dualNew, .dualOld), (.dualNew, .newMirrored),
        (.newMirrored, .dualNew), (.newMirrored, .new), (.new, .newMirrored),
    ]

    @Test(arguments: changes) func atRestAChangeTakesEffectAtOnce(from: Stage, to: Stage) {
        var record = State()
        record.change(from: from, to: to, at: 5)
        check(record.pin == nil && record.isForgettable(at: 5))
    }

    @Test(arguments: changes) func aWriteUnderWayKeepsItsStage(from: Stage, to: Stage) {
        var record = Self.running(at: from)
        record.change(from: from, to: to, at: 5)
        check(record.pin == from)
        check(!record.settle(at: 6, Turns()), "it is not at rest")
        check(record.decide(to, grayKey: .unsaid) == from, "all its calls keep it")
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 7, Turns()))
        check(record.pin == nil && record.isForgettable(at: 7) == from.isDouble)
    }

    @Test func aWriteThatWaitsIsDecidedAtItsTurn() {
        var record = Self.running(at: .dualOld)
        check(record.enter(id: 2, "second", now: 1, limit: 10) == .waits)
        record.change(from: .dualOld, to: .dualNew, at: 5)
        check(record.leave(isEqual: true) == "second")
        check(record.settle(at: 6, Turns()), "whose turn it is does not count before it is decided")
        check(record.decide(.dualNew, grayKey: .has([7])) == .dualNew)
    }

    @Test(arguments: changes) func aLostWriteKeepsItsStageForTheQuietPeriod(from: Stage, to: Stage) {
        var record = State()
        record.lost(until: 100, from, grayKey: .has([7]))
        record.change(from: from, to: to, at: 5)
        check(record.pin == from)
        check(!record.settle(at: 99, Turns()))
        check(record.settle(at: 100, Turns()))
        check(record.pin == nil && record.isForgettable(at: 100) == from.isDouble)
    }

    @Test func aDirtyRecordKeepsItsStageUntilAWriteMakesTheSidesEqual() {
        var record = Self.running(at: .dualOld)
        check(record.leave(isEqual: false) == nil)
        record.change(from: .dualOld, to: .old, at: 5)
        check(record.pin == .dualOld)
        check(!record.settle(at: 1_000_000, Turns()), "time does not make it clean")
        _ = record.enter(id: 3, "third", now: 6, limit: 10)
        check(record.decide(.old, grayKey: .has([7])) == .dualOld)
        check(record.leave(isEqual: nil) == nil, "a write that says nothing of both sides leaves it as it was")
        check(record.isDirty)
        _ = record.enter(id: 4, "fourth", now: 7, limit: 10)
        _ = record.decide(.old, grayKey: .has([7]))
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 8, Turns()))
        check(record.isForgettable(at: 8))
    }

    @Test func aClosedLaneKeepsItsStageUntilItsTimeHasCome() {
        var record = Self.running(at: .dualNew)
        check(record.enter(id: 2, "second", now: 1, limit: 10) == .waits)
        check(record.close(until: 100, isDirty: false) == ["second"])
        record.change(from: .dualNew, to: .dualOld, at: 5)
        check(record.pin == .dualNew)
        check(record.enter(id: 3, "third", now: 99, limit: 10) == .closed)
        check(record.settle(at: 100, Turns()) && record.isForgettable(at: 100))
    }

    @Test func severalChangesAreGoneThroughOneByOne() {
        var record = Self.running(at: .newMirrored)
        record.change(from: .newMirrored, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .dualOld, at: 2)
        record.change(from: .dualOld, to: .old, at: 3)
        check(record.pin == .newMirrored)
        _ = record.leave(isEqual: true)
        check(record.settle(at: 5, Self.turns(4, ended: 4)) && record.pin == .dualNew)
        check(record.waitsForTurn(Self.turns(4, ended: 4)))
        check(!record.settle(at: 6, Self.turns(5, ended: 4)), "a query of the rung before may still run")
        check(record.settle(at: 6, Self.turns(5, ended: 5)) && record.pin == .dualOld)
        check(!record.settle(at: 7, Self.turns(6, ended: 5)), "nor is the last rung free")
        check(record.settle(at: 7, Self.turns(6, ended: 6)) && record.pin == nil)
    }

    /// The one that was asked for before the rung was taken waits for none of its queries.
    @Test func aTurnThatBeganBeforeTheRungDoesNotCount() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .newMirrored, at: 2)
        _ = record.leave(isEqual: true)
        check(record.settle(at: 3, Self.turns(5, ended: 4)) && record.pin == .dualNew)
        check(!record.settle(at: 4, Self.turns(5, ended: 5)))
        check(record.settle(at: 5, Self.turns(6, ended: 6)) && record.pin == nil)
    }

    /// A hot record is at rest only between two writes: the rung that it may take is taken there.
    @Test func aHotRecordTakesItsRungsBetweenItsWrites() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .newMirrored, at: 2)
        for (turn, stage) in [Stage.dualOld, .dualNew].enumerated() {
            check(record.pin == stage)
            check(record.enter(id: 2, "next", now: 3, limit: 10) == .waits)
            let turns = Self.turns(UInt64(turn), ended: UInt64(turn))
            check(!record.settle(at: 3, turns), "it is being written")
            check(record.leave(isEqual: true) == "next")
            check(record.settle(at: 4, turns), "whoever looks")
            check(record.decide(.newMirrored, grayKey: .has([7])) == (stage == .dualOld ? .dualNew : .newMirrored))
        }
        check(record.pin == nil)
    }

    /// However often the switches go to and fro, nothing is kept but where it is and where it is to be.
    @Test func aKeyThatGoesToAndFroIsFollowedToWhereItIs() {
        var record = Self.running(at: .dualOld)
        for time in 1...100 as ClosedRange<UInt64> {
            record.change(from: .dualOld, to: .dualNew, at: time)
            record.changeIsMade()
            record.change(from: .dualNew, to: .dualOld, at: time)
            record.changeIsMade()
        }
        check(record.pin == nil, "it has never left its stage")
    }

    // MARK: - Where the gray key is not known

    /// Contract, 2: "never straight to the last". Which rungs there were is not known either.
    @Test func aRecordWithoutAGrayKeyWaitsForACallThatSaysIt() {
        var record = State()
        record.lost(until: 100, .old, grayKey: .unsaid)
        record.change(from: .old, to: nil, at: 1)
        record.change(from: nil, to: nil, at: 2)
        check(record.pin == .old && !record.settle(at: 200, Turns()))
        check(record.enter(id: 1, "first", now: 201, limit: 10) == .entered)
        check(record.decide(.dualNew, grayKey: .has([7])) == .old, "it is where it was")
        record.judged(.taken) { _ in .dualNew }
        check(record.leave(isEqual: nil) == nil)
        check(record.settle(at: 202, Turns()) && record.pin == .dualOld && record.isDirty)
    }

    @Test func oneChangeTakesARecordWithoutAGrayKeyARungFarAtMost() {
        var record = State()
        record.lost(until: 100, .dualOld, grayKey: .unsaid)
        record.change(from: .dualOld, to: nil, at: 5)
        check(record.pin == .dualOld && record.settle(at: 100, Turns()) && record.pin == nil)
    }

    /// Contract, 2: "never straight to the last". The edit of a file may take keys over a stage.
    @Test func oneChangeThatTakesKeysOverAStageDoesNotLetGoOfARecordWithoutAGrayKey() {
        var record = State()
        record.lost(until: 100, .dualNew, grayKey: .unsaid)
        record.change(from: .dualNew, to: nil, isJump: true, at: 5)
        check(!record.settle(at: 100, Turns()) && record.pin == .dualNew)
        record.told(.old)
        check(record.settle(at: 101, Turns()) && record.pin == .dualOld)
    }

    /// One side alone was written, and whether the key has left it is not known: it is dirty, if it has.
    @Test func whatOneSideAloneHasIsNotLetGoBeforeTheKeyIsKnown() {
        var record = State()
        record.lost(until: 100, .old, grayKey: .unsaid)
        record.change(from: .old, to: nil, at: 1)
        check(!record.settle(at: 200, Turns()) && record.pin == .old)
        check(record.decide(.old, grayKey: .has([7])) == .old && record.pin == .old)
        record.judged(.taken) { $0 == .has([7]) ? .old : nil }
        check(record.pin == nil && !record.isDirty)
    }

    @Test func aWriteThatMovesARecordSaysWhereItIs() {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        check(record.decide(.dualOld, grayKey: .moves(from: [7], to: [8]), movesTo: .dualNew) == .dualOld)
        check(record.seenAt == .dualOld, "queries see it where it was until it has moved")
        record.change(from: nil, to: nil, at: 1)
        record.change(from: nil, to: nil, at: 2)
        record.moved([8], to: .dualNew, bySwitches: .newMirrored)
        check(record.pin == .dualNew && record.possibleGrayKeys == [[8]])
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 3, Turns()) && record.seenAt == nil)
    }

    @Test func aChangeThatIsTakenBackLeavesNothing() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .dualOld, at: 2)
        check(record.pin == .dualOld, "a query of the switches before may begin, and would read it at dualNew")
        record.changeIsMade()
        check(record.pin == nil, "it has never left its stage")
    }

    @Test func whatIsUnderWayBesideTheDeltaIsNotPinned() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualOld, at: 1)
        check(record.pin == nil)
    }

    // MARK: - Writes of one side

    @Test func writesOfOneSideWaitForThoseThatTheChangeFound() {
        var record = State()
        record.singleFound(.old, grayKey: .has([7]))
        record.singleFound(.old, grayKey: .has([7]))
        record.change(from: .old, to: .dualOld, at: 1)
        check(record.pin == .old)
        check(record.standing(at: 2) == .queues)
        check(record.enter(id: 1, "next", now: 2, limit: 10) == .waits, "the two that were found hold the lane")
        check(record.enter(id: 2, "after", now: 2, limit: 10) == .waits)
        check(record.singleEnded() == nil, "one still runs")
        check(record.singleEnded() == "next")
        check(record.settle(at: 3, Turns()))
        check(record.decide(.dualOld, grayKey: .has([7])) == .dualOld, "the hot record has moved")
        check(record.leave(isEqual: true) == "after")
    }

    @Test(arguments: [Stage.old, .new]) func whatOneSideAloneWasToldMakesTheSidesDiffer(stage: Stage) {
        var record = State()
        record.lost(until: 100, stage, grayKey: .has([7]))
        check(record.change(from: stage, to: stage == .old ? .dualOld : .newMirrored, at: 1), "it is to be told")
        check(!record.isDirty, "nothing makes it clean while it keeps that stage")
        check(record.settle(at: 100, Turns()))
        check(record.isDirty)
    }

    /// Contract, 2: it keeps the stage that it *had*, and that is not one that it was released from.
    @Test(arguments: [(Stage.old, Stage.dualOld, Stage.dualNew), (.new, .newMirrored, .new)])
    func whatWasReleasedIsNotPinnedToItsFirstStageAgain(pinned: Stage, second: Stage, third: Stage) {
        var record = State()
        record.singleFound(pinned, grayKey: .has([7]))
        record.change(from: pinned, to: second, at: 1)
        check(record.pin == pinned)
        _ = record.singleEnded()
        check(record.settle(at: 2, Turns()) && record.isDirty)
        record.change(from: second, to: third, at: 3)
        check(record.pin == second, "what is dirty waits for a write that makes its sides equal")
    }

    /// Contract, 3: "on failure the record is pinned to the side that has the write".
    @Test(arguments: [Stage.dualOld, .dualNew]) func whatMovedOnOneSideAloneStaysThere(stage: Stage) {
        var record = Self.running(at: stage)
        record.keep([8], at: stage, bySwitches: .dualOld)
        check(record.leave(isEqual: false) == nil)
        check(record.pin == stage && !record.settle(at: 1_000, Turns()))
        _ = record.enter(id: 2, "next", now: 5, limit: 10)
        check(record.decide(.dualOld, grayKey: .has([8])) == stage, "whatever the switches say of its new key")
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 6, Turns()) && record.isForgettable(at: 6))
    }

    /// Contract, 3 and decision 0017: new's row is erased in a move to `old`, else it would be read, out of date, once
    /// the key is enrolled and gray.
    @Test func whatIsToLeaveASideIsCleanOnlyOnceItHas() {
        var record = Self.running(at: .dualOld)
        record.keep([8], at: .dualOld, bySwitches: .old)
        check(record.leave(isEqual: false) == nil && record.isToMoveTo == .old)
        _ = record.enter(id: 2, "update", now: 5, limit: 10)
        check(record.decide(.old, grayKey: .has([8])) == .dualOld)
        check(record.leave(isEqual: true) == nil)
        check(record.isDirty && !record.settle(at: 6, Turns()), "both sides have it, and one must not")
        _ = record.enter(id: 3, "moves", now: 7, limit: 10)
        check(record.decide(.old, grayKey: .has([8]), movesTo: .old) == .dualOld)
        record.moved([8], to: .old, bySwitches: .old)
        check(record.leave(isEqual: true) == nil)
        check(record.isForgettable(at: 8))
    }

    @Test func aWriteThatChangesTheGrayKeyLeavesItOpen() {
        var record = Self.running(at: .dualNew)
        check(record.grayKey == .has([7]))
        check(record.leave(isEqual: true) == nil)
        _ = record.enter(id: 2, "moves", now: 1, limit: 10)
        _ = record.decide(.dualNew, grayKey: .moves(from: [7], to: [8]))
        check(record.possibleGrayKeys == [[7], [8]])
        check(record.leave(isEqual: false) == nil)
        record.change(from: nil, to: nil, at: 5)
        check(record.pin == .dualNew)
    }

    @Test func besideALostWriteOthersGoOnAtTheSameStage() {
        var record = State()
        record.singleFound(.old, grayKey: .has([7]))
        record.change(from: .old, to: .dualOld, at: 1)
        check(record.enter(id: 1, "waits", now: 2, limit: 10) == .waits)
        record.lost(until: 100, .old, grayKey: .unsaid)
        check(record.singleEnded() == "waits")
        check(record.decide(.dualOld, grayKey: .has([7])) == .old)
        check(record.leave(isEqual: nil) == nil)
        check(record.standing(at: 50) == .joins(.old), "nobody waits for the quiet period")
        check(!record.settle(at: 100, Turns()), "it counts until it has ended")
        check(record.standing(at: 100) == .queues, "nor is the record kept for ever by those that come after")
        check(record.singleEnded() == nil)
        check(record.settle(at: 101, Turns()) && record.pin == nil)
    }

    /// The last of them may end, on another thread, between the look at them and the wait.
    @Test(arguments: [true, false]) func aMoveWaitsForWritesOfOneSideThatStillRun(hasEnded: Bool) {
        var record = State()
        check(record.enter(id: 1, "move", now: 0, limit: 10) == .entered)
        record.beginMove()
        record.singleFound(.old, grayKey: .has([7]))
        check(record.moveStanding(at: 1) == .singlesRun && record.standing(at: 1) == .queues)
        if hasEnded { check(record.singleEnded() == nil) }
        check(record.waitForSingles(id: 1, "move") == (hasEnded ? .entered : .waits))
        if !hasEnded { check(record.singleEnded() == "move") }
        check(record.moveStanding(at: 3) == .free)
        record.endMove()
        check(record.leave(isEqual: true) == nil && record.isForgettable(at: 4))
    }

    @Test func aPinToBothSidesTakesTheLane() {
        var record = Self.running(at: .dualOld)
        _ = record.leave(isEqual: false)
        record.change(from: .dualOld, to: .old, at: 1)
        check(record.standing(at: 2) == .queues)
    }

    @Test func whatIsNotPinnedIsFree() {
        var record = State()
        record.lost(until: 100, .old, grayKey: .has([7]))
        check(record.standing(at: 2) == .free)
    }

    @Test func aHeldKeyIsDecidedByItsPinAlone() {
        var record = State()
        _ = record.enter(id: 1, "first", now: 0, limit: 10)
        check(record.decide(nil, grayKey: .has([7])) == nil)
        check(record.unrest(at: 0) == nil, "what is not decided does not count")
        record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        check(record.decide(nil, grayKey: .has([7])) == .dualOld)
    }

    @Test func retirementForgets() {
        var record = Self.running(at: .newMirrored)
        _ = record.leave(isEqual: false)
        record.change(from: .newMirrored, to: .new, at: 1)
        record.forget()
        check(record.isForgettable(at: 1))
    }
}
