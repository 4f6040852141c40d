import TestSupport
import Testing

@testable import HTTP2

/// Peers that do not behave, written out frame by frame.
@Suite struct SessionCallbacksTests {
    private static let opening = Frames.preface + Frames.settings()

    private func server(_ bytes: [UInt8], _ limits: SessionLimits = SessionLimits()) -> ServerPeer {
        let server = ServerPeer(limits)
        server.receive(Self.opening + bytes)
        return server
    }

    /// A client with one request sent, and what an upstream answers to it.
    private func client(_ answer: [UInt8], _ limits: SessionLimits = SessionLimits()) throws -> (
        ClientPeer, StreamPointer
    ) {
        let client = ClientPeer(limits)
        let leg = try #require(client.request(client.body()))
        _ = client.send()
        client.receive(Frames.settings() + answer)
        return (client, leg)
    }

    private static let ok = [(":status", "200"), ("content-type", "application/grpc")]

    // MARK: - Header blocks

    @Test func informationalResponsesAreDropped() throws {
        let (client, leg) = try client(
            Frames.headers(stream: 1, [(":status", "103"), ("link", "a")], endsStream: false)
                + Frames.headers(stream: 1, [(":status", "100")], endsStream: false)
                + Frames.headers(stream: 1, Self.ok, endsStream: false) + Frames.data(stream: 1, [1, 2])
                + Frames.headers(stream: 1, [("grpc-status", "0")]))
        #expect(leg.head == [":status: 200", "content-type: application/grpc"])
        #expect(leg.bytes == [1, 2] && leg.trailers == ["grpc-status: 0"])
        #expect(client.events[leg] == [.head, .data, .end, .closed])
    }

    @Test func oversizedMetadataIsFlaggedAndNotKept() throws {
        var limits = SessionLimits()
        limits.metadataBytes = 1000
        let large = ("x-large", String(repeating: "v", count: 900))
        let server = server(
            Frames.headers(stream: 1, Frames.requestHead + [large, ("x-small", "1")])
                + Frames.headers(stream: 3, Frames.requestHead, endsStream: true), limits)
        let first = try #require(server.stream(1))
        #expect(server.events[first] == [.head, .end, .oversized])
        #expect(first.pointee.fields.bytes <= 1000 && !first.head.contains("x-large"))
        #expect(server.events[try #require(server.stream(3))] == [.head, .end])
    }

    @Test func tooManyFieldsAreFlagged() throws {
        var limits = SessionLimits()
        limits.metadataFields = 10
        let many = (0..<20).map { ("x-\($0)", "v") }
        let server = server(Frames.headers(stream: 1, Frames.requestHead + many), limits)
        let stream = try #require(server.streams.first)
        #expect(server.events[stream] == [.head, .end, .oversized] && stream.pointee.fields.count == 10)
    }

    /// A list of binary values is sent on as a field each, so it counts as so many.
    @Test(arguments: [(4, false), (5, true)]) func binaryListsCountAsTheirItems(count: Int, isFlagged: Bool) throws {
        var limits = SessionLimits()
        limits.metadataFields = 10
        let list = ("x-bin", [String](repeating: "AA==", count: count).joined(separator: ","))
        let server = server(Frames.headers(stream: 1, Frames.requestHead + [list]), limits)
        let stream = try #require(server.streams.first)
        #expect(server.events[stream]?.contains(.oversized) == isFlagged)
        #expect(stream.pointee.fields.count == (isFlagged ? 6 : 7))
    }

    @Test func oversizedTrailersAreFlagged() throws {
        var limits = SessionLimits()
        limits.metadataBytes = 500
        let (client, leg) = try client(
            Frames.headers(stream: 1, Self.ok, endsStream: false)
                + Frames.headers(stream: 1, [("grpc-status", "0"), ("x", String(repeating: "t", count: 600))]), limits)
        #expect(client.events[leg] == [.head, .end, .closed, .oversized])
        #expect(leg.trailers == ["grpc-status: 0"])
    }

    /// What breaks HTTP's rules ends its stream and no other.
    @Test(arguments: [
        [("X-Upper", "1")], [("x y", "1")], [("connection", "close")], [("te", "gzip")], [("x", "a\nb")],
        [(":path", "/again/x")], [("transfer-encoding", "chunked")], [("", "1")],
    ])
    func malformedFieldsResetTheStream(_ fields: [(String, String)]) throws {
        let server = server(
            Frames.headers(stream: 1, Frames.requestHead + fields, endsStream: false)
                + Frames.headers(stream: 3, Frames.requestHead))
        _ = server.send()
        let resets = server.frames.filter { $0.kind == Frames.Kind.resetStream }
        #expect(resets.map(\.stream) == [1] && resets.map(\.code) == [1])
        let second = try #require(server.stream(3))
        #expect(server.fault == nil && server.events[second] == [.head, .end])
        #expect(server.session.pointee.openStreams == 1)
    }

    @Test func bodyThatBelongsToNoContentLengthIsReset() {
        let server = server(
            Frames.headers(stream: 1, Frames.requestHead + [("content-length", "5")], endsStream: false)
                + Frames.data(stream: 1, [1, 2, 3], endsStream: true))
        _ = server.send()
        #expect(server.frames.filter { $0.kind == Frames.Kind.resetStream }.map(\.stream) == [1])
    }

    // MARK: - Limits

    /// Before the client has acknowledged the limit its stream is refused, afterwards it has broken the rules.
    @Test func streamsAboveTheLimitAreRefused() throws {
        var limits = SessionLimits()
        limits.streams = 2
        let server = server([], limits)
        for id in [1, 3, 5] as [UInt32] {
            server.receive(Frames.headers(stream: id, Frames.requestHead, endsStream: false))
        }
        _ = server.send()
        let resets = server.frames.filter { $0.kind == Frames.Kind.resetStream }
        #expect(resets.map(\.stream) == [5] && resets.map(\.code) == [7])
        #expect(server.session.pointee.openStreams == 2)
        server.receive(Frames.settingsAck + Frames.headers(stream: 7, Frames.requestHead))
        _ = server.send()
        #expect(server.session.pointee.openStreams <= 2 && server.stream(7) == nil)
    }

    @Test(arguments: [
        Frames.ping(), Frames.settings([(4, 70_000)]), Frames.data(stream: 1, []),
        Frames.frame(Frames.Kind.priority, stream: 1, [0, 0, 0, 0, 9]),
    ])
    func idleFramesAreCounted(_ frame: [UInt8]) {
        var limits = SessionLimits()
        limits.idleFrameBurst = 20
        limits.idleFramesPerSecond = 1
        let server = server(Frames.headers(stream: 1, Frames.requestHead, endsStream: false), limits)
        for _ in 0..<19 { server.receive(frame) }
        #expect(!server.notices.contains(.flood))
        for _ in 0..<5 { server.receive(frame) }
        #expect(server.notices.contains(.flood))
        _ = server.send()
        #expect(server.frames.last?.kind == Frames.Kind.goAway && server.frames.last?.code == 0xb)
        #expect(server.session.hasFinished)
    }

    @Test func idleFramesAreAllowedAgainAsTimePasses() {
        var limits = SessionLimits()
        limits.idleFrameBurst = 2
        limits.idleFramesPerSecond = 10
        let server = server([], limits)
        for second in 1...20 as ClosedRange<UInt64> {
            server.pool.pointee.now = second * 1_000_000_000
            server.receive(Frames.ping() + Frames.ping())
            _ = server.send()
        }
        #expect(!server.notices.contains(.flood) && server.fault == nil)
    }

    @Test func rapidResetsAreCounted() {
        var limits = SessionLimits()
        limits.resetBurst = 50
        limits.resetsPerSecond = 1
        let server = server([], limits)
        for id in 0..<51 as Range<UInt32> {
            #expect(!server.notices.contains(.flood))
            server.receive(
                Frames.headers(stream: 2 * id + 1, Frames.requestHead) + Frames.reset(stream: 2 * id + 1, 8))
            _ = server.send()
        }
        #expect(server.notices.contains(.flood) && server.session.pointee.resetsReceived == 51)
        #expect(server.frames.last?.code == 0xb && server.session.hasFinished)
        #expect(server.session.pointee.openStreams == 0)
    }

    /// An upstream may ping as it likes; only what libnghttp2 itself finds too much ends it.
    @Test func upstreamsAreTrusted() throws {
        var limits = SessionLimits()
        limits.idleFrameBurst = 1
        limits.resetBurst = 1
        let client = ClientPeer(limits)
        client.receive(Frames.settings())
        for _ in 0..<200 {
            client.receive(Frames.ping())
            _ = client.send()
        }
        #expect(!client.notices.contains(.flood) && client.fault == nil && !client.session.hasFinished)
    }

    /// A peer that asks for answers and reads none cannot make us hold more than so many.
    @Test func unreadAnswersAreBounded() {
        var limits = SessionLimits()
        limits.idleFrameBurst = 1_000_000
        let server = server([], limits)
        for _ in 0..<30 where server.fault == nil {
            server.receive((0..<100).flatMap { _ in Frames.ping() })
        }
        guard case .flooded = server.fault else {
            Issue.record("not stopped: \(String(describing: server.fault))")
            return
        }
    }

    @Test func headerBlockInEndlessPiecesIsStopped() {
        let server = server(
            Frames.frame(Frames.Kind.headers, flags: 0, stream: 1, Frames.block([([0x78], [0x79])]))
                + (0..<100).flatMap { _ in
                    Frames.frame(Frames.Kind.continuation, stream: 1, Frames.block([([0x78], [0x79])]))
                })
        _ = server.send()
        #expect(server.fault != nil || server.session.hasFinished)
    }

    // MARK: - Broken connections

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSX", "\u{16}\u{3}\u{1}", "P "])
    func otherProtocolsAreToldApart(_ text: String) {
        let server = ServerPeer()
        server.receive(Array(text.utf8))
        if case .notHTTP2 = server.fault { return }
        Issue.record("taken for HTTP/2: \(String(describing: server.fault))")
    }

    @Test(arguments: [
        Frames.data(stream: 1, [1]), Frames.headers(stream: 2, Frames.requestHead),
        Frames.windowUpdate(stream: 0, by: 0), Frames.frame(Frames.Kind.settings, [0, 4, 0]),
        Frames.frame(Frames.Kind.ping, [1]), Frames.frame(Frames.Kind.data, stream: 0, [1]),
        Frames.frame(Frames.Kind.continuation, flags: 4, stream: 1, []), Frames.reset(stream: 9, 8),
        Frames.windowUpdate(stream: 0, by: 0x7fff_ffff) + Frames.windowUpdate(stream: 0, by: 0x7fff_ffff),
        Frames.frame(Frames.Kind.headers, flags: 4, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Frames.frame(5, flags: 4, stream: 1, [0, 0, 0, 2]), Frames.frame(Frames.Kind.priority, [0, 0, 0, 0, 9]),
    ])
    func brokenRulesEndTheConnection(_ frame: [UInt8]) {
        let server = server(frame)
        _ = server.send()
        #expect(server.frames.last?.kind == Frames.Kind.goAway && server.frames.last?.code != 0)
        #expect(server.fault != nil || server.session.hasFinished)
    }

    @Test func unknownFramesAndSettingsAreIgnored() {
        // PRIORITY is one of them: we have said that we use none (RFC 9218, 2.1).
        let priority = Frames.frame(Frames.Kind.priority, stream: 1, [0, 0, 0, 0, 9])
        let server = server(
            Frames.settings([(0x99, 7)]) + Frames.frame(0xfa, flags: 0xff, stream: 1, [1, 2, 3])
                + Frames.frame(0x42, stream: 0) + priority
                + Frames.headers(stream: 1, Frames.requestHead))
        #expect(server.fault == nil && server.streams.count == 1)
        _ = server.send()
        #expect(!server.frames.contains { $0.kind == Frames.Kind.goAway })
    }

    @Test func upstreamMustBeginWithSettings() {
        let client = ClientPeer()
        _ = client.send()
        client.receive(Frames.ping())
        _ = client.send()
        #expect(client.fault != nil || client.session.hasFinished)
    }

    // MARK: - Anything at all

    /// A whole conversation, cut off at every byte: what is open comes back, nothing is left over (`Peer` looks).
    @Test func everyTruncationIsSurvived() throws {
        let joined = Joined()
        let body = joined.client.body(pattern(70), ended: false)
        _ = try #require(joined.client.request(LocalFields([("x-a", "1"), ("b-bin", "AA==")]), body))
        _ = try #require(joined.client.request(joined.client.body(ended: false)))
        joined.exchange()
        try #require(joined.client.stream(3) ?? joined.client.session.pointee.firstOpen).reset(8)
        let reply = joined.server.body(pattern(90), ended: false)
        joined.server.server.respond(try #require(joined.server.stream(1)), head: okHead.fields, bodyOf: reply)
        joined.server.session.ping()
        joined.exchange()
        joined.server.server.end(try #require(joined.server.stream(1)), with: okEnd.fields)
        joined.server.server.shutDown()
        joined.exchange()
        for count in 0...joined.client.sent.count {
            let server = ServerPeer()
            server.receive(Array(joined.client.sent.prefix(count)))
            _ = server.send()
            #expect(server.fault == nil)
        }
        for count in 0...joined.server.sent.count {
            let client = ClientPeer()
            _ = client.request(client.body(pattern(10)))
            _ = client.request(client.body())
            _ = client.send()
            client.receive(Array(joined.server.sent.prefix(count)))
            _ = client.send()
            #expect(client.fault == nil)
        }
    }

    @Test(arguments: [31, 32, 33, 34] as [UInt64]) func garbageIsSurvived(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let good = [
            Frames.headers(stream: 1, Frames.requestHead, endsStream: false), Frames.data(stream: 1, pattern(60)),
            Frames.headers(stream: 3, Frames.requestHead), Frames.ping(), Frames.reset(stream: 3, 8),
            Frames.windowUpdate(stream: 1, by: 9), Frames.headers(stream: 1, [("x-end", "1")]),
            Frames.settings([(4, 99)]),
            Frames.headers(stream: 5, [(":status", "200")], endsStream: false), Frames.goAway(lastStream: 1, 0),
        ]
        for _ in 0..<400 {
            let isServer = Bool.random(using: &random)
            var bytes = isServer ? Self.opening : Frames.settings()
            for _ in 0..<Int.random(in: 0...6, using: &random) { bytes += good.randomElement(using: &random)! }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let index = Int.random(
                    in: isServer ? Frames.preface.count..<bytes.count : 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            }
            bytes += random.bytes(atMost: 30)
            let peer: Peer
            if isServer {
                peer = ServerPeer()
            } else {
                let client = ClientPeer()
                for _ in 0..<3 { _ = client.request(client.body(pattern(10), ended: false)) }
                _ = client.send()
                peer = client
            }
            peer.receive(bytes, inPiecesOf: Int.random(in: 1...200, using: &random))
            _ = peer.send()
        }
    }
}
