import Synchronization

/// What one worker counts: written by its thread alone, readable from any.
///
/// A block of 64-bit cells in memory of its own. Counting is a plain load, an addition and a plain store: with one
/// writer no locked instruction is needed, and relaxed atomics keep readers from seeing half a number. A value of this
/// type is a few pointers; it is copied freely and meets no reference count.
///
/// The cells are: `Counter`s, one a `RefusalCode`, `UpstreamCounter`s of each upstream, `MigrationCounter`s and the
/// histogram of lane waits of each migration, and for each method the number of calls begun, one group (statuses,
/// histogram, sum of durations) for each stage and each side, and the histogram of the time that no side was asked.
package struct WorkerCounters: @unchecked Sendable {
    // Sendable because cells are only touched as atomics, and nothing else changes.

    /// Of the worker as a whole. They only grow, but for the three last, which are set.
    package enum Counter: Int, Sendable, CaseIterable {
        case clientConnectionsAccepted
        case clientConnectionsClosed
        /// Closed at once, because there were too many and all had calls.
        case clientConnectionsRefused
        /// Closed to make room for others, since they had been idle longest.
        case idleConnectionsClosed
        /// Streams that clients reset before their end.
        case clientCancellations
        case clientBytesReceived
        case clientBytesSent
        /// Client connections that broke HTTP/2's rules.
        case protocolErrors
        /// Client connections that were told to calm down (ENHANCE_YOUR_CALM).
        case floodsClosed
        /// Calls that were sent a second time, since the first had provably not been processed.
        case retries
        /// Nanoseconds in which the loop did not sleep.
        case busyNanoseconds
        /// The longest that the loop has worked without looking for news.
        case longestBatchNanoseconds
        /// Body bytes in memory now.
        case bufferedBytes
        /// Monotonic nanoseconds at which the loop last said that it is alive.
        case heartbeat
    }

    /// Of one migration. They only grow, but for the last, which is the greatest so far.
    package enum MigrationCounter: Int, Sendable, CaseIterable {
        /// Queries that new did not have and old answered (contract, section 3).
        case unmigratedReads
        /// Queries that the first side did not have, so that the other was asked.
        case absentFallbacks
        /// Queries for many records that were asked of both sides.
        case mergedQueries
        /// Answers of sides that went into merged ones.
        case mergedPages
        /// Rows of merged answers.
        case mergedRows
        /// Rows that both sides returned, of which one was dropped.
        case duplicatesDropped
        /// Rows that only their follower returned: asked for by key on the authority, dropped, kept.
        case suspectsLookedUp
        case suspectsDropped
        case suspectsKept
        /// Writes that were begun on both sides.
        case doubleWrites
        /// Writes that were given their record's lane, and that left it.
        case lanesEntered
        case lanesLeft
        /// Double writes that waited for an earlier one of the same record.
        case lanesWaited
        /// Writes of gray keys that new did not have and old took.
        case unmigratedWrites
        /// Writes of records that one side does not have.
        case recordsNotCopied
        /// Writes that one side has and the other did not take.
        case followerFailures
        /// Writes of which a side did not say what became of them.
        case writesUnsettled
        /// Writes after which the two sides of a record may differ.
        case recordsDirty
        /// Those of them that the follower definitely refused.
        case recordsStuck
        /// What was asked of a side and cancelled by the sidecar itself: no failure of the side.
        case oldAsksCancelled
        case newAsksCancelled
        /// Nanoseconds.
        case longestLaneWait
    }

    /// Of one upstream. They only grow.
    package enum UpstreamCounter: Int, Sendable, CaseIterable {
        case connectionsOpened
        case connectionsClosed
        case connectFailures
        case callsQueued
        case callsUnqueued
        case bytesReceived
        case bytesSent
        case resetsSent
        /// Resets that had to wait, so that the upstream does not take them for a flood.
        case resetsPaced
    }

    private typealias Cell = Atomic<UInt64>

    let shape: CounterShape
    private let cells: UnsafeMutablePointer<Cell>
    private let bounds: UnsafePointer<UInt64>

    /// All zero. The memory is the process's for good, unless `free` is called.
    package init(_ names: CountedNames) {
        self.init(shape: CounterShape(names))
    }

    init(shape: CounterShape) {
        self.shape = shape
        let bytes = shape.cellCount * MemoryLayout<Cell>.stride
        // Aligned to cache lines, so that workers do not share one.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: (bytes + 63) & ~63, alignment: 64)
        cells = memory.bindMemory(to: Cell.self, capacity: shape.cellCount)
        for index in 0..<shape.cellCount { (cells + index).initialize(to: Cell(0)) }
        bounds = UnsafePointer(LatencyBuckets.makeTable())
    }

    /// Nobody may count or read any more.
    package func free() {
        UnsafeMutableRawPointer(cells).deallocate()
        bounds.deallocate()
    }

    // MARK: - Counting, on the worker's thread

    package func add(_ counter: Counter, _ amount: UInt64 = 1) { add(amount, at: counter.rawValue) }

    package func set(_ counter: Counter, _ value: UInt64) {
        (cells + counter.rawValue).pointee.store(value, ordering: .relaxed)
    }

    package func add(_ counter: UpstreamCounter, upstream: Int, _ amount: UInt64 = 1) {
        add(amount, at: shape.upstream(upstream) + counter.rawValue)
    }

    package func add(_ counter: MigrationCounter, migration: Int, _ amount: UInt64 = 1) {
        add(amount, at: shape.migration(migration) + counter.rawValue)
    }

    /// A write had to wait for its record's lane.
    package func laneWaitEnded(migration: Int, nanoseconds: UInt64) {
        time(nanoseconds, at: shape.migration(migration) + CounterShape.laneWaits)
        raise(shape.migration(migration) + MigrationCounter.longestLaneWait.rawValue, to: nanoseconds)
    }

    /// The loop goes to sleep, or looks for news.
    package func batchEnded(nanoseconds: UInt64) {
        add(.busyNanoseconds, nanoseconds)
        raise(Counter.longestBatchNanoseconds.rawValue, to: nanoseconds)
    }

    /// A call that was counted as begun turns out to be another method's.
    package func callMoved(from method: Int, to other: Int) {
        add(UInt64.max, at: shape.method(method))
        callStarted(method: other)
    }

    package func refused(_ code: RefusalCode) { add(1, at: CounterShape.refusals + code.rawValue) }

    package func callStarted(method: Int) { add(1, at: shape.method(method)) }

    /// A call's end as its client saw it. `stage` is the stage's number, or 5 for a call that ended before it had one;
    /// `status` the gRPC status; `sideNanoseconds` the part of the time in which a side was being asked.
    package func callFinished(
        method: Int, stage: UInt8, status: UInt8, nanoseconds: UInt64, sideNanoseconds: UInt64
    ) {
        let method = shape.method(method)
        count(in: method + CounterShape.stageGroup(Int(min(stage, 5))), status, nanoseconds)
        time(nanoseconds &- min(sideNanoseconds, nanoseconds), at: method + CounterShape.ownTimes)
    }

    /// The end of one asking of one side.
    package func legFinished(method: Int, side: UInt8, status: UInt8, nanoseconds: UInt64) {
        count(in: shape.method(method) + CounterShape.sideGroup(Int(side & 1)), status, nanoseconds)
    }

    private func count(in group: Int, _ status: UInt8, _ nanoseconds: UInt64) {
        // What is no status of gRPC is UNKNOWN, by gRPC's own rule.
        add(1, at: group + Int(status < CounterShape.statuses ? status : 2))
        time(nanoseconds, at: group + CounterShape.statuses)
    }

    /// One sample of a histogram: its buckets, then the sum.
    private func time(_ nanoseconds: UInt64, at histogram: Int) {
        add(1, at: histogram + LatencyBuckets.position(of: nanoseconds, in: bounds))
        add(nanoseconds, at: histogram + LatencyBuckets.count)
    }

    private func raise(_ index: Int, to value: UInt64) {
        let cell = cells + index
        if cell.pointee.load(ordering: .relaxed) < value { cell.pointee.store(value, ordering: .relaxed) }
    }

    @inline(__always)
    private func add(_ amount: UInt64, at index: Int) {
        assert(index < shape.cellCount)
        let cell = cells + index
        cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    // MARK: - Reading, on any thread

    func value(at index: Int) -> UInt64 { (cells + index).pointee.load(ordering: .relaxed) }

    package func value(_ counter: Counter) -> UInt64 { value(at: counter.rawValue) }
}
