import FoundationEssentials

/// Makes a Swift value of one field's by the table of `Records`.
struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: RecordValue
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func decodeNil() -> Bool { value == .null }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == RecordValue.self { return try cast(value) }
        if isScalar(type) {
            guard let scalar = try scalar(type) else { throw mismatch(type) }
            return try cast(scalar)
        }
        return try Value(from: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw isOneValue }
    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> { throw isOneValue }

    private func isScalar(_ type: any Decodable.Type) -> Bool { type is any RecordValueConvertible.Type }

    /// Nil where the value is of a type that the Swift type is not read from.
    private func scalar(_ type: any Decodable.Type) throws -> (any Decodable)? {
        if let type = type as? any (FixedWidthInteger & Decodable).Type { return try integer(type) }
        switch (ObjectIdentifier(type), value) {
        case (ObjectIdentifier(Bool.self), .bool(let value)): return value
        case (ObjectIdentifier(Double.self), .double(let value)): return value
        case (ObjectIdentifier(Float.self), .double(let value)): return Float(value)
        case (ObjectIdentifier(String.self), .text(let value)), (ObjectIdentifier(String.self), .json(let value)):
            return value
        case (ObjectIdentifier(String.self), .decimal(let value)): return "\(value)"
        case (ObjectIdentifier(Decimal.self), .decimal(let value)): return value
        case (ObjectIdentifier(Decimal.self), .int64(let value)): return Decimal(value)
        case (ObjectIdentifier(Decimal.self), .uint64(let value)): return Decimal(value)
        case (ObjectIdentifier(Data.self), .bytes(let value)): return Data(value)
        case (ObjectIdentifier([UInt8].self), .bytes(let value)): return value
        case (ObjectIdentifier(Date.self), .timestamp(let value)): return value
        case (ObjectIdentifier(UUID.self), .uuid(let value)): return value
        case (ObjectIdentifier(JSONText.self), .json(let value)): return JSONText(rawValue: value)
        default: return nil
        }
    }

    private func integer<Integer: FixedWidthInteger & Decodable>(_ type: Integer.Type) throws -> Integer? {
        let number: Integer?
        switch value {
        case .int64(let value): number = Integer(exactly: value)
        case .uint64(let value): number = Integer(exactly: value)
        default: return nil
        }
        guard let number else {
            throw DecodingError.dataCorrupted(context("\(value) has no place in \(type)"))
        }
        return number
    }

    private func cast<Value>(_ value: Any) throws -> Value {
        guard let value = value as? Value else { throw mismatch(Value.self) }
        return value
    }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        if value == .null {
            return .valueNotFound(type, context("\(type) was expected and NULL found; make it optional"))
        }
        return .typeMismatch(type, context("\(type) is not read from a value of type \(value.typeName)"))
    }

    var isOneValue: DecodingError {
        .typeMismatch(RecordValue.self, context("a field has one value; read it as JSONText"))
    }

    private func context(_ text: String) -> DecodingError.Context {
        let place = codingPath.map(\.stringValue).joined(separator: ".")
        return DecodingError.Context(codingPath: codingPath, debugDescription: "field \(place): \(text)")
    }
}
