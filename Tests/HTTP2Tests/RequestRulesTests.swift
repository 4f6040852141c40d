import TestSupport
import Testing

@testable import HTTP2

/// Which requests are malformed (RFC 9113, 8.1 to 8.3), as a client's frames show it.
@Suite struct RequestRulesTests {
    private func server(_ frames: [UInt8]) -> ServerPeer {
        let server = ServerPeer()
        server.receive(Frames.preface + Frames.settings() + frames)
        return server
    }

    private func resets(_ server: ServerPeer) -> [UInt32] {
        _ = server.send()
        #expect(!server.frames.contains { $0.kind == Frames.Kind.goAway })
        return server.frames.filter { $0.kind == Frames.Kind.resetStream }.map(\.stream)
    }

    /// What opens a request, with these fields in place of those of the same name; nil leaves one out.
    private func head(_ changes: [String: String?], _ more: [(String, String)] = []) -> [(String, String)] {
        Frames.requestHead.compactMap { name, value in
            guard let change = changes[name] else { return (name, value) }
            return change.map { (name, $0) }
        } + more
    }

    @Test(arguments: [
        "/tmp/data.sock", "/run/switchover/data.sock", "", "localhost", "unix:/a b", "[::1]:80", "a@b", "%2Ftmp%2Fx",
    ])
    func anyAuthorityOfAStockClientIsTaken(_ authority: String) throws {
        let server = server(Frames.headers(stream: 1, head([":authority": authority])))
        #expect(resets(server).isEmpty)
        #expect(try #require(server.stream(1)).head.contains(":authority: \(authority)"))
    }

    @Test func hostStandsForAuthority() {
        #expect(resets(server(Frames.headers(stream: 1, head([":authority": nil], [("host", "a")])))).isEmpty)
        #expect(resets(server(Frames.headers(stream: 1, head([":authority": nil])))) == [1])
    }

    @Test(arguments: [":method", ":scheme", ":path"]) func pseudoFieldsMustBeThereOnce(_ name: String) {
        #expect(resets(server(Frames.headers(stream: 1, head([name: nil])))) == [1])
        #expect(resets(server(Frames.headers(stream: 1, head([name: ""])))) == [1])
        let twice = [(name, "/a/b")] + Frames.requestHead
        #expect(resets(server(Frames.headers(stream: 1, twice))) == [1])
        let late = head([name: nil], [(name, name == ":path" ? "/a/b" : "POST")])
        #expect(resets(server(Frames.headers(stream: 1, late))) == [1])
    }

    @Test(arguments: [
        (":path", "s/m"), (":path", "/a b"), (":method", "PO ST"), (":protocol", "x"), (":status", "200"),
        (":authority", "a\u{1}"), ("host", "a\nb"), ("te", "gzip"), ("content-length", "x"), ("content-length", ""),
        ("content-length", "-1"), ("upgrade", "h2c"), ("keep-alive", "1"), ("proxy-connection", "a"), ("UPPER", "1"),
        ("x-a", "\u{0}"), ("x(y)", "1"),
    ])
    func brokenFieldsResetTheStream(_ name: String, _ value: String) {
        let fields = name.hasPrefix(":") ? [(name, value)] + head([name: nil]) : head([:], [(name, value)])
        let server = server(
            Frames.headers(stream: 1, fields, endsStream: false) + Frames.headers(stream: 3, Frames.requestHead))
        #expect(resets(server) == [1])
        #expect(server.stream(3) != nil)
    }

    @Test(arguments: [("content-length", "3"), ("host", "b")]) func someFieldsMayStandOnce(
        _ name: String, _ value: String
    ) {
        let one = Frames.headers(stream: 1, head([:], [(name, value)]), endsStream: false)
        #expect(resets(server(one + Frames.data(stream: 1, [1, 2, 3], endsStream: true))).isEmpty)
        #expect(resets(server(Frames.headers(stream: 1, head([:], [(name, value), (name, value)])))) == [1])
    }

    /// The body must be as long as it says, whatever its frames, whether its end comes with DATA, trailers or HEADERS.
    @Test func contentLengthMustBeKept() {
        let promised = Frames.headers(stream: 1, head([:], [("content-length", "4")]), endsStream: false)
        func resetsAfter(_ frames: [UInt8]) -> [UInt32] { resets(server(promised + frames)) }
        #expect(
            resetsAfter(Frames.data(stream: 1, [1, 2]) + Frames.data(stream: 1, [3, 4], endsStream: true)).isEmpty)
        #expect(resetsAfter(Frames.data(stream: 1, [1, 2, 3, 4]) + Frames.headers(stream: 1, [("x", "1")])).isEmpty)
        #expect(resetsAfter(Frames.data(stream: 1, [1, 2, 3], endsStream: true)) == [1])
        #expect(resetsAfter(Frames.data(stream: 1, [1, 2, 3]) + Frames.headers(stream: 1, [("x", "1")])) == [1])
        #expect(resetsAfter(Frames.data(stream: 1, [1, 2, 3]) + Frames.data(stream: 1, [4, 5])) == [1])
        #expect(resets(server(Frames.headers(stream: 1, head([:], [("content-length", "4")])))) == [1])
        #expect(resets(server(Frames.headers(stream: 1, head([:], [("content-length", "0")])))).isEmpty)
    }

    @Test func trailersHaveNoPseudoFieldsAndAreTheEnd() {
        let open = Frames.headers(stream: 1, Frames.requestHead, endsStream: false)
        #expect(resets(server(open + Frames.headers(stream: 1, [("x", "1")]))).isEmpty)
        #expect(resets(server(open + Frames.headers(stream: 1, [("x", "1")], endsStream: false))) == [1])
        #expect(resets(server(open + Frames.headers(stream: 1, [(":path", "/a/b")]))) == [1])
        #expect(resets(server(open + Frames.headers(stream: 1, [("connection", "close")]))) == [1])
    }

    /// CONNECT is no gRPC; it is answered like any other method.
    @Test func connectHasNoPath() {
        let connect = [(":method", "CONNECT"), (":authority", "a:1")]
        #expect(resets(server(Frames.headers(stream: 1, connect))).isEmpty)
        #expect(resets(server(Frames.headers(stream: 1, connect + [(":path", "/a/b")]))) == [1])
        #expect(resets(server(Frames.headers(stream: 1, [(":method", "CONNECT")]))) == [1])
    }
}
