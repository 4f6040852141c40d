/// What holds for all calls of a client.
public struct ClientOptions: Sendable {
    /// The deadline of a call that sets none of its own.
    public var timeout: Duration = .seconds(30)
    /// How long a call waits for a connection, as long as its deadline allows; attempts are repeated meanwhile.
    public var connectTimeout: Duration = .seconds(5)
    /// Longest reply, bytes.
    public var messageBytes = 4 << 20
    /// Calls that wait for a connection or for one of its streams; one more fails with `RESOURCE_EXHAUSTED`.
    public var waitingCalls = 10_000
    /// When a call is made again by itself; `.never` turns that off.
    public var retry = RetryPolicy()

    public init() {}
}

/// What holds for one call.
public struct CallOptions: Sendable {
    /// From now to the end of the reply; nil: the client's.
    public var timeout: Duration?
    /// Sent as the metadata `idempotency-key`; at most 255 bytes of printable ASCII. The sidecar does nothing with it
    /// yet: a write that is sent twice with one key is made twice. Services behind the sidecar see it.
    public var idempotencyKey: String?
    /// Further fields: names in lower case, values of printable ASCII. Names that HTTP/2 and gRPC keep for themselves
    /// are refused.
    public var metadata: [(name: String, value: String)] = []
    /// Doing it twice is as good as once, so that it may be made again when its connection is lost. The queries of
    /// `Records` are so by nature.
    public var isIdempotent = false

    public init(timeout: Duration? = nil, idempotencyKey: String? = nil, isIdempotent: Bool = false) {
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.isIdempotent = isIdempotent
    }
}

extension Duration {
    /// At least 0, at most some 290 years.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max / 2 }
        return min(product + UInt64(attoseconds / 1_000_000_000), .max / 2)
    }
}
