import EventLoop
public import SwiftProtobuf

/// A client of a Switchover sidecar: calls over one HTTP/2 connection, which is made when it is needed and made again
/// when it is lost. Any number of calls may be under way at once.
///
///     let client = try SwitchoverClient("unix:/run/switchover/data.sock")
///     let reply = try await client.call("/shop.v1.Orders/Get", request)
///
/// The sidecar is beside the app: the connection is plain text, and never left the machine.
public final class SwitchoverClient: Sendable {
    private let connector: Connector
    private let options: ClientOptions

    /// - Parameter address: `host:port`, `[v6]:port` or `unix:/path`. Nothing is connected yet.
    /// - Throws: `INVALID_ARGUMENT` for an address that is none, `RESOURCE_EXHAUSTED` where the system has no thread or
    ///   descriptor left.
    public init(_ address: String, options: ClientOptions = ClientOptions()) throws(SwitchoverError) {
        self.options = options
        let parsed: Address
        do throws(Address.Malformed) {
            parsed = try Address(address)
        } catch {
            throw SwitchoverError(.invalidArgument, error.description, mayRetry: .no)
        }
        do throws(SystemError) {
            connector = try Connector(to: parsed, options)
        } catch {
            throw SwitchoverError(.resourceExhausted, "\(error)", mayRetry: .yes)
        }
    }

    deinit { connector.close() }

    /// Ends the connection; calls that are under way fail with `UNAVAILABLE`, and so do later ones.
    public func close() { connector.close() }

    /// A unary call of any gRPC method.
    ///
    /// - Parameters:
    ///   - method: the path, `/package.Service/Method`.
    ///   - message: the request, serialized; without gRPC's prefix.
    /// - Returns: the reply, serialized.
    /// - Throws: `CANCELLED` when the task is cancelled; its stream is reset then.
    public func call(
        _ method: String, _ message: [UInt8], options: CallOptions = CallOptions()
    ) async throws(SwitchoverError) -> [UInt8] {
        try await ask(method, message, options).message
    }

    /// A unary call with messages that swift-protobuf has generated.
    public func call<Request: Message, Reply: Message>(
        _ method: String, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(SwitchoverError) -> Reply {
        try await ask(method, request, options).message
    }

    /// The same, and the side that a partial answer lacks.
    func ask<Request: Message, Reply: Message>(
        _ method: String, _ request: Request, _ options: CallOptions
    ) async throws(SwitchoverError) -> (message: Reply, missing: SwitchoverError.Side?) {
        guard let message: [UInt8] = try? request.serializedBytes() else {
            throw SwitchoverError(.invalidArgument, "the request cannot be serialized", mayRetry: .no)
        }
        let reply = try await ask(method, message, options)
        guard let decoded = try? Reply(serializedBytes: reply.message) else {
            throw SwitchoverError(.internal, "the reply is no \(Reply.protoMessageName)", mayRetry: .no)
        }
        return (decoded, reply.missing)
    }

    /// A call with its repetitions, within one deadline.
    private func ask(
        _ method: String, _ message: [UInt8], _ options: CallOptions
    ) async throws(SwitchoverError) -> CallReply {
        let (sum, overflows) = MonotonicClock.nanoseconds.addingReportingOverflow(
            (options.timeout ?? self.options.timeout).nanoseconds)
        let deadline = overflows ? .max : sum
        var attempt = 1
        while true {
            let outcome = await ask(once: method, message, options, deadline: deadline)
            guard case .failure(let error) = outcome,
                let longest = self.options.retry.pause(
                    after: error, attempt: attempt, isIdempotent: options.isIdempotent)
            else { return try outcome.get() }
            let pause = longest * Double.random(in: 0.5...1)
            guard pause.nanoseconds < deadline &- min(deadline, MonotonicClock.nanoseconds) else { throw error }
            // A cancelled task is told so by the next attempt.
            try? await Task.sleep(for: pause)
            attempt += 1
        }
    }

    private func ask(
        once method: String, _ message: [UInt8], _ options: CallOptions, deadline: UInt64
    ) async -> PendingCall.Outcome {
        let remaining = deadline &- min(deadline, MonotonicClock.nanoseconds)
        let call = PendingCall(method, message, options, deadline: deadline, remaining: remaining)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { connector.start(call, $0) }
        } onCancel: {
            connector.cancel(call)
        }
    }
}
