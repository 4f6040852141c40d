import HTTP2

/// How fast streams of one upstream may be reset: as the limits say, until the upstream has shown that it takes less
/// (decision 0025). Pure: it is told what happened.
struct ResetAllowance {
    /// At once, and each second, on one connection.
    private(set) var burst: Int
    private(set) var perSecond: Int

    /// Fewer resets say nothing of a limit: the connection was ended for another reason.
    private static var telling: Int { 10 }

    init(burst: Int, perSecond: Int) {
        self.burst = burst
        self.perSecond = perSecond
    }

    /// Streams that a connection should carry at most: as many as may be reset at once, so that clients that all go
    /// away together leave nothing behind; calls beyond them are spread over further connections.
    var streams: Int { max(burst, 100) }

    var bucket: TokenBucket { TokenBucket(burst: burst, perSecond: perSecond) }

    /// The upstream has ended a connection with ENHANCE_YOUR_CALM after so many resets within half a minute. From now
    /// on it is given half as many at once, and a quarter in each half minute after that: common servers count over
    /// 30 s (Netty: 200) or refill slower than they started (nghttp2: 1,000, then 33 a second). Whether that is less
    /// than before.
    mutating func connectionCut(afterResets count: Int) -> Bool {
        guard count >= Self.telling, count / 2 < burst else { return false }
        burst = count / 2
        perSecond = min(perSecond, max(count / 120, 1))
        return true
    }
}

/// Counts what was sent in the last half minute to a minute.
struct RecentCount {
    private var startedAt: UInt64 = 0
    private var present = 0
    private var before = 0

    private static var span: UInt64 { 30_000_000_000 }

    /// - Parameter now: monotonic nanoseconds.
    mutating func add(at now: UInt64) {
        if now &- startedAt >= Self.span {
            before = now &- startedAt < 2 * Self.span ? present : 0
            present = 0
            startedAt = now
        }
        present += 1
    }

    func count(at now: UInt64) -> Int {
        switch now &- startedAt {
        case ..<Self.span: present + before
        case ..<(2 * Self.span): present
        default: 0
        }
    }
}
