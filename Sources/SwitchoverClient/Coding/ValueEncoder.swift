/// Makes one field's value of a Swift value by the table of `Records`.
struct ValueEncoder: Encoder, SingleValueEncodingContainer {
    private let box = FieldBox()
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    static func value<Value: Encodable>(of value: Value, at path: [any CodingKey]) throws -> RecordValue {
        if let value = value as? any RecordValueConvertible { return value.recordValue }
        let encoder = ValueEncoder(codingPath: path)
        try value.encode(to: encoder)
        guard let encoded = encoder.box.list.last?.value else { throw RefusingContainer(codingPath: path).fault() }
        return encoded
    }

    func encodeNil() { box.append("", .null) }

    func encode<Value: Encodable>(_ value: Value) throws {
        box.append("", try Self.value(of: value, at: codingPath))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { RefusingContainer(codingPath: codingPath) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RefusingKeyedContainer(codingPath: codingPath))
    }
}

/// Stands where a list or a struct is encoded as a field, which has one value only: fails whatever is put into it.
struct RefusingContainer: UnkeyedEncodingContainer, SingleValueEncodingContainer {
    let codingPath: [any CodingKey]
    let count = 0

    func fault() -> EncodingError {
        let place = codingPath.isEmpty ? "a record" : "field \(codingPath.map(\.stringValue).joined(separator: "."))"
        let rule = codingPath.isEmpty ? "is a struct of named fields" : "has one value; write several as JSONText"
        return EncodingError.invalidValue(
            place, EncodingError.Context(codingPath: codingPath, debugDescription: "\(place) \(rule)"))
    }

    func encodeNil() throws { throw fault() }
    func encode<Value: Encodable>(_ value: Value) throws { throw fault() }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func superEncoder() -> any Encoder { ValueEncoder(codingPath: codingPath) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(RefusingKeyedContainer(codingPath: codingPath))
    }
}

/// The same with keys.
struct RefusingKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let codingPath: [any CodingKey]

    private var refusing: RefusingContainer { RefusingContainer(codingPath: codingPath) }

    func encodeNil(forKey key: Key) throws { throw refusing.fault() }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { throw refusing.fault() }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { refusing }
    func superEncoder() -> any Encoder { ValueEncoder(codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { ValueEncoder(codingPath: codingPath) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(RefusingKeyedContainer<Nested>(codingPath: codingPath))
    }
}
