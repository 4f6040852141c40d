/// When to try to reach an upstream again: pure, it is told the time and a random number.
///
///     idle --begin--> connecting --succeeded--> idle (as new)
///                     connecting --failed-----> resting until backed off --begin--> connecting
///     idle --a connection that had hardly stood is left--> resting until `first` after it stood
///
/// Delays grow by 1.6 from `first` to `longest` and are spread by a fifth either way, as the public gRPC connection
/// backoff document says, so that many sidecars do not come back to a restarted backend at once.
package struct ConnectSchedule {
    private let first: UInt64
    private let longest: UInt64
    private var delay: UInt64
    /// Attempts that failed since the last that succeeded.
    package private(set) var failures = 0
    /// Until when nothing is tried, monotonic nanoseconds; 0 before the first failure.
    package private(set) var restsUntil: UInt64 = 0

    /// Delays in nanoseconds.
    package init(first: UInt64, longest: UInt64) {
        self.first = first
        self.longest = max(first, longest)
        delay = first
    }

    /// An attempt failed at `now`; `random` is any number. Returns when to try again.
    package mutating func failed(at now: UInt64, random: UInt64) -> UInt64 {
        failures += 1
        let spread = delay / 5
        restsUntil = now + delay - spread + (spread == 0 ? 0 : random % (2 * spread + 1))
        delay = min(longest, delay / 5 * 8)
        return restsUntil
    }

    /// A connection that stood at `since` takes no calls any more. One that was short-lived is not made anew at once: a
    /// peer that takes connections and ends them would be called without a pause.
    package mutating func left(since: UInt64) { restsUntil = max(restsUntil, since + first) }

    /// A connection stood: the next loss begins with a short delay.
    package mutating func succeeded() {
        failures = 0
        delay = first
        restsUntil = 0
    }
}
