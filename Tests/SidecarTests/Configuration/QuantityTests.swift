import Testing

@testable import Sidecar

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", Quantity.Unit.count, UInt64(0)), ("42", .count, 42), ("1024", .size, 1024), ("64KiB", .size, 65_536),
        ("4MiB", .size, 4 << 20), ("2GiB", .size, 2 << 30), ("0", .duration, 0), ("0s", .duration, 0),
        ("7us", .duration, 7000), ("250ms", .duration, 250_000_000), ("30s", .duration, 30_000_000_000),
        ("5m", .duration, 300_000_000_000), ("1h", .duration, 3_600_000_000_000),
    ])
    func unitsAreUnderstood(text: String, unit: Quantity.Unit, value: UInt64) throws {
        #expect(try Quantity.parse(text, as: unit, in: 0...UInt64.max) == value)
    }

    @Test(arguments: [
        (UInt64(1500), Quantity.Unit.size, "1500"), (1536 << 10, .size, "1536KiB"), (0, .size, "0"),
        (1_500_000_000, .duration, "1500ms"), (90_000_000_000, .duration, "90s"), (0, .duration, "0s"),
        (999, .duration, "999ns"), (17, .count, "17"),
    ])
    func valuesAreWrittenInTheLargestUnitThatIsExact(value: UInt64, unit: Quantity.Unit, text: String) {
        #expect(Quantity.format(value, as: unit) == text)
    }

    @Test(arguments: [
        ("", Quantity.Unit.count, "expected a whole number, found \"\""),
        ("-1", .count, "expected a whole number, found \"-1\""),
        ("1.5", .count, "expected a whole number, found \"1.5\""),
        ("\u{0661}", .count, "expected a whole number, found \"\u{0661}\""),
        ("4mib", .size, "unknown unit \"mib\" in \"4mib\"; write one of KiB, MiB, GiB after a whole number"),
        ("4 MiB", .size, "unknown unit \" MiB\" in \"4 MiB\"; write one of KiB, MiB, GiB after a whole number"),
        ("30", .duration, "\"30\" has no unit; write one of us, ms, s, m, h after the number"),
        ("1ns", .duration, "unknown unit \"ns\" in \"1ns\"; write one of us, ms, s, m, h after a whole number"),
    ])
    func otherTextsAreRefusedWithWhatToWrite(text: String, unit: Quantity.Unit, problem: String) {
        #expect(throws: Quantity.Malformed(problem: problem)) {
            try Quantity.parse(text, as: unit, in: 0...UInt64.max)
        }
    }

    @Test func aRangeIsKeptAlsoBeyond64Bits() {
        let count = Quantity.Malformed(problem: "101 is out of range; write 1 to 100")
        #expect(throws: count) { try Quantity.parse("101", as: .count, in: 1...100) }
        let size = Quantity.Malformed(problem: "18446744073709551615KiB is out of range; write 1KiB to 1MiB")
        #expect(throws: size) { try Quantity.parse("18446744073709551615KiB", as: .size, in: 1024...1 << 20) }
    }
}
