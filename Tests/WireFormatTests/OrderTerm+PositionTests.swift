import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@testable import WireFormat

/// Positions compare as the values do that swift-protobuf reads from the same rows.
@Suite struct OrderTermPositionTests {
    /// A field of `Sample`, and how two of its values compare by the contract.
    struct Column: Sendable, CustomTestStringConvertible {
        let path: String
        let type: OrderType
        var absence = OrderTerm.Absence.isDefault
        let compare: @Sendable (Sample, Sample) -> Int

        var testDescription: String { "\(path):\(type.name)" }

        func term(isDescending: Bool) throws -> OrderTerm {
            OrderTerm(path: try FieldPath(path), type: type, absence: absence, isDescending: isDescending)
        }

        static func by<Value: Comparable & SendableMetatype>(
            _ read: @escaping @Sendable (Sample) -> Value?
        ) -> @Sendable (Sample, Sample) -> Int {
            { one, two in
                switch (read(one), read(two)) {
                case (nil, nil): 0
                case (nil, _): -1
                case (_, nil): 1
                case (let one?, let two?): one == two ? 0 : one < two ? -1 : 1
                }
            }
        }

        /// NaN last, both zeros equal.
        static func floating(
            _ read: @escaping @Sendable (Sample) -> Double
        ) -> @Sendable (Sample, Sample) -> Int {
            { one, two in
                let (one, two) = (read(one), read(two))
                if one.isNaN || two.isNaN { return (one.isNaN ? 1 : 0) - (two.isNaN ? 1 : 0) }
                return one == two ? 0 : one < two ? -1 : 1
            }
        }

        static func bytes(
            _ read: @escaping @Sendable (Sample) -> [UInt8]?
        ) -> @Sendable (Sample, Sample) -> Int {
            { one, two in
                switch (read(one), read(two)) {
                case (nil, nil): 0
                case (nil, _): -1
                case (_, nil): 1
                case (let one?, let two?): one == two ? 0 : one.lexicographicallyPrecedes(two) ? -1 : 1
                }
            }
        }
    }

    static let columns: [Column] = [
        Column(path: "1", type: .scalar(.string), compare: Column.bytes { Array($0.text.utf8) }),
        Column(path: "2", type: .scalar(.bytes), compare: Column.bytes { Array($0.blob) }),
        Column(path: "3", type: .scalar(.bool), compare: Column.by { $0.flag ? 1 : 0 }),
        Column(path: "4", type: .scalar(.int32), compare: Column.by { $0.int32 }),
        Column(path: "5", type: .scalar(.int64), compare: Column.by { $0.int64 }),
        Column(path: "6", type: .scalar(.uint32), compare: Column.by { $0.uint32 }),
        Column(path: "7", type: .scalar(.uint64), compare: Column.by { $0.uint64 }),
        Column(path: "8", type: .scalar(.sint32), compare: Column.by { $0.sint32 }),
        Column(path: "9", type: .scalar(.sint64), compare: Column.by { $0.sint64 }),
        Column(path: "10", type: .scalar(.fixed32), compare: Column.by { $0.fixed32 }),
        Column(path: "11", type: .scalar(.fixed64), compare: Column.by { $0.fixed64 }),
        Column(path: "12", type: .scalar(.sfixed32), compare: Column.by { $0.sfixed32 }),
        Column(path: "13", type: .scalar(.sfixed64), compare: Column.by { $0.sfixed64 }),
        Column(
            path: "14", type: .scalar(.string), absence: .isNull,
            compare: Column.bytes { $0.hasMaybe ? Array($0.maybe.utf8) : nil }),
        Column(
            path: "15", type: .scalar(.sint64), absence: .isNull,
            compare: Column.by { $0.hasMaybeNumber ? $0.maybeNumber : nil }),
        Column(
            path: "16.5", type: .scalar(.int64), absence: .isNullWithoutHolder,
            compare: Column.by { $0.hasChild ? $0.child.int64 : nil }),
        Column(path: "10", type: .float, compare: Column.floating { Double(Float(bitPattern: $0.fixed32)) }),
        Column(path: "11", type: .double, compare: Column.floating { Double(bitPattern: $0.fixed64) }),
    ]

    @Test(arguments: columns)
    func positionsCompareAsTheValuesDo(column: Column) throws {
        var samples = RandomSample(random: SeededRandom(seed: 11))
        var differing = 0
        for _ in 0..<3000 {
            let rows = [try samples.wire(), try samples.wire()]
            let messages = try rows.map { try Sample(serializedBytes: $0) }
            let expected = column.compare(messages[0], messages[1]).signum()
            if expected != 0 { differing += 1 }
            for isDescending in [false, true] {
                let term = try column.term(isDescending: isDescending)
                let positions = try rows.map { try Self.position([term], $0) }
                let result = Self.compare(positions[0], positions[1])
                #expect(result == (isDescending ? -expected : expected), "\(rows)")
            }
        }
        #expect(differing > 20)
    }

    /// A term of one row never eats into the next one: what stands first decides.
    @Test func theFirstTermThatDiffersDecides() throws {
        var samples = RandomSample(random: SeededRandom(seed: 12))
        var random = SeededRandom(seed: 13)
        for _ in 0..<3000 {
            let chosen = Self.columns.shuffled(using: &random).prefix(3)
            let directions = chosen.map { _ in Bool.random(using: &random) }
            let terms = try zip(chosen, directions).map { try $0.term(isDescending: $1) }
            let rows = [try samples.wire(), try samples.wire()]
            let messages = try rows.map { try Sample(serializedBytes: $0) }
            let results = zip(chosen, directions).map { column, isDescending in
                column.compare(messages[0], messages[1]).signum() * (isDescending ? -1 : 1)
            }
            let positions = try rows.map { try Self.position(terms, $0) }
            #expect(Self.compare(positions[0], positions[1]) == results.first { $0 != 0 } ?? 0)
        }
    }

    static let texts: [[UInt8]] = [
        [], [0], [0, 0], [0, 1], [0, 255], [1], Array("A".utf8), Array("A ".utf8), Array("a".utf8),
        Array("a\u{0}".utf8),
        Array("a\u{0}b".utf8), Array("aa".utf8), [0xc3, 0xa4], [255], [255, 0], [255, 255],
    ]

    @Test func textIsOrderedByUnsignedByteWhateverFollows() throws {
        let terms = [
            OrderTerm(path: try FieldPath("2"), type: .scalar(.bytes)),
            OrderTerm(path: try FieldPath("6"), type: .scalar(.uint32)),
        ]
        for (index, one) in Self.texts.enumerated() {
            for (other, two) in Self.texts.enumerated() {
                for numbers in [(0, 0), (0, UInt32.max), (UInt32.max, 0)] {
                    let left = try Self.position(terms, Self.row(one, numbers.0))
                    let right = try Self.position(terms, Self.row(two, numbers.1))
                    let expected = index == other ? Int(numbers.0) - Int(numbers.1) : index - other
                    #expect(Self.compare(left, right) == expected.signum())
                }
            }
        }
    }

    private static func row(_ text: [UInt8], _ number: UInt32) throws -> [UInt8] {
        try Sample.with {
            $0.blob = .init(text)
            $0.uint32 = number
        }.serializedBytes()
    }

    static func position(_ terms: [OrderTerm], _ row: [UInt8]) throws -> [UInt8] {
        var position: [UInt8] = []
        try withExactMemory(row) { row in
            for term in terms { try term.append(of: row, to: &position) }
        }
        return position
    }

    static func compare(_ one: [UInt8], _ two: [UInt8]) -> Int {
        withExactMemory(one) { one in withExactMemory(two) { ByteOrder.compare(one, $0).signum() } }
    }
}
