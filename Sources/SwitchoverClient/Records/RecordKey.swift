/// Identifies one record: the values of the entity's key fields.
///
///     31198570044                                   // a key of one field
///     ["406", 31198570044]                          // of several, in the order of the configuration
///     ["store_id": store, "order_id": order.id]     // by name, in any order
public struct RecordKey: Sendable, Hashable {
    let parts: [RecordValue]
    /// Nil: the parts are in the configuration's order.
    let names: [String]?

    /// The values of the key fields in the configuration's order.
    public init(_ parts: any RecordValueConvertible...) { self.init(parts.map(\.recordValue)) }

    /// The values of the key fields in the configuration's order.
    public init(_ parts: [RecordValue]) {
        self.parts = parts
        names = nil
    }
}

extension RecordKey: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(integerLiteral value: Int64) { self.init([.int64(value)]) }
    public init(stringLiteral value: String) { self.init([.text(value)]) }
    public init(arrayLiteral elements: any RecordValueConvertible...) { self.init(elements.map(\.recordValue)) }

    public init(dictionaryLiteral elements: (String, any RecordValueConvertible)...) {
        parts = elements.map(\.1.recordValue)
        names = elements.map(\.0)
    }
}

extension RecordKey: CustomStringConvertible {
    public var description: String {
        guard let names else { return parts.map(\.description).joined(separator: ", ") }
        return zip(names, parts).map { "\($0): \($1)" }.joined(separator: ", ")
    }
}
