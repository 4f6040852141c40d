import EventLoop
import HTTP2
import WireFormat

/// A gRPC server on a loop of its own: unary methods, answered now, later, or never.
final class SideServer: @unchecked Sendable {
    // Sendable because everything is touched on the loop's thread alone, after `start`.

    struct Answer {
        var status = GRPCStatus.ok
        var message: [UInt8] = []
    }

    /// What is done with a request: the effect has been made when this returns, or will be.
    struct Work {
        /// Nanoseconds until `make` is called.
        var delay: UInt64 = 0
        /// Whether the answer is never sent.
        var isLost = false
        let make: () -> Answer
    }

    private final class Pending {
        unowned let server: SideServer
        let connection: PeerConnection
        let stream: StreamPointer
        let work: Work
        let timer: UnsafeMutablePointer<Timer>
        var isClosed = false

        init(_ server: SideServer, _ connection: PeerConnection, _ stream: StreamPointer, _ work: Work) {
            self.server = server
            self.connection = connection
            self.stream = stream
            self.work = work
            timer = .allocate(capacity: 1)
            timer.initialize(
                to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                    let pending = Unmanaged<Pending>.fromOpaque($0).takeUnretainedValue()
                    pending.server.perform(pending)
                })
        }
    }

    let thread: LoopThread
    let address: SocketAddress
    private let pool: UnsafeMutablePointer<SessionPool>
    private var listener: UnsafeMutablePointer<Listener>?
    private var connections: [ObjectIdentifier: PeerConnection] = [:]
    private var sources: [StreamPointer: StreamPointer] = [:]
    private var seen: Set<StreamPointer> = []
    private var pending: [ObjectIdentifier: Pending] = [:]
    private let handle: (_ path: String, _ message: [UInt8]) -> Work

    init(name: String, port: UInt16, handle: @escaping (_ path: String, _ message: [UInt8]) -> Work) throws {
        thread = try LoopThread(name: name)
        self.handle = handle
        pool = SessionPool.make(limits: SessionLimits())
        address = try SocketAddress.resolve(host: "127.0.0.1", port: port)[0]
        let context = Unmanaged.passUnretained(self).toOpaque()
        listener = try Listener.make(
            descriptor: try Sockets.listen(on: address), isUnix: false, loop: thread.loop, context: context
        ) { Unmanaged<SideServer>.fromOpaque($0).takeUnretainedValue().accepted($1) }
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<SideServer>.fromOpaque($0).takeUnretainedValue().flush()
        }
    }

    func start() throws { try thread.start() }

    private func flush() {
        while let session = pool.popDirty() {
            Unmanaged<PeerConnection>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }

    private func accepted(_ descriptor: Int32) {
        guard let made = try? PeerConnection(.server, descriptor, loop: thread.loop, pool: pool) else { return }
        connections[ObjectIdentifier(made)] = made
        made.touched = { [unowned self, unowned made] in progressed(made, $0, $1) }
        made.gone = { [unowned self, unowned made] in lost(made) }
    }

    private func lost(_ connection: PeerConnection) {
        for one in pending.values where one.connection === connection { one.isClosed = true }
        // The connection may be the one that is heard from just now.
        let kept = connections.removeValue(forKey: ObjectIdentifier(connection))
        thread.mailbox.post { [kept = UncheckedBox(kept)] in _ = kept }
    }

    private func progressed(_ connection: PeerConnection, _ stream: StreamPointer, _ events: StreamEvents) {
        if stream.pointee.hasEnded, !stream.pointee.isClosed, seen.insert(stream).inserted { begin(connection, stream) }
        guard events.contains(.closed) else { return }
        for one in pending.values where one.stream == stream { one.isClosed = true }
        seen.remove(stream)
        pool.recycle(stream)
        if let source = sources.removeValue(forKey: stream) { pool.recycle(source) }
    }

    private func begin(_ connection: PeerConnection, _ stream: StreamPointer) {
        stream.creditAll()
        let path = stream.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) } ?? ""
        let body = stream.pointee.body.bytes
        let message = body.count >= GRPCPrefix.byteCount ? Array(body[GRPCPrefix.byteCount...]) : []
        let one = Pending(self, connection, stream, handle(path, message))
        pending[ObjectIdentifier(one)] = one
        if one.work.delay == 0 { return perform(one) }
        thread.loop.arm(one.timer, at: thread.loop.pointee.now + one.work.delay)
    }

    private func perform(_ one: Pending) {
        pending[ObjectIdentifier(one)] = nil
        let answer = one.work.make()
        guard !one.isClosed, !one.work.isLost, let server = one.connection.server else { return }
        let trailers = LocalFields([("grpc-status", "\(answer.status.rawValue)")])
        guard answer.status == .ok else {
            return server.respond(
                one.stream,
                with: LocalFields([
                    (":status", "200"), ("content-type", "application/grpc"),
                    ("grpc-status", "\(answer.status.rawValue)"),
                ]))
        }
        let source = pool.makeSource()
        pool.append(message: answer.message, isCompressed: false, to: source)
        pool.finish(source, trailers: trailers)
        sources[one.stream] = source
        server.respond(
            one.stream, head: LocalFields([(":status", "200"), ("content-type", "application/grpc")]), bodyOf: source)
    }
}

/// For what never leaves its loop.
struct UncheckedBox<Value>: @unchecked Sendable {
    // Sendable because it is only carried by mail to the loop that it came from.
    let value: Value
    init(_ value: Value) { self.value = value }
}
