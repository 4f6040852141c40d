/// The percent encoding of `grpc-message` (gRPC over HTTP/2, "Responses"): 0x20 to 0x7E without `%` stand for
/// themselves, every other byte is `%` and two upper-case hexadecimal digits.
package enum PercentEncoding {
    /// How many bytes `encode` needs for all of `bytes`.
    package static func encodedCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in bytes { count += isPlain(byte) ? 1 : 3 }
        return count
    }

    /// Encodes as much as there is room for, and cuts neither an escape nor a UTF-8 character in two.
    ///
    /// - Returns: how many bytes were written.
    package static func encode(_ bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        for (index, byte) in bytes.enumerated() {
            let width = isPlain(byte) ? 1 : 3
            guard memory.count - written >= width else {
                return written - 3 * partialCharacter(bytes[..<index], next: byte)
            }
            if width == 1 {
                memory[written] = byte
            } else {
                memory[written] = UInt8(ascii: "%")
                memory[written + 1] = hexDigit(byte >> 4)
                memory[written + 2] = hexDigit(byte & 0xf)
            }
            written += width
        }
        return written
    }

    /// Decodes; what is no valid escape stands for itself, for a receiver must not fail because of a status message.
    ///
    /// - Parameter memory: at least as long as `bytes`; may be the same memory.
    /// - Returns: how many bytes were written.
    package static func decode(_ bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) -> Int {
        precondition(memory.count >= bytes.count, "decoding needs as much memory as it reads")
        var written = 0
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), bytes.count - at >= 3,
                let high = hexValue(bytes[at + 1]), let low = hexValue(bytes[at + 2])
            {
                memory[written] = high << 4 | low
                at += 3
            } else {
                memory[written] = bytes[at]
                at += 1
            }
            written += 1
        }
        return written
    }

    /// How many bytes at the end of `bytes` begin a UTF-8 character that `next` goes on with; at most 3.
    private static func partialCharacter(_ bytes: Slice<UnsafeRawBufferPointer>, next: UInt8) -> Int {
        guard next & 0xc0 == 0x80 else { return 0 }
        for (distance, byte) in bytes.reversed().prefix(3).enumerated() {
            if byte >= 0xc0 { return distance + 1 }
            guard byte >= 0x80 else { return 0 }
        }
        return 0
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "%") }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
