import Migration

/// Counters as they were at times of the last minute, so that what happened within it can be told.
struct RecentTraffic {
    /// How often a snapshot is to be kept, nanoseconds.
    static let intervalNanoseconds: UInt64 = 5_000_000_000
    static let spanNanoseconds: UInt64 = 60_000_000_000

    private var kept: [(at: UInt64, snapshot: StatsSnapshot)] = []

    /// - Parameter now: monotonic nanoseconds, never less than the last time's.
    mutating func keep(_ snapshot: StatsSnapshot, at now: UInt64) {
        kept.append((now, snapshot))
        // One that is older than the span stays, so that the span is always covered.
        while kept.count > 1, kept[1].at + Self.spanNanoseconds <= now { kept.removeFirst() }
    }

    /// The counters a minute ago, or as long ago as they are known.
    var earlier: StatsSnapshot? { kept.first?.snapshot }
}

extension StatsSnapshot {
    /// Calls, failures and durations of a group of counters.
    struct Traffic {
        var count: UInt64 = 0
        var failed: UInt64 = 0
        var nanoseconds: UInt64 = 0

        static func + (one: Traffic, other: Traffic) -> Traffic {
            Traffic(
                count: one.count + other.count, failed: one.failed + other.failed,
                nanoseconds: one.nanoseconds + other.nanoseconds)
        }

        /// What came after `earlier`.
        func since(_ earlier: Traffic) -> Traffic {
            Traffic(
                count: Self.growth(count, earlier.count), failed: Self.growth(failed, earlier.failed),
                nanoseconds: Self.growth(nanoseconds, earlier.nanoseconds))
        }

        /// Counters that were not read at one instant may seem to shrink.
        private static func growth(_ now: UInt64, _ earlier: UInt64) -> UInt64 { now > earlier ? now - earlier : 0 }
    }

    /// What was asked of one side of a migration; what the sidecar cancelled itself has not failed.
    func traffic(migration: String, side: Int) -> Traffic {
        var traffic = total(of: migration, where: { _ in true }, { legs(method: $0, side: side) })
        traffic.failed -= min(traffic.failed, asksCancelled(migration: migration, side: side))
        return traffic
    }

    /// What was asked of a side and cancelled by the sidecar itself.
    func asksCancelled(migration: String, side: Int) -> UInt64 {
        guard let index = names.migrations.firstIndex(of: migration) else { return 0 }
        return self[side == 0 ? .oldAsksCancelled : .newAsksCancelled, migration: index]
    }

    /// Calls of a migration that ended at a stage; 5 for those that had none.
    func traffic(migration: String, stage: Int) -> Traffic {
        total(of: migration, where: { _ in true }, { calls(method: $0, stage: stage) })
    }

    /// Calls of a migration's methods that follow the total switch alone (`isPassed`), or of all others.
    func traffic(migration: String, isPassed: Bool) -> Traffic {
        (0..<CounterShape.stages).reduce(Traffic()) { sum, stage in
            sum
                + total(
                    of: migration, where: { ($0.kind == CallKind.passThrough.name) == isPassed },
                    { calls(method: $0, stage: stage) })
        }
    }

    /// Whether a method of the service was called that the configuration lists.
    func hasCalls(ofService service: String) -> Bool {
        names.methods.indices.contains { index in
            names.methods[index].name.hasPrefix(service + "/") && callsStarted(method: index) > 0
        }
    }

    private func total(
        of migration: String, where isWanted: (CountedNames.Method) -> Bool, _ group: (Int) -> Group
    ) -> Traffic {
        names.methods.indices.filter { names.methods[$0].migration == migration && isWanted(names.methods[$0]) }
            .reduce(Traffic()) { $0 + Traffic(group($1)) }
    }
}

extension StatsSnapshot.Traffic {
    /// Statuses OK (0) and NOT_FOUND (5) are no failures: finding nothing is an answer.
    init(_ group: StatsSnapshot.Group) {
        let statuses = (0..<CounterShape.statuses).map { group.count(status: $0) }
        count = statuses.reduce(0, +)
        failed = count - statuses[0] - statuses[5]
        nanoseconds = group.totalNanoseconds
    }
}
