import WireFormat

/// Cuts the bytes of a request's body into messages, however they were split or packed: pure, incremental.
struct GRPCMessageReader {
    enum Outcome: Equatable {
        case incomplete
        case message([UInt8])
        /// The call cannot go on.
        case failed(GRPCStatus, StaticString)

        static func == (one: Outcome, other: Outcome) -> Bool {
            switch (one, other) {
            case (.incomplete, .incomplete): true
            case (.message(let one), .message(let other)): one == other
            case (.failed(let one, _), .failed(let other, _)): one == other
            default: false
            }
        }
    }

    /// Of one message.
    static let maxBytes = 64 << 10

    private var bytes: [UInt8] = []
    private var start = 0

    /// Whether a message has begun and not ended.
    var isAmidMessage: Bool { start < bytes.count }

    mutating func append(_ added: UnsafeRawBufferPointer) {
        bytes.removeFirst(start)
        start = 0
        bytes += added
    }

    /// The next message, or why there is none.
    mutating func next() -> Outcome {
        let prefix: GRPCPrefix
        switch bytes.withUnsafeBytes({ GRPCPrefix.parse(UnsafeRawBufferPointer(rebasing: $0[start...])) }) {
        case .incomplete: return .incomplete
        case .malformed: return .failed(.internal, "a message begins with a byte that is neither 0 nor 1")
        case .prefix(let found): prefix = found
        }
        guard !prefix.isCompressed else { return .failed(.unimplemented, "compressed messages are not taken here") }
        guard prefix.length <= Self.maxBytes else {
            return .failed(.resourceExhausted, "the message is longer than 64 KiB")
        }
        let first = start + GRPCPrefix.byteCount
        guard bytes.count - first >= Int(prefix.length) else { return .incomplete }
        start = first + Int(prefix.length)
        return .message(Array(bytes[first..<start]))
    }

    /// A message with its prefix.
    static func framed(_ message: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: GRPCPrefix.byteCount)
        bytes.withUnsafeMutableBytes {
            GRPCPrefix(isCompressed: false, length: UInt32(message.count)).write(into: $0)
        }
        return bytes + message
    }
}
