/// Why a message cannot be inflated or deflated.
package enum GzipFault: Error, Equatable, CustomStringConvertible {
    /// No gzip, or its checksum is wrong.
    case corrupt
    /// The bytes end within the message.
    case truncated
    /// The message is longer than the caller allows, or than gRPC can carry; nothing beyond that was inflated.
    case tooLong(limit: Int)
    case outOfMemory

    package var description: String {
        switch self {
        case .corrupt: "the message is not gzip, or damaged"
        case .truncated: "the compressed message ends too early"
        case .tooLong(let limit): "the message has more than \(limit) bytes"
        case .outOfMemory: "no memory for compression"
        }
    }
}
