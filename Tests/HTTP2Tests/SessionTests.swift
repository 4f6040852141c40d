import TestSupport
import Testing

@testable import HTTP2

/// Two sessions, one of each role, joined in memory.
@Suite struct SessionTests {
    static let pieces = [1, 2, 3, 7, 9, 10, 64, 1000, 16_384, .max]

    /// A call with body both ways and trailers, whatever the pieces are in which bytes arrive.
    @Test(arguments: pieces) func callSurvivesAnyPieces(_ piece: Int) throws {
        let joined = Joined(piece: piece)
        let sent = pattern(40_000)
        let custom = LocalFields([("x-one", "1"), ("x-one", "2"), ("x-data-bin", "AAEC")])
        let leg = try #require(joined.client.request(custom, joined.client.body(sent)))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        #expect(joined.server.events[call] == [.head, .data, .end])
        #expect(call.head.suffix(4) == ["te: trailers", "x-one: 1", "x-one: 2", "x-data-bin: AAEC"])
        #expect(call.bytes == sent)
        #expect(call.pointee.hasEnded && call.pointee.trailers.isEmpty)

        let reply = joined.server.body(pattern(30_000), ended: false)
        joined.server.server.respond(call, head: okHead.fields, bodyOf: reply)
        joined.exchange()
        #expect(joined.client.events[leg] == [.head, .data])
        joined.server.server.end(call, with: okEnd.fields)
        joined.exchange()
        #expect(joined.client.events[leg] == [.head, .data, .end, .closed])
        #expect(joined.server.events[call] == [.head, .data, .end, .closed])
        #expect(leg.head == [":status: 200", "content-type: application/grpc"])
        #expect(leg.bytes == pattern(30_000))
        #expect(leg.trailers == ["grpc-status: 0"])
        #expect(leg.pointee.errorCode == 0 && call.pointee.errorCode == 0)
        #expect(joined.client.session.pointee.openStreams == 0 && joined.server.session.pointee.openStreams == 0)
    }

    @Test func trailersOnlyReplyIsOneBlock() throws {
        let joined = Joined()
        let leg = try #require(joined.client.request(joined.client.body()))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        let fields = LocalFields([(":status", "200"), ("grpc-status", "5"), ("grpc-message", "no")])
        joined.server.server.respond(call, with: fields)
        joined.exchange()
        #expect(leg.head == [":status: 200", "grpc-status: 5", "grpc-message: no"])
        #expect(leg.trailers.isEmpty && leg.bytes.isEmpty)
        #expect(joined.client.events[leg] == [.head, .end, .closed])
        #expect(joined.server.frames.count { $0.stream == 1 } == 1)
    }

    /// Answering before the request has ended: the answer arrives whole, then the client is told to stop (RFC 9113,
    /// 8.1).
    @Test func answerBeforeTheRequestEndsArrives() throws {
        let joined = Joined()
        let body = joined.client.body(pattern(10), ended: false)
        let leg = try #require(joined.client.request(body))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        joined.server.server.respond(call, with: LocalFields([(":status", "200"), ("grpc-status", "8")]))
        joined.exchange()
        #expect(leg.head == [":status: 200", "grpc-status: 8"])
        #expect(joined.client.events[leg] == [.head, .end, .closed])
        #expect(leg.pointee.errorCode == 0)
        #expect(joined.server.frames.filter { $0.kind == Frames.Kind.resetStream }.map(\.code) == [0])
    }

    @Test func answerWithBodyBeforeTheRequestEndsArrives() throws {
        let joined = Joined()
        let body = joined.client.body(pattern(10), ended: false)
        let leg = try #require(joined.client.request(body))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        let reply = joined.server.body(pattern(100), ended: false)
        joined.server.server.respond(call, head: okHead.fields, bodyOf: reply)
        joined.exchange()
        joined.server.server.end(call, with: okEnd.fields)
        joined.exchange()
        #expect(leg.bytes == pattern(100))
        #expect(leg.trailers == ["grpc-status: 0"])
        #expect(joined.client.events[leg] == [.head, .data, .end, .closed])
        #expect(joined.server.frames.filter { $0.kind == Frames.Kind.resetStream }.map(\.code) == [0])
    }

    @Test(arguments: [0, 1, 2, 8, 7, 11, 0x1234_5678] as [UInt32]) func resetsReachTheOtherSide(_ code: UInt32) throws {
        let joined = Joined()
        let first = try #require(joined.client.request(joined.client.body(ended: false)))
        let second = try #require(joined.client.request(joined.client.body(ended: false)))
        joined.exchange()
        first.reset(code)
        first.reset(code)
        try #require(joined.server.stream(3)).reset(code)
        joined.exchange()
        for peer in [joined.client, joined.server] as [Peer] {
            for id in [1, 3] as [Int32] {
                let stream = try #require(peer.stream(id))
                #expect(stream.pointee.isClosed && stream.pointee.errorCode == code)
                #expect(peer.events[stream]?.contains(.closed) == true)
            }
            #expect(peer.session.pointee.openStreams == 0)
        }
        #expect(joined.client.frames.count { $0.kind == Frames.Kind.resetStream } == 1)
        #expect(joined.server.session.pointee.resetsReceived == 1 && joined.client.session.pointee.resetsReceived == 1)
        #expect(second.pointee.hasEnded == false)
    }

    @Test func nothingCanBeDoneWithAClosedStream() throws {
        let joined = Joined()
        let leg = try #require(joined.client.request(joined.client.body(ended: false)))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        leg.reset(8)
        joined.exchange()
        let sent = joined.server.sent.count
        joined.server.server.respond(call, with: okEnd.fields)
        joined.server.server.end(call, with: okEnd.fields)
        call.reset(2)
        call.resume()
        call.creditAll()
        call.discard()
        joined.exchange()
        #expect(joined.server.sent.count == sent)
    }

    @Test func pingIsAnswered() {
        let joined = Joined()
        joined.server.session.ping()
        joined.exchange()
        #expect(joined.server.notices == [.settings, .pingAnswered])
        joined.client.session.ping()
        joined.exchange()
        #expect(joined.client.notices == [.settings, .pingAnswered])
    }

    /// The notice lets the client finish what crosses it; the GOAWAY that follows names what was taken.
    @Test func shutdownLetsOpenCallsEnd() throws {
        let joined = Joined()
        let leg = try #require(joined.client.request(joined.client.body()))
        joined.exchange()
        joined.server.server.announceShutdown()
        joined.exchange()
        #expect(joined.client.notices.contains(.goAway))
        #expect(!joined.client.client.takesRequests)
        #expect(joined.client.request(joined.client.body()) == nil)
        joined.server.server.shutDown()
        joined.exchange()
        #expect(!joined.server.session.hasFinished && !joined.client.session.hasFinished)
        joined.server.server.respond(try #require(joined.server.stream(1)), with: okHead.fields)
        joined.exchange()
        #expect(joined.client.events[leg] == [.head, .end, .closed])
        #expect(joined.server.session.hasFinished && joined.client.session.hasFinished)
        let goAways = joined.server.frames.filter { $0.kind == Frames.Kind.goAway }
        #expect(goAways.map(\.lastStream) == [0x7fff_ffff, 1] && goAways.map(\.code) == [0, 0])
    }

    /// Streams that the server had not seen come back refused, those it had go on.
    @Test func streamsAboveGoAwayAreRefused() throws {
        let joined = Joined()
        let first = try #require(joined.client.request(joined.client.body()))
        joined.exchange()
        let second = try #require(joined.client.request(joined.client.body()))
        joined.server.server.shutDown()
        let late = joined.client.send()
        joined.client.receive(joined.server.send())
        #expect(second.pointee.isClosed && second.pointee.errorCode == 7)
        #expect(!first.pointee.isClosed)
        joined.server.receive(late)
        joined.exchange()
        #expect(joined.server.streams.count == 1)
    }

    /// The same for what comes while the GOAWAY waits to be sent: its client is told that nothing was done.
    @Test func whatComesWhileGoAwayWaitsIsNotTaken() throws {
        let joined = Joined()
        let first = try #require(joined.client.request(joined.client.body()))
        joined.exchange()
        joined.server.server.shutDown()
        let second = try #require(joined.client.request(joined.client.body()))
        joined.server.receive(joined.client.send())
        joined.exchange()
        #expect(second.pointee.isClosed && second.pointee.errorCode == 7)
        #expect(!first.pointee.isClosed)
        #expect(joined.server.streams.count == 1)
    }

    @Test func terminationNamesItsCode() throws {
        let joined = Joined()
        _ = try #require(joined.client.request(joined.client.body()))
        joined.exchange()
        joined.server.session.terminate(2)
        joined.exchange()
        #expect(joined.server.session.hasFinished)
        #expect(joined.server.frames.last?.code == 2)
        #expect(joined.client.notices.contains(.goAway))
    }

    /// Whatever is open when a session ends comes back in one chain, closed, without its session.
    @Test func destroyHandsBackOpenStreams() throws {
        let pool = SessionPool.make(limits: SessionLimits())
        let server = ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
        let client = ClientPeer()
        for _ in 0..<5 { _ = try #require(client.request(client.body(pattern(10), ended: false))) }
        let bytes = client.send()
        #expect(bytes.withUnsafeBytes { server.session.receive($0) } == nil)
        while let stream = server.session.nextTouched() { _ = stream.takeEvents() }
        #expect(pool.pointee.buffered.bytes == 50)
        var ids: Set<Int32> = []
        var next = server.session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            ids.insert(stream.pointee.id)
            #expect(stream.pointee.isClosed && stream.pointee.session == nil && !stream.pointee.hasEnded)
            stream.reset(8)
            stream.resume()
            stream.creditAll()
            pool.recycle(stream)
        }
        #expect(ids == [1, 3, 5, 7, 9])
        #expect(pool.pointee.buffered.bytes == 0)
        #expect(pool.popDirty() == nil)
        pool.destroy()
    }
}
