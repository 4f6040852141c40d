import Testing

@testable import Sidecar

@Suite struct YAMLDocumentTests {
    static func entry(_ key: String, _ line: Int, _ text: String, isQuoted: Bool = false) -> DocumentNode.Entry {
        let value = DocumentNode(line: line, content: .scalar(text, isQuoted: isQuoted))
        return DocumentNode.Entry(key: key, line: line, value: value)
    }

    @Test func nodesKnowTheirLinesAndQuotes() throws {
        let node = try YAMLDocument.parse("a: 1\nb: '1'\nc:\n  - x\n", file: "f")
        let list = DocumentNode(
            line: 4, content: .sequence([DocumentNode(line: 4, content: .scalar("x", isQuoted: false))]))
        #expect(
            node
                == DocumentNode(
                    line: 1,
                    content: .mapping([
                        Self.entry("a", 1, "1"), Self.entry("b", 2, "1", isQuoted: true),
                        DocumentNode.Entry(key: "c", line: 3, value: list),
                    ])))
    }

    @Test(arguments: ["\n", "\r\n"])
    func equalKeysAreKeptWithTheirLines(lineEnd: String) throws {
        let text = ["a: 1", "\"b\": 2", "a: 3", "'b': 4", "a: 5"].joined(separator: lineEnd)
        let node = try YAMLDocument.parse(text, file: "f")
        guard case .mapping(let entries) = node.content else { throw InvalidFile([]) }
        #expect(
            entries == [
                Self.entry("a", 1, "1"), Self.entry("b", 2, "2"), Self.entry("a", 3, "3"), Self.entry("b", 4, "4"),
                Self.entry("a", 5, "5"),
            ])
    }

    @Test(arguments: ["? &k x\n: 1\n? *k\n: 2\n", "? [a]\n: 1\n? [a]\n: 2\n"])
    func equalKeysThatAreNoPlainTextsAreRefusedAsWell(text: String) {
        #expect(throws: InvalidFile.self) { try Configuration.parse(text, file: "f") }
    }

    @Test func nestingWithoutEndIsRefused() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: InvalidFile.self) { try YAMLDocument.parse(text, file: "f") }
    }

    /// A few hundred bytes whose aliases stand for more than any machine holds: as values, as keys, in either style.
    @Test(arguments: [
        "%@: &%@ [%#,%#,%#,%#,%#,%#,%#,%#,%#]\n", "%@: &%@ { a: %#, b: %#, c: %#, d: %#, e: %#, f: %# , g: %#}\n",
        "%@: &%@\n  - %#\n  - %#\n  - %#\n  - %#\n  - %#\n  - %#\n  - %#\n", "? &%@ [%#,%#,%#,%#,%#,%#,%#]\n: %@\n",
        "? { %# : 1, x: [%#,%#,%#,%#,%#,%#,%#,%#] }\n: &%@ [%#,%#,%#,%#,%#,%#,%#,%#]\n",
    ])
    func aliasesThatMultiplyAreRefused(level: String) throws {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for index in 1...25 {
            text += level.replacing("%@", with: "a\(index)").replacing("%#", with: "*a\(index - 1)")
        }
        let error = #expect(throws: InvalidFile.self) { try YAMLDocument.parse(text, file: "f") }
        #expect(error?.description.contains("aliases") == true)
    }

    @Test func aliasesThatDoNotMultiplyAreTaken() throws {
        var text = "all: &all { kind: single_query, timeout: 30s }\n# * and *stars* in \"*quotes\"\nq: \"*all\"\n"
        for index in 0..<2_000 { text += "m\(index): *all\n" }
        let node = try YAMLDocument.parse(text, file: "f")
        #expect(node["m1999"]?["kind"]?.scalar == "single_query" && node["q"]?.scalar == "*all")
    }
}
