import EventLoop
import HTTP2
import WireFormat

/// A client that says what no gRPC library would: any fields, bodies that need be no messages, in pieces, requests that
/// never end, answers that are read late. On a loop of its own, over one connection at a time.
final class RawClient: @unchecked Sendable {
    // Sendable because everything is touched on the loop's thread alone, after `start`.

    struct Request {
        var fields: [(name: String, value: String)]
        /// Sent one after the other, so long apart, nanoseconds.
        var pieces: [[UInt8]] = []
        var pause: UInt64 = 0
        /// Whether the request ends after its last piece.
        var ends = true
        /// Reset so long after its beginning.
        var resetsAfter: UInt64?
        /// What has come in waits so long until it is read.
        var readsAfter: UInt64 = 0
        /// Over a connection of its own, which stays.
        var isApart = false

        init(_ path: String, _ pieces: [[UInt8]] = []) {
            fields = [
                (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
                ("te", "trailers"), ("content-type", "application/grpc"),
            ]
            self.pieces = pieces
        }

        /// A message, with its prefix.
        static func framed(_ message: [UInt8], isCompressed: Bool = false) -> [UInt8] {
            var prefix = [UInt8](repeating: 0, count: GRPCPrefix.byteCount)
            prefix.withUnsafeMutableBytes {
                GRPCPrefix(isCompressed: isCompressed, length: UInt32(message.count)).write(into: $0)
            }
            return prefix + message
        }
    }

    struct Answer {
        /// Nil: the stream was reset, or its connection lost.
        var status: GRPCStatus?
        /// Of HTTP, `:status`.
        var code = ""
        var error: String?
        var words = ""
        var body: [UInt8] = []

        var note: String { "\(status.map { "\($0)" } ?? "-") \(code) \(error ?? "") \(words)" }

        /// Messages without their prefixes; what follows the last whole one is left out.
        var messages: [[UInt8]] {
            var messages: [[UInt8]] = []
            var rest = body[...]
            while rest.count >= GRPCPrefix.byteCount {
                let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
                guard rest.count >= GRPCPrefix.byteCount + length else { break }
                messages.append(Array(rest.dropFirst(GRPCPrefix.byteCount).prefix(length)))
                rest = rest.dropFirst(GRPCPrefix.byteCount + length)
            }
            return messages
        }
    }

    private final class Exchange {
        let number: Int
        let request: Request
        let fields: LocalFields
        let then: (Answer) -> Void
        var connection: PeerConnection?
        var stream: StreamPointer?
        var source: StreamPointer?
        var next = 0
        var body: [UInt8] = []
        var isReading = false
        var isTold = false

        init(_ number: Int, _ request: Request, _ then: @escaping (Answer) -> Void) {
            self.number = number
            self.request = request
            self.then = then
            fields = LocalFields(request.fields)
        }
    }

    let thread: LoopThread
    private let address: SocketAddress
    private let pool: UnsafeMutablePointer<SessionPool>
    private var connection: PeerConnection?
    /// Those that take no more streams, or stay open beside the one that is used.
    private var others: [PeerConnection] = []
    private var waiting: [Exchange] = []
    private var sent: [StreamPointer: Exchange] = [:]
    private var count = 0

    init(name: String, to address: SocketAddress) throws {
        thread = try LoopThread(name: name)
        self.address = address
        pool = SessionPool.make(limits: SessionLimits())
        let context = Unmanaged.passUnretained(self).toOpaque()
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<RawClient>.fromOpaque($0).takeUnretainedValue().flush()
        }
    }

    func start() throws { try thread.start() }

    private func flush() {
        while let session = pool.popDirty() {
            Unmanaged<PeerConnection>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }

    /// On the loop.
    func after(_ nanoseconds: UInt64, _ body: @escaping () -> Void) { thread.loop.after(nanoseconds, body) }

    /// On the loop. `then` is called once: when the answer has ended, or the stream is closed, or nobody is there.
    func call(_ request: Request, then: @escaping (Answer) -> Void) {
        count += 1
        waiting.append(Exchange(count, request, then))
        if request.isApart, let connection {
            others.append(connection)
            self.connection = nil
        }
        if connection == nil { connect() } else { begin() }
    }

    /// Closes all connections, whatever is under way. On the loop, from a timer.
    func hangUp() { for one in [connection].compactMap(\.self) + others { one.end() } }

    private func connect() {
        do {
            let made = try PeerConnection(.client, try Sockets.connect(to: address), loop: thread.loop, pool: pool)
            made.opened = { [unowned self] in begin() }
            made.touched = { [unowned self] in progressed($0, $1) }
            made.gone = { [unowned self, unowned made] in lost(made) }
            made.toldToGo = { [unowned self, unowned made] in leave(made) }
            connection = made
        } catch {
            // Not from within `call`.
            after(0) { [self] in failWaiting() }
        }
    }

    private func failWaiting() {
        let failed = waiting
        waiting = []
        for exchange in failed { exchange.then(Answer(words: "nobody is there")) }
    }

    private func leave(_ left: PeerConnection) {
        guard connection === left else { return }
        others.append(left)
        connection = nil
    }

    private func lost(_ lost: PeerConnection) {
        let wasUsed = connection === lost
        if wasUsed { connection = nil }
        let kept = others.filter { $0 === lost }
        others.removeAll { $0 === lost }
        // It may be the one that is heard from just now.
        thread.mailbox.post { [kept = UncheckedBox((kept, lost))] in _ = kept }
        for (stream, exchange) in sent.sorted(by: { $0.value.number < $1.value.number })
        where exchange.connection === lost {
            sent[stream] = nil
            tell(exchange, Answer(words: "lost", body: exchange.body))
            pool.recycle(stream)
            if let source = exchange.source { pool.recycle(source) }
            (exchange.stream, exchange.source) = (nil, nil)
        }
        if wasUsed, !waiting.isEmpty { failWaiting() }
    }

    private func begin() {
        guard let connection, connection.isOpen, let client = connection.client else { return }
        while let exchange = waiting.first {
            let source = pool.makeSource()
            pool.pointee.writer.removeAll()
            exchange.fields.write(to: &pool.pointee.writer)
            guard let stream = client.request(bodyOf: source) else {
                pool.recycle(source)
                leave(connection)
                return connect()
            }
            waiting.removeFirst()
            (exchange.connection, exchange.stream, exchange.source) = (connection, stream, source)
            sent[stream] = exchange
            sendNext(exchange)
            guard let reset = exchange.request.resetsAfter else { continue }
            after(reset) { exchange.stream?.reset(0x8) }
        }
    }

    private func sendNext(_ exchange: Exchange) {
        guard let stream = exchange.stream, let source = exchange.source, !stream.pointee.isClosed else { return }
        let request = exchange.request
        if exchange.next < request.pieces.count {
            request.pieces[exchange.next].withUnsafeBytes { pool.append($0, to: source) }
            exchange.next += 1
        }
        let isLast = exchange.next >= request.pieces.count
        if isLast, request.ends { pool.finish(source) }
        stream.resume()
        guard !isLast else { return }
        guard request.pause > 0 else { return sendNext(exchange) }
        after(request.pause) { [self] in sendNext(exchange) }
    }

    private func progressed(_ stream: StreamPointer, _ events: StreamEvents) {
        guard let exchange = sent[stream] else { return }
        let isOver = events.contains(.closed)
        if exchange.request.readsAfter == 0 || isOver {
            read(exchange)
        } else if !exchange.isReading {
            exchange.isReading = true
            after(exchange.request.readsAfter) { [self] in
                exchange.isReading = false
                read(exchange)
            }
        }
        guard isOver else { return }
        tell(exchange, Self.answer(stream, exchange.body))
        sent[stream] = nil
        pool.recycle(stream)
        if let source = exchange.source { pool.recycle(source) }
        (exchange.stream, exchange.source) = (nil, nil)
    }

    private func read(_ exchange: Exchange) {
        guard let stream = exchange.stream else { return }
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            while case let count = pool.takeBody(of: stream, into: buffer), count > 0 {
                exchange.body += buffer[..<count]
            }
        }
        if stream.pointee.hasEnded { tell(exchange, Self.answer(stream, exchange.body)) }
    }

    private func tell(_ exchange: Exchange, _ answer: Answer) {
        guard !exchange.isTold else { return }
        exchange.isTold = true
        exchange.then(answer)
    }

    private static func answer(_ stream: StreamPointer, _ body: [UInt8]) -> Answer {
        guard stream.pointee.hasEnded, stream.pointee.isHeadComplete else {
            return Answer(words: "reset \(stream.pointee.errorCode)", body: body)
        }
        let code = stream.pointee.fields.first(.status).map { String(decoding: $0.valueBytes, as: UTF8.self) }
        return Answer(
            status: Reply.status(of: stream), code: code ?? "",
            error: Reply.sidecarError(of: stream), words: Reply.words(of: stream), body: body)
    }
}
