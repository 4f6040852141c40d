/// Makes a struct of a record's fields. Fields that it does not ask for are ignored.
struct RecordDecoder: Decoder {
    let fields: [String: RecordValue]
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// - Throws: `DecodingError`, which names a field that is missing or of another type.
    static func decode<Record: Decodable>(
        _ type: Record.Type, from fields: [String: RecordValue]
    ) throws -> Record {
        try Record(from: RecordDecoder(fields: fields))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RecordDecodingContainer<Key>(fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw isNoStruct }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw isNoStruct }

    private var isNoStruct: DecodingError {
        .typeMismatch(
            [String: RecordValue].self,
            DecodingError.Context(codingPath: [], debugDescription: "a record is a struct of named fields"))
    }
}

private struct RecordDecodingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let fields: [String: RecordValue]
    let codingPath: [any CodingKey] = []

    var allKeys: [Key] { fields.keys.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key) == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try ValueDecoder(value: value(key), codingPath: [key]).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw ValueDecoder(value: try value(key), codingPath: [key]).isOneValue
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw ValueDecoder(value: try value(key), codingPath: [key]).isOneValue
    }

    func superDecoder() -> any Decoder { RecordDecoder(fields: fields) }
    func superDecoder(forKey key: Key) throws -> any Decoder { ValueDecoder(value: try value(key), codingPath: [key]) }

    private func value(_ key: Key) throws -> RecordValue {
        guard let value = fields[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(
                    codingPath: [], debugDescription: "the record has no field \(key.stringValue)"))
        }
        return value
    }
}
