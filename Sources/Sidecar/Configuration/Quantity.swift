/// Numbers with units, as people write them: sizes (`4MiB`), durations (`250ms`) and plain counts.
enum Quantity {
    enum Unit: Sendable {
        case count
        /// In bytes.
        case size
        /// In nanoseconds.
        case duration

        var expectation: String {
            switch self {
            case .count: "a whole number"
            case .size: "a size like 4MiB, 64KiB or 1024"
            case .duration: "a duration like 30s, 250ms or 5m"
            }
        }

        /// Largest first, so that a value is printed in the largest unit that divides it.
        var scales: [(suffix: String, factor: UInt64)] {
            switch self {
            case .count: [("", 1)]
            case .size: [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]
            case .duration:
                [
                    ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
                    ("us", 1000),
                ]
            }
        }
    }

    struct Malformed: Error, Equatable {
        let problem: String
    }

    static func parse(_ text: String, as unit: Unit, in range: ClosedRange<UInt64>) throws(Malformed) -> UInt64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard !digits.isEmpty else { throw Malformed(problem: "expected \(unit.expectation), found \"\(text)\"") }
        // A zero needs no unit.
        let isBareZero = suffix.isEmpty && digits.allSatisfy { $0 == "0" }
        guard let scale = unit.scales.first(where: { $0.suffix == suffix }) ?? (isBareZero ? ("", 1) : nil) else {
            throw Malformed(problem: unknownSuffix(suffix, of: text, unit))
        }
        let number = UInt64(digits)
        let (value, overflow) = (number ?? .max).multipliedReportingOverflow(by: scale.factor)
        guard number != nil, !overflow, range.contains(value) else {
            let bounds = "\(format(range.lowerBound, as: unit)) to \(format(range.upperBound, as: unit))"
            throw Malformed(problem: "\(text) is out of range; write \(bounds)")
        }
        return value
    }

    /// The shortest exact writing: `4MiB`, `1500ms`, `0s`.
    static func format(_ value: UInt64, as unit: Unit) -> String {
        if value == 0 { return unit == .duration ? "0s" : "0" }
        let scale = unit.scales.first { value.isMultiple(of: $0.factor) }
        guard let scale else { return "\(value)ns" }
        return "\(value / scale.factor)\(scale.suffix)"
    }

    private static func unknownSuffix(_ suffix: Substring, of text: String, _ unit: Unit) -> String {
        let known = unit.scales.map(\.suffix).filter { !$0.isEmpty }.reversed().joined(separator: ", ")
        if suffix.hasPrefix(".") || suffix.hasPrefix(",") {
            let example = unit == .duration ? "1500ms for 1.5s" : "1536KiB for 1.5MiB"
            if unit != .count { return "\"\(text)\" is no whole number; write it in a smaller unit, like \(example)" }
        }
        if unit == .count { return "expected \(unit.expectation), found \"\(text)\"" }
        if suffix.isEmpty { return "\"\(text)\" has no unit; write one of \(known) after the number" }
        return "unknown unit \"\(suffix)\" in \"\(text)\"; write one of \(known) after a whole number"
    }
}
