/// An update at a stage of double writes (contract, 4.3).
///
///     ready --start--> authority --accepted--> follower --any outcome--> done
///                      authority --absent, stage falls back--> other --any outcome--> done
///                      authority --anything else-----------------------------------> done
///
/// The authority is asked first and alone decides: its refusal ends the write before the follower hears of it. The
/// follower is then given the resulting record, never the changes, so that what it had missed before is mended in
/// passing; a service that has no way to be given a record is sent the call itself. A record that only the other side
/// has belongs to that side, and is not copied here: that is backfill's work, which knows about deletions.
struct UpdateWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case authority
        /// The authority does not have the record.
        case other
        case follower
        case done
    }

    private let stage: Stage
    private let puts: PutMeans
    /// The write is an upsert, and the record was just found: *absent* is said of something else, and is a refusal.
    private let isUpsert: Bool
    private var state = State.ready

    init(stage: Stage, puts: PutMeans, isUpsert: Bool = false) {
        self.stage = stage
        self.puts = puts
        self.isUpsert = isUpsert
    }

    private var authority: Side { stage.authority }
    private var isMirrored: Bool { stage == .newMirrored }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        state = .authority
        return .call(authority)
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done:
            return .unexpected()
        case .authority:
            return authorityReplied(outcome)
        case .other:
            state = .done
            return otherReplied(outcome)
        case .follower:
            state = .done
            return FollowerEnd(authority: authority).end(
                outcome, absentIsDirty: isMirrored || isUpsert && !puts.overwrite)
        }
    }

    private mutating func authorityReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            state = .follower
            if isMirrored, puts.insert { return .put(authority.other, .overwriteOrInsert) }
            return puts.overwrite ? .put(authority.other, .overwrite) : .call(authority.other)
        case .absent where !isMirrored && !isUpsert:
            state = .other
            return .call(authority.other)
        default:
            state = .done
            return FirstFailure.end(authority, outcome) ?? .end(.reply(of: authority))
        }
    }

    private func otherReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            .end(.reply(of: authority.other), authority == .new ? [.notCopied, .unmigrated] : .notCopied)
        case .absent: .end(.reply(of: authority))
        // The record may be there: absent here and no word from there is not absence.
        default: FirstFailure.end(authority.other, outcome) ?? .unexpected()
        }
    }
}
