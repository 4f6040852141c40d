import Testing

@testable import Migration

/// States of the switches are numbers here. Times are seconds; a hold may last 2.
@Suite struct HandoverTests {
    private static let second: UInt64 = 1_000_000_000
    private var handover = Handover<Int>(longestHold: 2 * second)

    private static func text(_ step: Handover<Int>.Step) -> String {
        switch step {
        case .prepare(let target, let last): "prepare \(target) since \(last)"
        case .cutOff: "cut off"
        case .holdX(let current, let target): "hold \(current) until \(target)"
        case .countWrites: "count"
        case .pin(let current, let target): "pin \(current) until \(target)"
        case .release(let current): "release \(current)"
        case .holdY(let target, let last): "hold \(target) since \(last)"
        case .open(let switches): "open \(switches)"
        case .opened(let switches, let held): "opened \(switches) after \(Double(held) / Double(second))"
        case .backToX(let switches, let target): "back to \(switches)" + (target.map { ", pinned for \($0)" } ?? "")
        }
    }

    private enum Event {
        case change(Int)
        case prepared
        /// Something unread may take effect until then.
        case preparedUnread(Double)
        /// Something unread may take effect until then; 0: nothing.
        case allHold(Double)
        /// So many writes of one side run.
        case openWrites(Int)
        case acknowledged
        case time
        case timeUnread(Double)
    }

    private static let all: [Event] = [
        .prepared, .preparedUnread(99), .allHold(99), .openWrites(0), .acknowledged, .time, .timeUnread(99),
    ]

    private static func at(_ seconds: Double) -> UInt64 { UInt64((seconds * Double(second)).rounded()) }

    private static func steps(_ handover: inout Handover<Int>, _ event: Event, at seconds: Double) -> String {
        let now = at(seconds)
        let steps =
            switch event {
            case .change(let switches): handover.change(to: switches, at: now)
            case .prepared: handover.prepared(unreadUntil: 0, at: now)
            case .preparedUnread(let until): handover.prepared(unreadUntil: at(until), at: now)
            case .allHold(let until): handover.allHold(unreadUntil: at(until), at: now)
            case .openWrites(let count): handover.openWrites(count, at: now)
            case .acknowledged: handover.acknowledged(at: now)
            case .time: handover.timePassed(unreadUntil: 0, at: now)
            case .timeUnread(let until): handover.timePassed(unreadUntil: at(until), at: now)
            }
        return steps.map(text).joined(separator: ", ")
    }

    /// - Parameters:
    ///   - text: the steps; empty where the event changes nothing.
    ///   - wakes: at which second it wants to be woken then; nil for never.
    private mutating func expect(
        _ event: Event, at seconds: Double, _ text: String, wakes: Double?, _ comment: Comment? = nil
    ) {
        #expect(Self.steps(&handover, event, at: seconds) == text, comment)
        #expect(handover.wakeAt == wakes.map(Self.at), comment)
    }

    /// What no state but those that are named expects.
    private func ignores(_ events: [Event], at seconds: Double) {
        for event in events {
            var handover = handover
            #expect(Self.steps(&handover, event, at: seconds) == "", "\(event)")
            #expect(handover.wakeAt == self.handover.wakeAt && handover.delay == self.handover.delay)
        }
    }

    private mutating func open(_ switches: Int) {
        expect(.change(switches), at: 0, "open \(switches)", wakes: nil)
        expect(.acknowledged, at: 0, "opened \(switches) after 0.0", wakes: nil)
    }

    /// All hold, no write runs, and what is not at rest is pinned.
    private mutating func pin(at seconds: Double) {
        _ = Self.steps(&handover, .allHold(0), at: seconds)
        _ = Self.steps(&handover, .openWrites(0), at: seconds)
    }

    @Test mutating func theFirstStateOpensAtOnce() {
        ignores(Self.all, at: 9)
        expect(.change(5), at: 1, "open 5", wakes: nil)
        ignores([.prepared, .preparedUnread(99), .time, .timeUnread(99)], at: 9)
        expect(.acknowledged, at: 2, "opened 5 after 0.0", wakes: nil)
        ignores(Self.all, at: 9)
        #expect(handover.delay == nil && handover.target == 5)
    }

    @Test mutating func aChangeGoesThroughBothHoldsAndEachWaitsForAllWorkers() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        #expect(handover.delay == .queriesRunning)
        ignores([.acknowledged, .time, .timeUnread(99)], at: 2.4)
        expect(.prepared, at: 1.25, "hold 1 until 2", wakes: 3.25)
        ignores([.prepared, .preparedUnread(99), .openWrites(0), .acknowledged, .time], at: 3)
        expect(.allHold(1.25), at: 1.25, "count", wakes: 3.25)
        ignores([.prepared, .preparedUnread(99), .allHold(0), .allHold(99), .acknowledged, .time], at: 3)
        expect(.openWrites(0), at: 1.5, "pin 1 until 2", wakes: 3.25)
        ignores([.prepared, .preparedUnread(99), .allHold(99), .openWrites(0), .time], at: 3)
        expect(.acknowledged, at: 1.5, "hold 2 since 1", wakes: 3.25)
        ignores([.prepared, .preparedUnread(99), .allHold(99), .openWrites(0), .time], at: 3)
        expect(.acknowledged, at: 2, "open 2", wakes: nil)
        ignores([.prepared, .preparedUnread(99), .allHold(99), .time], at: 99)
        expect(.acknowledged, at: 2.5, "opened 2 after 0.75", wakes: nil, "the hold ends where writes may go on")
        ignores(Self.all, at: 99)
    }

    @Test mutating func queriesThatWouldMakeItLateAreCutOffAndThenItGoesOn() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.time, at: 2.5, "cut off", wakes: 3)
        ignores([.acknowledged, .time], at: 2.75)
        var late = handover
        #expect(Self.steps(&late, .prepared, at: 2.5) == "hold 1 until 2")
        expect(.time, at: 3, "hold 1 until 2", wakes: 5, "whatever still runs does not keep it from landing")
    }

    @Test mutating func whatWasForwardedUnreadIsWaitedForWithoutAHold() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.preparedUnread(9), at: 1.5, "", wakes: 1.55)
        #expect(handover.delay == .unreadWrites(until: Self.at(9)))
        ignores([.prepared, .acknowledged, .time], at: 1.54)
        expect(.timeUnread(9), at: 2.5, "cut off", wakes: 2.55, "requests that do not come to their end are refused")
        expect(.timeUnread(9), at: 8.975, "", wakes: 9)
        expect(.timeUnread(9), at: 9, "hold 1 until 2", wakes: 11)
    }

    @Test mutating func whatWasForwardedUnreadMayBeOverSooner() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .preparedUnread(9), at: 1)
        expect(.time, at: 1.25, "hold 1 until 2", wakes: 3.25)
    }

    /// By a worker that was too late to be waited for: it has forwarded a write unread before it prepared.
    @Test mutating func whatIsForwardedUnreadUntilAllHoldIsWaitedForWithoutAHold() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        _ = Self.steps(&handover, .time, at: 2.5)
        expect(.time, at: 3, "hold 1 until 2", wakes: 5)
        expect(.allHold(9), at: 4, "release 1", wakes: 2.5)
        #expect(handover.delay == .unreadWrites(until: Self.at(9)) && handover.target == 2)
        expect(.timeUnread(9), at: 4, "cut off", wakes: 4.05, "nothing is held, so that it may last")
        expect(.timeUnread(9), at: 9, "hold 1 until 2", wakes: 11)
        pin(at: 9)
        expect(.acknowledged, at: 9.5, "hold 2 since 1", wakes: 11)
    }

    /// A record that is pinned to one side is dirty afterwards: writes of one side that run have a moment to end.
    @Test mutating func writesOfOneSideAreGivenAMomentToEnd() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.prepared, at: 1, "hold 1 until 2", wakes: 3)
        expect(.allHold(0), at: 1, "count", wakes: 3)
        expect(.openWrites(2), at: 1, "", wakes: 1.002)
        ignores([.openWrites(0), .acknowledged, .time, .allHold(0)], at: 1.001)
        expect(.time, at: 1.002, "count", wakes: 3)
        var done = handover
        #expect(Self.steps(&done, .openWrites(0), at: 1.003) == "pin 1 until 2", "all have ended")
        expect(.openWrites(1), at: 1.098, "", wakes: 1.1)
        expect(.time, at: 1.1, "count", wakes: 3)
        expect(.openWrites(1), at: 1.1, "pin 1 until 2", wakes: 3, "a tenth of a second is enough")
        expect(.acknowledged, at: 1.2, "hold 2 since 1", wakes: 3)
    }

    @Test mutating func aHoldThatLastsTooLongIsTakenBackWhateverIsWaitedFor() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .prepared, at: 1)
        _ = Self.steps(&handover, .allHold(0), at: 1)
        var counting = handover
        #expect(Self.steps(&counting, .time, at: 3) == "back to 1")
        _ = Self.steps(&handover, .openWrites(1), at: 1)
        expect(.time, at: 3, "back to 1", wakes: 4)
    }

    @Test mutating func aNewerChangeTakesOverWhereTheHoldIsReleased() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .prepared, at: 1)
        _ = Self.steps(&handover, .change(3), at: 1.5)
        expect(.allHold(9), at: 2, "release 1, prepare 3 since 1", wakes: 2.5)
        expect(.prepared, at: 2.25, "hold 1 until 3", wakes: 4.25)
        pin(at: 2.25)
        expect(.acknowledged, at: 2.25, "hold 3 since 1", wakes: 4.25)
        expect(.acknowledged, at: 2.25, "open 3", wakes: nil)
        expect(.acknowledged, at: 2.25, "opened 3 after 0.0", wakes: nil, "nothing waits behind it")
    }

    @Test(arguments: [true, false]) mutating func aWorkerThatDoesNotAnswerTakesTheChangeBack(isInY: Bool) {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .prepared, at: 1)
        if isInY {
            pin(at: 1)
            _ = Self.steps(&handover, .acknowledged, at: 1)
        }
        expect(.time, at: 3, "back to 1" + (isInY ? ", pinned for 2" : ""), wakes: 4)
        #expect(handover.delay == .workerBusy && handover.target == 2)
        ignores(Self.all, at: 3.5)
        expect(.time, at: 4, "prepare 2 since 1", wakes: 5.5)
    }

    @Test mutating func whatIsNotHeldYetGivesWayToANewerChange() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.change(3), at: 2, "prepare 3 since 1", wakes: 2.5, "nothing has changed yet")
        expect(.preparedUnread(9), at: 2, "", wakes: 2.05)
        expect(.change(4), at: 2.25, "prepare 4 since 1", wakes: 2.5)
        expect(.prepared, at: 2.25, "hold 1 until 4", wakes: 4.25)
    }

    /// The cut-off comes three quarters of the longest hold after the first of them began.
    @Test mutating func newerChangesDoNotMakeItLater() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.change(3), at: 2, "prepare 3 since 1", wakes: 2.5)
        expect(.time, at: 2.5, "cut off", wakes: 3)
        expect(.change(4), at: 2.75, "prepare 4 since 1", wakes: 3, "it is not cut off twice")
        expect(.time, at: 3, "hold 1 until 4", wakes: 5)
    }

    /// The workers are asked for each of them, and given time to answer.
    @Test mutating func aNewerChangeIsPreparedWhileUnreadWritesAreWaitedFor() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.preparedUnread(9), at: 1.5, "", wakes: 1.55)
        expect(.timeUnread(9), at: 2.5, "cut off", wakes: 2.55)
        expect(.change(3), at: 5, "prepare 3 since 1", wakes: 5.5)
        #expect(handover.delay == .queriesRunning && handover.target == 3)
        ignores([.acknowledged, .time, .timeUnread(99)], at: 5.25)
        expect(.change(4), at: 5.25, "prepare 4 since 1", wakes: 5.5)
        expect(.preparedUnread(9), at: 5.25, "", wakes: 5.3)
        expect(.timeUnread(9), at: 9, "hold 1 until 4", wakes: 11)
    }

    /// Nobody has woken it in time.
    @Test mutating func theCutOffIsMadeUpForAfterANewerChange() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .preparedUnread(9), at: 1)
        expect(.change(3), at: 4, "prepare 3 since 1", wakes: 2.5)
        expect(.time, at: 4, "cut off", wakes: 4.5)
    }

    @Test mutating func aChangeDuringAHoldWaitsAndTheNewestIsTaken() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .prepared, at: 1)
        expect(.change(3), at: 1, "", wakes: 3)
        expect(.change(4), at: 1, "", wakes: 3)
        #expect(handover.target == 4)
        pin(at: 1)
        _ = Self.steps(&handover, .acknowledged, at: 1)
        expect(.change(5), at: 1, "", wakes: 3)
        expect(.acknowledged, at: 1, "open 2", wakes: nil)
        expect(.change(6), at: 1, "", wakes: nil)
        expect(.acknowledged, at: 2, "opened 2 after 0.0, prepare 6 since 2", wakes: 3.5)
    }

    @Test mutating func aChangeThatCameDuringAHoldTakenBackIsTheOneTriedAgain() {
        open(1)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .prepared, at: 1)
        _ = Self.steps(&handover, .change(3), at: 2)
        expect(.time, at: 3, "back to 1", wakes: 4)
        expect(.change(4), at: 3.5, "prepare 4 since 1", wakes: 5, "a newer one does not wait")
    }

    @Test mutating func aCopyOfWhatIsInForceReplacesIt() {
        var isTaken = handover.refresh(1)
        #expect(!isTaken, "nothing is in force")
        open(1)
        isTaken = handover.refresh(10)
        #expect(isTaken && handover.target == 10)
        _ = Self.steps(&handover, .change(2), at: 1)
        isTaken = handover.refresh(11)
        #expect(!isTaken, "it is what a change comes from")
    }

    /// Contract, 2: a slow disk (the lock file is written before anything is held) keeps no change from landing.
    @Test mutating func whatTakesItsTimeBeforeTheHoldIsNoPartOfIt() {
        open(1)
        expect(.change(2), at: 1, "prepare 2 since 1", wakes: 2.5)
        expect(.prepared, at: 1, "hold 1 until 2", wakes: 3)
        handover.holdBegins(at: Self.at(5))
        #expect(handover.wakeAt == Self.at(7))
        expect(.time, at: 5, "", wakes: 7)
        pin(at: 5)
        expect(.acknowledged, at: 5, "hold 2 since 1", wakes: 7)
    }
}
