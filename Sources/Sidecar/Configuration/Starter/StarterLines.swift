/// Lines of YAML with remarks behind them, in one column.
struct StarterLines {
    private static let column = 58
    private static let columns = 120
    private(set) var text = ""

    mutating func add(_ line: String, _ remark: String? = nil) {
        guard let remark = remark.map(Self.printable) else {
            text += line + "\n"
            return
        }
        guard max(line.count + 1, Self.column) + remark.count + 2 <= Self.columns else {
            // Above the line, where there is no room behind it.
            addRemark(remark, indent: line.prefix { $0 == " " }.count)
            text += line + "\n"
            return
        }
        text += line + String(repeating: " ", count: max(1, Self.column - line.count)) + "# " + remark + "\n"
    }

    /// On lines of its own.
    mutating func addRemark(_ remark: String, indent: Int) {
        let margin = String(repeating: " ", count: indent) + "#"
        var line = margin
        for word in Self.printable(remark).split(separator: " ") {
            // Nothing but a name is as long as that, and no part of it says more.
            let word = word.prefix(Self.columns - margin.count - 1)
            if line.count + 1 + word.count > Self.columns {
                text += line + "\n"
                line = margin
            }
            line += " " + word
        }
        text += line + "\n"
    }

    /// A text as it can stand in a remark, whatever names are in it: on one line.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "?" }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned, .format: false
        default: true
        }
    }
}
