import EventLoop
import HTTP2
import WireFormat

/// A gRPC client on a loop of its own: unary calls over one connection, made again when it is lost.
final class SimulatedClient: @unchecked Sendable {
    // Sendable because everything is touched on the loop's thread alone, after `start`.

    struct Answer: Sendable {
        /// Nil: the stream was reset, or its connection lost.
        let status: GRPCStatus?
        let error: String?
        let words: String
        let message: [UInt8]
        /// Whether a side's rows are missing.
        let isPartial: Bool

        /// For the trace.
        var note: String { "\(status.map { "\($0)" } ?? "-") \(error ?? "") \(words)" }
    }

    private struct Call {
        let fields: LocalFields
        let message: [UInt8]
        let then: (Answer) -> Void
    }

    private struct Sent {
        let call: Call
        let source: StreamPointer
        var isTold = false
    }

    let thread: LoopThread
    private let address: SocketAddress
    private let pool: UnsafeMutablePointer<SessionPool>
    private var connection: PeerConnection?
    private var waiting: [Call] = []
    private var sent: [StreamPointer: Sent] = [:]
    private let retryTimer: UnsafeMutablePointer<Timer>

    init(name: String, to address: SocketAddress) throws {
        thread = try LoopThread(name: name)
        self.address = address
        pool = SessionPool.make(limits: SessionLimits())
        retryTimer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        retryTimer.initialize(
            to: Timer(context: context) { Unmanaged<SimulatedClient>.fromOpaque($0).takeUnretainedValue().connect() })
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<SimulatedClient>.fromOpaque($0).takeUnretainedValue().flush()
        }
    }

    func start() throws { try thread.start() }

    private func flush() {
        while let session = pool.popDirty() {
            Unmanaged<PeerConnection>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }

    /// On the loop. `timeout`: nanoseconds.
    func call(_ path: String, _ message: [UInt8], timeout: UInt64, then: @escaping (Answer) -> Void) {
        let fields = LocalFields([
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("te", "trailers"), ("content-type", "application/grpc"), ("grpc-timeout", "\(timeout / 1000)u"),
        ])
        waiting.append(Call(fields: fields, message: message, then: then))
        send()
        if connection == nil { connect() }
    }

    /// On the loop.
    func after(_ nanoseconds: UInt64, _ body: @escaping () -> Void) {
        let delay = Delay(body)
        thread.loop.arm(delay.timer, at: thread.loop.pointee.now + nanoseconds)
    }

    /// Runs once, and is gone.
    private final class Delay {
        let timer: UnsafeMutablePointer<Timer>
        private let body: () -> Void

        init(_ body: @escaping () -> Void) {
            self.body = body
            timer = .allocate(capacity: 1)
            timer.initialize(
                to: Timer(context: Unmanaged.passRetained(self).toOpaque()) {
                    let delay = Unmanaged<Delay>.fromOpaque($0).takeRetainedValue()
                    delay.body()
                })
        }

        deinit {
            timer.deinitialize(count: 1)
            timer.deallocate()
        }
    }

    private func connect() {
        guard connection == nil, !waiting.isEmpty else { return }
        do {
            let made = try PeerConnection(.client, try Sockets.connect(to: address), loop: thread.loop, pool: pool)
            made.opened = { [unowned self] in send() }
            made.touched = { [unowned self] in progressed($0, $1) }
            made.gone = { [unowned self, unowned made] in lost(made) }
            connection = made
        } catch {
            thread.loop.arm(retryTimer, at: thread.loop.pointee.now + 20_000_000)
        }
    }

    private func lost(_ lost: PeerConnection) {
        guard connection === lost else { return }
        connection = nil
        let all = sent
        sent = [:]
        for (stream, sent) in all.sorted(by: { $0.key < $1.key }) {
            pool.recycle(stream)
            pool.recycle(sent.source)
            if !sent.isTold {
                sent.call.then(Answer(status: nil, error: nil, words: "lost", message: [], isPartial: false))
            }
        }
        if !waiting.isEmpty { thread.loop.arm(retryTimer, at: thread.loop.pointee.now + 20_000_000) }
    }

    private func send() {
        guard let connection, connection.isOpen, let client = connection.client else { return }
        while !waiting.isEmpty {
            let call = waiting[0]
            let source = pool.makeSource()
            pool.append(message: call.message, isCompressed: false, to: source)
            pool.finish(source)
            pool.pointee.writer.removeAll()
            call.fields.write(to: &pool.pointee.writer)
            guard let stream = client.request(bodyOf: source) else {
                pool.recycle(source)
                return connection.end()
            }
            waiting.removeFirst()
            sent[stream] = Sent(call: call, source: source)
        }
    }

    private func progressed(_ stream: StreamPointer, _ events: StreamEvents) {
        guard let one = sent[stream] else { return }
        stream.creditAll()
        if !one.isTold, stream.pointee.hasEnded || events.contains(.closed) {
            sent[stream]?.isTold = true
            let answer = Self.answer(of: stream)
            // Whatever comes of it may end the connection.
            one.call.then(answer)
        }
        if events.contains(.closed), let one = sent.removeValue(forKey: stream) {
            pool.recycle(stream)
            pool.recycle(one.source)
        }
    }

    private static func answer(of stream: StreamPointer) -> Answer {
        guard stream.pointee.hasEnded, stream.pointee.isHeadComplete else {
            return Answer(
                status: nil, error: nil, words: "reset \(stream.pointee.errorCode)", message: [], isPartial: false)
        }
        var message: [UInt8] = []
        let body = stream.pointee.body.bytes
        if body.count > GRPCPrefix.byteCount { message = Array(body[GRPCPrefix.byteCount...]) }
        return Answer(
            status: Reply.status(of: stream), error: Reply.sidecarError(of: stream), words: Reply.words(of: stream),
            message: message, isPartial: has("switchover-partial", stream))
    }

    private static func has(_ name: String, _ stream: StreamPointer) -> Bool {
        [stream.pointee.trailers, stream.pointee.fields].contains { list in
            (0..<list.count).contains { list[$0].nameBytes.elementsEqual(name.utf8) }
        }
    }
}
