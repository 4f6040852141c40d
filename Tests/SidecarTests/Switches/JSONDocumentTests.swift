import Testing

@testable import Sidecar

@Suite struct JSONDocumentTests {
    static func parse(_ text: String) throws(InvalidFile) -> DocumentNode {
        try JSONDocument.parse(Array(text.utf8), file: "f")
    }

    static func scalar(_ text: String, isQuoted: Bool, line: Int = 1) -> DocumentNode {
        DocumentNode(line: line, content: .scalar(text, isQuoted: isQuoted))
    }

    @Test(arguments: ["0", "-0", "12", "-1.5", "1e9", "2.5E-3", "true", "false", "null"])
    func literalsAreKeptAsWritten(text: String) throws {
        #expect(try Self.parse(" \(text)\n") == Self.scalar(text, isQuoted: false))
    }

    @Test(arguments: [
        (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC""#, "é€"),
        (#""\ud83d\ude00""#, "😀"), (#""é😀""#, "é😀"), ("\"\u{7F}\"", "\u{7F}"),
    ])
    func stringsLoseTheirEscapes(text: String, value: String) throws {
        #expect(try Self.parse(text) == Self.scalar(value, isQuoted: true))
    }

    @Test func nodesKnowTheirLinesAndEqualKeysAreKept() throws {
        let node = try Self.parse("{\r\n\"a\": [1,\n \"x\"],\n\n\"a\"\n:{ } }")
        let list = DocumentNode(
            line: 2,
            content: .sequence([Self.scalar("1", isQuoted: false, line: 2), Self.scalar("x", isQuoted: true, line: 3)]))
        let entries = [
            DocumentNode.Entry(key: "a", line: 2, value: list),
            DocumentNode.Entry(key: "a", line: 5, value: DocumentNode(line: 6, content: .mapping([]))),
        ]
        #expect(node == DocumentNode(line: 1, content: .mapping(entries)))
    }

    @Test func aByteOrderMarkIsLetPass() throws {
        #expect(try Self.parse("\u{FEFF}[]") == DocumentNode(line: 1, content: .sequence([])))
    }

    @Test(arguments: [
        ("", "f:1: not valid JSON: the text ends where a value should be"),
        ("{\n", "f:2: not valid JSON: expected a key in double quotes"),
        ("{a: 1}", "f:1: not valid JSON: expected a key in double quotes"),
        ("{\"a\" 1}", "f:1: not valid JSON: expected : after the key \"a\""),
        ("{\"a\": 1,}", "f:1: not valid JSON: expected a key in double quotes"),
        ("[1,\n2\n3]", "f:3: not valid JSON: expected , or ]"),
        ("[1,]", "f:1: not valid JSON: unexpected character"),
        ("\n[1,2", "f:2: not valid JSON: the text ends inside what was opened on line 2"),
        ("[1] 2", "f:1: not valid JSON: more text after the end of the document"),
        ("idle", "f:1: not valid JSON: \"idle\" is no value; text stands in double quotes"),
        ("01", "f:1: not valid JSON: \"01\" is no value; text stands in double quotes"),
        ("1.", "f:1: not valid JSON: \"1.\" is no value; text stands in double quotes"),
        ("+1", "f:1: not valid JSON: \"+1\" is no value; text stands in double quotes"),
        ("1e", "f:1: not valid JSON: \"1e\" is no value; text stands in double quotes"),
        ("// x", "f:1: not valid JSON: unexpected character"),
        ("\"a", "f:1: not valid JSON: the text ends inside a string"),
        ("\"a\n\"", "f:1: not valid JSON: a line break or control character inside a string; write \\n"),
        ("\"\\x\"", "f:1: not valid JSON: unknown escape in a string"),
        ("\"\\", "f:1: not valid JSON: the text ends inside a string"),
        ("\"\\u12\"", "f:1: not valid JSON: \\u needs four hexadecimal digits"),
        ("\"\\u+123\"", "f:1: not valid JSON: \\u needs four hexadecimal digits"),
        ("\"\\ud83d\"", "f:1: not valid JSON: half a surrogate pair in a string"),
        ("\"\\ud83d\\u0041\"", "f:1: not valid JSON: half a surrogate pair in a string"),
        ("\"\\ude00\"", "f:1: not valid JSON: half a surrogate pair in a string"),
    ])
    func otherTextsAreRefusedWithTheirLine(text: String, problem: String) {
        let error = #expect(throws: InvalidFile.self) { try Self.parse(text) }
        #expect(error?.description == problem)
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        let error = #expect(throws: InvalidFile.self) { try JSONDocument.parse([0x22, 0xC3, 0x22], file: "f") }
        #expect(error?.description == "f:1: not valid JSON: a string is not UTF-8")
    }

    @Test func nestingHasALimit() throws {
        let deepest = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        _ = try Self.parse(deepest)
        let error = #expect(throws: InvalidFile.self) { try Self.parse("[\(deepest)]") }
        #expect(error?.description == "f:1: not valid JSON: nested more than 32 deep")
        #expect(throws: InvalidFile.self) { try Self.parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func everyPrefixAndEveryFlippedByteFailsCleanlyOrReads() {
        let whole = Array(SwitchFileReaderTests.whole.utf8)
        for end in whole.indices.dropLast() {
            #expect(throws: InvalidFile.self) { try JSONDocument.parse(Array(whole[..<end]), file: "f") }
        }
        for index in whole.indices {
            for bit in 0..<8 {
                var mangled = whole
                mangled[index] ^= 1 << bit
                _ = try? JSONDocument.parse(mangled, file: "f")
            }
        }
    }
}
