/// Writes and reads the bytes by whose unsigned order records are ordered (contract, section 6).
///
/// Each value is a byte 0 for NULL, or a byte 1 and:
/// - bool: a byte; int64, timestamp: eight bytes, big-endian, sign bit flipped; uint64: eight bytes, big-endian
/// - double: its bits, big-endian, the sign bit flipped if it is positive, all bits if it is negative
/// - decimal: 2, a two-byte exponent, digits each plus 1, 0 for a positive number; 1 for zero; 0 and the complement of
///   the rest for a negative one; the exponent is how many digits stand before the point, plus 128
/// - text, bytes: the bytes, with 0 written as 0 255, and 0 1 at the end
/// - uuid: its 16 bytes
///
/// Of a descending value all bytes are complemented.
enum SortKey {
    static func append(_ value: RecordValue, isDescending: Bool, to bytes: inout [UInt8]) {
        let start = bytes.count
        append(value, to: &bytes)
        guard isDescending else { return }
        for at in start..<bytes.count { bytes[at] = ~bytes[at] }
    }

    private static func append(_ value: RecordValue, to bytes: inout [UInt8]) {
        guard !value.isNull else { return bytes.append(0) }
        bytes.append(1)
        switch value {
        case .null: break
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int64(let value), .timestamp(let value): append(UInt64(bitPattern: value) ^ 1 << 63, to: &bytes)
        case .uint64(let value): append(value, to: &bytes)
        case .double(let value):
            let bits = value.bitPattern
            append(bits >> 63 == 0 ? bits ^ 1 << 63 : ~bits, to: &bytes)
        case .decimal(let value): append(value, to: &bytes)
        case .text(let value), .bytes(let value), .json(let value): append(value, to: &bytes)
        case .uuid(let value): withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private static func append(_ bits: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bits.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        for byte in text {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xff) }
        }
        bytes += [0, 1]
    }

    private static func append(_ number: DecimalNumber, to bytes: inout [UInt8]) {
        guard number.magnitude > 0 else { return bytes.append(1) }
        let digits = Array("\(number.magnitude)".utf8)
        let count = digits.count - digits.reversed().prefix { $0 == UInt8(ascii: "0") }.count
        let exponent = UInt16(128 + digits.count - number.scale)
        let written =
            [2, UInt8(exponent >> 8), UInt8(truncatingIfNeeded: exponent)]
            + digits[..<count].map { $0 - UInt8(ascii: "0") + 1 } + [0]
        bytes += number.isNegative ? [0] + written.dropFirst().map { ~$0 } : written
    }
}

/// Reads a sort key back into the values it was made of.
struct SortKeyReader {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    /// The next value; nil if the bytes are none of that type.
    ///
    /// - Parameter keep: takes care of text whose bytes do not stand in the sort key as they are, and returns memory
    ///   that lives as long as the value.
    mutating func next(
        _ type: ValueType, isDescending: Bool, keep: ([UInt8]) -> UnsafeRawBufferPointer
    ) -> RecordValue? {
        let mask: UInt8 = isDescending ? 0xff : 0
        guard let marker = byte(mask) else { return nil }
        if marker == 0 { return .null }
        guard marker == 1 else { return nil }
        switch type {
        case .bool:
            guard let value = byte(mask), value <= 1 else { return nil }
            return .bool(value == 1)
        case .int64: return word(mask).map { .int64(Int64(bitPattern: $0 ^ 1 << 63)) }
        case .timestamp: return word(mask).map { .timestamp(Int64(bitPattern: $0 ^ 1 << 63)) }
        case .uint64: return word(mask).map { .uint64($0) }
        case .double:
            guard let bits = word(mask) else { return nil }
            let value = Double(bitPattern: bits >> 63 == 1 ? bits ^ 1 << 63 : ~bits)
            return value.isNaN ? nil : .double(value == 0 ? 0 : value)
        case .decimal: return decimal(mask)
        case .text:
            guard let text = text(mask).map(keep), UTF8Text.isValid(text) else { return nil }
            return .text(text)
        case .bytes: return text(mask).map { .bytes(keep($0)) }
        case .uuid:
            guard let high = word(mask), let low = word(mask) else { return nil }
            return .uuid(UInt128(high) << 64 | UInt128(low))
        case .json: return nil
        }
    }

    private mutating func byte(_ mask: UInt8) -> UInt8? {
        guard at < bytes.count else { return nil }
        defer { at += 1 }
        return bytes[at] ^ mask
    }

    private mutating func word(_ mask: UInt8) -> UInt64? {
        guard bytes.count - at >= 8 else { return nil }
        defer { at += 8 }
        let bits = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        return mask == 0 ? bits : ~bits
    }

    private mutating func text(_ mask: UInt8) -> [UInt8]? {
        var text: [UInt8] = []
        while let next = byte(mask) {
            guard next == 0 else {
                text.append(next)
                continue
            }
            switch byte(mask) {
            case 0xff: text.append(0)
            case 1: return text
            default: return nil
            }
        }
        return nil
    }

    private mutating func decimal(_ mask: UInt8) -> RecordValue? {
        guard let sign = byte(mask), sign <= 2 else { return nil }
        if sign == 1 { return .decimal(DecimalNumber(isNegative: false, magnitude: 0, scale: 0)) }
        let mask = sign == 0 ? ~mask : mask
        guard let high = byte(mask), let low = byte(mask) else { return nil }
        let exponent = Int(high) << 8 + Int(low) - 128
        var magnitude: UInt128 = 0
        var digits = 0
        var isEnded = false
        while !isEnded, let next = byte(mask) {
            isEnded = next == 0
            if isEnded { continue }
            guard next <= 10, digits < DecimalNumber.maxDigits else { return nil }
            magnitude = magnitude * 10 + UInt128(next - 1)
            digits += 1
        }
        guard isEnded, digits > 0, (digits - DecimalNumber.maxDigits...DecimalNumber.maxDigits).contains(exponent)
        else {
            return nil
        }
        for _ in digits..<max(digits, exponent) { magnitude *= 10 }
        return .decimal(
            DecimalNumber(isNegative: sign == 0, magnitude: magnitude, scale: max(0, digits - exponent)))
    }
}
