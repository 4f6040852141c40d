import Testing
import WireFormat

@testable import Migration

private typealias Row = ScriptedQuery.Row

/// Which page tokens are taken, by which sides, and which walks are interrupted.
@Suite struct MultiQueryTokensTests {
    private let stages = ScriptedStages()

    private func start(_ sides: MultiQuery.Sides, _ token: [UInt8], keyset: Bool = false) throws -> MultiQuery.Action {
        let plan = try keyset ? ScriptedQuery.keysetPlan() : ScriptedQuery.plan()
        var query = MultiQuery(plan: plan, sides: sides)
        return query.start(request: ScriptedQuery.request(token: token))
    }

    private func ask(_ side: Side, _ token: [UInt8]) -> MultiQuery.Action {
        .ask([.init(side: side, method: nil, message: ScriptedQuery.request(token: token))])
    }

    private func token(
        _ old: WalkToken.Standing, _ new: WalkToken.Standing, position: [UInt8]? = nil
    ) throws -> [UInt8] {
        WalkToken(old: old, new: new, position: position).encode(of: try ScriptedQuery.digest())
    }

    @Test func aCompositeGoesOnWhereEachSideStands() throws {
        let both = try token(.page([1]), .page([2]))
        let expected = MultiQuery.Action.ask([
            .init(side: .old, method: nil, message: ScriptedQuery.request(token: [1])),
            .init(side: .new, method: nil, message: ScriptedQuery.request(token: [2])),
        ])
        #expect(try start(.both(.dualOld), both) == expected)
        #expect(try start(.both(.dualOld), token(.end, .page([]))) == ask(.new, []))
        #expect(try start(.both(.dualOld), token(.end, .end)) == .answer([], partial: nil))
    }

    /// At stage `old` requests are handed on as they came, but for tokens that say nothing to old.
    @Test func oldIsGivenNoTokenOfTheSidecars() throws {
        let plan = try ScriptedQuery.plan()
        func refusal(_ token: [UInt8], _ plan: MultiQueryPlan) -> MultiQuery.Refusal? {
            MultiQuery.refusalAtOld(ScriptedQuery.request(token: token), plan)
        }
        #expect(refusal([], plan) == nil && refusal(Array("5:7".utf8), plan) == nil)
        for own in [try token(.page([1]), .page([2])), try token(.page([1]), .end), try token(.notAsked, .page([2]))] {
            #expect(refusal(own, plan) == .walkInterrupted)
            #expect(refusal(own + [UInt8(ascii: "A")], plan) == .token)
            #expect(refusal(own, try ScriptedQuery.keysetPlan()) == nil, "its tokens outlive changes")
        }
        #expect(MultiQuery.refusalAtOld([0xff], plan) == nil, "old is to say so")
    }

    @Test func aWalkEndsWhenOtherSidesAreAsked() throws {
        let interrupted = MultiQuery.Action.refuse(.walkInterrupted)
        let walks: [(WalkToken.Standing, WalkToken.Standing)] = [
            (.page([1]), .page([2])), (.end, .page([2])), (.notAsked, .page([2])), (.page([1]), .notAsked),
        ]
        for (index, walk) in walks.enumerated() {
            let token = try token(walk.0, walk.1)
            #expect(try (start(.both(nil), token) == interrupted) == (index > 1))
            #expect(try (start(.one(.new), token) == interrupted) == (index != 2))
            #expect(try (start(.one(.old), token) == interrupted) == (index != 3))
        }
        // A side's own token, given when it alone was asked without a trace.
        let foreign = Array("page-2".utf8)
        #expect(try start(.both(nil), foreign) == interrupted)
        #expect(try start(.one(.new), foreign) == interrupted)
        #expect(try start(.one(.old), foreign) == ask(.old, foreign))
    }

    @Test func anAlteredTokenIsRefused() throws {
        var altered = try token(.page([1]), .page([2]))
        altered[altered.count - 1] ^= 1
        for sides in [MultiQuery.Sides.both(nil), .both(.dualOld), .one(.old), .one(.new)] {
            #expect(try start(sides, altered) == .refuse(.token))
        }
        var other = ScriptedQuery.request(token: try token(.page([1]), .page([2])))
        FieldWriter.append(10, varint: 1, to: &other)
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(nil))
        #expect(query.start(request: other) == .refuse(.token))
    }

    @Test func keysetTokensOutliveSwitchChanges() throws {
        let token = PageToken.encode(Array("k".utf8), of: try ScriptedQuery.digest())
        #expect(try start(.one(.old), token, keyset: true) == ask(.old, token))
        #expect(try start(.one(.new), token, keyset: true) == ask(.new, token))
        let both = MultiQuery.Action.ask(
            [.old, .new].map { .init(side: $0, method: nil, message: ScriptedQuery.request(token: token)) })
        #expect(try start(.both(.dualNew), token, keyset: true) == both)
        for altered in [Array("k".utf8), Array(token.dropLast()), token + [0]] {
            #expect(try start(.both(.dualNew), altered, keyset: true) == .refuse(.token))
        }
    }

    /// A side that does not go on after the position breaks the service's promise, and would double rows.
    @Test func aRowAtTheCursorIsOutOfOrder() throws {
        var row: [UInt8] = []
        FieldWriter.append(5, Array("k".utf8), to: &row)
        var page: [UInt8] = []
        FieldWriter.append(1, row, to: &page)
        for (position, isFault) in [("j", false), ("k", true), ("l", true)] {
            var query = MultiQuery(plan: try ScriptedQuery.keysetPlan(), sides: .both(.dualOld))
            let token = PageToken.encode(Array(position.utf8), of: try ScriptedQuery.digest())
            _ = query.start(request: ScriptedQuery.request(token: token))
            let action = query.replied(.old, .message(page), stages: stages)
            #expect(action == (isFault ? .refuse(.fault(.old, .unsorted(row: 0))) : .wait))
        }
    }

    @Test func emptyKeysetPagesWithATokenEndTheCall() throws {
        var page: [UInt8] = []
        FieldWriter.append(2, [1], to: &page)
        var query = MultiQuery(plan: try ScriptedQuery.keysetPlan(), sides: .both(.dualOld))
        _ = query.start(request: ScriptedQuery.request())
        _ = query.replied(.new, .message([]), stages: stages)
        var action = query.replied(.old, .message(page), stages: stages)
        while case .ask = action { action = query.replied(.old, .message(page), stages: stages) }
        #expect(action == .refuse(.noProgress))
    }

    // MARK: One side

    @Test func atOldEverythingIsOldsOwn() throws {
        let reply = ScriptedQuery.response([Row(2), Row(1)], token: "o2", total: 5)
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .one(.old))
        let request = ScriptedQuery.request(limit: 4_000)
        #expect(query.start(request: request) == .ask([.init(side: .old, method: nil, message: request)]))
        #expect(query.replied(.old, .message(reply), stages: stages) == .relay(from: .old))
    }

    @Test func atNewOpaqueTokensAreMarked() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .one(.new))
        _ = query.start(request: ScriptedQuery.request())
        let reply = ScriptedQuery.response([Row(2), Row(1)], token: "n2", total: 5)
        let marked = String(decoding: try token(.notAsked, .page(Array("n2".utf8))), as: UTF8.self)
        let expected = ScriptedQuery.response([Row(2), Row(1)], token: marked, total: 5)
        #expect(query.replied(.new, .message(reply), stages: stages) == .pass(expected, from: .new))
        #expect(try start(.one(.new), Array(marked.utf8)) == ask(.new, Array("n2".utf8)))
    }

    @Test func atNewAPageWithoutATokenIsNewsOwn() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .one(.new))
        _ = query.start(request: ScriptedQuery.request())
        let reply = ScriptedQuery.response([Row(2), Row(1)], total: 5)
        #expect(query.replied(.new, .message(reply), stages: stages) == .relay(from: .new))
    }

    @Test func oneSidesFailureIsTheAnswer() throws {
        for side in Side.allCases {
            for (reply, action) in [
                (.failed(.notFound), .relay(from: side)), (.unreachable, .fail(side, .unreachable)),
            ] as [(MultiQuery.Reply, MultiQuery.Action)] {
                var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .one(side), mayMiss: .both)
                _ = query.start(request: [])
                #expect(query.replied(side, reply, stages: stages) == action)
            }
        }
    }
}
