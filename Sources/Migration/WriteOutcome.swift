package import WireFormat

/// How an ask of a write ended. What the statuses of services, proxies, stores and other sidecars mean for a write is
/// decided here and nowhere else, by whether the request can have been carried out (decision 0022).
package enum WriteOutcome: Sendable, Equatable {
    case accepted
    /// The side says that it has no such record.
    case absent
    /// A definite no: the side has changed nothing, and would say the same again.
    case rejected(GRPCStatus)
    /// Nothing was done, and it may be done another time: not sent, provably not looked at, or rolled back.
    case unreachable
    /// The side has answered, so that nothing more will come of the request; what it has changed until then its answer
    /// does not say.
    case ambiguous(GRPCStatus)
    /// No answer of the side itself: it may have done it, or may yet do it.
    case unknown(GRPCStatus)

    /// What a service's final status says.
    ///
    /// - Parameters:
    ///   - absent: the status by which the method says that there is no such record.
    ///   - isGRPC: whether the reply is one of gRPC: HTTP status 200 and a `grpc-status`. Else it is a proxy's, which
    ///     may have sent the request on.
    ///   - word: the reply's `switchover-error`, by which a sidecar behind this one says more than its status does.
    package init(_ status: GRPCStatus, absent: GRPCStatus, isGRPC: Bool = true, word: String? = nil) {
        if status == .ok {
            self = isGRPC ? .accepted : .unknown(.unknown)
        } else if status == absent, isGRPC {
            self = .absent
        } else if let outcome = word.flatMap({ Self.said($0, status) }) {
            self = outcome
        } else {
            self = isGRPC ? Self.answered(status) : Self.answeredByProxy(status)
        }
    }

    /// What a store's status says: its transaction was committed or rolled back, and it knows which.
    ///
    /// - Parameter isOutcomeUnknown: whether the commit failed in a way that leaves that open. The session has ended
    ///   all the same: nothing comes late.
    package init(store status: GRPCStatus, absent: GRPCStatus, isOutcomeUnknown: Bool) {
        if status == .ok {
            self = .accepted
        } else if isOutcomeUnknown {
            self = .ambiguous(status)
        } else {
            self = status == absent ? .absent : Self.rolledBack(status)
        }
    }

    /// Locked, full, read-only, late, too much at once: as if it had not been asked. Everything else it would refuse
    /// again.
    private static func rolledBack(_ status: GRPCStatus) -> WriteOutcome {
        switch status {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .cancelled: .unreachable
        default: .rejected(status)
        }
    }

    private static func answered(_ status: GRPCStatus) -> WriteOutcome {
        switch status {
        case .ok: .accepted
        // By their definitions said instead of an effect; a transaction that is aborted has none.
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .unauthenticated, .failedPrecondition,
            .outOfRange, .unimplemented, .aborted:
            .rejected(status)
        // Said by servers for an exception in a handler, or for a reply that cannot be sent (too large, not to be
        // serialized): after the effect, if there was one. The handler has ended.
        case .unknown, .internal, .dataLoss, .resourceExhausted: .ambiguous(status)
        // Said by proxies and by servers that do not wait for their handlers: the request may still be at work.
        case .unavailable, .deadlineExceeded, .cancelled: .unknown(status)
        }
    }

    private static func answeredByProxy(_ status: GRPCStatus) -> WriteOutcome {
        switch status {
        case .unauthenticated, .permissionDenied, .unimplemented: .rejected(status)
        default: .unknown(status)
        }
    }

    /// Nil for words that say no more than the status.
    private static func said(_ word: String, _ status: GRPCStatus) -> WriteOutcome? {
        switch word {
        case "side-unreachable", "no-switches", "key-moving", "lane-full", "queue-full", "buffers-full", "draining",
            "journal-full", "lease-lost":
            .unreachable
        // UNAVAILABLE: an earlier write of the record is in doubt, and this one was not made.
        case "outcome-unknown": status == .unavailable ? .unreachable : .unknown(status)
        case "deadline": .unknown(status)
        case "partial-write", "message-too-large": .ambiguous(status)
        case "metadata-too-large", "compressed-message": .rejected(status)
        case "store": status == .unknown ? .ambiguous(status) : rolledBack(status)
        default: nil
        }
    }
}
