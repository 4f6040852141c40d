import Glibc
import Synchronization
import Testing

@testable import Sidecar

@Suite struct WorkerCountersTests {
    @Test func everyCellIsItsOwn() {
        let fixture = StatsFixture()
        let counters = fixture.counters
        var amount: UInt64 = 1
        for counter in WorkerCounters.Counter.allCases {
            counters.add(counter, amount)
            amount += 1
        }
        for upstream in 0..<2 {
            for counter in WorkerCounters.UpstreamCounter.allCases {
                counters.add(counter, upstream: upstream, amount)
                amount += 1
            }
        }
        for migration in 0..<2 {
            for counter in WorkerCounters.MigrationCounter.allCases {
                counters.add(counter, migration: migration, amount)
                amount += 1
            }
        }
        for (index, code) in RefusalCode.allCases.enumerated() { for _ in 0...index { counters.refused(code) } }
        let snapshot = fixture.snapshot
        var expected: UInt64 = 1
        for counter in WorkerCounters.Counter.allCases {
            #expect(snapshot[counter] == expected)
            expected += 1
        }
        for upstream in 0..<2 {
            for counter in WorkerCounters.UpstreamCounter.allCases {
                #expect(snapshot[counter, upstream: upstream] == expected)
                expected += 1
            }
        }
        for migration in 0..<2 {
            for counter in WorkerCounters.MigrationCounter.allCases {
                #expect(snapshot[counter, migration: migration] == expected)
                expected += 1
            }
            #expect(snapshot.laneWaits(migration: migration).count == 0)
        }
        for (index, code) in RefusalCode.allCases.enumerated() { #expect(snapshot.refusals(code) == UInt64(index + 1)) }
        for method in 0..<4 { #expect(snapshot.callsStarted(method: method) == 0) }
    }

    @Test func callsAreCountedWhereTheyBelong() {
        let fixture = StatsFixture()
        let counters = fixture.counters
        for method in 0..<4 {
            for stage in 0..<6 {
                for _ in 0..<(method * 10 + stage) {
                    counters.callStarted(method: method)
                    counters.callFinished(
                        method: method, stage: UInt8(stage), status: UInt8(method),
                        nanoseconds: 100_000 + UInt64(stage), sideNanoseconds: 0
                    )
                }
            }
            for side in 0..<2 {
                for _ in 0...(method + side * 4) {
                    counters.legFinished(method: method, side: UInt8(side), status: 14, nanoseconds: 3_000_000_000)
                }
            }
        }
        let snapshot = fixture.snapshot
        for method in 0..<4 {
            #expect(snapshot.callsInFlight(method: method) == 0)
            for stage in 0..<6 {
                let group = snapshot.calls(method: method, stage: stage)
                let expected = UInt64(method * 10 + stage)
                #expect(group.count == expected)
                #expect((0..<17).map { group.count(status: $0) } == (0..<17).map { $0 == method ? expected : 0 })
                #expect(group.count(bucket: stage == 0 ? 2 : 3) == expected)
                #expect(group.totalNanoseconds == expected * (100_000 + UInt64(stage)))
                #expect(group.isUsed == (expected > 0))
            }
            for side in 0..<2 {
                let group = snapshot.legs(method: method, side: side)
                #expect(group.count(status: 14) == UInt64(method + side * 4 + 1))
                #expect(group.count == group.count(status: 14))
            }
        }
    }

    @Test func whatTheHopTookIsWhatTheSidesDidNot() {
        let fixture = StatsFixture()
        let counters = fixture.counters
        for (total, side) in [(UInt64(500_000), UInt64(440_000)), (100, 100), (100, 900)] {
            counters.callFinished(method: 1, stage: 2, status: 0, nanoseconds: total, sideNanoseconds: side)
        }
        let own = fixture.snapshot.ownTimes(method: 1)
        #expect(own.count == 3)
        #expect(own.totalNanoseconds == 60_000)
        #expect(own.count(bucket: 0) == 2)
        #expect(own.count(bucket: 1) == 1)
        #expect(fixture.snapshot.ownTimes(method: 0).count == 0)
        #expect(fixture.snapshot.legs(method: 1, side: 1).count == 0)
    }

    @Test func lanesAreCountedByMigrationAndTheLongestWaitIsTheGreatestOfAllWorkers() {
        let fixture = StatsFixture(workers: 2)
        for (worker, wait) in zip(fixture.workers, [UInt64(7_000_000), 3_000_000]) {
            worker.add(.lanesWaited, migration: 1, 3)
            worker.add(.lanesEntered, migration: 1, 2)
            worker.add(.lanesLeft, migration: 1)
            worker.laneWaitEnded(migration: 1, nanoseconds: wait)
        }
        let snapshot = fixture.snapshot
        #expect(snapshot[.longestLaneWait, migration: 1] == 7_000_000)
        #expect(snapshot.laneWaits(migration: 1).totalNanoseconds == 10_000_000)
        #expect(snapshot.lanesWaiting(migration: 1) == 4)
        #expect(snapshot.lanesHeld(migration: 1) == 2)
        #expect(snapshot.lanesHeld(migration: 0) == 0)
    }

    @Test func aWorkersLongestBatchIsKeptBesideTheSum() {
        let fixture = StatsFixture(workers: 2)
        for time in [UInt64(5), 90, 20] { fixture.workers[1].batchEnded(nanoseconds: time) }
        #expect(fixture.snapshot.busyNanoseconds == [0, 115])
        #expect(fixture.snapshot.longestBatchNanoseconds == [0, 90])
    }

    @Test func numbersOutOfRangeAreCountedAsUnknownAndUndecided() {
        let fixture = StatsFixture()
        fixture.counters.callStarted(method: 3)
        fixture.counters.callFinished(method: 3, stage: 200, status: 99, nanoseconds: .max, sideNanoseconds: 0)
        let group = fixture.snapshot.calls(method: 3, stage: 5)
        #expect(group.count(status: 2) == 1)
        #expect(group.count(bucket: LatencyBuckets.count - 1) == 1)
    }

    @Test func gaugesAreDifferencesAndNeverNegative() {
        let fixture = StatsFixture(workers: 2)
        fixture.workers[0].add(.clientConnectionsAccepted, 5)
        fixture.workers[1].add(.clientConnectionsAccepted, 1)
        fixture.workers[1].add(.clientConnectionsClosed, 2)
        fixture.workers[1].add(.connectionsClosed, upstream: 1)
        fixture.workers[0].add(.callsQueued, upstream: 1, 4)
        fixture.workers[0].add(.callsUnqueued, upstream: 1, 1)
        fixture.workers[0].callStarted(method: 0)
        fixture.workers[0].callStarted(method: 0)
        fixture.workers[0].callFinished(method: 0, stage: 0, status: 0, nanoseconds: 1, sideNanoseconds: 0)
        let snapshot = fixture.snapshot
        #expect(snapshot.openClientConnections == 4)
        #expect(snapshot.openConnections(upstream: 1) == 0)
        #expect(snapshot.waitingCalls(upstream: 1) == 3)
        #expect(snapshot.callsInFlight(method: 0) == 1)
    }

    /// Two threads count, each in its own worker, while a third reads: sums only grow, and at the end nothing is
    /// missing.
    @Test func countsAreReadWhileTheyAreWritten() {
        let fixture = StatsFixture(workers: 2)
        let rounds = 20_000
        let writers = fixture.workers.map { counters in
            CountingThread {
                for _ in 0..<rounds {
                    counters.callStarted(method: 1)
                    counters.add(.clientBytesReceived, 10)
                    counters.callFinished(method: 1, stage: 2, status: 0, nanoseconds: 60_000, sideNanoseconds: 0)
                }
            }
        }
        var last: UInt64 = 0
        for _ in 0..<50 {
            let snapshot = fixture.snapshot
            let count = snapshot.calls(method: 1, stage: 2).count
            #expect(count >= last)
            last = count
        }
        for writer in writers { writer.join() }
        let group = fixture.snapshot.calls(method: 1, stage: 2)
        #expect(group.count == UInt64(rounds * 2))
        #expect(group.totalNanoseconds == UInt64(rounds * 2 * 60_000))
        #expect(fixture.snapshot[.clientBytesReceived] == UInt64(rounds * 20))
    }

    private final class CountingThread: @unchecked Sendable {
        // Sendable because `handle` is its creator's alone.
        private var handle = pthread_t()
        private let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
            pthread_create(
                &handle, nil,
                { context in
                    Unmanaged<CountingThread>.fromOpaque(context!).takeRetainedValue().body()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
        }

        func join() { pthread_join(handle, nil) }
    }
}
