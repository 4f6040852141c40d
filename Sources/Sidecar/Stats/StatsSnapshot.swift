import EventLoop

/// The counters of all workers added up at one time, with what else the stats port shows. Numbers of one moment may
/// differ by the calls that ended while they were read.
package struct StatsSnapshot: Sendable {
    package let names: CountedNames
    package let workers: Int
    package let readiness: Readiness
    package let switches: [SwitchSummary?]
    package let changes: SwitchChanges
    package let process: ProcessStatistics
    private let shape: CounterShape
    private let cells: [UInt64]

    package init(
        _ workers: [WorkerCounters], names: CountedNames, status: StatusBoard.Status, process: ProcessStatistics
    ) {
        let shape = CounterShape(methods: names.methods.count, upstreams: names.upstreams.count)
        var cells = [UInt64](repeating: 0, count: shape.cellCount)
        for worker in workers {
            precondition(worker.shape == shape, "all workers count the same methods and upstreams")
            for index in cells.indices { cells[index] &+= worker.value(at: index) }
        }
        self.names = names
        self.workers = workers.count
        readiness = status.readiness
        switches = status.switches
        changes = status.changes
        self.process = process
        self.shape = shape
        self.cells = cells
    }

    package subscript(_ counter: WorkerCounters.Counter) -> UInt64 { cells[counter.rawValue] }

    package subscript(_ counter: WorkerCounters.UpstreamCounter, upstream index: Int) -> UInt64 {
        cells[shape.upstream(index) + counter.rawValue]
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

    /// What ended, by status and by duration.
    package struct Group: Sendable {
        private let cells: ArraySlice<UInt64>

        init(_ cells: ArraySlice<UInt64>) { self.cells = cells }

        package func count(status: Int) -> UInt64 { cells[cells.startIndex + status] }
        package func count(bucket: Int) -> UInt64 { cells[cells.startIndex + CounterShape.buckets + bucket] }
        package var totalNanoseconds: UInt64 { cells[cells.startIndex + CounterShape.sum] }
        /// By the buckets, so that a histogram agrees with itself.
        package var count: UInt64 { (0..<LatencyBuckets.count).reduce(0) { $0 + count(bucket: $1) } }
        package var isUsed: Bool { cells.contains { $0 > 0 } }
    }

    /// Two counts that were not read at the same instant: never below zero.
    private func difference(_ more: UInt64, _ less: UInt64) -> UInt64 { more > less ? more - less : 0 }
}
