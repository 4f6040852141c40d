import EventLoop
import HTTP2
import WireFormat

/// One HTTP/2 connection to a sidecar and the calls on it. Confined to its connector's loop.
///
///     connecting --socket connected, SETTINGS--> open --GOAWAY--> leaving --last stream closed--> ended
///     any --socket lost, session broken--> ended
final class SidecarConnection {
    private enum Phase {
        case connecting
        case open
        case leaving
        case ended
    }

    private let loop: UnsafeMutablePointer<EventLoop>
    private let pool: UnsafeMutablePointer<SessionPool>
    private let messageBytes: Int
    private unowned let connector: Connector
    private var phase = Phase.connecting
    private var socket: StreamSocket?
    private var client: ClientSession?
    private var calls: [StreamPointer: PendingCall] = [:]

    init(
        to address: SocketAddress, loop: UnsafeMutablePointer<EventLoop>, pool: UnsafeMutablePointer<SessionPool>,
        messageBytes: Int, connector: Connector
    ) throws(SystemError) {
        self.loop = loop
        self.pool = pool
        self.messageBytes = messageBytes
        self.connector = connector
        let descriptor = try Sockets.connect(to: address)
        let context = Unmanaged.passUnretained(self).toOpaque()
        socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .writable, context: context) {
            Unmanaged<SidecarConnection>.fromOpaque($0).takeUnretainedValue().ready($1)
        }
    }

    /// Sends a call; false when there is no room for it now.
    func take(_ call: PendingCall) -> Bool {
        guard phase == .open, let client, calls.count < client.maxStreams else { return false }
        let source = pool.makeSource()
        pool.append(message: call.message, isCompressed: false, to: source)
        pool.finish(source)
        pool.pointee.writer.removeAll()
        call.fields.write(to: &pool.pointee.writer)
        guard let stream = client.request(bodyOf: source) else {
            pool.recycle(source)
            leave()
            return false
        }
        call.stream = stream
        call.source = source
        calls[stream] = call
        return true
    }

    // MARK: - The socket

    private func ready(_ events: UInt32) {
        guard let client else { return connected() }
        if events & EventLoop.Interest.writable.rawValue != 0, socket?.isBlocked == true {
            switch socket?.resume() {
            case .all: client.session.markDirty()
            case .blocked: break
            case .failed(let error): return fail("\(error)")
            case nil: return
            }
        }
        guard events & ~EventLoop.Interest.writable.rawValue != 0 else { return }
        receive(client)
    }

    private func connected() {
        if let error = socket?.connectionError() { return fail("\(error)") }
        client = ClientSession(pool: pool, owner: Unmanaged.passUnretained(self).toOpaque())
    }

    private func receive(_ client: ClientSession) {
        let buffer = loop.pointee.receiveBuffer
        switch socket?.receive(into: buffer) {
        case .bytes(let count):
            let fault = client.session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            drainEvents()
            if let fault { fail("the peer broke HTTP/2: \(fault)") }
        case .wouldBlock, nil: break
        case .ended: fail("closed by the sidecar")
        case .failed(let error): fail("\(error)")
        }
    }

    func flush() {
        guard let session = client?.session, socket?.isBlocked == false else { return }
        let buffer = loop.pointee.sendBuffer
        while true {
            let count = session.send(into: buffer)
            if count == 0 { break }
            switch socket?.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            case .all: continue
            case .blocked, nil: return drainEvents()
            case .failed(let error):
                drainEvents()
                return fail("\(error)")
            }
        }
        drainEvents()
        if phase != .ended, session.hasFinished { fail("closed") }
    }

    // MARK: - The session

    private func drainEvents() {
        guard let client else { return }
        let notices = client.session.takeNotices()
        if notices.contains(.settings), phase == .connecting {
            phase = .open
            connector.opened(self)
        } else if notices.contains(.settings) {
            connector.roomMade()
        }
        if notices.contains(.goAway) { leave() }
        while let stream = client.session.nextTouched() {
            let events = stream.takeEvents()
            guard let call = calls[stream] else { continue }
            progressed(call, stream, events)
        }
        // Only now: whatever the loop above calls must leave the session alive.
        if phase == .leaving, calls.isEmpty { fail("it was told to go") }
    }

    private func progressed(_ call: PendingCall, _ stream: StreamPointer, _ events: StreamEvents) {
        stream.creditAll()
        if stream.pointee.body.count > messageBytes + GRPCPrefix.byteCount, !stream.pointee.hasEnded {
            connector.end(call, .failure(ReplyReading.tooLong(limit: messageBytes)))
        } else if stream.pointee.hasEnded {
            connector.end(call, ReplyReading.result(of: stream, limit: messageBytes))
        } else if events.contains(.closed) {
            connector.end(
                call, .failure(ReplyReading.reset(stream.pointee.errorCode, hasBegun: stream.pointee.isHeadComplete)))
        }
        guard events.contains(.closed) else { return }
        forget(stream)
        connector.roomMade()
    }

    /// It takes no further calls, and ends with the last of those it has: the next time that its events are looked at.
    private func leave() {
        guard phase == .open else { return }
        phase = .leaving
        client?.session.markDirty()
        connector.left(self)
    }

    /// Ends it now; calls that are under way learn it.
    func fail(_ reason: String) {
        guard phase != .ended else { return }
        phase = .ended
        // The loop may hold the only other reference.
        let connector = connector
        if let client {
            self.client = nil
            var next = client.session.destroy()
            while let stream = next { next = stream.takeNextOpen() }
        }
        for (stream, call) in calls {
            let error = SwitchoverError(
                .unavailable, "the connection to the sidecar was lost: \(reason)", mayRetry: .ifIdempotent,
                origin: .lostConnection)
            connector.end(call, .failure(error))
            forget(stream)
        }
        socket = nil
        connector.ended(self, reason)
    }

    private func forget(_ stream: StreamPointer) {
        guard let call = calls.removeValue(forKey: stream) else { return }
        call.stream = nil
        pool.recycle(stream)
        if let source = call.source { pool.recycle(source) }
        call.source = nil
    }
}
