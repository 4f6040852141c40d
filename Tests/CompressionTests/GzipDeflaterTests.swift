import Testing

@testable import Compression

@Suite struct GzipDeflaterTests {
    @Test func pythonReadsWhatItWrites() throws {
        let messages = GzipInflaterTests.messages
        let compressed = try messages.map { try GzipInflaterTests.deflate($0) }
        #expect(try Python.run("gzip.decompress", compressed) == messages)
    }

    @Test func oneDeflaterServesManyMessages() throws {
        var deflater = try GzipDeflater()
        for message in GzipInflaterTests.messages {
            let bytes = try deflater.deflate(message)
            #expect(bytes == (try GzipInflaterTests.deflate(message)))
            #expect(bytes.starts(with: [0x1f, 0x8b, 8, 0]))
        }
    }

    @Test func textGetsMuchSmaller() throws {
        let message = Array(repeatElement(Array("order 4711, paid; ".utf8), count: 500).joined())
        #expect(try GzipInflaterTests.deflate(message).count < message.count / 20)
    }
}
