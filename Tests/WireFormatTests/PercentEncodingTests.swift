import TestSupport
import Testing
import WireFormat

@Suite struct PercentEncodingTests {
    struct Table: Decodable {
        struct Entry: Decodable {
            let bytes: String
            let encoded: String
        }

        let encode: [Entry]
        let decode: [Entry]
    }

    static func encode(_ bytes: [UInt8], capacity: Int? = nil) -> [UInt8] {
        withExactMemory(bytes) { source in
            written(capacity: capacity ?? PercentEncoding.encodedCount(source)) {
                PercentEncoding.encode(source, into: $0)
            }
        }
    }

    static func decode(_ bytes: [UInt8]) -> [UInt8] {
        withExactMemory(bytes) { source in
            written(capacity: bytes.count) { PercentEncoding.decode(source, into: $0) }
        }
    }

    @Test func vectors() throws {
        let table = try Vectors.load("percent-encoding.json", as: Table.self)
        #expect(table.encode.count + table.decode.count > 20)
        for entry in table.encode {
            let bytes = try Vectors.bytes(hex: entry.bytes)
            #expect(Self.encode(bytes) == Array(entry.encoded.utf8))
            #expect(Self.decode(Array(entry.encoded.utf8)) == bytes)
        }
        for entry in table.decode {
            #expect(Self.decode(Array(entry.encoded.utf8)) == (try Vectors.bytes(hex: entry.bytes)), "\(entry.encoded)")
        }
    }

    @Test(arguments: UInt64(1)...4)
    func randomBytesReadBack(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            let bytes = random.bytes(atMost: 40)
            let encoded = Self.encode(bytes)
            #expect(encoded.allSatisfy { (0x20...0x7e).contains($0) }, "seed \(seed)")
            #expect(Self.decode(encoded) == bytes, "seed \(seed)")
        }
    }

    @Test func decodingMayHappenInPlace() {
        var bytes = Array("a%20b%e2%98%ba%".utf8)
        let count = bytes.withUnsafeMutableBytes { PercentEncoding.decode(UnsafeRawBufferPointer($0), into: $0) }
        #expect(Array(bytes[..<count]) == Array("a b\u{263a}%".utf8))
    }

    @Test func whatDoesNotFitIsLeftOutCharacterByCharacter() {
        let text = "ab%c\u{e4}\u{263a}\u{1f600}d"
        let whole = Self.encode(Array(text.utf8))
        for capacity in 0...whole.count {
            let cut = Self.encode(Array(text.utf8), capacity: capacity)
            #expect(whole.starts(with: cut))
            let decoded = String(decoding: Self.decode(cut), as: UTF8.self)
            #expect(text.unicodeScalars.starts(with: decoded.unicodeScalars), "\(capacity) bytes: \(decoded)")
            #expect(capacity - cut.count < 12, "\(capacity) bytes hold more than \(cut.count)")
        }
    }

    @Test func strayContinuationBytesDoNotConfuseTheCut() {
        let bytes = [UInt8](repeating: 0x80, count: 10)
        for capacity in 0...30 {
            #expect(Self.encode(bytes, capacity: capacity).count == capacity / 3 * 3)
        }
    }
}
