import TestSupport
import Testing

@testable import HTTP2

@Suite struct FieldListTests {
    /// A list as a session filled it from a real header block.
    private func withList(_ fields: [(String, String)], neverIndexed: Bool = false, _ body: (StreamPointer) -> Void) {
        let server = ServerPeer()
        let block = Frames.headers(stream: 1, Frames.requestHead + fields, neverIndexed: neverIndexed)
        server.receive(Frames.preface + Frames.settings() + block)
        if let stream = server.streams.first { body(stream) } else { Issue.record("no stream") }
    }

    @Test func keepsOrderAndDuplicates() {
        withList([("x-b", "2"), ("x-a", "1"), ("x-b", ""), ("x-b", "2")]) { stream in
            let fields = stream.pointee.fields
            #expect(fields.count == 10 && !fields.isEmpty)
            #expect(fields.texts.suffix(4) == ["x-b: 2", "x-a: 1", "x-b: ", "x-b: 2"])
        }
    }

    /// Name, value and 32 for each field.
    @Test func countsBytesAsTheStandardDoes() {
        withList([("x-long", String(repeating: "v", count: 300))]) { stream in
            let fields = stream.pointee.fields
            let expected = (0..<fields.count).reduce(0) {
                $0 + fields[$1].nameBytes.count + fields[$1].valueBytes.count + 32
            }
            #expect(fields.bytes == expected)
        }
    }

    @Test func findsTheFirstOfAToken() {
        withList([("grpc-timeout", "1S"), ("a-bin", "AA=="), ("b-bin", "BB=="), ("grpc-timeout", "2S")]) { stream in
            let fields = stream.pointee.fields
            func text(_ token: FieldToken) -> String? {
                fields.first(token).map { String(decoding: $0.valueBytes, as: UTF8.self) }
            }
            #expect(text(.grpcTimeout) == "1S" && text(.binary) == "AA==" && text(.path) == "/s/m")
            #expect(text(.grpcStatus) == nil && text(.switchover) == nil)
            #expect(fields.tokens.contains(.te) && !fields.tokens.contains(.grpcMessage))
        }
    }

    @Test(arguments: [true, false]) func neverIndexedIsRemembered(_ neverIndexed: Bool) {
        withList([("authorization", "secret")], neverIndexed: neverIndexed) { stream in
            let fields = stream.pointee.fields
            #expect((0..<fields.count).allSatisfy { fields[$0].neverIndex == neverIndexed })
        }
    }

    /// RFC 7541, 6.2.3: an intermediary must keep the representation.
    @Test func neverIndexedIsPassedOn() throws {
        let server = ServerPeer()
        let secret = Frames.block(
            (Frames.requestHead + [("authorization", "secret")]).map { (Array($0.0.utf8), Array($0.1.utf8)) },
            neverIndexed: true)
        let plain = Frames.block([(Array("x-plain".utf8), Array("p".utf8))])
        server.receive(
            Frames.preface + Frames.settings()
                + Frames.frame(Frames.Kind.headers, flags: 5, stream: 1, secret + plain))
        let call = try #require(server.streams.first)
        let client = ClientPeer()
        let pool = client.pool
        pool.pointee.writer.removeAll()
        pool.pointee.writer.append(call.pointee.fields, except: FieldTokens())
        _ = try #require(client.client.request(bodyOf: client.body()))
        let upstream = ServerPeer()
        upstream.receive(client.send())
        let fields = try #require(upstream.streams.first).pointee.fields
        #expect(fields.texts == call.pointee.fields.texts)
        #expect((0..<fields.count).map { fields[$0].neverIndex } == [Bool](repeating: true, count: 7) + [false])
    }

    @Test func writerGrowsAndLeavesOutWhatIsExcluded() {
        withList([("switchover-stage", "new"), ("grpc-timeout", "1S"), ("x-a", "1")]) { stream in
            var writer = HeaderWriter(capacity: 8)
            writer.append(stream.pointee.fields, except: FieldTokens(.switchover).with(.grpcTimeout))
            #expect(writer.count == 7)
            writer.append(name: "x-b", value: "2")
            writer.append(name: "x-c", value: "3")
            #expect(writer.count == 9)
            writer.removeAll()
            #expect(writer.count == 0)
            writer.free()
        }
    }
}
