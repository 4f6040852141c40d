/// How a process goes from one state of the switches (X) to the next (Y): told what happens, it says what to publish.
///
///     unknown --change--> open
///     open X --change--> hold X --writes drained--> open Y
///                        hold X --writes drained, some key goes to `old`--> hold Y --queries drained--> open Y
///                        hold X, hold Y --takes too long--> open X, trying again --time--> hold X
///                        trying again --a newer change--> hold X, for that one
///
/// While it holds, writes of the keys whose stage differs between X and Y wait; queries are answered as X, then as Y.
/// Writes wait until no write of an older decision runs: of two writes of a record on two sides the later one must not
/// be decided by other rules while the earlier one is under way. Within one process that is enough, except on the way
/// down to `old`: there writes leave new alone, so that a query that was sent to new under X could miss what its client
/// has already seen; queries of X are drained too before writes go on.
///
/// A change that comes while another is held waits for its end, and replaces one that waits already: the newest is
/// what the operator wants, and an older one must never come after it.
package struct Handover<Switches: Sendable>: Sendable {
    package enum Step: Sendable {
        /// X for queries; writes of the delta wait. Told when no write of an older decision runs: `writesDrained`.
        case holdX(Switches, until: Switches)
        /// Y for queries; writes of the delta wait. Told when no query of X runs: `queriesDrained`.
        case holdY(Switches, since: Switches)
        /// It alone, for all; what was in force is over.
        case open(Switches)
        /// X for all: the hold took too long. Told when it is time to try once more: `retryTimePassed`.
        case backToX(Switches)
        case ignore
    }

    private enum State: Sendable {
        case open
        case holdX(until: Switches, drainsQueries: Bool)
        case holdY(Switches)
        case tryingAgain(Switches)
    }

    private var current: Switches?
    private var state = State.open
    private var next: Switches?
    private let goesToOld: @Sendable (_ current: Switches, _ next: Switches) -> Bool

    /// - Parameter goesToOld: whether some key may go to stage `old`.
    package init(goesToOld: @escaping @Sendable (_ current: Switches, _ next: Switches) -> Bool) {
        self.goesToOld = goesToOld
    }

    package var isHolding: Bool {
        switch state {
        case .holdX, .holdY: true
        case .open, .tryingAgain: false
        }
    }

    package mutating func change(to switches: Switches) -> Step {
        guard current != nil else { return open(switches) }
        switch state {
        case .holdX, .holdY:
            next = switches
            return .ignore
        // What was taken back and waits to be tried again is older than this.
        case .open, .tryingAgain: return begin(switches)
        }
    }

    /// No write that was decided before the hold runs any more, in any worker.
    package mutating func writesDrained() -> Step {
        guard case .holdX(let target, let drainsQueries) = state, let current else { return .ignore }
        guard drainsQueries else { return open(target) }
        state = .holdY(target)
        return .holdY(target, since: current)
    }

    /// No query that was decided by X runs any more, in any worker.
    package mutating func queriesDrained() -> Step {
        guard case .holdY(let target) = state else { return .ignore }
        return open(target)
    }

    package mutating func timedOut() -> Step {
        guard let current else { return .ignore }
        switch state {
        case .holdX(let target, _), .holdY(let target):
            state = .tryingAgain(next ?? target)
            next = nil
            return .backToX(current)
        case .open, .tryingAgain: return .ignore
        }
    }

    package mutating func retryTimePassed() -> Step {
        guard case .tryingAgain(let target) = state else { return .ignore }
        return begin(target)
    }

    /// After `open` was carried out: the change that has waited for it.
    package mutating func nextChange() -> Step {
        guard case .open = state, let switches = next else { return .ignore }
        next = nil
        return begin(switches)
    }

    private mutating func begin(_ target: Switches) -> Step {
        guard let current else { return .ignore }
        state = .holdX(until: target, drainsQueries: goesToOld(current, target))
        return .holdX(current, until: target)
    }

    private mutating func open(_ switches: Switches) -> Step {
        state = .open
        current = switches
        return .open(switches)
    }
}
