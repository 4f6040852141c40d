/// A value of a YAML or JSON document, with the line it begins on (from 1).
struct DocumentNode: Sendable, Equatable {
    let line: Int
    let content: Content

    enum Content: Sendable, Equatable {
        /// `isQuoted` tells text from what only looks like a number or a truth value.
        case scalar(String, isQuoted: Bool)
        case sequence([DocumentNode])
        /// In the document's order; keys may stand twice, which the reader of the mapping reports.
        case mapping([Entry])
    }

    struct Entry: Sendable, Equatable {
        let key: String
        let line: Int
        let value: DocumentNode
    }

    /// What a person calls it, in messages.
    var kindName: String {
        switch content {
        case .scalar(let text, let isQuoted): text.isEmpty && !isQuoted ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A value together with where it stands.
struct Placed<Value> {
    let value: Value
    let place: Place

    init(_ value: Value, at place: Place) {
        self.value = value
        self.place = place
    }
}

extension Placed: Sendable where Value: Sendable {}

extension DocumentNode {
    /// The line of an entry of nested mappings.
    func line(of path: ArraySlice<String>) -> Int? {
        guard case .mapping(let entries) = content, let key = path.first,
            let entry = entries.first(where: { $0.key == key })
        else { return nil }
        return path.count == 1 ? entry.line : entry.value.line(of: path.dropFirst())
    }
}
