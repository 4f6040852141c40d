import HTTP2
import Migration
import TestSupport
import Testing

@testable import Sidecar

/// Queries for one record at each stage, through a whole worker.
@Suite struct CallSingleQueryTests {
    /// What a side says.
    enum Says { case found, absent, failed, unreachable, reset }

    /// Who is asked, what each says, what the client hears: `status`, and from whose reply.
    struct Row: Sendable, CustomStringConvertible {
        let stage: Stage
        let first: (Side, Says)
        let second: (Side, Says)?
        let status: Int
        let from: Side?

        var description: String { "\(stage.name): \(first), \(second.map { "\($0)" } ?? "-") -> \(status)" }
    }

    static let rows = [
        Row(stage: .old, first: (.old, .found), second: nil, status: 0, from: .old),
        Row(stage: .old, first: (.old, .absent), second: nil, status: 5, from: .old),
        Row(stage: .old, first: (.old, .failed), second: nil, status: 13, from: .old),
        Row(stage: .dualOld, first: (.old, .found), second: nil, status: 0, from: .old),
        Row(stage: .dualOld, first: (.old, .failed), second: nil, status: 13, from: .old),
        Row(stage: .dualOld, first: (.old, .absent), second: (.new, .found), status: 0, from: .new),
        Row(stage: .dualOld, first: (.old, .absent), second: (.new, .absent), status: 5, from: .old),
        Row(stage: .dualOld, first: (.old, .absent), second: (.new, .failed), status: 14, from: nil),
        Row(stage: .dualOld, first: (.old, .absent), second: (.new, .unreachable), status: 14, from: nil),
        Row(stage: .dualOld, first: (.old, .absent), second: (.new, .reset), status: 14, from: nil),
        Row(stage: .dualOld, first: (.old, .unreachable), second: nil, status: 14, from: nil),
        Row(stage: .dualNew, first: (.new, .found), second: nil, status: 0, from: .new),
        Row(stage: .dualNew, first: (.new, .absent), second: (.old, .found), status: 0, from: .old),
        Row(stage: .dualNew, first: (.new, .absent), second: (.old, .absent), status: 5, from: .new),
        Row(stage: .dualNew, first: (.new, .absent), second: (.old, .failed), status: 14, from: nil),
        Row(stage: .dualNew, first: (.new, .unreachable), second: nil, status: 14, from: nil),
        Row(stage: .newMirrored, first: (.new, .absent), second: nil, status: 5, from: .new),
        Row(stage: .new, first: (.new, .found), second: nil, status: 0, from: .new),
        Row(stage: .new, first: (.new, .failed), second: nil, status: 13, from: .new),
    ]

    private func say(_ says: Says, _ leg: PeerCall, _ side: Side) {
        switch says {
        case .found: leg.reply(framed(Array("from \(side.name)".utf8)))
        case .absent: leg.fail(5, [("x-from", "\(side.name)")])
        case .failed: leg.fail(13, [("x-from", "\(side.name)")])
        case .reset: leg.reset(2)
        case .unreachable: leg.link.close()
        }
    }

    @Test(arguments: rows) func rowOfTheTable(row: Row) throws {
        let test = try TestWorker(stage: row.stage)
        let call = try test.client().unary("/shop.Orders/Get", keyed("367"))
        for (side, says) in [row.first] + (row.second.map { [$0] } ?? []) {
            let leg = try test.arrival(at: side)
            test.until("the message is there") { leg.hasEnded }
            #expect(leg.bytes == framed(keyed("367")) && leg.value("switchover-stage") == "\(row.stage.name)")
            say(says, leg, side)
        }
        test.over(call)
        #expect(call.status == row.status)
        switch row.from {
        case .some(let side) where row.status == 0: #expect(call.bytes == framed(Array("from \(side.name)".utf8)))
        case .some(let side): #expect(call.value("x-from") == "\(side.name)" && call.error == nil)
        case nil: #expect(call.error == "side-unreachable" && call.bytes.isEmpty)
        }
        test.settle()
        #expect(test.old.waiting.isEmpty && test.new.waiting.isEmpty)
        test.old.forgetClosed()
        test.new.forgetClosed()
        test.finish()
    }

    @Test func withoutFallbackAbsentIsTheAnswer() throws {
        let test = try TestWorker(stage: .dualNew, TestWorker.services("gray_fallback: off"))
        let call = try test.client().unary("/shop.Orders/Get", keyed("1"))
        try test.arrival(at: .new).fail(5)
        test.over(call)
        #expect(call.status == 5 && test.old.waiting.isEmpty)
        test.finish()
    }

    /// The second side's own deadline or cancellation is passed on by its name.
    @Test(arguments: [1, 4]) func endOfTheCallOnTheSecondSideIsItsEnd(status: Int) throws {
        let test = try TestWorker(stage: .dualOld)
        let call = try test.client().unary("/shop.Orders/Get", keyed("1"))
        try test.arrival(at: .old).fail(5)
        try test.arrival(at: .new).fail(status)
        test.over(call)
        #expect(call.status == status)
        test.finish()
    }

    // MARK: - The key decides

    @Test func grayKeysAreReadFromNew() throws {
        let test = try TestWorker()
        try test.take(gray: ["406", ""])
        let client = try test.client()
        for (key, side, stage) in [("406", Side.new, "dualNew"), ("367", .old, "dualOld"), ("4066", .old, "dualOld")] {
            let call = try client.unary("/shop.Orders/Get", keyed(key))
            let leg = try test.arrival(at: side)
            #expect(leg.value("switchover-stage") == stage)
            leg.reply([1])
            test.over(call)
            #expect(call.status == 0)
        }
        test.finish()
    }

    /// The message may come in any pieces, and is sent on whole.
    @Test(arguments: [1, 4, 5, 6, 10]) func keyIsReadFromAMessageInPieces(piece: Int) throws {
        let test = try TestWorker()
        try test.take(gray: ["406"])
        let client = try test.client()
        let all = framed(keyed("406") + [0x12, 3, 1, 2, 3])
        let (call, body) = try client.call("/shop.Orders/Get", Array(all.prefix(piece)), ended: false)
        for start in stride(from: piece, to: all.count, by: piece) {
            test.settle()
            client.add(Array(all[start..<min(start + piece, all.count)]), to: body, of: call)
        }
        test.settle()
        #expect(test.new.waiting.isEmpty)
        client.add([], to: body, of: call, ended: true)
        let leg = try test.arrival(at: .new)
        test.until("the message is there") { leg.hasEnded }
        #expect(leg.bytes == all)
        leg.reply([])
        test.over(call)
        test.finish()
    }

    @Test(
        arguments: [
            (framed([]), 3, "missing-key"), (framed([0x12, 1, 65]), 3, "missing-key"),
            (framed([0x08, 1]), 3, "missing-key"), (framed([0x0a, 9, 65]), 3, "malformed-message"),
            (framed([0x0a]), 3, "malformed-message"),
            (framed(keyed("406"), compressed: true), 12, "compressed-message"),
            ([2, 0, 0, 0, 0], 3, "malformed-message"), (framed(keyed("406")) + [0], 3, "malformed-message"),
            (Array(framed(keyed("406")).dropLast()), 3, "malformed-message"), ([], 3, "malformed-message"),
            ([0, 0, 0], 3, "malformed-message"), ([0, 0xff, 0xff, 0xff, 0xff, 1], 8, "message-too-large"),
            (framed([0x0a, 0x80, 0x10] + [UInt8](repeating: 65, count: 2048)), 3, "malformed-message"),
        ] as [([UInt8], Int, String)])
    func unreadableMessagesAreRefused(bytes: [UInt8], status: Int, error: String) throws {
        let test = try TestWorker()
        try test.take(gray: ["406"])
        let (call, _) = try test.client().call("/shop.Orders/Get", bytes)
        test.over(call)
        #expect(call.status == status && call.error == error)
        test.settle()
        #expect(test.old.waiting.isEmpty && test.new.waiting.isEmpty)
        test.finish()
    }

    @Test func encodingIsRefusedWhereTheKeyIsNeeded() throws {
        let test = try TestWorker()
        try test.take(gray: ["406"])
        let client = try test.client()
        let call = try client.unary("/shop.Orders/Get", keyed("406"), [("grpc-encoding", "zstd")])
        test.over(call)
        #expect(call.status == 12 && call.value("grpc-accept-encoding") == "identity,deflate,gzip")
        let other = try client.unary("/shop.Orders/List", [1], [("grpc-encoding", "gzip")])
        try test.arrival(at: .old).reply([])
        test.over(other)
        #expect(other.status == 0)
        test.finish()
    }

    @Test func messageLimitIsExact() throws {
        var limits = Limits()
        limits.messageBytes = 2000
        let test = try TestWorker(limits)
        try test.take(gray: ["406"])
        let client = try test.client()
        let message = keyed("406") + [0x12, 0xc8, 0x0f] + [UInt8](repeating: 7, count: 1992)
        #expect(message.count == 2000)
        let call = try client.unary("/shop.Orders/Get", message)
        try test.arrival(at: .new).reply([])
        test.over(call)
        #expect(call.status == 0)
        let tooLarge = try client.unary("/shop.Orders/Get", message + [0])
        test.over(tooLarge)
        #expect(tooLarge.status == 8 && tooLarge.error == "message-too-large")
        test.finish()
    }

    // MARK: - The second try

    /// A message that is larger than what is kept for the second side cannot be sent to it: that call fails, the
    /// process does not.
    @Test func messageTooLargeForASecondSideIsRefused() throws {
        var limits = Limits()
        limits.messageBytes = 2000
        let test = try TestWorker(limits, stage: .dualOld)
        let call = try test.client().unary("/shop.Orders/Get", pattern(100_000))
        let leg = try test.arrival(at: .old)
        test.until("all of it is there") { leg.hasEnded }
        leg.fail(5)
        test.over(call)
        #expect(call.status == 8 && call.error == "message-too-large" && test.new.waiting.isEmpty)
        test.finish()
    }

    /// Old says *absent* before it has read everything; new gets the whole message all the same, what is still to
    /// come included.
    @Test(arguments: [true, false]) func secondSideGetsTheWholeMessage(isReset: Bool) throws {
        let test = try TestWorker(stage: .dualOld)
        let client = try test.client()
        let all = framed(keyed("9") + pattern(3000))
        let (call, body) = try client.call("/shop.Orders/Get", Array(all.prefix(1000)), ended: false)
        let leg = try test.arrival(at: .old)
        test.until("the first part is there") { leg.bytes.count == 1000 }
        leg.fail(5)
        let second = try test.arrival(at: .new)
        client.add(Array(all[1000...]), to: body, of: call, ended: true)
        test.until("all of it is there") { second.hasEnded }
        let isSame = second.bytes == all
        #expect(isSame)
        second.reply(framed([1]))
        test.over(call)
        #expect(call.status == 0 && call.bytes == framed([1]))
        test.finish()
    }

    /// A held reply that is larger than any *absent* goes to the client as it comes.
    @Test func largeReplyIsNotHeldForEver() throws {
        var limits = Limits()
        limits.messageBytes = 100_000
        let test = try TestWorker(limits, stage: .dualOld)
        let (call, _) = try test.client().call("/shop.Orders/Get", framed(keyed("9")))
        let leg = try test.arrival(at: .old)
        let all = pattern(600_000)
        _ = leg.beginReply(all)
        test.until("it arrives before its end") {
            call.stream.creditAll()
            return call.bytes.count == all.count
        }
        leg.end(status: 0)
        test.over(call)
        let isSame = call.bytes == all
        #expect(isSame && call.status == 0 && test.new.waiting.isEmpty)
        test.finish()
    }

    @Test func clientGoneBetweenTheSidesLeavesNothing() throws {
        let test = try TestWorker(stage: .dualOld)
        let client = try test.client()
        let call = try client.unary("/shop.Orders/Get", keyed("1"))
        try test.arrival(at: .old).fail(5)
        let leg = try test.arrival(at: .new)
        call.stream.reset(8)
        test.until("the second leg is reset") { leg.isClosed }
        #expect(leg.code == 8)
        test.finish()
    }

    /// A call keeps the switches it arrived with, whatever they become.
    @Test func callIsDecidedOnce() throws {
        let test = try TestWorker(stage: .dualOld)
        let call = try test.client().unary("/shop.Orders/Get", keyed("1"))
        let leg = try test.arrival(at: .old)
        test.take(.new)
        leg.fail(5)
        let second = try test.arrival(at: .new)
        #expect(second.value("switchover-stage") == "dualOld")
        second.fail(5)
        test.over(call)
        test.finish()
    }
}
