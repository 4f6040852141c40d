/// How a process goes from one state of the switches (X) to the next (Y): told what happens and when, it says what to
/// publish, and when it wants to be woken.
///
///     unknown --change--> open
///     open X --change--> hold X --writes drained and settled--> open Y
///                        hold X --the same, some key goes to `old`--> hold Y --queries drained--> open Y
///                        hold X, hold Y --takes too long--> open X, trying again --time--> hold X
///                        trying again --a newer change--> hold X, for that one
///
/// While it holds, writes of the keys whose stage differs between X and Y wait; queries are answered as X, then as Y.
/// Writes wait until no write of an older decision runs: of two writes of a record on two sides the later one must not
/// be decided by other rules while the earlier one is under way. A write of unknown outcome is one that still runs, and
/// nothing but the clock tells when it no longer can: that is looked at again and again. Within one process that is
/// enough, except on the way down to `old`: there writes leave new alone, so that a query that was sent to new under X
/// could miss what its client has already seen; queries of X are drained too before writes go on.
///
/// A change that comes while another is held waits for its end, and replaces one that waits already: the newest is
/// what the operator wants, and an older one must never come after it.
///
/// Times are monotonic nanoseconds.
package struct Handover<Switches: Sendable>: Sendable {
    package enum Step: Sendable {
        /// X for queries; writes of the delta wait. Told when no write of an older decision runs: `writesDrained`.
        case holdX(Switches, until: Switches)
        /// Y for queries; writes of the delta wait. Told when no query of X runs: `queriesDrained`.
        case holdY(Switches, since: Switches)
        /// It alone, for all; what was in force is over.
        case open(Switches, heldNanoseconds: UInt64)
        /// X for all: the hold took too long.
        case backToX(Switches, HandoverDelay)
    }

    private enum State: Sendable {
        case open
        case holdX(until: Switches, drainsQueries: Bool)
        /// No write runs any more; whether each outcome is known is looked at again at that time.
        case settlingX(until: Switches, drainsQueries: Bool, lookAt: UInt64)
        case holdY(Switches)
        case tryingAgain(Switches, at: UInt64)
    }

    /// How long after a hold that took too long the change is tried again.
    package static var retryNanoseconds: UInt64 { 1_000_000_000 }
    /// How often it is looked whether the outcomes of all writes are known.
    package static var lookNanoseconds: UInt64 { 50_000_000 }

    private let longestHold: UInt64
    private let goesToOld: @Sendable (_ current: Switches, _ next: Switches) -> Bool
    private var current: Switches?
    private var state = State.open
    private var next: Switches?
    private var holdsSince: UInt64 = 0

    /// - Parameters:
    ///   - longestHold: nanoseconds.
    ///   - goesToOld: whether some key may go to stage `old`.
    package init(longestHold: UInt64, goesToOld: @escaping @Sendable (_ current: Switches, _ next: Switches) -> Bool) {
        self.longestHold = longestHold
        self.goesToOld = goesToOld
    }

    package var isHolding: Bool {
        switch state {
        case .holdX, .settlingX, .holdY: true
        case .open, .tryingAgain: false
        }
    }

    /// When `timePassed` is to be called; nil while only other events matter.
    package var wakeAt: UInt64? {
        switch state {
        case .open: nil
        case .holdX, .holdY: holdsUntil
        case .settlingX(_, _, let lookAt): min(lookAt, holdsUntil)
        case .tryingAgain(_, let time): time
        }
    }

    private var holdsUntil: UInt64 { holdsSince &+ longestHold }

    package mutating func change(to switches: Switches, at now: UInt64) -> [Step] {
        guard current != nil else {
            holdsSince = now
            return open(switches, at: now)
        }
        switch state {
        case .holdX, .settlingX, .holdY:
            next = switches
            return []
        // What was taken back and waits to be tried again is older than this.
        case .open, .tryingAgain: return begin(switches, at: now)
        }
    }

    /// No write that was decided before the hold runs any more, in any worker.
    ///
    /// - Parameter isSettled: whether the outcome of every write is known.
    package mutating func writesDrained(isSettled: Bool, at now: UInt64) -> [Step] {
        guard case .holdX(let target, let drainsQueries) = state else { return [] }
        return settle(target, drainsQueries, isSettled, at: now)
    }

    /// No query that was decided by X runs any more, in any worker.
    package mutating func queriesDrained(at now: UInt64) -> [Step] {
        guard case .holdY(let target) = state else { return [] }
        return open(target, at: now)
    }

    /// It is time for what was waited for: `wakeAt`, or later.
    package mutating func timePassed(isSettled: Bool, at now: UInt64) -> [Step] {
        guard let wakeAt, now >= wakeAt else { return [] }
        switch state {
        case .open: return []
        case .holdX(let target, _), .holdY(let target): return goBack(target, isSettled, at: now)
        case .settlingX(let target, let drainsQueries, _):
            if now >= holdsUntil { return goBack(target, isSettled, at: now) }
            return settle(target, drainsQueries, isSettled, at: now)
        case .tryingAgain(let target, _): return begin(target, at: now)
        }
    }

    private mutating func begin(_ target: Switches, at now: UInt64) -> [Step] {
        guard let current else { return [] }
        holdsSince = now
        state = .holdX(until: target, drainsQueries: goesToOld(current, target))
        return [.holdX(current, until: target)]
    }

    private mutating func settle(
        _ target: Switches, _ drainsQueries: Bool, _ isSettled: Bool, at now: UInt64
    ) -> [Step] {
        guard isSettled else {
            state = .settlingX(until: target, drainsQueries: drainsQueries, lookAt: now &+ Self.lookNanoseconds)
            return []
        }
        guard drainsQueries, let current else { return open(target, at: now) }
        state = .holdY(target)
        return [.holdY(target, since: current)]
    }

    private mutating func goBack(_ target: Switches, _ isSettled: Bool, at now: UInt64) -> [Step] {
        guard let current else { return [] }
        state = .tryingAgain(next ?? target, at: now &+ Self.retryNanoseconds)
        next = nil
        return [.backToX(current, isSettled ? .callsRunning : .outcomeUnknown)]
    }

    /// The change that has waited for this one begins at once.
    private mutating func open(_ switches: Switches, at now: UInt64) -> [Step] {
        state = .open
        current = switches
        let opened = Step.open(switches, heldNanoseconds: now &- holdsSince)
        guard let waiting = next else { return [opened] }
        next = nil
        return [opened] + begin(waiting, at: now)
    }
}

/// Why a change of the switches had to be taken back.
package enum HandoverDelay: Sendable, Equatable {
    /// Calls that were decided by the switches in force still run.
    case callsRunning
    /// A write may still happen whose outcome is not known.
    case outcomeUnknown

    package var sentence: String {
        switch self {
        case .callsRunning: "calls that were decided by the old ones still run"
        case .outcomeUnknown: "the outcome of a write is unknown, it may still happen"
        }
    }
}
