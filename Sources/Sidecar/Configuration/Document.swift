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

/// A mapping of which every key must be known. What is wrong with it goes to `issues`; reading goes on with the rest.
struct Section {
    let place: Place
    let issues: Issues
    private var values: [String: DocumentValue] = [:]

    /// Nil when the node is no mapping.
    init?(_ value: DocumentValue, keys known: [String]) {
        guard let entries = value.entries() else { return nil }
        place = value.place
        issues = value.issues
        for entry in entries {
            if known.contains(entry.key) {
                values[entry.key] = entry.value
            } else {
                let advice = Spelling.advice(for: entry.key, among: known)
                issues.error(entry.value.place, "unknown key \"\(entry.key)\"; \(advice)")
            }
        }
    }

    subscript(key: String) -> DocumentValue? { values[key] }

    /// The value of a key that must be there.
    func required(_ key: String, _ whatToWrite: String) -> DocumentValue? {
        if values[key] == nil { issues.error(place, "key \"\(key)\" is missing; write \(key): \(whatToWrite)") }
        return values[key]
    }
}

/// A node on its way to becoming a typed value: each reading function reports what is wrong and then returns nil.
struct DocumentValue {
    let node: DocumentNode
    let place: Place
    let issues: Issues

    func fail(_ problem: String) { issues.error(place, problem) }

    /// A mapping's entries; the second and later ones of the same key are reported and left out.
    func entries() -> [(key: String, value: DocumentValue)]? {
        guard case .mapping(let entries) = node.content else {
            fail("expected a mapping (key: value), found \(node.kindName)")
            return nil
        }
        var firstLines: [String: Int] = [:]
        var result: [(key: String, value: DocumentValue)] = []
        for entry in entries {
            let child = place.child(entry.key, line: entry.line)
            if let first = firstLines[entry.key] {
                issues.error(child, "duplicate key, it stands on line \(first) already; keep one of them")
                continue
            }
            firstLines[entry.key] = entry.line
            result.append((entry.key, DocumentValue(node: entry.value, place: child, issues: issues)))
        }
        return result
    }

    func elements() -> [DocumentValue]? {
        guard case .sequence(let nodes) = node.content else {
            fail("expected a list ([a, b]), found \(node.kindName)")
            return nil
        }
        return nodes.enumerated().map { index, node in
            DocumentValue(node: node, place: place.element(index, line: node.line), issues: issues)
        }
    }

    /// A scalar's text, quoted or not; `expected` describes what belongs here.
    func text(_ expected: String) -> String? {
        guard case .scalar(let text, let isQuoted) = node.content, isQuoted || !text.isEmpty else {
            fail("expected \(expected), found \(node.kindName)")
            return nil
        }
        return text
    }

    func boolean() -> Bool? {
        let expected = "on or off (true or false)"
        guard let text = text(expected) else { return nil }
        switch text {
        case "on", "true": return true
        case "off", "false": return false
        default:
            fail("expected \(expected), found \"\(text)\"")
            return nil
        }
    }

    /// One of the named choices.
    func choice<Choice>(_ what: String, _ choices: [(name: String, value: Choice)]) -> Choice? {
        let names = choices.map(\.name)
        guard let text = text(names.count > 8 ? "a \(what)" : "one of \(names.joined(separator: ", "))") else {
            return nil
        }
        if let found = choices.first(where: { $0.name == text }) { return found.value }
        fail("unknown \(what) \"\(text)\"; \(Spelling.advice(for: text, among: names))")
        return nil
    }

    /// A number in a unit, within a range.
    func quantity(_ unit: Quantity.Unit, in range: ClosedRange<UInt64>) -> UInt64? {
        guard let text = text(unit.expectation) else { return nil }
        do {
            return try Quantity.parse(text, as: unit, in: range)
        } catch {
            fail(error.problem)
            return nil
        }
    }

    func placed<Value>(_ value: Value) -> Placed<Value> { Placed(value, at: place) }
}
