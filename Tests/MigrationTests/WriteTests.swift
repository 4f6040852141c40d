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

    static let scripts: [Script] = updates + deletes + inserts + upserts

    @Test(arguments: scripts) func pathIsWalked(_ script: Script) {
        var write = script.write
        var action = write.start()
        for (expected, outcome) in script.asks {
            #expect(Self.text(action) == expected)
            action = write.replied(outcome)
        }
        #expect(Self.text(action) == script.end)
        #expect(write.start() == .ignore, "a write starts once")
        if script.asks.count > 0, case .end = action {
            #expect(write.replied(.accepted) == .ignore, "a write ends once")
        }
    }

    @Test func nothingIsDoneBeforeTheStart() {
        for var write in Self.scripts.map(\.write) { #expect(write.replied(.accepted) == .ignore) }
    }

    static func text(_ action: WriteAction) -> String {
        switch action {
        case .call(let side): "call \(side)"
        case .put(let side, let mode): "put \(side) \(mode)"
        case .lookUp(let side): "look up \(side)"
        case .erase(let side): "erase \(side)"
        case .restore(let side): "restore \(side)"
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
            "update that the follower refuses is stuck", update(.dualOld),
            [("call old", .accepted), ("put new overwrite", refused)], "partial without new, dirty, stuck"),
        script(
            "update with the follower unreachable is dirty", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", .unreachable)], "partial without old, dirty"),
        script(
            "update lost on the way to the follower is dirty and unsettled", update(.dualNew),
            [("call new", .accepted), ("put old overwrite", lost)], "partial without old, dirty, unsettled"),
    ]

    static func delete(_ stage: Stage, put: Bool = true) -> Write { Write(delete: stage, canRestore: put) }

    static let deletes: [Script] = [
        script(
            "delete at dualOld takes the follower first", delete(.dualOld),
            [("look up new", .accepted), ("erase new", .accepted), ("call old", .accepted)], "reply of old"),
        script(
            "delete at dualNew takes the follower first", delete(.dualNew),
            [("look up old", .accepted), ("erase old", .accepted), ("call new", .accepted)], "reply of new"),
        script(
            "delete at newMirrored takes new first", delete(.newMirrored),
            [("look up new", .accepted), ("call new", .accepted), ("erase old", .accepted)], "reply of new"),
        script(
            "delete without put sends the call to both", delete(.dualOld, put: false),
            [("erase new", .absent), ("call old", .accepted)], "reply of old"),
        script(
            "delete of a record that only the follower has", delete(.dualOld),
            [("look up new", .accepted), ("erase new", .accepted), ("call old", .absent)], "reply of new"),
        script(
            "delete of no record is the authority's not found", delete(.dualNew),
            [("look up old", .absent), ("erase old", .absent), ("call new", .absent)], "reply of new"),
        script(
            "delete that the authority refuses restores the follower", delete(.dualOld),
            [
                ("look up new", .accepted), ("erase new", .accepted), ("call old", refused),
                ("restore new", .accepted),
            ], "reply of old"),
        script(
            "delete with the authority unreachable restores the follower", delete(.dualOld),
            [
                ("look up new", .accepted), ("erase new", .accepted), ("call old", .unreachable),
                ("restore new", .accepted),
            ], "old unreachable"),
        script(
            "delete whose restore fails is partial", delete(.dualOld),
            [
                ("look up new", .accepted), ("erase new", .accepted), ("call old", refused),
                ("restore new", .unreachable),
            ], "partial without old, dirty, stuck"),
        script(
            "delete whose restore is lost is partial and unsettled", delete(.dualOld),
            [("look up new", .accepted), ("erase new", .accepted), ("call old", .unreachable), ("restore new", lost)],
            "partial without old, dirty, unsettled"),
        script(
            "delete that cannot restore is partial", delete(.dualOld, put: false),
            [("erase new", .accepted), ("call old", .unreachable)], "partial without old, dirty"),
        script(
            "delete refused by the authority alone changes nothing", delete(.dualOld, put: false),
            [("erase new", .absent), ("call old", refused)], "reply of old"),
        script(
            "delete lost on the way to the second side is unknown", delete(.dualNew, put: false),
            [("erase old", .accepted), ("call new", lost)], "unknown on new UNAVAILABLE, dirty, unsettled"),
        script(
            "delete that the follower refuses changes nothing", delete(.dualNew),
            [("look up old", .accepted), ("erase old", refused)], "reply of old"),
        script(
            "delete with the follower unreachable changes nothing", delete(.dualNew),
            [("look up old", .unreachable)], "old unreachable"),
        script(
            "delete lost on the way to the first side is unknown", delete(.dualNew, put: false),
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
    ]
}
