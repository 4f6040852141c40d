/// When the library makes a call again by itself: only within its deadline, and only where that is safe.
///
/// A call of which nothing has been done (`mayRetry` is `yes`) is made again; so is one whose connection was lost, if
/// it is idempotent, as queries are. An error that outlives the attempts is the call's. Making a connection is not
/// counted here: that is repeated for as long as `ClientOptions.connectTimeout` says.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is made at most, the first time included; at least 1.
    public var attempts: Int
    /// The pause before the second attempt; it doubles from one to the next. Each is shortened by up to half, by
    /// chance, so that many callers do not come back at once.
    public var firstPause: Duration
    public var longestPause: Duration

    public init(
        attempts: Int = 5, firstPause: Duration = .milliseconds(20), longestPause: Duration = .seconds(1)
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// Each call is made once.
    public static let never = RetryPolicy(attempts: 1)

    /// The pause at most before the call is made again; nil where it is not.
    ///
    /// - Parameter attempt: how often it has been made.
    func pause(after error: SwitchoverError, attempt: Int, isIdempotent: Bool) -> Duration? {
        guard attempt < attempts, mayRepeat(error, isIdempotent) else { return nil }
        // A stream that was refused tells of the connection, not of load: there will be another.
        if error.origin == .refusedStream, attempt == 1 { return .zero }
        let doubled = firstPause * (1 << min(attempt - 1, 20))
        return min(doubled, longestPause)
    }

    private func mayRepeat(_ error: SwitchoverError, _ isIdempotent: Bool) -> Bool {
        switch error.origin {
        case .client: false
        case .lostConnection: isIdempotent
        case .refusedStream, .reply, .reset: error.mayRetry == .yes
        }
    }
}
