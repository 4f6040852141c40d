import Testing

@testable import Stores

@Suite struct UUIDFormatTests {
    private static let uuid: UInt128 = 0xa0ee_bc99_9c0b_4ef8_bb6d_6bb9_bd38_0a11

    @Test(arguments: [
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11", "A0EEBC999C0B4EF8BB6D6BB9BD380A11",
    ])
    func anExampleIsItsOwnFormat(example: String) throws {
        let format = try #require(UUIDFormat(example: example))
        #expect(String(decoding: format.text(Self.uuid), as: UTF8.self) == example)
        #expect(format.example == example)
        #expect(Array(example.utf8).withUnsafeBytes { format.uuid($0) } == Self.uuid)
        #expect(Array(example.lowercased().utf8).withUnsafeBytes { format.uuid($0) } == Self.uuid)
        #expect(Array(example.uppercased().utf8).withUnsafeBytes { format.uuid($0) } == Self.uuid)
    }

    @Test(arguments: [
        "", "a0eebc99", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
        "a0eebc99_9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999-c0b-4ef8-bb6d-6bb9bd380a11",
        "a0EEbc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1\u{ff11}",
    ])
    func whatIsNoExampleIsRefused(example: String) {
        #expect(UUIDFormat(example: example) == nil)
        #expect(Array(example.utf8).withUnsafeBytes { UUIDFormat.canonical.uuid($0) } == nil)
    }

    @Test func aTextWithoutLettersIsOfBothCases() throws {
        let digits = "00000000-0000-4000-8000-000000000012"
        let upper = UUIDFormat(isUpper: true, hasHyphens: true)
        #expect(Array(digits.utf8).withUnsafeBytes { upper.uuid($0) } == 0x4000_8000_0000_0000_0012)
    }
}
