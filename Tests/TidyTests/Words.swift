/// Whole words in lines of code, without the price of a regular expression for each line.
enum Words {
    static func anyOf(_ words: [String], isWordIn line: Substring) -> Bool {
        words.contains { word in ranges(of: word, in: line.utf8).contains { isWhole($0, in: line.utf8) } }
    }

    /// The identifiers that stand in a line, in order; everything else parts them.
    static func identifiers(in line: Substring) -> [Substring] {
        line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }

    private static func ranges(of word: String, in line: Substring.UTF8View) -> [Range<Substring.UTF8View.Index>] {
        guard let first = word.utf8.first else { return [] }
        var found: [Range<Substring.UTF8View.Index>] = []
        var start = line.startIndex
        while let hit = line[start...].firstIndex(of: first) {
            if line[hit...].starts(with: word.utf8) { found.append(hit..<line.index(hit, offsetBy: word.utf8.count)) }
            start = line.index(after: hit)
        }
        return found
    }

    /// Only an end of the word that is itself part of an identifier has to be one in the line.
    private static func isWhole(_ range: Range<Substring.UTF8View.Index>, in line: Substring.UTF8View) -> Bool {
        let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
        let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
        let first = line[range.lowerBound]
        let last = line[line.index(before: range.upperBound)]
        return !(isPart(first) && isPart(before)) && !(isPart(last) && isPart(after))
    }

    private static func isPart(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: return true
        default: return false
        }
    }
}
