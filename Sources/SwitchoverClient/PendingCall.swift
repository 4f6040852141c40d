import EventLoop
import HTTP2
import WireFormat

/// One call from its start to its result. Confined to the connector's loop once it was started.
///
///     started --connection--> sent --reply complete, lost--> ended
///     started, sent --deadline, cancelled--> ended; a stream that is open is reset
final class PendingCall: @unchecked Sendable {
    // Sendable because after `start` it is touched on the loop's thread alone.

    let fields: LocalFields
    let message: [UInt8]
    /// Monotonic nanoseconds.
    let deadline: UInt64
    /// Until when it waits for a connection.
    var connectDeadline: UInt64 = 0
    let timer: UnsafeMutablePointer<Timer>
    /// Set once, before `start`.
    var continuation: CheckedContinuation<Result<[UInt8], SwitchoverError>, Never>?
    var stream: StreamPointer?
    var source: StreamPointer?
    /// Told by the timer.
    var deadlinePassed: (() -> Void)?
    private(set) var hasEnded = false

    init(_ method: String, _ message: [UInt8], _ options: CallOptions, timeout: Duration) {
        self.message = message
        let nanoseconds = timeout.nanoseconds
        deadline = MonotonicClock.nanoseconds &+ nanoseconds
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

    /// The first result counts.
    func end(_ result: Result<[UInt8], SwitchoverError>) {
        guard !hasEnded else { return }
        hasEnded = true
        deadlinePassed = nil
        continuation?.resume(returning: result)
        continuation = nil
    }

    private static func text(_ nanoseconds: UInt64) -> String {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { buffer in
            String(decoding: buffer[..<GRPCTimeout.write(nanoseconds: nanoseconds, into: buffer)], as: UTF8.self)
        }
    }
}
