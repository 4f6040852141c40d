package import FoundationEssentials

/// Instants as RFC 3339 writes them, UTC, with as many digits of a second as there are: `2017-01-01T11:53:26.5Z`.
package enum InstantText {
    package static func text(of date: Date) -> String {
        guard let microseconds = microseconds(of: date) else { return "\(date.timeIntervalSince1970)" }
        let second = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let fraction = second.remainder < 0 ? second.remainder + 1_000_000 : second.remainder
        let whole = Date(timeIntervalSince1970: Double(second.quotient - (second.remainder < 0 ? 1 : 0)))
        let text = whole.formatted(.iso8601)
        guard fraction > 0 else { return text }
        var digits = String(1_000_000 + fraction).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return text.dropLast() + ".\(digits)Z"
    }

    /// Reads `2017-01-01T11:53:26Z`, with an offset in place of `Z` and with a fraction of a second or without.
    package static func date(of text: String) -> Date? {
        guard let dot = text.firstIndex(of: ".") else { return try? Date(text, strategy: .iso8601) }
        let rest = text[text.index(after: dot)...]
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        let microseconds = digits + String(repeating: "0", count: max(0, 6 - digits.count))
        guard (1...6).contains(digits.count), let fraction = Double(microseconds) else { return nil }
        let whole = try? Date(text[..<dot] + rest.dropFirst(digits.count), strategy: .iso8601)
        return whole.map { Date(timeIntervalSince1970: ($0.timeIntervalSince1970 * 1e6 + fraction) / 1e6) }
    }

    /// Since 1970 UTC; nil for an instant that 64 bits do not hold.
    static func microseconds(of date: Date) -> Int64? {
        Int64(exactly: (date.timeIntervalSince1970 * 1e6).rounded())
    }
}
