internal import CZlib

/// Compresses messages with gzip, as `grpc-encoding: gzip` means it.
///
/// At zlib's fastest level: what the sidecar compresses travels from one process to its neighbour, and the CPU is the
/// app's. Its 256 KiB of state are kept from message to message: one deflater for each event loop.
package struct GzipDeflater: ~Copyable {
    /// zlib keeps the stream's address.
    private let stream: UnsafeMutablePointer<z_stream>

    package init() throws(GzipFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard switchover_deflate_init(stream, Z_BEST_SPEED) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The message in one gzip member.
    package mutating func deflate(_ message: [UInt8]) throws(GzipFault) -> [UInt8] {
        let most = Int(UInt32.max)
        guard let count = UInt32(exactly: message.count), deflateReset(stream) == Z_OK,
            let bound = UInt32(exactly: deflateBound(stream, UInt(count)))
        else { throw .tooLong(limit: most) }
        return message.span.withUnsafeBufferPointer { input in
            // zlib reads the input only; its C declaration lacks the const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = count
            defer {
                stream.pointee.next_in = nil
                stream.pointee.avail_in = 0
            }
            return run(bound: bound)
        }
    }

    private func run(bound: UInt32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(bound)) { memory, written in
            stream.pointee.next_out = memory.baseAddress
            stream.pointee.avail_out = bound
            let status = CZlib.deflate(stream, Z_FINISH)
            precondition(status == Z_STREAM_END, "deflateBound is the most that deflate writes")
            written = Int(bound - stream.pointee.avail_out)
        }
    }
}
