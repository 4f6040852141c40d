import Testing

@testable import WireFormat

@Suite struct PageTokenTests {
    /// Fields 1 (text), 5 (limit), 6 (token), as the Records service has them.
    static func request(_ entity: String, limit: UInt64? = nil, token: [UInt8]? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        if let token { FieldWriter.append(6, token, to: &bytes) }
        FieldWriter.append(1, Array(entity.utf8), to: &bytes)
        if let limit { FieldWriter.append(5, varint: limit, to: &bytes) }
        return bytes
    }

    static func digest(_ request: [UInt8]) throws -> RequestDigest {
        try withExactMemory(request) { try RequestDigest(of: $0, withoutLimit: 5, withoutToken: 6) }
    }

    static let positions: [[UInt8]] = [[], [0], Array("position".utf8), Array(repeating: 255, count: 300)]

    @Test func aTokenHoldsVersionHashAndPosition() throws {
        let digest = try Self.digest(Self.request("orders"))
        for position in Self.positions {
            let token = PageToken.encode(position, of: digest)
            #expect(token.count == 9 + position.count)
            #expect(token.first == 1)
            #expect(Array(token.dropFirst(9)) == position)
            #expect(PageToken.position(in: token, of: digest) == position)
        }
    }

    /// Tokens outlive a release of the sidecar, and both sides read them: worked out apart from the code, by the words
    /// of `PageToken`.
    @Test func theFormatIsFixed() throws {
        let token = PageToken.encode([1, 2, 3], of: try Self.digest(Self.request("orders")))
        #expect(token == [1, 54, 21, 181, 139, 230, 247, 240, 94, 1, 2, 3])
    }

    @Test func limitAndTokenMayChangeButNothingElse() throws {
        let digest = try Self.digest(Self.request("orders"))
        #expect(digest == (try Self.digest(Self.request("orders", limit: 7, token: [9]))))
        let token = PageToken.encode([1], of: digest)
        for entity in ["order", "ordersx", ""] {
            #expect(PageToken.position(in: token, of: try Self.digest(Self.request(entity))) == nil)
        }
    }

    @Test func anAlteredTokenIsRefused() throws {
        let digest = try Self.digest(Self.request("orders"))
        let token = PageToken.encode(Array("2026-01-02".utf8), of: digest)
        for index in token.indices {
            for bit in 0..<8 {
                var altered = token
                altered[index] ^= 1 << UInt8(bit)
                #expect(PageToken.position(in: altered, of: digest) == nil)
            }
            #expect(PageToken.position(in: token[..<index], of: digest) == nil)
        }
        #expect(PageToken.position(in: token + [0], of: digest) == nil)
    }
}
