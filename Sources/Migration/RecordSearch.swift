/// A call about one record that does not bear its gray key: the record is looked up on old, absent there on new, and
/// its own gray key decides (contract, 3).
///
///     ready --start--> old --has it, and that is enough-----------> done
///                      old --absent, or new is its authority--> new --absent----> old again --any reply--> done
///                                                               new --else------> done
///                      old --anything else------------------------> done
///
/// What new does not have may have come to old since that was asked, or have gone from both: old's first word is of a
/// time before new's.
///
/// New is asked only where old cannot say: its errors and its slowness are not for those whose key is at stage `old`
/// (I9). A write wants to know the gray key and nothing more, whichever side's row tells it; a query wants the record
/// as its authority has it. An event that the state does not expect is a fault of who runs it, which ends a debug
/// build. Run by `SearchOperation`.
package struct RecordSearch: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        /// The gray key, by which a write is decided then.
        case grayKey
        /// The record. At `dualNew`, whether old is asked for what new does not have.
        case record(grayFallback: Bool)
    }

    package enum Reply: Sendable, Equatable {
        /// The side's row, whose own gray key has this stage.
        case found(Stage)
        case absent
        case failed(SingleQuery.SideFailure)
    }

    package enum Action: Sendable, Equatable {
        case ask(Side)
        /// That side's row is what was looked for.
        case found(on: Side)
        /// Old's row is, and new should have had the record: count it.
        case foundUnmigrated
        case notFound
        /// `UNAVAILABLE`, naming the side.
        case fail(Side, SingleQuery.SideFailure)
        /// The event was not expected in this state: nothing is to be done.
        case ignore

        static func unexpected() -> Action {
            assertionFailure("a search for a record is told of what its state does not expect")
            return .ignore
        }
    }

    private enum State: Sendable, Equatable {
        case ready
        case old
        /// - Parameter oldHasIt: whether the record is on old, though new is its authority.
        case new(oldHasIt: Bool)
        /// New does not have it.
        case oldAgain
        case done
    }

    private let purpose: Purpose
    private var state = State.ready

    package init(for purpose: Purpose) { self.purpose = purpose }

    package mutating func start() -> Action {
        guard state == .ready else { return .unexpected() }
        state = .old
        return .ask(.old)
    }

    package mutating func replied(_ reply: Reply) -> Action {
        switch state {
        case .ready, .done: return .unexpected()
        case .old:
            switch reply {
            case .found(let stage) where purpose == .grayKey || stage.authority == .old: return done(.found(on: .old))
            case .found, .absent:
                state = .new(oldHasIt: reply != .absent)
                return .ask(.new)
            case .failed(let failure): return done(.fail(.old, failure))
            }
        case .new(let oldHasIt):
            switch reply {
            // Of a key that nobody writes on new, what new has is no record yet.
            case .found(.old) where purpose != .grayKey: return done(.notFound)
            case .found: return done(.found(on: .new))
            case .absent where oldHasIt && purpose == .record(grayFallback: false): return done(.notFound)
            case .absent:
                state = .oldAgain
                return .ask(.old)
            case .failed(let failure): return done(.fail(.new, failure))
            }
        case .oldAgain:
            switch reply {
            case .found(let stage) where purpose == .grayKey || stage.authority == .old: return done(.found(on: .old))
            // Further on, what old has is never an answer.
            case .found(let stage):
                return done(stage.fallsBack && purpose == .record(grayFallback: true) ? .foundUnmigrated : .notFound)
            case .absent: return done(.notFound)
            case .failed(let failure): return done(.fail(.old, failure))
            }
        }
    }

    private mutating func done(_ action: Action) -> Action {
        state = .done
        return action
    }
}
