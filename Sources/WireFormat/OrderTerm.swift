/// How the values of an order term compare: a scalar by value, text and bytes by unsigned byte, or floating point.
package enum OrderType: Sendable, Equatable {
    case scalar(ScalarType)
    case double
    case float

    /// Finds the type by the name it has in a `.proto` file.
    package init?(name: some StringProtocol) {
        if let type = ScalarType(name: name) {
            self = .scalar(type)
        } else if name == "double" {
            self = .double
        } else if name == "float" {
            self = .float
        } else {
            return nil
        }
    }

    package var name: String {
        switch self {
        case .scalar(let type): type.name
        case .double: "double"
        case .float: "float"
        }
    }

    /// The scalar that has the same form on the wire.
    var wire: ScalarType {
        switch self {
        case .scalar(let type): type
        case .double: .fixed64
        case .float: .fixed32
        }
    }
}

/// One term of the order that a service declares for its rows.
///
/// A timestamp message is two terms, its seconds and its nanoseconds, both null without their holder.
package struct OrderTerm: Sendable, Equatable {
    /// What a value that is not on the wire is.
    package enum Absence: Sendable, Equatable {
        /// The type's default value: fields without presence.
        case isDefault
        /// Null, before every value: fields with presence (`optional`, members of a `oneof`).
        case isNull
        /// The default value, but null when the message that holds the field is not on the wire: wrapper types, and
        /// messages such as a timestamp.
        case isNullWithoutHolder
    }

    package let path: FieldPath
    package let type: OrderType
    package let absence: Absence
    package let isDescending: Bool
    /// The message that holds the field, where its absence matters.
    let holder: FieldPath?

    package init(path: FieldPath, type: OrderType, absence: Absence = .isDefault, isDescending: Bool = false) {
        self.path = path
        self.type = type
        self.absence = absence
        self.isDescending = isDescending
        holder = absence == .isNullWithoutHolder ? path.holder : nil
    }

    /// A component of the record key, which ends every order.
    package init(_ field: KeyField) { self.init(path: field.path, type: .scalar(field.type)) }
}
