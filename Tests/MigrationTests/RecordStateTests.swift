import Testing

@testable import Migration

/// Expected values: contract, section 2 (pins), and the rules of which it says that they were model-checked. Times are
/// plain numbers.
@Suite struct RecordStateTests {
    private typealias State = RecordState<String>

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
        check(record.pin == [] && record.isForgettable(at: 5))
    }

    @Test(arguments: changes) func aWriteUnderWayKeepsItsStage(from: Stage, to: Stage) {
        var record = Self.running(at: from)
        record.change(from: from, to: to, at: 5)
        check(record.pin == [from])
        check(!record.settle(at: 6, mayStep: true), "it is not at rest")
        check(record.decide(to, grayKey: .unsaid) == from, "all its calls keep it")
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 7, mayStep: false))
        check(record.pin == [] && record.isForgettable(at: 7) == from.isDouble)
    }

    @Test func aWriteThatWaitsIsDecidedAtItsTurn() {
        var record = Self.running(at: .dualOld)
        check(record.enter(id: 2, "second", now: 1, limit: 10) == .waits)
        record.change(from: .dualOld, to: .dualNew, at: 5)
        check(record.leave(isEqual: true) == "second")
        check(record.settle(at: 6, mayStep: false), "whose turn it is does not count before it is decided")
        check(record.decide(.dualNew, grayKey: .has([7])) == .dualNew)
    }

    @Test(arguments: changes) func aLostWriteKeepsItsStageForTheQuietPeriod(from: Stage, to: Stage) {
        var record = State()
        record.lost(until: 100, from, grayKey: .has([7]))
        record.change(from: from, to: to, at: 5)
        check(record.pin == [from])
        check(!record.settle(at: 99, mayStep: true))
        check(record.settle(at: 100, mayStep: false))
        check(record.pin == [] && record.isForgettable(at: 100) == from.isDouble)
    }

    @Test func aDirtyRecordKeepsItsStageUntilAWriteMakesTheSidesEqual() {
        var record = Self.running(at: .dualOld)
        check(record.leave(isEqual: false) == nil)
        record.change(from: .dualOld, to: .old, at: 5)
        check(record.pin == [.dualOld])
        check(!record.settle(at: 1_000_000, mayStep: true), "time does not make it clean")
        _ = record.enter(id: 3, "third", now: 6, limit: 10)
        check(record.decide(.old, grayKey: .has([7])) == .dualOld)
        check(record.leave(isEqual: nil) == nil, "a write that says nothing of both sides leaves it as it was")
        check(record.isDirty)
        _ = record.enter(id: 4, "fourth", now: 7, limit: 10)
        _ = record.decide(.old, grayKey: .has([7]))
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 8, mayStep: false))
        check(record.isForgettable(at: 8))
    }

    @Test func aClosedLaneKeepsItsStageUntilItsTimeHasCome() {
        var record = Self.running(at: .dualNew)
        check(record.enter(id: 2, "second", now: 1, limit: 10) == .waits)
        check(record.close(until: 100, isDirty: false) == ["second"])
        record.change(from: .dualNew, to: .dualOld, at: 5)
        check(record.pin == [.dualNew])
        check(record.enter(id: 3, "third", now: 99, limit: 10) == .closed)
        check(record.settle(at: 100, mayStep: false) && record.isForgettable(at: 100))
    }

    @Test func severalChangesAreGoneThroughOneByOne() {
        var record = Self.running(at: .newMirrored)
        record.change(from: .newMirrored, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .dualOld, at: 2)
        record.change(from: .dualOld, to: .old, at: 3)
        check(record.pin == [.newMirrored, .dualNew, .dualOld])
        _ = record.leave(isEqual: true)
        check(!record.settle(at: 4, mayStep: false), "a query of the last step may still run")
        check(record.settle(at: 5, mayStep: true))
        check(record.pin == [.dualNew, .dualOld])
        check(record.settle(at: 6, mayStep: true))
        check(record.pin == [.dualOld])
        check(!record.settle(at: 7, mayStep: false), "nor is the last step free")
        check(record.settle(at: 7, mayStep: true))
        check(record.pin == [])
    }

    /// A hot record is at rest only between two writes: the step that it may take is taken there.
    @Test func aHotRecordTakesItsStepsBetweenItsWrites() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .newMirrored, at: 2)
        for stage in [Stage.dualOld, .dualNew] {
            check(record.pin.first == stage)
            check(record.enter(id: 2, "next", now: 3, limit: 10) == .waits)
            check(!record.settle(at: 3, mayStep: true), "it is being written")
            check(record.leave(isEqual: true) == "next")
            check(record.settle(at: 4, mayStep: false), "whoever looks")
            check(record.decide(.newMirrored, grayKey: .has([7])) == (stage == .dualOld ? .dualNew : .newMirrored))
        }
        check(record.pin == [])
    }

    @Test func aChangeThatIsTakenBackLeavesNothing() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualNew, at: 1)
        record.change(from: .dualNew, to: .dualOld, at: 2)
        check(record.pin == [], "it has never left its stage")
    }

    /// Nothing was decided by a stage that the record did not reach: a key that is moved to and fro adds no steps.
    @Test func aKeyThatIsMovedToAndFroAddsNoSteps() {
        var record = Self.running(at: .newMirrored)
        record.change(from: .newMirrored, to: .dualNew, at: 1)
        for time in stride(from: 2, to: 200, by: 2) {
            record.change(from: .dualNew, to: .dualOld, at: UInt64(time))
            check(record.pin == [.newMirrored, .dualNew])
            record.change(from: .dualOld, to: .dualNew, at: UInt64(time) + 1)
            check(record.pin == [.newMirrored])
        }
        record.change(from: .dualNew, to: .dualOld, at: 300)
        record.change(from: .dualOld, to: .old, at: 301)
        check(record.pin == [.newMirrored, .dualNew, .dualOld])
        record.change(from: .old, to: .dualNew, at: 302)
        check(record.pin == [.newMirrored], "by another way back as well")
        _ = record.leave(isEqual: true)
        check(record.settle(at: 303, mayStep: true) && record.pin == [] && record.stage == .dualNew)
    }

    @Test func whatIsUnderWayBesideTheDeltaIsNotPinned() {
        var record = Self.running(at: .dualOld)
        record.change(from: .dualOld, to: .dualOld, at: 1)
        check(record.pin == [])
    }

    @Test func withoutItsGrayKeyARecordIsPinnedRatherThanMoved() {
        var record = State()
        record.lost(until: 100, .dualOld, grayKey: .unsaid)
        record.change(from: .dualOld, to: nil, at: 5)
        check(record.pin == [.dualOld])
    }

    // MARK: - Writes of one side

    @Test func writesOfOneSideWaitForThoseThatTheChangeFound() {
        var record = State()
        record.singleFound(.old, grayKey: .has([7]))
        record.singleFound(.old, grayKey: .has([7]))
        record.change(from: .old, to: .dualOld, at: 1)
        check(record.pin == [.old])
        check(record.standing(at: 2) == .queues)
        check(record.enter(id: 1, "next", now: 2, limit: 10) == .waits, "the two that were found hold the lane")
        check(record.enter(id: 2, "after", now: 2, limit: 10) == .waits)
        check(record.singleEnded() == nil, "one still runs")
        check(record.singleEnded() == "next")
        check(record.settle(at: 3, mayStep: false))
        check(record.decide(.dualOld, grayKey: .has([7])) == .dualOld, "the hot record has moved")
        check(record.leave(isEqual: true) == "after")
    }

    @Test(arguments: [Stage.old, .new]) func whatOneSideAloneWasToldMakesTheSidesDiffer(stage: Stage) {
        var record = State()
        record.lost(until: 100, stage, grayKey: .has([7]))
        check(record.change(from: stage, to: stage == .old ? .dualOld : .newMirrored, at: 1), "it is to be told")
        check(!record.isDirty, "nothing makes it clean while it keeps that stage")
        check(record.settle(at: 100, mayStep: false))
        check(record.isDirty)
    }

    /// Contract, 2: it keeps the stage that it *had*, and that is not one that it was released from.
    @Test(arguments: [(Stage.old, Stage.dualOld, Stage.dualNew), (.new, .newMirrored, .new)])
    func whatWasReleasedIsNotPinnedToItsFirstStageAgain(pinned: Stage, second: Stage, third: Stage) {
        for grayKey: State.NotedKey in [.has([7]), .unsaid] {
            var record = State()
            record.singleFound(pinned, grayKey: grayKey)
            let known = grayKey != .unsaid
            record.change(from: known ? pinned : nil, to: known ? second : nil, at: 1)
            check(record.pin == [pinned])
            _ = record.singleEnded()
            check(record.settle(at: 2, mayStep: false) && record.isDirty)
            record.change(from: known ? second : nil, to: known ? third : nil, at: 3)
            check(record.pin == (known ? [second] : []), "what is dirty waits for a write that makes its sides equal")
        }
    }

    /// Contract, 3: "on failure the record is pinned to the side that has the write".
    @Test(arguments: [Stage.dualOld, .dualNew]) func whatMovedOnOneSideAloneStaysThere(stage: Stage) {
        var record = Self.running(at: stage)
        record.keep(at: stage)
        check(record.leave(isEqual: false) == nil)
        check(record.pin == [stage] && !record.settle(at: 1_000, mayStep: true))
        _ = record.enter(id: 2, "next", now: 5, limit: 10)
        check(record.decide(.old, grayKey: .has([8])) == stage, "whatever the switches say of its new key")
        check(record.leave(isEqual: true) == nil)
        check(record.settle(at: 6, mayStep: false) && record.isForgettable(at: 6))
    }

    /// Which gray key it has is not known while a write may give it another one: it counts for every key.
    @Test func aWriteThatChangesTheGrayKeyLeavesItOpen() {
        var record = Self.running(at: .dualNew)
        check(record.grayKey == [7])
        check(record.leave(isEqual: true) == nil)
        _ = record.enter(id: 2, "moves", now: 1, limit: 10)
        _ = record.decide(.dualNew, grayKey: .moves)
        check(record.grayKey == nil)
        check(record.leave(isEqual: false) == nil)
        record.change(from: nil, to: nil, at: 5)
        check(record.pin == [.dualNew])
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
        check(!record.settle(at: 100, mayStep: false), "it counts until it has ended")
        check(record.standing(at: 100) == .queues, "nor is the record kept for ever by those that come after")
        check(record.singleEnded() == nil)
        check(record.settle(at: 101, mayStep: false) && record.pin == [])
    }

    /// The last of them may end, on another thread, between the look at them and the wait.
    @Test(arguments: [true, false]) func aMoveWaitsForWritesOfOneSideThatStillRun(hasEnded: Bool) {
        var record = State()
        check(record.enter(id: 1, "move", now: 0, limit: 10) == .entered)
        record.beginMove()
        record.singleFound(.old, grayKey: .has([7]))
        check(record.moveStanding(at: 1) == .singlesRun && record.standing(at: 1) == .queues)
        if hasEnded { check(record.singleEnded() == nil) }
        check(record.waitForSingles(id: 1, "move", now: 2, limit: 10) == (hasEnded ? .entered : .waits))
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
