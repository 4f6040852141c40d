/// How a process goes from one state of the switches (X) to the next (Y): told what happens, it says what to publish.
///
///     open X --change--> hold X --writes drained--> open Y
///                        hold X --writes drained, some key goes to `old`--> hold Y --queries drained--> open Y
///                        hold X, hold Y --takes too long--> open X, and the change is tried again later
///
/// While it holds, writes of the keys whose stage differs between X and Y wait; queries are answered as X, then as Y.
/// Writes wait until no write of an older decision runs: of two writes of a record on two sides the later one must not
/// be decided by other rules while the earlier one is under way. Within one process that is enough, except on the way
/// down to `old`: there writes leave new alone, so that a query that was sent to new under X could miss what its client
/// has already seen; queries of X are drained too before writes go on.
package struct Handover: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        /// X for queries; writes of the delta wait.
        case holdX
        /// Y for queries; writes of the delta wait.
        case holdY
        /// Y for all; X is over.
        case openY
        /// X for all: the hold took too long.
        case backToX
        case ignore
    }

    private enum State: Sendable, Equatable {
        case open
        case holdX(drainsQueries: Bool)
        case holdY
    }

    private var state = State.open

    package init() {}

    package var isHolding: Bool { state != .open }

    /// - Parameter goesToOld: some key may go to stage `old`.
    package mutating func change(goesToOld: Bool) -> Step {
        guard state == .open else { return .ignore }
        state = .holdX(drainsQueries: goesToOld)
        return .holdX
    }

    /// No write that was decided before the hold runs any more, in any worker.
    package mutating func writesDrained() -> Step {
        guard case .holdX(let drainsQueries) = state else { return .ignore }
        state = drainsQueries ? .holdY : .open
        return drainsQueries ? .holdY : .openY
    }

    /// No query that was decided by X runs any more, in any worker.
    package mutating func queriesDrained() -> Step {
        guard state == .holdY else { return .ignore }
        state = .open
        return .openY
    }

    package mutating func timedOut() -> Step {
        guard state != .open else { return .ignore }
        state = .open
        return .backToX
    }
}
