import HTTP2
import Migration
import TestSupport
import Testing

@testable import Sidecar

/// Clients and sides that do anything at any time; in the end nothing may be left.
@Suite struct CallRandomTests {
    /// The world of one run: what is open, and one random step after the other.
    private final class World {
        let test: TestWorker
        var random: SeededRandom
        var clients: [ScriptedClient] = []
        var calls: [(client: ScriptedClient, call: PeerCall, body: StreamPointer)] = []
        var legs: [(leg: PeerCall, body: StreamPointer?)] = []
        var answered = 0

        init(seed: UInt64) throws {
            random = SeededRandom(seed: seed)
            var limits = Limits()
            limits.upstreamResetsBurst = 5
            limits.upstreamResetsPerSecond = 500
            limits.streamWindow = 70_000
            limits.connectionBuffer = 1 << 20
            limits.messageBytes = 100_000
            limits.upstreamQueue = 20
            limits.streamsPerConnection = 40
            limits.backoffMinimum = 1_000_000
            limits.backoffMaximum = 5_000_000
            test = try TestWorker(limits, stage: .dualOld, connected: false)
            test.old.limits.streams = 10
            test.worker.connect()
        }

        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        func step() throws {
            calls.removeAll { $0.call.isClosed || $0.call.link.descriptor < 0 }
            legs.removeAll { $0.leg.isClosed || $0.leg.link.descriptor < 0 }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<35: try begin()
            case 35..<50: continueRequest()
            case 50..<57: if let call = calls.randomElement(using: &random) { call.call.stream.reset(8) }
            case 57..<85: answer()
            case 85..<93: continueReply()
            case 93: try disturbClients()
            case 94: disturbSides()
            case 95: try changeSwitches()
            default:
                test.old.isAsleep = false
                test.new.isAsleep = false
                turn(Int.random(in: 1...6, using: &random))
            }
            if chance(60) { turn(1) }
        }

        func turn(_ count: Int) {
            var left = count
            test.until("turned") {
                left -= 1
                return left < 0
            }
        }

        private func begin() throws {
            if clients.count < 4 || chance(1) { clients.append(try test.client()) }
            guard let client = clients.randomElement(using: &random), calls.count(where: { $0.client === client }) < 30
            else { return }
            let paths: [StaticString] = [
                "/shop.Orders/Get", "/shop.Orders/Get", "/shop.Orders/List", "/shop.Orders/Talk", "/other.S/M",
            ]
            let path = paths.randomElement(using: &random) ?? "/"
            var message = framed(keyed("\(Int.random(in: 0..<20, using: &random))") + [0x12, 1, 65])
            if chance(20) { message += pattern(Int.random(in: 0...90_000, using: &random)) }
            if chance(5) { message[0] = 9 }
            let part = chance(70) ? message.count : Int.random(in: 0...message.count, using: &random)
            var fields: [(name: String, value: String)] = []
            if chance(15) { fields.append(("grpc-timeout", "\(Int.random(in: 0...30, using: &random))m")) }
            if chance(3) { fields.append(("x-bin", "!")) }
            guard client.link.descriptor >= 0, client.takesRequests else { return }
            let (call, body) = try client.call(
                path, Array(message.prefix(part)), ended: part == message.count && chance(85), fields)
            calls.append((client, call, body))
        }

        private func continueRequest() {
            guard let call = calls.randomElement(using: &random), !call.body.pointee.hasEnded else { return }
            let bytes = pattern(Int.random(in: 0...20_000, using: &random))
            call.client.add(bytes, to: call.body, of: call.call, ended: chance(50))
            if chance(50) { call.call.stream.creditAll() }
        }

        private func answer() {
            let side = test.backend(chance(60) ? .old : .new)
            guard let leg = side.take() else { return }
            answered += 1
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3: leg.fail([0, 3, 5, 5, 5, 13, 14].randomElement(using: &random) ?? 5)
            case 3: leg.reset([2, 7, 7, 8].randomElement(using: &random) ?? 7)
            default: legs.append((leg, leg.beginReply(pattern(Int.random(in: 0...40_000, using: &random)))))
            }
        }

        private func continueReply() {
            guard let index = legs.indices.randomElement(using: &random), let body = legs[index].body else { return }
            let leg = legs[index].leg
            leg.stream.creditAll()
            switch Int.random(in: 0..<4, using: &random) {
            case 0: leg.add(pattern(Int.random(in: 0...30_000, using: &random)), to: body)
            case 1: leg.reset(2)
            default:
                leg.end(status: [0, 0, 5, 8].randomElement(using: &random) ?? 0)
                legs.remove(at: index)
            }
        }

        private func disturbClients() throws {
            guard let client = clients.randomElement(using: &random) else { return }
            client.link.close()
            clients.removeAll { $0 === client }
        }

        private func disturbSides() {
            let side = test.backend(chance(50) ? .old : .new)
            guard let link = side.links.randomElement(using: &random), let server = (link.peer as? ServerPeer)?.server
            else { return }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: link.close()
            case 1: server.announceShutdown()
            case 2: server.shutDown()
            default: side.isAsleep.toggle()
            }
            side.forgetClosed()
        }

        private func changeSwitches() throws {
            if chance(50) { return try test.take(gray: ["1", "2", "3", "4", "5"]) }
            test.take(Stage.allCases.randomElement(using: &random) ?? .old)
        }
    }

    @Test(arguments: [71, 72, 73, 74, 75, 76] as [UInt64]) func nothingIsLeft(seed: UInt64) throws {
        let world = try World(seed: seed)
        for _ in 0..<1500 { try world.step() }
        #expect(world.answered > 50, "the sides were hardly asked")
        world.test.old.isAsleep = false
        world.test.new.isAsleep = false
        for client in world.clients { client.link.close() }
        world.test.until("the rest is over") {
            while let leg = world.test.old.take() { leg.fail(0) }
            while let leg = world.test.new.take() { leg.fail(0) }
            return world.test.calls == 0
        }
        world.test.finish()
    }
}
