/// Why a call failed, and what that means for trying again.
public struct SwitchoverError: Error, Sendable, Equatable, CustomStringConvertible {
    /// gRPC's status codes (grpc.io, "Status codes and their use in gRPC").
    public enum Code: Int, Sendable, CaseIterable {
        case ok, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    /// Whether the same call may be made again.
    public enum Retry: Sendable, Equatable {
        /// It would fail again, or needs a decision: read the record first.
        case no
        /// Nothing has been done; wait a little.
        case yes
        /// It may have been done: only if doing it twice is as good as once, as a query is.
        case ifIdempotent
    }

    /// One of the two sides of a migration.
    public enum Side: String, Sendable {
        case old
        case new
    }

    public let code: Code
    /// For a person.
    public let message: String
    /// The sidecar's own word for the cause (trailer `switchover-error`), such as `key-moving` or `partial-write`; nil
    /// where an upstream, or nobody but this client, said no.
    public let reason: String?
    /// The side that is the cause, where the sidecar names one.
    public let side: Side?
    public let mayRetry: Retry
    let origin: Origin

    /// Where an error comes from, which decides what the library may do about it by itself.
    enum Origin: Sendable, Equatable {
        /// The status of a reply.
        case reply
        /// The stream was reset amid the call.
        case reset
        /// The stream was refused: above GOAWAY's last id, or by name (RFC 9113, 8.7).
        case refusedStream
        case lostConnection
        /// This library: no connection in time, the deadline, a cancelled task, what cannot be sent or read.
        case client
    }

    /// Whether this is the status that the call was answered with; anything else says nothing of what it has done.
    package var isAnswer: Bool { origin == .reply }

    public var description: String {
        let cause = [reason, side.map { "side \($0.rawValue)" }].compactMap { $0 }.joined(separator: ", ")
        return "\(code): \(message)\(cause.isEmpty ? "" : " (\(cause))")"
    }

    init(
        _ code: Code, _ message: String, reason: String? = nil, side: Side? = nil, mayRetry: Retry,
        origin: Origin = .client
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.side = side
        self.mayRetry = mayRetry
        self.origin = origin
    }

    /// What a reply's trailers say.
    init(_ code: Code, _ message: String, reason: String?, side: Side?) {
        self.init(code, message, reason: reason, side: side, mayRetry: Self.retry(code, reason), origin: .reply)
    }

    /// The contract's section 11: what the sidecar answered before a side was asked may be tried again.
    private static func retry(_ code: Code, _ reason: String?) -> Retry {
        switch reason {
        case "side-unreachable", "no-switches", "key-moving", "lane-full", "queue-full", "buffers-full", "draining",
            "journal-full", "lease-lost", "deadline":
            return .yes
        // UNAVAILABLE is said of an earlier write of the record, everything else of this one.
        case "outcome-unknown": return code == .unavailable ? .yes : .ifIdempotent
        // Of this call, or of those that are under way.
        case "too-many-records": return code == .resourceExhausted ? .yes : .no
        // A database's own answer, which the status tells apart (`records.proto`).
        case "store": return retryOfStore(code)
        case "partial-write", .some: return .no
        case nil: break
        }
        switch code {
        case .unavailable, .deadlineExceeded, .cancelled, .unknown, .aborted, .resourceExhausted: return .ifIdempotent
        default: return .no
        }
    }

    private static func retryOfStore(_ code: Code) -> Retry {
        switch code {
        // It rolled back.
        case .unavailable, .resourceExhausted, .deadlineExceeded: .yes
        case .unknown, .cancelled: .ifIdempotent
        default: .no
        }
    }
}
