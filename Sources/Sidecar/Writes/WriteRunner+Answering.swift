import Logging
import Migration
import Stores
import WireFormat

/// What the client of a write and whoever looks after the sidecar are told, in the words of the sides.
extension WriteRunner {
    func answer(_ answer: WriteAnswer) {
        switch answer {
        case .reply(let side):
            guard let reply = reply(of: side), !reply.hasLostReply else {
                return call.refuse(.answerTooLarge(side, limit: worker.pointee.limits.messageBytes))
            }
            call.answer(reply.takeReply())
        case .alreadyExists(let side): call.refuse(.alreadyExists(side))
        case .fail(let side, let failure): refuse(side, failure)
        case .partial(let side): call.refuse(.partialWrite(missing: side, words: words(of: side)))
        case .outcomeUnknown(let side, let status):
            call.refuse(.outcomeUnknown(side, status, words: words(of: side)))
        }
    }

    private func reply(of side: Side) -> Ask? { machine.reply(of: side).map { asks[Int($0)] } }

    /// Nothing was written. A store, or a sidecar behind this one, says so in words of its own.
    private func refuse(_ side: Side, _ failure: SingleQuery.SideFailure) {
        let reply = reply(of: side)
        if let store = reply?.storeReply {
            return call.refuse(.storeRefused(store.status, store.detail, by: side))
        }
        switch failure {
        case .failed(let status): call.refuse(.sideFailed(side, reply?.sideWords ?? SideWords(status, words(of: side))))
        case .unreachable:
            if let refusal = asks.last(where: { $0.request.side == side })?.refusal { return call.refuse(refusal) }
            if let answer = reply?.takeReply() { return call.answer(answer) }
            let words = words(of: side)
            call.refuse(.sideUnreachable(side, (words.isEmpty ? "" : "\(words); ") + "nothing was written"))
        }
    }

    func refuseAnother(on side: Side, _ status: GRPCStatus) {
        let words =
            "\(side.name) has another record of this key, of another gray key, which the \(kind.name) would take or "
            + "write over; nothing was written; read the record, and give one of the two another key"
        notMade = (side, words)
        worker.pointee.logs.post(
            .error, "two records of one key",
            [
                "migration": "\(route.pointee.migration)",
                "record": "\(RecordText(lane, of: route.pointee.entities))", "words": "\(words)",
            ])
        call.refuse(.storeRefused(status, words, by: side))
    }

    /// What the side has said last.
    private func words(of side: Side) -> String {
        if let notMade, notMade.side == side { return notMade.words }
        return SideWords.shortened(asks.last { $0.request.side == side }?.words ?? "")
    }

    /// Why the write did not end well, in the words of the side that it failed on.
    private func words(of end: WriteEnd) -> String {
        switch end.answer {
        case .reply where machine.isKeptOtherwise:
            "the follower's row is not what it was given: a trigger of its table changes what is written"
        case .reply(let side): machine.status(of: end) == .ok ? "" : SideWords.shortened(reply(of: side)?.words ?? "")
        case .alreadyExists: ""
        case .fail(let side, _), .partial(let side), .outcomeUnknown(let side, _): words(of: side)
        }
    }

    /// What the write leaves behind is counted, and logged with the record's key: nobody repairs it yet.
    func note(_ end: WriteEnd) {
        let effects = end.effects
        let words = words(of: end)
        worker.pointee.records.recentWrites.note(
            lane, kind: kind, stage: call.pointee.stage, epoch: call.pointee.epoch, end, machine.status(of: end), words)
        if effects.contains(.unmigrated) { call.count(.unmigratedWrites) }
        if effects.contains(.notCopied) { call.count(.recordsNotCopied) }
        if effects.contains(.stuck) { call.count(.recordsStuck) }
        if effects.contains(.unsettled) { call.count(.writesUnsettled) }
        if case .partial = end.answer { call.count(.followerFailures) }
        guard effects.contains(.dirty) else { return }
        call.count(.recordsDirty)
        worker.pointee.logs.post(
            .error, "the two sides of a record may differ",
            [
                "migration": "\(route.pointee.migration)", "record": "\(RecordText(lane, of: route.pointee.entities))",
                "kind": "\(kind.name)", "end": "\(end.answer)", "stuck": "\(effects.contains(.stuck))",
                "words": "\(words)",
            ])
    }
}
