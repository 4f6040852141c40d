import Testing
import WireFormat

@Suite struct GRPCPrefixTests {
    @Test(arguments: [
        ([0, 0, 0, 0, 0], GRPCPrefix.Parsed.prefix(GRPCPrefix(isCompressed: false, length: 0))),
        ([1, 0, 0, 1, 2], .prefix(GRPCPrefix(isCompressed: true, length: 258))),
        ([0, 0xff, 0xff, 0xff, 0xff], .prefix(GRPCPrefix(isCompressed: false, length: .max))),
        ([0, 0, 0, 0, 1, 2, 0x61], .prefix(GRPCPrefix(isCompressed: false, length: 1))),
        ([], .incomplete), ([0], .incomplete), ([1, 0, 0, 0], .incomplete),
        ([2], .malformed(flag: 2)), ([0x80, 0, 0, 0, 0], .malformed(flag: 0x80)), ([255], .malformed(flag: 255)),
    ])
    func parsing(bytes: [UInt8], expected: GRPCPrefix.Parsed) {
        #expect(withExactMemory(bytes, GRPCPrefix.parse) == expected)
    }

    @Test(arguments: [0, 1, 255, 256, 65_536, 16_777_216, UInt32.max], [false, true])
    func whatIsWrittenReadsBack(length: UInt32, isCompressed: Bool) {
        let prefix = GRPCPrefix(isCompressed: isCompressed, length: length)
        let bytes = written(capacity: GRPCPrefix.byteCount) {
            prefix.write(into: $0)
            return GRPCPrefix.byteCount
        }
        #expect(withExactMemory(bytes, GRPCPrefix.parse) == .prefix(prefix))
    }
}
