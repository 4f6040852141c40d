package import WireFormat

/// A decided write: which requests its procedure becomes, what the replies are good for, and what is left behind.
extension RecordWrite {
    /// The ask has ended.
    package mutating func replied(_ reply: WriteReply, at moment: WriteMoment) -> WriteSteps {
        guard state == .asking, let ask = current else { return unexpected("a reply") }
        (current, lastAsked) = (nil, ask.side)
        // What was not sent was not asked for.
        if isFirstChange, reply.outcome == .unreachable { hasAskedForChange = false }
        isFirstChange = false
        if let side = misfit { return followerLookedUp(for: side, reply.outcome, at: moment) }
        switch ask.request {
        case .call:
            keepOfCall(ask, reply)
            noteGone(ask.side, reply.outcome)
            if reply.isMisfit { return misfits(ask.side, at: moment) }
        case .trial: keepOfCall(ask, reply)
        case .lookUp:
            found = reply.outcome == .accepted ? ask.number : nil
            if reply.outcome != .accepted { keep(ask, reply) }
            if reply.outcome == .accepted, let other = reply.otherKey, other.isAnotherRecord(on: ask.side) {
                return refuseAnother(on: ask.side)
            }
        case .put, .place:
            keep(ask, reply)
            isKeptOtherwise = reply.outcome == .accepted && reply.isKeptOtherwise
        case .erase, .eraseFound:
            keep(ask, reply)
            noteGone(ask.side, reply.outcome)
        }
        return perform(procedure.replied(reply.outcome), at: moment)
    }

    /// The request could not be made of the replies that there are: the side was not asked.
    package mutating func notMade(at moment: WriteMoment) -> WriteSteps {
        guard state == .asking, current != nil else { return unexpected("a request that could not be made") }
        current = nil
        asks -= 1
        if misfit != nil {
            misfit = nil
            return perform(procedure.replied(.rejected(.failedPrecondition)), at: moment)
        }
        return perform(procedure.replied(.rejected(.internal)), at: moment)
    }

    /// The number of the ask whose reply the client may be given.
    package func reply(of side: Side) -> UInt8? { noted(side)?.ask }

    // MARK: - What the procedure says

    mutating func perform(_ action: WriteAction, at moment: WriteMoment) -> WriteSteps {
        if case .end = action {} else { lastWasPut = false }
        switch action {
        case .call(let side): return call(side, at: moment)
        case .tryCall(let side): return ask(side, .trial, .client)
        case .lookUp(let side): return ask(side, .lookUp(readsGrayKey: judgesFound), .client)
        // A delete that has no such method is itself one.
        case .erase(let side), .eraseFound(let side):
            guard means.hasErase else { return call(side, at: moment) }
            let isOfFound = action == .eraseFound(side)
            return change(side, isOfFound ? .eraseFound : .erase, .follower, at: moment)
        case .put(let side, let mode):
            lastWasPut = true
            return change(side, .put(mode), .follower, at: moment)
        case .place(let side):
            lastWasPut = true
            // What the look-up has said is no answer to a write.
            note(side, nil)
            return change(side, .place, .follower, at: moment)
        case .end(let end): return self.end(end)
        case .ignore: return unexpected("no action of its procedure")
        }
    }

    private mutating func call(_ side: Side, at moment: WriteMoment) -> WriteSteps {
        // The second side is asked to the end, however little time the client has left.
        let isFirst = !hasAskedForChange
        let isFollowed = !isSingle && (kind == .update || kind == .upsert) && side == stage?.authority
        let request = WriteAsk.Request.call(checksFollower: isFirst && checksFollower && isFollowed)
        return change(side, request, isFirst ? .client : .clientOrFollower, at: moment)
    }

    /// The first side is asked for a change only while its client waits and has time left.
    private mutating func change(
        _ side: Side, _ request: WriteAsk.Request, _ deadline: WriteAsk.Deadline, at moment: WriteMoment
    ) -> WriteSteps {
        if !hasAskedForChange, moment.isOver || isTooLate(moment) { return closed(refusing: .deadlinePassed) }
        isFirstChange = !hasAskedForChange
        hasAskedForChange = true
        return ask(side, request, deadline)
    }

    private mutating func ask(
        _ side: Side, _ request: WriteAsk.Request, _ deadline: WriteAsk.Deadline
    ) -> WriteSteps {
        let ask = WriteAsk(
            side: side, request: request, deadline: deadline, number: asks, of: written, found: found)
        current = ask
        asks += 1
        return WriteSteps(.ask(ask))
    }

    // MARK: - What the replies say

    private func noted(_ side: Side) -> Reply? { side == .old ? replies.old : replies.new }

    private mutating func note(_ side: Side, _ reply: Reply?) {
        if side == .old { replies.old = reply } else { replies.new = reply }
    }

    private mutating func keepOfCall(_ ask: WriteAsk, _ reply: WriteReply) {
        note(ask.side, Reply(ask: ask.number, status: reply.status))
        if reply.outcome == .accepted { written = ask.number }
    }

    /// A reply to a request of the sidecar's own is the answer where the side refuses it, or has said nothing else.
    private mutating func keep(_ ask: WriteAsk, _ reply: WriteReply) {
        switch reply.outcome {
        case .accepted, .absent: if noted(ask.side) != nil { return }
        case .rejected, .unreachable, .ambiguous: break
        case .unknown: return
        }
        note(ask.side, Reply(ask: ask.number, status: reply.status))
    }

    private mutating func noteGone(_ side: Side, _ outcome: WriteOutcome) {
        guard kind == .delete else { return }
        switch outcome {
        case .accepted: (gone, hasErased) = (gone.union(SideSet(side)), true)
        case .absent: gone.formUnion(SideSet(side))
        default: break
        }
    }

    /// What the other side cannot hold matters only if it has the record, or would be given it: else the call is made
    /// as it is.
    private mutating func misfits(_ side: Side, at moment: WriteMoment) -> WriteSteps {
        guard stage != .newMirrored, movesTo == nil, means.hasLookUp else {
            return perform(procedure.replied(.rejected(.failedPrecondition)), at: moment)
        }
        misfit = side
        return ask(side.other, .lookUp(readsGrayKey: false), .client)
    }

    private mutating func followerLookedUp(
        for side: Side, _ outcome: WriteOutcome, at moment: WriteMoment
    ) -> WriteSteps {
        misfit = nil
        if outcome == .accepted { return perform(procedure.replied(.rejected(.failedPrecondition)), at: moment) }
        checksFollower = false
        hasAskedForChange = false
        return call(side, at: moment)
    }

    /// Whether what a look-up finds under the record's key may be no row of this record that a write has missed, but a
    /// record in its own right: it has another gray key, by which it is found there.
    private var judgesFound: Bool {
        (kind == .delete || movesTo != nil) && means.isInStores && (grayKeys.present != nil || grayKeys.hasNone)
    }

    /// Nothing has changed yet.
    private mutating func refuseAnother(on side: Side) -> WriteSteps {
        let status = kind == .delete ? GRPCStatus.failedPrecondition : .aborted
        let steps = WriteSteps(.refuse(.anotherRecord(on: side, status)), .note(.anotherRecord(on: side, status)))
        return closed(steps, WriteClosing(stage ?? .old))
    }

    // MARK: - The end

    private mutating func end(_ end: WriteEnd) -> WriteSteps {
        var end = end
        if isKeptOtherwise { end.effects.formUnion(.dirty) }
        return closed(WriteSteps(isSingle ? nil : .note(end), .answer(end.answer)), closing(end))
    }

    /// What the client is told where a side's own reply is the answer.
    package func status(of end: WriteEnd) -> GRPCStatus {
        guard case .reply(let side) = end.answer else { return .ok }
        return noted(side)?.status ?? .ok
    }

    private func closing(_ end: WriteEnd) -> WriteClosing {
        let stage = stage ?? .old
        var closing = WriteClosing(stage)
        closing.verdict = verdict(of: end)
        closing.isDouble = !isSingle
        closing.isUnsettled = end.effects.contains(.unsettled)
        closing.isEqual = isEqual(end)
        closing.isDelete = kind == .delete
        closing.isInStores = means.isInStores
        guard movesTo != nil || grayKeys.isMove else { return closing }
        closing.leftAt = movesTo ?? stage
        if case .partial(let missing) = end.answer {
            closing.keeps = missing == .new ? .dualOld : .dualNew
        } else if closing.verdict == .unclear, stage.isDouble {
            // Its authority has it under the one key or the other.
            closing.keeps = stage
        }
        return closing
    }

    private func verdict(of end: WriteEnd) -> WriteVerdict {
        if case .partial = end.answer { return .taken }
        if case .reply = end.answer, status(of: end) == .ok { return .taken }
        if case .outcomeUnknown = end.answer { return .unclear }
        return end.effects.isDisjoint(with: [.dirty, .unsettled]) ? .refused : .unclear
    }

    /// Whether the sides cannot differ now: both have the record, or one at most; nil: as before.
    private func isEqual(_ end: WriteEnd) -> Bool? {
        if isSingle { return nil }
        if end.effects.contains(.dirty) { return false }
        // What was not copied is on one side alone: that says nothing of a record that was to be on both.
        if end.effects.contains(.notCopied) { return nil }
        if hasErased, gone == SideSet.both { return true }
        guard case .reply = end.answer, written != nil, status(of: end) == .ok else { return nil }
        let isOnOneSide = movesTo.map { !$0.isDouble } ?? false
        return lastWasPut || kind == .delete || isOnOneSide ? true : nil
    }
}

extension WriteEnd {
    /// A side has another record of this key; nothing was written.
    fileprivate static func anotherRecord(on side: Side, _ status: GRPCStatus) -> WriteEnd {
        WriteEnd(answer: .fail(side, .failed(status)), effects: .none)
    }
}
