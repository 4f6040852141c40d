import Testing
import WireFormat

@Suite struct FieldPathTests {
    @Test(arguments: ["1", "1.3", "536870911", "18999.20000", "1.2.3.4.5.6.7.8"])
    func aPathReadsBackAsWritten(text: String) throws {
        let path = try FieldPath(text)
        #expect(path.description == text)
        #expect((0..<path.count).map { "\(path[$0])" } == text.split(separator: ".").map(String.init))
        #expect(try FieldPath(numbers: (0..<path.count).map { path[$0] }) == path)
    }

    @Test(arguments: [
        ("", FieldPathError.empty),
        ("1.2.3.4.5.6.7.8.9", .tooDeep(levels: 9)),
        ("a", .notANumber(text: "a")),
        ("1..2", .notANumber(text: "")),
        (".1", .notANumber(text: "")),
        ("1.", .notANumber(text: "")),
        ("+1", .notANumber(text: "+1")),
        ("-1", .notANumber(text: "-1")),
        (" 1", .notANumber(text: " 1")),
        ("01", .notANumber(text: "01")),
        ("\u{0661}", .notANumber(text: "\u{0661}")),
        ("0", .outOfRange(number: "0")),
        ("536870912", .outOfRange(number: "536870912")),
        ("99999999999999999999", .outOfRange(number: "99999999999999999999")),
        ("19000", .reserved(number: 19_000)),
        ("1.19999", .reserved(number: 19_999)),
        ("[0]", .notANumber(text: "")),
        ("1[", .notANumber(text: "1[")),
        ("1]", .notANumber(text: "1]")),
        ("1[0", .notANumber(text: "1[0")),
        ("1[]", .notAnElement(text: "1[]")),
        ("1[a]", .notAnElement(text: "1[a]")),
        ("1[-1]", .notAnElement(text: "1[-1]")),
        ("1[00]", .notAnElement(text: "1[00]")),
        ("1[0][0]", .notAnElement(text: "1[0][0]")),
        ("1[0]2", .notANumber(text: "1[0]2")),
        ("1 [0]", .notANumber(text: "1 ")),
        ("0[0]", .outOfRange(number: "0")),
        ("1[7]", .elementOutOfRange(element: "7")),
        ("1[99999999999]", .elementOutOfRange(element: "99999999999")),
    ])
    func whatIsNoPathIsRefused(text: String, error: FieldPathError) {
        #expect(throws: error) { try FieldPath(text) }
        #expect(!error.description.isEmpty)
    }

    @Test(arguments: ["1[0]", "2.1[0].2", "1[6]", "536870911[6].2[0].3", "1[1].1[2].1[3].1[4].1[5].1[6].1[0].1[0]"])
    func aPathThroughElementsReadsBackAsWritten(text: String) throws {
        let path = try FieldPath(text)
        #expect(path.description == text)
        #expect(path.hasElements)
        #expect(try FieldPath((0..<path.count).map { (path[$0], path.element(at: $0)) }) == path)
    }

    @Test func anElementIsPartOfThePath() throws {
        let path = try FieldPath("2.1[3].2")
        #expect((0..<3).map { path.element(at: $0) } == [nil, 3, nil])
        #expect(try path != FieldPath("2.1.2"))
        #expect(try path != FieldPath("2.1[0].2"))
        #expect(try !FieldPath("2.1.2").hasElements)
    }

    @Test func noNumbersAreNoPath() {
        #expect(throws: FieldPathError.empty) { try FieldPath(numbers: []) }
    }

    @Test func pathsDifferByNumberAndDepth() throws {
        #expect(try FieldPath("1.3") == FieldPath("1.3"))
        #expect(try FieldPath("1.3") != FieldPath("1.4"))
        #expect(try FieldPath("1") != FieldPath("1.1"))
    }
}
