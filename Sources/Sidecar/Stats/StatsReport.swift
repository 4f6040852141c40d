import Foundation
import Migration

/// A snapshot as `/stats` shows it: the same numbers as `/metrics`, for people and scripts.
package struct StatsReport: Encodable {
    struct Method: Encodable {
        let migration: String
        let method: String
        let started: UInt64
        let inFlight: UInt64
        let stages: [String: Ended]
        let sides: [String: Ended]
    }

    /// What ended, and how long it took.
    struct Ended: Encodable {
        let count: UInt64
        let statuses: [String: UInt64]
        let totalSeconds: Double
        /// Not cumulative: how many were at most so many seconds long and longer than the bucket before; `more` for the
        /// rest.
        let buckets: [String: UInt64]

        init(_ group: StatsSnapshot.Group) {
            count = group.count
            totalSeconds = Double(group.totalNanoseconds) / 1e9
            let used = (0..<CounterShape.statuses).filter { group.count(status: $0) > 0 }
            statuses = Dictionary(
                uniqueKeysWithValues: used.map { (PrometheusText.statusName($0), group.count(status: $0)) })
            let filled = (0..<LatencyBuckets.count).filter { group.count(bucket: $0) > 0 }
            buckets = Dictionary(
                uniqueKeysWithValues: filled.map { index in
                    let isLast = index == LatencyBuckets.bounds.count
                    let name = isLast ? "more" : MetricsWriter.seconds(LatencyBuckets.bounds[index])
                    return (name, group.count(bucket: index))
                }
            )
        }
    }

    struct Clients: Encodable {
        let connections: UInt64
        let accepted: UInt64
        let refused: UInt64
        let cancellations: UInt64
        let protocolErrors: UInt64
        let floods: UInt64
        let receivedBytes: UInt64
        let sentBytes: UInt64
    }

    struct Upstream: Encodable {
        let connections: UInt64
        let connectionsOpened: UInt64
        let connectFailures: UInt64
        let waitingCalls: UInt64
        let queuedCalls: UInt64
        let resetsSent: UInt64
        let resetsPaced: UInt64
        let receivedBytes: UInt64
        let sentBytes: UInt64
    }

    struct Switches: Encodable {
        let epoch: UInt64
        let phase: String
        let enrolled: String
        let gray: String
    }

    struct Process: Encodable {
        let cpuSeconds: Double
        let residentBytes: UInt64
        let openDescriptors: Int
        let threads: Int
        let startSeconds: Double
    }

    /// Writes on both sides.
    package struct Writes: Encodable, Sendable {
        let double: UInt64
        let laneWaits: UInt64
        let unmigrated: UInt64
        let notCopied: UInt64
        let dirty: UInt64
        let stuck: UInt64

        init(_ snapshot: StatsSnapshot) {
            double = snapshot[.doubleWrites]
            laneWaits = snapshot[.lanesWaited]
            unmigrated = snapshot[.unmigratedWrites]
            notCopied = snapshot[.recordsNotCopied]
            dirty = snapshot[.recordsDirty]
            stuck = snapshot[.recordsStuck]
        }
    }

    let version: String
    let ready: Bool
    let readiness: String
    let workers: Int
    let methods: [Method]
    let refusals: [String: UInt64]
    let retries: UInt64
    let unmigratedReads: UInt64
    let absentFallbacks: UInt64
    let writes: Writes
    let bufferedBytes: UInt64
    let clients: Clients
    let upstreams: [String: Upstream]
    /// By migration; null where no switches are known.
    let switches: [String: Switches?]
    let process: Process

    package init(_ snapshot: StatsSnapshot) {
        version = Version.current
        ready = snapshot.readiness.isReady
        readiness = snapshot.readiness.reason
        workers = snapshot.workers
        methods = snapshot.names.methods.indices.filter { snapshot.callsStarted(method: $0) > 0 }.map {
            Method(snapshot, $0)
        }
        let codes = RefusalCode.allCases.filter { snapshot.refusals($0) > 0 }
        refusals = Dictionary(uniqueKeysWithValues: codes.map { ($0.text, snapshot.refusals($0)) })
        retries = snapshot[.retries]
        unmigratedReads = snapshot[.unmigratedReads]
        absentFallbacks = snapshot[.absentFallbacks]
        writes = Writes(snapshot)
        bufferedBytes = snapshot[.bufferedBytes]
        clients = Clients(snapshot)
        let upstreamNames = snapshot.names.upstreams.enumerated()
        upstreams = Dictionary(uniqueKeysWithValues: upstreamNames.map { ($1, Upstream(snapshot, $0)) })
        let migrations = zip(snapshot.names.migrations, snapshot.switches)
        switches = Dictionary(uniqueKeysWithValues: migrations.map { ($0, $1.map(Switches.init)) })
        process = Process(snapshot.process)
    }

    /// As JSON with sorted keys and a line feed at the end.
    package func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("numbers that are finite and texts can always be written as JSON")
        }
        return Array(data) + [UInt8(ascii: "\n")]
    }
}

extension StatsReport.Method {
    init(_ snapshot: StatsSnapshot, _ method: Int) {
        func used(_ groups: [(name: String, group: StatsSnapshot.Group)]) -> [String: StatsReport.Ended] {
            let used = groups.filter { $0.group.isUsed }
            return Dictionary(uniqueKeysWithValues: used.map { ($0.name, StatsReport.Ended($0.group)) })
        }
        migration = snapshot.names.methods[method].migration
        self.method = snapshot.names.methods[method].name
        started = snapshot.callsStarted(method: method)
        inFlight = snapshot.callsInFlight(method: method)
        stages = used(
            (0..<CounterShape.stages).map { (PrometheusText.stageName($0), snapshot.calls(method: method, stage: $0)) }
        )
        sides = used((0..<2).map { (PrometheusText.sideName($0), snapshot.legs(method: method, side: $0)) })
    }
}

extension StatsReport.Clients {
    init(_ snapshot: StatsSnapshot) {
        connections = snapshot.openClientConnections
        accepted = snapshot[.clientConnectionsAccepted]
        refused = snapshot[.clientConnectionsRefused]
        cancellations = snapshot[.clientCancellations]
        protocolErrors = snapshot[.protocolErrors]
        floods = snapshot[.floodsClosed]
        receivedBytes = snapshot[.clientBytesReceived]
        sentBytes = snapshot[.clientBytesSent]
    }
}

extension StatsReport.Upstream {
    init(_ snapshot: StatsSnapshot, _ index: Int) {
        connections = snapshot.openConnections(upstream: index)
        connectionsOpened = snapshot[.connectionsOpened, upstream: index]
        connectFailures = snapshot[.connectFailures, upstream: index]
        waitingCalls = snapshot.waitingCalls(upstream: index)
        queuedCalls = snapshot[.callsQueued, upstream: index]
        resetsSent = snapshot[.resetsSent, upstream: index]
        resetsPaced = snapshot[.resetsPaced, upstream: index]
        receivedBytes = snapshot[.bytesReceived, upstream: index]
        sentBytes = snapshot[.bytesSent, upstream: index]
    }
}

extension StatsReport.Switches {
    init(_ summary: SwitchSummary) {
        epoch = summary.epoch
        phase = summary.phase.name
        enrolled = summary.enrolled
        gray = summary.gray
    }
}

extension StatsReport.Process {
    init(_ process: ProcessStatistics) {
        cpuSeconds = process.cpuSeconds
        residentBytes = process.residentBytes
        openDescriptors = process.openDescriptors
        threads = process.threads
        startSeconds = process.startSeconds
    }
}
