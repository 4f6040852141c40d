import Testing
import WireFormat

@testable import Migration

private typealias Row = ScriptedQuery.Row

/// A side that fails fails the call, unless the switches or the plan let it be missed.
@Suite struct MultiQueryFailuresTests {
    private let stages = ScriptedStages()
    private let rows = ScriptedQuery.reply([Row(1), Row(2)])

    private func replies(
        _ first: (Side, MultiQuery.Reply), _ second: (Side, MultiQuery.Reply), mayMiss: SideSet = []
    ) throws -> [MultiQuery.Action] {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld), mayMiss: mayMiss)
        _ = query.start(request: ScriptedQuery.request())
        let action = query.replied(first.0, first.1, stages: stages)
        // It is over, and is told of nothing more.
        guard action == .wait else { return [action] }
        return [action, query.replied(second.0, second.1, stages: stages)]
    }

    private static let failures: [(MultiQuery.Reply, MultiQuery.SideFailure)] = [
        (.unreachable, .unreachable), (.failed(.unavailable), .failed(.unavailable)),
        (.failed(.internal), .failed(.internal)), (.failed(.resourceExhausted), .failed(.resourceExhausted)),
    ]

    @Test func aSideThatFailsFailsTheCallAtOnce() throws {
        for side in Side.allCases {
            for (reply, failure) in Self.failures {
                #expect(try replies((side, reply), (side.other, rows)) == [.fail(side, failure)])
                #expect(try replies((side.other, rows), (side, reply)) == [.wait, .fail(side, failure)])
            }
        }
    }

    @Test func aSideThatMayBeMissedLeavesAPartialAnswer() throws {
        let answer = ScriptedQuery.response([Row(1), Row(2)])
        for side in Side.allCases {
            for (reply, _) in Self.failures {
                let expected = MultiQuery.Action.answer(answer, partial: side)
                #expect(try replies((side, reply), (side.other, rows), mayMiss: [SideSet(side)]) == [.wait, expected])
                #expect(try replies((side.other, rows), (side, reply), mayMiss: [SideSet(side)]) == [.wait, expected])
                let both = try replies((side, reply), (side.other, reply), mayMiss: .both)
                #expect(both == [.wait, .fail(side, Self.failures.first { $0.0 == reply }?.1 ?? .unreachable)])
            }
        }
    }

    @Test func aRefusalOfBothSidesIsTheClients() throws {
        for side in Side.allCases {
            let refused = MultiQuery.Reply.failed(.invalidArgument)
            #expect(try replies((side, refused), (side.other, refused)) == [.wait, .relay(from: side.other)])
            let other = MultiQuery.Reply.failed(.permissionDenied)
            let failure = MultiQuery.Action.fail(side, .failed(.invalidArgument))
            #expect(try replies((side, refused), (side.other, other)) == [.wait, failure])
            #expect(try replies((side, refused), (side.other, rows)) == [.wait, failure])
            let late = MultiQuery.Action.fail(side, .failed(.invalidArgument))
            #expect(try replies((side.other, rows), (side, refused)) == [.wait, late])
        }
    }

    /// A side that is too slow is a failure like any other where the answer may do without it.
    @Test func theCallsOwnEndIsHandedOnUnlessTheSideMayBeMissed() throws {
        for status in [GRPCStatus.deadlineExceeded, .cancelled] {
            let needed = try replies((.new, .failed(status)), (.old, rows))
            #expect(needed == [.relay(from: .new)])
            let missed = try replies((.new, .failed(status)), (.old, rows), mayMiss: .both)
            #expect(missed == [.wait, .answer(ScriptedQuery.response([Row(1), Row(2)]), partial: .new)])
        }
    }

    @Test func aLookUpThatFailsFailsTheCallOrIsMissed() throws {
        for (reply, failure) in Self.failures + [(.failed(.notFound), .failed(.notFound))] {
            for mayMiss in [SideSet(), .old] {
                var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld), mayMiss: mayMiss)
                _ = query.start(request: ScriptedQuery.request())
                _ = query.replied(.old, ScriptedQuery.reply([Row(2)]), stages: stages)
                let asks = query.replied(.new, ScriptedQuery.reply([Row(1)]), stages: stages)
                #expect(asks == .ask([ScriptedQuery.lookUp(.old, ids: [1])]))
                let partial = MultiQuery.Action.answer(ScriptedQuery.response([Row(1), Row(2)]), partial: .old)
                let expected = mayMiss.isEmpty ? .fail(.old, failure) : partial
                #expect(query.replied(.old, reply, stages: stages) == expected)
            }
        }
    }

    @Test func aFailureBetweenPagesLeavesWhatWasSaid() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld), mayMiss: .new)
        _ = query.start(request: ScriptedQuery.request(limit: 3))
        _ = query.replied(.old, ScriptedQuery.reply([Row(1), Row(5)]), stages: stages)
        let more = query.replied(.new, ScriptedQuery.reply([Row(1)], token: "n"), stages: stages)
        #expect(more == ScriptedQuery.pages([(.new, 3, "n")]))
        let answer = MultiQuery.Action.answer(ScriptedQuery.response([Row(1), Row(5)]), partial: .new)
        #expect(query.replied(.new, .unreachable, stages: stages) == answer)
    }
}
