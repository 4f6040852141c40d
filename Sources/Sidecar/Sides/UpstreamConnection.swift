import EventLoop
import HTTP2
import Logging
import Migration

/// One connection to an upstream, shared by the calls of all clients of its worker.
///
///     connecting --socket connected--> connecting (preface sent) --SETTINGS--> open
///     connecting --error, time out--> failed: freed
///     open --GOAWAY--> leaving: takes no calls, freed when the last stream closes
///     open, leaving --socket lost--> freed; its calls learn it
///
/// Resets are paced where the upstream has shown that it cuts connections on which many streams are reset: one client's
/// cancellations must not end the calls of the others. A leg whose reset must wait is read and dropped until then.
struct UpstreamConnection: ~Copyable {
    enum Phase: UInt8 {
        case connecting
        case open
        case leaving
    }

    let upstream: UpstreamPoolPointer
    let address: SocketAddress
    var phase = Phase.connecting
    var socket: StreamSocket
    var session: ClientSession?
    var timer: Timer
    var maxStreams = 100
    /// When the peer's SETTINGS came, monotonic nanoseconds.
    var openedAt: UInt64 = 0

    /// Largest header block that the peer says it takes, bytes (SETTINGS_MAX_HEADER_LIST_SIZE).
    var maxMetadataBytes = Int.max

    var resets: TokenBucket
    var resetsSent = RecentCount()
    var resetTimer: Timer
    var legsToReset = LegQueue()
}

typealias UpstreamConnectionPointer = UnsafeMutablePointer<UpstreamConnection>

extension UpstreamConnectionPointer {
    /// A connection that is being made.
    static func connecting(to address: SocketAddress, for upstream: UpstreamPoolPointer) throws(SystemError) -> Self {
        let worker = upstream.pointee.worker
        let loop = worker.pointee.loop
        let limits = worker.pointee.limits
        let descriptor = try Sockets.connect(to: address)
        let connection = Self.allocate(capacity: 1)
        let socket: StreamSocket
        do throws(SystemError) {
            socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .writable, context: connection) {
                $0.assumingMemoryBound(to: UpstreamConnection.self).ready(events: $1)
            }
        } catch {
            connection.deallocate()
            throw error
        }
        connection.initialize(
            to: UpstreamConnection(
                upstream: upstream, address: address, socket: socket,
                timer: Timer(context: connection) { $0.assumingMemoryBound(to: UpstreamConnection.self).timedOut() },
                resets: upstream.pointee.resets.bucket,
                resetTimer: Timer(context: connection) {
                    $0.assumingMemoryBound(to: UpstreamConnection.self).resetWaiting()
                }
            )
        )
        loop.arm(connection.timerPointer, at: loop.pointee.now + limits.connectTimeout)
        return connection
    }

    /// Only while a session stands: from the socket's connect to the end.
    var client: ClientSession { pointee.session.unsafelyUnwrapped }

    /// Streams that may still be opened.
    var room: Int { pointee.phase == .open ? pointee.maxStreams - client.session.pointee.openStreams : 0 }

    /// Nine tenths of what the peer allows are in use: time for a further connection.
    var isNearlyFull: Bool { room * 10 <= pointee.maxStreams }

    private var worker: WorkerPointer { pointee.upstream.pointee.worker }

    // MARK: - The socket

    private func ready(events: UInt32) {
        guard pointee.session != nil else { return connectDone() }
        if events & EventLoop.Interest.writable.rawValue != 0, pointee.socket.isBlocked {
            switch pointee.socket.resume() {
            case .all: client.session.markDirty()
            case .blocked: break
            case .failed(let error): return lost("\(error)")
            }
        }
        guard events & ~EventLoop.Interest.writable.rawValue != 0 else { return }
        receive()
    }

    private func receive() {
        let buffer = worker.pointee.loop.pointee.receiveBuffer
        switch pointee.socket.receive(into: buffer) {
        case .bytes(let count):
            worker.pointee.counters.add(.bytesReceived, upstream: pointee.upstream.pointee.index, UInt64(count))
            let fault = client.session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            drainEvents()
            if let fault { lost("the peer broke HTTP/2: \(fault)") }
        case .wouldBlock: break
        case .ended: lost("closed by the peer")
        case .failed(let error): lost("\(error)")
        }
    }

    private func connectDone() {
        if let error = pointee.socket.connectionError() { return failed("\(pointee.address): \(error)") }
        pointee.session = ClientSession(pool: worker.pointee.sessions, owner: UnsafeMutableRawPointer(self))
    }

    private func timedOut() {
        failed("\(pointee.address): no HTTP/2 SETTINGS within limits.connect_timeout")
    }

    private func failed(_ reason: String) {
        let upstream = pointee.upstream
        upstream.pointee.connections.removeAll { $0 == self }
        free()
        upstream.attemptFailed(reason)
    }

    /// Sends what the session has, once a batch.
    func flush() {
        guard !pointee.socket.isBlocked else { return }
        let buffer = worker.pointee.loop.pointee.sendBuffer
        while true {
            let count = client.session.send(into: buffer)
            if count == 0 { break }
            worker.pointee.counters.add(.bytesSent, upstream: pointee.upstream.pointee.index, UInt64(count))
            switch pointee.socket.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            case .all: continue
            case .blocked: return drainEvents()
            case .failed(let error):
                drainEvents()
                return lost("\(error)")
            }
        }
        drainEvents()
        if client.session.hasFinished { lost("closed") }
    }

    // MARK: - The session

    private func drainEvents() {
        let notices = client.session.takeNotices()
        if !notices.isEmpty { heed(notices) }
        while let stream = client.session.nextTouched() {
            let events = stream.takeEvents()
            guard let owner = stream.pointee.owner else { continue }
            owner.assumingMemoryBound(to: Leg.self).progressed(stream, events)
        }
        if pointee.phase == .open, pointee.upstream.pointee.queue.count > 0 { pointee.upstream.serveQueue() }
    }

    private func heed(_ notices: Session.Notices) {
        if notices.contains(.settings) {
            pointee.maxStreams = Swift.max(Swift.min(client.maxStreams, pointee.upstream.pointee.resets.streams), 0)
            pointee.maxMetadataBytes = client.maxMetadataBytes
            if pointee.phase == .connecting {
                pointee.phase = .open
                pointee.openedAt = worker.pointee.loop.pointee.now
                worker.pointee.loop.disarm(timerPointer)
                worker.pointee.counters.add(.connectionsOpened, upstream: pointee.upstream.pointee.index)
                pointee.upstream.connected()
            }
        }
        if notices.contains(.goAway) {
            if client.session.pointee.goAwayCode == HTTP2Code.enhanceYourCalm {
                let count = pointee.resetsSent.count(at: worker.pointee.loop.pointee.now)
                pointee.upstream.connectionCut(afterResets: count)
            }
            stopTaking()
        }
    }

    private func stopTaking() {
        guard pointee.phase == .open else { return }
        pointee.phase = .leaving
        pointee.upstream.connectionLeft(self)
    }

    /// The session takes no further streams (their numbers are used up after 2^30): it ends with those it has.
    func leave() {
        client.shutDown()
        stopTaking()
    }

    /// Nobody has anything more to ask: it ends with the streams it has.
    func fence() {
        if pointee.phase == .open { leave() } else { failed(pointee.upstream.pointee.reason) }
    }

    /// The socket or the session is at its end: every call on it learns it.
    private func lost(_ reason: String) {
        let upstream = pointee.upstream
        if pointee.phase == .connecting { return failed("\(pointee.address): \(reason)") }
        worker.log(.info, "connection ended: \(reason)", upstream: upstream.pointee.name)
        let wasOpen = pointee.phase == .open
        pointee.phase = .leaving
        worker.pointee.counters.add(.connectionsClosed, upstream: pointee.upstream.pointee.index)
        var next = client.session.destroy()
        pointee.session = nil
        while let stream = next {
            next = stream.takeNextOpen()
            guard let owner = stream.pointee.owner else { continue }
            owner.assumingMemoryBound(to: Leg.self).progressed(stream, .closed)
        }
        if wasOpen { upstream.connectionLeft(self) }
        free()
    }

    /// Ends the connection with GOAWAY; used when the worker has drained.
    func shutDown() {
        if pointee.session != nil { client.session.terminate(HTTP2Code.noError) }
    }

    private func free() {
        let loop = worker.pointee.loop
        loop.disarm(timerPointer)
        loop.disarm(resetTimerPointer)
        if pointee.session != nil { _ = client.session.destroy() }
        deinitialize(count: 1)
        deallocate()
    }

    private var timerPointer: UnsafeMutablePointer<Timer> {
        withUnsafeMutablePointer(to: &pointee.timer) { $0 }
    }

    private var resetTimerPointer: UnsafeMutablePointer<Timer> {
        withUnsafeMutablePointer(to: &pointee.resetTimer) { $0 }
    }

    // MARK: - Resets

    /// The owner of the leg wants no more of its stream.
    func cancel(_ leg: LegPointer, _ stream: StreamPointer) {
        stream.discard()
        reset(leg, stream)
    }

    /// Ends the leg's stream, now or as soon as there is budget for it.
    func reset(_ leg: LegPointer, _ stream: StreamPointer) {
        guard !leg.pointee.waitsForReset, !stream.pointee.isReset else { return }
        let loop = worker.pointee.loop
        if pointee.legsToReset.first == nil, pointee.resets.take(at: loop.pointee.now) {
            return reset(stream)
        }
        worker.pointee.counters.add(.resetsPaced, upstream: pointee.upstream.pointee.index)
        leg.pointee.waitsForReset = true
        pointee.legsToReset.append(leg)
        if pointee.legsToReset.count == 1 { armResetTimer() }
    }

    /// The leg's stream is closed; it needs no reset any more.
    func legClosed(_ leg: LegPointer) {
        guard leg.pointee.waitsForReset else { return }
        pointee.legsToReset.remove(leg)
        leg.pointee.waitsForReset = false
    }

    private func resetWaiting() {
        let now = worker.pointee.loop.pointee.now
        while let leg = pointee.legsToReset.first, pointee.resets.take(at: now) {
            legClosed(leg)
            if let stream = leg.pointee.stream { reset(stream) }
        }
        armResetTimer()
    }

    private func reset(_ stream: StreamPointer) {
        pointee.resetsSent.add(at: worker.pointee.loop.pointee.now)
        worker.pointee.counters.add(.resetsSent, upstream: pointee.upstream.pointee.index)
        stream.reset(HTTP2Code.cancel)
    }

    private func armResetTimer() {
        guard pointee.legsToReset.first != nil else { return }
        let loop = worker.pointee.loop
        loop.arm(resetTimerPointer, at: pointee.resets.nextToken(after: loop.pointee.now))
    }
}
