import Testing
import WireFormat

@testable import Migration

/// The whole table: every state that can be reached, every event, the action it must give and the state after it.
@Suite struct SingleQueryTests {
    static let outcomes: [SingleQuery.Outcome] =
        [.ok, .absent, .unreachable] + GRPCStatus.allCases.filter { $0 != .ok }.map { .failed($0) }

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
    func theAuthorityIsAskedFirst(row: Int) {
        let (stage, grayFallback, first, _) = Self.routing[row]
        var query = SingleQuery(stage: stage, grayFallback: grayFallback)
        #expect(query.start() == .ask(first))
    }

    @Test(arguments: routing.indices)
    func theFirstSidesReplyIsTheAnswerUnlessAbsenceFallsBack(row: Int) {
        let (stage, grayFallback, first, second) = Self.routing[row]
        for outcome in Self.outcomes {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            _ = query.start()
            let action = query.replied(outcome)
            switch outcome {
            case .ok, .failed: #expect(action == .answer(from: first))
            case .unreachable: #expect(action == .fail(first, .unreachable))
            case .absent: #expect(action == second.map { .ask($0) } ?? .answer(from: first))
            }
        }
    }

    @Test(arguments: routing.indices.filter { routing[$0].second != nil })
    func theSecondSideDecidesAfterAbsenceOnTheFirst(row: Int) throws {
        let (stage, grayFallback, first, next) = Self.routing[row]
        let second = try #require(next)
        for outcome in Self.outcomes {
            var query = SingleQuery(stage: stage, grayFallback: grayFallback)
            _ = query.start()
            _ = query.replied(.absent)
            let action = query.replied(outcome)
            switch outcome {
            case .ok: #expect(action == (second == .old ? .answerUnmigrated : .answer(from: .new)))
            case .absent: #expect(action == .answer(from: first))
            case .unreachable: #expect(action == .fail(second, .unreachable))
            case .failed(.deadlineExceeded), .failed(.cancelled): #expect(action == .answer(from: second))
            // What would be said again of the same request is an answer, not a failure to be tried again.
            case .failed(.invalidArgument), .failed(.failedPrecondition), .failed(.outOfRange),
                .failed(.permissionDenied), .failed(.unauthenticated), .failed(.unimplemented):
                #expect(action == .answer(from: second))
            case .failed(let status): #expect(action == .fail(second, .failed(status)))
            }
        }
    }

    /// Whoever runs it is at fault then: a debug build ends, and says so.
    @Test func whatItsStateDoesNotExpectIsAFault() async {
        #if DEBUG
        await #expect(processExitsWith: .failure) {
            var query = SingleQuery(stage: .dualOld, grayFallback: true)
            _ = query.replied(.ok)
        }
        await #expect(processExitsWith: .failure) {
            var query = SingleQuery(stage: .dualOld, grayFallback: true)
            _ = (query.start(), query.start())
        }
        await #expect(processExitsWith: .failure) {
            var query = SingleQuery(stage: .dualOld, grayFallback: true)
            _ = (query.start(), query.replied(.ok), query.replied(.ok))
        }
        #endif
    }

    @Test(arguments: routing.indices)
    func aReplyIsHeldOnlyWhileItMayNotBeTheAnswer(row: Int) {
        let (stage, grayFallback, _, second) = Self.routing[row]
        var query = SingleQuery(stage: stage, grayFallback: grayFallback)
        #expect(!query.holdsReply)
        _ = query.start()
        #expect(query.holdsReply == (second != nil))
        if second != nil {
            _ = query.replied(.absent)
            #expect(query.holdsReply)
        }
        _ = query.replied(.ok)
        #expect(!query.holdsReply)
    }

    @Test func itIsPlainDataOfAFewBytes() {
        #expect(_isPOD(SingleQuery.self))
        #expect(MemoryLayout<SingleQuery>.size <= 4)
    }
}
