import Testing

@testable import WireFormat

@Suite struct MessagePartsTests {
    static func parts(_ message: [UInt8]) throws -> MessageParts {
        try withExactMemory(message) { try MessageParts(of: $0, number: 2, text: 3) }
    }

    @Test func theLastValuesAndEverythingElse() throws {
        // 1 = 7, 2 = 300, 3 "a", 4 "x", 2 = 5, 3 "bc", 1 = 8
        let message: [UInt8] = [
            0x08, 7, 0x10, 0xac, 2, 0x1a, 1, 0x61, 0x22, 1, 0x78, 0x10, 5, 0x1a, 2, 0x62, 0x63, 0x08, 8,
        ]
        let parts = try Self.parts(message)
        #expect(parts.number == 5)
        #expect(parts.text == 15..<17)
        #expect(parts.rest == [0..<2, 8..<11, 17..<19])
    }

    @Test func anotherWireTypeSaysNothingAndIsLeftOut() throws {
        // 2 "a", 3 = 1, 4 = 1
        let parts = try Self.parts([0x12, 1, 0x61, 0x18, 1, 0x20, 1])
        #expect(parts.number == nil)
        #expect(parts.text == nil)
        #expect(parts.rest == [5..<7])
    }

    @Test func emptyAndMalformedMessages() throws {
        #expect(try Self.parts([]).rest == [])
        #expect(throws: RowFault(offset: 2, reason: .group)) { try Self.parts([0x08, 1, 0x0b]) }
    }
}
