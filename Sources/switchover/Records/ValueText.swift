import ArgumentParser
import Foundation
import Stores
import SwitchoverClient

/// Values as the command line writes them, by the type that the configuration declares for their field.
enum ValueText {
    static let forms = """
        Values are written by their field's type in the configuration: 406, -12.5, true, any text, \
        2017-01-01T11:53:26Z (timestamp), hex:0a0b (bytes), and null for NULL. A text that is null, or begins with \
        \\, is written with a \\ before it.
        """

    /// - Throws: `ValidationError`, which names the field and says what to write.
    static func value(_ text: String, of field: RecordEntity.Field) throws -> RecordValue {
        if text == "null" { return .null }
        guard let value = read(text, field.type) else {
            throw ValidationError("\(field.name): \"\(text)\" is no \(field.type.name); \(advice(field.type))")
        }
        return value
    }

    private static func read(_ text: String, _ type: ValueType) -> RecordValue? {
        switch type {
        case .bool: Bool(text).map(RecordValue.bool)
        case .int64: Int64(text).map(RecordValue.int64)
        case .uint64: UInt64(text).map(RecordValue.uint64)
        case .double: Double(text).flatMap { $0.isNaN ? nil : .double($0) }
        case .decimal: decimal(text).map(RecordValue.decimal)
        case .text: .text(unescaped(text))
        case .bytes: bytes(text).map(RecordValue.bytes)
        case .timestamp: InstantText.date(of: text).map(RecordValue.timestamp)
        case .uuid: UUID(uuidString: text).map(RecordValue.uuid)
        case .json: json(unescaped(text)).map(RecordValue.json)
        }
    }

    private static func advice(_ type: ValueType) -> String {
        switch type {
        case .bool: "write true or false"
        case .int64: "write digits, a - before them if need be"
        case .uint64: "write digits"
        case .double: "write a number like -1.5 or 1e9"
        case .decimal: "write a number of at most 38 digits like -12.50"
        case .text: "write any text"
        case .bytes: "write hex: and pairs of hexadecimal digits, like hex:0a0b"
        case .timestamp: "write an instant like 2017-01-01T11:53:26Z"
        case .uuid: "write one like 00010203-0405-0607-0809-0a0b0c0d0e0f"
        case .json: "write JSON"
        }
    }

    private static func unescaped(_ text: String) -> String { text.hasPrefix("\\") ? String(text.dropFirst()) : text }

    private static func decimal(_ text: String) -> Decimal? {
        let number = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.reduce(0, { $0 + $1.count }) <= 38,
            parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber } })
        else { return nil }
        return Decimal(string: text)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        guard text.hasPrefix("hex:"), text.utf8.count.isMultiple(of: 2) else { return nil }
        let digits = text.dropFirst(4).map(\.hexDigitValue)
        let nibbles = digits.compactMap { $0.map(UInt8.init) }
        guard nibbles.count == digits.count else { return nil }
        return stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    }

    private static func json(_ text: String) -> String? {
        let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        return parsed.map { _ in text }
    }
}
