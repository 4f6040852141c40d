import EventLoop
import Foundation
import Glibc
import HTTP2
import Migration
import TestSupport
import Testing

@testable import Sidecar

/// Connections of clients: their beginning, their end, and what they may not do.
@Suite struct ClientConnectionTests {
    @Test func otherProtocolsAreToldWhereTheyAre() throws {
        let test = try TestWorker()
        let (inside, outside) = try Sockets.pair()
        test.worker.accept(inside)
        #expect("GET / HTTP/1.1\r\n\r\n".withCString { send(outside, $0, strlen($0), 0) } == 18)
        test.until("closed") { test.connections == 0 }
        var answer = [UInt8](repeating: 0, count: 1000)
        let count = recv(outside, &answer, answer.count, 0)
        let text = String(decoding: answer.prefix(max(count, 0)), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 505 ") && parts.count == 2)
        #expect(text.contains("Content-Length: \(parts.last?.utf8.count ?? 0)\r\n"))
        close(outside)
        test.finish()
    }

    @Test func silentClientIsCutOff() throws {
        var limits = Limits()
        limits.handshakeTimeout = 10_000_000
        let test = try TestWorker(limits)
        let (inside, outside) = try Sockets.pair()
        test.worker.accept(inside)
        test.until("cut off") { test.connections == 0 }
        close(outside)
        test.finish()
    }

    /// The one whose last call is longest ago goes, with GOAWAY; those with calls stay.
    @Test func theLongestIdleMakesRoom() throws {
        let test = try TestWorker()
        let clients = try (0..<4).map { _ in try test.client() }
        test.until("all are there") { test.connections == 4 }
        let busy = try clients[0].unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        for index in [2, 1, 3] {
            let call = try clients[index].unary("/shop.Orders/List", [1])
            try test.arrival(at: .old).fail(0)
            test.over(call)
        }
        for (gone, left) in [(2, 3), (1, 2), (3, 1)] {
            test.worker.closeLongestIdle()
            test.until("one has gone") { clients[gone].link.isClosed && test.connections == left }
            #expect(clients[gone].link.peer.notices.contains(.goAway))
        }
        test.worker.closeLongestIdle()
        #expect(test.worker.longestIdle == nil && test.connections == 1)
        leg.fail(0)
        test.over(busy)
        #expect(busy.status == 0)
        test.until("it is idle now") { test.worker.longestIdle != nil }
        test.finish()
    }

    /// Somebody who connects and says nothing, and somebody who reads nothing any more, keep no place.
    @Test func theSilentMakeRoomToo() throws {
        let test = try TestWorker()
        let (inside, outside) = try Sockets.pair()
        test.worker.accept(inside)
        test.until("it is there") { test.connections == 1 }
        test.worker.closeLongestIdle()
        #expect(test.connections == 0)
        close(outside)
        test.finish()
    }

    @Test func floodEndsTheConnectionAndItsCalls() throws {
        var limits = Limits()
        limits.idleFramesBurst = 10
        limits.idleFramesPerSecond = 1
        let test = try TestWorker(limits)
        let client = try test.client()
        let bystander = try test.client()
        let call = try client.unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        client.link.write((0..<20).flatMap { _ in Frames.ping() })
        test.until("the connection is closed") { client.link.isClosed && test.connections == 1 }
        #expect(client.link.peer.notices.contains(.goAway) && !call.hasEnded)
        test.until("the leg is reset") { leg.isClosed }
        let other = try bystander.unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).fail(0)
        test.over(other)
        #expect(other.status == 0)
        test.finish()
    }

    /// A budget that was spent long ago is full again, though nothing has happened since.
    @Test func budgetFillsWhileNothingHappens() throws {
        var limits = Limits()
        limits.idleFramesBurst = 5
        limits.idleFramesPerSecond = 1000
        let test = try TestWorker(limits)
        let client = try test.client()
        test.until("served") { client.link.peer.notices.contains(.settings) }
        let start = test.loop.pointee.now
        test.until("the opening is long ago") { test.loop.pointee.now > start + 20_000_000 }
        client.link.write((0..<5).flatMap { _ in Frames.ping() })
        test.settle()
        let spent = test.loop.pointee.now
        test.until("the budget is full again") { test.loop.pointee.now > spent + 20_000_000 }
        client.link.write((0..<5).flatMap { _ in Frames.ping() })
        var left = 30
        test.until("settled") {
            // As after a long sleep: what the sessions were last told of the time is old.
            test.worker.pointee.sessions.pointee.now = spent
            left -= 1
            return left < 0
        }
        #expect(!client.link.isClosed && test.connections == 1)
        test.finish()
    }

    @Test func idleClientIsAskedToGo() throws {
        var limits = Limits()
        limits.idleTimeout = 1
        let test = try TestWorker(limits)
        let client = try test.client()
        test.until("asked to go and gone") { client.link.isClosed && test.connections == 0 }
        #expect(client.link.peer.notices.contains(.goAway))
        test.finish()
    }

    // MARK: - Drain

    /// Told to go, the client ends what it has begun; nothing fails.
    @Test func drainLetsCallsEnd() throws {
        let test = try TestWorker()
        let client = try test.client()
        let idle = try test.client()
        let call = try client.unary("/shop.Orders/List", [1])
        let leg = try test.arrival(at: .old)
        let empty = Told()
        test.worker.watchForEmptiness { empty.count += 1 }
        test.worker.leave()
        test.until("all are told") {
            client.link.peer.notices.contains(.goAway) && idle.link.isClosed && test.connections == 1
        }
        #expect(empty.count == 0 && !call.isClosed)
        let late = try Sockets.pair()
        test.worker.accept(late.0)
        #expect(test.connections == 1)
        close(late.1)
        leg.reply([1])
        test.over(call)
        #expect(call.status == 0)
        test.until("the last is gone") { test.connections == 0 }
        #expect(empty.count == 1)
        test.finish()
    }

    /// Calls that cross the notice are still taken: the first GOAWAY names no last stream.
    @Test func callsThatCrossTheNoticeAreServed() throws {
        let test = try TestWorker()
        let client = try test.client()
        test.until("served") { client.link.peer.notices.contains(.settings) }
        test.worker.leave()
        let call = try client.unary("/shop.Orders/List", [1])
        try test.arrival(at: .old).reply([])
        test.over(call)
        #expect(call.status == 0)
        test.until("gone") { test.connections == 0 }
        test.finish()
    }

    @Test func endOfAllEndsWhatIsLeft() throws {
        let test = try TestWorker()
        let client = try test.client()
        for _ in 0..<3 { _ = try client.unary("/shop.Orders/List", [1]) }
        test.until("all are there") { test.old.waiting.count == 3 }
        test.worker.endAll()
        test.until("all is gone") { client.link.isClosed && test.calls == 0 && test.open(.old) == 0 }
        test.finish()
    }

    /// Counts on the test's thread alone.
    private final class Told: @unchecked Sendable {
        var count = 0
    }
}
