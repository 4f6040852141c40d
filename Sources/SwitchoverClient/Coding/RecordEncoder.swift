/// Takes a record's fields out of a struct. A nil field becomes NULL.
struct RecordEncoder: Encoder {
    let fields = FieldBox()
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// In the order of the struct.
    ///
    /// - Throws: `EncodingError` for a record that is no struct of named fields, or a field that is not one value.
    static func fields<Record: Encodable>(of record: Record) throws -> [(name: String, value: RecordValue)] {
        let encoder = RecordEncoder()
        try record.encode(to: encoder)
        return encoder.fields.list
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RecordEncodingContainer<Key>(fields: fields))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { RefusingContainer(codingPath: []) }
    func singleValueContainer() -> any SingleValueEncodingContainer { RefusingContainer(codingPath: []) }
}

/// Gathers fields; the containers of one encoding share it.
final class FieldBox {
    private(set) var list: [(name: String, value: RecordValue)] = []

    func append(_ name: String, _ value: RecordValue) { list.append((name, value)) }
}

private struct RecordEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let fields: FieldBox
    let codingPath: [any CodingKey] = []

    func encodeNil(forKey key: Key) { fields.append(key.stringValue, .null) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        fields.append(key.stringValue, try ValueEncoder.value(of: value, at: [key]))
    }

    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }

    // Without these the library's own, which leave nil out, would be taken.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try present(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try present(value, key) }

    private func present<Value: Encodable>(_ value: Value?, _ key: Key) throws {
        if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(RefusingKeyedContainer<Nested>(codingPath: [key]))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        RefusingContainer(codingPath: [key])
    }

    func superEncoder() -> any Encoder { ValueEncoder(codingPath: []) }
    func superEncoder(forKey key: Key) -> any Encoder { ValueEncoder(codingPath: [key]) }
}
