import EventLoop
import HTTP2
import Logging
import Migration
import WireFormat

/// One upstream as one worker sees it: its connections, and the calls that wait for one.
///
/// A connection is made when the worker starts and made anew whenever it is lost, off the path of calls; a further
/// one is opened when the others come near the number of streams that the peer allows. While nothing is known against
/// the upstream, calls wait for the connection that is being made, in a bounded queue and for a bounded time; after a
/// failed attempt they fail at once until it has been reached again.
struct UpstreamPool {
    let worker: WorkerPointer
    let index: Int
    let name: String
    let address: Address
    let resolver: Resolver
    var schedule: ConnectSchedule
    var timer: Timer
    var addresses: [SocketAddress] = []
    var nextAddress = 0
    var isResolving = false
    /// Set for good when the worker drains or the side is fenced: nothing is connected any more.
    var isClosed = false
    /// Why the last attempt failed; what callers are told.
    var reason = "not connected yet"

    /// Connections that may take calls, or are being made; those that GOAWAY has closed to new calls are in no list.
    var connections: [UpstreamConnectionPointer] = []
    /// The open connection that calls go to as long as it has room.
    var current: UpstreamConnectionPointer?
    var queue = LegQueue()
    /// Set while something waits in the queue.
    var queueTimer: Timer
    var fullness = RareLog()
    var giveUps = RareLog()
    /// What its connections may be told of calls that nobody waits for any more.
    var resets: ResetAllowance
    /// Bodies of the sidecar's own requests to it, and its replies to those.
    var asks = BufferAccount()
}

typealias UpstreamPoolPointer = UnsafeMutablePointer<UpstreamPool>

extension UpstreamPoolPointer {
    /// Sends the leg to this upstream, now or as soon as there is room; or tells it that there is none.
    func take(_ leg: LegPointer) {
        if pointee.queue.count == 0 {
            if let current = pointee.current, !current.isNearlyFull { return leg.send(on: current) }
            if let connection = connectionWithRoom() { return leg.send(on: connection) }
        }
        if isUnreachable { return leg.unreachable() }
        guard pointee.queue.count < pointee.worker.pointee.limits.upstreamQueue else { return leg.queueFull() }
        enqueue(leg)
        growIfNeeded()
        noteFullness()
    }

    /// What its peer has said that it takes (SETTINGS_MAX_HEADER_LIST_SIZE), as far as one has said so.
    var maxMetadataBytes: Int {
        pointee.connections.reduce(.max) { min($0, $1.pointee.maxMetadataBytes) }
    }

    /// No room for a call, nor for one that waits.
    var isFull: Bool {
        guard pointee.queue.count >= pointee.worker.pointee.limits.upstreamQueue, !isUnreachable else { return false }
        return pointee.queue.count > 0 || !pointee.connections.contains { $0.room > 0 }
    }

    /// Fail fast: nothing is connected and the last attempt failed.
    private var isUnreachable: Bool {
        pointee.isClosed
            || (pointee.schedule.failures > 0 && !pointee.connections.contains { $0.pointee.phase == .open })
    }

    /// The open connection with the most room, and a further one in the making when even that is nearly full.
    private func connectionWithRoom() -> UpstreamConnectionPointer? {
        let open = pointee.connections.filter { $0.pointee.phase == .open }
        guard let best = open.max(by: { $0.room < $1.room }) else { return nil }
        pointee.current = best
        if best.isNearlyFull { growIfNeeded() }
        return best.room > 0 ? best : nil
    }

    /// All connections that may be are there, and calls wait for room on them.
    private func noteFullness() {
        let worker = pointee.worker
        let limit = worker.pointee.limits.upstreamConnections
        guard pointee.connections.count >= limit, !pointee.connections.contains(where: { $0.pointee.phase != .open }),
            pointee.fullness.event(at: worker.pointee.loop.pointee.now) != nil
        else { return }
        let streams = pointee.connections.reduce(0) { $0 + $1.pointee.maxStreams }
        worker.log(
            .warning,
            """
            all \(limit) connections that may be (limits.upstream_connections) are full, \(streams) calls: further \
            ones wait for at most limits.upstream_queue_wait. Raise limits.upstream_connections, or the number of \
            streams that the upstream allows a connection
            """, upstream: pointee.name)
    }

    // MARK: - Connecting

    /// Makes a connection unless one is being made, all that may be are there, or the last failure is too recent.
    func growIfNeeded() {
        let worker = pointee.worker
        guard !pointee.isClosed, !pointee.isResolving,
            pointee.connections.count < worker.pointee.limits.upstreamConnections,
            !pointee.connections.contains(where: { $0.pointee.phase == .connecting || !$0.isNearlyFull })
        else { return }
        guard pointee.schedule.restsUntil <= worker.pointee.loop.pointee.now else {
            return worker.pointee.loop.arm(timerPointer, at: pointee.schedule.restsUntil)
        }
        if pointee.nextAddress < pointee.addresses.count { return connect() }
        pointee.isResolving = true
        let upstream = SendablePointer(self)
        pointee.resolver.resolve(pointee.address, answerTo: worker.pointee.loop.pointee.mailbox) { result in
            upstream.pointer.resolved(result)
        }
    }

    private func resolved(_ result: Result<[SocketAddress], ResolutionError>) {
        pointee.isResolving = false
        guard !pointee.isClosed else { return }
        switch result {
        case .success(let addresses):
            pointee.addresses = addresses
            pointee.nextAddress = 0
            connect()
        case .failure(let error): attemptFailed(error.description)
        }
    }

    private func connect() {
        let address = pointee.addresses[pointee.nextAddress]
        pointee.nextAddress += 1
        do throws(SystemError) {
            pointee.connections.append(try UpstreamConnectionPointer.connecting(to: address, for: self))
        } catch {
            attemptFailed("\(address): \(error)")
        }
    }

    /// A connection stands and the peer has sent its SETTINGS.
    func connected() {
        pointee.schedule.succeeded()
        pointee.nextAddress = 0
        pointee.addresses = pointee.address.isName ? [] : pointee.addresses
        pointee.worker.log(.info, "connected", upstream: pointee.name)
        serveQueue()
    }

    /// A connection takes no new calls any more, or is lost.
    func connectionLeft(_ connection: UpstreamConnectionPointer) {
        pointee.connections.removeAll { $0 == connection }
        if pointee.current == connection { pointee.current = nil }
        pointee.schedule.left(since: connection.pointee.openedAt)
        growIfNeeded()
    }

    func attemptFailed(_ reason: String) {
        // The next address of the same name is tried at once.
        if !pointee.isClosed, pointee.nextAddress < pointee.addresses.count { return connect() }
        let worker = pointee.worker
        pointee.nextAddress = 0
        pointee.addresses = pointee.address.isName ? [] : pointee.addresses
        if pointee.reason != reason || pointee.schedule.failures == 0 {
            worker.log(.warning, "cannot connect: \(reason)", upstream: pointee.name)
        }
        pointee.reason = reason
        worker.pointee.counters.add(.connectFailures, upstream: pointee.index)
        let again = pointee.schedule.failed(at: worker.pointee.loop.pointee.now, random: Kernel.random())
        worker.pointee.loop.arm(timerPointer, at: again)
        while isUnreachable, let leg = pointee.queue.first {
            leaveQueue(leg)
            leg.unreachable()
        }
    }

    var timerPointer: UnsafeMutablePointer<Timer> {
        withUnsafeMutablePointer(to: &pointee.timer) { $0 }
    }

    /// No call comes any more: connections end with the calls that they have, none is made. For good.
    func fence() {
        guard !pointee.isClosed else { return }
        pointee.isClosed = true
        pointee.worker.pointee.loop.disarm(timerPointer)
        pointee.reason = "its migrations are retired"
        pointee.worker.log(
            .notice, "fenced: the migrations that it is the old side of are retired", upstream: pointee.name)
        for connection in pointee.connections { connection.fence() }
    }

    /// A connection was ended with ENHANCE_YOUR_CALM: from now on resets are paced, on those that stand too.
    func connectionCut(afterResets count: Int) {
        guard pointee.resets.connectionCut(afterResets: count) else { return }
        let (burst, perSecond) = (pointee.resets.burst, pointee.resets.perSecond)
        pointee.worker.log(
            .warning,
            "ended a connection with ENHANCE_YOUR_CALM after \(count) cancelled calls; from now on at most \(burst) at "
                + "once and \(perSecond) a second are cancelled on a connection to it", upstream: pointee.name)
        for connection in pointee.connections {
            connection.pointee.resets = pointee.resets.bucket
            connection.pointee.maxStreams = min(connection.pointee.maxStreams, pointee.resets.streams)
        }
    }

    // MARK: - The queue

    /// Room has come: legs leave the queue in the order in which they came.
    func serveQueue() {
        while let leg = pointee.queue.first, let connection = connectionWithRoom() {
            leaveQueue(leg)
            leg.send(on: connection)
        }
    }

    private func enqueue(_ leg: LegPointer) {
        let loop = pointee.worker.pointee.loop
        leg.pointee.queuedAt = loop.pointee.now
        if pointee.queue.first == nil { loop.arm(queueTimerPointer, at: giveUpAt(leg)) }
        pointee.queue.append(leg)
        leg.pointee.isQueued = true
        pointee.worker.pointee.counters.add(.callsQueued, upstream: pointee.index)
    }

    func leaveQueue(_ leg: LegPointer) {
        pointee.queue.remove(leg)
        leg.pointee.isQueued = false
        pointee.worker.pointee.counters.add(.callsUnqueued, upstream: pointee.index)
        if pointee.queue.first == nil { pointee.worker.pointee.loop.disarm(queueTimerPointer) }
    }

    private func giveUpAt(_ leg: LegPointer) -> UInt64 {
        leg.pointee.queuedAt + pointee.worker.pointee.limits.upstreamQueueWait
    }

    /// Those that have waited too long are refused: no room may come for ever, if streams are open for ever.
    func queueTimePassed() {
        let worker = pointee.worker
        let now = worker.pointee.loop.pointee.now
        while let leg = pointee.queue.first, giveUpAt(leg) <= now {
            leaveQueue(leg)
            leg.queueFull()
            guard let count = pointee.giveUps.event(at: now) else { continue }
            worker.log(
                .error,
                "\(count) \(count == 1 ? "call was" : "calls were") refused: no room came on any connection within "
                    + "limits.upstream_queue_wait", upstream: pointee.name)
        }
        if let leg = pointee.queue.first { worker.pointee.loop.arm(queueTimerPointer, at: giveUpAt(leg)) }
    }

    private var queueTimerPointer: UnsafeMutablePointer<Timer> {
        withUnsafeMutablePointer(to: &pointee.queueTimer) { $0 }
    }
}
