import TestSupport
import Testing

@testable import WireFormat

@Suite struct WalkTokenTests {
    static func digest(_ entity: String = "orders") throws -> RequestDigest {
        try PageTokenTests.digest(PageTokenTests.request(entity))
    }

    static let standings: [WalkToken.Standing] = [
        .notAsked, .end, .page([]), .page(Array("t".utf8)), .page(Array(repeating: 200, count: 300)),
    ]

    @Test func whatIsWrittenIsRead() throws {
        let digest = try Self.digest()
        for old in Self.standings {
            for new in Self.standings {
                for position in [nil, [], [0], Array(repeating: 7, count: 200)] as [[UInt8]?] {
                    let token = WalkToken(old: old, new: new, position: position)
                    let text = token.encode(of: digest)
                    #expect(text.allSatisfy { $0 < 0x80 })
                    #expect(WalkToken.parse(text, of: digest) == .token(token))
                }
            }
        }
    }

    @Test func anAlteredTokenIsToldFromAForeignOne() throws {
        let digest = try Self.digest()
        let text = WalkToken(old: .page(Array("abc".utf8)), new: .end, position: [1, 2]).encode(of: digest)
        for index in text.indices {
            for letter in UInt8(ascii: "-")...UInt8(ascii: "z") where letter != text[index] {
                var altered = text
                altered[index] = letter
                #expect(WalkToken.parse(altered, of: digest) == (index < 4 ? .foreign : .altered))
            }
            #expect(WalkToken.parse(text[..<index], of: digest) == (index < 4 ? .foreign : .altered))
        }
        #expect(WalkToken.parse(text, of: try Self.digest("others")) == .altered)
        #expect(WalkToken.parse([], of: digest) == .foreign)
    }

    /// A right checksum does not make sense of a body: whoever forges one gets a refusal, not a trap.
    @Test func everyBodyIsReadOrRefused() throws {
        let digest = try Self.digest()
        var random = SeededRandom(seed: 8)
        for _ in 0..<20_000 {
            var body = random.bytes(atMost: 12)
            if !body.isEmpty, random.chance(1, in: 2) { body[0] &= 31 }
            if body.count > 1, random.chance(1, in: 2) { body[1] &= 7 }
            var hash = digest.hash
            hash.add(body)
            let check = withUnsafeBytes(of: hash.value.bigEndian) { Array($0) }
            let parsed = WalkToken.parse(Array("sw1.".utf8) + Base64URL.encode(check + body), of: digest)
            guard case .token(let token) = parsed else { continue }
            #expect(WalkToken.parse(token.encode(of: digest), of: digest) == parsed)
        }
    }
}
