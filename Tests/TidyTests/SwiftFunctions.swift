/// A function, initialiser, subscript or computed property with a body, found by counting braces.
struct SwiftFunctions: Equatable {
    let name: String
    let line: Int
    /// From the line of its name to that of its closing brace.
    let lineCount: Int

    static func find(in file: SourceFile) -> [SwiftFunctions] {
        guard file.isSwift else { return [] }
        return file.codeLines.indices.compactMap { index in
            guard let name = declaredName(in: file.codeLines[index]) else { return nil }
            return measure(name: name, from: index, in: file.codeLines)
        }
    }

    /// Name of what the line declares, if it may have a body; calls of `self.init` and closures in `let` are none.
    private static func declaredName(in line: Substring) -> String? {
        let words = line.split { $0 == " " || $0 == "(" || $0 == "<" || $0 == ":" || $0 == "{" }
        guard let keyword = words.firstIndex(where: keywords.contains) else { return nil }
        guard words[..<keyword].allSatisfy({ !$0.contains("=") && !$0.contains(".") && $0 != "let" }) else {
            return nil
        }
        switch words[keyword] {
        case "func": return words.dropFirst(keyword + 1).first.map(String.init)
        case "var": return isComputed(line) ? words.dropFirst(keyword + 1).first.map(String.init) : nil
        default: return String(words[keyword].prefix { $0.isLetter })
        }
    }

    private static let keywords: Set<Substring> = ["func", "init", "init?", "init!", "subscript", "deinit", "var"]

    /// `var x: T {`, without a value.
    private static func isComputed(_ line: Substring) -> Bool {
        guard let colon = line.firstIndex(of: ":"), let brace = line.lastIndex(of: "{") else { return false }
        return colon < brace && !line[colon..<brace].contains("=")
    }

    /// The body opens with the first `{` outside parentheses; a next declaration or a closing brace before it means
    /// that there is none (a protocol's requirement).
    private static func measure(name: String, from start: Int, in lines: [Substring]) -> SwiftFunctions? {
        var parentheses = 0
        var braces = 0
        var opened = false
        for index in start..<lines.count {
            if index > start, !opened, parentheses == 0, declaredName(in: lines[index]) != nil { return nil }
            for byte in lines[index].utf8 {
                switch byte {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{") where opened || parentheses == 0:
                    opened = true
                    braces += 1
                case UInt8(ascii: "}") where opened: braces -= 1
                case UInt8(ascii: "}") where parentheses == 0: return nil
                default: break
                }
                if opened, braces == 0 {
                    return SwiftFunctions(name: name, line: start + 1, lineCount: index - start + 1)
                }
            }
        }
        return nil
    }
}
