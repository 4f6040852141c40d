/// Finds `ON CONFLICT REPLACE` in a table's declaration, by which writing one row silently takes another.
///
/// A statement that says `OR ABORT` overrides it, and overrides what the table's triggers say in theirs as well, so
/// that a table with triggers is written without. Words in strings, quoted names and comments are no clause.
struct ConflictClause {
    private let sql: [UInt8]
    private var index = 0

    static func replaces(_ sql: String) -> Bool {
        var clause = ConflictClause(sql: Array(sql.utf8))
        var last: [String] = []
        while let word = clause.next() {
            last = last.suffix(2) + [word]
            if last == ["ON", "CONFLICT", "REPLACE"] { return true }
        }
        return false
    }

    private init(sql: [UInt8]) { self.sql = sql }

    /// The next word, in capitals; anything else that is not blank or a comment counts as one without letters.
    private mutating func next() -> String? {
        while index < sql.count {
            let byte = sql[index]
            switch byte {
            case UInt8(ascii: "-") where follows(UInt8(ascii: "-")): skip(to: [UInt8(ascii: "\n")])
            case UInt8(ascii: "/") where follows(UInt8(ascii: "*")):
                index += 2
                skip(to: [UInt8(ascii: "*"), UInt8(ascii: "/")])
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return quoted(to: byte)
            case UInt8(ascii: "["): return quoted(to: UInt8(ascii: "]"))
            case let byte where Self.isOfWord(byte): return word()
            case let byte where Self.isBlank(byte): index += 1
            default:
                index += 1
                return ""
            }
        }
        return nil
    }

    private func follows(_ byte: UInt8) -> Bool { index + 1 < sql.count && sql[index + 1] == byte }

    /// A doubled quote begins the next piece, which is no word either.
    private mutating func quoted(to end: UInt8) -> String {
        index += 1
        skip(to: [end])
        return ""
    }

    private mutating func skip(to end: [UInt8]) {
        while index < sql.count, !sql[index...].starts(with: end) { index += 1 }
        index = min(index + end.count, sql.count)
    }

    private mutating func word() -> String {
        let start = index
        while index < sql.count, Self.isOfWord(sql[index]) { index += 1 }
        return String(decoding: sql[start..<index], as: UTF8.self).uppercased()
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
