import HTTP2
import Testing

@testable import Sidecar

@Suite struct ConnectionGateTests {
    @Test(arguments: [
        ([(0, 0), (0, 0), (0, 0)], 0), ([(0, 1), (0, 0), (0, 1)], 1), ([(1, 0), (0, 9), (0, 8)], 2),
        ([(5, 1), (2, 7), (3, 0)], 1), ([(0, 2)], 0),
    ])
    func fewestCallsThenFewestConnections(shares: [(calls: Int, connections: Int)], expected: Int) {
        let shares = shares.map { WorkerShare(calls: $0.calls, connections: $0.connections) }
        #expect(WorkerShare.fewest(shares) == expected)
    }

    /// Connections that come one after the other, before the first call, are spread evenly.
    @Test func idleConnectionsAreSpread() {
        var connections = [0, 0, 0, 0]
        for _ in 0..<10 {
            connections[WorkerShare.fewest(connections.map { WorkerShare(calls: 0, connections: $0) })] += 1
        }
        #expect(connections == [3, 3, 2, 2])
    }

    @Test func theConnectionThatIsIdleLongestIsFoundOverAllWorkers() {
        var round = IdleRound(workers: 3)
        round.answered(1, nil)
        #expect(!round.isComplete)
        round.answered(0, 70)
        round.answered(2, 60)
        #expect(round.isComplete && round.longestIdle == 2)
        var busy = IdleRound(workers: 2)
        busy.answered(0, nil)
        busy.answered(1, nil)
        #expect(busy.isComplete && busy.longestIdle == nil)
    }

    @Test func onceAMinuteIsLoggedHowOftenItHappened() {
        var log = RareLog()
        let minute: UInt64 = 60_000_000_000
        #expect(log.event(at: minute) == 1)
        #expect(log.event(at: minute + 1) == nil && log.event(at: 2 * minute - 1) == nil)
        #expect(log.event(at: 2 * minute) == 3)
        #expect(log.event(at: 2 * minute + 1) == nil)
    }

    @Test func whoIsRefusedIsToldWhyInHTTP2() throws {
        let frames = RefusedConnection.frames
        #expect(Array(frames.prefix(9)) == [0, 0, 0, 4, 0, 0, 0, 0, 0])
        let goAway = frames.dropFirst(9)
        #expect(Int(Array(goAway)[2]) == goAway.count - 9 && Array(goAway)[3] == 7 && Array(goAway)[16] == 0xb)
        #expect(String(decoding: goAway.dropFirst(17), as: UTF8.self).contains("limits.connections"))
    }
}
