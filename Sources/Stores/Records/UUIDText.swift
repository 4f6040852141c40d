/// A uuid as text: 32 lower-case hexadecimal digits with hyphens after the 8th, 12th, 16th and 20th.
enum UUIDText {
    private static let hyphens: Set<Int> = [8, 13, 18, 23]

    static func text(_ uuid: UInt128) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for digit in (0..<32).reversed() {
            if hyphens.contains(text.count) { text.append(UInt8(ascii: "-")) }
            let value = UInt8(truncatingIfNeeded: uuid >> UInt128(4 * digit)) & 0xf
            text.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
        return text
    }

    /// Nil unless the text has exactly this form: upper-case digits would not stand in the order of the uuids.
    static func uuid(_ text: UnsafeRawBufferPointer) -> UInt128? {
        guard text.count == 36 else { return nil }
        var uuid: UInt128 = 0
        for (position, byte) in text.enumerated() {
            if hyphens.contains(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): uuid = uuid << 4 | UInt128(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): uuid = uuid << 4 | UInt128(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return uuid
    }
}
