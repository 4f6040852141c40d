/// How uuids are written in a text column: 32 hexadecimal digits, in lower or upper case, with hyphens after the 8th,
/// 12th,
/// 16th and 20th or without.
///
/// Upper-case digits stand in the same order as lower-case ones, so that a column of either form is in the order of its
/// uuids. A text in the other case is read as the same uuid: one uuid is one record, whoever wrote it.
package struct UUIDFormat: Sendable, Equatable {
    let isUpper: Bool
    let hasHyphens: Bool

    /// Lower case with hyphens (RFC 9562).
    package static let canonical = UUIDFormat(isUpper: false, hasHyphens: true)

    init(isUpper: Bool, hasHyphens: Bool) {
        self.isUpper = isUpper
        self.hasHyphens = hasHyphens
    }

    /// Reads a format from an example of it; one without letters is taken as lower case.
    package init?(example: some StringProtocol) {
        let bytes = Array(example.utf8)
        let format = UUIDFormat(isUpper: bytes.contains(where: Self.isUpperDigit), hasHyphens: bytes.count == 36)
        guard bytes.withUnsafeBytes({ format.uuid($0) }) != nil else { return nil }
        self = format
    }

    /// The same form in the other case.
    var otherCase: UUIDFormat { UUIDFormat(isUpper: !isUpper, hasHyphens: hasHyphens) }

    /// As a person writes an example of it.
    package var example: String {
        String(decoding: text(0xa0ee_bc99_9c0b_4ef8_bb6d_6bb9_bd38_0a11), as: UTF8.self)
    }

    private static let hyphens: Set<Int> = [8, 13, 18, 23]

    func text(_ uuid: UInt128) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for digit in (0..<32).reversed() {
            if hasHyphens, Self.hyphens.contains(text.count) { text.append(UInt8(ascii: "-")) }
            let value = UInt8(truncatingIfNeeded: uuid >> UInt128(4 * digit)) & 0xf
            let letter = isUpper ? UInt8(ascii: "A") : UInt8(ascii: "a")
            text.append(value < 10 ? UInt8(ascii: "0") + value : letter + value - 10)
        }
        return text
    }

    /// The uuid of a text in either case; nil for any other form, and for a text with digits in both cases: a look-up
    /// would not find it.
    func uuid(_ text: UnsafeRawBufferPointer) -> UInt128? {
        guard text.count == (hasHyphens ? 36 : 32) else { return nil }
        var uuid: UInt128 = 0
        var cases: (lower: Bool, upper: Bool) = (false, false)
        for (position, byte) in text.enumerated() {
            if hasHyphens, Self.hyphens.contains(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                digit = byte - UInt8(ascii: "a") + 10
                cases.lower = true
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                digit = byte - UInt8(ascii: "A") + 10
                cases.upper = true
            default: return nil
            }
            uuid = uuid << 4 | UInt128(digit)
        }
        return cases.lower && cases.upper ? nil : uuid
    }

    private static func isUpperDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) }
}
