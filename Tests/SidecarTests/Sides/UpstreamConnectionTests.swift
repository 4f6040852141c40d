import CNghttp2
import EventLoop
import Migration
import TestSupport
import Testing

@testable import HTTP2
@testable import Sidecar

/// One connection that all clients share: what one of them does must not harm the others.
@Suite struct UpstreamConnectionTests {
    private func limits(burst: Int, perSecond: Int = 1) -> Limits {
        var limits = Limits()
        limits.upstreamResetsBurst = burst
        limits.metadataBytes = 16 << 10
        limits.upstreamResetsPerSecond = perSecond
        return limits
    }

    /// RST_STREAM frames that the side got.
    private func resetsReceived(_ upstream: ScriptedUpstream) -> Int {
        upstream.links.reduce(0) { $0 + Int($1.peer.session.pointee.resetsReceived) }
    }

    /// More cancellations than the budget: the side sees the budget, and the rest end by themselves.
    @Test func cancellationsArePaced() throws {
        let test = try TestWorker(limits(burst: 5))
        let client = try test.client()
        let calls = try (0..<30).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 30 }
        let legs = (0..<30).compactMap { _ in test.old.take() }
        for call in calls { call.stream.reset(8) }
        test.until("the budget is spent") { self.resetsReceived(test.old) == 5 }
        test.settle()
        #expect(resetsReceived(test.old) == 5 && test.calls == 25)
        // Another client's calls go over the same connection as ever.
        let other = try test.client().unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).reply([1])
        test.over(other)
        #expect(other.status == 0)
        for leg in legs where !leg.isClosed { leg.reply(framed(pattern(100))) }
        test.until("the rest have ended") { test.calls == 0 }
        #expect(resetsReceived(test.old) <= 6 && test.old.links.count == 1)
        test.finish()
    }

    /// What waits for its reset is reset as the budget fills, in order.
    @Test func waitingResetsAreSentLater() throws {
        let test = try TestWorker(limits(burst: 2, perSecond: 200))
        let client = try test.client()
        let calls = try (0..<8).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 8 }
        for call in calls { call.stream.reset(8) }
        test.until("all are reset") { self.resetsReceived(test.old) == 8 }
        #expect(test.calls == 0 && test.old.resets(8) == 8)
        test.finish()
    }

    /// One reset a call, also when first the sidecar ends it and then its client is gone.
    @Test func callTakesOneReset() throws {
        let test = try TestWorker(limits(burst: 10))
        let client = try test.client()
        for _ in 0..<10 {
            let call = try client.unary("/shop.Orders/List", [1])
            let leg = try test.arrival(at: .old)
            // Too much metadata in the reply ends the call from the side's end.
            let large = (name: "x-large", value: String(repeating: "v", count: 20_000))
            let server = try #require(leg.link.peer as? ServerPeer)
            let head = LocalFields([(":status", "200"), ("content-type", "application/grpc"), large])
            server.server.respond(leg.stream, head: head, bodyOf: server.body(ended: false))
            test.over(call)
            #expect(call.status == 2 && call.error == "outcome-unknown")
            test.until("the leg is reset") { leg.isClosed }
        }
        #expect(resetsReceived(test.old) == 10 && test.calls == 0)
        #expect(test.count(.resetsSent, .old) == 10 && test.count(.resetsPaced, .old) == 0)
        test.finish()
    }

    @Test func lossOfTheConnectionEndsWaitingResets() throws {
        let test = try TestWorker(limits(burst: 1))
        let client = try test.client()
        let calls = try (0..<10).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 10 }
        for call in calls { call.stream.reset(8) }
        test.until("one is reset") { self.resetsReceived(test.old) == 1 }
        test.settle()
        #expect(test.calls == 9)
        test.old.hangUp()
        test.until("no call is left") { test.calls == 0 }
        test.until("connected again") { test.open(.old) == 1 }
        test.finish()
    }

    @Test func waitingResetsEndWithTheirStreamsInAnyOrder() throws {
        let test = try TestWorker(limits(burst: 1))
        let client = try test.client()
        let calls = try (0..<6).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 6 }
        let legs = (0..<6).compactMap { _ in test.old.take() }
        for call in calls { call.stream.reset(8) }
        test.until("one is reset") { self.resetsReceived(test.old) == 1 }
        for index in [3, 5, 1, 2, 4] {
            legs[index].fail(0)
            test.until("leg \(index) has ended") { legs[index].isClosed }
            test.settle()
        }
        #expect(test.calls == 0)
        test.finish()
    }

    /// The account of a client counts what waits for it and nothing else, from the first byte to the last.
    @Test func accountIsEvenAfterEachCall() throws {
        let test = try TestWorker()
        let client = try test.client()
        for _ in 0..<5 {
            let (call, _) = try client.call("/shop.Orders/List", framed(pattern(5000)))
            let leg = try test.arrival(at: .old)
            test.until("the message is there") { leg.hasEnded }
            let connection = try #require(test.upstream(.old).pointee.current)
            let stream = try #require(connection.client.session.pointee.firstOpen)
            let owner = try #require(stream.pointee.owner?.assumingMemoryBound(to: Leg.self).pointee.context)
            let served = try #require(owner.assumingMemoryBound(to: Call.self).pointee.connection)
            #expect(served.heldBytes == test.bufferedBytes && test.bufferedBytes >= 0)
            _ = leg.beginReply(pattern(5000))
            test.until("the answer has begun") { call.bytes.count == 5000 }
            #expect(served.heldBytes == 0 && test.bufferedBytes == 0)
            leg.end(status: 0)
            test.over(call)
            #expect(served.heldBytes == 0)
        }
        test.finish()
    }

    @Test func clientThatMakesUsHoldTooMuchIsToldSo() throws {
        var limits = Limits()
        limits.connectionBuffer = 300_000
        limits.streamWindow = 200_000
        let test = try TestWorker(limits)
        test.old.isAsleep = true
        let client = try test.client()
        let calls = try (0..<4).map { _ in try client.call("/shop.Orders/Put", pattern(400_000), ended: false).call }
        test.until("one is refused") { calls.contains { $0.isClosed } }
        let refused = try #require(calls.first { $0.isClosed })
        #expect(refused.status == 2 && refused.error == "outcome-unknown")
        test.old.isAsleep = false
        client.link.close()
        test.finish()
    }

    /// Messages that wait for their key count too.
    @Test func messagesAwaitedWholeAreBounded() throws {
        var limits = Limits()
        limits.connectionBuffer = 300_000
        let test = try TestWorker(limits)
        try test.take(gray: ["406"])
        let client = try test.client()
        let part = Array(framed(pattern(500_000)).prefix(120_000))
        let calls = try (0..<4).map { _ in try client.call("/shop.Orders/Get", part, ended: false).call }
        test.until("one is refused") { calls.contains { $0.isClosed } }
        let refused = try #require(calls.first { $0.isClosed })
        #expect(refused.status == 8 && refused.error == "buffers-full")
        client.link.close()
        test.finish()
    }

    /// What is kept of requests for a second try is given up before any call is.
    @Test func keptRequestsDoNotCrowdOutCalls() throws {
        var limits = Limits()
        limits.connectionBuffer = 300_000
        let test = try TestWorker(limits)
        let client = try test.client()
        let calls = try (0..<12).map { _ in try client.call("/shop.Orders/Put", pattern(50_000), ended: false).call }
        test.until("all is with the side") { test.old.waiting.count { $0.bytes.count == 50_000 } == 12 }
        test.settle()
        #expect(!calls.contains { $0.isClosed } && test.bufferedBytes <= 300_000)
        while let leg = test.old.take() { leg.fail(0) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        #expect(calls.allSatisfy { $0.status == 0 })
        test.finish()
    }

    /// Queries whose first side answers before it has read them all are reset within the budget as well.
    @Test func earlyAnswersArePaced() throws {
        let test = try TestWorker(limits(burst: 2), stage: .dualOld)
        let client = try test.client()
        let calls = try (0..<5).map { _ in
            try client.call("/shop.Orders/Get", Array(framed(keyed("367")).prefix(7)), ended: false).call
        }
        test.until("all are there") { test.old.waiting.count == 5 }
        let legs = (0..<5).compactMap { _ in test.old.take() }
        for leg in legs {
            // Not by the session of the test, which would reset the stream itself.
            let answer = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")]
            leg.link.write(Frames.headers(stream: UInt32(leg.stream.pointee.id), answer))
        }
        test.until("the budget is spent") { test.new.waiting.count >= 2 }
        test.settle()
        #expect(resetsReceived(test.old) <= 3 && test.new.waiting.count <= 3)
        for leg in legs { leg.reset(0) }
        test.until("all have asked the other side") { test.new.waiting.count == 5 }
        while let leg = test.new.take() { leg.fail(5) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        #expect(calls.allSatisfy { $0.status == 5 })
        test.finish()
    }

    /// Streams on a connection run out after 2^30: another is made, and no call fails.
    @Test func connectionWithoutStreamsLeftIsReplaced() throws {
        let test = try TestWorker()
        let client = try test.client()
        let first = try #require(test.upstream(.old).pointee.connections.first)
        nghttp2_session_set_next_stream_id(first.client.session.pointee.raw, 0x7fff_ffff)
        let last = try client.unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        #expect(leg.stream.pointee.id == 0x7fff_ffff)
        let next = try client.unary("/shop.Orders/List", [1])
        let second = try test.arrival(at: .old)
        #expect(second.link !== leg.link)
        second.fail(0)
        leg.fail(0)
        test.over(last, next)
        #expect(last.status == 0 && next.status == 0)
        test.until("the spent connection is closed") { leg.link.isClosed }
        test.finish()
    }
}
