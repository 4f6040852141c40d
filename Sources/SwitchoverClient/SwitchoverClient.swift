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
        let call = PendingCall(method, message, options, timeout: options.timeout ?? self.options.timeout)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.continuation = continuation
                connector.start(call)
            }
        } onCancel: {
            connector.cancel(call)
        }
        return try result.get()
    }

    /// A unary call with messages that swift-protobuf has generated.
    public func call<Request: Message, Reply: Message>(
        _ method: String, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(SwitchoverError) -> Reply {
        guard let message: [UInt8] = try? request.serializedBytes() else {
            throw SwitchoverError(.invalidArgument, "the request cannot be serialized", mayRetry: .no)
        }
        let reply = try await call(method, message, options: options)
        guard let decoded = try? Reply(serializedBytes: reply) else {
            throw SwitchoverError(.internal, "the reply is no \(Reply.protoMessageName)", mayRetry: .no)
        }
        return decoded
    }
}
