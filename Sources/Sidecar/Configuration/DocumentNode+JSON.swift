extension DocumentNode {
    /// A node of no file.
    init(_ content: Content) { self.init(line: 0, content: content) }

    static func text(_ text: String) -> DocumentNode { DocumentNode(.scalar(text, isQuoted: true)) }

    /// Numbers, `true`, `false` and `null`, as JSON writes them.
    static func literal(_ text: String) -> DocumentNode { DocumentNode(.scalar(text, isQuoted: false)) }

    static func mapping(_ entries: [(key: String, value: DocumentNode)]) -> DocumentNode {
        DocumentNode(.mapping(entries.map { Entry(key: $0.key, line: 0, value: $0.value) }))
    }

    subscript(key: String) -> DocumentNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// A scalar's text; nil for everything else.
    var scalar: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    /// This mapping with one entry's value replaced, or with the entry at its end.
    func setting(_ key: String, to value: DocumentNode) -> DocumentNode {
        guard case .mapping(var entries) = content else { return self }
        let entry = Entry(key: key, line: 0, value: value)
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
        return DocumentNode(.mapping(entries))
    }

    /// On one line.
    var json: String {
        switch content {
        case .scalar(let text, let isQuoted): isQuoted ? Self.quoted(text) : text
        case .sequence(let nodes): "[\(nodes.map(\.json).joined(separator: ", "))]"
        case .mapping(let entries):
            entries.isEmpty
                ? "{}"
                : "{ \(entries.map { "\(Self.quoted($0.key)): \($0.value.json)" }.joined(separator: ", ")) }"
        }
    }

    /// With a line for each entry of the outermost mappings, down to `depth`.
    func json(depth: Int, indent: String = "") -> String {
        guard depth > 0, case .mapping(let entries) = content, !entries.isEmpty else { return json }
        let inner = indent + "  "
        let lines = entries.map { entry in
            "\(inner)\(Self.quoted(entry.key)): \(entry.value.json(depth: depth - 1, indent: inner))"
        }
        return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // YAML takes the others only so, or would fold them like line breaks.
            case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{2029}", "\u{E000}", "\u{FEFF}",
                "\u{FFFE}"..."\u{FFFF}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
