import Testing

@testable import WireFormat

@Suite struct RepeatedFieldTests {
    /// 1 = 7, 5 "a", 5 "", 5 = 1 (another wire type), 5 "bc"
    private static let message: [UInt8] = [0x08, 7, 0x2a, 1, 0x61, 0x2a, 0, 0x28, 1, 0x2a, 2, 0x62, 0x63]

    @Test func rangesAreWhereTheContentsAre() throws {
        let ranges = try withExactMemory(Self.message) { try RepeatedField.ranges(of: 5, in: $0) }
        #expect(ranges == [4..<5, 7..<7, 11..<13])
        #expect(try withExactMemory([]) { try RepeatedField.ranges(of: 5, in: $0) } == [])
    }

    @Test(arguments: [(0, 0), (1, 1), (2, 2), (3, 3), (9, 3)]) func countingEndsAtTheLimit(limit: Int, count: Int) {
        #expect(withExactMemory(Self.message) { RepeatedField.count(of: 5, in: $0, upTo: limit) } == count)
        #expect(withExactMemory([]) { RepeatedField.count(of: 5, in: $0, upTo: limit) } == 0)
    }

    @Test(arguments: [(3, 0), (5, 1), (6, 1), (7, 2), (12, 2)]) func whatIsCutCountsAsFarAsItCanBeRead(
        length: Int, count: Int
    ) {
        let message = Array(Self.message.prefix(length))
        #expect(withExactMemory(message) { RepeatedField.count(of: 5, in: $0, upTo: 9) } == count)
    }
}
