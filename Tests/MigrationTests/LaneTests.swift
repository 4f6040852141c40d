import Testing

@testable import Migration

@Suite struct LaneTests {
    private var lane = Lane<String>()

    @Test mutating func oneHoldsItAndTheOthersComeInTheirOrder() {
        #expect(lane.enter(id: 1, "a", now: 0, limit: 10) == .entered)
        #expect(lane.enter(id: 2, "b", now: 0, limit: 10) == .waits)
        #expect(lane.enter(id: 3, "c", now: 0, limit: 10) == .waits)
        #expect(!lane.isIdle(at: 0))
        #expect(lane.leave() == "b")
        #expect(lane.leave() == "c")
        #expect(lane.leave() == nil)
        #expect(lane.isIdle(at: 0))
    }

    @Test mutating func moreThanTheLimitAreSentAway() {
        #expect(lane.enter(id: 1, "a", now: 0, limit: 1) == .entered)
        #expect(lane.enter(id: 2, "b", now: 0, limit: 1) == .waits)
        #expect(lane.enter(id: 3, "c", now: 0, limit: 1) == .full)
        #expect(lane.leave() == "b")
        #expect(lane.enter(id: 4, "d", now: 0, limit: 1) == .waits)
    }

    /// Contract, 1: writes of one record are made in the order in which they came.
    @Test mutating func whoGivesWayComesBeforeThoseWhoCameAfterIt() {
        _ = lane.enter(id: 1, "a", now: 0, limit: 1)
        _ = lane.enter(id: 2, "b", now: 0, limit: 1)
        lane.giveWay(id: 1, "a")
        #expect(lane.leave() == "a")
        #expect(lane.leave() == "b")
        #expect(lane.leave() == nil && lane.isIdle(at: 0))
    }

    @Test mutating func whoGivesUpIsPassedOver() {
        _ = lane.enter(id: 1, "a", now: 0, limit: 10)
        _ = lane.enter(id: 2, "b", now: 0, limit: 10)
        _ = lane.enter(id: 3, "c", now: 0, limit: 10)
        let gaveUp = lane.abandon(id: 2)
        #expect(gaveUp)
        let again = lane.abandon(id: 2)
        #expect(!again, "it does not wait any more")
        let holder = lane.abandon(id: 1)
        #expect(!holder, "who holds the lane has to leave it")
        #expect(lane.leave() == "c")
    }

    @Test mutating func aClosedLaneLetsNobodyInUntilItsTime() {
        _ = lane.enter(id: 1, "a", now: 0, limit: 10)
        _ = lane.enter(id: 2, "b", now: 0, limit: 10)
        #expect(lane.close(until: 100) == ["b"])
        #expect(!lane.isIdle(at: 99))
        #expect(lane.enter(id: 3, "c", now: 99, limit: 10) == .closed)
        #expect(lane.isIdle(at: 100))
        #expect(lane.enter(id: 4, "d", now: 100, limit: 10) == .entered)
        #expect(lane.leave() == nil)
    }

    @Test mutating func onlyAHeldLaneIsLeftOrClosed() {
        #expect(lane.leave() == nil)
        #expect(lane.close(until: 100).isEmpty)
        #expect(lane.enter(id: 1, "a", now: 0, limit: 0) == .entered)
        _ = lane.close(until: 100)
        #expect(lane.leave() == nil, "a closed lane stays closed")
        #expect(lane.enter(id: 2, "b", now: 50, limit: 10) == .closed)
    }
}
