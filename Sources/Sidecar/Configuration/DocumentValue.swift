/// A node on its way to becoming a typed value: each reading function reports what is wrong and then returns nil.
struct DocumentValue {
    let node: DocumentNode
    let place: Place
    let issues: Issues

    func fail(_ problem: String) { issues.error(place, problem) }

    /// A mapping's entries; the second and later ones of the same key are reported and left out.
    ///
    /// - Parameter example: what might be written here.
    func entries(like example: String? = nil) -> [(key: String, value: DocumentValue)]? {
        guard case .mapping(let entries) = node.content else {
            let advice = example.map { "; write \($0)" } ?? ""
            fail("expected a mapping (key: value), found \(node.kindName)\(advice)")
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
        return isDecided(expected) ? text : nil
    }

    /// Whether this is no mark of `init` that waits for a person; if it is one, that is reported. In quotes it is like
    /// any other text.
    func isDecided(_ expected: String) -> Bool {
        guard case .scalar(StarterConfiguration.undecided, isQuoted: false) = node.content else { return true }
        fail(
            "\(StarterConfiguration.undecided), without quotes, is the mark of switchover init for what a person has "
                + "to say: \(expected)")
        return false
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
