import Testing

@Suite struct BannedCallsTests {
    @Test func repositoryIsFreeOfBannedCalls() {
        for fault in SourceTree.repository.files.flatMap(BannedCalls.faults) { Issue.record("\(fault)") }
    }

    @Test(arguments: [
        ("Sources/Sidecar/A.swift", "fatalError(\"x\")"),
        ("Sources/Sidecar/A.swift", "let a = try! b()"),
        ("Sources/Sidecar/A.swift", "print(1)"),
        ("Sources/EventLoop/A.swift", "Task { }"),
        ("Sources/EventLoop/A.swift", "Task.detached(priority: .high) { }"),
        ("Sources/HTTP2/A.swift", "func a() async -> Int { 1 }"),
        ("Sources/Migration/A.swift", "import Foundation"),
        ("Sources/WireFormat/A.swift", "package import FoundationEssentials"),
        ("Sources/Stores/Records/A.swift", "let store: SQLiteStore"),
        ("Sources/switchover/A.swift", "// TODO: later"),
        ("Tests/EndToEndTests/a.py", "# FIXME later"),
        ("Sources/CLinux/shim.h", "// XXX"),
    ])
    func fires(path: String, line: String) {
        #expect(BannedCalls.faults(in: SourceFile(path: path, text: line)).count == 1)
    }

    @Test(arguments: [
        ("Sources/switchover/A.swift", "print(1)"),
        ("Sources/Sidecar/A.swift", "Task { await serve() }"),
        ("Sources/Sidecar/A.swift", "// print(1), fatalError(1)"),
        ("Sources/Sidecar/A.swift", "log(\"try! print(1)\")"),
        ("Sources/HTTP2/A.swift", "let asynchronous = 1"),
        ("Sources/Stores/SQLite/A.swift", "let store: SQLiteStore"),
        ("Tests/HTTP2Tests/A.swift", "print(seed)"),
    ])
    func letsOthersPass(path: String, line: String) {
        #expect(BannedCalls.faults(in: SourceFile(path: path, text: line)) == [])
    }
}
