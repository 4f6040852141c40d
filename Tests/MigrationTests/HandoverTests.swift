import Testing

@testable import Migration

@Suite struct HandoverTests {
    private var handover = Handover()

    @Test mutating func writesAreDrainedBeforeTheNextStateOpens() {
        #expect(handover.change(goesToOld: false) == .holdX)
        #expect(handover.isHolding)
        #expect(handover.queriesDrained() == .ignore)
        #expect(handover.writesDrained() == .openY)
        #expect(!handover.isHolding)
        #expect(handover.writesDrained() == .ignore)
    }

    @Test mutating func onTheWayDownToOldQueriesAreDrainedToo() {
        #expect(handover.change(goesToOld: true) == .holdX)
        #expect(handover.writesDrained() == .holdY)
        #expect(handover.writesDrained() == .ignore)
        #expect(handover.isHolding)
        #expect(handover.queriesDrained() == .openY)
        #expect(!handover.isHolding)
    }

    @Test(arguments: [true, false]) mutating func aHoldThatLastsTooLongGoesBackNeverOn(isInY: Bool) {
        _ = handover.change(goesToOld: isInY)
        if isInY { _ = handover.writesDrained() }
        #expect(handover.timedOut() == .backToX)
        #expect(!handover.isHolding)
        #expect(handover.writesDrained() == .ignore)
        #expect(handover.queriesDrained() == .ignore)
        #expect(handover.change(goesToOld: false) == .holdX, "it can be repeated")
    }

    @Test mutating func nothingHappensOutsideAChange() {
        #expect(handover.writesDrained() == .ignore)
        #expect(handover.queriesDrained() == .ignore)
        #expect(handover.timedOut() == .ignore)
    }

    @Test mutating func oneChangeAtATime() {
        _ = handover.change(goesToOld: false)
        #expect(handover.change(goesToOld: true) == .ignore)
        #expect(handover.writesDrained() == .openY, "the second one has not become the first")
    }
}
