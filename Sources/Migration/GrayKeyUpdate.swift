import WireFormat

/// An update that gives a record another gray key, whose stage is another one (contract, 3; decision 0017).
///
///     ready --start--> authority --accepted-----------------------> settling in
///                      authority --absent, stage falls back--> other --accepted--> settling in
///                      authority, other --anything else---------------------------> done
///
///     settling in: placing --accepted, new key at `old`--> erasing --any outcome--> done
///                  placing --anything else, other stages--------------------------> done
///                  following, erasing --any outcome-------------------------------> done
///
///     between stores, where the other side will be the authority: trying --accepted--> reading
///     reading --it is old--> placing first --accepted, new key at `old`--> erasing, other stages--> following
///     reading --it is new--> authority, other
///     trying, reading, placing first --anything else--> done, nothing has changed
///
/// The present key's stage says who is asked, as for any update. What the record then is must be where the new key's
/// stage looks for it, before the client hears of it: *placed* on that stage's authority, inserted if need be, for the
/// other side has it in this lane and it cannot have been deleted. Where that is old, old may refuse what new has
/// accepted (its constraints), and the record would be on new under a key that nobody reads there: so new, where it
/// can, only tries the update out, and old is given the result first. What the side that is given the record has of it
/// is read before a side is changed, and only that is written over: it may be another record of the same key, which its
/// own gray key shows. A key at `old` has nothing on new: the row that
/// nobody would write there any more is *erased*, last of all, so that it cannot come to light, out of date, when that
/// key is enrolled one day. Else the side that will follow is given the record if it has one, as for any update.
///
/// A pinned record may have a stage that no gray key has now. At `newMirrored` and `new` new alone decides: what it
/// does not have is not there, and a row of old is left over from a record that was deleted. On the way from or to
/// `newMirrored` old has to have what new has, and is given the record whether or not it has one.
struct GrayKeyUpdate: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case authority
        /// The present authority does not have the record.
        case other
        /// The side that has the record carries the update out and rolls it back.
        case trying(Side)
        /// What the new stage's authority has is read; this side will be asked for the update.
        case reading(Side)
        /// Old is given what the update makes of the record, before new has it.
        case placingFirst
        /// The new stage's authority is given the record, which the other side has.
        case placing
        /// The new stage's follower is given the record if it has one.
        case following
        case erasing
        case done
    }

    private let present: Stage
    private let next: Stage
    private let puts: PutMeans
    private let tries: Bool
    private var state = State.ready
    /// The side whose reply to the call is the answer.
    private var written = Side.old

    /// - Parameters:
    ///   - present: of the gray key that the record has, or the one that the record is pinned to.
    ///   - next: of the one that it gets; another one.
    ///   - tries: whether a side can try the update out and roll it back.
    init(from present: Stage, to next: Stage, puts: PutMeans, tries: Bool) {
        precondition(present != next, "keys of one stage make an update as any other")
        self.present = present
        self.next = next
        self.puts = puts
        self.tries = tries
    }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        return ask(present.authority)
    }

    /// Asks a side for the update, or tries it out there: where the other side is to be given the result.
    private mutating func ask(_ side: Side) -> WriteAction {
        if tries, side != next.authority {
            state = .trying(side)
            return .tryCall(side)
        }
        return call(side)
    }

    private mutating func call(_ side: Side) -> WriteAction {
        state = side == present.authority ? .authority : .other
        return .call(side)
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done: return .unexpected()
        case .authority: return authorityReplied(outcome)
        case .other: return otherReplied(outcome)
        case .trying(let side): return tried(side, outcome)
        case .reading(let side): return read(side, outcome)
        case .placingFirst: return placedFirst(outcome)
        case .placing: return placed(outcome)
        case .following: return done(FollowerEnd(authority: written).end(outcome, absentIsDirty: isMirrored))
        case .erasing: return done(erased(outcome))
        }
    }

    private mutating func authorityReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            written = present.authority
            return written == next.authority ? follow() : place()
        case .absent where present.fallsBack: return ask(present.authority.other)
        default:
            return done(FirstFailure.end(present.authority, outcome) ?? .end(.reply(of: present.authority)))
        }
    }

    private mutating func otherReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            written = present.authority.other
            if written != next.authority { return place() }
            if isMirrored { return follow() }
            return done(.end(.reply(of: written), onOneSide))
        case .absent: return done(.end(.reply(of: present.authority)))
        default: return done(FirstFailure.end(present.authority.other, outcome) ?? .unexpected())
        }
    }

    private mutating func tried(_ side: Side, _ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            state = .reading(side)
            return .lookUp(next.authority)
        case .absent where side == present.authority && present.fallsBack: return ask(side.other)
        case .absent: return done(.end(.reply(of: present.authority)))
        case .rejected: return done(.end(.reply(of: side)))
        default: return done(FirstFailure.end(lookUp: side, outcome) ?? .unexpected())
        }
    }

    private mutating func read(_ side: Side, _ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted, .absent:
            guard side == .new else { return call(side) }
            state = .placingFirst
            return .place(.old)
        default: return done(FirstFailure.end(lookUp: next.authority, outcome) ?? .unexpected())
        }
    }

    private mutating func placedFirst(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted where next == .old:
            written = .new
            return erase()
        case .accepted:
            written = .old
            state = .following
            return .call(.new)
        // It inserts what is missing.
        case .absent: return done(.end(.fail(.old, .failed(.notFound))))
        default: return done(FirstFailure.end(.old, outcome) ?? .unexpected())
        }
    }

    /// Old has to have what new has.
    private var isMirrored: Bool { present == .newMirrored || next == .newMirrored }

    /// The record is where its new stage looks first, and nowhere else.
    private var onOneSide: WriteEffects {
        var effects: WriteEffects = next.isDouble ? .notCopied : .none
        if present == .dualNew { effects.insert(.unmigrated) }
        return effects
    }

    private mutating func place() -> WriteAction {
        state = .placing
        return tries ? .place(next.authority) : .put(next.authority, .overwriteOrInsert)
    }

    private mutating func follow() -> WriteAction {
        if next == .old { return erase() }
        state = .following
        if isMirrored, puts.insert { return .put(written.other, .overwriteOrInsert) }
        return puts.overwrite ? .put(written.other, .overwrite) : .call(written.other)
    }

    private mutating func erase() -> WriteAction {
        state = .erasing
        return .erase(.new)
    }

    private mutating func placed(_ outcome: WriteOutcome) -> WriteAction {
        if outcome == .accepted, next == .old { return erase() }
        return done(FollowerEnd(authority: written).end(outcome, absentIsDirty: true))
    }

    private func erased(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted, .absent: .end(.reply(of: written))
        case .rejected: .end(.partial(missing: .new), [.dirty, .stuck])
        case .unreachable, .ambiguous: .end(.partial(missing: .new), .dirty)
        case .unknown: .end(.partial(missing: .new), [.dirty, .unsettled])
        }
    }

    private mutating func done(_ action: WriteAction) -> WriteAction {
        state = .done
        return action
    }
}
