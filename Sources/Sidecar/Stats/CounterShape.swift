/// Where the cells of `WorkerCounters` are. Nothing here is looked up: a call's cells are a few additions away.
package struct CounterShape: Sendable, Equatable {
    let methods: Int
    let migrations: Int
    let upstreams: Int
    private let firstMigration: Int
    private let firstMethod: Int

    init(_ names: CountedNames) {
        self.init(
            methods: names.methods.count, migrations: names.migrations.count, upstreams: names.upstreams.count)
    }

    init(methods: Int, migrations: Int, upstreams: Int) {
        self.methods = methods
        self.migrations = migrations
        self.upstreams = upstreams
        firstMigration = Self.firstUpstream + upstreams * Self.upstreamCells
        firstMethod = firstMigration + migrations * Self.migrationCells
    }

    static var statuses: Int { 17 }
    static var stages: Int { 6 }
    /// Buckets, then the sum.
    static var histogramCells: Int { LatencyBuckets.count + 1 }
    /// Statuses, then a histogram.
    static var groupCells: Int { statuses + histogramCells }
    /// Within a method: calls begun, then the stages' groups, then the sides', then the histogram of own times.
    static func stageGroup(_ stage: Int) -> Int { 1 + stage * groupCells }
    static func sideGroup(_ side: Int) -> Int { 1 + (stages + side) * groupCells }
    static var ownTimes: Int { sideGroup(2) }
    static var methodCells: Int { ownTimes + histogramCells }
    /// Within a migration: counters, then the histogram of lane waits.
    static var laneWaits: Int { WorkerCounters.MigrationCounter.longestLaneWait.rawValue + 1 }
    static var migrationCells: Int { laneWaits + histogramCells }

    static var refusals: Int { WorkerCounters.Counter.heartbeat.rawValue + 1 }
    private static var firstUpstream: Int { refusals + RefusalCode.allCases.count }
    private static var upstreamCells: Int { WorkerCounters.UpstreamCounter.resetsPaced.rawValue + 1 }

    func upstream(_ index: Int) -> Int { Self.firstUpstream + index * Self.upstreamCells }
    func migration(_ index: Int) -> Int { firstMigration + index * Self.migrationCells }
    func method(_ index: Int) -> Int { firstMethod + index * Self.methodCells }
    var cellCount: Int { method(methods) }
}
