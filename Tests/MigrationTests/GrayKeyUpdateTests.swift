import Testing
import WireFormat

@testable import Migration

/// Updates that give a record another gray key: each path as a script, and then every path in a world of two sides,
/// where nothing may be lost or hidden.
@Suite struct GrayKeyUpdateTests {
    static func update(_ present: Stage, _ next: Stage, overwrite: Bool = true, tries: Bool = false) -> Write {
        Write(update: present, to: next, puts: PutMeans(overwrite: overwrite, insert: true), tries: tries)
    }

    private static func script(
        _ name: String, _ write: Write, _ asks: [(action: String, outcome: WriteOutcome)], _ end: String
    ) -> WriteTests.Script { WriteTests.script(name, write, asks, end) }

    private static let refused = WriteOutcome.rejected(.failedPrecondition)
    private static let lost = WriteOutcome.unknown(.unavailable)
    private static let there = WriteOutcome.accepted

    static let scripts: [WriteTests.Script] = [
        script(
            "from old to dualOld new is mended if it has the record", update(.old, .dualOld),
            [("call old", there), ("put new overwrite", there)], "reply of old"),
        script(
            "from old to dualOld without put new is sent the call", update(.old, .dualOld, overwrite: false),
            [("call old", there), ("call new", .absent)], "reply of old, not copied"),
        script(
            "from old to dualNew new must have the record", update(.old, .dualNew),
            [("call old", there), ("put new overwriteOrInsert", there)], "reply of old"),
        script(
            "from old new is not asked for what old lacks", update(.old, .dualNew), [("call old", .absent)],
            "reply of old"),
        script(
            "from dualOld to dualNew new must have the record", update(.dualOld, .dualNew),
            [("call old", there), ("put new overwriteOrInsert", there)], "reply of old"),
        script(
            "from dualOld to dualNew a record born on new is where it belongs", update(.dualOld, .dualNew),
            [("call old", .absent), ("call new", there)], "reply of new, not copied"),
        script(
            "from dualOld to old new loses its row", update(.dualOld, .old),
            [("call old", there), ("erase new", there)], "reply of old"),
        script(
            "from dualOld to old new may have no row", update(.dualOld, .old),
            [("call old", there), ("erase new", .absent)], "reply of old"),
        script(
            "from dualOld to old a record born on new is made on old", update(.dualOld, .old),
            [("call old", .absent), ("call new", there), ("put old overwriteOrInsert", there), ("erase new", there)],
            "reply of new"),
        script(
            "from dualNew to dualOld old must have the record", update(.dualNew, .dualOld),
            [("call new", there), ("put old overwriteOrInsert", there)], "reply of new"),
        script(
            "from dualNew to dualOld a record not copied yet is where it belongs", update(.dualNew, .dualOld),
            [("call new", .absent), ("call old", there)], "reply of old, not copied, unmigrated"),
        script(
            "from dualNew to old the record goes to old and leaves new", update(.dualNew, .old),
            [("call new", there), ("put old overwriteOrInsert", there), ("erase new", there)], "reply of new"),
        script(
            "from dualNew to old a record not copied yet stays", update(.dualNew, .old),
            [("call new", .absent), ("call old", there)], "reply of old, unmigrated"),
        script(
            "absent on both is the present authority's not found", update(.dualNew, .old),
            [("call new", .absent), ("call old", .absent)], "reply of new"),
        script(
            "absent here and unreachable there is no not found", update(.dualOld, .dualNew),
            [("call old", .absent), ("call new", .unreachable)], "new unreachable"),
        script(
            "absent here and lost there is unknown", update(.dualOld, .dualNew),
            [("call old", .absent), ("call new", lost)], "unknown on new UNAVAILABLE, dirty, unsettled"),
        script("the authority's refusal ends it", update(.dualNew, .old), [("call new", refused)], "reply of new"),
        script(
            "the authority unreachable writes nothing", update(.old, .dualNew), [("call old", .unreachable)],
            "old unreachable"),
        script(
            "lost on the way to the authority is unknown", update(.old, .dualNew), [("call old", lost)],
            "unknown on old UNAVAILABLE, dirty, unsettled"),
        script(
            "the new authority's refusal is partial and stuck", update(.old, .dualNew),
            [("call old", there), ("put new overwriteOrInsert", refused)], "partial without new, dirty, stuck"),
        script(
            "the new authority that cannot insert is partial", update(.dualNew, .dualOld),
            [("call new", there), ("put old overwriteOrInsert", .absent)], "partial without old, dirty"),
        script(
            "without the new authority new keeps its row", update(.dualNew, .old),
            [("call new", there), ("put old overwriteOrInsert", .unreachable)], "partial without old, dirty"),
        script(
            "lost on the way to the new authority is unsettled", update(.dualNew, .old),
            [("call new", there), ("put old overwriteOrInsert", lost)], "partial without old, dirty, unsettled"),
        script(
            "the follower unreachable is dirty", update(.old, .dualOld),
            [("call old", there), ("put new overwrite", .unreachable)], "partial without new, dirty"),
        script(
            "a row that new keeps is dirty and stuck", update(.dualOld, .old),
            [("call old", there), ("erase new", refused)], "partial without new, dirty, stuck"),
        script(
            "a row that cannot be taken from new is dirty", update(.dualOld, .old),
            [("call old", there), ("erase new", .unreachable)], "partial without new, dirty"),
        script(
            "an erasure without an answer is unsettled", update(.dualOld, .old),
            [("call old", there), ("erase new", lost)], "partial without new, dirty, unsettled"),
    ]

    /// Between stores: before a side has the update, the other one has been read, and old is given what the update
    /// makes of the record. Only what was read is written over.
    static let trials: [WriteTests.Script] = [
        script(
            "from dualNew to old old is asked first", update(.dualNew, .old, tries: true),
            [("try new", there), ("look up old", there), ("place old", there), ("erase new", there)], "reply of new"),
        script(
            "from dualNew to old what old lacks is made", update(.dualNew, .old, tries: true),
            [("try new", there), ("look up old", .absent), ("place old", there), ("erase new", there)],
            "reply of new"),
        script(
            "from dualNew to dualOld old is asked first", update(.dualNew, .dualOld, tries: true),
            [("try new", there), ("look up old", there), ("place old", there), ("call new", there)], "reply of old"),
        script(
            "from dualOld to old what was born on new goes to old first", update(.dualOld, .old, tries: true),
            [
                ("call old", .absent), ("try new", there), ("look up old", .absent), ("place old", there),
                ("erase new", there),
            ],
            "reply of new"),
        script(
            "old's refusal leaves new as it was", update(.dualNew, .old, tries: true),
            [("try new", there), ("look up old", there), ("place old", refused)], "reply of old"),
        script(
            "another row on old by now leaves new as it was", update(.dualNew, .old, tries: true),
            [("try new", there), ("look up old", there), ("place old", .rejected(.aborted))], "reply of old"),
        script(
            "old unreachable leaves new as it was", update(.dualNew, .dualOld, tries: true),
            [("try new", there), ("look up old", there), ("place old", .unreachable)], "old unreachable"),
        script(
            "old that cannot be read leaves new as it was", update(.dualNew, .dualOld, tries: true),
            [("try new", there), ("look up old", .unreachable)], "old unreachable"),
        script(
            "old's refusal leaves what was born on new", update(.dualOld, .old, tries: true),
            [("call old", .absent), ("try new", there), ("look up old", .absent), ("place old", refused)],
            "reply of old"),
        script(
            "new's refusal ends it", update(.dualNew, .old, tries: true), [("try new", refused)], "reply of new"),
        script(
            "a trial that is lost changes nothing", update(.dualNew, .old, tries: true), [("try new", lost)],
            "new failed UNAVAILABLE"),
        script(
            "a record not copied yet is old's", update(.dualNew, .dualOld, tries: true),
            [("try new", .absent), ("call old", there)], "reply of old, not copied, unmigrated"),
        script(
            "absent on both", update(.dualOld, .old, tries: true), [("call old", .absent), ("try new", .absent)],
            "reply of old"),
        script(
            "new that then refuses is stuck behind old", update(.dualNew, .dualOld, tries: true),
            [("try new", there), ("look up old", there), ("place old", there), ("call new", refused)],
            "partial without new, dirty, stuck"),
        script(
            "on the way up new is read first and old is asked first", update(.dualOld, .dualNew, tries: true),
            [("try old", there), ("look up new", there), ("call old", there), ("place new", there)], "reply of old"),
        script(
            "on the way up new is given what it lacks", update(.old, .dualNew, tries: true),
            [("try old", there), ("look up new", .absent), ("call old", there), ("place new", there)], "reply of old"),
        script(
            "on the way up another row on new by now is partial and stuck", update(.old, .dualNew, tries: true),
            [("try old", there), ("look up new", .absent), ("call old", there), ("place new", .rejected(.aborted))],
            "partial without new, dirty, stuck"),
        script(
            "on the way up new that cannot be read leaves old as it was", update(.old, .dualNew, tries: true),
            [("try old", there), ("look up new", .unreachable)], "new unreachable"),
        script(
            "on the way up what old lacks is where it belongs", update(.dualOld, .dualNew, tries: true),
            [("try old", .absent), ("call new", there)], "reply of new, not copied"),
        script(
            "on the way up new is not asked for what old lacks", update(.old, .dualNew, tries: true),
            [("try old", .absent)], "reply of old"),
    ]

    /// A pinned record keeps the stage that it had, which no gray key may have any more: at `newMirrored` and `new` new
    /// alone decides, and what old has beside it is left over from a deleted record (contract, 3 and 4.3).
    static let pinned: [WriteTests.Script] = [
        script(
            "pinned at newMirrored what new lacks is absent", update(.newMirrored, .dualOld),
            [("call new", .absent)], "reply of new"),
        script(
            "pinned at newMirrored what a trial on new lacks is absent", update(.newMirrored, .old, tries: true),
            [("try new", .absent)], "reply of new"),
        script(
            "pinned at new what new lacks is absent", update(.new, .dualNew), [("call new", .absent)], "reply of new"),
        script(
            "from a pin at newMirrored to dualNew old is given what it lacks", update(.newMirrored, .dualNew),
            [("call new", there), ("put old overwriteOrInsert", there)], "reply of new"),
        script(
            "from a pin at newMirrored old that cannot insert is partial",
            update(.newMirrored, .dualNew, overwrite: false),
            [("call new", there), ("put old overwriteOrInsert", .absent)],
            "partial without old, dirty"),
        script(
            "from a pin at newMirrored to old", update(.newMirrored, .old),
            [("call new", there), ("put old overwriteOrInsert", there), ("erase new", there)], "reply of new"),
        script(
            "from a pin at new to newMirrored old is given what it lacks", update(.new, .newMirrored),
            [("call new", there), ("put old overwriteOrInsert", there)], "reply of new"),
        script(
            "from a pin at dualOld to newMirrored old is given what was born on new", update(.dualOld, .newMirrored),
            [("call old", .absent), ("call new", there), ("put old overwriteOrInsert", there)], "reply of new"),
        script(
            "from a pin at new to dualNew old is mended if it has the record", update(.new, .dualNew),
            [("call new", there), ("put old overwrite", .absent)], "reply of new, not copied"),
    ]

    @Test(arguments: scripts + trials + pinned) func pathIsWalked(_ script: WriteTests.Script) {
        WriteTests().pathIsWalked(script)
    }

    @Test func keysOfOneStageMakeAnUpdateAsAnyOther() throws {
        let recordKey = try KeyPlan([KeyField(path: FieldPath("2"), type: .int64)])
        let plan = WritePlan(
            recordKey: recordKey, inserts: .new, guardsInserts: true, lookUp: nil, put: nil, putOrInsert: nil)
        for stage in Stage.allCases {
            #expect(plan.means.procedure(.update, at: stage, to: stage) == plan.means.procedure(.update, at: stage))
        }
        #expect(plan.means.procedure(.update, at: .old, to: .dualNew) != plan.means.procedure(.update, at: .old))
    }

    // MARK: - A world of two sides

    /// What each side has of the one record: its state as a number; nil where it has none.
    private struct World {
        var old: Int?
        var new: Int?

        subscript(_ side: Side) -> Int? {
            get { side == .old ? old : new }
            set { if side == .old { old = newValue } else { new = newValue } }
        }

        /// What a query finds at a stage.
        func seen(at stage: Stage) -> Int? {
            self[stage.authority] ?? (stage.fallsBack ? self[stage.authority.other] : nil)
        }
    }

    /// Each pair of stages, each placement, and each ask failing in each way: an accepted update is seen at the new
    /// stage, with nothing on new where nobody writes it; one that failed before a side took it has changed nothing;
    /// a record is never gone; what only one side has is told as such. Any pair may be met, since a pinned record keeps
    /// its stage.
    @Test func nothingIsLostOrHidden() {
        let faults: [WriteOutcome?] = [nil, Self.refused, .unreachable, Self.lost]
        for present in Stage.allCases {
            for next in Stage.allCases where next != present {
                for (old, new) in [(1, 1), (1, nil), (nil, 1), (nil, nil)] as [(Int?, Int?)] {
                    // Of a key at `old` what new has is no record: a stale leftover at most. So is what old has at
                    // `new`, and at `newMirrored` where new has none.
                    let isStale = present == .new || present == .newMirrored && new == nil
                    let start = World(
                        old: isStale ? old.map { _ in -1 } : old, new: present == .old ? new.map { _ in -1 } : new)
                    for failing in 0..<6 {
                        for fault in faults {
                            for tries in [false, true] { check(present, next, start, failing, fault, tries) }
                        }
                    }
                }
            }
        }
    }

    private func check(
        _ present: Stage, _ next: Stage, _ start: World, _ failing: Int, _ fault: WriteOutcome?,
        _ tries: Bool
    ) {
        var world = start
        var write = Self.update(present, next, tries: tries)
        var action = write.start()
        var asked = 0
        while let outcome = Self.perform(action, on: &world, asked == failing ? fault : nil) {
            asked += 1
            action = write.replied(outcome)
        }
        guard case .end(let end) = action else {
            Issue.record("\(action)")
            return
        }
        let name: Comment = "\(present) to \(next), from \(start): \(end.answer)"
        let wasThere = start.seen(at: present) != nil
        #expect(!wasThere || world.old == 2 || world.new == 2 || world.seen(at: present) == 1, name)
        switch end.answer {
        case .reply where world.old == 2 || world.new == 2:
            #expect(world.seen(at: next) == 2, name)
            #expect(next != .old || world.new == nil, name)
            #expect(next != .newMirrored || world.old == 2, name)
            #expect(wasThere, name)
            #expect(world.old == nil || world.new == nil || world.old == world.new, name)
        case .reply, .fail, .outcomeUnknown:
            #expect(world.old == start.old && world.new == start.new, name)
        case .partial(let side):
            #expect(world[side.other] == 2 && end.effects.contains(.dirty), name)
        case .alreadyExists: Issue.record(name)
        }
    }

    /// The record's state becomes 2 where it is written. Nil at the end; a lost ask has no effect here.
    private static func perform(
        _ action: WriteAction, on world: inout World, _ fault: WriteOutcome?
    ) -> WriteOutcome? {
        if case .end = action { return nil }
        if let fault { return fault }
        switch action {
        case .call(let side), .put(let side, .overwrite):
            guard world[side] != nil else { return .absent }
            world[side] = 2
        case .put(let side, .overwriteOrInsert), .place(let side): world[side] = 2
        case .erase(let side):
            guard world[side] != nil else { return .absent }
            world[side] = nil
        case .tryCall(let side), .lookUp(let side): if world[side] == nil { return .absent }
        case .eraseFound, .ignore, .end: return nil
        }
        return .accepted
    }
}
