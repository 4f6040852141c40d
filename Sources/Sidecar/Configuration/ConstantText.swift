import Stores

/// What a constant means as it is written.
///
/// In quotes it is text. A plain word is what every YAML reader takes it for: `null` and `~`, `true` and `false`, a
/// number
/// in its one plain form, else text. What readers, or readers and people, disagree about is nothing (`0123`, `1e3`,
/// `yes`).
enum ConstantText {
    /// Nil where it must be written more clearly.
    static func read(_ text: String, isQuoted: Bool) -> StoreConfiguration.ConstantValue? {
        if isQuoted { return .text(text) }
        switch text {
        case "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if isPlainNumber(text[...]) {
            if text.contains(".") { return Double(text).map { .real($0) } }
            return Int64(text).map { .integer($0) }
        }
        return isDisputed(text) ? nil : .text(text)
    }

    /// `-12.50`: a minus or none, digits without a needless zero in front, and digits after a point or none.
    private static func isPlainNumber(_ text: Substring) -> Bool {
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard text.count(where: { $0 == "-" }) <= 1, (1...2).contains(parts.count), text != "-0" else { return false }
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return false }
        return parts[0] == "0" || parts[0].first != "0"
    }

    /// Whether some reader of YAML takes the word for something else than text.
    private static func isDisputed(_ text: String) -> Bool {
        let word = text.lowercased()
        if ["yes", "no", "on", "off", "y", "n"].contains(word) { return true }
        let digits = word.filter { $0 != "_" }.drop { $0 == "+" || $0 == "-" }
        if [".inf", ".nan"].contains(digits) || Double(digits) != nil { return true }
        let prefixes = ["0x", "0o", "0b"]
        return prefixes.contains(where: digits.hasPrefix) && digits.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
