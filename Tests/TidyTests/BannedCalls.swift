/// Words that must not stand in the code, and where.
enum BannedCalls {
    /// Targets on the way of a call: no tasks, no actors, no Foundation.
    private static let callPath: Set<String> = ["EventLoop", "HTTP2", "WireFormat", "Migration"]

    static func faults(in file: SourceFile) -> [Fault] {
        guard !file.isGenerated else { return [] }
        return inSources(file) + onCallPath(file) + kindsOfStores(file) + markers(file)
    }

    private static func inSources(_ file: SourceFile) -> [Fault] {
        guard file.isSource, file.isSwift else { return [] }
        let prints = file.target == "switchover" ? [] : find(["print("], in: file, "belongs to Sources/switchover; log")
        return prints + find(["fatalError("], in: file, "is preconditionFailure with the broken rule in words")
            + find(["try!"], in: file, "a failure must have an owner")
    }

    private static func onCallPath(_ file: SourceFile) -> [Fault] {
        guard file.isSource, let target = file.target, callPath.contains(target) else { return [] }
        let words = ["async", "await", "actor", "Task {", "Task(", "Task.detached", "import Foundation"]
        return find(words, in: file, "not on the way of a call")
            + find(["import FoundationEssentials"], in: file, "not on the way of a call")
    }

    /// What kind of database a side is, its own folder knows alone.
    private static func kindsOfStores(_ file: SourceFile) -> [Fault] {
        guard file.isSource, !file.path.hasPrefix("Sources/Stores/SQLite/") else { return [] }
        return find(["SQLiteStore"], in: file, "is named in its folder alone: say any Store")
    }

    /// Unfinished work is an issue, never a remark in the text. The rule's own folder has to spell the words.
    private static func markers(_ file: SourceFile) -> [Fault] {
        guard !file.path.hasPrefix("Tests/TidyTests/"), !file.path.hasSuffix(".md") else { return [] }
        return file.lines.indices.filter { Words.anyOf(["TODO", "FIXME", "XXX"], isWordIn: file.lines[$0]) }
            .map { Fault(file.path, line: $0 + 1, "unfinished work: do it or file an issue") }
    }

    private static func find(_ words: [String], in file: SourceFile, _ rule: String) -> [Fault] {
        file.codeLines(withWord: words).map { Fault(file.path, line: $0, "\(words.joined(separator: ", ")): \(rule)") }
    }
}
