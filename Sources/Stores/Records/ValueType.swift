/// The type of a record's field: the kinds of `switchover.v1.Value`, by their field numbers there.
package enum ValueType: UInt32, Sendable, CaseIterable {
    case bool = 1
    case int64 = 2
    case uint64 = 3
    case double = 4
    case decimal = 5
    case text = 6
    case bytes = 7
    case timestamp = 8
    case uuid = 9
    case json = 10

    /// As the configuration and the .proto file write it.
    package var name: String {
        switch self {
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

    /// Whether equal values have one canonical form, so that a key can be made of them (contract, section 6).
    package var canBeKey: Bool { self != .double && self != .decimal && self != .json }
}
