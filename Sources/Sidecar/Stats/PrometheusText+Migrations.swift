/// What is counted for each migration: merges, fall-backs, writes on both sides, lanes.
extension PrometheusText {
    private static let counters: [(name: String, counter: WorkerCounters.MigrationCounter, help: String)] = [
        ("unmigrated_reads", .unmigratedReads, "Queries of gray keys that new did not have and old answered."),
        ("unmigrated_writes", .unmigratedWrites, "Writes of gray keys that new did not have and old took."),
        (
            "absent_fallbacks", .absentFallbacks,
            "Queries that the first side did not have, so that the other was asked."
        ),
        ("merged_queries", .mergedQueries, "Queries for many records that were asked of both sides."),
        ("merged_pages", .mergedPages, "Answers of sides that went into merged ones."),
        ("merged_rows", .mergedRows, "Rows of merged answers."),
        ("duplicates_dropped", .duplicatesDropped, "Rows that both sides returned, of which one was dropped."),
        (
            "suspects_looked_up", .suspectsLookedUp,
            "Records that only their follower returned, asked for by key on the authority."
        ),
        ("suspects_dropped", .suspectsDropped, "Rows that only the follower returned, of records the authority has."),
        ("suspects_kept", .suspectsKept, "Rows that only the follower returned, of records the authority lacks."),
        ("double_writes", .doubleWrites, "Writes that were begun on both sides."),
        ("records_not_copied", .recordsNotCopied, "Writes of records that one side does not have."),
        ("follower_failures", .followerFailures, "Writes that one side has and the other did not take."),
        ("writes_unsettled", .writesUnsettled, "Writes of which a side did not say what became of them."),
        ("records_dirty", .recordsDirty, "Writes after which the two sides of a record may differ."),
        ("records_stuck", .recordsStuck, "Writes that the follower definitely refused."),
    ]

    static func writeMigrations(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let migrations = Array(snapshot.names.migrations.enumerated())
        guard !migrations.isEmpty else { return }
        for (name, counter, help) in counters {
            writer.family("switchover_\(name)_total", .counter, help)
            for (index, migration) in migrations {
                writer.sample(
                    "switchover_\(name)_total", [("migration", migration)], snapshot[counter, migration: index])
            }
        }
        writer.family(
            "switchover_records_pinned", .gauge,
            "Records that keep the stage that they had before a change, since they are not at rest.")
        for (index, migration) in migrations {
            let pinned = snapshot.recordsPinned(migration: index)
            writer.sample("switchover_records_pinned", [("migration", migration)], pinned)
        }
        writeLanes(snapshot, migrations, &writer)
    }

    private static func writeLanes(
        _ snapshot: StatsSnapshot, _ migrations: [(offset: Int, element: String)], _ writer: inout MetricsWriter
    ) {
        writer.family("switchover_lanes_held", .gauge, "Records that are being written on both sides.")
        for (index, migration) in migrations {
            writer.sample("switchover_lanes_held", [("migration", migration)], snapshot.lanesHeld(migration: index))
        }
        writer.family("switchover_lanes_waiting", .gauge, "Writes that wait for an earlier one of the same record.")
        for (index, migration) in migrations {
            let waiting = snapshot.lanesWaiting(migration: index)
            writer.sample("switchover_lanes_waiting", [("migration", migration)], waiting)
        }
        writer.family(
            "switchover_lane_longest_wait_seconds", .gauge,
            "The longest since the start that a write waited for an earlier one of the same record.")
        for (index, migration) in migrations {
            let longest = MetricsWriter.seconds(snapshot[.longestLaneWait, migration: index])
            writer.sample("switchover_lane_longest_wait_seconds", [("migration", migration)], longest)
        }
        writer.family(
            "switchover_lane_wait_seconds", .histogram, "How long writes waited for earlier ones of the same record.")
        for (index, migration) in migrations {
            writer.histogram(
                "switchover_lane_wait_seconds", [("migration", migration)], snapshot.laneWaits(migration: index))
        }
    }
}
