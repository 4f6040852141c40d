import HTTP2
import TestSupport
import Testing

@testable import Sidecar

/// Heads as a session read them from real header blocks.
@Suite struct RequestHeadTests {
    private func withHead(_ fields: [(String, String)], _ body: (RequestHead) -> Void) {
        let bytes = fields.map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) }
        withHead(bytes: bytes, body)
    }

    private func withHead(bytes: [(name: [UInt8], value: [UInt8])], _ body: (RequestHead) -> Void) {
        let server = ServerPeer()
        let block = Frames.block(bytes)
        server.receive(
            Frames.preface + Frames.settings() + Frames.frame(Frames.Kind.headers, flags: 5, stream: 1, block))
        guard let stream = server.streams.first, server.events[stream]?.contains(.head) == true else {
            Issue.record("the session did not take \(bytes)")
            return
        }
        body(RequestHead(stream.pointee.fields))
    }

    private func request(
        _ more: [(String, String)] = [], method: String = "POST", path: String = "/shop.v1.Orders/Get",
        type: String? = "application/grpc"
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a"), ("te", "trailers")]
            + (type.map { [("content-type", $0)] } ?? []) + more
    }

    private func malformed(_ head: RequestHead) -> String? {
        if case .malformedMetadata(let field, _) = head.refusal { return field }
        return nil
    }

    private func plainStatus(_ head: RequestHead) -> Int? {
        if case .plainHTTP(let status, _) = head.refusal { return status }
        return nil
    }

    @Test(arguments: [
        ("/shop.v1.Orders/Get", true), ("/a/b", true), ("/my-app.v1.Orders_2/Get_1", true),
        ("/shop.v1.Orders/Get?x=1", false), ("/shop.v1.Orders/Get?", false), ("/shop.v1.Orders/Get#a", false),
        ("/shop.v1.Orders/Get;a=b", false), ("/shop.v1.Orders/%47et", false), ("//shop.v1.Orders/Get", false),
        ("/x/../shop.v1.Orders/Get", false), ("/shop.v1.Orders//Get", false), ("/shop.v1.Orders/Get%3Fx", false),
        ("/shop.v1.Orders/Ge\\t", false), ("/shop.v1.Orders/Get,Change", false),
    ]) func onlyPlainPathsNameAMethod(_ path: String, _ isName: Bool) {
        withHead(request(path: path)) { #expect($0.namesMethod == isName, "\(path)") }
    }

    @Test func ordinaryRequestIsTaken() {
        withHead(request([("grpc-timeout", "5S"), ("x-bin", "AAE="), ("user-agent", "grpc-python/1")])) { head in
            #expect(head.refusal == nil && head.timeout == 5_000_000_000 && !head.hasForeignEncoding)
            #expect(String(decoding: head.path, as: UTF8.self) == "/shop.v1.Orders/Get")
        }
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "post", "POSTS"]) func onlyPost(method: String) {
        withHead(request(method: method)) { #expect(plainStatus($0) == 405) }
    }

    @Test(arguments: [
        ("application/grpc", true), ("application/grpc+proto", true), ("application/grpc+json", true),
        ("application/grpc;charset=utf-8", true), ("application/grpc-web", false), ("application/grpcx", false),
        ("application/json", false), ("application/grp", false), ("", false), ("Application/grpc", false),
    ])
    func contentTypes(type: String, isTaken: Bool) {
        withHead(request(type: type)) { #expect(plainStatus($0) == (isTaken ? nil : 415)) }
    }

    @Test func contentTypeIsNeeded() {
        withHead(request(type: nil)) { #expect(plainStatus($0) == 415) }
    }

    @Test(arguments: [
        ("/a/b", true), ("/a.b.C/D", true), ("/a/b/c", true), ("/a", false), ("/", false), ("/a/", false),
        ("//b", false), ("/a//", false), ("/a?x=/b", true),
    ])
    func paths(path: String, isTaken: Bool) {
        withHead(request(path: path)) { #expect(plainStatus($0) == (isTaken ? nil : 404)) }
    }

    @Test(
        arguments: [
            ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000), ("4m", 4_000_000), ("5u", 5000),
            ("99999999n", 99_999_999), ("0S", 0),
        ] as [(String, UInt64)])
    func timeouts(text: String, nanoseconds: UInt64) {
        withHead(request([("grpc-timeout", text)])) { #expect($0.refusal == nil && $0.timeout == nanoseconds) }
    }

    @Test(arguments: ["", "S", "1", "123456789S", "-1S", "+1S", "1 S", "1s", "1.5S", "1SS", "0x1S", "\u{661}S"])
    func malformedTimeouts(text: String) {
        withHead(request([("grpc-timeout", text)])) { #expect(malformed($0) == "grpc-timeout") }
    }

    @Test func secondTimeoutIsMalformed() {
        withHead(request([("grpc-timeout", "1S"), ("grpc-timeout", "1S")])) { #expect(malformed($0) == "grpc-timeout") }
    }

    @Test(arguments: [("identity", false), ("gzip", false), ("x-own", true)]) func encodings(name: String, isSet: Bool)
    {
        withHead(request([("grpc-encoding", name)])) { #expect($0.refusal == nil && $0.hasForeignEncoding == isSet) }
    }

    @Test(arguments: ["", "gzip,deflate", "a b", "gzip;q=1", "\u{e9}"]) func malformedEncodings(name: String) {
        withHead(request([("grpc-encoding", name)])) { #expect(malformed($0) == "grpc-encoding") }
    }

    @Test(arguments: ["", "AA==", "AA", "AAE=", "AAE", "AAEC", "AA==,AAE", "+/+/"]) func binaryValues(value: String) {
        withHead(request([("x-bin", value)])) { #expect($0.refusal == nil) }
    }

    @Test(arguments: ["A", "AB==", "AA=", "A A=", "-_-_", "AAEC=", "AA==;", "\u{e9}"])
    func malformedBinaryValues(value: String) {
        withHead(request([("trace-bin", value)])) { #expect(malformed($0) == "trace-bin") }
    }

    /// Bytes that HTTP/2 lets pass and gRPC does not, wherever they stand: forwarded, they would break the upstream
    /// connection for all.
    @Test(arguments: ["x-text", "user-agent", ":path", "content-type", "te", ":authority", "grpc-message", ":scheme"])
    func onlyPrintableASCII(name: String) {
        for wrong in [[0x80], [0xff], [0xc3, 0xa9]] as [[UInt8]] {
            var fields = request().map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) }
            if let index = fields.firstIndex(where: { $0.name == Array(name.utf8) }) {
                fields[index].value += name == "content-type" ? [UInt8(ascii: ";")] + wrong : wrong
            } else {
                fields.append((Array(name.utf8), Array("a".utf8) + wrong))
            }
            // Where libnghttp2 refuses the request itself there is no head to look at.
            let server = ServerPeer()
            let block = Frames.frame(Frames.Kind.headers, flags: 5, stream: 1, Frames.block(fields))
            server.receive(Frames.preface + Frames.settings() + block)
            guard let stream = server.streams.first, server.events[stream]?.contains(.head) == true else { continue }
            #expect(malformed(RequestHead(stream.pointee.fields)) == name, "\(wrong)")
        }
    }

    /// An HTTP client is told first that this is no place for it.
    @Test func httpComesBeforeMetadata() {
        withHead(request([("grpc-timeout", "x")], method: "GET")) { #expect(plainStatus($0) == 405) }
        withHead(request([("x-bin", "!")], type: "text/html")) { #expect(plainStatus($0) == 415) }
    }

    @Test func firstMalformedFieldIsNamed() {
        withHead(request([("a-bin", "!"), ("grpc-timeout", "x")])) { #expect(malformed($0) == "a-bin") }
    }
}
