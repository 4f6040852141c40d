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
                count: count &- earlier.count, failed: failed &- earlier.failed,
                nanoseconds: nanoseconds &- earlier.nanoseconds)
        }
    }

    /// What was asked of one side of a migration.
    func traffic(migration: String, side: Int) -> Traffic {
        total(of: migration) { legs(method: $0, side: side) }
    }

    /// Calls of a migration that ended at a stage; 5 for those that had none.
    func traffic(migration: String, stage: Int) -> Traffic {
        total(of: migration) { calls(method: $0, stage: stage) }
    }

    private func total(of migration: String, _ group: (Int) -> Group) -> Traffic {
        names.methods.indices.filter { names.methods[$0].migration == migration }.reduce(Traffic()) {
            $0 + Traffic(group($1))
        }
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
