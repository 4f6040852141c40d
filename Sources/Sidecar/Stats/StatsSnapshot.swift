import EventLoop

/// The counters of all workers added up at one time, with what else the stats port shows. Numbers of one moment may
/// differ by the calls that ended while they were read.
package struct StatsSnapshot: Sendable {
    package let names: CountedNames
    package let workers: Int
    package let readiness: Readiness
    package let switches: [SwitchSummary?]
    package let changes: SwitchChanges
    package let lostLogLines: UInt64
    private let pinnedRecords: [Int]
    package let process: ProcessStatistics
    private let shape: CounterShape
    private let cells: [UInt64]
    /// By the worker: nanoseconds that its loop did not sleep, and the longest that it worked at a stretch.
    package let busyNanoseconds: [UInt64]
    package let longestBatchNanoseconds: [UInt64]

    package init(
        _ workers: [WorkerCounters], names: CountedNames, status: StatusBoard.Status, process: ProcessStatistics
    ) {
        let shape = CounterShape(names)
        var cells = [UInt64](repeating: 0, count: shape.cellCount)
        for worker in workers {
            precondition(worker.shape == shape, "all workers count the same methods and upstreams")
            for index in cells.indices { cells[index] &+= worker.value(at: index) }
        }
        for migration in names.migrations.indices {
            let index = shape.migration(migration) + WorkerCounters.MigrationCounter.longestLaneWait.rawValue
            cells[index] = workers.map { $0.value(at: index) }.max() ?? 0
        }
        busyNanoseconds = workers.map { $0.value(.busyNanoseconds) }
        longestBatchNanoseconds = workers.map { $0.value(.longestBatchNanoseconds) }
        self.names = names
        self.workers = workers.count
        readiness = status.readiness
        switches = status.switches
        changes = status.changes
        lostLogLines = status.lostLogLines
        pinnedRecords = status.pinnedRecords
        self.process = process
        self.shape = shape
        self.cells = cells
    }

    package subscript(_ counter: WorkerCounters.Counter) -> UInt64 { cells[counter.rawValue] }

    package subscript(_ counter: WorkerCounters.UpstreamCounter, upstream index: Int) -> UInt64 {
        cells[shape.upstream(index) + counter.rawValue]
    }

    package subscript(_ counter: WorkerCounters.MigrationCounter, migration index: Int) -> UInt64 {
        cells[shape.migration(index) + counter.rawValue]
    }

    /// How long writes waited for their records' lanes.
    package func laneWaits(migration index: Int) -> Histogram {
        Histogram(cells[(shape.migration(index) + CounterShape.laneWaits)...])
    }

    /// Records that keep a stage of their own now.
    package func recordsPinned(migration index: Int) -> Int {
        pinnedRecords.indices.contains(index) ? pinnedRecords[index] : 0
    }

    /// Lanes that a write holds now.
    package func lanesHeld(migration index: Int) -> UInt64 {
        difference(self[.lanesEntered, migration: index], self[.lanesLeft, migration: index])
    }

    /// Writes that wait for a lane now.
    package func lanesWaiting(migration index: Int) -> UInt64 {
        difference(self[.lanesWaited, migration: index], laneWaits(migration: index).count)
    }

    package func refusals(_ code: RefusalCode) -> UInt64 { cells[CounterShape.refusals + code.rawValue] }

    package var openClientConnections: UInt64 {
        difference(self[.clientConnectionsAccepted], self[.clientConnectionsClosed])
    }

    package func openConnections(upstream index: Int) -> UInt64 {
        difference(self[.connectionsOpened, upstream: index], self[.connectionsClosed, upstream: index])
    }

    package func waitingCalls(upstream index: Int) -> UInt64 {
        difference(self[.callsQueued, upstream: index], self[.callsUnqueued, upstream: index])
    }

    // MARK: - Methods

    /// Calls of a method that have begun and not ended.
    package func callsInFlight(method: Int) -> UInt64 {
        let finished = (0..<CounterShape.stages).reduce(UInt64(0)) { $0 + calls(method: method, stage: $1).count }
        return difference(callsStarted(method: method), finished)
    }

    package func callsStarted(method: Int) -> UInt64 { cells[shape.method(method)] }

    /// The calls of a method that ended at a stage; stage 5 is for those that had none yet.
    package func calls(method: Int, stage: Int) -> Group {
        Group(cells[(shape.method(method) + CounterShape.stageGroup(stage))...].prefix(CounterShape.groupCells))
    }

    /// What a method asked of a side.
    package func legs(method: Int, side: Int) -> Group {
        Group(cells[(shape.method(method) + CounterShape.sideGroup(side))...].prefix(CounterShape.groupCells))
    }

    /// How long calls of a method took beside what its sides took.
    package func ownTimes(method: Int) -> Histogram {
        Histogram(cells[(shape.method(method) + CounterShape.ownTimes)...])
    }

    /// Durations.
    package struct Histogram: Sendable {
        private let cells: ArraySlice<UInt64>

        /// - Parameter cells: buckets, the sum, and whatever follows.
        init(_ cells: ArraySlice<UInt64>) { self.cells = cells.prefix(CounterShape.histogramCells) }

        package func count(bucket: Int) -> UInt64 { cells[cells.startIndex + bucket] }
        package var totalNanoseconds: UInt64 { cells[cells.startIndex + LatencyBuckets.count] }
        /// By the buckets, so that a histogram agrees with itself.
        package var count: UInt64 { (0..<LatencyBuckets.count).reduce(0) { $0 + count(bucket: $1) } }
    }

    /// What ended, by status and by duration.
    package struct Group: Sendable {
        private let cells: ArraySlice<UInt64>

        init(_ cells: ArraySlice<UInt64>) { self.cells = cells }

        package func count(status: Int) -> UInt64 { cells[cells.startIndex + status] }
        package var durations: Histogram { Histogram(cells.dropFirst(CounterShape.statuses)) }
        package var count: UInt64 { durations.count }
        package var totalNanoseconds: UInt64 { durations.totalNanoseconds }
        package func count(bucket: Int) -> UInt64 { durations.count(bucket: bucket) }
        package var isUsed: Bool { cells.contains { $0 > 0 } }
    }

    /// Two counts that were not read at the same instant: never below zero.
    private func difference(_ more: UInt64, _ less: UInt64) -> UInt64 { more > less ? more - less : 0 }
}
