/// A record without a struct of its own: its fields by name, for tools that learn the fields at run time.
///
///     let orders = client.records(of: "orders", as: AnyRecord.self, key: ["order_id"], grayKey: "store_id")
///     let status = try await orders.get(1)?["status"]
///
/// Fields that are not there are not written: they get their columns' defaults, or keep their values.
public struct AnyRecord: Codable, Sendable, Hashable, ExpressibleByDictionaryLiteral {
    public var fields: [String: RecordValue]

    public init(_ fields: [String: RecordValue]) { self.fields = fields }

    public init(dictionaryLiteral elements: (String, (any RecordValueConvertible)?)...) {
        fields = Dictionary(elements.map { ($0, $1?.recordValue ?? .null) }) { _, last in last }
    }

    public subscript(name: String) -> RecordValue? {
        get { fields[name] }
        set { fields[name] = newValue }
    }

    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? RecordDecoder else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "an AnyRecord is read by Records alone"))
        }
        fields = decoder.fields
    }

    public func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? RecordEncoder else {
            throw EncodingError.invalidValue(
                self,
                EncodingError.Context(
                    codingPath: encoder.codingPath, debugDescription: "an AnyRecord is written by Records alone"))
        }
        for field in fields.sorted(by: { $0.key < $1.key }) { encoder.fields.append(field.key, field.value) }
    }
}
