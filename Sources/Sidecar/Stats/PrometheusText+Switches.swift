import Migration

/// The switches and what became of their changes.
extension PrometheusText {
    static func writeSwitches(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        writer.single("switchover_ready", .gauge, snapshot.readiness.isReady ? 1 : 0, "1 while calls are welcome.")
        let known = zip(snapshot.names.migrations, snapshot.switches).compactMap { name, switches in
            switches.map { (name: name, switches: $0) }
        }
        writer.single(
            "switchover_migrations_without_switches", .gauge, snapshot.names.migrations.count - known.count,
            "Migrations whose calls are refused, since no switches are known."
        )
        writeChanges(snapshot, &writer)
        guard !known.isEmpty else { return }
        writer.family("switchover_switches_epoch", .gauge, "The number of the last change of the migration's switches.")
        for (name, switches) in known {
            writer.sample("switchover_switches_epoch", [("migration", name)], switches.epoch)
        }
        writer.family("switchover_switches_phase", .gauge, "1 for the phase that the migration is in.")
        for (name, switches) in known {
            for phase in Phase.allCases {
                let labels = [(name: "migration", value: name), (name: "phase", value: phase.name)]
                writer.sample("switchover_switches_phase", labels, switches.phase == phase ? 1 : 0)
            }
        }
        writeSets(known, &writer)
    }

    private static func writeSets(
        _ known: [(name: String, switches: SwitchSummary)], _ writer: inout MetricsWriter
    ) {
        let sets = known.flatMap { name, switches in
            [("enrolled", switches.enrolledSize), ("gray", switches.graySize)].map { set, size in
                (labels: [(name: "migration", value: name), (name: "set", value: set)], size: size)
            }
        }
        writer.family("switchover_switches_keys", .gauge, "Gray keys that a set lists.")
        for (labels, size) in sets {
            writer.sample("switchover_switches_keys", labels + [("list", "allow")], size.allowed)
            writer.sample("switchover_switches_keys", labels + [("list", "deny")], size.denied)
        }
        writer.family(
            "switchover_switches_share_ratio", .gauge, "Share of the gray keys that are not listed that is in the set.")
        for (labels, size) in sets {
            writer.sample("switchover_switches_share_ratio", labels, "\(Double(size.shareTimes100) / 10_000)")
        }
    }

    private static func writeChanges(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let changes = snapshot.changes
        writer.single(
            "switchover_switch_file_refused", .gauge, changes.isFileRefused ? 1 : 0,
            "1 while the switch file is not taken; the last good switches stay in force.")
        writer.single(
            "switchover_switch_file_refusals_total", .counter, changes.fileRefusals,
            "Contents of the switch file that were not taken.")
        writer.single(
            "switchover_switch_changes_total", .counter, changes.made, "Changes of the switches that came into force.")
        writer.single(
            "switchover_switch_changes_taken_back_total", .counter, changes.takenBackCount,
            "Times that a change took too long, so that what was in force stayed so.")
        writer.single(
            "switchover_switch_change_waiting", .gauge, changes.isWaiting ? 1 : 0,
            "1 while a change that was taken back is tried again.")
        writer.family(
            "switchover_switch_change_hold_seconds", .gauge,
            "How long the last change held the writes of the keys that it moved.")
        writer.sample(
            "switchover_switch_change_hold_seconds", [], MetricsWriter.seconds(changes.lastHoldNanoseconds))
        let times = zip(snapshot.names.migrations, changes.lastTimes).compactMap { name, time in
            time.map { (name: name, time: $0) }
        }
        guard !times.isEmpty else { return }
        writer.family(
            "switchover_switches_last_change_timestamp_seconds", .gauge,
            "When the migration's switches last changed, in seconds since 1970.")
        for (name, time) in times {
            writer.sample(
                "switchover_switches_last_change_timestamp_seconds", [("migration", name)], "\(time)")
        }
    }
}
