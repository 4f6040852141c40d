/// Log lines that wait to be written: bounded by their number and by their bytes. Pure.
///
/// What comes while it is full is lost and counted, so that a log which nobody reads takes no memory and holds nobody
/// up.
struct LogBuffer {
    static let linesAtMost = 10_000
    static let bytesAtMost = 8 << 20

    private var lines: [LogLine] = []
    private var bytes = 0
    /// Lost since the last `take`.
    private var lost: UInt64 = 0

    var isEmpty: Bool { lines.isEmpty && lost == 0 }

    /// False when the line is lost.
    mutating func append(_ line: LogLine) -> Bool {
        let size = line.byteCount
        guard lines.count < Self.linesAtMost, bytes + size <= Self.bytesAtMost else {
            lost += 1
            return false
        }
        lines.append(line)
        bytes += size
        return true
    }

    /// All that wait, in order, and how many were lost after them.
    mutating func take() -> (lines: [LogLine], lost: UInt64) {
        defer { self = LogBuffer() }
        return (lines, lost)
    }
}
