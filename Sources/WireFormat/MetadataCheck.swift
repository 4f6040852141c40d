/// Whether metadata values are well-formed. A malformed one makes common gRPC servers fail the whole connection,
/// which other clients' calls share, so it is refused here and never forwarded.
@usableFromInline package enum MetadataCheck {
    /// Whether all bytes are 0x20 to 0x7E, as the value of a key without `-bin` must be. An empty value is taken.
    @inlinable
    package static func isASCIIValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 8 else { return bytes.allSatisfy { $0 &- 0x20 <= 0x5e } }
        // The last eight overlap those before them: no byte by byte for the rest.
        let last = bytes.count &- 8
        var at = 0
        while at < last {
            guard isPrintable(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) else { return false }
            at &+= 8
        }
        return isPrintable(bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self))
    }

    /// Eight bytes at once: none has its high bit, none is 0x7F, none is below 0x20. No sum carries into the next byte.
    @inlinable
    static func isPrintable(_ word: UInt64) -> Bool {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let high: UInt64 = 0x8080_8080_8080_8080
        guard (word | (low &+ 0x0101_0101_0101_0101)) & high == 0 else { return false }
        return (low &+ 0x6060_6060_6060_6060) & high == high
    }

    /// Whether the value of a `-bin` key is base64, or a comma-joined list of such.
    ///
    /// A peer that joins duplicate keys makes such lists, but not every gRPC server splits them (gRPC core does not):
    /// forward the items as fields of their own, or ask `isBinaryItem`.
    package static func isBinaryValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        for at in 0..<bytes.count where bytes[at] == UInt8(ascii: ",") {
            guard isBinaryItem(UnsafeRawBufferPointer(rebasing: bytes[start..<at])) else { return false }
            start = at + 1
        }
        return isBinaryItem(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    /// Whether this is one base64 value: standard alphabet, with all padding or none, unused bits zero, possibly empty.
    package static func isBinaryItem(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var count = bytes.count
        while count > 0, bytes.count - count < 2, bytes[count - 1] == UInt8(ascii: "=") { count -= 1 }
        guard count == bytes.count || bytes.count % 4 == 0 else { return false }
        for at in 0..<count where base64Digit(bytes[at]) == nil { return false }
        switch count % 4 {
        case 0: return true
        case 1: return false
        case 2: return base64Digit(bytes[count - 1])! & 0xf == 0
        default: return base64Digit(bytes[count - 1])! & 0x3 == 0
        }
    }

    /// Whether this is the name of a content coding, as `grpc-encoding` takes: a token (RFC 9110, section 5.6.2).
    package static func isContentCoding(_ bytes: UnsafeRawBufferPointer) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func base64Digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
