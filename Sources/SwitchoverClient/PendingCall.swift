import EventLoop
import HTTP2
import WireFormat

/// One call from its start to its result. Confined to the connector's loop once it was started.
///
///     started --connection--> sent --reply complete, lost--> ended
///     started, sent --deadline, cancelled--> ended; a stream that is open is reset
final class PendingCall: @unchecked Sendable {
    // Sendable because after `init` everything mutable is touched on the loop's thread alone.

    typealias Outcome = Result<CallReply, SwitchoverError>

    let fields: LocalFields
    let message: [UInt8]
    /// Monotonic nanoseconds.
    let deadline: UInt64
    /// Until when it waits for a connection.
    var connectDeadline: UInt64 = 0
    let timer: UnsafeMutablePointer<Timer>
    var stream: StreamPointer?
    var source: StreamPointer?
    /// Told by the timer.
    var deadlinePassed: (() -> Void)?
    private var continuation: CheckedContinuation<Outcome, Never>?
    /// Set by the end.
    private var outcome: Outcome?

    var hasEnded: Bool { outcome != nil }

    /// - Parameters:
    ///   - deadline: monotonic nanoseconds.
    ///   - remaining: what is left until then.
    init(_ method: String, _ message: [UInt8], _ options: CallOptions, deadline: UInt64, remaining nanoseconds: UInt64)
    {
        self.message = message
        self.deadline = deadline
        var list = [
            (name: ":method", value: "POST"), (name: ":scheme", value: "http"), (name: ":path", value: method),
            (name: ":authority", value: "localhost"), (name: "te", value: "trailers"),
            (name: "content-type", value: "application/grpc"), (name: "grpc-timeout", value: Self.text(nanoseconds)),
        ]
        if let key = options.idempotencyKey { list.append(("idempotency-key", key)) }
        fields = LocalFields(list + options.metadata)
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<PendingCall>.fromOpaque($0).takeUnretainedValue().deadlinePassed?()
            })
    }

    deinit {
        timer.deinitialize(count: 1)
        timer.deallocate()
    }

    /// Who is to be told the outcome; at once, if a cancel came first.
    func tell(_ continuation: CheckedContinuation<Outcome, Never>) {
        if let outcome { return continuation.resume(returning: outcome) }
        self.continuation = continuation
    }

    /// The first outcome counts.
    func end(_ outcome: Outcome) {
        guard !hasEnded else { return }
        self.outcome = outcome
        deadlinePassed = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    private static func text(_ nanoseconds: UInt64) -> String {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { buffer in
            String(decoding: buffer[..<GRPCTimeout.write(nanoseconds: nanoseconds, into: buffer)], as: UTF8.self)
        }
    }
}
