/// Who is to hear that a lane was left.
package enum LaneLeft<Ticket: Sendable>: Sendable {
    /// Its turn has come.
    case toNext(Ticket?)
    /// They wait for nothing: the lane is closed.
    case closed([Ticket])
}

extension RecordState {
    /// The write that holds the lane is over, and leaves it: what it leaves behind is noted at once.
    ///
    /// - Parameters:
    ///   - until: when the quiet period of a write of unknown outcome is over, monotonic nanoseconds.
    package mutating func end(
        _ closing: WriteClosing, _ grayKeys: WriteGrayKeys, until: UInt64, _ switches: ChangingSwitches
    ) -> LaneLeft<Ticket> {
        noteMove(closing, grayKeys, switches.later(of: grayKeys.after))
        judged(closing.verdict) { switches.both(of: $0, grayKeys) }
        if closing.isUnsettled, closing.isDouble {
            return .closed(self.close(until: until, isDirty: closing.isEqual == false))
        }
        if closing.isUnsettled { lost(until: until, closing.stage, grayKey: grayKeys.noted) }
        // That a service has no record under one key does not say that it has none under another.
        let mayBeLeft = closing.isDelete && !closing.isInStores && isKept
        return .toNext(
            leave(isEqual: mayBeLeft ? nil : closing.isEqual, isGone: closing.isDelete && closing.isInStores))
    }

    /// Another gray key than before, and so another stage. A change that is being made may have pinned what was not at
    /// rest already.
    private mutating func noteMove(_ closing: WriteClosing, _ grayKeys: WriteGrayKeys, _ ofNewKey: Stage?) {
        guard let leftAt = closing.leftAt else { return }
        let key = closing.verdict == .taken ? grayKeys.after : nil
        if let kept = closing.keeps {
            keep(key, at: kept, bySwitches: key == nil ? nil : ofNewKey)
        } else if let key, let ofNewKey {
            moved(key, to: leftAt, bySwitches: ofNewKey)
        }
    }
}
