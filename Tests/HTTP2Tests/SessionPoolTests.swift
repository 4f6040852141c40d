import TestSupport
import Testing

@testable import HTTP2

/// Ten thousand random calls over recycled streams: what one call left behind must not show in another.
@Suite struct SessionPoolTests {
    /// What a call is meant to be on both sides.
    private final class Plan {
        let number: Int
        let fields: LocalFields
        let request: [UInt8]
        let reply: [UInt8]
        let ending: Ending
        let trailers: LocalFields
        var leg: StreamPointer?
        var call: StreamPointer?
        var isAnswered = false
        var isDone = false
        var loose: [(Peer, StreamPointer)] = []

        enum Ending: CaseIterable { case reply, trailersOnly, early, clientReset, serverReset }

        init(_ number: Int, _ random: inout SeededRandom) {
            self.number = number
            let extra = (0..<Int.random(in: 0...4, using: &random)).map {
                (name: "x-\($0)\($0 == 2 ? "-bin" : "")", value: "\(number)")
            }
            fields = LocalFields([(name: "x-call", value: "\(number)")] + extra)
            fieldTexts = (["x-call: \(number)"] + extra.map { "\($0.name): \($0.value)" })
            request = random.bytes(atMost: random.chance(1, in: 50) ? 3000 : 40)
            reply = random.bytes(atMost: random.chance(1, in: 50) ? 3000 : 40)
            ending = random.chance(1, in: 3) ? Ending.allCases.randomElement(using: &random)! : .reply
            trailers = LocalFields([("grpc-status", "\(number % 17)"), ("x-end", "\(number)")])
        }

        let fieldTexts: [String]
        var trailerTexts: [String] { ["grpc-status: \(number % 17)", "x-end: \(number)"] }
    }

    @Test(arguments: [41, 42] as [UInt64]) func recycledStreamsRememberNothing(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var limits = SessionLimits()
        limits.resetBurst = 1_000_000
        let joined = Joined(server: limits)
        var open: [Plan] = []
        var begun = 0
        while begun < 5000 || !open.isEmpty {
            while begun < 5000, open.count < 25 {
                open.append(try begin(begun, joined, &random))
                begun += 1
            }
            joined.exchange()
            for plan in open { try advance(plan, joined) }
            joined.exchange()
            for plan in open { try finish(plan, joined) }
            open.removeAll { $0.isDone }
        }
        #expect(joined.client.session.pointee.openStreams == 0 && joined.server.session.pointee.openStreams == 0)
        #expect(joined.client.pool.pointee.buffered.bytes == 0 && joined.server.pool.pointee.buffered.bytes == 0)
    }

    private func begin(_ number: Int, _ joined: Joined, _ random: inout SeededRandom) throws -> Plan {
        let plan = Plan(number, &random)
        let body = joined.client.body(plan.request, ended: plan.ending == .reply || plan.ending == .trailersOnly)
        plan.loose.append((joined.client, body))
        let leg = try #require(joined.client.request(plan.fields, body))
        #expect(leg.pointee.isFresh)
        plan.leg = leg
        return plan
    }

    /// The server side: compares the request and does what the plan says.
    private func advance(_ plan: Plan, _ joined: Joined) throws {
        guard !plan.isAnswered, let leg = plan.leg else { return }
        guard let call = joined.server.stream(leg.pointee.id) else { return }
        plan.call = call
        plan.isAnswered = true
        #expect(Array(call.head.dropFirst(6)) == plan.fieldTexts)
        let isSame = call.bytes == plan.request
        #expect(isSame && call.pointee.trailers.isEmpty && call.pointee.errorCode == 0)
        switch plan.ending {
        case .reply, .early:
            let reply = joined.server.body(plan.reply, ended: false)
            plan.loose.append((joined.server, reply))
            joined.server.server.respond(call, head: okHead.fields, bodyOf: reply)
            joined.exchange()
            joined.server.server.end(call, with: plan.trailers)
        case .trailersOnly:
            joined.server.server.respond(call, with: LocalFields([(":status", "200"), ("grpc-status", "3")]))
        case .clientReset: leg.reset(8)
        case .serverReset: call.reset(2)
        }
    }

    private func finish(_ plan: Plan, _ joined: Joined) throws {
        guard plan.isAnswered else { return }
        let leg = try #require(plan.leg)
        let call = try #require(plan.call)
        #expect(leg.pointee.isClosed && call.pointee.isClosed)
        let isSame = leg.bytes == plan.reply
        switch plan.ending {
        case .reply, .early:
            #expect(isSame && leg.trailers == plan.trailerTexts && leg.head == [":status: 200", okType])
            #expect(leg.pointee.hasEnded && leg.pointee.errorCode == 0)
        case .trailersOnly:
            #expect(leg.head == [":status: 200", "grpc-status: 3"] && leg.trailers.isEmpty && leg.bytes.isEmpty)
        case .clientReset, .serverReset:
            #expect(leg.pointee.fields.isEmpty && leg.bytes.isEmpty && !leg.pointee.hasEnded)
            #expect(leg.pointee.errorCode == (plan.ending == .clientReset ? 8 : 2))
        }
        joined.client.recycle(leg)
        joined.server.recycle(call)
        for (peer, body) in plan.loose { peer.release(body) }
        plan.isDone = true
    }

    private let okType = "content-type: application/grpc"

    @Test func listOfDirtySessionsSurvivesTheEndOfAny() {
        for victim in 0..<3 {
            let pool = SessionPool.make(limits: SessionLimits())
            var sessions = (0..<3).map { _ in ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool)).session }
            #expect(sessions.remove(at: victim).destroy() == nil)
            var popped: [SessionPointer] = []
            while let session = pool.popDirty() { popped.append(session) }
            #expect(Set(popped) == Set(sessions) && popped.count == 2)
            for session in sessions {
                session.markDirty()
                session.markDirty()
                #expect(session.destroy() == nil)
            }
            #expect(pool.popDirty() == nil)
            pool.destroy()
        }
    }

    @Test func pastTheFreeListStreamsAreFreed() {
        let pool = SessionPool.make(limits: SessionLimits())
        let streams = (0..<3000).map { _ in pool.newStream() }
        for stream in streams { pool.recycle(stream) }
        let again = (0..<1024).map { _ in pool.newStream() }
        #expect(Set(again).isSubset(of: Set(streams)) && Set(again).count == 1024)
        for stream in again { pool.recycle(stream) }
        pool.destroy()
    }
}

extension Stream {
    /// As a request that has just been made: nothing of an earlier call.
    fileprivate var isFresh: Bool {
        fields.isEmpty && trailers.isEmpty && body.isEmpty && events == .none && !isHeadComplete && !hasEnded
            && !isClosed && errorCode == 0 && uncredited == 0 && account == nil && !isDiscarding && localTrailers == nil
            && localHead == nil && !isDeferred && owner == nil && nextTouched == nil && !isTouched
    }
}
