/// New values of a record's fields, by name: `["status": "sent", "note": nil]`.
public struct RecordChanges: Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var fields: [(name: String, value: RecordValue)]

    public init(dictionaryLiteral elements: (String, (any RecordValueConvertible)?)...) {
        fields = elements.map { ($0, $1?.recordValue ?? .null) }
    }

    public init(_ fields: [(name: String, value: RecordValue)] = []) { self.fields = fields }

    /// Adds a field; nil is NULL.
    public mutating func set(_ name: String, to value: (any RecordValueConvertible)?) {
        fields.removeAll { $0.name == name }
        fields.append((name, value?.recordValue ?? .null))
    }
}
