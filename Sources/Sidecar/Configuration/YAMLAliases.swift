import Yams

/// Refuses a text whose aliases would repeat so much that nothing could hold it: ten anchors of ten aliases each are
/// ten thousand million values. Found out before the aliases are replaced, in time that grows with the text alone.
enum YAMLAliases {
    /// Longest text that the aliases may stand for, with 16 bytes for each value.
    private static let bytesAtMost = 8 << 20

    /// What stands in the place of the asterisk while the text is measured: an alias is a plain text then.
    private static let mark: Unicode.Scalar = "\u{E001}"

    static func check(_ text: String, file: String) throws {
        guard let marked = marking(text) else { return }
        let parser = try Parser(yaml: marked, resolver: .basic)
        guard let root = try parser.singleRoot() else { return }
        // The parser keeps the anchors; its nodes only refer to them.
        let found = withExtendedLifetime(parser) {
            var measure = Measure()
            return measure.line(whereTooLong: root)
        }
        guard let line = found else { return }
        throw InvalidFile(
            Place(file: file, line: line, path: ""),
            "aliases (*name) repeat so much that the file would have more than "
                + "\(Quantity.format(UInt64(bytesAtMost), as: .size)); write the values out")
    }

    /// Nil where there is no alias. Asterisks within quotes are marked too, which changes no structure.
    private static func marking(_ text: String) -> String? {
        var result = String.UnicodeScalarView()
        var isFound = false
        var last: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            let begins = last.properties.isWhitespace || "[]{},:?-".unicodeScalars.contains(last)
            let isAlias = scalar == "*" && begins
            isFound = isFound || isAlias
            result.append(isAlias ? mark : scalar)
            last = scalar
        }
        return isFound ? String(result) : nil
    }

    private struct Measure {
        /// What each anchor stands for, so far.
        private var bytes: [String: Int] = [:]
        private var line: Int?

        mutating func line(whereTooLong root: Node) -> Int? {
            _ = size(root)
            return line
        }

        private mutating func size(_ node: Node) -> Int {
            guard line == nil else { return 0 }
            var total = 16
            switch node {
            case .scalar(let scalar):
                let name = scalar.string.unicodeScalars
                if scalar.style == .plain, name.first == mark {
                    total = bytes[String(String.UnicodeScalarView(name.dropFirst()))] ?? total
                } else {
                    total += scalar.string.utf8.count
                }
            case .sequence(let sequence):
                for element in sequence { total += size(element) }
            case .mapping(let mapping):
                for (key, value) in mapping { total += size(key) + size(value) }
            case .alias: break
            }
            if total > bytesAtMost, line == nil { line = node.mark?.line }
            if let anchor = node.anchor { bytes[anchor.rawValue] = total }
            return min(total, bytesAtMost + 1)
        }
    }
}
