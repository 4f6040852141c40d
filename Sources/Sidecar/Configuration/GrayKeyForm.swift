package import WireFormat

/// How the components of a migration's gray keys are written in switch files, and what they are in canonical form.
///
/// All methods of a migration must agree on it, since one set of keys decides for all of them.
package struct GrayKeyForm: Sendable, Equatable, CustomStringConvertible {
    package enum Component: String, Sendable {
        /// Any integer type: canonical decimal.
        case integer
        /// `true` or `false`.
        case bool
        /// As it is.
        case text
        /// `hex:` and pairs of lower-case hexadecimal digits.
        case bytes
    }

    package let components: [Component]

    package init(components: [Component]) { self.components = components }

    package init(_ plan: KeyPlan) { components = (0..<plan.count).map { Component(plan[$0].type) } }

    package var description: String { components.map(\.rawValue).joined(separator: ", ") }
}

extension GrayKeyForm.Component {
    init(_ type: ScalarType) {
        switch type {
        case .string: self = .text
        case .bytes: self = .bytes
        case .bool: self = .bool
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .fixed32, .fixed64, .sfixed32, .sfixed64:
            self = .integer
        }
    }
}
