/// Writes metrics in Prometheus' text format 0.0.4: families with their help and type once, then their samples.
struct MetricsWriter {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Label = (name: String, value: String)

    private(set) var text = ""

    /// The header of a family; its samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [Label] = [], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.name)=\"\(Self.escaped(label.value))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    mutating func sample(_ name: String, _ labels: [Label] = [], _ value: some BinaryInteger) {
        sample(name, labels, String(value))
    }

    /// A family of one sample.
    mutating func single(_ name: String, _ kind: Kind, _ value: some BinaryInteger, _ help: String) {
        family(name, kind, help)
        sample(name, [], value)
    }

    /// The series of one histogram; buckets are cumulative in this format.
    mutating func histogram(_ name: String, _ labels: [Label], _ durations: StatsSnapshot.Histogram) {
        var total: UInt64 = 0
        for index in 0..<LatencyBuckets.count {
            total += durations.count(bucket: index)
            let bound = index < LatencyBuckets.bounds.count ? Self.seconds(LatencyBuckets.bounds[index]) : "+Inf"
            sample("\(name)_bucket", labels + [("le", bound)], total)
        }
        sample("\(name)_sum", labels, Self.seconds(durations.totalNanoseconds))
        sample("\(name)_count", labels, total)
    }

    /// Nanoseconds as decimal seconds, exactly.
    static func seconds(_ nanoseconds: UInt64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest > 0 else { return String(whole) }
        let digits = String(rest)
        var fraction = Substring(String(repeating: "0", count: 9 - digits.count) + digits)
        while fraction.last == "0" { fraction.removeLast() }
        return "\(whole).\(fraction)"
    }

    /// A label's value: backslash, quote and line feed are escaped.
    static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5c || $0 == 0x22 || $0 == 0x0a }) else { return value }
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
