import EventLoop
import Glibc
import Logging

/// One line of the log, with the time at which it was made.
package struct LogLine: Sendable {
    /// Since 1970.
    private let time: (seconds: Int, nanoseconds: Int)
    let level: Logger.Level
    let label: String
    let source: String
    let message: String
    /// Sorted by name.
    let metadata: [(name: String, value: String)]

    init(
        level: Logger.Level, label: String, source: String, message: String,
        metadata: [(name: String, value: String)] = [], time: (seconds: Int, nanoseconds: Int) = Kernel.realTime
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.source = source
        self.message = message
        self.metadata = metadata
    }

    /// Roughly the memory that it takes while it waits.
    var byteCount: Int {
        metadata.reduce(128 + message.utf8.count) { $0 + 48 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// With a line feed at its end, and none before it.
    func text(_ format: LogFormat) -> String {
        switch format {
        case .json: json
        case .text: plain
        }
    }

    private var json: String {
        let own = ["level": level.rawValue, "logger": label, "message": message, "time": timestamp]
        let others = metadata.filter { own[$0.name] == nil }
        let entries = (own.map { (key: $0.key, text: $0.value) } + others.map { (key: $0.name, text: $0.value) })
            .sorted { $0.key < $1.key }
        let node = DocumentNode.mapping(entries.map { (key: $0.key, value: .text($0.text)) })
        return node.json + "\n"
    }

    private var plain: String {
        let words = metadata.map { " \($0.name)=\($0.value)" }.joined()
        return Self.escaped("\(timestamp) \(level.rawValue) \(label):\(words) [\(source)] \(message)") + "\n"
    }

    /// What a peer wrote must not begin a line of its own.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\u{0}"..<" ": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// RFC 3339, UTC, milliseconds.
    private var timestamp: String {
        var seconds = time.seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(parts.tm_year + 1900)-\(Self.two(parts.tm_mon + 1))-\(Self.two(parts.tm_mday))"
        let milliseconds = time.nanoseconds / 1_000_000
        let fraction = String(repeating: "0", count: milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)
        return date + "T\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec))"
            + ".\(fraction)\(milliseconds)Z"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

}
