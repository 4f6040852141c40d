import Synchronization

/// What one worker counts: written by its thread alone, readable from any.
///
/// A block of 64-bit cells in memory of its own. Counting is a plain load, an addition and a plain store: with one
/// writer no locked instruction is needed, and relaxed atomics keep readers from seeing half a number. A value of this
/// type is a few pointers; it is copied freely and meets no reference count.
///
/// The cells are: `Counter`s, one a `RefusalCode`, `UpstreamCounter`s of each upstream, and for each method the number
/// of calls begun and one group (statuses, histogram, sum of durations) for each stage and each side.
package struct WorkerCounters: @unchecked Sendable {
    // Sendable because cells are only touched as atomics, and nothing else changes.

    /// Of the worker as a whole. They only grow, but for the two last, which are set.
    package enum Counter: Int, Sendable, CaseIterable {
        case clientConnectionsAccepted
        case clientConnectionsClosed
        /// Closed at once, because there were too many.
        case clientConnectionsRefused
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
        /// Queries that new did not have and old answered (contract, section 3).
        case unmigratedReads
        /// Queries that the first side did not have, so that the other was asked.
        case absentFallbacks
        /// Queries for many records that were asked of both sides.
        case multiQueries
        /// Writes that were begun on both sides.
        case doubleWrites
        /// Double writes that waited for an earlier one of the same record.
        case lanesWaited
        /// Writes of gray keys that new did not have and old took.
        case unmigratedWrites
        /// Writes of records that one side does not have.
        case recordsNotCopied
        /// Writes after which the two sides of a record may differ.
        case recordsDirty
        /// Those of them that the follower definitely refused.
        case recordsStuck
        /// Body bytes in memory now.
        case bufferedBytes
        /// Monotonic nanoseconds at which the loop last said that it is alive.
        case heartbeat
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
        self.init(shape: CounterShape(methods: names.methods.count, upstreams: names.upstreams.count))
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

    /// A call that was counted as begun turns out to be another method's.
    package func callMoved(from method: Int, to other: Int) {
        add(UInt64.max, at: shape.method(method))
        callStarted(method: other)
    }

    package func refused(_ code: RefusalCode) { add(1, at: CounterShape.refusals + code.rawValue) }

    package func callStarted(method: Int) { add(1, at: shape.method(method)) }

    /// A call's end as its client saw it. `stage` is the stage's number, or 5 for a call that ended before it had one;
    /// `status` the gRPC status.
    package func callFinished(method: Int, stage: UInt8, status: UInt8, nanoseconds: UInt64) {
        count(in: shape.method(method) + CounterShape.stageGroup(Int(min(stage, 5))), status, nanoseconds)
    }

    /// The end of one asking of one side.
    package func legFinished(method: Int, side: UInt8, status: UInt8, nanoseconds: UInt64) {
        count(in: shape.method(method) + CounterShape.sideGroup(Int(side & 1)), status, nanoseconds)
    }

    private func count(in group: Int, _ status: UInt8, _ nanoseconds: UInt64) {
        // What is no status of gRPC is UNKNOWN, by gRPC's own rule.
        add(1, at: group + Int(status < CounterShape.statuses ? status : 2))
        add(1, at: group + CounterShape.buckets + LatencyBuckets.position(of: nanoseconds, in: bounds))
        add(nanoseconds, at: group + CounterShape.sum)
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

/// Where the cells are. Nothing here is looked up: a call's cells are a few additions away.
package struct CounterShape: Sendable, Equatable {
    let methods: Int
    let upstreams: Int
    private let firstMethod: Int

    init(methods: Int, upstreams: Int) {
        self.methods = methods
        self.upstreams = upstreams
        firstMethod = Self.firstUpstream + upstreams * Self.upstreamCells
    }

    static var statuses: Int { 17 }
    static var stages: Int { 6 }
    /// Within a group: statuses, then buckets, then the sum.
    static var buckets: Int { statuses }
    static var sum: Int { statuses + LatencyBuckets.count }
    static var groupCells: Int { sum + 1 }
    /// Within a method: calls begun, then the stages' groups, then the sides'.
    static func stageGroup(_ stage: Int) -> Int { 1 + stage * groupCells }
    static func sideGroup(_ side: Int) -> Int { 1 + (stages + side) * groupCells }
    static var methodCells: Int { sideGroup(2) }

    static var refusals: Int { WorkerCounters.Counter.heartbeat.rawValue + 1 }
    private static var firstUpstream: Int { refusals + RefusalCode.deadline.rawValue + 1 }
    private static var upstreamCells: Int { WorkerCounters.UpstreamCounter.resetsPaced.rawValue + 1 }

    func upstream(_ index: Int) -> Int { Self.firstUpstream + index * Self.upstreamCells }
    func method(_ index: Int) -> Int { firstMethod + index * Self.methodCells }
    var cellCount: Int { method(methods) }
}
