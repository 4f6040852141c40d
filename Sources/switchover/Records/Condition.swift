import ArgumentParser
import Stores
import SwitchoverClient

/// A condition of `query --where`: `status=open`, `total>=12.5`, `note!=null`, `name^=A`.
struct Condition: Equatable {
    enum Comparison: String, CaseIterable {
        // Those of two characters first: the first that fits at the earliest place is meant.
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case prefix = "^="
        case equal = "="
        case less = "<"
        case greater = ">"
    }

    let field: String
    let comparison: Comparison
    let value: String

    /// - Throws: `ValidationError` for a text without a comparison.
    init(_ text: String) throws {
        for index in text.indices {
            guard let comparison = Comparison.allCases.first(where: { text[index...].hasPrefix($0.rawValue) }) else {
                continue
            }
            field = String(text[..<index])
            self.comparison = comparison
            value = String(text[index...].dropFirst(comparison.rawValue.count))
            return
        }
        let all = Comparison.allCases.map(\.rawValue).joined(separator: " ")
        throw ValidationError("\"\(text)\" compares nothing; write FIELD, one of \(all), and a value: status=open")
    }

    func filter(_ session: DataSession) throws -> RecordFilter {
        let field = try session.field(self.field)
        if comparison == .prefix { return .prefix(field.name, value) }
        let value = try ValueText.value(self.value, of: field)
        switch (comparison, value) {
        case (.equal, .null): return .isNull(field.name)
        case (.notEqual, .null): return !.isNull(field.name)
        case (_, .null): throw ValidationError("\(self.field): NULL is neither less nor greater; write =null or !=null")
        case (.equal, _): return .equal(field.name, value)
        case (.notEqual, _): return .notEqual(field.name, value)
        case (.less, _): return .less(field.name, value)
        case (.lessOrEqual, _): return .lessOrEqual(field.name, value)
        case (.greater, _): return .greater(field.name, value)
        case (.greaterOrEqual, _), (.prefix, _): return .greaterOrEqual(field.name, value)
        }
    }
}
