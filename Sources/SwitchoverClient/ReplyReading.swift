import HTTP2
import WireFormat

/// What a call that ended well brought.
struct CallReply: Sendable {
    let message: [UInt8]
    /// The side that a partial answer lacks (trailer `switchover-partial`).
    let missing: SwitchoverError.Side?
}

/// From a stream's end to a call's result.
enum ReplyReading {
    /// Of a stream whose peer has ended it.
    static func result(of stream: StreamPointer, limit: Int) -> Result<CallReply, SwitchoverError> {
        let status = Reply.status(of: stream)
        guard status == .ok else { return .failure(error(status, of: stream)) }
        let body = stream.pointee.body.bytes
        switch GRPCPrefix.parse(body) {
        case .incomplete: return malformed("the reply has no message")
        case .malformed: return malformed("the reply's message begins with a byte that is neither 0 nor 1")
        case .prefix(let prefix):
            if prefix.isCompressed { return malformed("the reply is compressed, which nobody asked for") }
            if Int(prefix.length) > limit { return .failure(tooLong(limit: limit)) }
            guard body.count == GRPCPrefix.byteCount + Int(prefix.length) else {
                return malformed("the reply is not exactly one message")
            }
            let missing = field("switchover-partial", of: stream).flatMap(SwitchoverError.Side.init)
            return .success(CallReply(message: Array(body[GRPCPrefix.byteCount...]), missing: missing))
        }
    }

    static func tooLong(limit: Int) -> SwitchoverError {
        SwitchoverError(.resourceExhausted, "the reply is longer than messageBytes (\(limit))", mayRetry: .no)
    }

    /// Of a stream that ended without a status (PROTOCOL-HTTP2, "Errors").
    ///
    /// - Parameter hasBegun: whether the reply had begun; such a call was processed, whatever the code says.
    static func reset(_ errorCode: UInt32, hasBegun: Bool = false) -> SwitchoverError {
        let status = GRPCStatus(http2ErrorCode: errorCode)
        let isUntouched = errorCode == HTTP2Code.refusedStream && !hasBegun
        return SwitchoverError(
            code(status), "the sidecar reset the call (HTTP/2 error \(errorCode))",
            mayRetry: isUntouched ? .yes : .ifIdempotent, origin: isUntouched ? .refusedStream : .reset)
    }

    private static func malformed(_ text: String) -> Result<CallReply, SwitchoverError> {
        .failure(SwitchoverError(.internal, text, mayRetry: .no))
    }

    private static func error(_ status: GRPCStatus, of stream: StreamPointer) -> SwitchoverError {
        let message = field("grpc-message", of: stream).map(decoded) ?? ""
        let side = field("switchover-side", of: stream).flatMap(SwitchoverError.Side.init)
        return SwitchoverError(
            code(status), message.isEmpty ? status.name : message, reason: field("switchover-error", of: stream),
            side: side)
    }

    private static func code(_ status: GRPCStatus) -> SwitchoverError.Code {
        SwitchoverError.Code(rawValue: Int(status.rawValue)) ?? .unknown
    }

    /// Trailers before the head: a trailers-only reply has them there.
    private static func field(_ name: String, of stream: StreamPointer) -> String? {
        for list in [stream.pointee.trailers, stream.pointee.fields] {
            for index in 0..<list.count where list[index].nameBytes.elementsEqual(name.utf8) {
                return String(decoding: list[index].valueBytes, as: UTF8.self)
            }
        }
        return nil
    }

    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        // All threads share one empty array, and making one of no element by hand writes into it.
        guard !bytes.isEmpty else { return "" }
        let decoded = [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
            count = bytes.withUnsafeBytes {
                PercentEncoding.decode($0, into: UnsafeMutableRawBufferPointer(memory))
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
