/// A budget that fills at a steady rate up to a burst: pure, it is told the time.
package struct TokenBucket: Sendable {
    private let capacity: UInt64
    private let nanosecondsPerToken: UInt64
    /// The time up to which the budget is used, as in the generic cell rate algorithm (ITU-T I.371).
    private var usedUntil: UInt64 = 0

    /// `burst` tokens at once, then `perSecond` more each second; both at least 1.
    package init(burst: Int, perSecond: Int) {
        nanosecondsPerToken = 1_000_000_000 / UInt64(max(perSecond, 1))
        capacity = UInt64(max(burst, 1)) * nanosecondsPerToken
    }

    /// Takes one token at monotonic time `now`; false when there is none.
    package mutating func take(at now: UInt64) -> Bool {
        let start = max(usedUntil, now)
        guard start + nanosecondsPerToken <= now + capacity else { return false }
        usedUntil = start + nanosecondsPerToken
        return true
    }

    /// The earliest time at which a token can be taken.
    package func nextToken(after now: UInt64) -> UInt64 {
        let start = max(usedUntil, now)
        return start + nanosecondsPerToken <= now + capacity ? now : start + nanosecondsPerToken - capacity
    }
}
