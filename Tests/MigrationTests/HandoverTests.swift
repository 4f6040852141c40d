import Testing

@testable import Migration

/// States of the switches are numbers here; a change to a lower one takes keys to `old`. Times are seconds.
@Suite struct HandoverTests {
    private static let second: UInt64 = 1_000_000_000
    private var handover = Handover<Int>(longestHold: 2 * second) { current, next in next < current }

    private static func text(_ step: Handover<Int>.Step) -> String {
        switch step {
        case .holdX(let current, let target): "hold \(current) until \(target)"
        case .holdY(let target, let last): "hold \(target) since \(last)"
        case .open(let switches, let held): "open \(switches) after \(Double(held) / Double(second))"
        case .backToX(let switches, .callsRunning): "back to \(switches), calls run"
        case .backToX(let switches, .outcomeUnknown): "back to \(switches), outcome unknown"
        }
    }

    private enum Event {
        case change(Int)
        case writesDrained
        case writesDrainedUnsettled
        case queriesDrained
        case time
        case timeUnsettled
    }

    private static let all: [Event] = [
        .writesDrained, .writesDrainedUnsettled, .queriesDrained, .time, .timeUnsettled,
    ]

    private static func steps(_ handover: inout Handover<Int>, _ event: Event, at seconds: Double) -> String {
        let now = UInt64(seconds * Double(second))
        let steps =
            switch event {
            case .change(let switches): handover.change(to: switches, at: now)
            case .writesDrained: handover.writesDrained(isSettled: true, at: now)
            case .writesDrainedUnsettled: handover.writesDrained(isSettled: false, at: now)
            case .queriesDrained: handover.queriesDrained(at: now)
            case .time: handover.timePassed(isSettled: true, at: now)
            case .timeUnsettled: handover.timePassed(isSettled: false, at: now)
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
        #expect(handover.wakeAt == wakes.map { UInt64($0 * Double(Self.second)) }, comment)
    }

    /// What no state but those that are named expects.
    private func ignores(_ events: [Event], at seconds: Double) {
        for event in events {
            var handover = handover
            #expect(Self.steps(&handover, event, at: seconds) == "", "\(event)")
            #expect(handover.wakeAt == self.handover.wakeAt && handover.isHolding == self.handover.isHolding)
        }
    }

    @Test mutating func nothingHappensOutsideAChange() {
        ignores(Self.all, at: 9)
        expect(.change(5), at: 1, "open 5 after 0.0", wakes: nil, "the first state opens at once")
        #expect(!handover.isHolding)
        ignores(Self.all, at: 9)
    }

    @Test mutating func writesAreDrainedBeforeTheNextStateOpens() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        expect(.change(2), at: 1, "hold 1 until 2", wakes: 3)
        #expect(handover.isHolding)
        ignores([.queriesDrained, .time, .timeUnsettled], at: 2.5)
        expect(.writesDrained, at: 1.5, "open 2 after 0.5", wakes: nil)
        #expect(!handover.isHolding)
        ignores(Self.all, at: 9)
    }

    @Test mutating func onTheWayDownToOldQueriesAreDrainedToo() {
        expect(.change(2), at: 0, "open 2 after 0.0", wakes: nil)
        expect(.change(1), at: 1, "hold 2 until 1", wakes: 3)
        expect(.writesDrained, at: 1.5, "hold 1 since 2", wakes: 3)
        #expect(handover.isHolding)
        ignores([.writesDrained, .writesDrainedUnsettled, .time, .timeUnsettled], at: 2.5)
        expect(.queriesDrained, at: 2, "open 1 after 1.0", wakes: nil)
    }

    @Test mutating func anUnknownOutcomeIsLookedAtUntilItIsKnown() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        expect(.change(2), at: 1, "hold 1 until 2", wakes: 3)
        expect(.writesDrainedUnsettled, at: 1.5, "", wakes: 1.55)
        #expect(handover.isHolding)
        ignores([.writesDrained, .queriesDrained, .time], at: 1.54)
        expect(.timeUnsettled, at: 1.55, "", wakes: 1.6)
        expect(.time, at: 1.625, "open 2 after 0.625", wakes: nil)
    }

    @Test mutating func anUnknownOutcomeIsKnownBeforeQueriesAreDrained() {
        expect(.change(2), at: 0, "open 2 after 0.0", wakes: nil)
        _ = Self.steps(&handover, .change(1), at: 1)
        expect(.writesDrainedUnsettled, at: 1.5, "", wakes: 1.55)
        expect(.time, at: 1.75, "hold 1 since 2", wakes: 3)
        expect(.time, at: 3, "back to 2, calls run", wakes: 4)
    }

    @Test mutating func aHoldOfUnknownOutcomeDoesNotOutlastTheLongest() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        _ = Self.steps(&handover, .change(2), at: 1)
        expect(.writesDrainedUnsettled, at: 2.96875, "", wakes: 3)
        expect(.timeUnsettled, at: 3, "back to 1, outcome unknown", wakes: 4)
    }

    @Test(arguments: [true, false]) mutating func aHoldThatLastsTooLongGoesBackAndIsTriedAgain(isInY: Bool) {
        expect(.change(2), at: 0, "open 2 after 0.0", wakes: nil)
        let target = isInY ? 1 : 3
        _ = Self.steps(&handover, .change(target), at: 1)
        if isInY { _ = Self.steps(&handover, .writesDrained, at: 1) }
        ignores([.time, .timeUnsettled], at: 2.96875)
        expect(.timeUnsettled, at: 3, "back to 2, outcome unknown", wakes: 4)
        #expect(!handover.isHolding)
        ignores(Self.all, at: 3.96875)
        expect(.time, at: 4, "hold 2 until \(target)", wakes: 6)
    }

    @Test mutating func whatWaitsIsTheNewestChange() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        _ = Self.steps(&handover, .change(2), at: 1)
        expect(.change(3), at: 1, "", wakes: 3)
        expect(.change(4), at: 1, "", wakes: 3)
        expect(.writesDrained, at: 2, "open 2 after 1.0, hold 2 until 4", wakes: 4, "the later one begins its own hold")
        expect(.writesDrained, at: 2.5, "open 4 after 0.5", wakes: nil)
    }

    @Test mutating func aChangeThatIsToBeTriedAgainGivesWayToANewerOne() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        _ = Self.steps(&handover, .change(2), at: 1)
        expect(.time, at: 3, "back to 1, calls run", wakes: 4)
        expect(.change(3), at: 3.5, "hold 1 until 3", wakes: 5.5)
        expect(.writesDrained, at: 4, "open 3 after 0.5", wakes: nil, "the older one never comes after the newer one")
    }

    @Test mutating func aChangeThatCameDuringAHoldTakenBackIsTheOneTriedAgain() {
        expect(.change(1), at: 0, "open 1 after 0.0", wakes: nil)
        _ = Self.steps(&handover, .change(2), at: 1)
        _ = Self.steps(&handover, .change(3), at: 2)
        expect(.time, at: 3, "back to 1, calls run", wakes: 4)
        expect(.time, at: 4.5, "hold 1 until 3", wakes: 6.5)
        expect(.writesDrained, at: 5, "open 3 after 0.5", wakes: nil)
    }
}
