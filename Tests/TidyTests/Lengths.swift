/// Limits on the length of files, functions and lines.
enum Lengths {
    static let fileLines = 600
    static let functionLines = 70
    static let columns = 120

    static func faults(in file: SourceFile) -> [Fault] {
        guard !file.isGenerated, !file.path.hasSuffix(".md") else { return [] }
        return longFile(file) + longLines(file) + longFunctions(file)
    }

    private static func longFile(_ file: SourceFile) -> [Fault] {
        guard file.lineCount > fileLines else { return [] }
        return [Fault(file.path, "\(file.lineCount) lines: split it (at most \(fileLines))")]
    }

    private static func longLines(_ file: SourceFile) -> [Fault] {
        file.lines.enumerated().filter { $1.count > columns }
            .map { Fault(file.path, line: $0 + 1, "\($1.count) columns (at most \(columns))") }
    }

    private static func longFunctions(_ file: SourceFile) -> [Fault] {
        SwiftFunctions.find(in: file).filter { $0.lineCount > functionLines }
            .map { Fault(file.path, line: $0.line, "\($0.name) has \($0.lineCount) lines (at most \(functionLines))") }
    }
}
