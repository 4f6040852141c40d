/// The declared protobuf type of a key component. Floating point is refused by leaving it out: it has no one
/// canonical form.
///
/// An enum field is read as `int32`, which is how it stands on the wire.
@usableFromInline package enum ScalarType: UInt8, Sendable, CaseIterable {
    case string
    case bytes
    case bool
    case int32
    case int64
    case uint32
    case uint64
    case sint32
    case sint64
    case fixed32
    case fixed64
    case sfixed32
    case sfixed64

    /// Finds the type by the name it has in a `.proto` file.
    package init?(name: some StringProtocol) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    package var name: String {
        switch self {
        case .string: "string"
        case .bytes: "bytes"
        case .bool: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .sint32: "sint32"
        case .sint64: "sint64"
        case .fixed32: "fixed32"
        case .fixed64: "fixed64"
        case .sfixed32: "sfixed32"
        case .sfixed64: "sfixed64"
        }
    }

    /// Whether the canonical form is the value's own bytes, so that a key can be a slice of the message.
    @inlinable package var isText: Bool { self == .string || self == .bytes }
}

/// What a field that is not on the wire means: its default value, or a missing key.
///
/// Fields without presence (proto3 scalars) are left off the wire by every serialiser when they hold the default, so
/// `optional` is the rule and `required` is for fields declared `optional` in proto3.
@usableFromInline package enum Presence: UInt8, Sendable {
    case optional
    case required
}
