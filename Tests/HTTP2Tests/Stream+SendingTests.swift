import TestSupport
import Testing

@testable import HTTP2

/// Streams that send what other streams receive: forwarding and its flow control.
@Suite struct StreamSendingTests {
    @Test(arguments: [1, 5, 100, 16_393, .max]) func callsPassThrough(piece: Int) throws {
        let relay = Relay(piece: piece)
        let sent = pattern(20_000)
        let fields = LocalFields([
            ("x-text", "a b"), ("switchover-stage", "new"), ("x-data-bin", "AAE"), ("switchover-epoch", "9"),
        ])
        let leg = try #require(relay.client.request(fields, relay.client.body(sent)))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        #expect(call.bytes == sent)
        #expect(call.head.suffix(3) == ["te: trailers", "x-text: a b", "x-data-bin: AAE"])
        let reply = relay.upstream.body(pattern(9000), ended: false)
        let head = LocalFields([(":status", "200"), ("content-type", "application/grpc"), ("switchover-error", "x")])
        relay.upstream.server.respond(call, head: head, bodyOf: reply)
        relay.exchange()
        let end = LocalFields([("grpc-status", "0"), ("switchover-error", "y"), ("x-end-bin", "AA==")])
        relay.upstream.server.end(call, with: end)
        relay.exchange()
        // A sidecar behind this one says by its own fields what became of the call.
        #expect(leg.head == [":status: 200", "content-type: application/grpc", "switchover-error: x"])
        #expect(leg.bytes == pattern(9000))
        #expect(leg.trailers == ["grpc-status: 0", "switchover-error: y", "x-end-bin: AA=="])
        #expect(relay.client.events[leg] == [.head, .data, .end, .closed])
        #expect(relay.pool.pointee.buffered.bytes == 0)
    }

    @Test func trailersOnlyStaysOneBlock() throws {
        let relay = Relay()
        let leg = try #require(relay.client.request(relay.client.body()))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        relay.upstream.server.respond(call, with: LocalFields([(":status", "200"), ("grpc-status", "12")]))
        relay.exchange()
        #expect(leg.head == [":status: 200", "grpc-status: 12"] && leg.trailers.isEmpty)
        #expect(relay.client.events[leg] == [.head, .end, .closed])
    }

    /// A header block as large as the limits allow passes, whatever libnghttp2's own limits are.
    @Test func largeMetadataPassesThrough() throws {
        var limits = SessionLimits()
        limits.metadataBytes = 1 << 20
        let relay = Relay(client: limits, middle: limits, upstream: limits)
        let fields = (0..<20).map { (name: "x-\($0)", value: String(repeating: "~", count: 40_000)) }
        let leg = try #require(relay.client.request(LocalFields(fields), relay.client.body()))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        #expect(call.head.count == 26 && call.head.dropFirst(6).allSatisfy { $0.utf8.count > 40_000 })
        relay.upstream.server.respond(call, with: LocalFields([(":status", "200")] + fields))
        relay.exchange()
        #expect(leg.head.count == 21 && relay.client.events[leg] == [.head, .end, .closed])
    }

    @Test(arguments: [8, 2, 7] as [UInt32]) func resetsPassThroughBothWays(code: UInt32) throws {
        let relay = Relay()
        let first = try #require(relay.client.request(relay.client.body(ended: false)))
        let second = try #require(relay.client.request(relay.client.body(ended: false)))
        relay.exchange()
        first.reset(8)
        try #require(relay.upstream.stream(3)).reset(code)
        relay.exchange()
        #expect(try #require(relay.upstream.stream(1)).pointee.errorCode == 8)
        #expect(second.pointee.isClosed && second.pointee.errorCode == code)
        #expect(relay.inside.session.pointee.openStreams == 0 && relay.outside.session.pointee.openStreams == 0)
    }

    /// The upstream does not read: the client may send what both windows on the way hold and not a byte more; as the
    /// upstream reads, as much follows. (Credit below half a window is given later, so the second window need not be
    /// full.)
    @Test func slowReaderStopsTheWriter() throws {
        var small = SessionLimits()
        small.streamWindow = 70_000
        let relay = Relay(middle: small, upstream: small)
        let all = pattern(400_000)
        let source = relay.client.body(all)
        let leg = try #require(relay.client.request(source))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        #expect(call.pointee.body.count == 70_000)
        #expect((all.count - 140_000...all.count - 105_000).contains(source.pointee.body.count))
        #expect((35_000...70_000).contains(relay.pool.pointee.buffered.bytes))
        var read: [UInt8] = []
        while read.count < all.count {
            let before = read.count
            read += call.takeAll(relay.upstream.pool)
            call.creditAll()
            relay.exchange()
            #expect(call.pointee.body.count <= 70_000 && relay.pool.pointee.buffered.bytes <= 70_000)
            if read.count == before { break }
        }
        let isSame = read == all
        #expect(isSame)
        #expect(call.pointee.hasEnded && relay.pool.pointee.buffered.bytes == 0)
        leg.reset(8)
    }

    @Test func slowClientStopsTheUpstream() throws {
        var small = SessionLimits()
        small.streamWindow = 70_000
        let relay = Relay(client: small, middle: small)
        let leg = try #require(relay.client.request(relay.client.body()))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        let reply = relay.upstream.body(pattern(300_000), ended: false)
        relay.upstream.server.respond(call, head: okHead.fields, bodyOf: reply)
        relay.exchange()
        #expect(leg.pointee.body.count == 70_000)
        #expect((160_000...195_000).contains(reply.pointee.body.count))
        #expect((35_000...70_000).contains(relay.pool.pointee.buffered.bytes))
        leg.creditAll()
        relay.exchange()
        #expect((105_000...140_000).contains(leg.pointee.body.count))
        leg.reset(8)
        relay.exchange()
        #expect(call.pointee.isClosed && relay.pool.pointee.buffered.bytes == 0)
    }

    /// One call that nobody reads does not stop the others: the connection's credit comes back as bytes arrive.
    @Test func stuckCallLeavesTheConnectionItsCredit() throws {
        var limits = SessionLimits()
        limits.streamWindow = 70_000
        limits.connectionWindow = 100_000
        let joined = Joined(server: limits)
        for _ in 0..<5 { _ = try #require(joined.client.request(joined.client.body(pattern(200_000)))) }
        joined.exchange()
        #expect(joined.server.streams.map { $0.pointee.body.count } == [70_000, 70_000, 70_000, 70_000, 70_000])
        let last = try #require(joined.client.request(joined.client.body(pattern(1000))))
        joined.exchange()
        let call = try #require(joined.server.stream(last.pointee.id))
        #expect(call.pointee.hasEnded && call.pointee.body.count == 1000)
    }

    @Test func discardedStreamGivesItsCreditBackAndHoldsNothingMore() throws {
        var limits = SessionLimits()
        limits.streamWindow = 70_000
        let joined = Joined(server: limits)
        let source = joined.client.body(pattern(500_000))
        _ = try #require(joined.client.request(source))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        #expect(joined.server.pool.pointee.buffered.bytes == 70_000)
        call.discard()
        joined.exchange()
        #expect(source.pointee.body.isEmpty && call.pointee.hasEnded)
        #expect(call.pointee.body.count == 70_000 && joined.server.pool.pointee.buffered.bytes == 70_000)
    }

    /// What was dropped must not look like an end: a stream that sends a discarded body never ends it.
    @Test func discardedBodyIsNeverPassedOnAsComplete() throws {
        var small = SessionLimits()
        small.streamWindow = 70_000
        let relay = Relay(upstream: small)
        let source = relay.client.body(pattern(80_000), ended: false)
        let leg = try #require(relay.client.request(source))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        let inside = try #require(relay.inside.session.pointee.firstOpen)
        #expect(call.pointee.body.count == 70_000)
        inside.discard()
        relay.client.append(pattern(500), to: source)
        source.pointee.hasEnded = true
        leg.resume()
        relay.exchange()
        #expect(inside.pointee.hasEnded)
        call.creditAll()
        relay.exchange()
        #expect(!call.pointee.hasEnded, "the upstream would take the rest of the body for all of it")
    }

    /// What a stream has passed on is not held any more, unless a second try was asked for.
    @Test func passedOnReplyIsNotHeld() throws {
        let relay = Relay()
        let leg = try #require(relay.client.request(relay.client.body()))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        let reply = relay.upstream.body(pattern(5000), ended: false)
        relay.upstream.server.respond(call, head: okHead.fields, bodyOf: reply)
        relay.exchange()
        #expect(leg.pointee.body.count == 5000)
        #expect(relay.pool.pointee.buffered.bytes == 0)
    }

    @Test func bodyCanBeSentTwice() throws {
        let joined = Joined()
        let body = joined.client.body(pattern(3000), ended: false)
        body.retainBody(upTo: 10_000)
        let first = try #require(joined.client.request(body))
        joined.exchange()
        #expect(body.pointee.body.isEmpty && body.pointee.body.isWhole)
        first.reset(8)
        joined.exchange()
        joined.client.append([1, 2, 3], to: body)
        body.pointee.hasEnded = true
        body.rewindBody()
        _ = try #require(joined.client.request(body))
        joined.exchange()
        #expect(try #require(joined.server.stream(3)).bytes == pattern(3000) + [1, 2, 3])
        body.stopRetainingBody(in: joined.client.pool)
        #expect(joined.client.pool.pointee.buffered.bytes == 0)
    }

    /// The client's account is told of every byte that waits on its behalf, and is not named once it has been left.
    @Test func accountFollowsTheBody() throws {
        let joined = Joined()
        let source = joined.client.body(pattern(100), ended: false)
        _ = try #require(joined.client.request(source))
        joined.exchange()
        let call = try #require(joined.server.streams.first)
        let account = UnsafeMutablePointer<BufferAccount>.allocate(capacity: 1)
        account.initialize(to: BufferAccount())
        call.enterAccount(account)
        #expect(account.pointee.bytes == 100)
        joined.client.append(pattern(50), to: source)
        joined.client.session.pointee.firstOpen?.resume()
        joined.exchange()
        #expect(account.pointee.bytes == 150)
        call.stopRetainingBody(in: joined.server.pool)
        #expect(account.pointee.bytes == 150)
        _ = call.takeAll(joined.server.pool)
        #expect(account.pointee.bytes == 0)
        call.leaveAccount()
        #expect(account.pointee.bytes == 0 && call.pointee.account == nil)
        account.deallocate()
    }

    /// Our own trailers end an answer in the middle; what its source still has is dropped.
    @Test func localTrailersEndAnAnswerInTheMiddle() throws {
        let relay = Relay()
        let leg = try #require(relay.client.request(relay.client.body()))
        relay.exchange()
        let call = try #require(relay.upstream.streams.first)
        let reply = relay.upstream.body(pattern(700), ended: false)
        relay.upstream.server.respond(call, head: okHead.fields, bodyOf: reply)
        relay.exchange()
        let inside = try #require(relay.inside.session.pointee.firstOpen)
        relay.upstream.append(pattern(300), to: reply)
        relay.inside.end(inside, with: LocalFields([("grpc-status", "4")]))
        relay.exchange()
        #expect(leg.bytes == pattern(700))
        #expect(leg.trailers == ["grpc-status: 4"])
        #expect(relay.client.events[leg] == [.head, .data, .end, .closed])
        #expect(call.pointee.isClosed && call.pointee.errorCode == 8)
        relay.inside.end(inside, with: LocalFields([("grpc-status", "5")]))
        relay.exchange()
        #expect(leg.trailers == ["grpc-status: 4"])
    }
}

extension StreamPointer {
    /// Reads what has arrived, as a stream that sends it on would, without giving credit.
    func takeAll(_ pool: UnsafeMutablePointer<SessionPool>) -> [UInt8] {
        let bytes = self.bytes
        let before = pointee.body.held
        var memory = [UInt8](repeating: 0, count: bytes.count + 1)
        memory.withUnsafeMutableBytes { _ = pointee.body.take(into: $0.baseAddress!, limit: bytes.count) }
        settleAccount(from: before, to: pointee.body.held, in: pool)
        return bytes
    }
}
