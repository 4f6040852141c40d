import EventLoop
import HTTP2
import WireFormat

/// A gRPC client on a loop of its own: unary calls over one connection, made again when it is lost or told to go. What
/// was provably not processed (REFUSED_STREAM, above GOAWAY's last id) is sent again, as gRPC's clients do.
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
        /// When the call was sent; 0: never.
        var sentAt: UInt64 = 0

        /// For the trace.
        var note: String { "\(status.map { "\($0)" } ?? "-") \(error ?? "") \(words)" }
    }

    private struct Call {
        let number: Int
        let fields: LocalFields
        let message: [UInt8]
        var sendings = 0
        let then: (Answer) -> Void
    }

    private struct Sent {
        var call: Call
        let source: StreamPointer
        let connection: PeerConnection
        let time: UInt64
        var isTold = false
    }

    /// How often a call is sent whose stream was refused.
    private static let sendingsAtMost = 5

    let thread: LoopThread
    private let address: SocketAddress
    private let pool: UnsafeMutablePointer<SessionPool>
    private var connection: PeerConnection?
    /// Told to go; they end with their streams.
    private var leaving: [PeerConnection] = []
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

    /// On the loop.
    ///
    /// - Parameters:
    ///   - number: of the call, in the metadata `x-call`, which travels to the sides.
    ///   - timeout: nanoseconds.
    func call(_ path: String, _ message: [UInt8], number: Int, timeout: UInt64, then: @escaping (Answer) -> Void) {
        let fields = LocalFields([
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("te", "trailers"), ("content-type", "application/grpc"), ("grpc-timeout", "\(timeout / 1000)u"),
            ("x-call", "\(number)"),
        ])
        waiting.append(Call(number: number, fields: fields, message: message, then: then))
        send()
        if connection == nil { connect() }
    }

    /// Gives the call up, if it has no answer yet. On the loop.
    func cancel(_ number: Int) {
        for (stream, one) in sent where one.call.number == number && !one.isTold && !stream.pointee.isClosed {
            stream.reset(0x8)
        }
    }

    /// Closes the connection, whatever is under way. On the loop, from a timer.
    func hangUp() { connection?.end() }

    /// Connections that may be used.
    var isConnected: Bool { connection?.isOpen ?? false }

    /// On the loop.
    func after(_ nanoseconds: UInt64, _ body: @escaping () -> Void) { thread.loop.after(nanoseconds, body) }

    private func connect() {
        guard connection == nil, !waiting.isEmpty else { return }
        do {
            let made = try PeerConnection(.client, try Sockets.connect(to: address), loop: thread.loop, pool: pool)
            made.opened = { [unowned self] in send() }
            made.touched = { [unowned self] in progressed($0, $1) }
            made.gone = { [unowned self, unowned made] in lost(made) }
            made.toldToGo = { [unowned self, unowned made] in leave(made) }
            connection = made
        } catch {
            thread.loop.arm(retryTimer, at: thread.loop.pointee.now + 20_000_000)
        }
    }

    private func leave(_ left: PeerConnection) {
        guard connection === left else { return }
        leaving.append(left)
        connection = nil
        connectSoon()
    }

    private func connectSoon() {
        if !waiting.isEmpty { thread.loop.arm(retryTimer, at: thread.loop.pointee.now + 20_000_000) }
    }

    private func lost(_ lost: PeerConnection) {
        if connection === lost { connection = nil }
        // It may be the one that is heard from just now.
        let kept = leaving.filter { $0 === lost }
        leaving.removeAll { $0 === lost }
        thread.mailbox.post { [kept = UncheckedBox((kept, lost))] in _ = kept }
        for (stream, one) in sent.sorted(by: { $0.value.call.number < $1.value.call.number })
        where one.connection === lost {
            sent[stream] = nil
            pool.recycle(stream)
            pool.recycle(one.source)
            if !one.isTold {
                one.call.then(Answer(status: nil, error: nil, words: "lost", message: [], isPartial: false))
            }
        }
        connectSoon()
    }

    private func send() {
        guard let connection, connection.isOpen, let client = connection.client else { return }
        while let call = waiting.first {
            let source = pool.makeSource()
            pool.append(message: call.message, isCompressed: false, to: source)
            pool.finish(source)
            pool.pointee.writer.removeAll()
            call.fields.write(to: &pool.pointee.writer)
            guard let stream = client.request(bodyOf: source) else {
                pool.recycle(source)
                return leave(connection)
            }
            waiting.removeFirst()
            sent[stream] = Sent(
                call: call, source: source, connection: connection, time: thread.loop.pointee.now)
            sent[stream]?.call.sendings += 1
        }
    }

    private func progressed(_ stream: StreamPointer, _ events: StreamEvents) {
        guard let one = sent[stream] else { return }
        stream.creditAll()
        let isRefused =
            events.contains(.closed) && !stream.pointee.hasEnded && stream.pointee.errorCode == 0x7
            && stream.pointee.session != nil && one.call.sendings < Self.sendingsAtMost
        if !one.isTold, !isRefused, stream.pointee.hasEnded || events.contains(.closed) {
            sent[stream]?.isTold = true
            var answer = Self.answer(of: stream)
            answer.sentAt = one.time
            one.call.then(answer)
        }
        guard events.contains(.closed), let one = sent.removeValue(forKey: stream) else { return }
        pool.recycle(stream)
        pool.recycle(one.source)
        guard isRefused, !one.isTold else { return }
        waiting.insert(one.call, at: 0)
        connectSoon()
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
