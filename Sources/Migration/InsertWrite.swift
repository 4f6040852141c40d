/// Where inserts go at the stages `dualOld` and `dualNew`.
package enum InsertRule: UInt8, Sendable, CaseIterable {
    /// Old stops growing.
    case new
    /// The authority first, the follower second: new can be abandoned altogether.
    case both
    /// New is not trusted with inserts yet.
    case old

    /// As the configuration writes it.
    package var name: String {
        switch self {
        case .new: "new"
        case .both: "both"
        case .old: "old"
        }
    }
}

/// An insert at a stage of double writes (contract, 3).
///
///     ready --start--> guarding --absent--> first --accepted--> follower --any outcome--> done
///     ready --start----------------------> first --accepted, one side only-------------> done
///                      guarding, first --anything else--------------------------------> done
///
/// Before new is given a record, old is asked whether it has one of that key: two records of one key on two sides could
/// never be told apart again. Where old is the first to be given the record, its own refusal is that question.
struct InsertWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case guarding
        case first
        case follower
        case done
    }

    private let first: Side
    /// Whether the other side is given the record too.
    private let isDouble: Bool
    private let guards: Bool
    private let puts: PutMeans
    private var state = State.ready

    init(stage: Stage, rule: InsertRule, guards: Bool, puts: PutMeans) {
        switch (stage, rule) {
        case (.newMirrored, _): (first, isDouble) = (.new, true)
        case (_, .new): (first, isDouble) = (.new, false)
        case (_, .both): (first, isDouble) = (stage.authority, true)
        case (_, .old): (first, isDouble) = (.old, false)
        }
        self.guards = guards && first == .new
        self.puts = puts
    }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        if guards {
            state = .guarding
            return .lookUp(.old)
        }
        state = .first
        return .call(first)
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        switch state {
        case .ready, .done:
            return .unexpected()
        case .guarding:
            return guardReplied(outcome)
        case .first:
            if outcome == .accepted, isDouble {
                state = .follower
                return puts.insert ? .put(first.other, .overwriteOrInsert) : .call(first.other)
            }
            state = .done
            return FirstFailure.end(first, outcome) ?? .end(.reply(of: first))
        case .follower:
            state = .done
            return FollowerEnd(authority: first).end(outcome, absentIsDirty: true)
        }
    }

    private mutating func guardReplied(_ outcome: WriteOutcome) -> WriteAction {
        if outcome == .absent {
            state = .first
            return .call(first)
        }
        state = .done
        return FirstFailure.end(lookUp: .old, outcome) ?? .end(.alreadyExists(on: .old))
    }
}
