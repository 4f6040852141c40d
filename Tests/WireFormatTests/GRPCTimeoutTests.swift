import TestSupport
import Testing
import WireFormat

@Suite struct GRPCTimeoutTests {
    struct Table: Decodable {
        struct Entry: Decodable {
            let text: String
            let nanoseconds: String?
        }

        let parse: [Entry]
        let write: [Entry]
    }

    static func parse(_ text: String) -> GRPCTimeout.Parsed { withExactMemory(text.utf8, GRPCTimeout.parse) }

    static func write(_ nanoseconds: UInt64) -> String {
        String(
            decoding: written(capacity: GRPCTimeout.maxBytes) { GRPCTimeout.write(nanoseconds: nanoseconds, into: $0) },
            as: UTF8.self)
    }

    @Test func parsingVectors() throws {
        let entries = try Vectors.load("grpc-timeout.json", as: Table.self).parse
        #expect(entries.count > 100)
        for entry in entries {
            let expected = try entry.nanoseconds.map { GRPCTimeout.Parsed.nanoseconds(try #require(UInt64($0))) }
            #expect(Self.parse(entry.text) == expected ?? .malformed, "'\(entry.text)'")
        }
    }

    @Test func writingVectors() throws {
        let entries = try Vectors.load("grpc-timeout.json", as: Table.self).write
        #expect(entries.count > 50)
        for entry in entries {
            let nanoseconds = try #require(entry.nanoseconds.flatMap { UInt64($0) })
            #expect(Self.write(nanoseconds) == entry.text, "\(nanoseconds)")
        }
    }

    @Test(arguments: [
        ("100m", GRPCTimeout.Parsed.nanoseconds(100_000_000)), ("0n", .nanoseconds(0)),
        ("99999999H", .nanoseconds(.max)), ("100000000n", .malformed), ("", .malformed), ("S", .malformed),
        ("5", .malformed), ("5s", .malformed), ("-5S", .malformed),
    ])
    func knownTexts(text: String, expected: GRPCTimeout.Parsed) {
        #expect(Self.parse(text) == expected)
    }

    /// Every byte as the unit and as a digit.
    @Test func everyByteInEveryPlace() {
        for byte in UInt8.min ... .max {
            let isUnit = "HMSmun".utf8.contains(byte)
            let isDigit = (0x30...0x39).contains(byte)
            #expect((withExactMemory([0x31, byte], GRPCTimeout.parse) != .malformed) == isUnit)
            #expect((withExactMemory([byte, 0x53], GRPCTimeout.parse) != .malformed) == isDigit)
            #expect((withExactMemory([0x31, byte, 0x32, 0x53], GRPCTimeout.parse) != .malformed) == isDigit)
        }
    }

    /// What is written is read back as the same time or one that is less than a unit shorter, never a longer one.
    @Test(arguments: UInt64(1)...4)
    func writtenTimesAreNeverLonger(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<5_000 {
            let nanoseconds = random.next() >> UInt64.random(in: 0...63, using: &random)
            let text = Self.write(nanoseconds)
            guard case .nanoseconds(let read) = Self.parse(text) else {
                Issue.record("seed \(seed): '\(text)' from \(nanoseconds) is malformed")
                continue
            }
            #expect(read <= nanoseconds, "seed \(seed)")
            // Coarser units start at 10,000,000 of the finer one's tenfold, so little is lost: at most 1 in 1,666.
            #expect(nanoseconds - read <= nanoseconds / 1_600, "seed \(seed): \(nanoseconds) became '\(text)'")
        }
    }
}
