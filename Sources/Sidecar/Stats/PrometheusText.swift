import Migration
import WireFormat

/// A snapshot as Prometheus scrapes it. Of what is counted by method only the series in use appear.
package enum PrometheusText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package static func render(_ snapshot: StatsSnapshot) -> String {
        var writer = MetricsWriter()
        writeCalls(snapshot, &writer)
        writeSides(snapshot, &writer)
        writeOwnTimes(snapshot, &writer)
        writeMigrations(snapshot, &writer)
        writeClients(snapshot, &writer)
        writeUpstreams(snapshot, &writer)
        writeSwitches(snapshot, &writer)
        writeProcess(snapshot, &writer)
        return writer.text
    }

    /// The stage's name by its number; 5 is a call that ended before it had one.
    static func stageName(_ index: Int) -> String { Stage(rawValue: UInt8(index)).map { "\($0.name)" } ?? "undecided" }

    static func sideName(_ index: Int) -> String { index == 0 ? "\(Side.old.name)" : "\(Side.new.name)" }

    static func statusName(_ index: Int) -> String {
        GRPCStatus(rawValue: UInt8(index)).map { "\($0.name)" } ?? "UNKNOWN"
    }

    // MARK: - Calls

    private typealias Series = (labels: [MetricsWriter.Label], group: StatsSnapshot.Group)

    private static func writeCalls(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let series = snapshot.names.methods.indices.flatMap { method in
            (0..<CounterShape.stages).map { stage -> Series in
                (labels(snapshot, method) + [("stage", stageName(stage))], snapshot.calls(method: method, stage: stage))
            }
        }
        write(
            series, "switchover_calls_total", "Calls that ended, by what their clients were told.",
            "switchover_call_duration_seconds", "From a call's arrival to its end.", &writer
        )
        let used = snapshot.names.methods.indices.filter { snapshot.callsStarted(method: $0) > 0 }
        if !used.isEmpty { writer.family("switchover_calls_in_flight", .gauge, "Calls that have begun and not ended.") }
        for method in used {
            writer.sample(
                "switchover_calls_in_flight", labels(snapshot, method), snapshot.callsInFlight(method: method))
        }
        writer.family(
            "switchover_refusals_total", .counter, "Calls that the sidecar answered itself, by switchover-error.")
        for code in RefusalCode.allCases {
            writer.sample("switchover_refusals_total", [("code", code.text)], snapshot.refusals(code))
        }
        writer.single(
            "switchover_retries_total", .counter, snapshot[.retries],
            "Calls sent a second time, since the first had provably not been processed."
        )
    }

    /// What the hop itself costs: time in which a call waits here, and time in which the loops compute.
    private static func writeOwnTimes(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let used = snapshot.names.methods.indices.filter { snapshot.ownTimes(method: $0).count > 0 }
        if !used.isEmpty {
            writer.family(
                "switchover_hop_duration_seconds", .histogram,
                "Part of a call's duration in which no side was being asked.")
        }
        for method in used {
            writer.histogram(
                "switchover_hop_duration_seconds", labels(snapshot, method), snapshot.ownTimes(method: method))
        }
        writer.family(
            "switchover_worker_busy_seconds_total", .counter, "Time in which the worker's loop did not sleep.")
        for (worker, time) in snapshot.busyNanoseconds.enumerated() {
            let labels = [(name: "worker", value: "\(worker)")]
            writer.sample("switchover_worker_busy_seconds_total", labels, MetricsWriter.seconds(time))
        }
        writer.family(
            "switchover_worker_longest_batch_seconds", .gauge,
            "The longest since the start that the worker's loop worked without looking for news.")
        for (worker, time) in snapshot.longestBatchNanoseconds.enumerated() {
            let labels = [(name: "worker", value: "\(worker)")]
            writer.sample("switchover_worker_longest_batch_seconds", labels, MetricsWriter.seconds(time))
        }
    }

    private static func writeSides(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let series = snapshot.names.methods.indices.flatMap { method in
            (0..<2).map { side -> Series in
                (labels(snapshot, method) + [("side", sideName(side))], snapshot.legs(method: method, side: side))
            }
        }
        write(
            series, "switchover_side_calls_total", "Askings of a side that ended, by what it said.",
            "switchover_side_duration_seconds", "From asking a side to the end of its answer.", &writer
        )
    }

    private static func labels(_ snapshot: StatsSnapshot, _ method: Int) -> [MetricsWriter.Label] {
        let names = snapshot.names.methods[method]
        return [("migration", names.migration), ("method", names.name), ("kind", names.kind)]
    }

    private static func write(
        _ series: [Series], _ counter: String, _ counterHelp: String, _ histogram: String, _ histogramHelp: String,
        _ writer: inout MetricsWriter
    ) {
        let used = series.filter { $0.group.isUsed }
        guard !used.isEmpty else { return }
        writer.family(counter, .counter, counterHelp)
        for (labels, group) in used {
            for status in 0..<CounterShape.statuses where group.count(status: status) > 0 {
                writer.sample(counter, labels + [("status", statusName(status))], group.count(status: status))
            }
        }
        writer.family(histogram, .histogram, histogramHelp)
        for (labels, group) in used { writer.histogram(histogram, labels, group.durations) }
    }

    // MARK: - Connections

    private static func writeClients(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        writer.single(
            "switchover_client_connections", .gauge, snapshot.openClientConnections, "Client connections that are open."
        )
        let counters: [(name: String, counter: WorkerCounters.Counter, help: String)] = [
            ("connections_accepted", .clientConnectionsAccepted, "Client connections that were taken."),
            (
                "connections_refused", .clientConnectionsRefused,
                "Client connections closed at once: there were too many, and all had calls."
            ),
            (
                "connections_idle_closed", .idleConnectionsClosed,
                "Client connections closed to make room: they had been idle longest."
            ),
            ("cancellations", .clientCancellations, "Calls that clients reset before their end."),
            ("protocol_errors", .protocolErrors, "Client connections closed because they broke HTTP/2's rules."),
            ("floods", .floodsClosed, "Client connections closed because they sent too many resets or empty frames."),
            ("received_bytes", .clientBytesReceived, "Bytes from clients."),
            ("sent_bytes", .clientBytesSent, "Bytes to clients."),
        ]
        for (name, counter, help) in counters {
            writer.single("switchover_client_\(name)_total", .counter, snapshot[counter], help)
        }
        writer.single(
            "switchover_buffered_bytes", .gauge, snapshot[.bufferedBytes],
            "Message bytes waiting in memory, once a second."
        )
    }

    private static func writeUpstreams(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let counters: [(name: String, counter: WorkerCounters.UpstreamCounter, help: String)] = [
            ("connections_opened", .connectionsOpened, "Connections to the upstream that came about."),
            ("connect_failures", .connectFailures, "Attempts to connect that failed."),
            ("queued_calls", .callsQueued, "Calls that had to wait for room on a connection."),
            ("resets_sent", .resetsSent, "Streams that were reset."),
            ("resets_paced", .resetsPaced, "Resets held back, so that the upstream does not take them for a flood."),
            ("received_bytes", .bytesReceived, "Bytes from the upstream."),
            ("sent_bytes", .bytesSent, "Bytes to the upstream."),
        ]
        let upstreams = snapshot.names.upstreams
        guard !upstreams.isEmpty else { return }
        writer.family("switchover_upstream_connections", .gauge, "Connections to the upstream that are open.")
        for (index, name) in upstreams.enumerated() {
            let open = snapshot.openConnections(upstream: index)
            writer.sample("switchover_upstream_connections", [("upstream", name)], open)
        }
        writer.family("switchover_upstream_waiting_calls", .gauge, "Calls that wait for room on a connection.")
        for (index, name) in upstreams.enumerated() {
            let waiting = snapshot.waitingCalls(upstream: index)
            writer.sample("switchover_upstream_waiting_calls", [("upstream", name)], waiting)
        }
        for (name, counter, help) in counters {
            writer.family("switchover_upstream_\(name)_total", .counter, help)
            for (index, upstream) in upstreams.enumerated() {
                let value = snapshot[counter, upstream: index]
                writer.sample("switchover_upstream_\(name)_total", [("upstream", upstream)], value)
            }
        }
    }

    // MARK: - The rest

    private static func writeProcess(_ snapshot: StatsSnapshot, _ writer: inout MetricsWriter) {
        let process = snapshot.process
        writer.family("switchover_build_info", .gauge, "1; the build that runs is in the labels.")
        writer.sample("switchover_build_info", [("version", Version.current)], 1)
        writer.single(
            "switchover_log_lines_lost_total", .counter, snapshot.lostLogLines,
            "Log lines that could not be written, or that nobody read in time.")
        writer.single("switchover_workers", .gauge, snapshot.workers, "Event loops that serve calls.")
        writer.family("process_cpu_seconds_total", .counter, "User and system CPU time.")
        writer.sample("process_cpu_seconds_total", [], "\(process.cpuSeconds)")
        writer.single("process_resident_memory_bytes", .gauge, process.residentBytes, "Resident memory.")
        writer.single("process_virtual_memory_bytes", .gauge, process.virtualBytes, "Virtual memory.")
        writer.single("process_open_fds", .gauge, process.openDescriptors, "Open file descriptors.")
        if let limit = process.maxDescriptors {
            writer.single("process_max_fds", .gauge, limit, "File descriptors that may be open.")
        }
        writer.single("process_threads", .gauge, process.threads, "Threads of the process.")
        writer.family("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.")
        writer.sample("process_start_time_seconds", [], "\(process.startSeconds)")
    }
}
