import EventLoop
import HTTP2
import Migration
import TestSupport
import Testing

@testable import Sidecar

/// Calls through a whole worker: real sockets, scripted peers, one thread.
@Suite struct CallTests {
    @Test func unaryPassesThrough() throws {
        let test = try TestWorker()
        let client = try test.client()
        let call = try client.unary(
            "/shop.Orders/List", [1, 2, 3], [("x-a", "1"), ("grpc-timeout", "9S"), ("switchover-stage", "forged")])
        let leg = try test.arrival(at: .old)
        test.until("the message is there") { leg.hasEnded }
        #expect(leg.bytes == framed([1, 2, 3]))
        #expect(
            leg.value("x-a") == "1" && leg.value("switchover-stage") == "old" && leg.value("switchover-epoch") == "12")
        #expect(leg.head.count { $0.hasPrefix("switchover-stage") } == 1 && leg.value("grpc-timeout") != nil)
        leg.reply(framed(pattern(1000)))
        test.over(call)
        #expect(call.bytes == framed(pattern(1000)) && call.status == 0 && call.value("x-end") == "1")
        #expect(call.code == 0 && test.new.waiting.isEmpty)
        test.finish()
    }

    @Test(arguments: [1, 5, 9, 16]) func statusesPassThroughUntouched(status: Int) throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/List", [])
        try test.arrival(at: .old).fail(status, [("grpc-message", "a%20b"), ("x-c-bin", "AAE")])
        test.over(call)
        #expect(
            call.head == [
                ":status: 200", "content-type: application/grpc", "grpc-status: \(status)", "grpc-message: a%20b",
                "x-c-bin: AAE",
            ])
        test.finish()
    }

    @Test(arguments: [(Stage.old, Side.old), (.dualOld, .old), (.dualNew, .old), (.newMirrored, .new), (.new, .new)])
    func passThroughFollowsTheTotalSwitch(stage: Stage, side: Side) throws {
        let test = try TestWorker(stage: stage)
        let call = try test.client().unary("/shop.Orders/List", [])
        let leg = try test.arrival(at: side)
        let named = stage == .dualOld || stage == .dualNew ? "old" : "\(stage.name)"
        #expect(leg.value("switchover-stage") == named)
        leg.reply([])
        test.over(call)
        #expect(call.status == 0 && test.backend(side.other).waiting.isEmpty)
        test.finish()
    }

    /// Messages go both ways while the call is open.
    @Test func streamsPassThroughBothWays() throws {
        let test = try TestWorker()
        let client = try test.client()
        let (call, body) = try client.call("/shop.Orders/Talk", framed([0]), ended: false)
        let leg = try test.arrival(at: .old)
        let reply = leg.beginReply()
        test.until("the head comes before any message") { call.stream.pointee.isHeadComplete }
        for round in 1...20 as ClosedRange<UInt8> {
            leg.add(framed([round]), to: reply)
            test.until("round \(round) out") { call.bytes.count == 6 * Int(round) }
            client.add(framed([round]), to: body, of: call, ended: round == 20)
            test.until("round \(round) in") { leg.bytes.count == 6 * (Int(round) + 1) }
        }
        test.until("the end comes") { leg.hasEnded }
        leg.end(status: 0)
        test.over(call)
        #expect(call.bytes == (1...20).flatMap { framed([$0]) } && leg.bytes == (0...20).flatMap { framed([$0]) })
        test.finish()
    }

    /// A client that does not read stops its upstream, and no other call.
    @Test func slowClientStopsItsUpstreamAlone() throws {
        var limits = Limits()
        limits.streamWindow = 70_000
        let test = try TestWorker(limits)
        var window = SessionLimits()
        window.streamWindow = 70_000
        let client = try test.client(window)
        let (slow, _) = try client.call("/shop.Orders/Watch", framed([]))
        let leg = try test.arrival(at: .old)
        let all = pattern(400_000)
        let reply = leg.beginReply(all)
        test.until("what the windows take has gone") { slow.bytes.count == 70_000 }
        test.settle()
        #expect(reply.pointee.body.count >= 400_000 - 140_000 && test.bufferedBytes <= 70_000)
        let quick = try client.unary("/shop.Orders/List", [])
        try test.arrival(at: .old).reply([7])
        test.over(quick)
        #expect(quick.bytes == [7])
        test.until("all of it arrives") {
            slow.stream.creditAll()
            return slow.bytes.count == all.count
        }
        leg.end(status: 0)
        test.over(slow)
        let isSame = slow.bytes == all
        #expect(isSame && slow.status == 0)
        test.finish()
    }

    // MARK: - Refusals

    @Test func unknownServiceIsUnimplemented() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/other.Service/Get", [])
        test.over(call)
        #expect(call.status == 12 && call.error == "unknown-method")
        test.finish()
    }

    @Test func noSwitchesIsUnavailable() throws {
        let test = try TestWorker(stage: nil)
        let call = try test.client().unary("/shop.Orders/List", [])
        test.over(call)
        #expect(call.status == 14 && call.error == "no-switches")
        test.finish()
    }

    /// Refused while its body is still coming: the answer arrives all the same.
    @Test func refusalReachesAClientThatStillSends() throws {
        let test = try TestWorker()
        let client = try test.client()
        let (call, _) = try client.call("/other.Service/Put", framed(pattern(200)), ended: false)
        test.over(call)
        #expect(call.status == 12 && call.error == "unknown-method" && call.code == 0)
        test.finish()
    }

    /// Metadata past the limit is named as such, whatever of it was dropped.
    @Test(arguments: [true, false]) func tooMuchMetadataIsNamed(isLast: Bool) throws {
        var limits = Limits()
        limits.metadataBytes = 1000
        let test = try TestWorker(limits)
        let client = try test.client()
        test.until("the client knows the limit") { client.link.peer.notices.contains(.settings) }
        let start = [
            (name: ":method", value: "POST"), (":scheme", "http"), (":path", "/shop.Orders/List"), (":authority", "a"),
        ]
        let large = [
            (name: "x-large", value: String(repeating: "v", count: 700)),
            ("x-more", String(repeating: "v", count: 300)),
        ]
        let type = [(name: "content-type", value: "application/grpc"), ("te", "trailers")]
        let call = try client.raw(start + (isLast ? large + type : type + large))
        test.over(call)
        #expect(call.status == 8 && call.error == "metadata-too-large")
        test.finish()
    }

    /// A gRPC request has no trailers. Well-formed ones are passed on; what would break the connection that all share
    /// is not.
    @Test(
        arguments: [
            ([("x-end", "1"), ("e-bin", "AAE")], nil), ([("e-bin", "!")], "malformed-metadata"),
            ([("x", "\u{e9}")], "malformed-metadata"), ([("grpc-timeout", "soon")], "malformed-metadata"),
            ([("grpc-encoding", "a b")], "malformed-metadata"),
            ((0..<150).map { ("x-\($0)", "v") }, "metadata-too-large"),
        ] as [([(String, String)], String?)])
    func requestTrailersAreChecked(trailers: [(String, String)], error: String?) throws {
        let test = try TestWorker()
        let client = try test.client()
        let (call, _) = try client.call("/shop.Orders/Put", framed([1]), ended: false)
        let leg = try test.arrival(at: .old)
        test.until("the message is there") { leg.bytes == framed([1]) }
        client.link.write(Frames.headers(stream: UInt32(call.stream.pointee.id), trailers))
        if let error {
            // The session of the test has not heard of the end that was written beside it.
            test.until("the client hears the end") { call.hasEnded }
            call.stream.reset(8)
            #expect(call.error == error)
            test.until("the leg is reset") { leg.isClosed }
            #expect(leg.code == 8 && !leg.hasEnded && leg.trailers.isEmpty)
        } else {
            test.until("they are passed on") { leg.hasEnded }
            #expect(leg.trailers == trailers.map { "\($0.0): \($0.1)" })
            leg.fail(0)
            test.until("the client hears the end") { call.hasEnded }
            call.stream.reset(8)
        }
        test.finish()
    }

    // MARK: - Deadlines

    @Test func deadlinePassesWhileTheReplyIsAwaited() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/List", [], [("grpc-timeout", "30m")])
        let leg = try test.arrival(at: .old)
        test.over(call)
        // Nobody has declared that the method only reads: it may have been carried out.
        #expect(call.status == 4 && call.error == "outcome-unknown")
        #expect(call.value("grpc-message")?.contains("may have been made") == true)
        test.until("the leg is reset") { leg.isClosed }
        #expect(leg.code == 8)
        test.finish()
    }

    @Test func deadlinePassesInTheMiddleOfAnAnswer() throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/Watch", [], [("grpc-timeout", "40m")])
        let leg = try test.arrival(at: .old)
        _ = leg.beginReply(framed([1]))
        test.over(call)
        #expect(call.bytes == framed([1]) && call.trailers.first == "grpc-status: 4")
        test.until("the leg is reset") { leg.isClosed }
        test.finish()
    }

    @Test func deadlinePassesWhileTheMessageIsComing() throws {
        let test = try TestWorker()
        try test.take(gray: ["7"])
        let (call, _) = try test.client().call(
            "/shop.Orders/Get", Array(framed(keyed("7")).prefix(6)), ended: false, [("grpc-timeout", "20m")])
        test.over(call)
        #expect(call.status == 4 && test.old.waiting.isEmpty && test.new.waiting.isEmpty)
        test.finish()
    }

    @Test func deadlinePassesInTheQueue() throws {
        let test = try TestWorker(connected: false)
        // Nobody accepts: the connection is being made, and calls wait for it.
        test.old.isAsleep = true
        test.worker.connect()
        let call = try test.client().unary("/shop.Orders/List", [], [("grpc-timeout", "20m")])
        test.until("queued") { test.upstream(.old).pointee.queue.count == 1 }
        test.over(call)
        #expect(call.status == 4 && test.upstream(.old).pointee.queue.count == 0)
        test.old.isAsleep = false
        test.settle()
        #expect(test.old.waiting.isEmpty)
        test.finish()
    }

    /// What is left of the deadline is passed on, never more.
    @Test func deadlineIsLessenedByTheWait() throws {
        let test = try TestWorker(connected: false)
        test.old.isAsleep = true
        test.worker.connect()
        let call = try test.client().unary("/shop.Orders/List", [], [("grpc-timeout", "90S")])
        test.until("queued") { test.upstream(.old).pointee.queue.count == 1 }
        let arrived = test.loop.pointee.now
        test.until("some time passes") { test.loop.pointee.now > arrived + 3_000_000 }
        test.old.isAsleep = false
        let leg = try test.arrival(at: .old)
        let text = try #require(leg.value("grpc-timeout"))
        #expect(text.hasSuffix("u"))
        #expect(try #require(Int(text.dropLast())) < 89_999_000)
        leg.fail(0)
        test.over(call)
        test.finish()
    }

    // MARK: - Cancellation

    @Test func clientResetReachesTheUpstream() throws {
        let test = try TestWorker()
        let client = try test.client()
        let (call, _) = try client.call("/shop.Orders/Talk", framed([1]), ended: false)
        let leg = try test.arrival(at: .old)
        call.stream.reset(8)
        test.until("the leg is reset") { leg.isClosed }
        #expect(leg.code == 8)
        test.finish()
    }

    @Test func clientResetInTheMiddleOfAnAnswerReachesTheUpstream() throws {
        let test = try TestWorker()
        let (call, _) = try test.client().call("/shop.Orders/Watch", framed([1]))
        let leg = try test.arrival(at: .old)
        _ = leg.beginReply(framed([1]))
        test.until("the answer has begun") { !call.bytes.isEmpty }
        call.stream.reset(8)
        test.until("the leg is reset") { leg.isClosed }
        #expect(leg.code == 8)
        test.finish()
    }

    @Test func clientResetInTheQueueAsksNobody() throws {
        let test = try TestWorker(connected: false)
        test.old.isAsleep = true
        test.worker.connect()
        let client = try test.client()
        let calls = try (0..<3).map { _ in try client.unary("/shop.Orders/List", []) }
        test.until("queued") { test.upstream(.old).pointee.queue.count == 3 }
        calls[1].stream.reset(8)
        test.until("left the queue") { test.upstream(.old).pointee.queue.count == 2 }
        test.old.isAsleep = false
        for call in [calls[0], calls[2]] {
            try test.arrival(at: .old).fail(0)
            test.over(call)
        }
        test.settle()
        #expect(test.old.waiting.isEmpty)
        test.finish()
    }

    @Test(arguments: [2, 8, 11] as [UInt32]) func upstreamResetReachesTheClient(code: UInt32) throws {
        let test = try TestWorker()
        let call = try test.client().unary("/shop.Orders/List", [])
        try test.arrival(at: .old).reset(code)
        test.over(call)
        #expect(call.code == code && call.head.isEmpty)
        test.finish()
    }

    @Test func upstreamResetInTheMiddleOfAnAnswerReachesTheClient() throws {
        let test = try TestWorker()
        let (call, _) = try test.client().call("/shop.Orders/Watch", framed([1]))
        let leg = try test.arrival(at: .old)
        _ = leg.beginReply(framed([5]))
        test.until("the answer has begun") { !call.bytes.isEmpty }
        leg.reset(2)
        test.over(call)
        #expect(call.code == 2 && !call.hasEnded)
        test.finish()
    }

    /// An upstream that answers before the request has ended, and does not mind the rest.
    @Test(arguments: [true, false]) func earlyAnswerEndsTheCall(isReset: Bool) throws {
        let test = try TestWorker()
        let (call, _) = try test.client().call("/shop.Orders/Put", framed([1]), ended: false)
        let leg = try test.arrival(at: .old)
        leg.fail(9)
        if isReset { leg.link.pump() }
        test.over(call)
        #expect(call.status == 9 && call.code == 0)
        test.finish()
    }

    @Test func clientGoneWithManyCallsLeavesNothing() throws {
        let test = try TestWorker()
        try test.take(gray: ["7"])
        let client = try test.client()
        for _ in 0..<20 { _ = try client.unary("/shop.Orders/List", [1]) }
        for _ in 0..<20 { _ = try client.call("/shop.Orders/Talk", framed(pattern(5000)), ended: false) }
        for _ in 0..<10 { _ = try client.call("/shop.Orders/Get", Array(framed(keyed("7")).prefix(3)), ended: false) }
        for _ in 0..<5 { _ = try client.unary("/shop.Orders/Get", keyed("7")) }
        test.until("all are there") { test.old.waiting.count == 40 && test.new.waiting.count == 5 && test.calls == 55 }
        for _ in 0..<10 { _ = try #require(test.old.take()).beginReply(framed([1])) }
        test.settle()
        client.link.close()
        test.until("no call is left") { test.calls == 0 }
        #expect(test.old.resets(8) == 40 && test.new.resets(8) == 5)
        test.finish()
    }
}
