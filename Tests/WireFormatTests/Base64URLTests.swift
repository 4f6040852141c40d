import Foundation
import TestSupport
import Testing

@testable import WireFormat

@Suite struct Base64URLTests {
    @Test func itIsFoundationsBase64WithTheAlphabetOfURLs() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2000 {
            let bytes = random.bytes(atMost: 20)
            let expected = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
            #expect(Base64URL.encode(bytes) == Array(expected.utf8))
            #expect(Base64URL.decode(Array(expected.utf8)) == bytes)
        }
    }

    /// One text for each bytes: a letter changed in bits that carry nothing is refused too.
    @Test func nothingElseIsRead() {
        for text in ["A", "AAAAA", "AB", "AAB", "AA=", "A+", "A/", "A A", "\u{e4}A"] {
            #expect(Base64URL.decode(Array(text.utf8)) == nil, "\(text)")
        }
    }
}
