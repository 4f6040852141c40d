import Migration

@testable import Sidecar

/// Two migrations, two upstreams, one worker's counters.
final class StatsFixture {
    let names = CountedNames(
        methods: [
            .init(migration: "orders", name: "shop.v1.Orders/Get", kind: .singleQuery),
            .init(migration: "orders", name: "(other)", kind: .passThrough),
            .init(migration: "stock", name: "(other)", kind: .passThrough),
            .init(migration: "orders", name: "(unmatched)", kind: .passThrough),
        ],
        upstreams: ["orders-old", "orders-new"], migrations: ["orders", "stock"]
    )
    let workers: [WorkerCounters]
    let board: StatusBoard
    var process = ProcessStatistics()

    init(workers count: Int = 1) {
        workers = (0..<count).map { [names] _ in WorkerCounters(names) }
        board = StatusBoard(migrations: names.migrations, pinnedRecords: { [3, 0] })
        process.cpuSeconds = 1.25
        process.residentBytes = 12_345_678
        process.startSeconds = 1_700_000_000.5
    }

    deinit { for worker in workers { worker.free() } }

    var counters: WorkerCounters { workers[0] }

    var snapshot: StatsSnapshot {
        StatsSnapshot(workers, names: names, status: board.status, process: process)
    }

    static func summary(epoch: UInt64 = 12) -> SwitchSummary {
        SwitchSummary(
            epoch: epoch, phase: .migrating, enrolled: "all", gray: "1 allowed, 2.5 %",
            enrolledSize: GraySetSize(shareTimes100: 10_000), graySize: GraySetSize(allowed: 1, shareTimes100: 250),
            fingerprint: epoch)
    }

    /// One of everything that can be counted.
    func useEverything() {
        for counter in WorkerCounters.Counter.allCases { counters.add(counter, 3) }
        counters.add(.clientConnectionsAccepted, 2)
        for upstream in names.upstreams.indices {
            for counter in WorkerCounters.UpstreamCounter.allCases { counters.add(counter, upstream: upstream, 7) }
            counters.add(.connectionsOpened, upstream: upstream)
        }
        for migration in names.migrations.indices {
            for counter in WorkerCounters.MigrationCounter.allCases { counters.add(counter, migration: migration, 5) }
            counters.laneWaitEnded(migration: migration, nanoseconds: 2_500_000)
        }
        counters.batchEnded(nanoseconds: 400_000)
        for code in RefusalCode.allCases { counters.refused(code) }
        for method in names.methods.indices {
            for stage in UInt8(0)...5 {
                for status in UInt8(0)...16 {
                    counters.callStarted(method: method)
                    counters.callFinished(
                        method: method, stage: stage, status: status, nanoseconds: 50_000 << UInt64(status),
                        sideNanoseconds: 40_000)
                }
            }
            for side in UInt8(0)...1 {
                counters.legFinished(method: method, side: side, status: 5, nanoseconds: 777_777)
            }
        }
        board.set(state: .serving)
        board.set(switches: [Self.summary(), nil], heldNanoseconds: 2_000_000, time: 1_700_000_100.5)
    }
}
