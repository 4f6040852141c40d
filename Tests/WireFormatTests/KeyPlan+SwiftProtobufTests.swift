import SwiftProtobuf
import TestSupport
import Testing
import WireFormat

/// The scanner says what swift-protobuf says, on random messages, on each of their prefixes, and on damaged ones.
@Suite struct KeyPlanSwiftProtobufTests {
    @Test(arguments: UInt64(1)...8)
    func randomMessages(seed: UInt64) throws {
        var messages = RandomSample(random: SeededRandom(seed: seed))
        var present = 0
        for round in 0..<150 {
            let wire = try messages.wire()
            let sample = try Sample(serializedBytes: wire)
            for key in SampleKey.all {
                for depth in 0...3 {
                    let expected = key.expected(in: sample, depth: depth)
                    #expect(
                        ScanOutcome.scan(wire, try key.plan(depth: depth)) == expected,
                        "seed \(seed), round \(round), \(key)")
                    guard key.isPresent != nil else { continue }
                    let required = key.expected(in: sample, depth: depth, presence: .required)
                    let found = ScanOutcome.scan(wire, try key.plan(depth: depth, presence: .required))
                    #expect(found == required, "seed \(seed), round \(round), \(key), required")
                    if required == expected { present += 1 }
                }
            }
        }
        #expect(present > 100, "the messages of seed \(seed) have hardly any field")
    }

    @Test(arguments: UInt64(1)...4)
    func keysOfSeveralComponents(seed: UInt64) throws {
        var messages = RandomSample(random: SeededRandom(seed: seed))
        for round in 0..<300 {
            let wire = try messages.wire()
            let sample = try Sample(serializedBytes: wire)
            let parts = (0..<Int.random(in: 2...4, using: &messages.random)).map { _ in
                (
                    key: SampleKey.all.randomElement(using: &messages.random)!,
                    depth: Int.random(in: 0...2, using: &messages.random)
                )
            }
            let plan = try KeyPlan(try parts.map { try $0.key.plan(depth: $0.depth)[0] })
            var expected: [UInt8] = []
            for part in parts {
                guard case .key(let bytes) = part.key.expected(in: sample, depth: part.depth) else { continue }
                expected += withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
            }
            let outcome: ScanOutcome =
                expected.count <= KeyPlan.maxKeyBytes ? .key(expected) : .tooLong(component: parts.count - 1)
            #expect(ScanOutcome.scan(wire, plan) == outcome, "seed \(seed), round \(round)")
        }
    }

    /// A prefix that is a message gives that message's key; any other is malformed, and never anything else.
    @Test(arguments: UInt64(1)...6)
    func everyPrefix(seed: UInt64) throws {
        var messages = RandomSample(random: SeededRandom(seed: seed))
        for _ in 0..<10 {
            let wire = Array(try messages.wire().prefix(400))
            for length in 0...wire.count {
                let prefix = Array(wire[..<length])
                let sample = try? Sample(serializedBytes: prefix)
                for key in SampleKey.all {
                    let found = ScanOutcome.scan(prefix, try key.plan(depth: 0))
                    if let sample {
                        #expect(found == key.expected(in: sample, depth: 0), "seed \(seed), \(length) bytes, \(key)")
                    } else if case .malformed(component: 0, offset: 0..<length, reason: .truncated) = found {
                        continue
                    } else {
                        Issue.record("seed \(seed), \(length) bytes, \(key): \(found)")
                    }
                }
            }
        }
    }

    /// Where both read a damaged message they read the same; what only the scanner refuses it refuses for a known
    /// reason.
    @Test(arguments: UInt64(1)...8)
    func damagedMessages(seed: UInt64) throws {
        var messages = RandomSample(random: SeededRandom(seed: seed))
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = false
        var readByBoth = 0
        for round in 0..<1500 {
            let wire = damage(try messages.wire(), &messages.random)
            guard let sample = try? Sample(serializedBytes: wire, options: options) else { continue }
            for key in SampleKey.all where key.takesLengths {
                let depth = Int.random(in: 0...2, using: &messages.random)
                switch ScanOutcome.scan(wire, try key.plan(depth: depth)) {
                case .malformed(_, _, .group), .malformed(_, _, .fieldNumber): continue
                case let found:
                    #expect(found == key.expected(in: sample, depth: depth), "seed \(seed), round \(round), \(key)")
                    readByBoth += 1
                }
            }
        }
        #expect(readByBoth > 500, "the damage of seed \(seed) leaves hardly any message readable")
    }

    private func damage(_ wire: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var wire = wire
        for _ in 0..<Int.random(in: 1...3, using: &random) where !wire.isEmpty {
            let at = Int.random(in: 0..<wire.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: wire[at] = UInt8.random(in: .min ... .max, using: &random)
            case 1: wire[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: wire.remove(at: at)
            default: wire.insert(UInt8.random(in: .min ... .max, using: &random), at: at)
            }
        }
        return wire
    }
}
