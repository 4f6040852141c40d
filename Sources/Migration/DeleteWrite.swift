/// A delete at a stage of double writes (contract, 4.7).
///
///     ready --start--> lookingUp --found, absent--> first --gone--> second --gone---------> done
///                      (where a row can be given back)              second --refused, kept--> restoring --> done
///
/// At the stages that fall back the follower goes first: deleted on the authority alone, the record would come back
/// from the follower with the next query. At `newMirrored` nobody reads old, so new goes first. Where the second side
/// then refuses, the first is given its row back.
struct DeleteWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case lookingUp
        case first
        case second(wasThere: Bool)
        /// The second side's outcome is kept for the end.
        case restoring(WriteOutcome)
        case done
    }

    private let stage: Stage
    private let canRestore: Bool
    /// The row of the first side was found and can be given back.
    private var hasRow = false
    private var state = State.ready

    /// - Parameter canRestore: whether a side can be given back a row that it no longer has.
    init(stage: Stage, canRestore: Bool) {
        self.stage = stage
        self.canRestore = canRestore
    }

    private var first: Side { stage == .newMirrored ? .new : stage.authority.other }
    private var second: Side { first.other }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .ignore }
        if canRestore {
            state = .lookingUp
            return .lookUp(first)
        }
        return askFirst()
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done:
            return .ignore
        case .lookingUp:
            if let failure = FirstFailure.end(lookUp: first, outcome) { return done(failure) }
            hasRow = outcome == .accepted
            return askFirst()
        case .first:
            if let failure = FirstFailure.end(first, outcome) { return done(failure) }
            state = .second(wasThere: outcome == .accepted)
            return ask(second)
        case .second(let wasThere):
            return secondReplied(outcome, wasThere: wasThere)
        case .restoring(let refusal):
            return done(restored(outcome, after: refusal))
        }
    }

    private mutating func askFirst() -> WriteAction {
        state = .first
        return ask(first)
    }

    /// The authority is sent the client's own call, with the version that it may expect.
    private func ask(_ side: Side) -> WriteAction {
        side == stage.authority ? .call(side) : .erase(side)
    }

    private mutating func done(_ action: WriteAction) -> WriteAction {
        state = .done
        return action
    }

    private mutating func secondReplied(_ outcome: WriteOutcome, wasThere: Bool) -> WriteAction {
        switch outcome {
        case .accepted: return done(.end(.reply(of: stage.authority)))
        case .absent: return done(.end(.reply(of: wasThere ? first : stage.authority)))
        case .unknown(let status):
            return done(.end(.outcomeUnknown(second, status), [.dirty, .unsettled]))
        case .rejected, .unreachable:
            if !wasThere { return done(FirstFailure.end(second, outcome) ?? .ignore) }
            guard hasRow else { return done(kept(outcome)) }
            state = .restoring(outcome)
            return .restore(first)
        }
    }

    /// The first side has lost the record, the second keeps it.
    private func kept(_ outcome: WriteOutcome) -> WriteAction {
        if case .rejected = outcome { return .end(.partial(missing: second), [.dirty, .stuck]) }
        return .end(.partial(missing: second), .dirty)
    }

    private func restored(_ outcome: WriteOutcome, after refusal: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted: FirstFailure.end(second, refusal) ?? .ignore
        case .unknown: .end(.partial(missing: second), [.dirty, .unsettled])
        case .absent, .rejected, .unreachable: kept(refusal)
        }
    }
}
