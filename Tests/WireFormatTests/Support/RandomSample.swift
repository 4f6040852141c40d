import Foundation
import SwiftProtobuf
import TestSupport

typealias Sample = Switchover_Samples_Sample
typealias Newer = Switchover_Samples_Newer

/// Random messages in their wire form: pieces of a message one behind the other, which a parser merges, with fields
/// in between that `Sample` does not know.
struct RandomSample {
    var random: SeededRandom

    /// Up to six pieces, each a message of its own, each possibly wrapped into `child` a few times.
    mutating func wire() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) { bytes += try piece(depth: 0) }
        return bytes
    }

    private mutating func piece(depth: Int) throws -> [UInt8] {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return try newer(depth: 0).serializedBytes()
        case 1,
            2 where depth < 7:
            var content: [UInt8] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) { content += try piece(depth: depth + 1) }
            // The same merge rules hold inside, so the pieces stay apart on the wire.
            return [0x82, 0x01] + Self.varint(UInt64(content.count)) + content
        default: return try sample().serializedBytes()
        }
    }

    private mutating func sample() -> Sample {
        Sample.with { sample in
            for _ in 0..<Int.random(in: 0...5, using: &random) { setOneField(&sample) }
        }
    }

    private mutating func setOneField(_ sample: inout Sample) {
        switch Int.random(in: 1...19, using: &random) {
        case 1: sample.text = text()
        case 2: sample.blob = .init(random.bytes(atMost: 20))
        case 3: sample.flag = Bool.random(using: &random)
        case 4: sample.int32 = Int32(truncatingIfNeeded: number())
        case 5: sample.int64 = number()
        case 6: sample.uint32 = UInt32(truncatingIfNeeded: number())
        case 7: sample.uint64 = UInt64(bitPattern: number())
        case 8: sample.sint32 = Int32(truncatingIfNeeded: number())
        case 9: sample.sint64 = number()
        case 10: sample.fixed32 = UInt32(truncatingIfNeeded: number())
        case 11: sample.fixed64 = UInt64(bitPattern: number())
        case 12: sample.sfixed32 = Int32(truncatingIfNeeded: number())
        case 13: sample.sfixed64 = number()
        case 14: sample.maybe = text()
        case 15: sample.maybeNumber = number()
        case 16:
            sample.packed = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int32(truncatingIfNeeded: number()) }
        case 17: sample.unpacked = (0..<Int.random(in: 0...4, using: &random)).map { _ in number() }
        case 18:
            sample.packedFixed = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                UInt32(truncatingIfNeeded: number())
            }
        default: sample.far = text()
        }
    }

    private mutating func newer(depth: Int) -> Newer {
        Newer.with { newer in
            if random.chance(1, in: 2) { newer.number = number() }
            if random.chance(1, in: 2) { newer.text = text() }
            if random.chance(1, in: 2) { newer.fixed32 = UInt32(truncatingIfNeeded: number()) }
            if random.chance(1, in: 2) { newer.fixed64 = UInt64(bitPattern: number()) }
            if random.chance(1, in: 4) { newer.doubles = [1.5, -2] }
            if depth < 3, random.chance(1, in: 4) { newer.child = self.newer(depth: depth + 1) }
        }
    }

    /// Small and large magnitudes of both signs, zero included.
    private mutating func number() -> Int64 {
        let magnitude = Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0...63, using: &random)
        return random.chance(1, in: 10) ? 0 : magnitude
    }

    private mutating func text() -> String {
        let letters = Array("abc019 \u{e4}\u{1f600}")
        let length = random.chance(1, in: 20) ? 150 : Int.random(in: 0...9, using: &random)
        return String((0..<length).compactMap { _ in letters.randomElement(using: &random) })
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f | 0x80)] + varint(value >> 7)
    }
}
