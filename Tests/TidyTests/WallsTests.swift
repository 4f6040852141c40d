import Testing

@Suite struct WallsTests {
    @Test func repositoryKeepsItsWalls() {
        for fault in SourceTree.repository.files.flatMap(Walls.faults) { Issue.record("\(fault)") }
    }

    @Test(arguments: [
        ("WireFormat", "import Foundation"),
        ("WireFormat", "import Glibc"),
        ("Migration", "import CLinux"),
        ("Migration", "package import HTTP2"),
        ("EventLoop", "import Foundation"),
        ("HTTP2", "import struct Foundation.Data"),
        ("HTTP2", "@preconcurrency internal import EventLoop"),
        ("Sidecar", "import CNghttp2"),
        ("Sidecar", "import ArgumentParser"),
        ("switchover", "import HTTP2"),
        ("Shiny", "import WireFormat"),
    ])
    func firesOnAForbiddenImport(target: String, line: String) {
        let file = SourceFile(path: "Sources/\(target)/X.swift", text: "// why\n\(line)\n")
        #expect(Walls.faults(in: file).count == 1)
    }

    @Test(arguments: [
        ("Migration", "package import WireFormat"),
        ("EventLoop", "import CLinux\nimport Glibc"),
        ("WireFormat", "// import Foundation would break the wall"),
        ("Sidecar", "import Yams"),
    ])
    func letsAllowedImportsPass(target: String, text: String) {
        #expect(Walls.faults(in: SourceFile(path: "Sources/\(target)/X.swift", text: text)) == [])
    }
}
