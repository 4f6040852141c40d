import Testing

@testable import Migration

/// States of the switches are numbers here; a change to a lower one takes keys to `old`.
@Suite struct HandoverTests {
    private var handover = Handover<Int> { current, next in next < current }

    private static func text(_ step: Handover<Int>.Step) -> String {
        switch step {
        case .holdX(let current, let target): "hold \(current) until \(target)"
        case .holdY(let target, let last): "hold \(target) since \(last)"
        case .open(let switches): "open \(switches)"
        case .backToX(let switches): "back to \(switches)"
        case .ignore: "ignore"
        }
    }

    private mutating func expect(
        _ step: (inout Handover<Int>) -> Handover<Int>.Step, _ text: String, _ comment: Comment? = nil
    ) {
        #expect(Self.text(step(&handover)) == text, comment)
    }

    private mutating func open(_ switches: Int) { expect({ $0.change(to: switches) }, "open \(switches)") }

    @Test mutating func theFirstStateOpensAtOnce() {
        open(5)
        #expect(!handover.isHolding)
    }

    @Test mutating func writesAreDrainedBeforeTheNextStateOpens() {
        open(1)
        expect({ $0.change(to: 2) }, "hold 1 until 2")
        #expect(handover.isHolding)
        expect({ $0.queriesDrained() }, "ignore")
        expect({ $0.retryTimePassed() }, "ignore")
        expect({ $0.nextChange() }, "ignore")
        expect({ $0.writesDrained() }, "open 2")
        #expect(!handover.isHolding)
        expect({ $0.writesDrained() }, "ignore")
    }

    @Test mutating func onTheWayDownToOldQueriesAreDrainedToo() {
        open(2)
        expect({ $0.change(to: 1) }, "hold 2 until 1")
        expect({ $0.writesDrained() }, "hold 1 since 2")
        expect({ $0.writesDrained() }, "ignore")
        #expect(handover.isHolding)
        expect({ $0.queriesDrained() }, "open 1")
        #expect(!handover.isHolding)
    }

    @Test(arguments: [true, false]) mutating func aHoldThatLastsTooLongGoesBackAndIsTriedAgain(isInY: Bool) {
        open(2)
        let target = isInY ? 1 : 3
        _ = handover.change(to: target)
        if isInY { _ = handover.writesDrained() }
        expect({ $0.timedOut() }, "back to 2")
        #expect(!handover.isHolding)
        expect({ $0.writesDrained() }, "ignore")
        expect({ $0.queriesDrained() }, "ignore")
        expect({ $0.timedOut() }, "ignore")
        expect({ $0.nextChange() }, "ignore")
        expect({ $0.retryTimePassed() }, "hold 2 until \(target)")
    }

    @Test mutating func whatWaitsIsTheNewestChange() {
        open(1)
        _ = handover.change(to: 2)
        expect({ $0.change(to: 3) }, "ignore")
        expect({ $0.change(to: 4) }, "ignore")
        expect({ $0.writesDrained() }, "open 2", "a later change has not become the first")
        expect({ $0.nextChange() }, "hold 2 until 4")
        expect({ $0.writesDrained() }, "open 4")
        expect({ $0.nextChange() }, "ignore")
    }

    @Test mutating func aChangeThatIsToBeTriedAgainGivesWayToANewerOne() {
        open(1)
        _ = handover.change(to: 2)
        _ = handover.timedOut()
        expect({ $0.change(to: 3) }, "hold 1 until 3")
        expect({ $0.writesDrained() }, "open 3")
        expect({ $0.retryTimePassed() }, "ignore", "the older one never comes after the newer one")
        expect({ $0.nextChange() }, "ignore")
    }

    @Test mutating func aChangeThatCameDuringAHoldTakenBackIsTheOneTriedAgain() {
        open(1)
        _ = handover.change(to: 2)
        _ = handover.change(to: 3)
        expect({ $0.timedOut() }, "back to 1")
        expect({ $0.retryTimePassed() }, "hold 1 until 3")
        expect({ $0.writesDrained() }, "open 3")
        expect({ $0.nextChange() }, "ignore")
    }

    @Test mutating func nothingHappensOutsideAChange() {
        for isOpen in [false, true] {
            if isOpen { open(1) }
            expect({ $0.writesDrained() }, "ignore")
            expect({ $0.queriesDrained() }, "ignore")
            expect({ $0.timedOut() }, "ignore")
            expect({ $0.retryTimePassed() }, "ignore")
            expect({ $0.nextChange() }, "ignore")
        }
    }
}
