import Testing

@Suite struct LayoutTests {
    private let complete = [
        "Package.swift": "", "README.md": "", "Sources/A/A.swift": "", "Tests/run": "", "Protocol/a.md": "",
        "examples/quickstart/run": "",
    ]

    @Test func repositoryKeepsItsTopLevel() {
        for fault in Layout.faults(in: .repository) { Issue.record("\(fault)") }
    }

    @Test func firesOnAStrangerAtTheTop() {
        #expect(
            Layout.faults(in: SourceTree(complete.merging(["Makefile": ""]) { a, _ in a })).map(\.path) == ["Makefile"])
    }

    @Test func firesOnAMissingPart() {
        #expect(Layout.faults(in: SourceTree(complete.filter { $0.key != "README.md" })).map(\.path) == ["README.md"])
    }
}
