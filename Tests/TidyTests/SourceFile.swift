/// A text file of the repository: its path from the root, its text, and its code with comments and literals blanked.
struct SourceFile {
    let path: String
    let text: String
    /// Lines as they are written.
    let lines: [Substring]
    /// For Swift files the same lines with comments and string literals turned to spaces; else the lines themselves.
    let codeLines: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let code = path.hasSuffix(".swift") ? SwiftBlanking.blank(text) : text
        codeLines = code.split(separator: "\n", omittingEmptySubsequences: false)
    }

    var components: [Substring] { path.split(separator: "/") }
    var name: Substring { components.last ?? "" }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isGenerated: Bool { path.hasSuffix(".pb.swift") || path.hasSuffix("_pb2.py") || path.hasSuffix("_pb2_grpc.py") }

    /// The target's name for a file below `Sources/NAME` or `Tests/NAME`.
    var target: String? {
        guard components.count > 2, components[0] == "Sources" || components[0] == "Tests" else { return nil }
        return String(components[1])
    }

    var isSource: Bool { path.hasPrefix("Sources/") }

    /// Number of lines; the newline that ends the last line does not begin another.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// Line numbers (from 1) whose code has one of the words; a word ends where letters, digits and `_` end.
    func codeLines(withWord words: [String]) -> [Int] {
        codeLines.indices.filter { Words.anyOf(words, isWordIn: codeLines[$0]) }.map { $0 + 1 }
    }
}
