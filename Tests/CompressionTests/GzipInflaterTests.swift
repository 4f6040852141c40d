import Foundation
import TestSupport
import Testing

@testable import Compression

@Suite struct GzipInflaterTests {
    static func inflate(_ bytes: [UInt8], limit: Int = 1 << 20) throws(GzipFault) -> [UInt8] {
        var inflater = try GzipInflater()
        return try inflater.inflate(bytes, limit: limit)
    }

    static func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var deflater = try GzipDeflater()
        return try deflater.deflate(bytes)
    }

    static func fault(_ body: () throws(GzipFault) -> [UInt8]) -> GzipFault? {
        do throws(GzipFault) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    /// Text, noise and nothing, short and beyond zlib's window.
    static var messages: [[UInt8]] {
        var random = SeededRandom(seed: 7)
        let sizes = [0, 1, 2, 100, 511, 512, 513, 4096, 40_000, 70_000]
        return sizes.map { Array(repeating: 0x61, count: $0) } + sizes.map { random.bytes($0) }
    }

    @Test func whatWasDeflatedComesBack() throws {
        for message in Self.messages {
            #expect(try Self.inflate(Self.deflate(message)) == message)
        }
    }

    @Test func oneInflaterServesManyMessagesAlsoAfterBadOnes() throws {
        var inflater = try GzipInflater()
        for message in Self.messages {
            let bytes = try Self.deflate(message)
            #expect(Self.fault { () throws(GzipFault) in try inflater.inflate([1, 2, 3], limit: 9) } == .corrupt)
            let start = Array(bytes.dropLast())
            #expect(Self.fault { () throws(GzipFault) in try inflater.inflate(start, limit: 1 << 20) } == .truncated)
            let whole = try inflater.inflate(bytes, limit: message.count)
            #expect(whole == message)
        }
    }

    @Test func everyTruncationIsNoticed() throws {
        for message in Self.messages where message.count <= 600 {
            let bytes = try Self.deflate(message)
            for end in bytes.indices {
                #expect(throws: GzipFault.truncated) { try Self.inflate(Array(bytes[..<end])) }
            }
        }
    }

    /// Each bit that matters: only the head's time, operating system and level have no meaning for the message.
    @Test func everyChangedByteIsNoticedOrWithoutMeaning() throws {
        let message = Array("the quick brown fox jumps over the lazy dog, the quick brown fox".utf8)
        let bytes = try Self.deflate(message)
        let meaningless = Set(4...9)
        for index in bytes.indices where !meaningless.contains(index) {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                // A flag of the head (RFC 1952: text) says nothing either.
                if index == 3, bit == 0 { continue }
                #expect(throws: GzipFault.self, "byte \(index), bit \(bit)") { try Self.inflate(changed) }
            }
        }
    }

    @Test func theLimitIsExact() throws {
        for message in Self.messages {
            let bytes = try Self.deflate(message)
            #expect(try Self.inflate(bytes, limit: message.count) == message)
            guard !message.isEmpty else { continue }
            #expect(throws: GzipFault.tooLong(limit: message.count - 1)) {
                try Self.inflate(bytes, limit: message.count - 1)
            }
            #expect(throws: GzipFault.tooLong(limit: 0)) { try Self.inflate(bytes, limit: 0) }
        }
    }

    /// 1 GiB of zeros in 1 MiB of gzip: refused after 1 MiB of output.
    @Test func aBombCostsNoMoreThanItsLimit() throws {
        let zeros = try Self.deflate(Array(repeating: 0, count: 64 << 20))
        let bomb = Array(repeatElement(zeros, count: 16).joined())
        let before = Self.residentBytes()
        #expect(throws: GzipFault.tooLong(limit: 1 << 20)) { try Self.inflate(bomb, limit: 1 << 20) }
        #expect(Self.residentBytes() - before < 16 << 20)
    }

    @Test func severalMembersAreOneMessage() throws {
        let one = try Self.deflate(Array("one, ".utf8))
        let nothing = try Self.deflate([])
        let two = try Self.deflate(Array("two".utf8))
        #expect(try Self.inflate(one + nothing + two) == Array("one, two".utf8))
        #expect(throws: GzipFault.truncated) { try Self.inflate(one + two.dropLast(3)) }
        #expect(throws: GzipFault.corrupt) { try Self.inflate(one + [0, 0, 0, 0]) }
    }

    @Test func otherCodingsAreRefused() throws {
        #expect(throws: GzipFault.corrupt) { try Self.inflate(Array("plain text".utf8)) }
        #expect(throws: GzipFault.truncated) { try Self.inflate([]) }
        #expect(throws: GzipFault.truncated) { try Self.inflate([0]) }
    }

    @Test func whatPythonCompressesIsInflated() throws {
        let messages = Self.messages
        let compressed = try Python.run("gzip.compress", messages)
        #expect(try compressed.map { try Self.inflate($0) } == messages)
    }

    /// What gRPC calls `deflate`: zlib's own form.
    @Test func whatPythonDeflatesIsInflated() throws {
        let messages = Self.messages
        let compressed = try Python.run("zlib.compress", messages)
        #expect(try compressed.map { try Self.inflate($0) } == messages)
        let one = try #require(compressed.last)
        #expect(throws: GzipFault.tooLong(limit: 3)) { try Self.inflate(one, limit: 3) }
        #expect(throws: (any Error).self) { try Self.inflate(Array(one.dropLast())) }
    }

    private static func residentBytes() -> Int {
        let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return (pages.flatMap { Int($0) } ?? 0) * 4096
    }
}
