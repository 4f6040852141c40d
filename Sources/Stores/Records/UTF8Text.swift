/// Whether bytes are UTF-8: every text that a request carries or a row holds is checked, since protobuf's parsers
/// refuse a message with any other.
enum UTF8Text {
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while bytes.count - at >= 8 {
            guard bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
                return false
            }
            at += 8
        }
        return bytes[at...].allSatisfy { $0 < 0x80 }
    }
}
