import Foundation
import Migration

/// A snapshot as `/stats` shows it: the same numbers as `/metrics`, for people and scripts.
package struct StatsReport: Encodable {
    struct Method: Encodable {
        let migration: String
        let method: String
        let kind: String
        let started: UInt64
        let inFlight: UInt64
        let stages: [String: Ended]
        let sides: [String: Ended]
        /// Beside what the sides took.
        let hop: Durations
    }

    /// What ended, and how long it took.
    struct Ended: Encodable {
        let count: UInt64
        let statuses: [String: UInt64]
        let totalSeconds: Double
        let buckets: [String: UInt64]

        init(_ group: StatsSnapshot.Group) {
            let durations = Durations(group.durations)
            count = durations.count
            totalSeconds = durations.totalSeconds
            buckets = durations.buckets
            let used = (0..<CounterShape.statuses).filter { group.count(status: $0) > 0 }
            statuses = Dictionary(
                uniqueKeysWithValues: used.map { (PrometheusText.statusName($0), group.count(status: $0)) })
        }
    }

    struct Durations: Encodable {
        let count: UInt64
        let totalSeconds: Double
        /// Not cumulative: how many were at most so many seconds long and longer than the bucket before; `more` for the
        /// rest.
        let buckets: [String: UInt64]

        init(_ durations: StatsSnapshot.Histogram) {
            count = durations.count
            totalSeconds = Double(durations.totalNanoseconds) / 1e9
            let filled = (0..<LatencyBuckets.count).filter { durations.count(bucket: $0) > 0 }
            buckets = Dictionary(
                uniqueKeysWithValues: filled.map { index in
                    let isLast = index == LatencyBuckets.bounds.count
                    let name = isLast ? "more" : MetricsWriter.seconds(LatencyBuckets.bounds[index])
                    return (name, durations.count(bucket: index))
                }
            )
        }
    }

    struct Clients: Encodable {
        let connections: UInt64
        let accepted: UInt64
        let refused: UInt64
        let idleClosed: UInt64
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
        let enrolledKeys: Int
        let grayKeys: Int
        let enrolledShare: Double
        let grayShare: Double
        let lastChangeSeconds: Double?
    }

    struct Process: Encodable {
        let cpuSeconds: Double
        let residentBytes: UInt64
        let openDescriptors: Int
        let threads: Int
        let startSeconds: Double
        let lostLogLines: UInt64
    }

    /// What is counted for a migration, by the names of the counters; lanes as they are now.
    struct Migration: Encodable {
        let counters: [String: UInt64]
        let recordsPinned: Int
        let lanesHeld: UInt64
        let lanesWaiting: UInt64
        let laneWaits: Durations
    }

    struct Worker: Encodable {
        let busySeconds: Double
        let longestBatchSeconds: Double
    }

    struct Changes: Encodable {
        let made: UInt64
        let takenBack: UInt64
        let isWaiting: Bool
        let lastHoldSeconds: Double
        let isFileRefused: Bool
        let fileRefusals: UInt64
    }

    let version: String
    let ready: Bool
    let readiness: String
    let workers: [Worker]
    let methods: [Method]
    let refusals: [String: UInt64]
    let retries: UInt64
    let migrations: [String: Migration]
    let bufferedBytes: UInt64
    let clients: Clients
    let upstreams: [String: Upstream]
    /// By migration; null where no switches are known.
    let switches: [String: Switches?]
    let switchChanges: Changes
    let process: Process

    package init(_ snapshot: StatsSnapshot) {
        version = Version.current
        ready = snapshot.readiness.isReady
        readiness = snapshot.readiness.reason
        workers = zip(snapshot.busyNanoseconds, snapshot.longestBatchNanoseconds).map {
            Worker(busySeconds: Double($0) / 1e9, longestBatchSeconds: Double($1) / 1e9)
        }
        methods = snapshot.names.methods.indices.filter { snapshot.callsStarted(method: $0) > 0 }.map {
            Method(snapshot, $0)
        }
        let codes = RefusalCode.allCases.filter { snapshot.refusals($0) > 0 }
        refusals = Dictionary(uniqueKeysWithValues: codes.map { ($0.text, snapshot.refusals($0)) })
        retries = snapshot[.retries]
        let counted = snapshot.names.migrations.enumerated()
        migrations = Dictionary(uniqueKeysWithValues: counted.map { ($1, Migration(snapshot, $0)) })
        bufferedBytes = snapshot[.bufferedBytes]
        clients = Clients(snapshot)
        let upstreamNames = snapshot.names.upstreams.enumerated()
        upstreams = Dictionary(uniqueKeysWithValues: upstreamNames.map { ($1, Upstream(snapshot, $0)) })
        let known = snapshot.names.migrations.enumerated().map { index, name in
            (name, snapshot.switches[index].map { Switches($0, changedAt: snapshot.changes.lastTimes[index]) })
        }
        switches = Dictionary(uniqueKeysWithValues: known)
        switchChanges = Changes(snapshot.changes)
        process = Process(snapshot.process, lostLogLines: snapshot.lostLogLines)
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
        kind = snapshot.names.methods[method].kind
        hop = StatsReport.Durations(snapshot.ownTimes(method: method))
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
        idleClosed = snapshot[.idleConnectionsClosed]
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

extension StatsReport.Migration {
    init(_ snapshot: StatsSnapshot, _ index: Int) {
        let all = WorkerCounters.MigrationCounter.allCases.map { ("\($0)", snapshot[$0, migration: index]) }
        counters = Dictionary(uniqueKeysWithValues: all)
        recordsPinned = snapshot.recordsPinned(migration: index)
        lanesHeld = snapshot.lanesHeld(migration: index)
        lanesWaiting = snapshot.lanesWaiting(migration: index)
        laneWaits = StatsReport.Durations(snapshot.laneWaits(migration: index))
    }
}

extension StatsReport.Changes {
    init(_ changes: SwitchChanges) {
        made = changes.made
        takenBack = changes.takenBackCount
        isWaiting = changes.isWaiting
        lastHoldSeconds = Double(changes.lastHoldNanoseconds) / 1e9
        isFileRefused = changes.isFileRefused
        fileRefusals = changes.fileRefusals
    }
}

extension StatsReport.Switches {
    init(_ summary: SwitchSummary, changedAt: Double?) {
        enrolledKeys = summary.enrolledSize.allowed
        grayKeys = summary.graySize.allowed
        enrolledShare = Double(summary.enrolledSize.shareTimes100) / 10_000
        grayShare = Double(summary.graySize.shareTimes100) / 10_000
        lastChangeSeconds = changedAt
        epoch = summary.epoch
        phase = summary.phase.name
        enrolled = summary.enrolled
        gray = summary.gray
    }
}

extension StatsReport.Process {
    init(_ process: ProcessStatistics, lostLogLines: UInt64) {
        self.lostLogLines = lostLogLines
        cpuSeconds = process.cpuSeconds
        residentBytes = process.residentBytes
        openDescriptors = process.openDescriptors
        threads = process.threads
        startSeconds = process.startSeconds
    }
}
