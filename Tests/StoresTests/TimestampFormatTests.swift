import Foundation
import TestSupport
import Testing

@testable import Stores

@Suite struct TimestampFormatTests {
    @Test(arguments: [
        "2017-01-01T11:53:26Z", "2017-01-01 11:53:26", "2017-01-01T11:53:26.5Z", "2017-01-01 11:53:26.123456",
        "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2000-02-29T00:00:00", "1969-12-31T23:59:59.999Z",
        "2024-02-29", "0000-01-01", "9999-12-31",
    ])
    func anExampleIsItsOwnFormat(example: String) throws {
        let format = try #require(TimestampFormat(example: example))
        let instant = try #require(Array(example.utf8).withUnsafeBytes { format.microseconds($0) })
        #expect(String(decoding: format.text(instant), as: UTF8.self) == example)
        #expect(TimestampFormat.range.contains(instant))
    }

    @Test(arguments: [
        "", "2017-02-30", "2017/01/01", "20170101", "2017-01-01T11:53", "2017-01-01T11:53:26+00:00",
        "2017-01-01t11:53:26Z",
        "2017-13-01T00:00:00Z",
        "2017-02-29T00:00:00Z", "2017-01-01T24:00:00Z", "2017-01-01T11:53:60Z", "2017-01-01T11:53:26.Z",
        "2017-01-01T11:53:26.1234567Z", "2017-1-01T11:53:26Z", "17-01-01T11:53:26Z", "2017-00-10T11:53:26Z",
    ])
    func whatIsNoExampleIsRefused(example: String) {
        #expect(TimestampFormat(example: example) == nil)
    }

    @Test func aTextOfAnotherFormIsNoInstant() throws {
        let format = try #require(TimestampFormat(example: "2017-01-01T11:53:26Z"))
        for text in [
            "2017-01-01 11:53:26Z", "2017-01-01T11:53:26", "2017-01-01T11:53:26.0Z", "", "2017-01-01T11:53:2６Z",
        ] {
            #expect(Array(text.utf8).withUnsafeBytes { format.microseconds($0) } == nil, "\(text)")
        }
    }

    @Test func aDateIsItsFirstInstant() throws {
        let format = try #require(TimestampFormat(example: "2017-01-01"))
        #expect(Array("1970-01-02".utf8).withUnsafeBytes { format.microseconds($0) } == 86_400_000_000)
        #expect(String(decoding: format.text(86_400_000_000 * 2 - 1), as: UTF8.self) == "1970-01-02")
        #expect(String(decoding: format.text(-1), as: UTF8.self) == "1969-12-31")
        #expect(Array("1970-01-02T00:00:00Z".utf8).withUnsafeBytes { format.microseconds($0) } == nil)
    }

    /// The calendar agrees with Foundation's.
    @Test(arguments: UInt64(1)...2)
    func randomInstants(seed: UInt64) throws {
        let format = try #require(TimestampFormat(example: "2017-01-01T11:53:26Z"))
        let formatter = ISO8601DateFormatter()
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            // Foundation's calendar is Julian before 1582.
            let seconds = Int64.random(in: -12_000_000_000...253_402_300_799, using: &random)
            let text = String(decoding: format.text(seconds * 1_000_000), as: UTF8.self)
            #expect(text == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
        }
    }
}
