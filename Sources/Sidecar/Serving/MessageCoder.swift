import Compression

/// Reads and writes compressed messages for one worker. Its state, 300 KiB with both directions, is made when the first
/// one comes.
final class MessageCoder {
    /// The codings that it reads, as `grpc-accept-encoding` names them.
    static var codings: StaticString { "identity,deflate,gzip" }

    private var inflater: GzipInflater?
    private var deflater: GzipDeflater?

    /// - Parameter limit: the longest message that may come out, bytes.
    func inflate(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(GzipFault) -> [UInt8] {
        if inflater == nil { inflater = try GzipInflater() }
        guard let message = try inflater?.inflate(Array(bytes), limit: limit) else { throw .outOfMemory }
        return message
    }

    func deflate(_ message: [UInt8]) throws(GzipFault) -> [UInt8] {
        if deflater == nil { deflater = try GzipDeflater() }
        guard let bytes = try deflater?.deflate(message) else { throw .outOfMemory }
        return bytes
    }
}
