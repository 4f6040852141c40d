/// Goes from frame to frame through the bytes of a peer (RFC 9113, 4.1), beside nghttp2, which drops DATA on streams
/// that it has forgotten without a word.
struct FrameWalk {
    struct Header {
        var length: UInt32 = 0
        var kind: UInt8 = 0
        var stream: Int32 = 0
    }

    /// Bytes to go to the next header.
    private var left: Int
    /// A header of which only a part has come.
    private var part = Header()
    private var partCount = 0

    private static var headerBytes: Int { 9 }

    /// - Parameter skipping: bytes before the first frame.
    init(skipping: Int) { left = skipping }

    /// The next header that is complete within `bytes`; nil when there is none.
    mutating func next(in bytes: UnsafeRawBufferPointer, at position: inout Int) -> Header? {
        let skipped = min(left, bytes.count - position)
        position += skipped
        left -= skipped
        if partCount == 0, bytes.count - position >= Self.headerBytes {
            let length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)) >> 8
            let stream = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position + 5, as: UInt32.self))
            let header = Header(
                length: length, kind: bytes[position + 3], stream: Int32(truncatingIfNeeded: stream & 0x7fff_ffff))
            position += Self.headerBytes
            left = Int(length)
            return header
        }
        while partCount < Self.headerBytes, position < bytes.count {
            take(bytes[position])
            position += 1
        }
        guard partCount == Self.headerBytes else { return nil }
        let header = part
        part = Header()
        partCount = 0
        left = Int(header.length)
        return header
    }

    private mutating func take(_ byte: UInt8) {
        switch partCount {
        case 0...2: part.length = part.length << 8 | UInt32(byte)
        case 3: part.kind = byte
        case 4: break
        case 5: part.stream = Int32(byte & 0x7f)
        default: part.stream = part.stream << 8 | Int32(byte)
        }
        partCount += 1
    }
}
