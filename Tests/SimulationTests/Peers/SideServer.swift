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

    /// What a request says, with what the sidecar says of it.
    struct Request {
        let path: String
        /// Of the client's call, which the sidecar hands on; -1: it has none.
        let call: Int
        let stage: String
        let epoch: UInt64
        /// The sidecar's.
        let process: Int32
        var message: [UInt8] = []
    }

    /// What is done with a request: the effect has been made when this returns, or will be.
    struct Work {
        /// Nanoseconds until `make` is called.
        var delay: UInt64 = 0
        /// Whether the answer is never sent.
        var isLost = false
        /// Sent before the work is done, in place of its answer.
        var atOnce: Answer?
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

    /// See `PeerConnection`.
    var resetDelay: () -> UInt64 = { 0 }
    let name: String
    let thread: LoopThread
    let address: SocketAddress
    private let pool: UnsafeMutablePointer<SessionPool>
    private var listener: UnsafeMutablePointer<Listener>?
    private var connections: [ObjectIdentifier: PeerConnection] = [:]
    private var nextNumber = 0
    private var sources: [StreamPointer: StreamPointer] = [:]
    private var seen: Set<StreamPointer> = []
    private var pending: [ObjectIdentifier: Pending] = [:]
    private let handle: (Request) -> Work
    private let answerEarly: (Request) -> Answer?

    /// - Parameter answerEarly: the answer to a request that has not come to its end, if there is one already.
    init(
        name: String, port: UInt16, answerEarly: @escaping (Request) -> Answer?, handle: @escaping (Request) -> Work
    ) throws {
        self.name = name
        thread = try LoopThread(name: name)
        self.handle = handle
        self.answerEarly = answerEarly
        // As HTTP/2 has it by itself: a long request does not fit.
        var limits = SessionLimits()
        limits.streamWindow = 65_535
        pool = SessionPool.make(limits: limits)
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

    /// Tells all sidecars to go elsewhere: what they have begun is answered. On the loop.
    func sendAway() {
        for connection in connections.values.sorted(by: { $0.number < $1.number }) { connection.server?.shutDown() }
    }

    private func accepted(_ descriptor: Int32) {
        let process = Kernel.peer(of: descriptor)?.process ?? 0
        guard let made = try? PeerConnection(.server, descriptor, loop: thread.loop, pool: pool) else { return }
        nextNumber += 1
        made.number = nextNumber
        made.peerProcess = process
        made.resetDelay = resetDelay
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
        if stream.pointee.hasEnded, !stream.pointee.isClosed, seen.insert(stream).inserted {
            begin(connection, stream)
        } else if events.contains(.head), !stream.pointee.hasEnded, !stream.pointee.isClosed, !seen.contains(stream) {
            if let answer = answerEarly(request(connection, stream)) {
                seen.insert(stream)
                respond(stream, with: answer, connection.server)
            } else {
                stream.creditAll()
            }
        } else if !seen.contains(stream) {
            stream.creditAll()
        }
        guard events.contains(.closed) else { return }
        for one in pending.values where one.stream == stream { one.isClosed = true }
        seen.remove(stream)
        pool.recycle(stream)
        if let source = sources.removeValue(forKey: stream) { pool.recycle(source) }
    }

    private func request(_ connection: PeerConnection, _ stream: StreamPointer) -> Request {
        let path = stream.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) } ?? ""
        return Request(
            path: path, call: Int(Self.text("x-call", stream)) ?? -1, stage: Self.text("switchover-stage", stream),
            epoch: UInt64(Self.text("switchover-epoch", stream)) ?? 0, process: connection.peerProcess)
    }

    private static func text(_ name: String, _ stream: StreamPointer) -> String {
        let fields = stream.pointee.fields
        for index in 0..<fields.count where fields[index].nameBytes.elementsEqual(name.utf8) {
            return String(decoding: fields[index].valueBytes, as: UTF8.self)
        }
        return ""
    }

    private func begin(_ connection: PeerConnection, _ stream: StreamPointer) {
        stream.creditAll()
        let body = stream.pointee.body.bytes
        var request = request(connection, stream)
        request.message = body.count >= GRPCPrefix.byteCount ? Array(body[GRPCPrefix.byteCount...]) : []
        let one = Pending(self, connection, stream, handle(request))
        pending[ObjectIdentifier(one)] = one
        if let answer = one.work.atOnce { respond(stream, with: answer, connection.server) }
        if one.work.delay == 0 { return perform(one) }
        thread.loop.arm(one.timer, at: thread.loop.pointee.now + one.work.delay)
    }

    private func perform(_ one: Pending) {
        pending[ObjectIdentifier(one)] = nil
        let answer = one.work.make()
        guard !one.isClosed, !one.work.isLost, one.work.atOnce == nil else { return }
        respond(one.stream, with: answer, one.connection.server)
    }

    private func respond(_ stream: StreamPointer, with answer: Answer, _ server: ServerSession?) {
        guard let server else { return }
        guard answer.status == .ok else {
            return server.respond(
                stream,
                with: LocalFields([
                    (":status", "200"), ("content-type", "application/grpc"),
                    ("grpc-status", "\(answer.status.rawValue)"),
                ]))
        }
        let source = pool.makeSource()
        pool.append(message: answer.message, isCompressed: false, to: source)
        pool.finish(source, trailers: LocalFields([("grpc-status", "0")]))
        sources[stream] = source
        server.respond(
            stream, head: LocalFields([(":status", "200"), ("content-type", "application/grpc")]), bodyOf: source)
    }
}

/// For what never leaves its loop.
struct UncheckedBox<Value>: @unchecked Sendable {
    // Sendable because it is only carried by mail to the loop that it came from.
    let value: Value
    init(_ value: Value) { self.value = value }
}
