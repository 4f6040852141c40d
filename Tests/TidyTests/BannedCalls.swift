/// Words that must not stand in the code, and where.
enum BannedCalls {
    /// Targets on the way of a call: no tasks, no actors, no Foundation.
    private static let callPath: Set<String> = ["EventLoop", "HTTP2", "WireFormat", "Migration"]

    static func faults(in file: SourceFile) -> [Fault] {
        guard !file.isGenerated else { return [] }
        return inSources(file) + onCallPath(file) + markers(file)
    }

    private static func inSources(_ file: SourceFile) -> [Fault] {
        guard file.isSource, file.isSwift else { return [] }
        let prints =
            file.target == "switchover" ? [] : find(/\bprint\(/, in: file, "print( belongs to Sources/switchover; log")
        return prints
            + find(/\bfatalError\(/, in: file, "fatalError(: preconditionFailure with the broken rule in words")
            + find(/\btry!/, in: file, "try!: a failure must have an owner")
    }

    private static func onCallPath(_ file: SourceFile) -> [Fault] {
        guard file.isSource, let target = file.target, callPath.contains(target) else { return [] }
        return find(/\bTask(?:\.detached)?\s*(?:\([^)]*\)\s*)?\{/, in: file, "no task on the way of a call")
            + find(/\b(?:async|await|actor)\b/, in: file, "no async, await or actor on the way of a call")
            + find(/\bimport\s+Foundation/, in: file, "no Foundation on the way of a call")
    }

    /// Unfinished work is an issue, never a remark in the text. The rule's own folder has to spell the words.
    private static func markers(_ file: SourceFile) -> [Fault] {
        guard !file.path.hasPrefix("Tests/TidyTests/"), !file.path.hasSuffix(".md") else { return [] }
        return file.lines.indices.filter { file.lines[$0].contains(/\b(?:TODO|FIXME|XXX)\b/) }
            .map { Fault(file.path, line: $0 + 1, "unfinished work: do it or file an issue") }
    }

    private static func find(_ pattern: Regex<Substring>, in file: SourceFile, _ rule: String) -> [Fault] {
        file.codeLines(matching: pattern).map { Fault(file.path, line: $0, rule) }
    }
}
