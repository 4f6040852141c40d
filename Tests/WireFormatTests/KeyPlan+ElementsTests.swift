import SwiftProtobuf
import TestSupport
import Testing
import WireFormat

/// Keys that stand in one element of a repeated field.
@Suite struct KeyPlanElementsTests {
    private static func message(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    private static func text(_ number: UInt8, _ value: String) -> [UInt8] { message(number, Array(value.utf8)) }

    /// `message Request { Key key = 2; } message Key { repeated Value parts = 1; }`, where a value is field 2 (a
    /// number) or 6 (a text).
    private static let twoParts = message(2, message(1, [0x10, 7]) + message(1, text(6, "b")))

    @Test(arguments: [
        ("2.1[0].2:int64", ScanOutcome.key(Array("7".utf8))),
        ("2.1[1].6:string", .key(Array("b".utf8))),
        ("2.1[0].6:string:required", .missing(component: 0)),
        ("2.1[1].2:int64:required", .missing(component: 0)),
        ("2.1[1].2:int64", .key(Array("0".utf8))),
        ("2.1[2].2:int64:required", .missing(component: 0)),
        ("2[0].1[0].2:int64", .key(Array("7".utf8))),
        ("2[1].1[0].2:int64:required", .missing(component: 0)),
        ("2.1.2:int64", .key(Array("7".utf8))),
    ])
    func partsOfARecordKey(component: String, expected: ScanOutcome) throws {
        #expect(ScanOutcome.scan(Self.twoParts, try KeyPlan(component)) == expected)
    }

    @Test func aKeyOfSeveralElements() throws {
        let plan = try KeyPlan("2.1[0].2:int64", "2.1[1].6:string")
        #expect(ScanOutcome.scan(Self.twoParts, plan) == .key([0, 0, 0, 1, 0x37, 0, 0, 0, 1, 0x62]))
    }

    /// A parser merges a message that occurs twice: the elements of its lists go on counting.
    @Test func elementsOfAMessageThatOccursTwiceGoOn() throws {
        let wire = Self.message(2, Self.message(1, [0x10, 7])) + Self.message(2, Self.message(1, [0x10, 8]))
        #expect(ScanOutcome.scan(wire, try KeyPlan("2.1[1].2:int64")) == .key(Array("8".utf8)))
    }

    @Test func textsAreCountedByOccurrence() throws {
        let wire = Self.text(1, "a") + [0x08, 5] + Self.text(1, "b") + Self.text(1, "")
        for (element, expected) in ["a", "b", ""].enumerated() {
            let found = ScanOutcome.scan(wire, try KeyPlan("1[\(element)]:string:required"))
            #expect(found == .key(Array(expected.utf8)))
        }
        #expect(ScanOutcome.scan(wire, try KeyPlan("1[3]:string:required")) == .missing(component: 0))
        #expect(ScanOutcome.scan(wire, try KeyPlan("1:string")) == .key([]))
    }

    @Test func everyCutIsMalformedOrMissing() throws {
        let plan = try KeyPlan("2.1[1].6:string:required")
        for length in 0..<Self.twoParts.count {
            switch ScanOutcome.scan(Array(Self.twoParts[..<length]), plan) {
            case .malformed(component: 0, offset: 0..<length, reason: .truncated): continue
            case .missing(component: 0) where length == 0: continue
            case let found: Issue.record("\(length) bytes: \(found)")
            }
        }
    }

    /// Elements of packed and unpacked lists, as swift-protobuf lists them.
    @Test(arguments: UInt64(1)...6)
    func randomMessages(seed: UInt64) throws {
        var messages = RandomSample(random: SeededRandom(seed: seed))
        var present = 0
        for round in 0..<150 {
            let wire = try messages.wire()
            let sample = try Sample(serializedBytes: wire)
            let lists: [(component: String, elements: [String])] = [
                ("17[#]:sint32:required", sample.packed.map { "\($0)" }),
                ("18[#]:int64:required", sample.unpacked.map { "\($0)" }),
                ("19[#]:fixed32:required", sample.packedFixed.map { "\($0)" }),
                ("16.18[#]:int64:required", sample.child.unpacked.map { "\($0)" }),
            ]
            for list in lists {
                for element in 0...min(list.elements.count, Int(FieldPath.maxElement)) {
                    let component = list.component.split(separator: "#").joined(separator: "\(element)")
                    let found = ScanOutcome.scan(wire, try KeyPlan(component))
                    guard element < list.elements.count else {
                        #expect(found == .missing(component: 0), "seed \(seed), round \(round), \(component)")
                        continue
                    }
                    present += 1
                    let expected = ScanOutcome.key(Array(list.elements[element].utf8))
                    #expect(found == expected, "seed \(seed), round \(round), \(component)")
                }
            }
        }
        #expect(present > 100, "the messages of seed \(seed) have hardly any element")
    }
}
