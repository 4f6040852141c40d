import EventLoop
import HTTP2
import Migration

/// One connection of a client.
///
///     serving --GOAWAY and ping sent--> announced --ping answered, or time--> leaving --last call ended--> freed
///     leaving because it was idle --time--> freed, whatever its client does
///     any --socket lost, broken HTTP/2, flood--> freed; its calls end, their legs are cancelled
///
/// A client that has not sent its SETTINGS within `limits.handshake_timeout` is cut off; one that has made no call for
/// `limits.idle_timeout` is asked to go.
struct ClientConnection: ~Copyable {
    let worker: WorkerPointer
    var socket: StreamSocket
    let server: ServerSession
    /// Bodies that wait for each upstream, and last those of `BufferShare`: where one upstream stands still, calls to
    /// the others must not lack room.
    let accounts: UnsafeMutablePointer<BufferAccount>
    var timer: Timer
    var isAnnounced = false
    var isLeaving = false
    /// It was told to go because it had nothing to do.
    var leavesIdle = false
    var hasHeard = false
    var hasReceived = false
    /// When the last call began, monotonic nanoseconds.
    var lastCallAt: UInt64
    var next: ClientConnectionPointer?
    var previous: ClientConnectionPointer?
}

typealias ClientConnectionPointer = UnsafeMutablePointer<ClientConnection>

extension ClientConnectionPointer {
    /// Serves an accepted descriptor; closes it when it cannot.
    static func serve(_ descriptor: Int32, worker: WorkerPointer) {
        let loop = worker.pointee.loop
        let connection = Self.allocate(capacity: 1)
        let socket: StreamSocket
        do throws(SystemError) {
            socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .readable, context: connection) {
                $0.assumingMemoryBound(to: ClientConnection.self).ready(events: $1)
            }
        } catch {
            connection.deallocate()
            worker.pointee.counters.add(.clientConnectionsRefused)
            return
        }
        let count = worker.pointee.upstreamCount + BufferShare.allCases.count
        let accounts = UnsafeMutablePointer<BufferAccount>.allocate(capacity: count)
        accounts.initialize(repeating: BufferAccount(), count: count)
        connection.initialize(
            to: ClientConnection(
                worker: worker, socket: socket,
                server: ServerSession(pool: worker.pointee.sessions, owner: UnsafeMutableRawPointer(connection)),
                accounts: accounts,
                timer: Timer(context: connection) { $0.assumingMemoryBound(to: ClientConnection.self).timedOut() },
                lastCallAt: loop.pointee.now
            )
        )
        loop.arm(connection.timerPointer, at: loop.pointee.now + worker.pointee.limits.handshakeTimeout)
        worker.add(connection)
    }

    /// - Parameter upstream: its position; from the number of upstreams on they are those of `BufferShare`.
    func account(ofUpstream upstream: Int) -> UnsafeMutablePointer<BufferAccount> { pointee.accounts + upstream }

    func account(of share: BufferShare) -> UnsafeMutablePointer<BufferAccount> {
        pointee.accounts + pointee.worker.pointee.upstreamCount + share.rawValue
    }

    /// Bodies that wait on behalf of this client, bytes.
    var heldBytes: Int {
        (0..<pointee.worker.pointee.upstreamCount + BufferShare.allCases.count)
            .reduce(0) { $0 + pointee.accounts[$1].bytes }
    }

    private var timerPointer: UnsafeMutablePointer<Timer> { withUnsafeMutablePointer(to: &pointee.timer) { $0 } }
    private var session: SessionPointer { pointee.server.session }

    // MARK: - The socket

    private func ready(events: UInt32) {
        if events & EventLoop.Interest.writable.rawValue != 0, pointee.socket.isBlocked {
            switch pointee.socket.resume() {
            case .all: session.markDirty()
            case .blocked: break
            case .failed: return close()
            }
        }
        guard events & ~EventLoop.Interest.writable.rawValue != 0 else { return }
        receive()
    }

    private func receive() {
        let worker = pointee.worker
        let buffer = worker.pointee.loop.pointee.receiveBuffer
        switch pointee.socket.receive(into: buffer) {
        case .bytes(let count):
            pointee.hasReceived = true
            worker.pointee.counters.add(.clientBytesReceived, UInt64(count))
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            worker.pointee.sessions.pointee.now = worker.pointee.loop.pointee.now
            let fault = session.receive(bytes)
            drainEvents()
            if let fault { end(because: fault, after: bytes) }
        case .wouldBlock: break
        case .ended, .failed: close()
        }
    }

    /// What the session has still to say (GOAWAY with the error) is sent, then the connection is closed.
    private func end(because fault: SessionFault, after bytes: UnsafeRawBufferPointer) {
        pointee.worker.pointee.counters.add(.protocolErrors)
        if case .notHTTP2 = fault, !pointee.hasHeard {
            _ = pointee.socket.isBlocked ? .all : pointee.socket.send(PlainHTTP1.answer)
        } else if !pointee.socket.isBlocked {
            let buffer = pointee.worker.pointee.loop.pointee.sendBuffer
            let count = session.send(into: buffer)
            if count > 0 { _ = pointee.socket.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            drainEvents()
        }
        close()
    }

    private func timedOut() {
        if pointee.isLeaving { return session.pointee.openStreams == 0 ? close() : armLeaveTimer() }
        if pointee.isAnnounced { return leave() }
        guard pointee.hasHeard else { return close() }
        let loop = pointee.worker.pointee.loop
        let isIdle = session.pointee.openStreams == 0 && idleSince <= loop.pointee.now
        if isIdle { leaveIdle(atOnce: false) } else { armIdleTimer() }
    }

    /// When the connection will have been idle for too long, if no call comes.
    private var idleSince: UInt64 { pointee.lastCallAt + pointee.worker.pointee.limits.idleTimeout }

    /// Looked at when it fires, not set anew for each call.
    private func armIdleTimer() {
        let loop = pointee.worker.pointee.loop
        guard pointee.worker.pointee.limits.idleTimeout > 0 else { return loop.disarm(timerPointer) }
        loop.arm(timerPointer, at: Swift.max(idleSince, loop.pointee.now + 1_000_000_000))
    }

    /// Sends what the session has, once a batch.
    func flush() {
        // Our SETTINGS wait for the client's first bytes, so that what speaks HTTP/1 can be answered in its own words.
        guard !pointee.socket.isBlocked, pointee.hasReceived else { return }
        let worker = pointee.worker
        let buffer = worker.pointee.loop.pointee.sendBuffer
        while true {
            let count = session.send(into: buffer)
            if count == 0 { break }
            worker.pointee.counters.add(.clientBytesSent, UInt64(count))
            switch pointee.socket.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            case .all: continue
            case .blocked: return drainEvents()
            case .failed:
                drainEvents()
                return close()
            }
        }
        drainEvents()
        if session.hasFinished { close() }
    }

    // MARK: - The session

    private func drainEvents() {
        let notices = session.takeNotices()
        if !notices.isEmpty { heed(notices) }
        while let stream = session.nextTouched() {
            let events = stream.takeEvents()
            if let owner = stream.pointee.owner {
                owner.assumingMemoryBound(to: Call.self).clientProgressed(events)
            } else if events.contains(.closed) {
                // Reset before the sidecar had done anything for it.
                pointee.worker.pointee.sessions.recycle(stream)
            } else if events.contains(.head) {
                begin(stream, events)
            }
        }
    }

    private func begin(_ stream: StreamPointer, _ events: StreamEvents) {
        let call = pointee.worker.newCall(stream, of: self)
        pointee.lastCallAt = call.pointee.arrivedAt
        call.begin(events)
        if events.hasMoreThanHead { call.clientProgressed(events) }
    }

    /// Forgets the beginnings of requests that only a refused stream would need again.
    func giveUpSecondTries() {
        let pool = pointee.worker.pointee.sessions
        session.forEachOpenStream { stream in
            guard let call = stream.pointee.owner?.assumingMemoryBound(to: Call.self), !call.pointee.needsMessage else {
                return
            }
            stream.stopRetainingBody(in: pool)
        }
    }

    private func heed(_ notices: Session.Notices) {
        let worker = pointee.worker
        if notices.contains(.settings), !pointee.hasHeard {
            pointee.hasHeard = true
            armIdleTimer()
        }
        if notices.contains(.pingAnswered), pointee.isAnnounced { leave() }
        if notices.contains(.flood) { worker.pointee.counters.add(.floodsClosed) }
    }

    // MARK: - The end

    /// Whether it has nothing to do: no call, and no answer that a slow client is still reading.
    var isIdle: Bool {
        guard session.pointee.openStreams == 0, !pointee.isAnnounced else { return false }
        guard pointee.socket.isBlocked else { return true }
        return pointee.lastCallAt + Self.readingNanoseconds < pointee.worker.pointee.loop.pointee.now
    }

    /// How long a client may take to read what is left of its last answer.
    private static var readingNanoseconds: UInt64 { 30_000_000_000 }

    /// It has nothing to do and must go: with GOAWAY, a ping's round trip and another GOAWAY, or with the last of these
    /// alone.
    func leaveIdle(atOnce: Bool) {
        guard pointee.hasHeard else { return close() }
        if !atOnce {
            pointee.leavesIdle = true
            return announceShutdown()
        }
        pointee.server.shutDown()
        if !pointee.socket.isBlocked {
            let buffer = pointee.worker.pointee.loop.pointee.sendBuffer
            let count = session.send(into: buffer)
            if count > 0 { _ = pointee.socket.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            drainEvents()
        }
        close()
    }

    /// First half of a graceful end: the client is told to open no new streams here. A ping's round trip later it has
    /// heard it.
    func announceShutdown() {
        guard !pointee.isAnnounced else { return }
        let loop = pointee.worker.pointee.loop
        pointee.isAnnounced = true
        pointee.worker.pointee.load.pointee.countLeaving(1)
        pointee.server.announceShutdown()
        session.ping()
        loop.arm(timerPointer, at: loop.pointee.now + 1_000_000_000)
    }

    /// Second half: streams opened from now on are refused, those in flight end, then the connection closes.
    private func leave() {
        guard !pointee.isLeaving else { return }
        pointee.isLeaving = true
        pointee.server.shutDown()
        // A client that reads nothing any more keeps no connection that is not in use.
        if pointee.leavesIdle { armLeaveTimer() } else { pointee.worker.pointee.loop.disarm(timerPointer) }
    }

    private func armLeaveTimer() {
        let loop = pointee.worker.pointee.loop
        loop.arm(timerPointer, at: loop.pointee.now + 1_000_000_000)
    }

    /// Ends the connection; its calls are told why, so that nobody repeats a write which was sent.
    func refuseAndClose() {
        var calls: [CallPointer] = []
        session.forEachOpenStream { stream in
            if let owner = stream.pointee.owner { calls.append(owner.assumingMemoryBound(to: Call.self)) }
        }
        for call in calls { call.refuse(.draining) }
        leaveIdle(atOnce: true)
    }

    /// Ends the connection at once; its calls learn that the client is gone.
    func close() {
        let worker = pointee.worker
        var next = session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            if let owner = stream.pointee.owner {
                owner.assumingMemoryBound(to: Call.self).clientClosed()
            } else {
                worker.pointee.sessions.recycle(stream)
            }
        }
        worker.pointee.loop.disarm(timerPointer)
        worker.remove(self)
        pointee.accounts.deallocate()
        deinitialize(count: 1)
        deallocate()
    }
}

/// What waits on behalf of a client, and not for one upstream. Each has a share of its own of what a worker holds: a
/// side that stands still must not take the room of calls that do not need it.
enum BufferShare: Int, CaseIterable {
    /// Calls that are not decided yet.
    case undecided
    /// Operations on one store.
    case oneSide
    /// Operations on both sides, and the sidecar's own answers.
    case bothSides
}

/// What a peer that speaks HTTP/1 to the data port is told.
enum PlainHTTP1 {
    static var answer: UnsafeRawBufferPointer {
        let text: StaticString = """
            HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\n\
            Content-Length: 81\r\nConnection: close\r\n\r\n\
            This is Switchover's gRPC port: HTTP/2 without TLS only. Metrics: the stats port.
            """
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
