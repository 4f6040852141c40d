extension GrayKeyForm {
    /// Longest canonical key, in bytes.
    static let keyBytesAtMost = 1024

    /// A key of a switch file that is not what the form asks for, with what to write.
    struct Malformed: Error {
        let problem: String
    }

    /// Appends the canonical form of a key: a single component's bytes themselves, several each behind its length as a
    /// 4-byte big-endian integer.
    func append(_ written: [ArraySlice<UInt8>], to key: inout [UInt8]) throws(Malformed) {
        guard written.count == components.count else {
            let expected = components.count == 1 ? "a key has 1 component" : "a key has \(components.count) components"
            throw Malformed(problem: "\(expected) (\(self)), found \(written.count)")
        }
        let start = key.count
        for (text, component) in zip(written, components) {
            let lengthIndex = key.count
            if components.count > 1 { key.append(contentsOf: [0, 0, 0, 0]) }
            let contentIndex = key.count
            try component.append(text, to: &key)
            guard components.count > 1 else { continue }
            let length = UInt32(truncatingIfNeeded: key.count - contentIndex)
            for byte in 0..<4 { key[lengthIndex + byte] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(byte))) }
        }
        guard key.count - start <= Self.keyBytesAtMost else {
            throw Malformed(problem: "a key has at most \(Self.keyBytesAtMost) bytes, found \(key.count - start)")
        }
    }
}

extension GrayKeyForm {
    /// A canonical key as people write it, by its components.
    func written(_ key: some Collection<UInt8>) -> [String] {
        if components.count == 1 { return [components[0].written(key)] }
        var rest = Array(key)[...]
        return components.map { component in
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            defer { rest = rest.dropFirst(length) }
            return component.written(rest.prefix(length))
        }
    }
}

extension GrayKeyForm.Component {
    fileprivate func written(_ bytes: some Collection<UInt8>) -> String {
        guard self == .bytes else { return String(decoding: bytes, as: UTF8.self) }
        let digits = Array("0123456789abcdef")
        return "hex:" + bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    func append(_ text: ArraySlice<UInt8>, to key: inout [UInt8]) throws(GrayKeyForm.Malformed) {
        switch self {
        case .text:
            key.append(contentsOf: text)
        case .integer:
            guard Self.isCanonicalInteger(text) else {
                throw malformed(text, "is no canonical integer; write decimal digits without leading zeros, like 406")
            }
            key.append(contentsOf: text)
        case .bool:
            guard text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) else {
                throw malformed(text, "is no truth value; write true or false")
            }
            key.append(contentsOf: text)
        case .bytes:
            guard let bytes = Self.hexadecimal(text) else {
                throw malformed(text, "is no byte string; write hex: and pairs of hexadecimal digits, like hex:0a0b")
            }
            key.append(contentsOf: bytes)
        }
    }

    private func malformed(_ text: ArraySlice<UInt8>, _ problem: String) -> GrayKeyForm.Malformed {
        GrayKeyForm.Malformed(problem: "\"\(String(decoding: text.prefix(80), as: UTF8.self))\" \(problem)")
    }

    /// `0`, or digits that do not begin with 0, negative ones behind `-`; within 64 bits.
    private static func isCanonicalInteger(_ text: ArraySlice<UInt8>) -> Bool {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text
        guard (1...20).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        if digits.first == UInt8(ascii: "0") { return digits.count == 1 && !isNegative }
        // 18 digits fit in any case; only the longest need to be looked at closely.
        if digits.count <= 18 { return true }
        let word = String(decoding: text, as: UTF8.self)
        return isNegative ? Int64(word) != nil : UInt64(word) != nil
    }

    private static func hexadecimal(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.starts(with: "hex:".utf8), text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.dropFirst(4) {
            guard let value = nibble(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
