package import WireFormat

/// What the shell is to do next for a write.
package enum WriteAction: Sendable, Equatable {
    /// Send the client's own call to this side.
    case call(Side)
    /// Make this side's row the record that the other side has answered with.
    case put(Side, PutMode)
    /// The same, where a row is inserted, if this side still has what `lookUp` found there: ABORTED else. A service
    /// cannot tell, and is not asked before.
    case place(Side)
    /// Ask this side whether it has the record; the row is kept for `place` and `eraseFound`.
    case lookUp(Side)
    /// Have this side carry the client's own call out and roll it back: it is judged, and nothing is changed.
    case tryCall(Side)
    /// Take the record from this side, whatever version it has there.
    case erase(Side)
    /// Take the row from this side that `lookUp` found there: ABORTED if it is another one by now.
    case eraseFound(Side)
    case end(WriteEnd)
    /// The event was not expected in this state: nothing is to be done.
    case ignore

    /// The same; a fault of who runs the machine, which ends a debug build.
    static func unexpected() -> WriteAction {
        assertionFailure("a write is told of what its state does not expect")
        return .ignore
    }

    static func end(_ answer: WriteAnswer, _ effects: WriteEffects = .none) -> WriteAction {
        .end(WriteEnd(answer: answer, effects: effects))
    }
}

/// By what means the sides can be given a whole record, where its new state is to be written and not the change.
package struct PutMeans: Sendable, Equatable {
    /// In place of a row that is there, which a missing row refuses.
    package let overwrite: Bool
    /// In place of a row, or as a new one.
    package let insert: Bool

    package init(overwrite: Bool, insert: Bool) {
        self.overwrite = overwrite
        self.insert = insert
    }
}

/// What becomes of a row that the follower does not have.
package enum PutMode: UInt8, Sendable {
    /// Left alone: at the stages that fall back, absence is no proof of anything.
    case overwrite
    /// Inserted: at `newMirrored`, and where the authority has just inserted it.
    case overwriteOrInsert
}

/// The end of a write: what the client is told, and what is to be noted.
package struct WriteEnd: Sendable, Equatable {
    package let answer: WriteAnswer
    package var effects: WriteEffects

    package init(answer: WriteAnswer, effects: WriteEffects) {
        self.answer = answer
        self.effects = effects
    }
}

package enum WriteAnswer: Sendable, Equatable {
    /// The reply of that side to `call`, as it is.
    case reply(of: Side)
    /// `ALREADY_EXISTS`: that side, which was asked before the insert, has the record.
    case alreadyExists(on: Side)
    /// `UNAVAILABLE`: nothing was written.
    case fail(Side, SingleQuery.SideFailure)
    /// `ABORTED` `partial-write`: the other side has the write, this side does not.
    case partial(missing: Side)
    /// The deadline's status, or `UNKNOWN` `outcome-unknown`.
    case outcomeUnknown(Side, GRPCStatus)
}

extension WriteAnswer: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reply(let side): "reply of \(side.name)"
        case .alreadyExists(let side): "exists on \(side.name)"
        case .fail(let side, .unreachable): "\(side.name) unreachable"
        case .fail(let side, .failed(let status)): "\(side.name) failed \(status.name)"
        case .partial(let side): "partial without \(side.name)"
        case .outcomeUnknown(let side, let status): "unknown on \(side.name) \(status.name)"
        }
    }
}

/// What a write leaves behind, to be counted and logged, and repaired where there is a journal.
package struct WriteEffects: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static var none: WriteEffects { WriteEffects(rawValue: 0) }
    /// The two sides may differ.
    package static var dirty: WriteEffects { WriteEffects(rawValue: 1) }
    /// The follower definitely refuses the record.
    package static var stuck: WriteEffects { WriteEffects(rawValue: 2) }
    /// The record is on one side only and is still to be copied.
    package static var notCopied: WriteEffects { WriteEffects(rawValue: 4) }
    /// At `dualNew` old had the record and new did not.
    package static var unmigrated: WriteEffects { WriteEffects(rawValue: 8) }
    /// A write may still take effect: the lane must stay closed until it cannot.
    package static var unsettled: WriteEffects { WriteEffects(rawValue: 16) }
}

/// What a follower's reply means once the authority has accepted.
struct FollowerEnd {
    let authority: Side

    var side: Side { authority.other }

    /// - Parameter absentIsDirty: an absent row had to be made here and could not be.
    func end(_ outcome: WriteOutcome, absentIsDirty: Bool = false) -> WriteAction {
        switch outcome {
        case .accepted: .end(.reply(of: authority))
        case .absent where absentIsDirty: .end(.partial(missing: side), .dirty)
        case .absent: .end(.reply(of: authority), .notCopied)
        case .rejected: .end(.partial(missing: side), [.dirty, .stuck])
        case .unreachable, .ambiguous: .end(.partial(missing: side), .dirty)
        case .unknown: .end(.partial(missing: side), [.dirty, .unsettled])
        }
    }
}

/// What an ask that came to nothing means while no side has changed.
enum FirstFailure {
    /// Nil for outcomes that are no failure.
    static func end(_ side: Side, _ outcome: WriteOutcome) -> WriteAction? {
        switch outcome {
        case .accepted, .absent: nil
        case .rejected: .end(.reply(of: side))
        case .unreachable: .end(.fail(side, .unreachable))
        // In the side's own words, as where it is asked alone.
        case .ambiguous: .end(.reply(of: side), .dirty)
        case .unknown(let status): .end(.outcomeUnknown(side, status), [.dirty, .unsettled])
        }
    }

    /// The same for a look-up or a trial, which changes nothing whatever becomes of it.
    static func end(lookUp side: Side, _ outcome: WriteOutcome) -> WriteAction? {
        switch outcome {
        case .accepted, .absent: nil
        case .unreachable: .end(.fail(side, .unreachable))
        // It would say so of the write as well.
        case .rejected(let status) where status.judgesRequest: .end(.reply(of: side))
        case .rejected(let status), .ambiguous(let status), .unknown(let status): .end(.fail(side, .failed(status)))
        }
    }
}
