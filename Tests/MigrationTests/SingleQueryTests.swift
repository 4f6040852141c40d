import Testing
import WireFormat

@testable import Migration

/// The whole table: every state that can be reached, every event, the action it must give and the state after it.
@Suite struct SingleQueryTests {
    enum Event {
        case start
        case replied(SingleQuery.Outcome)
    }

    static let events: [Event] =
        [.start, .replied(.ok), .replied(.absent), .replied(.unreachable)]
        + GRPCStatus.allCases.filter { $0 != .ok }.map { .replied(.failed($0)) }

    static func send(_ event: Event, to query: inout SingleQuery) -> SingleQuery.Action {
        switch event {
        case .start: query.start()
        case .replied(let outcome): query.replied(outcome)
        }
    }

    /// What the contract's routing table says of a single query: the side asked first, and the one asked when it is
    /// absent.
    static let routing: [(stage: Stage, grayFallback: Bool, first: Side, second: Side?)] = [
        (.old, true, .old, nil), (.old, false, .old, nil),
        (.dualOld, true, .old, .new), (.dualOld, false, .old, .new),
        (.dualNew, true, .new, .old), (.dualNew, false, .new, nil),
        (.newMirrored, true, .new, nil), (.newMirrored, false, .new, nil),
        (.new, true, .new, nil), (.new, false, .new, nil),
    ]

    @Test func theTableNamesEveryStageWithAndWithoutFallBack() {
        for stage in Stage.allCases {
            #expect(Self.routing.count { $0.stage == stage } == 2)
        }
    }

    @Test(arguments: routing.indices)
    func onlyStartIsExpectedBeforeTheFirstAsk(row: Int) {
        let (stage, grayFallback, first, _) = Self.routing[row]
        for event in Self.events {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            let before = query
            let action = Self.send(event, to: &query)
            if case .start = event {
                #expect(action == .ask(first))
                #expect(query != before)
            } else {
                #expect(action == .ignore)
                #expect(query == before)
            }
        }
    }

    @Test(arguments: routing.indices)
    func theFirstSidesReplyIsTheAnswerUnlessAbsenceFallsBack(row: Int) {
        let (stage, grayFallback, first, second) = Self.routing[row]
        for event in Self.events {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            _ = query.start()
            let action = Self.send(event, to: &query)
            switch event {
            case .start: #expect(action == .ignore)
            case .replied(.ok), .replied(.failed): #expect(action == .answer(from: first))
            case .replied(.unreachable): #expect(action == .fail(first, .unreachable))
            case .replied(.absent): #expect(action == second.map { .ask($0) } ?? .answer(from: first))
            }
        }
    }

    @Test(arguments: routing.indices.filter { routing[$0].second != nil })
    func theSecondSideDecidesAfterAbsenceOnTheFirst(row: Int) throws {
        let (stage, grayFallback, first, next) = Self.routing[row]
        let second = try #require(next)
        for event in Self.events {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            _ = query.start()
            _ = query.replied(.absent)
            let action = Self.send(event, to: &query)
            switch event {
            case .start: #expect(action == .ignore)
            case .replied(.ok): #expect(action == (second == .old ? .answerUnmigrated : .answer(from: .new)))
            case .replied(.absent): #expect(action == .answer(from: first))
            case .replied(.unreachable): #expect(action == .fail(second, .unreachable))
            case .replied(.failed(.deadlineExceeded)), .replied(.failed(.cancelled)):
                #expect(action == .answer(from: second))
            // What would be said again of the same request is an answer, not a failure to be tried again.
            case .replied(.failed(.invalidArgument)), .replied(.failed(.failedPrecondition)),
                .replied(.failed(.outOfRange)), .replied(.failed(.permissionDenied)),
                .replied(.failed(.unauthenticated)), .replied(.failed(.unimplemented)):
                #expect(action == .answer(from: second))
            case .replied(.failed(let status)): #expect(action == .fail(second, .failed(status)))
            }
        }
    }

    @Test(arguments: routing.indices)
    func nothingMovesACallThatIsDecided(row: Int) {
        let (stage, grayFallback, _, second) = Self.routing[row]
        let endings: [[SingleQuery.Outcome]] =
            [[.ok], [.unreachable], [.failed(.internal)]]
            + (second == nil ? [[.absent]] : [[.absent, .absent], [.absent, .ok]])
        for ending in endings {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            _ = query.start()
            for outcome in ending { _ = query.replied(outcome) }
            let decided = query
            for event in Self.events {
                #expect(Self.send(event, to: &query) == .ignore)
                #expect(query == decided)
            }
        }
    }

    @Test(arguments: routing.indices)
    func aReplyIsHeldOnlyWhileItMayNotBeTheAnswer(row: Int) {
        let (stage, grayFallback, _, second) = Self.routing[row]
        var query = SingleQuery(stage: stage, grayFallback: grayFallback)
        #expect(!query.holdsReply)
        _ = query.start()
        #expect(query.holdsReply == (second != nil))
        _ = query.replied(.absent)
        #expect(query.holdsReply == (second != nil))
        _ = query.replied(.ok)
        #expect(!query.holdsReply)
    }

    @Test func aLateStartDoesNotUndoTheFirstAsk() {
        var query = SingleQuery(stage: .dualNew, grayFallback: true)
        #expect(query.start() == .ask(.new))
        #expect(query.start() == .ignore)
        #expect(query.replied(.absent) == .ask(.old))
        #expect(query.replied(.ok) == .answerUnmigrated)
    }

    @Test func itIsPlainDataOfAFewBytes() {
        #expect(_isPOD(SingleQuery.self))
        #expect(MemoryLayout<SingleQuery>.size <= 4)
    }
}
