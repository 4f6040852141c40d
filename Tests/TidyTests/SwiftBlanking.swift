/// Turns Swift comments and string literals into spaces, so that rules can read the code with plain patterns.
///
/// Line breaks stay where they are. Knows nested block comments, multi-line and raw strings and interpolation (blanked
/// with its string); regex literals are not known.
struct SwiftBlanking {
    private let bytes: [UInt8]
    private var blanked: [UInt8]
    private var position = 0

    static func blank(_ text: String) -> String {
        var blanking = SwiftBlanking(text)
        blanking.run()
        return String(decoding: blanking.blanked, as: UTF8.self)
    }

    private init(_ text: String) {
        bytes = Array(text.utf8)
        blanked = bytes
    }

    private mutating func run() {
        while position < bytes.count {
            if starts(with: "//") {
                skipLine()
            } else if starts(with: "/*") {
                skipBlockComment()
            } else if let hashes = stringOpening() {
                skipString(hashes: hashes)
            } else {
                position += 1
            }
        }
    }

    private func starts(with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
    }

    /// Blanks `count` bytes and goes past them.
    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] != UInt8(ascii: "\n") { blanked[position] = UInt8(ascii: " ") }
            position += 1
        }
    }

    private mutating func skipLine() {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blank(1) }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    /// Number of `#` before a quote that opens a string here, or nil.
    private func stringOpening() -> Int? {
        var end = position
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        return end - position
    }

    private mutating func skipString(hashes: Int) {
        blank(hashes)
        let quotes = starts(with: "\"\"\"") ? 3 : 1
        blank(quotes)
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\\"), follows(hashes: hashes, after: 1) {
                blank(1 + hashes)
                if starts(with: "(") { skipInterpolation() } else { blank(1) }
            } else if closes(quotes: quotes, hashes: hashes) {
                blank(quotes + hashes)
                return
            } else if quotes == 1, bytes[position] == UInt8(ascii: "\n") {
                return
            } else {
                blank(1)
            }
        }
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
        guard position + quotes <= bytes.count else { return false }
        let quoted = bytes[position..<position + quotes].allSatisfy { $0 == UInt8(ascii: "\"") }
        return quoted && follows(hashes: hashes, after: quotes)
    }

    private func follows(hashes: Int, after count: Int) -> Bool {
        let start = position + count
        guard start + hashes <= bytes.count else { return false }
        return bytes[start..<start + hashes].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private mutating func skipInterpolation() {
        var depth = 0
        repeat {
            if let hashes = stringOpening() {
                skipString(hashes: hashes)
                continue
            }
            if bytes[position] == UInt8(ascii: "(") { depth += 1 }
            if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
            blank(1)
        } while depth > 0 && position < bytes.count
    }
}
