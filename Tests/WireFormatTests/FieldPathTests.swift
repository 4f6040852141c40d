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
    ])
    func whatIsNoPathIsRefused(text: String, error: FieldPathError) {
        #expect(throws: error) { try FieldPath(text) }
        #expect(!error.description.isEmpty)
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
