import WireFormat

/// How a delete is judged before a side is changed.
package enum DeleteJudgement: Sendable, Equatable {
    /// Not at all: the service has no look-up.
    case none
    /// The authority is asked whether it has the record.
    case lookUp
    /// The authority carries the delete out and rolls it back: version, gray key, constraints, triggers are judged.
    case trial
}

/// A delete at a stage of double writes (contract, 4.7; decision 0021).
///
///     ready --start--> judging --accepted--> reading --found--> follower --gone, absent--> authority --any--> done
///                      judging --absent----> other --any outcome--> done
///                      reading --absent----> authority
///                      follower --another row by now--> judging, a few times
///                      judging, reading, follower --anything else--> done; nothing has changed
///
///     at `newMirrored`: ready --start--> authority --accepted--> other --any outcome--> done
///
/// What the authority's record shows refuses the delete before a side is changed. Where reads fall back the follower
/// goes first: deleted on the authority alone, the record would come back from the follower with the next query. Its
/// row goes by what was read. Where the authority refuses after that all the same, the row is not given back (another
/// sidecar may have deleted the record meanwhile, and would see it live again): the record is told to the operator.
/// At `newMirrored` nobody reads old, so new goes first, and old follows whatever it has.
struct DeleteWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case judging
        case reading
        case follower
        case authority(followerLost: Bool)
        /// The side that alone has the record is sent the client's own call, or old at `newMirrored` follows.
        case other(isAbsent: Bool)
        case done
    }

    /// How often a delete begins again because the follower's row has changed.
    private static let attemptsAtMost = 3

    private let stage: Stage
    private let judgement: DeleteJudgement
    private var attempts = 0
    private var state = State.ready

    init(stage: Stage, judgement: DeleteJudgement) {
        self.stage = stage
        self.judgement = judgement
    }

    private var authority: Side { stage.authority }
    private var follower: Side { authority.other }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        return stage == .newMirrored ? askAuthority(followerLost: false) : judge()
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done: return .unexpected()
        case .judging: return judged(outcome)
        case .reading: return read(outcome)
        case .follower: return followerReplied(outcome)
        case .authority(let followerLost): return authorityReplied(outcome, followerLost)
        case .other(let isAbsent):
            state = .done
            return stage == .newMirrored ? oldReplied(outcome, isAbsent) : otherReplied(outcome)
        }
    }

    // MARK: - Nothing has changed

    private mutating func judge() -> WriteAction {
        attempts += 1
        switch judgement {
        case .none:
            state = .follower
            return .erase(follower)
        case .lookUp:
            state = .judging
            return .lookUp(authority)
        case .trial:
            state = .judging
            return .tryCall(authority)
        }
    }

    private mutating func judged(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted where judgement == .trial:
            state = .reading
            return .lookUp(follower)
        case .accepted:
            state = .follower
            return .erase(follower)
        case .absent:
            state = .other(isAbsent: true)
            return .call(follower)
        case .rejected where judgement == .trial: return done(.end(.reply(of: authority)))
        default: return done(FirstFailure.end(lookUp: authority, outcome) ?? .unexpected())
        }
    }

    private mutating func read(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            state = .follower
            return .eraseFound(follower)
        case .absent: return askAuthority(followerLost: false)
        default: return done(FirstFailure.end(lookUp: follower, outcome) ?? .unexpected())
        }
    }

    private mutating func followerReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted: return askAuthority(followerLost: true)
        case .absent: return askAuthority(followerLost: false)
        case .rejected(.aborted) where judgement == .trial && attempts < Self.attemptsAtMost: return judge()
        default: return done(FirstFailure.end(follower, outcome) ?? .unexpected())
        }
    }

    // MARK: - The authority

    private mutating func askAuthority(followerLost: Bool) -> WriteAction {
        state = .authority(followerLost: followerLost)
        return .call(authority)
    }

    private mutating func authorityReplied(_ outcome: WriteOutcome, _ followerLost: Bool) -> WriteAction {
        if stage == .newMirrored, outcome == .accepted || outcome == .absent {
            state = .other(isAbsent: outcome == .absent)
            return outcome == .accepted ? .erase(.old) : .call(.old)
        }
        let effects: WriteEffects = followerLost ? [.dirty, .notCopied] : .none
        switch outcome {
        case .accepted: return done(.end(.reply(of: authority)))
        case .absent where judgement != .lookUp: return done(.end(.reply(of: followerLost ? follower : authority)))
        // A look-up has just found the record: *absent* is said of something else then.
        case .absent, .rejected: return done(.end(.reply(of: authority), effects))
        case .ambiguous: return done(.end(.reply(of: authority), effects.union(.dirty)))
        case .unreachable where followerLost: return done(.end(.partial(missing: authority), effects))
        case .unreachable, .unknown: return done(FirstFailure.end(authority, outcome) ?? .unexpected())
        }
    }

    // MARK: - The other side

    /// The side that alone has the record has judged the client's own call.
    private func otherReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted: .end(.reply(of: follower))
        case .absent: .end(.reply(of: authority))
        default: FirstFailure.end(follower, outcome) ?? .unexpected()
        }
    }

    /// - Parameter isAbsent: new had no such record, and old has judged the client's own call.
    private func oldReplied(_ outcome: WriteOutcome, _ isAbsent: Bool) -> WriteAction {
        let follows = FollowerEnd(authority: .new)
        switch outcome {
        case .accepted, .absent: return .end(.reply(of: .new))
        case .rejected, .unreachable: return isAbsent ? .end(.reply(of: .new)) : follows.end(outcome)
        case .ambiguous: return isAbsent ? .end(.reply(of: .new), .dirty) : follows.end(outcome)
        case .unknown: return isAbsent ? .end(.reply(of: .new), [.dirty, .unsettled]) : follows.end(outcome)
        }
    }

    private mutating func done(_ action: WriteAction) -> WriteAction {
        state = .done
        return action
    }
}
