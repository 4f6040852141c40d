public import FoundationEssentials

/// One value of a record: the kinds of `switchover.v1.Value`, which are also the types that a field is declared with in
/// the configuration. A value is only taken where the field has its very type.
///
/// Literals make the commonest ones: `406` is an int64, `1.5` a double, `"sent"` a text, `true` a bool, `nil` NULL. A
/// decimal is written `.decimal("12.50")`.
public enum RecordValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int64(Int64)
    case uint64(UInt64)
    /// Never NaN.
    case double(Double)
    /// At most 38 digits.
    case decimal(Decimal)
    case text(String)
    case bytes([UInt8])
    /// To the microsecond.
    case timestamp(Date)
    case uuid(UUID)
    /// JSON text, kept as it is.
    case json(String)

    /// The type as the configuration writes it; `null` for NULL, which is of any.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int64: "int64"
        case .uint64: "uint64"
        case .double: "double"
        case .decimal: "decimal"
        case .text: "text"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .uuid: "uuid"
        case .json: "json"
        }
    }
}

extension RecordValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByStringLiteral, ExpressibleByNilLiteral
{
    public init(integerLiteral value: Int64) { self = .int64(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(nilLiteral: ()) { self = .null }
}

extension RecordValue: CustomStringConvertible {
    /// For a person: text and JSON as they are, bytes as `hex:0a0b`, instants by RFC 3339, NULL as `null`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .uint64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let value): "\(value)"
        case .text(let value), .json(let value): value
        case .bytes(let value): "hex:" + value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        case .timestamp(let value): InstantText.text(of: value)
        case .uuid(let value): value.uuidString.lowercased()
        }
    }
}

extension RecordValue: Codable {
    /// A struct's field of this type is any value, of the type that it is declared with. Other coders than the
    /// library's do not know it.
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? ValueDecoder else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "a RecordValue is read from a record alone"))
        }
        self = decoder.value
    }

    public func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self,
            EncodingError.Context(
                codingPath: encoder.codingPath, debugDescription: "a RecordValue is written to a record alone"))
    }
}
