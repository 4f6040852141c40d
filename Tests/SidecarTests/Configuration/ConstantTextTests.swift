import Stores
import Testing

@testable import Sidecar

@Suite struct ConstantTextTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        /// Nil: it must be written more clearly.
        let value: StoreConfiguration.ConstantValue?

        var testDescription: String { text }
    }

    private static func cases(
        _ texts: [String], _ value: StoreConfiguration.ConstantValue?
    ) -> [Case] { texts.map { Case(text: $0, value: value) } }

    private static let samples: [Case] =
        cases(["~", "null", "Null", "NULL"], .null) + cases(["true", "True", "TRUE"], .bool(true))
        + cases(["false", "False", "FALSE"], .bool(false)) + cases(["12"], .integer(12)) + cases(["0"], .integer(0))
        + cases(["-3"], .integer(-3)) + cases(["1.50"], .real(1.5)) + cases(["-0.5"], .real(-0.5))
        + cases(["9223372036854775807"], .integer(.max))
        + cases(
            [
                "0123", "00", "-0", "1e3", "1E3", "+5", ".5", "5.", "0x1F", "0o17", "0b1", "1_000", ".inf", "-.inf",
                ".nan",
                "yes", "No", "ON", "off", "9223372036854775808", "inf", "nan",
            ], nil)

    @Test(arguments: samples) func aPlainWord(sample: Case) {
        #expect(ConstantText.read(sample.text, isQuoted: false) == sample.value)
    }

    @Test(arguments: ["open", "2024-01-15", "12:30", "nullable", "truex", "0123-4", "1-2", "--", "-", "12 Main St"])
    func aWordThatIsText(text: String) {
        #expect(ConstantText.read(text, isQuoted: false) == .text(text))
    }

    @Test(arguments: ["true", "~", "0123", "", "12"]) func whatIsQuotedIsText(text: String) {
        #expect(ConstantText.read(text, isQuoted: true) == .text(text))
    }
}
