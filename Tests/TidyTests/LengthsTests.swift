import Testing

@Suite struct LengthsTests {
    @Test func repositoryKeepsItsLengths() {
        for fault in SourceTree.repository.files.flatMap(Lengths.faults) { Issue.record("\(fault)") }
    }

    private func faults(path: String = "Sources/A/B.swift", _ text: String) -> Int {
        Lengths.faults(in: SourceFile(path: path, text: text)).count
    }

    private func function(lines: Int) -> String {
        "func f() {\n" + String(repeating: "    g()\n", count: lines - 2) + "}\n"
    }

    @Test func firesOnALongFile() {
        #expect(faults(String(repeating: "a\n", count: 601)) == 1)
        #expect(faults(String(repeating: "a\n", count: 600)) == 0)
        #expect(faults(path: "Tests/EndToEndTests/a.py", String(repeating: "a\n", count: 601)) == 1)
        #expect(faults(path: "Sources/A/B.pb.swift", String(repeating: "a\n", count: 601)) == 0)
    }

    @Test func firesOnALongLine() {
        #expect(faults(String(repeating: "é", count: 121)) == 1)
        #expect(faults(String(repeating: "é", count: 120)) == 0)
    }

    @Test func firesOnALongFunction() {
        #expect(faults(function(lines: 71)) == 1)
        #expect(faults(function(lines: 70)) == 0)
    }
}
