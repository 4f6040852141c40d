import Yams

/// Turns YAML text into document nodes.
///
/// Yams gives up at the first mapping with two equal keys. So that such a file's other errors are reported too, the
/// first of the two is marked with a private-use character and the text is composed again; the mark is taken off in the
/// nodes.
enum YAMLDocument {
    private static let mark: Unicode.Scalar = "\u{E000}"
    private static let markedKeysAtMost = 100

    static func parse(_ text: String, file: String) throws(InvalidFile) -> DocumentNode {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0) }
        for _ in 0..<markedKeysAtMost {
            let text = join(lines)
            do {
                try YAMLAliases.check(text, file: file)
                let composed = try compose(yaml: text, .basic)
                guard let composed else {
                    throw InvalidFile(
                        Place(file: file, line: 1, path: ""), "the file is empty; write one with: switchover init")
                }
                return convert(composed)
            } catch let error as InvalidFile {
                throw error
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                // What was marked for measuring would be marked in other columns.
                guard !text.contains("*"), markKey(at: context.mark, in: &lines) else {
                    throw duplicate(keys, context.mark, file)
                }
            } catch {
                throw syntaxError(error, file)
            }
        }
        throw InvalidFile(
            Place(file: file, line: nil, path: ""), "more than \(markedKeysAtMost) duplicate keys; keep one of each")
    }

    private static func join(_ lines: [[Unicode.Scalar]]) -> String {
        var text = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { text.append("\n") }
            text.append(contentsOf: line)
        }
        return String(text)
    }

    private static func markKey(at position: Mark, in lines: inout [[Unicode.Scalar]]) -> Bool {
        guard lines.indices.contains(position.line - 1) else { return false }
        var column = position.column - 1
        guard lines[position.line - 1].indices.contains(column) else { return false }
        if ["\"", "'"].contains(lines[position.line - 1][column]) { column += 1 }
        lines[position.line - 1].insert(mark, at: column)
        return true
    }

    private static func duplicate(_ keys: [String], _ mark: Mark, _ file: String) -> InvalidFile {
        InvalidFile(
            Place(file: file, line: mark.line, path: ""),
            "duplicate key \(keys.joined(separator: ", ")); keep one of each")
    }

    private static func syntaxError(_ error: any Error, _ file: String) -> InvalidFile {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let (line, words) = words(problem, context, foundOn: mark.line)
            return InvalidFile(Place(file: file, line: line, path: ""), "not valid YAML: \(words)")
        case YamlError.reader(let problem, let offset, _, let yaml):
            let line = offset.map { 1 + yaml.prefix($0).count { $0.isNewline } }
            return InvalidFile(Place(file: file, line: line, path: ""), "not valid YAML: \(problem)")
        default:
            return InvalidFile(Place(file: file, line: nil, path: ""), "not valid YAML: \(error)")
        }
    }

    /// What the usual slips look like to the scanner, and what they mean. What has no end is found at the end: the line
    /// on which it begins is the one to look at.
    private static func words(
        _ problem: String, _ context: YamlError.Context?, foundOn line: Int
    ) -> (line: Int, words: String) {
        let begin = context?.mark.line ?? line
        let slips: [(sign: String, line: Int, words: String)] = [
            ("tab character", line, "the indentation has a tab; indent with spaces"),
            ("cannot start any token", line, "a text cannot begin with @, ` or %; put it in quotes"),
            ("expected ':'", begin, "this is no key: value; write a colon and a space between the key and its value"),
            ("',' or ']'", begin, "a list [ ... ] has no end; close it with ]"),
            ("',' or '}'", begin, "a mapping { ... } has no end; close it with }"),
            ("unexpected end of stream", begin, "a quote has no end; close it"),
            ("expected key", line, "the indentation does not fit; begin all keys of a mapping in one column"),
            ("mapping values are not allowed", line, "a second : in a line; put a text that has one in quotes"),
            ("undefined alias", line, "* refers to an anchor that is nowhere; put a text that begins with * in quotes"),
        ]
        if let slip = slips.first(where: { problem.contains($0.sign) }) { return (slip.line, slip.words) }
        return (line, [context.map(\.text), problem].compactMap { $0 }.joined(separator: ", "))
    }

    private static func convert(_ node: Node) -> DocumentNode {
        let line = node.mark?.line ?? 0
        switch node {
        case .scalar(let scalar):
            let isQuoted = scalar.style != .plain && scalar.style != .any
            return DocumentNode(line: line, content: .scalar(scalar.string, isQuoted: isQuoted))
        case .sequence(let sequence):
            return DocumentNode(line: line, content: .sequence(sequence.map(convert)))
        case .mapping(let mapping):
            let entries = mapping.map { key, value in
                DocumentNode.Entry(key: keyText(key), line: key.mark?.line ?? line, value: convert(value))
            }
            return DocumentNode(line: line, content: .mapping(entries))
        case .alias:
            // Yams replaces aliases by what they stand for while composing.
            return DocumentNode(line: line, content: .scalar("", isQuoted: false))
        }
    }

    private static func keyText(_ node: Node) -> String {
        guard case .scalar(let scalar) = node else { return "(a key that is no text)" }
        var text = scalar.string
        if let first = text.unicodeScalars.first, first == mark {
            text = String(String.UnicodeScalarView(text.unicodeScalars.drop { $0 == mark }))
        }
        return text
    }
}
