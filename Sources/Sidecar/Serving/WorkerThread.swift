import EventLoop
import Glibc
import HTTP2
import Migration
import Synchronization

/// What all workers are made from.
struct WorkerSetup {
    let limits: Limits
    let routes: UnsafePointer<RouteTable>
    let records: RecordTable
    let upstreams: [Upstream]
    /// Of the sides of each migration.
    let places: [SidePair<SidePlace>]
    /// For each upstream the migrations after whose retirement it is fenced; none: never.
    let migrationsToRetire: [[Int]]
    let resolver: Resolver
    let logs: LogMail
    let board: StatusBoard
    let accessLogShare: Double
}

/// A worker and its thread, as the rest of the process sees them: by mail, and by counts that may be read from
/// anywhere.
final class WorkerThread: @unchecked Sendable {
    // Sendable because the worker is touched by its own thread alone once `start` was called.
    let loop: UnsafeMutablePointer<EventLoop>
    let keySample: KeySample
    private let thread: LoopThread
    private let worker: WorkerPointer
    let door: WorkerDoor
    /// One for each migration; may be read from anywhere.
    let unread: UnsafeMutablePointer<UnreadWrites>
    private let heartbeat: UnsafeMutablePointer<Heartbeat>
    /// Connections that were given to the worker, and how often it was asked to close one: counted by the first
    /// worker's thread alone.
    private var handed = 0
    private var closingsAsked = 0

    init(index: Int, setup: WorkerSetup, counters: WorkerCounters) throws {
        thread = try LoopThread(name: "worker-\(index)")
        loop = thread.loop
        worker = .making(setup, loop: loop, counters: counters)
        door = WorkerDoor(worker)
        unread = worker.pointee.unread
        keySample = worker.pointee.keySample
        worker.connect()
        heartbeat = Heartbeat.start(on: loop, counters: counters, sessions: worker.pointee.sessions)
        let door = door
        setup.records.addWorker { record, found in
            let isTaken = door.post {
                $0.noteOpenWrites(of: record)
                found()
            }
            // A worker that has ended has no writes.
            if !isTaken { found() }
        }
    }

    func start() throws { try thread.start() }
    func join() { thread.join() }

    /// Connections that it has now.
    var connectionCount: Int { worker.pointee.load.pointee.connections.load(ordering: .relaxed) }
    var callCount: Int { worker.pointee.load.pointee.calls.load(ordering: .relaxed) }

    /// Connections that it has and that stay, with those that are on their way to it. On the first worker's thread.
    var openConnections: Int {
        let load = worker.pointee.load
        let onTheWay = handed - load.pointee.connectionsTaken.load(ordering: .relaxed)
        let asked = closingsAsked - load.pointee.closingsDone.load(ordering: .relaxed)
        return connectionCount + onTheWay - asked - load.pointee.leaving.load(ordering: .relaxed)
    }

    /// On the first worker's thread.
    var share: WorkerShare {
        WorkerShare(
            calls: worker.pointee.load.pointee.calls.load(ordering: .relaxed), connections: openConnections)
    }

    /// Runs `work` on the worker's loop.
    func post(_ work: @escaping @Sendable (WorkerPointer) -> Void) { door.post(work) }

    func tellWhenEmpty(_ empty: @escaping @Sendable () -> Void) { post { $0.watchForEmptiness(empty) } }

    /// On the first worker's thread.
    func accept(_ descriptor: Int32, isOnItsLoop: Bool) {
        handed += 1
        if isOnItsLoop { return worker.take(descriptor) }
        if door.post({ $0.take(descriptor) }) { return }
        handed -= 1
        Kernel.close(descriptor)
    }

    /// On the first worker's thread.
    func closeLongestIdle() {
        closingsAsked += 1
        post { $0.closeLongestIdle() }
    }

    func endClients() { post { $0.endClients() } }

    /// Ends what is left and the thread with it.
    func end() {
        post {
            $0.endAll()
            $0.pointee.loop.stop()
        }
    }
}

extension Limits {
    /// What of the limits a session keeps by itself.
    var session: SessionLimits {
        var session = SessionLimits()
        session.streams = streamsPerConnection
        session.streamWindow = streamWindow
        session.metadataBytes = metadataBytes
        session.metadataFields = metadataFields
        session.resetBurst = resetsBurst
        session.resetsPerSecond = resetsPerSecond
        session.idleFrameBurst = idleFramesBurst
        session.idleFramesPerSecond = idleFramesPerSecond
        return session
    }
}
