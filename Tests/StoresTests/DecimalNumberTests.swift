import Testing

@testable import Stores

@Suite struct DecimalNumberTests {
    private static func number(_ text: String) -> DecimalNumber? {
        Array(text.utf8).withUnsafeBytes { DecimalNumber($0) }
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("+0.00", "0"), ("12.50", "12.5"), ("-12.50", "-12.5"), ("+7", "7"), ("007", "7"),
        ("0.05", "0.05"), ("100", "100"), ("100.0", "100"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        (
            "-0.00000000000000000000000000000000000001", "-0.00000000000000000000000000000000000001"
        ),
    ])
    func oneCanonicalForm(text: String, canonical: String) throws {
        let number = try #require(Self.number(text))
        #expect(String(decoding: number.text, as: UTF8.self) == canonical)
        #expect(Self.number(canonical) == number)
    }

    @Test(arguments: [
        "", "-", "+", ".", "1.", ".5", "1.2.3", "1e5", " 1", "1 ", "--1", "1,5", "0x1", "NaN", "\u{661}",
        "100000000000000000000000000000000000000", "0.000000000000000000000000000000000000001",
    ])
    func whatIsNoNumberIsRefused(text: String) {
        #expect(Self.number(text) == nil)
    }

    @Test(arguments: [
        ("12.5", 2, 1_250, true), ("12.5", 0, 12, false), ("-12.5", 0, -13, false), ("-0.001", 2, -1, false),
        ("0.001", 2, 0, false), ("92233720368547758.07", 2, Int64.max, true),
        ("-92233720368547758.08", 2, Int64.min, true), ("0", 18, 0, true),
    ])
    func unitsOfAScale(text: String, scale: Int, value: Int64, isExact: Bool) throws {
        let number = try #require(Self.number(text))
        let units = try #require(number.units(scale: scale))
        #expect(units.value == value)
        #expect(units.isExact == isExact)
    }

    @Test(arguments: [
        ("92233720368547758.08", 2), ("-92233720368547758.09", 2), ("99999999999999999999999999999999999999", 18),
        ("-9223372036854775808.5", 0),
    ])
    func whatHasNoPlaceInSixtyFourBits(text: String, scale: Int) throws {
        let number = try #require(Self.number(text))
        #expect(number.units(scale: scale)?.value == nil)
    }
}
