import TestSupport
import Testing

@testable import Stores

@Suite struct SortKeyTests {
    /// Values of one type in the contract's order.
    ///
    /// Made anew each time: a leak checker cannot see what a global's Data points to.
    private static var ascending: [(type: ValueType, values: [Value])] {
        [
            (.bool, [.null, .bool(false), .bool(true)]),
            (.int64, [.null, .int64(.min), .int64(-256), .int64(-1), .int64(0), .int64(1), .int64(255), .int64(.max)]),
            (.uint64, [.null, .uint64(0), .uint64(1), .uint64(255), .uint64(256), .uint64(.max)]),
            (
                .double,
                [
                    .null, .double(-.infinity), .double(-1e300), .double(-1.5), .double(-.leastNonzeroMagnitude),
                    .double(0),
                    .double(.leastNonzeroMagnitude), .double(1), .double(1.0000000000000002), .double(1e300),
                    .double(.infinity),
                ]
            ),
            (
                .decimal,
                [
                    .null, .decimal("-99999999999999999999999999999999999999"), .decimal("-100"), .decimal("-99.9"),
                    .decimal("-99"), .decimal("-10"), .decimal("-9.99"), .decimal("-0.1"), .decimal("-0.01"),
                    .decimal("-0.001"), .decimal("0"), .decimal("0.00000000000000000000000000000000000001"),
                    .decimal("0.001"), .decimal("0.01"), .decimal("0.09"), .decimal("0.1"), .decimal("0.11"),
                    .decimal("1"),
                    .decimal("1.01"), .decimal("1.1"), .decimal("9"), .decimal("10"), .decimal("11"), .decimal("100"),
                    .decimal("1200"), .decimal("99999999999999999999999999999999999999"),
                ]
            ),
            (
                .text,
                [
                    .null, .text(""), .text("\u{0}"), .text("\u{0}\u{0}"), .text("\u{0}\u{1}"), .text("\u{1}"),
                    .text(" a"),
                    .text("A"), .text("AB"), .text("a"), .text("a\u{0}"), .text("a "), .text("ab"), .text("b"),
                    .text("é"),
                    .text("\u{ffff}"), .text("\u{1f600}"),
                ]
            ),
            (
                .bytes,
                [
                    .null, .bytes([]), .bytes([0]), .bytes([0, 0]), .bytes([0, 1]), .bytes([0, 255]), .bytes([1]),
                    .bytes([255]),
                ]
            ),
            (.timestamp, [.null, .timestamp(.min), .timestamp(-1), .timestamp(0), .timestamp(1), .timestamp(.max)]),
            (.uuid, [.null, .uuid([UInt8](repeating: 0, count: 16)), .uuid([UInt8](repeating: 0x80, count: 16))]),
        ]
    }

    private static func key(_ value: Value, _ type: ValueType, isDescending: Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try value.withRecordValue(type) { SortKey.append($0, isDescending: isDescending, to: &bytes) }
        return bytes
    }

    @Test(arguments: [false, true])
    func bytesStandInTheOrderOfTheValues(isDescending: Bool) throws {
        for (type, values) in Self.ascending {
            let keys = try values.map { try Self.key($0, type, isDescending: isDescending) }
            for one in keys.indices {
                for two in keys.indices {
                    // What follows in a longer key must not matter.
                    let order = OrdersModel.compare(keys[one] + [0x80], keys[two] + [0x7f])
                    let expected = one == two ? 1 : (one < two) != isDescending ? -1 : 1
                    #expect(order == expected, "\(type.name): \(values[one]) and \(values[two])")
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func whatIsWrittenReadsBack(isDescending: Bool) throws {
        for (type, values) in Self.ascending {
            for value in values {
                let key = try Self.key(value, type, isDescending: isDescending)
                let kept = KeptMemory()
                try value.withRecordValue(type) { written in
                    key.withUnsafeBytes { bytes in
                        var reader = SortKeyReader(bytes)
                        let read = reader.next(type, isDescending: isDescending, keep: kept.keep)
                        #expect(read?.isEqual(written) == true, "\(type.name): \(value)")
                        #expect(reader.isAtEnd)
                    }
                }
            }
        }
    }

    /// Every cut of a key is no key, and no bytes at all make the reader trap.
    @Test(arguments: UInt64(1)...4)
    func otherBytesAreRefused(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for (type, values) in Self.ascending {
            for value in values {
                let key = try Self.key(value, type, isDescending: false)
                for count in key.indices { #expect(!Self.isRead(Array(key[..<count]), type), "\(type.name): \(value)") }
                for _ in 0..<50 {
                    var damaged = key
                    damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                    _ = Self.isRead(damaged, type)
                }
            }
            for _ in 0..<500 { _ = Self.isRead(random.bytes(atMost: 60), type) }
        }
        #expect(!Self.isRead([1, 2], .json))
    }

    private static func isRead(_ bytes: [UInt8], _ type: ValueType) -> Bool {
        let kept = KeptMemory()
        return bytes.withUnsafeBytes { bytes in
            var reader = SortKeyReader(bytes)
            return reader.next(type, isDescending: false, keep: kept.keep) != nil && reader.isAtEnd
        }
    }
}
