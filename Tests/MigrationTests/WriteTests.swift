import Testing
import WireFormat

@testable import Migration

/// Each path of each write, as a script: what the machine asks, what it is told, and how it ends.
@Suite struct WriteTests {
    struct Script: Sendable, CustomTestStringConvertible {
        let name: String
        let write: Write
        let asks: [(action: String, outcome: WriteOutcome)]
        let end: String

        var testDescription: String { name }
    }

    static let scripts: [Script] = updates + deletes + deletesOfServices + inserts + upserts

    @Test(arguments: scripts) func pathIsWalked(_ script: Script) {
        var write = script.write
        var action = write.start()
        for (expected, outcome) in script.asks {
            #expect(Self.text(action) == expected)
            action = write.replied(outcome)
        }
        #expect(Self.text(action) == script.end)
    }

    /// Whoever runs it is at fault then: a debug build ends, and says so.
    @Test func whatItsStateDoesNotExpectIsAFault() async {
        #if DEBUG
        await #expect(processExitsWith: .failure) {
            var write = Write(only: .old)
            _ = write.replied(.accepted)
        }
        await #expect(processExitsWith: .failure) {
            var write = Write(only: .old)
            _ = (write.start(), write.replied(.accepted), write.replied(.accepted))
        }
        await #expect(processExitsWith: .failure) {
            var write = RecordWrite(.update, WriteMeans.none, WriteGrayKeys())
            _ = (write.start(), write.singlesFound())
        }
        #endif
    }

    static func text(_ action: WriteAction) -> String {
        switch action {
        case .call(let side): "call \(side)"
        case .put(let side, let mode): "put \(side) \(mode)"
        case .place(let side): "place \(side)"
        case .lookUp(let side): "look up \(side)"
        case .tryCall(let side): "try \(side)"
        case .erase(let side): "erase \(side)"
        case .eraseFound(let side): "erase found \(side)"
        case .end(let end): text(end)
        case .ignore: "ignore"
        }
    }

    static func text(_ end: WriteEnd) -> String {
        let names: [(WriteEffects, String)] = [
            (.dirty, "dirty"), (.stuck, "stuck"), (.notCopied, "not copied"), (.unmigrated, "unmigrated"),
            (.unsettled, "unsettled"),
        ]
        return ([end.answer.description] + names.filter { end.effects.contains($0.0) }.map(\.1)).joined(separator: ", ")
    }

    static func script(
        _ name: String, _ write: Write, _ asks: [(action: String, outcome: WriteOutcome)], _ end: String
    ) -> Script { Script(name: name, write: write, asks: asks, end: end) }

    static let refused = WriteOutcome.rejected(.invalidArgument)
    static let lost = WriteOutcome.unknown(.unavailable)
    static let failed = WriteOutcome.ambiguous(.internal)
}

extension WriteTests {
    static func update(_ stage: Stage, put: Bool = true) -> Write {
        Write(update: stage, puts: PutMeans(overwrite: put, insert: put))
    }

    static let updates: [Script] = [
        script(
            "update at dualOld goes to both, the follower as an overwrite", update(.dualOld),
            [("call old", .accepted), ("put new overwrite", .accepted)], "reply of old"),
        script(
            "update at dualNew goes to both", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", .accepted)], "reply of new"),
        script(
            "update at newMirrored inserts what old lacks", update(.newMirrored),
            [("call new", .accepted), ("put old overwriteOrInsert", .accepted)], "reply of new"),
        script(
            "update without put sends the call itself", update(.dualOld, put: false),
            [("call old", .accepted), ("call new", .accepted)], "reply of old"),
        script(
            "update leaves a follower without the record alone", update(.dualOld),
            [("call old", .accepted), ("put new overwrite", .absent)], "reply of old, not copied"),
        script(
            "update at newMirrored that old cannot take is dirty", update(.newMirrored, put: false),
            [("call new", .accepted), ("call old", .absent)], "partial without old, dirty"),
        script(
            "update of a record born on new belongs to new", update(.dualOld),
            [("call old", .absent), ("call new", .accepted)], "reply of new, not copied"),
        script(
            "update of a record not copied yet belongs to old", update(.dualNew),
            [("call new", .absent), ("call old", .accepted)], "reply of old, not copied, unmigrated"),
        script(
            "update of no record is the authority's not found", update(.dualNew),
            [("call new", .absent), ("call old", .absent)], "reply of new"),
        script(
            "update at newMirrored does not ask old for what new lacks", update(.newMirrored),
            [("call new", .absent)], "reply of new"),
        script(
            "update absent here and unreachable there is no not found", update(.dualOld),
            [("call old", .absent), ("call new", .unreachable)], "new unreachable"),
        script(
            "update absent here and refused there is that refusal", update(.dualOld),
            [("call old", .absent), ("call new", refused)], "reply of new"),
        script(
            "update absent here and lost there is unknown", update(.dualOld),
            [("call old", .absent), ("call new", lost)], "unknown on new UNAVAILABLE, dirty, unsettled"),
        script(
            "update that the authority refuses leaves the follower alone", update(.dualOld),
            [("call old", refused)], "reply of old"),
        script(
            "update with the authority unreachable writes nothing", update(.dualNew),
            [("call new", .unreachable)], "new unreachable"),
        script(
            "update lost on the way to the authority is unknown", update(.dualNew),
            [("call new", .unknown(.deadlineExceeded))], "unknown on new DEADLINE_EXCEEDED, dirty, unsettled"),
        script(
            "update whose handler failed is told in its words and the lane stays open", update(.dualOld),
            [("call old", failed)], "reply of old, dirty"),
        script(
            "update whose handler failed on the follower is dirty", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", failed)], "partial without old, dirty"),
        script(
            "update that the follower refuses is stuck", update(.dualOld),
            [("call old", .accepted), ("put new overwrite", refused)], "partial without new, dirty, stuck"),
        script(
            "update with the follower unreachable is dirty", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", .unreachable)], "partial without old, dirty"),
        script(
            "update lost on the way to the follower is dirty and unsettled", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", lost)], "partial without old, dirty, unsettled"),
    ]

    static func delete(_ stage: Stage, _ judgement: DeleteJudgement = .trial) -> Write {
        Write(delete: stage, judgement: judgement)
    }

    /// Between stores (contract, 4.7): tried on the authority, the follower's row read, then removed as it was read.
    static let deletes: [Script] = [
        script(
            "delete at dualOld is tried on old, takes the follower first", delete(.dualOld),
            [
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .accepted),
                ("call old", .accepted),
            ],
            "reply of old"),
        script(
            "delete at dualNew is tried on new, takes the follower first", delete(.dualNew),
            [
                ("try new", .accepted), ("look up old", .accepted), ("erase found old", .accepted),
                ("call new", .accepted),
            ],
            "reply of new"),
        script(
            "delete at newMirrored takes new first and old as it is", delete(.newMirrored),
            [("call new", .accepted), ("erase old", .accepted)], "reply of new"),
        script(
            "delete of a record that the follower lacks", delete(.dualOld),
            [("try old", .accepted), ("look up new", .absent), ("call old", .accepted)], "reply of old"),
        script(
            "delete of a record that only the follower has is the follower's to judge", delete(.dualOld),
            [("try old", .absent), ("call new", .accepted)], "reply of new"),
        script(
            "delete that the only side with the record refuses", delete(.dualNew),
            [("try new", .absent), ("call old", refused)], "reply of old"),
        script(
            "delete of no record is the authority's not found", delete(.dualNew),
            [("try new", .absent), ("call old", .absent)], "reply of new"),
        script(
            "delete absent here and unreachable there is no not found", delete(.dualNew),
            [("try new", .absent), ("call old", .unreachable)], "old unreachable"),
        script(
            "delete absent here and lost there is unknown", delete(.dualNew),
            [("try new", .absent), ("call old", lost)], "unknown on old UNAVAILABLE, dirty, unsettled"),
        script(
            "delete that the authority refuses changes nothing", delete(.dualOld), [("try old", refused)],
            "reply of old"),
        script(
            "delete with the authority unreachable changes nothing", delete(.dualNew), [("try new", .unreachable)],
            "new unreachable"),
        script(
            "delete whose trial is lost changes nothing", delete(.dualNew), [("try new", lost)],
            "new failed UNAVAILABLE"),
        script(
            "delete with the follower's row unreadable changes nothing", delete(.dualOld),
            [("try old", .accepted), ("look up new", refused)], "reply of new"),
        script(
            "delete with the follower unreachable changes nothing", delete(.dualNew),
            [("try new", .accepted), ("look up old", .unreachable)], "old unreachable"),
        script(
            "delete that the follower refuses changes nothing", delete(.dualNew),
            [("try new", .accepted), ("look up old", .accepted), ("erase found old", refused)], "reply of old"),
        script(
            "delete lost on the way to the follower is unknown", delete(.dualNew),
            [("try new", .accepted), ("look up old", .accepted), ("erase found old", lost)],
            "unknown on old UNAVAILABLE, dirty, unsettled"),
        script(
            "delete whose follower's row has changed begins again", delete(.dualOld),
            [
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .rejected(.aborted)),
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .accepted),
                ("call old", .accepted),
            ], "reply of old"),
        script(
            "delete whose follower's row changes for ever ends", delete(.dualOld),
            Array(
                repeating: [
                    ("try old", .accepted), ("look up new", .accepted), ("erase found new", .rejected(.aborted)),
                ], count: 3
            ).flatMap { $0 }, "reply of new"),
        script(
            "delete that the authority refuses late is not restored but told", delete(.dualOld),
            [
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .accepted),
                ("call old", refused),
            ],
            "reply of old, dirty, not copied"),
        script(
            "delete that the authority cannot do late is partial", delete(.dualOld),
            [
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .accepted),
                ("call old", .unreachable),
            ], "partial without old, dirty, not copied"),
        script(
            "delete refused late with nothing taken leaves nothing behind", delete(.dualOld),
            [("try old", .accepted), ("look up new", .absent), ("call old", refused)], "reply of old"),
        script(
            "delete unreachable late with nothing taken is tried again safely", delete(.dualOld),
            [("try old", .accepted), ("look up new", .absent), ("call old", .unreachable)], "old unreachable"),
        script(
            "delete lost on the way to the authority is unknown", delete(.dualNew),
            [("try new", .accepted), ("look up old", .accepted), ("erase found old", .accepted), ("call new", lost)],
            "unknown on new UNAVAILABLE, dirty, unsettled"),
        script(
            "delete that somebody else has finished", delete(.dualOld),
            [
                ("try old", .accepted), ("look up new", .accepted), ("erase found new", .accepted),
                ("call old", .absent),
            ], "reply of new"),
        script(
            "delete that new refuses at newMirrored leaves old alone", delete(.newMirrored), [("call new", refused)],
            "reply of new"),
        script(
            "delete lost at newMirrored leaves old alone", delete(.newMirrored), [("call new", lost)],
            "unknown on new UNAVAILABLE, dirty, unsettled"),
        script(
            "delete at newMirrored of what only old has is judged by old and not found", delete(.newMirrored),
            [("call new", .absent), ("call old", refused)], "reply of new"),
        script(
            "delete at newMirrored that old may still do", delete(.newMirrored),
            [("call new", .absent), ("call old", lost)], "reply of new, dirty, unsettled"),
        script(
            "delete at newMirrored that old refuses is stuck", delete(.newMirrored),
            [("call new", .accepted), ("erase old", refused)], "partial without old, dirty, stuck"),
        script(
            "delete at newMirrored with old unreachable is dirty", delete(.newMirrored),
            [("call new", .accepted), ("erase old", .unreachable)], "partial without old, dirty"),
        script(
            "delete at newMirrored of what old lacks", delete(.newMirrored),
            [("call new", .accepted), ("erase old", .absent)], "reply of new"),
    ]

    /// A service cannot try a delete; its look-up says whether the record is there, and without one nothing does.
    static let deletesOfServices: [Script] = [
        script(
            "delete of a service looks up on the authority", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", .accepted), ("call old", .accepted)], "reply of old"),
        script(
            "delete of a service of what only the follower has", delete(.dualNew, .lookUp),
            [("look up new", .absent), ("call old", .accepted)], "reply of old"),
        script(
            "delete of a service of no record", delete(.dualNew, .lookUp),
            [("look up new", .absent), ("call old", .absent)], "reply of new"),
        script(
            "delete of a service whose look-up judges the request is refused in its words", delete(.dualOld, .lookUp),
            [("look up old", refused)], "reply of old"),
        script(
            "delete of a service whose look-up fails changes nothing", delete(.dualOld, .lookUp),
            [("look up old", failed)], "old failed INTERNAL"),
        script(
            "delete of a service refused late is told", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", .accepted), ("call old", refused)],
            "reply of old, dirty, not copied"),
        // The record was just found: NOT_FOUND is said of something else then, and is a definite rejection (4.7).
        script(
            "delete of a service refused late as absent is told", delete(.dualNew, .lookUp),
            [("look up new", .accepted), ("erase old", .accepted), ("call new", .absent)],
            "reply of new, dirty, not copied"),
        script(
            "delete of a service refused as absent with nothing taken", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", .absent), ("call old", .absent)], "reply of old"),
        script(
            "delete of a service that fails late is told", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", .accepted), ("call old", failed)],
            "reply of old, dirty, not copied"),
        script(
            "delete of a service that aborts does not begin again", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", .rejected(.aborted))], "reply of new"),
        script(
            "delete of a service whose follower fails may have been made there", delete(.dualOld, .lookUp),
            [("look up old", .accepted), ("erase new", failed)], "reply of new, dirty"),
        script(
            "delete without look-up sends the call to both", delete(.dualOld, .none),
            [("erase new", .absent), ("call old", .accepted)], "reply of old"),
        script(
            "delete without look-up of what only the follower has", delete(.dualOld, .none),
            [("erase new", .accepted), ("call old", .absent)], "reply of new"),
        script(
            "delete without look-up refused by the authority alone changes nothing", delete(.dualOld, .none),
            [("erase new", .absent), ("call old", refused)], "reply of old"),
        script(
            "delete without look-up lost on the way to the follower is unknown", delete(.dualNew, .none),
            [("erase old", lost)], "unknown on old UNAVAILABLE, dirty, unsettled"),
    ]

    static func insert(_ stage: Stage, _ rule: InsertRule = .new, guards: Bool = true, put: Bool = true) -> Write {
        Write(insert: stage, rule: rule, guards: guards, puts: PutMeans(overwrite: put, insert: put))
    }

    static let inserts: [Script] = [
        script(
            "insert asks old and goes to new", insert(.dualOld),
            [("look up old", .absent), ("call new", .accepted)], "reply of new"),
        script(
            "insert of what old has already exists", insert(.dualNew),
            [("look up old", .accepted)], "exists on old"),
        script(
            "insert with old unreachable is refused", insert(.dualNew), [("look up old", .unreachable)],
            "old unreachable"),
        script(
            "insert whose guard fails is refused", insert(.dualNew), [("look up old", lost)],
            "old failed UNAVAILABLE"),
        script(
            "insert without guard goes straight to new", insert(.dualOld, guards: false),
            [("call new", .accepted)], "reply of new"),
        script(
            "insert that new refuses", insert(.dualOld, guards: false), [("call new", refused)], "reply of new"),
        script(
            "insert with new unreachable", insert(.dualOld, guards: false), [("call new", .unreachable)],
            "new unreachable"),
        script(
            "insert lost is unknown", insert(.dualOld, guards: false), [("call new", lost)],
            "unknown on new UNAVAILABLE, dirty, unsettled"),
        script(
            "insert on both at dualOld begins with old", insert(.dualOld, .both),
            [("call old", .accepted), ("put new overwriteOrInsert", .accepted)], "reply of old"),
        script(
            "insert on both at dualNew asks old first", insert(.dualNew, .both),
            [("look up old", .absent), ("call new", .accepted), ("put old overwriteOrInsert", .accepted)],
            "reply of new"),
        script(
            "insert on both without put", insert(.dualOld, .both, put: false),
            [("call old", .accepted), ("call new", refused)], "partial without new, dirty, stuck"),
        script(
            "insert whose handler failed is told in its words", insert(.dualOld, guards: false),
            [("call new", failed)], "reply of new, dirty"),
        script("insert on old only", insert(.dualOld, .old), [("call old", .accepted)], "reply of old"),
        script(
            "insert at newMirrored goes to new, then old, whatever the rule", insert(.newMirrored, .new),
            [("look up old", .absent), ("call new", .accepted), ("put old overwriteOrInsert", .accepted)],
            "reply of new"),
    ]

    static func upsert(_ stage: Stage, _ rule: InsertRule = .new) -> Write {
        Write(upsert: stage, rule: rule, puts: PutMeans(overwrite: true, insert: true))
    }

    static let upserts: [Script] = [
        script(
            "upsert of what the authority has is an update", upsert(.dualOld),
            [("look up old", .accepted), ("call old", .accepted), ("put new overwrite", .accepted)], "reply of old"),
        script(
            "upsert of what only the other side has stays there", upsert(.dualNew),
            [("look up new", .absent), ("look up old", .accepted), ("call old", .accepted)],
            "reply of old, not copied, unmigrated"),
        script(
            "upsert of what only new has at dualOld", upsert(.dualOld),
            [("look up old", .absent), ("look up new", .accepted), ("call new", .accepted)],
            "reply of new, not copied"),
        script(
            "upsert of nothing is an insert", upsert(.dualOld),
            [("look up old", .absent), ("look up new", .absent), ("call new", .accepted)], "reply of new"),
        script(
            "upsert of nothing on both", upsert(.dualNew, .both),
            [
                ("look up new", .absent), ("look up old", .absent), ("call new", .accepted),
                ("put old overwriteOrInsert", .unreachable),
            ], "partial without old, dirty"),
        script(
            "upsert at newMirrored of what new lacks", upsert(.newMirrored),
            [("look up new", .absent), ("call new", .accepted), ("put old overwriteOrInsert", .accepted)],
            "reply of new"),
        script(
            "upsert with the authority unreachable", upsert(.dualOld), [("look up old", .unreachable)],
            "old unreachable"),
        script(
            "upsert with the other side failing", upsert(.dualOld), [("look up old", .absent), ("look up new", lost)],
            "new failed UNAVAILABLE"),
        script(
            "upsert lost on the other side", upsert(.dualNew),
            [("look up new", .absent), ("look up old", .accepted), ("call old", lost)],
            "unknown on old UNAVAILABLE, dirty, unsettled"),
        // The record was just found: NOT_FOUND is said of something else then, and is a definite rejection (4.3).
        script(
            "upsert that the authority refuses as absent", upsert(.dualNew),
            [("look up new", .accepted), ("call new", .absent)], "reply of new"),
        script(
            "upsert that the other side refuses as absent", upsert(.dualOld),
            [("look up old", .absent), ("look up new", .accepted), ("call new", .absent)], "reply of new"),
        script(
            "upsert that the follower refuses as absent",
            Write(upsert: .dualOld, rule: .new, puts: PutMeans(overwrite: false, insert: false)),
            [("look up old", .accepted), ("call old", .accepted), ("call new", .absent)],
            "partial without new, dirty"),
    ]
}

extension WriteMeans {
    /// A service that has the client's own call alone.
    static let none = WriteMeans(
        puts: PutMeans(overwrite: false, insert: false), hasLookUp: false, hasErase: false, inserts: .new,
        guardsInserts: false, isInStores: false, isOfSeveral: false)
}
