import Testing
import WireFormat

@testable import Migration

private typealias Row = ScriptedQuery.Row

/// One rule of the contract's section 3, "Merging a multi query", at a time.
@Suite struct MultiQueryTests {
    private let stages = ScriptedStages()

    /// Starts a query on both sides and hands old's and new's first pages in.
    private func merge(
        _ old: MultiQuery.Reply, _ new: MultiQuery.Reply, limit: Int = 0, stage: Stage? = .dualOld,
        plan: MultiQueryPlan? = nil, mayMiss: SideSet = [], stages: ScriptedStages = ScriptedStages(),
        then replies: [(Side, MultiQuery.Reply)] = []
    ) throws -> MultiQuery.Action {
        var query = MultiQuery(plan: try plan ?? ScriptedQuery.plan(), sides: .both(stage), mayMiss: mayMiss)
        let asks = query.start(request: ScriptedQuery.request(limit: limit))
        #expect(asks == ScriptedQuery.pages([(.old, limit, ""), (.new, limit, "")]))
        #expect(query.replied(.old, old, stages: stages) == .wait)
        var action = query.replied(.new, new, stages: stages)
        for (side, reply) in replies { action = query.replied(side, reply, stages: stages) }
        return action
    }

    private func answer(_ rows: [Row], partial: Side? = nil) -> MultiQuery.Action {
        .answer(ScriptedQuery.response(rows), partial: partial)
    }

    @Test func aRowIsTakenFromItsAuthority() throws {
        let old = ScriptedQuery.reply([Row(1), Row(2)])
        let new = ScriptedQuery.reply([Row(1, gray: "new", order: 1), Row(2, gray: "new", order: 2)])
        #expect(try merge(old, new, stage: .dualOld) == answer([Row(1), Row(2)]))
        #expect(try merge(old, new, stage: .dualNew) == answer([Row(1, gray: "new"), Row(2, gray: "new")]))
    }

    @Test func eachRowsOwnGrayKeyNamesItsAuthority() throws {
        let stages = ScriptedStages(stages: ["a": .dualOld, "b": .dualNew, "c": .old])
        let old = ScriptedQuery.reply([Row(1, gray: "a"), Row(2, gray: "b"), Row(3, gray: "c")])
        let new = ScriptedQuery.reply([Row(1, gray: "a"), Row(2, gray: "b"), Row(4, gray: "c"), Row(5, gray: "b")])
        let expected = answer([Row(1, gray: "a"), Row(2, gray: "b"), Row(3, gray: "c"), Row(5, gray: "b")])
        #expect(try merge(old, new, stage: nil, stages: stages) == expected)
    }

    @Test func aPinnedRecordHasItsOwnStage() throws {
        let stages = ScriptedStages(stages: ["g": .dualOld], pins: ["2": .dualNew])
        let old = ScriptedQuery.reply([Row(1), Row(2)])
        let new = ScriptedQuery.reply([Row(1), Row(2, order: 7)])
        let expected = answer([Row(1), Row(2, order: 7)])
        #expect(try merge(old, new, stage: nil, stages: stages) == expected)
        #expect(try merge(old, new, stage: .dualOld, stages: stages) == expected)
    }

    @Test func suspectsAreLookedUpInOneCallOnEachSide() throws {
        let stages = ScriptedStages(stages: ["a": .dualOld, "b": .dualNew])
        let old = ScriptedQuery.reply([Row(1, gray: "b"), Row(3, gray: "a"), Row(4, gray: "b")])
        let new = ScriptedQuery.reply([Row(2, gray: "a"), Row(5, gray: "a")])
        let asks = try merge(old, new, stage: nil, stages: stages)
        #expect(asks == .ask([ScriptedQuery.lookUp(.old, ids: [2, 5]), ScriptedQuery.lookUp(.new, ids: [1, 4])]))
        let action = try merge(
            old, new, stage: nil, stages: stages,
            then: [(.new, ScriptedQuery.reply([Row(4, order: 99)])), (.old, ScriptedQuery.reply([Row(2, order: -1)]))])
        #expect(action == answer([Row(1, gray: "b"), Row(3, gray: "a"), Row(5, gray: "a")]))
    }

    @Test func theMergeIsTallied() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
        _ = query.start(request: ScriptedQuery.request(limit: 0))
        _ = query.replied(.old, ScriptedQuery.reply([Row(1), Row(2), Row(9, order: 9)]), stages: stages)
        let rows = [Row(1), Row(3), Row(4), Row(9, order: 8)]
        _ = query.replied(.new, ScriptedQuery.reply(rows), stages: stages)
        #expect(query.tally.suspectsLookedUp == 2, "9 was returned by old itself")
        _ = query.replied(.old, ScriptedQuery.reply([Row(4, order: 99)]), stages: stages)
        #expect(query.tally.pages == 2)
        #expect(query.tally.rows == 4)
        #expect(query.tally.duplicates == 1)
        #expect(query.tally.suspectsDropped == 2)
        #expect(query.tally.suspectsKept == 1)
    }

    @Test func aRowThatItsAuthorityReturnedElsewhereIsNoSuspect() throws {
        let old = ScriptedQuery.reply([Row(2), Row(1, order: 9)])
        let new = ScriptedQuery.reply([Row(1, order: 1), Row(2)])
        #expect(try merge(old, new) == answer([Row(2), Row(1, order: 9)]))
    }

    @Test func withoutConfirmationSuspectsAreShown() throws {
        let plan = try ScriptedQuery.plan(confirms: false)
        let old = ScriptedQuery.reply([Row(2)])
        let new = ScriptedQuery.reply([Row(1)])
        #expect(try merge(old, new, plan: plan) == answer([Row(1), Row(2)]))
    }

    @Test func aSideThatDoesNotAscendFailsTheCall() throws {
        let good = ScriptedQuery.reply([])
        for rows in [[Row(2), Row(1)], [Row(1), Row(1)]] {
            let bad = ScriptedQuery.reply(rows)
            #expect(try merge(good, bad) == .refuse(.fault(.new, .unsorted(row: 1))))
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
            _ = query.start(request: ScriptedQuery.request())
            #expect(query.replied(.old, bad, stages: stages) == .refuse(.fault(.old, .unsorted(row: 1))))
        }
    }

    /// One record that nobody has given a gray key must not fail everybody's queries: it has the stage of what is in
    /// no set.
    @Test func aRowWithoutAGrayKeyIsOfNoSet() throws {
        var message: [UInt8] = []
        FieldWriter.append(1, [0x08, 1], to: &message)
        #expect(try merge(ScriptedQuery.reply([]), .message(message), stage: nil) == .answer([], partial: nil))
        #expect(try merge(.message(message), ScriptedQuery.reply([]), stage: nil) == .answer(message, partial: nil))
    }

    @Test func aRowThatCannotBeReadFailsTheCall() throws {
        let malformed = RowFault(offset: 0, reason: .truncated)
        let answer = try merge(ScriptedQuery.reply([]), .message([0x0a, 9]))
        #expect(answer == .refuse(.fault(.new, .unreadable(malformed))))
        let plan = try ScriptedQuery.plan(hasGrayKey: false)
        var query = MultiQuery(plan: plan, sides: .both(nil))
        #expect(query.start(request: []) == .refuse(.grayKeyMissing))
    }

    @Test func nothingIsTakenBeyondWhatASideWithMoreHasSaid() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
        _ = query.start(request: ScriptedQuery.request(limit: 3))
        _ = query.replied(.old, ScriptedQuery.reply([Row(1), Row(4), Row(9)], token: "o1"), stages: stages)
        let more = query.replied(.new, ScriptedQuery.reply([Row(1), Row(2)], token: "n1"), stages: stages)
        // New's 2 is old's to confirm; new may still have rows before old's 4.
        #expect(more == .ask([ScriptedQuery.lookUp(.old, ids: [2])]))
        let next = query.replied(.old, ScriptedQuery.reply([]), stages: stages)
        #expect(next == ScriptedQuery.pages([(.new, 3, "n1")]))
        let last = query.replied(.new, ScriptedQuery.reply([Row(3), Row(4)]), stages: stages)
        #expect(last == .ask([ScriptedQuery.lookUp(.old, ids: [3])]))
        guard case .answer(let bytes, nil) = query.replied(.old, ScriptedQuery.reply([Row(3)]), stages: stages) else {
            Issue.record("no answer")
            return
        }
        #expect(bytes.starts(with: ScriptedQuery.response([Row(1), Row(2), Row(4)])))
    }

    @Test func theRestIsTakenFromOneSideOrDropped() throws {
        let old = MultiQuery.Reply.message(ScriptedQuery.response([Row(1)], total: 11))
        let new = MultiQuery.Reply.message(ScriptedQuery.response([Row(1)], total: 22))
        let expected: [(MultiQueryPlan.Rest, UInt64?)] = [
            (.dropped, nil), (.taken(from: .old), 11), (.taken(from: .new), 22),
        ]
        for (rest, total) in expected {
            let action = try merge(old, new, plan: ScriptedQuery.plan(rest: rest))
            #expect(action == .answer(ScriptedQuery.response([Row(1)], total: total), partial: nil))
        }
    }

    @Test func theLimitIsTheClientsTheDefaultOrTheMost() throws {
        for (given, asked) in [(0, 7), (5, 5), (100, 100), (101, 100), (4_294_967_295, 100)] {
            var query = MultiQuery(plan: try ScriptedQuery.plan(defaultLimit: 7), sides: .both(.dualOld))
            let action = query.start(request: ScriptedQuery.request(limit: given))
            #expect(action == ScriptedQuery.pages([(.old, asked, ""), (.new, asked, "")]))
        }
    }

    /// Whether it is wrong or means all of them is what the service says at stage `old`, and so everywhere.
    @Test func aNegativeLimitIsJudgedByTheSides() throws {
        var negative = ScriptedQuery.request()
        FieldWriter.append(2, varint: UInt64(bitPattern: -1), to: &negative)
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
        let asks = [Side.old, .new].map { MultiQuery.Ask(side: $0, method: nil, message: negative) }
        #expect(query.start(request: negative) == .ask(asks))
        #expect(query.replied(.old, .failed(.invalidArgument), stages: ScriptedStages()) == .wait)
        #expect(query.replied(.new, .failed(.invalidArgument), stages: ScriptedStages()) == .relay(from: .new))
    }

    @Test func aRequestThatIsNoMessageIsRefused() throws {
        for sides in [MultiQuery.Sides.one(.old), .both(.dualOld)] {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: sides)
            let fault = RowFault(offset: 0, reason: .truncated)
            #expect(query.start(request: [0x0a, 5]) == .refuse(.malformedRequest(fault)))
        }
    }

    @Test func aServiceWithoutTokensIsAskedForMoreRows() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(tokens: .none), sides: .both(.dualOld))
        _ = query.start(request: ScriptedQuery.request(limit: 2))
        _ = query.replied(.old, ScriptedQuery.reply([Row(5)]), stages: stages)
        let suspects = query.replied(.new, ScriptedQuery.reply([Row(1), Row(2)]), stages: stages)
        #expect(suspects == .ask([ScriptedQuery.lookUp(.old, ids: [1, 2])]))
        let more = query.replied(.old, ScriptedQuery.reply([Row(1), Row(2)]), stages: stages)
        #expect(more == ScriptedQuery.pages([(.new, 4, "")]))
        let last = query.replied(.new, ScriptedQuery.reply([Row(1), Row(2), Row(3)]), stages: stages)
        #expect(last == .ask([ScriptedQuery.lookUp(.old, ids: [3])]))
        #expect(query.replied(.old, ScriptedQuery.reply([]), stages: stages) == answer([Row(3), Row(5)]))
    }

    /// A side that has only rows without a say does not keep a call busy for ever: the page is short, its token goes
    /// on.
    @Test func aPageEndsAfterSoManyRounds() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.old))
        var action = query.start(request: ScriptedQuery.request(limit: 1))
        action = query.replied(.old, ScriptedQuery.reply([]), stages: stages)
        var rounds = 1
        for row in 1... {
            action = query.replied(.new, ScriptedQuery.reply([Row(Int64(row))], token: "n\(row)"), stages: stages)
            guard case .ask = action else { break }
            rounds += 1
        }
        #expect(rounds == MultiQuery.maxRounds)
        guard case .answer(let bytes, nil) = action else {
            Issue.record("no answer: \(action)")
            return
        }
        let token = try bytes.withUnsafeBytes { try MessageParts(of: $0, text: 2) }.text.map { bytes[$0] }
        guard case .token(let walk) = WalkToken.parse(try #require(token), of: try ScriptedQuery.digest()) else {
            Issue.record("no token")
            return
        }
        #expect(walk.old == .end)
        #expect(walk.new == .page(Array("n\(rounds)".utf8)))
    }

    @Test func aPageEndsWhenTheSidesHaveSaidSoMuch() throws {
        var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.old))
        _ = query.start(request: ScriptedQuery.request(limit: 1))
        _ = query.replied(.old, ScriptedQuery.reply([]), stages: stages)
        var padding: [UInt8] = []
        FieldWriter.append(99, [UInt8](repeating: 0, count: MultiQuery.maxHeldBytes / 2), to: &padding)
        let one = query.replied(
            .new, .message(ScriptedQuery.response([Row(1)], token: "n1") + padding), stages: stages)
        #expect(one == ScriptedQuery.pages([(.new, 1, "n1")]))
        let two = query.replied(
            .new, .message(ScriptedQuery.response([Row(2)], token: "n2") + padding), stages: stages)
        guard case .answer = two else {
            Issue.record("no answer")
            return
        }
    }

    @Test func aPageOfLargeRowsIsCut() throws {
        let rows = (1...5).map { Row($0) }
        let size = ScriptedQuery.response([rows[0]]).count
        for (bytes, count) in [(0, 1), (size, 1), (2 * size - 1, 1), (2 * size, 2), (5 * size, 5)] {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld), maxAnswerBytes: bytes)
            _ = query.start(request: ScriptedQuery.request())
            _ = query.replied(.new, ScriptedQuery.reply([]), stages: stages)
            guard case .answer(let answer, nil) = query.replied(.old, ScriptedQuery.reply(rows), stages: stages) else {
                Issue.record("no answer")
                return
            }
            #expect(answer.starts(with: ScriptedQuery.response(Array(rows.prefix(count)))))
            let token = try answer.withUnsafeBytes { try MessageParts(of: $0, text: 2) }.text
            #expect((token == nil) == (count == rows.count))
        }
    }

    /// Whoever runs it is at fault then: a debug build ends, and says so.
    @Test func whatItsStateDoesNotExpectIsAFault() async {
        #if DEBUG
        await #expect(processExitsWith: .failure) {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
            _ = query.replied(.old, .unreachable, stages: ScriptedStages())
        }
        await #expect(processExitsWith: .failure) {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
            _ = (query.start(request: []), query.start(request: []))
        }
        await #expect(processExitsWith: .failure) {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .one(.old))
            _ = (query.start(request: []), query.replied(.new, .unreachable, stages: ScriptedStages()))
        }
        await #expect(processExitsWith: .failure) {
            var query = MultiQuery(plan: try ScriptedQuery.plan(), sides: .both(.dualOld))
            _ = query.start(request: [])
            let reply = ScriptedQuery.reply([])
            for _ in 0..<2 { _ = query.replied(.old, reply, stages: ScriptedStages()) }
        }
        #endif
    }
}
