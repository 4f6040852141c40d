import EventLoop
import Glibc
import HTTP2
import Logging
import Migration
import Synchronization
import WireFormat

/// Everything that one event loop serves calls with. Nothing in it is touched by another thread, but the counters,
/// which may be read.
struct Worker {
    let loop: UnsafeMutablePointer<EventLoop>
    let sessions: UnsafeMutablePointer<SessionPool>
    let limits: Limits
    let routes: UnsafePointer<RouteTable>
    /// Shared by all workers.
    let records: RecordTable
    let coder = MessageCoder()
    let counters: WorkerCounters
    let keySample = KeySample()
    /// When the next gray key may be sampled, monotonic nanoseconds.
    var nextSampleAt: UInt64 = 0
    let upstreams: UnsafeMutablePointer<UpstreamPool>
    let upstreamCount: Int
    /// Bytes that stores have read for calls and nobody has answered with yet.
    var storeReplies = 0
    /// By the migration's position.
    fileprivate(set) var backends: [SidePair<Backend>] = []
    /// What is asked of sides with no call behind it.
    var errands: [Errand] = []
    /// For each upstream the migrations after whose retirement it is fenced; none: never.
    let migrationsToRetire: [[Int]]
    /// What it has to do just now; other threads may read it.
    let load: UnsafeMutablePointer<WorkerLoad>
    /// Room for a gray key in canonical form.
    let keyScratch: UnsafeMutableRawBufferPointer
    let logs: LogMail
    let board: StatusBoard
    /// Hashes of the paths of methods that no migration lists, seen so far.
    var unlisted: [UInt64] = []
    /// Fingerprints of the services that have been noted, and how many of them no migration names.
    var services: [UInt64] = []
    var unnamedServices = 0
    /// Records of the writes under way whose `named` is kept.
    var namedRecords = 0
    /// Nil while the access log is off.
    var accessLog: AccessLog?

    /// By the migration's position.
    let switches: UnsafeMutablePointer<WorkerSwitches>
    let unread: UnsafeMutablePointer<UnreadWrites>
    let migrationCount: Int

    fileprivate(set) var firstConnection: ClientConnectionPointer?
    fileprivate var freeCalls: CallPointer?
    fileprivate var isLeaving = false
    /// Told when the last client connection has closed and the last call has ended, once the process drains.
    fileprivate var whenEmpty: (@Sendable () -> Void)?
}

/// How many calls and connections a worker has: written by it alone, read by anyone.
struct WorkerLoad: ~Copyable {
    let calls = Atomic<Int>(0)
    let connections = Atomic<Int>(0)
    /// Of the connections those that were told to go.
    let leaving = Atomic<Int>(0)
    /// Connections that it was given so far, and how often it has looked for an idle one to close.
    let connectionsTaken = Atomic<Int>(0)
    let closingsDone = Atomic<Int>(0)

    /// One writer: a plain load and store, no locked instruction.
    func countCall(_ change: Int) { calls.store(calls.load(ordering: .relaxed) &+ change, ordering: .relaxed) }

    func countConnection(_ change: Int) {
        connections.store(connections.load(ordering: .relaxed) &+ change, ordering: .relaxed)
    }

    func countLeaving(_ change: Int) { leaving.store(leaving.load(ordering: .relaxed) &+ change, ordering: .relaxed) }
}

typealias WorkerPointer = UnsafeMutablePointer<Worker>

extension WorkerPointer {
    /// A worker on a loop that does not run yet, with nothing connected.
    static func making(_ setup: WorkerSetup, loop: UnsafeMutablePointer<EventLoop>, counters: WorkerCounters)
        -> WorkerPointer
    {
        let worker = WorkerPointer.allocate(capacity: 1)
        let count = setup.upstreams.count
        let upstreams = UnsafeMutablePointer<UpstreamPool>.allocate(capacity: count)
        let load = UnsafeMutablePointer<WorkerLoad>.allocate(capacity: 1)
        load.initialize(to: WorkerLoad())
        let migrations = setup.places.count
        let switches = UnsafeMutablePointer<WorkerSwitches>.allocate(capacity: max(migrations, 1))
        let unread = UnsafeMutablePointer<UnreadWrites>.allocate(capacity: max(migrations, 1))
        for index in 0..<migrations {
            (switches + index).initialize(to: WorkerSwitches())
            (unread + index).initialize(to: UnreadWrites())
        }
        worker.initialize(
            to: Worker(
                loop: loop, sessions: SessionPool.make(limits: setup.limits.session), limits: setup.limits,
                routes: setup.routes, records: setup.records,
                counters: counters, upstreams: upstreams, upstreamCount: count,
                migrationsToRetire: setup.migrationsToRetire,
                load: load,
                keyScratch: .allocate(byteCount: KeyPlan.scratchBytes, alignment: 16), logs: setup.logs,
                board: setup.board, accessLog: setup.accessLogShare > 0 ? AccessLog(share: setup.accessLogShare) : nil,
                switches: switches, unread: unread, migrationCount: migrations
            )
        )
        for (index, upstream) in setup.upstreams.enumerated() {
            (upstreams + index).initialize(to: worker.makeUpstream(upstream, index: index, setup))
        }
        worker.pointee.backends = worker.backends(at: setup.places)
        loop.afterEachBatch(context: worker) { $0.assumingMemoryBound(to: Worker.self).flushSessions() }
        return worker
    }

    private func makeUpstream(_ upstream: Upstream, index: Int, _ setup: WorkerSetup) -> UpstreamPool {
        UpstreamPool(
            worker: self, index: index, name: upstream.name, address: upstream.address, resolver: setup.resolver,
            schedule: ConnectSchedule(
                first: setup.limits.backoffMinimum, longest: setup.limits.backoffMaximum
            ),
            timer: Timer(context: pointee.upstreams + index) {
                $0.assumingMemoryBound(to: UpstreamPool.self).growIfNeeded()
            },
            queueTimer: Timer(context: pointee.upstreams + index) {
                $0.assumingMemoryBound(to: UpstreamPool.self).queueTimePassed()
            },
            resets: ResetAllowance(
                burst: setup.limits.upstreamResetsBurst, perSecond: setup.limits.upstreamResetsPerSecond)
        )
    }

    /// Begins to connect to all upstreams. On the loop's thread.
    func connect() {
        for index in 0..<pointee.upstreamCount { (pointee.upstreams + index).growIfNeeded() }
    }

    // MARK: - The end of a batch

    /// Sends what the batch gave the sessions to say: one flush for each connection that was touched.
    private func flushSessions() {
        while let session = pointee.sessions.popDirty() {
            let owner = session.pointee.owner
            switch session.pointee.role {
            case .server: owner.assumingMemoryBound(to: ClientConnection.self).flush()
            case .client: owner.assumingMemoryBound(to: UpstreamConnection.self).flush()
            }
        }
        pointee.counters.batchEnded(nanoseconds: MonotonicClock.nanoseconds &- pointee.loop.pointee.now)
    }

    // MARK: - Look-ups

    func upstream(of route: UnsafePointer<Route>, _ side: Side) -> UpstreamPoolPointer {
        pointee.upstreams + route.pointee.upstream(side)
    }

    // MARK: - Calls

    /// A method was called that its migration's configuration does not list: said once, so that somebody can list it.
    func note(unlisted path: UnsafeBufferPointer<UInt8>, _ plan: UnsafePointer<CallPlan>) {
        note(service: path, isNamed: true)
        guard pointee.unlisted.count < StatusBoard.unlistedAtMost else { return }
        let hash = Fingerprint.of(path)
        guard !pointee.unlisted.contains(hash) else { return }
        pointee.unlisted.append(hash)
        pointee.board.note(
            unlisted: String(decoding: path.dropFirst(), as: UTF8.self), of: plan.pointee.migrationIndex)
    }

    /// A service was called that no migration names: said once.
    func note(unnamed path: UnsafeBufferPointer<UInt8>) { note(service: path, isNamed: false) }

    /// Services that migrations name are few; of the others as many are told apart as the board keeps.
    private func note(service path: UnsafeBufferPointer<UInt8>, isNamed: Bool) {
        guard let last = path.lastIndex(of: UInt8(ascii: "/")), last > 0 else { return }
        let name = path[1..<last]
        let hash = Fingerprint.of(name) &+ (isNamed ? 1 : 0)
        guard !pointee.services.contains(hash) else { return }
        if !isNamed {
            guard pointee.unnamedServices < StatusBoard.unlistedAtMost, !Names.isInfrastructure(name) else { return }
            pointee.unnamedServices += 1
        }
        pointee.services.append(hash)
        let text = String(decoding: name, as: UTF8.self)
        if isNamed { pointee.board.note(unlistedOfService: text) } else { pointee.board.note(unnamed: text) }
    }

    /// A call of this gray key was decided.
    @inline(__always)
    func sample(_ key: UnsafeRawBufferPointer, of plan: UnsafePointer<CallPlan>) {
        let now = pointee.loop.pointee.now
        guard now >= pointee.nextSampleAt else { return }
        pointee.nextSampleAt = now + KeySample.intervalNanoseconds
        pointee.keySample.note(key, of: plan.pointee.migrationIndex, at: now)
    }

    func newCall(_ client: StreamPointer, of connection: ClientConnectionPointer) -> CallPointer {
        let call: CallPointer
        let scratch: UnsafeMutablePointer<UInt8>
        if let recycled = pointee.freeCalls {
            call = recycled
            scratch = recycled.pointee.scratch
            pointee.freeCalls = recycled.pointee.next
        } else {
            call = .allocate(capacity: 1)
            scratch = .allocate(capacity: RequestHeadWriter.scratchBytes)
        }
        call.initialize(
            to: Call(
                worker: self, scratch: scratch,
                timer: Timer(context: call) { $0.assumingMemoryBound(to: Call.self).deadlinePassed() },
                client: client, connection: connection, route: pointee.routes.pointee.unmatchedRoute,
                leg: Leg(of: call)
            )
        )
        call.pointee.arrivedAt = pointee.loop.pointee.now
        client.pointee.owner = UnsafeMutableRawPointer(call)
        client.enterAccount(connection.account(of: .undecided))
        pointee.load.pointee.countCall(1)
        return call
    }

    /// Bodies that wait on behalf of one upstream, of all clients, or of a `BufferShare`; bytes.
    ///
    /// - Parameter upstream: its position, or as much more as the share says.
    func heldBytes(ofUpstream upstream: Int) -> Int {
        var bytes = upstream < pointee.upstreamCount ? pointee.upstreams[upstream].asks.bytes : 0
        var next = pointee.firstConnection
        while let connection = next {
            bytes += connection.account(ofUpstream: upstream).pointee.bytes
            next = connection.pointee.next
        }
        return bytes
    }

    func recycle(_ call: CallPointer) {
        call.pointee.next = pointee.freeCalls
        pointee.freeCalls = call
        pointee.load.pointee.countCall(-1)
        if pointee.whenEmpty != nil { lookWhetherEmpty() }
    }

    // MARK: - Connections

    private var connectionCount: Int { pointee.load.pointee.connections.load(ordering: .relaxed) }

    /// Serves a connection that was given to this worker.
    func take(_ descriptor: Int32) {
        accept(descriptor)
        pointee.load.pointee.connectionsTaken.add(1, ordering: .relaxed)
    }

    /// Serves an accepted connection.
    func accept(_ descriptor: Int32) {
        guard !pointee.isLeaving else {
            pointee.counters.add(.clientConnectionsRefused)
            Kernel.close(descriptor)
            return
        }
        ClientConnectionPointer.serve(descriptor, worker: self)
    }

    /// The connection without a call whose last one is longest ago; those that were told to go do not count.
    var longestIdle: ClientConnectionPointer? {
        var found: ClientConnectionPointer?
        var next = pointee.firstConnection
        while let connection = next {
            next = connection.pointee.next
            guard connection.isIdle, connection.pointee.lastCallAt < found?.pointee.lastCallAt ?? .max else { continue }
            found = connection
        }
        return found
    }

    /// Makes room for another connection.
    func closeLongestIdle() {
        pointee.load.pointee.closingsDone.add(1, ordering: .relaxed)
        guard let connection = longestIdle else { return }
        pointee.counters.add(.idleConnectionsClosed)
        // Those that are on their way out have descriptors still.
        let isCrowded =
            pointee.load.pointee.leaving.load(ordering: .relaxed) >= max(pointee.limits.connections / 4, 16)
        connection.leaveIdle(atOnce: isCrowded)
    }

    func add(_ connection: ClientConnectionPointer) {
        connection.pointee.next = pointee.firstConnection
        pointee.firstConnection?.pointee.previous = connection
        pointee.firstConnection = connection
        pointee.load.pointee.countConnection(1)
        pointee.counters.add(.clientConnectionsAccepted)
    }

    func remove(_ connection: ClientConnectionPointer) {
        let next = connection.pointee.next
        let previous = connection.pointee.previous
        next?.pointee.previous = previous
        if let previous { previous.pointee.next = next } else { pointee.firstConnection = next }
        pointee.load.pointee.countConnection(-1)
        if connection.pointee.isAnnounced { pointee.load.pointee.countLeaving(-1) }
        pointee.counters.add(.clientConnectionsClosed)
        lookWhetherEmpty()
    }

    // MARK: - Drain

    /// Calls `empty` when there is neither a client connection nor a call, now and whenever it is so again: a write of
    /// both sides outlives its client.
    func watchForEmptiness(_ empty: @escaping @Sendable () -> Void) {
        pointee.whenEmpty = empty
        lookWhetherEmpty()
    }

    private func lookWhetherEmpty() {
        guard connectionCount == 0, pointee.load.pointee.calls.load(ordering: .relaxed) == 0 else { return }
        pointee.whenEmpty?()
    }

    /// Asks all clients to go elsewhere; connections end as their calls do.
    func leave() {
        pointee.isLeaving = true
        var next = pointee.firstConnection
        while let connection = next {
            next = connection.pointee.next
            connection.announceShutdown()
        }
        lookWhetherEmpty()
    }

    /// Ends all client connections: what is left are writes that run to their end.
    func endClients() {
        while let connection = pointee.firstConnection { connection.refuseAndClose() }
    }

    /// Ends what is left, and the connections to the upstreams.
    func endAll() {
        endClients()
        for errand in pointee.errands { errand.cancel() }
        for index in 0..<pointee.upstreamCount {
            let upstream = pointee.upstreams + index
            upstream.pointee.isClosed = true
            for connection in upstream.pointee.connections { connection.shutDown() }
        }
    }

    func log(_ level: Logger.Level, _ message: String, upstream: String) {
        pointee.logs.post(level, message, ["upstream": .string(upstream)])
    }
}
