/// How a field's values are stored in its column.
package enum ColumnStorage: Sendable, Equatable {
    /// As the field's type suggests: bool, int64, uint64 as integers, double as a float, text and json as text, bytes
    /// and uuid (16 bytes) as blobs. Not for decimal and timestamp, which have no one natural form.
    case plain
    /// A decimal as an integer of units of 10^-scale, 0...18.
    case scaled(Int)
    /// A timestamp as an integer since 1970 UTC.
    case seconds
    case milliseconds
    case microseconds
    /// A timestamp as text of one fixed form.
    case formatted(TimestampFormat)
    /// A decimal as text: neither compared nor ordered. A uuid as lower-case text with hyphens.
    case text
    /// A uuid as text of one form.
    case uuidText(UUIDFormat)
    /// A decimal as the float that is nearest to it, with this many digits after the point, 0...15, and at most 15 in
    /// all:
    /// within these each number has a float of its own.
    case real(Int)

    /// What kind of SQLite value it is.
    enum Form {
        case integer
        case real
        case text
        case blob
    }

    /// How values of a type stand in the column, for a person.
    package func words(of type: ValueType) -> String {
        switch self {
        case .plain: plainWords(of: type)
        case .scaled(let scale): "integer, scale \(scale)"
        case .real(let scale): "float, scale \(scale)"
        case .seconds: "seconds"
        case .milliseconds: "milliseconds"
        case .microseconds: "microseconds"
        case .text: "text"
        case .formatted(let format): String(decoding: format.text(1_483_271_606_000_000), as: UTF8.self)
        case .uuidText(let format): format.example
        }
    }

    private func plainWords(of type: ValueType) -> String {
        switch form(type) {
        case .integer: "integer"
        case .real: "float"
        case .blob: "blob"
        case .text, nil: "text"
        }
    }

    func form(_ type: ValueType) -> Form? {
        switch (self, type) {
        case (.plain, .bool), (.plain, .int64), (.plain, .uint64): .integer
        case (.plain, .double): .real
        case (.plain, .text), (.plain, .json): .text
        case (.plain, .bytes), (.plain, .uuid): .blob
        case (.scaled, .decimal): .integer
        case (.seconds, .timestamp), (.milliseconds, .timestamp), (.microseconds, .timestamp): .integer
        case (.formatted, .timestamp), (.text, .decimal), (.text, .uuid), (.uuidText, .uuid): .text
        case (.real, .decimal): .real
        default: nil
        }
    }
}
