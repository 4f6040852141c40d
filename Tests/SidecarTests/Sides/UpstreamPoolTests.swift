import EventLoop
import HTTP2
import Migration
import TestSupport
import Testing

@testable import Sidecar

/// Connections to upstreams and the calls that wait for one, through a whole worker.
@Suite struct UpstreamPoolTests {
    @Test func callsShareOneConnection() throws {
        let test = try TestWorker()
        let clients = try (0..<5).map { _ in try test.client() }
        let calls = try clients.flatMap { client in try (0..<10).map { _ in try client.unary("/shop.Orders/List", [1]) }
        }
        test.until("all are there") { test.old.waiting.count == 50 }
        #expect(test.old.links.count == 1)
        while let leg = test.old.take() { leg.reply([]) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        #expect(calls.allSatisfy { $0.status == 0 })
        test.finish()
    }

    /// The peer allows one stream: further connections are made, as many as may be, then calls wait.
    @Test func nearTheStreamLimitAnotherConnectionIsMade() throws {
        var limits = Limits()
        limits.upstreamConnections = 8
        let test = try TestWorker(limits, connected: false)
        test.old.limits.streams = 1
        test.worker.connect()
        let client = try test.client()
        let calls = try (0..<10).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all connections are in use") {
            test.old.waiting.count == 8 && test.upstream(.old).pointee.queue.count == 2
        }
        #expect(test.old.links.count == 8 && test.old.links.allSatisfy { $0.peer.session.pointee.openStreams == 1 })
        for _ in 0..<10 { try test.arrival(at: .old).fail(0) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        #expect(calls.allSatisfy { $0.status == 0 })
        test.finish()
    }

    /// Streams that never end leave no room: a call without a deadline is refused after a while, others go on.
    @Test func nobodyWaitsForEver() throws {
        var limits = Limits()
        limits.upstreamConnections = 1
        limits.upstreamQueueWait = 30_000_000
        let test = try TestWorker(limits, connected: false)
        test.old.limits.streams = 2
        test.worker.connect()
        let client = try test.client()
        let calls = try (0..<5).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("those that wait are refused") { calls.count { $0.isClosed } == 3 }
        #expect(calls.filter { $0.isClosed }.allSatisfy { $0.status == 8 && $0.error == "queue-full" })
        #expect(test.upstream(.old).pointee.queue.count == 0)
        try test.arrival(at: .old).fail(0)
        let late = try client.unary("/shop.Orders/List", [1])
        for _ in 0..<2 { try test.arrival(at: .old).fail(0) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } && late.isClosed }
        #expect(late.status == 0)
        test.finish()
    }

    @Test func fullQueueRefuses() throws {
        var limits = Limits()
        limits.upstreamQueue = 3
        let test = try TestWorker(limits, connected: false)
        test.old.isAsleep = true
        test.worker.connect()
        let client = try test.client()
        let calls = try (0..<5).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("two are refused") { calls.count { $0.isClosed } == 2 }
        #expect(calls.filter { $0.isClosed }.allSatisfy { $0.status == 8 && $0.error == "queue-full" })
        test.old.isAsleep = false
        for _ in 0..<3 { try test.arrival(at: .old).fail(0) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        test.finish()
    }

    /// Nothing listens: what waits fails, what comes fails at once, and when the side is back it is found without a
    /// call.
    @Test func unreachableSideFailsFastAndIsFoundAgain() throws {
        var limits = Limits()
        limits.backoffMinimum = 2_000_000
        limits.backoffMaximum = 4_000_000
        let test = try TestWorker(limits, connected: false)
        test.old.stopListening()
        let client = try test.client()
        test.worker.connect()
        let waiting = try client.unary("/shop.Orders/List", [1])
        test.over(waiting)
        #expect(waiting.status == 14 && waiting.error == "side-unreachable")
        let late = try client.unary("/shop.Orders/List", [1])
        test.over(late)
        #expect(late.status == 14 && test.upstream(.old).pointee.queue.count == 0)
        try test.old.listenAgain()
        test.until("connected again") { test.open(.old) == 1 }
        #expect(test.upstream(.old).pointee.schedule.failures == 0)
        let call = try client.unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).fail(0)
        test.over(call)
        #expect(call.status == 0)
        test.finish()
    }

    /// Several addresses of one name: those that refuse are passed over at once.
    @Test func nextAddressIsTriedAtOnce() throws {
        let test = try TestWorker(connected: false)
        let dead = try ScriptedUpstream()
        dead.stopListening()
        test.upstream(.old).pointee.addresses = [dead.address, dead.address, test.old.address]
        test.worker.connect()
        let call = try test.client().unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).fail(0)
        test.over(call)
        #expect(call.status == 0 && test.upstream(.old).pointee.schedule.failures == 0)
        test.finish()
    }

    /// A peer that is connected but says nothing is given up after `connect_timeout`.
    @Test func silentPeerIsGivenUp() throws {
        var limits = Limits()
        limits.connectTimeout = 10_000_000
        let test = try TestWorker(limits, connected: false)
        test.old.isAsleep = true
        test.worker.connect()
        let call = try test.client().unary("/shop.Orders/List", [1])
        test.over(call)
        #expect(call.status == 14 && call.error == "side-unreachable")
        #expect(call.value("grpc-message")?.contains("SETTINGS") == true)
        test.old.isAsleep = false
        test.finish()
    }

    // MARK: - Connections that end

    @Test func lostConnectionEndsItsCallsAndIsMadeAnew() throws {
        let test = try TestWorker()
        let client = try test.client()
        let silent = try client.unary("/shop.Orders/List", [1])
        let (begun, _) = try client.call("/shop.Orders/Watch", framed([1]))
        _ = try test.arrival(at: .old)
        _ = try test.arrival(at: .old).beginReply(framed([1]))
        test.until("the answer has begun") { !begun.bytes.isEmpty }
        test.old.hangUp()
        test.over(silent, begun)
        // Nobody has declared that these methods only read: they may have been carried out.
        #expect(silent.status == 2 && silent.error == "outcome-unknown")
        #expect(begun.status == 2 && begun.error == "outcome-unknown" && begun.bytes == framed([1]))
        test.until("connected again") { test.open(.old) == 1 }
        let call = try client.unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).fail(0)
        test.over(call)
        #expect(call.status == 0)
        test.finish()
    }

    @Test func connectionThatBreaksHTTP2IsLeft() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        leg.link.write(Frames.frame(Frames.Kind.ping, [1, 2, 3]))
        test.over(call)
        #expect(call.status == 2 && call.error == "outcome-unknown")
        test.old.hangUp()
        test.until("connected again") { test.open(.old) == 1 }
        test.finish()
    }

    /// A side that takes each connection and ends it at once is not called without a pause, and calls wait for it
    /// meanwhile.
    @Test(arguments: [true, false]) func shortLivedConnectionsAreNotHammered(isGoAway: Bool) throws {
        var limits = Limits()
        limits.backoffMinimum = 30_000_000
        let test = try TestWorker(limits, connected: false)
        test.worker.connect()
        let start = test.loop.pointee.now
        var ended = 0
        test.until("some time passes") {
            for link in test.old.links where link.descriptor >= 0 && link.peer.notices.contains(.settings) {
                if isGoAway { (link.peer as? ServerPeer)?.server.shutDown() } else { link.close() }
                guard link.isClosed || link.descriptor < 0 else { continue }
                link.close()
                ended += 1
            }
            test.old.forgetClosed()
            return test.loop.pointee.now > start + 100_000_000
        }
        #expect((2...5).contains(ended))
        let call = try test.client().unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).fail(0)
        test.over(call)
        #expect(call.status == 0)
        test.finish()
    }

    /// GOAWAY: calls in flight end where they are, new ones go over a new connection, the old one is closed when it
    /// is empty.
    @Test func goAwayMovesNewCalls() throws {
        let test = try TestWorker()
        let client = try test.client()
        let before = try client.unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        let first = leg.link
        let server = try #require(first.peer as? ServerPeer).server
        server.announceShutdown()
        test.until("another connection stands") { test.open(.old) == 1 && test.old.links.count == 2 }
        let after = try client.unary("/shop.Orders/List", [1])
        let second = try test.arrival(at: .old)
        #expect(second.link !== first)
        second.fail(0)
        server.shutDown()
        test.over(after)
        #expect(!before.isClosed)
        leg.fail(0)
        test.over(before)
        #expect(before.status == 0 && after.status == 0)
        test.until("the first connection is closed") { first.isClosed }
        test.finish()
    }

    /// What crosses a GOAWAY above its last stream was not processed: it is sent again, once, elsewhere.
    @Test func callsAboveGoAwayAreSentAgain() throws {
        let test = try TestWorker()
        let client = try test.client()
        let calls = try (0..<3).map { _ in try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 3 }
        let link = test.old.links[0]
        // The backend took the first alone.
        link.write(Frames.goAway(lastStream: 1, 0))
        test.until("another connection stands") { test.old.links.count == 2 }
        let legs = try (0..<5).map { _ in try test.arrival(at: .old) }
        #expect(legs.count { $0.link !== link } == 2)
        for leg in legs where leg.link !== link || leg.stream.pointee.id == 1 { leg.fail(0) }
        test.until("all are over") { calls.allSatisfy { $0.isClosed } }
        #expect(calls.allSatisfy { $0.status == 0 })
        test.old.hangUp()
        test.finish()
    }

    // MARK: - Refused streams

    @Test func refusedStreamIsSentOnceMore() throws {
        let test = try TestWorker()
        let client = try test.client()
        let call = try client.unary("/shop.Orders/Put", pattern(3000))
        let leg = try test.arrival(at: .old)
        test.until("the message is there") { leg.hasEnded }
        leg.reset(7)
        let again = try test.arrival(at: .old)
        test.until("the message is there again") { again.hasEnded }
        let isSame = again.bytes == framed(pattern(3000))
        #expect(isSame)
        again.reply([9])
        test.over(call)
        #expect(call.status == 0 && call.bytes == [9])
        test.finish()
    }

    @Test func refusedTwiceIsTheAnswer() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/Put", [1])
        try test.arrival(at: .old).reset(7)
        try test.arrival(at: .old).reset(7)
        test.over(call)
        #expect(call.code == 7)
        test.settle()
        #expect(test.old.waiting.isEmpty)
        test.finish()
    }

    /// Whose beginning is gone cannot be sent again.
    @Test func largeRefusedStreamIsNotSentAgain() throws {
        let test = try TestWorker()
        let (call, _) = try test.client().call("/shop.Orders/Put", framed(pattern(100_000)))
        let leg = try test.arrival(at: .old)
        test.until("the message is there") { leg.hasEnded }
        leg.reset(7)
        test.over(call)
        #expect(call.code == 7)
        test.settle()
        #expect(test.old.waiting.isEmpty)
        test.finish()
    }

    /// Refused after the answer had begun is no refusal.
    @Test func refusedMidAnswerIsNotSentAgain() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/Put", [1])
        let leg = try test.arrival(at: .old)
        _ = leg.beginReply([1])
        test.until("the answer has begun") { !call.bytes.isEmpty }
        leg.reset(7)
        test.over(call)
        #expect(call.code == 7 && test.old.waiting.isEmpty)
        test.finish()
    }
}
