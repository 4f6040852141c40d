import EventLoop
import Foundation
import HTTP2
import Testing
import WireFormat

/// A request as the server got it.
struct ReceivedCall: Sendable {
    let path: String
    let fields: [String: String]
    let message: [UInt8]
    /// The number of the connection that it came on, from 0.
    let connection: Int
    /// How many calls came before it.
    let index: Int
}

/// What the server does about a call.
enum Answer: Sendable {
    case message([UInt8], trailers: [String: String] = [:])
    case failure(Int, [String: String] = [:])
    case silence
    case reset(UInt32)
    /// The connection is closed without a word.
    case hangUp
    /// A GOAWAY that tells of this stream, and its answer only after one more connection was accepted.
    case goAway([UInt8])
}

/// A gRPC server in this process that answers as the test says, over our own sessions and loop.
final class GRPCServer: @unchecked Sendable {
    // Sendable because everything mutable but `state` is touched on the loop's thread alone.

    struct State: Sendable {
        var calls: [ReceivedCall] = []
        var resets: [UInt32] = []
        var connections = 0
        /// The most calls that were open at once.
        var mostOpen = 0
    }

    let address: String
    private let answer: @Sendable (ReceivedCall) -> Answer
    private let thread: LoopThread
    private let pool: UnsafeMutablePointer<SessionPool>
    private let state = Locked(State())
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation
    private var listener: UnsafeMutablePointer<Listener>?
    private var links: [ObjectIdentifier: ServerLink] = [:]
    fileprivate var afterNextAccept: [() -> Void] = []

    /// - Parameter address: `unix:/path` or `host:port`; nil: a free port of this machine.
    init(
        at address: String? = nil, limits: SessionLimits = SessionLimits(),
        _ answer: @escaping @Sendable (ReceivedCall) -> Answer
    ) throws {
        self.answer = answer
        thread = try LoopThread(name: "server")
        pool = SessionPool.make(limits: limits)
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let parsed = try Address(address ?? "127.0.0.1:0", allowsAnyPort: true)
        let descriptor = try Sockets.listen(on: try #require(try parsed.resolve().first))
        if case .unix = parsed {
            self.address = "\(parsed)"
        } else {
            self.address = "127.0.0.1:\(Sockets.localPort(of: descriptor))"
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        listener = try Listener.make(
            descriptor: descriptor, isUnix: self.address.hasPrefix("unix:"), loop: thread.loop, context: context
        ) {
            Unmanaged<GRPCServer>.fromOpaque($0).takeUnretainedValue().accepted($1)
        }
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<GRPCServer>.fromOpaque($0).takeUnretainedValue().flush()
        }
        try thread.start()
    }

    deinit { pool.destroy() }

    /// Closes everything, and its port too; must be called. A second call does nothing.
    func stop() {
        thread.mailbox.post {
            self.listener?.close()
            self.listener = nil
            for link in self.links.values { link.close() }
        }
        thread.stop()
        thread.join()
    }

    var seen: State { state.withLock { $0 } }

    /// Waits until the server has seen what is asked for; a test that waits in vain is ended by its time limit.
    func sees(_ condition: (State) -> Bool) async {
        if condition(seen) { return }
        for await _ in changes where condition(seen) { return }
    }

    /// The next bytes that come on the present connections are not read but answered with GOAWAY.
    func refuseWhatComesNext() async {
        await onLoop { for link in self.links.values { link.refusesNext = true } }
    }

    func hangUp() async { await onLoop { for link in self.links.values { link.close() } } }

    private func onLoop(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            thread.mailbox.post {
                work()
                continuation.resume()
            }
        }
    }

    // MARK: - On the loop

    private func accepted(_ descriptor: Int32) {
        let number = state.withLock { state in
            state.connections += 1
            return state.connections - 1
        }
        guard let link = try? ServerLink(descriptor, number, thread.loop, pool, self) else { return }
        links[ObjectIdentifier(link)] = link
        let waiting = afterNextAccept
        afterNextAccept = []
        for work in waiting { work() }
        change.yield()
    }

    fileprivate func closed(_ link: ServerLink) { links[ObjectIdentifier(link)] = nil }

    fileprivate func take(_ path: String, _ fields: [String: String], _ message: [UInt8], _ link: ServerLink) -> Answer
    {
        let open = links.values.reduce(0) { $0 + $1.openCalls }
        let call = state.withLock { state in
            let call = ReceivedCall(
                path: path, fields: fields, message: message, connection: link.number, index: state.calls.count)
            state.calls.append(call)
            state.mostOpen = max(state.mostOpen, open)
            return call
        }
        defer { change.yield() }
        return answer(call)
    }

    fileprivate func reset(_ code: UInt32) {
        state.withLock { $0.resets.append(code) }
        change.yield()
    }

    private func flush() {
        while let session = pool.popDirty() {
            Unmanaged<ServerLink>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }
}

/// One connection of the server.
private final class ServerLink {
    let number: Int
    var refusesNext = false
    private let loop: UnsafeMutablePointer<EventLoop>
    private let pool: UnsafeMutablePointer<SessionPool>
    private unowned let server: GRPCServer
    private var socket: StreamSocket?
    private var session: ServerSession?
    /// Calls whose answers are under way, with what they are answered from.
    private var sources: [StreamPointer: StreamPointer?] = [:]
    private var asked: Set<StreamPointer> = []

    init(
        _ descriptor: Int32, _ number: Int, _ loop: UnsafeMutablePointer<EventLoop>,
        _ pool: UnsafeMutablePointer<SessionPool>, _ server: GRPCServer
    ) throws {
        self.number = number
        self.loop = loop
        self.pool = pool
        self.server = server
        let context = Unmanaged.passUnretained(self).toOpaque()
        socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .readable, context: context) {
            Unmanaged<ServerLink>.fromOpaque($0).takeUnretainedValue().ready($1)
        }
        session = ServerSession(pool: pool, owner: context)
    }

    var openCalls: Int { asked.count }

    func close() {
        guard let open = session else { return }
        session = nil
        var next = open.session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            forget(stream)
        }
        socket = nil
        server.closed(self)
    }

    private func ready(_ events: UInt32) {
        if events & EventLoop.Interest.writable.rawValue != 0, socket?.isBlocked == true {
            guard case .all = socket?.resume() else { return }
            session?.session.markDirty()
        }
        guard let session, events & ~EventLoop.Interest.writable.rawValue != 0 else { return }
        if refusesNext {
            refusesNext = false
            session.shutDown()
            socket?.setReading(false)
            return
        }
        let buffer = loop.pointee.receiveBuffer
        guard case .bytes(let count) = socket?.receive(into: buffer) else { return close() }
        let fault = session.session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        drain()
        if fault != nil { close() }
    }

    func flush() {
        guard let session, socket?.isBlocked == false else { return }
        while true {
            let buffer = loop.pointee.sendBuffer
            let count = session.session.send(into: buffer)
            if count == 0 { break }
            guard case .all = socket?.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { break }
        }
        drain()
    }

    private func drain() {
        while let stream = session?.session.nextTouched() {
            let events = stream.takeEvents()
            stream.creditAll()
            if stream.pointee.hasEnded, asked.insert(stream).inserted { ask(stream) }
            if events.contains(.closed) {
                if stream.pointee.errorCode != 0 { server.reset(stream.pointee.errorCode) }
                forget(stream)
            }
        }
    }

    private func ask(_ stream: StreamPointer) {
        var fields: [String: String] = [:]
        for index in 0..<stream.pointee.fields.count {
            let field = stream.pointee.fields[index]
            fields[String(decoding: field.nameBytes, as: UTF8.self)] = String(decoding: field.valueBytes, as: UTF8.self)
        }
        let message = Array(stream.pointee.body.bytes.dropFirst(GRPCPrefix.byteCount))
        switch server.take(fields[":path"] ?? "", fields, message, self) {
        case .message(let message, let trailers): reply(message, trailers, to: stream)
        case .failure(let status, let more): fail(status, more, stream)
        case .silence: break
        case .reset(let code): stream.reset(code)
        case .hangUp: close()
        case .goAway(let message):
            session?.shutDown()
            server.afterNextAccept.append { [weak self] in self?.reply(message, [:], to: stream) }
        }
    }

    private func reply(_ message: [UInt8], _ trailers: [String: String], to stream: StreamPointer) {
        let source = pool.makeSource()
        sources[stream] = source
        pool.append(message: message, isCompressed: false, to: source)
        pool.finish(
            source, trailers: LocalFields([("grpc-status", "0")] + trailers.map { (name: $0.key, value: $0.value) }))
        let head = LocalFields([(":status", "200"), ("content-type", "application/grpc")])
        session?.respond(stream, head: head, bodyOf: source)
    }

    private func fail(_ status: Int, _ more: [String: String], _ stream: StreamPointer) {
        let head = [
            (name: ":status", value: "200"), (name: "content-type", value: "application/grpc"),
            (name: "grpc-status", value: "\(status)"),
        ]
        session?.respond(stream, with: LocalFields(head + more.map { (name: $0.key, value: $0.value) }))
    }

    private func forget(_ stream: StreamPointer) {
        asked.remove(stream)
        if let source = sources.removeValue(forKey: stream) ?? nil { pool.recycle(source) }
        pool.recycle(stream)
    }
}
