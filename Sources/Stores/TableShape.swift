/// What a table is made of, as far as it decides what writes and queries do: compared with itself at a later time.
package struct TableShape: Sendable, Equatable {
    /// One part, by what a person calls it: `column note`, `trigger audit`.
    package struct Part: Sendable, Equatable {
        package let name: String
        let text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    package let path: String
    package let table: String
    /// Sorted by name; none where the table is gone.
    let parts: [Part]

    package init(path: String, table: String, parts: [Part]) {
        self.path = path
        self.table = table
        self.parts = parts.sorted { $0.name < $1.name }
    }

    /// What is different now, a sentence each.
    package func changes(to now: TableShape) -> [String] {
        let place = "table \(table) of \(path)"
        if now.parts.isEmpty { return parts.isEmpty ? [] : ["The \(place) is gone."] }
        let before = Dictionary(parts.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(now.parts.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let changed = now.parts.compactMap { part -> String? in
            guard let text = before[part.name] else { return "\(part.name) was added to \(place)." }
            return text == part.text ? nil : "\(part.name) of \(place) was changed."
        }
        return (changed + parts.filter { after[$0.name] == nil }.map { "\($0.name) was removed from \(place)." }).map {
            $0.prefix(1).uppercased() + $0.dropFirst()
        }
    }
}
