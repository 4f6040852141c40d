internal import CZlib

/// Inflates messages that were compressed with gzip, or with zlib's own head and tail, which gRPC calls `deflate` (RFC
/// 1950).
///
/// The length of what comes out is bounded before it is known: a small message that inflates without end costs no
/// more than the bound. Several gzip members one behind the other are one message (RFC 1952, section 2.2). Its 44 KiB
/// of state are kept from message to message: one inflater for each event loop.
package struct GzipInflater: ~Copyable {
    /// zlib keeps the stream's address.
    private let stream: UnsafeMutablePointer<z_stream>

    package init() throws(GzipFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard switchover_inflate_init(stream) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The message; at most `limit` bytes.
    package mutating func inflate(_ bytes: [UInt8], limit: Int) throws(GzipFault) -> [UInt8] {
        guard let count = UInt32(exactly: bytes.count), limit >= 0 else { throw .tooLong(limit: limit) }
        guard inflateReset(stream) == Z_OK else { throw .corrupt }
        return try bytes.span.withUnsafeBufferPointer { input throws(GzipFault) in
            // zlib reads the input only; its C declaration lacks the const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = count
            defer {
                stream.pointee.next_in = nil
                stream.pointee.avail_in = 0
            }
            return try run(limit: limit)
        }
    }

    /// Inflates into memory that doubles up to one byte more than the limit: that byte tells a message that ends there
    /// from one that goes on.
    private func run(limit: Int) throws(GzipFault) -> [UInt8] {
        let most = limit == .max ? limit : limit + 1
        var output = [UInt8](repeating: 0, count: min(most, max(512, 4 * Int(stream.pointee.avail_in))))
        var written = 0
        while true {
            let isEnd = try step(&output, &written)
            guard written <= limit else { throw .tooLong(limit: limit) }
            if isEnd {
                output.removeLast(output.count - written)
                return output
            }
            guard written == output.count else { throw .truncated }
            output.append(contentsOf: repeatElement(0, count: min(most, 2 * output.count) - output.count))
        }
    }

    /// Fills the memory as far as input and memory go; true at the end of the last member.
    private func step(_ output: inout [UInt8], _ written: inout Int) throws(GzipFault) -> Bool {
        while true {
            let (status, count) = inflateOnce(&output, from: written)
            written += count
            switch status {
            case Z_STREAM_END:
                if stream.pointee.avail_in == 0 { return true }
                guard inflateReset(stream) == Z_OK else { throw .corrupt }
            case Z_OK, Z_BUF_ERROR: return false
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .corrupt
            }
        }
    }

    private func inflateOnce(_ output: inout [UInt8], from start: Int) -> (status: Int32, count: Int) {
        output.withUnsafeMutableBufferPointer { memory in
            let room = UInt32(clamping: memory.count - start)
            stream.pointee.next_out = memory.baseAddress.map { $0 + start }
            stream.pointee.avail_out = room
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            return (status, Int(room - stream.pointee.avail_out))
        }
    }
}
