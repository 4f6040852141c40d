import EventLoop
import HTTP2
import WireFormat

/// One HTTP/2 connection of a client or of a side, on a loop of its own process: bytes in and out, streams told.
final class PeerConnection {
    enum Role {
        case client
        case server
    }

    let role: Role
    private let loop: UnsafeMutablePointer<EventLoop>
    let pool: UnsafeMutablePointer<SessionPool>
    private var socket: StreamSocket?
    private(set) var client: ClientSession?
    private(set) var server: ServerSession?
    /// In the order in which a server has taken them, and the process at the other end.
    var number = 0
    var peerProcess: Int32 = 0
    private(set) var isOpen = false
    private(set) var isGone = false
    /// How long the reset of a stream that was answered early stays behind the answer, nanoseconds.
    var resetDelay: () -> UInt64 = { 0 }
    private var held: [UInt8] = []
    private let heldTimer: UnsafeMutablePointer<Timer>
    /// Of streams with events.
    var touched: (StreamPointer, StreamEvents) -> Void = { _, _ in }
    var opened: () -> Void = {}
    /// The peer takes no new streams; those that are open go on.
    var toldToGo: () -> Void = {}
    /// No stream is heard of any more; they are to be recycled.
    var gone: () -> Void = {}

    init(
        _ role: Role, _ descriptor: Int32, loop: UnsafeMutablePointer<EventLoop>,
        pool: UnsafeMutablePointer<SessionPool>
    )
        throws(SystemError)
    {
        self.role = role
        self.loop = loop
        self.pool = pool
        heldTimer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        heldTimer.initialize(
            to: Timer(context: context) { Unmanaged<PeerConnection>.fromOpaque($0).takeUnretainedValue().sendHeld() })
        let interest: EventLoop.Interest = role == .client ? .writable : .readable
        socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: interest, context: context) {
            Unmanaged<PeerConnection>.fromOpaque($0).takeUnretainedValue().ready($1)
        }
        if role == .server { server = ServerSession(pool: pool, owner: context) }
    }

    private var session: SessionPointer? { client?.session ?? server?.session }

    private func ready(_ events: UInt32) {
        if role == .client, client == nil {
            if socket?.connectionError() != nil { return end() }
            client = ClientSession(pool: pool, owner: Unmanaged.passUnretained(self).toOpaque())
            return
        }
        guard let session else { return }
        if events & EventLoop.Interest.writable.rawValue != 0, socket?.isBlocked == true {
            switch socket?.resume() {
            case .all: session.markDirty()
            case .blocked: break
            case .failed, nil: return end()
            }
        }
        guard events & ~EventLoop.Interest.writable.rawValue != 0 else { return }
        let buffer = loop.pointee.receiveBuffer
        switch socket?.receive(into: buffer) {
        case .bytes(let count):
            let fault = session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            drain()
            if fault != nil { end() }
        case .wouldBlock: break
        case .ended, .failed, nil: end()
        }
    }

    func flush() {
        guard let session, socket?.isBlocked == false, held.isEmpty else { return }
        let buffer = loop.pointee.sendBuffer
        while true {
            let count = session.send(into: buffer)
            drain()
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            let delay = resetDelay()
            let first = delay == 0 ? count : Self.reset(in: bytes) ?? count
            switch first == 0 ? .all : socket?.send(UnsafeRawBufferPointer(rebasing: bytes[..<first])) {
            case .all where first < count:
                held = Array(bytes[first...])
                return loop.arm(heldTimer, at: loop.pointee.now + delay)
            case .all: continue
            case .blocked where first < count: return end()
            case .blocked: return
            case .failed, nil: return end()
            }
        }
        if session.hasFinished { end() }
    }

    /// Where the first RST_STREAM begins: a frame has its length in three bytes, its type, flags and a stream's number.
    private static func reset(in bytes: UnsafeRawBufferPointer) -> Int? {
        var start = 0
        while start + 9 <= bytes.count {
            if bytes[start + 3] == 3 { return start }
            start += 9 + Int(bytes[start]) << 16 + Int(bytes[start + 1]) << 8 + Int(bytes[start + 2])
        }
        return nil
    }

    private func sendHeld() {
        let bytes = held
        held = []
        switch bytes.withUnsafeBytes({ socket?.send($0) }) {
        case .all: flush()
        case .blocked: break
        case .failed, nil: end()
        }
    }

    private func drain() {
        guard let session else { return }
        let notices = session.takeNotices()
        if notices.contains(.settings), !isOpen {
            isOpen = true
            opened()
        }
        if notices.contains(.goAway) { toldToGo() }
        while let stream = session.nextTouched() { touched(stream, stream.takeEvents()) }
    }

    func end() {
        guard !isGone else { return }
        isGone = true
        isOpen = false
        loop.disarm(heldTimer)
        if let session {
            var next = session.destroy()
            while let stream = next { next = stream.takeNextOpen() }
        }
        client = nil
        server = nil
        socket = nil
        gone()
    }
}
