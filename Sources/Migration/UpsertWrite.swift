/// An upsert at a stage of double writes: existence first, then an update or an insert (contract, 3).
///
///     ready --start--> authority --found--> updating
///                      authority --absent--> other --found--> updating there alone
///                                            other --absent--> inserting
///                      authority, other --anything else------> done
///
/// The client's call is an upsert in each case: what was found out only decides which sides are sent it.
struct UpsertWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case authority
        case other
        case updating(UpdateWrite)
        /// The record is on the authority's other side alone.
        case updatingOther
        case inserting(InsertWrite)
        case done
    }

    private let stage: Stage
    private let rule: InsertRule
    private let puts: PutMeans
    private var state = State.ready

    init(stage: Stage, rule: InsertRule, puts: PutMeans) {
        self.stage = stage
        self.rule = rule
        self.puts = puts
    }

    private var authority: Side { stage.authority }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        state = .authority
        return .lookUp(authority)
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done:
            return .unexpected()
        case .authority:
            return authorityReplied(outcome)
        case .other:
            return otherReplied(outcome)
        case .updating(var update):
            let action = update.replied(outcome)
            state = .updating(update)
            return action
        case .updatingOther:
            state = .done
            guard outcome == .accepted else {
                return FirstFailure.end(authority.other, outcome) ?? .end(.reply(of: authority.other))
            }
            return .end(.reply(of: authority.other), authority == .new ? [.notCopied, .unmigrated] : .notCopied)
        case .inserting(var insert):
            let action = insert.replied(outcome)
            state = .inserting(insert)
            return action
        }
    }

    private mutating func authorityReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            var update = UpdateWrite(stage: stage, puts: puts, isUpsert: true)
            let action = update.start()
            state = .updating(update)
            return action
        case .absent where stage == .newMirrored: return insert()
        case .absent:
            state = .other
            return .lookUp(authority.other)
        default:
            state = .done
            return FirstFailure.end(lookUp: authority, outcome) ?? .unexpected()
        }
    }

    private mutating func otherReplied(_ outcome: WriteOutcome) -> WriteAction {
        switch outcome {
        case .accepted:
            state = .updatingOther
            return .call(authority.other)
        case .absent: return insert()
        default:
            state = .done
            return FirstFailure.end(lookUp: authority.other, outcome) ?? .unexpected()
        }
    }

    private mutating func insert() -> WriteAction {
        var insert = InsertWrite(stage: stage, rule: rule, guards: false, puts: puts)
        let action = insert.start()
        state = .inserting(insert)
        return action
    }
}
