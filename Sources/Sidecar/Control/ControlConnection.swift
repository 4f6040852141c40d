import EventLoop
import HTTP2
import WireFormat

/// One connection to the control socket: HTTP/2 in and out, a `ControlCall` for each stream.
///
/// Nothing here is on the way of a call of the data port: plain objects, no pools.
final class ControlConnection {
    /// Counts up with each connection of the server.
    let number: UInt64
    private let loop: UnsafeMutablePointer<EventLoop>
    private let pool: UnsafeMutablePointer<SessionPool>
    private let services: ControlServices
    private let board: StatusBoard
    private let closed: (ControlConnection) -> Void
    /// Whoever is at the other end, for the audit file.
    private let caller: String
    private var socket: StreamSocket?
    private var server: ServerSession?
    private var streams: [StreamPointer: ControlStream] = [:]

    /// Serves `descriptor` until either side is done, then tells `closed`.
    init(
        _ descriptor: Int32, number: UInt64 = 0, loop: UnsafeMutablePointer<EventLoop>,
        pool: UnsafeMutablePointer<SessionPool>,
        services: ControlServices, board: StatusBoard, closed: @escaping (ControlConnection) -> Void
    ) throws(SystemError) {
        self.number = number
        self.loop = loop
        self.pool = pool
        self.services = services
        self.board = board
        self.closed = closed
        caller = PeerCredentials.describe(descriptor)
        let context = Unmanaged.passUnretained(self).toOpaque()
        socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .readable, context: context) {
            Unmanaged<ControlConnection>.fromOpaque($0).takeUnretainedValue().ready(events: $1)
        }
        server = ServerSession(pool: pool, owner: context)
    }

    /// Ends it now, with all its streams.
    func close() {
        guard let session = server?.session else { return }
        server = nil
        var next = session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            forget(stream)
        }
        // Streams that had closed and were not looked at any more.
        for stream in streams.keys { forget(stream) }
        socket = nil
        closed(self)
    }

    /// Whether it has no call.
    var isIdle: Bool { streams.isEmpty }
    /// Whether nobody waits for an answer of the switches: its calls watch, or have not come to their end.
    var mayGiveWay: Bool { !streams.values.contains(where: \.isAsked) }

    /// Watching calls tell their clients.
    func readinessChanged(_ readiness: Readiness) {
        for (stream, call) in streams { perform(call.call.readinessChanged(readiness), on: stream, call) }
    }

    // MARK: - The socket

    private func ready(events: UInt32) {
        if events & EventLoop.Interest.writable.rawValue != 0, socket?.isBlocked == true {
            switch socket?.resume() {
            case .all: server?.session.markDirty()
            case .blocked: break
            case .failed, nil: return close()
            }
        }
        guard events & ~EventLoop.Interest.writable.rawValue != 0, let server else { return }
        let buffer = loop.pointee.receiveBuffer
        switch socket?.receive(into: buffer) {
        case .bytes(let count):
            let fault = server.session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            drainEvents()
            if fault != nil {
                flush()
                close()
            }
        case .wouldBlock: break
        case .ended, .failed, nil: close()
        }
    }

    /// Sends what the session has; answers whose messages are all on their way get their trailers.
    func flush() {
        guard let session = server?.session, socket?.isBlocked == false else { return }
        let buffer = loop.pointee.sendBuffer
        while true {
            let count = session.send(into: buffer)
            drainEvents()
            if count == 0, !goOn() { break }
            switch socket?.send(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            case .all: continue
            case .blocked: return
            case .failed, nil: return close()
            }
        }
        if session.hasFinished { close() }
    }

    /// After everything was sent: takes further requests, ends answers. Whether there is more to send now.
    private func goOn() -> Bool {
        var isMore = false
        for (stream, call) in streams where !stream.pointee.isClosed {
            isMore = pump(stream, call) || isMore
            guard let trailers = call.trailers, call.isDrained else { continue }
            call.trailers = nil
            server?.end(stream, with: trailers)
            isMore = true
        }
        return isMore
    }

    // MARK: - Streams

    private func drainEvents() {
        _ = server?.session.takeNotices()
        while let stream = server?.session.nextTouched() {
            let events = stream.takeEvents()
            if events.contains(.head), streams[stream] == nil { begin(stream, events) }
            if let call = streams[stream] { _ = pump(stream, call) }
            if events.contains(.closed) { forget(stream) }
        }
    }

    private func begin(_ stream: StreamPointer, _ events: StreamEvents) {
        let head = RequestHead(stream.pointee.fields)
        if let refusal = head.refusal {
            server?.respond(stream, with: refusal.response)
            return stream.discard()
        }
        guard let method = ControlCall.Method(rawValue: String(decoding: head.path, as: UTF8.self)) else {
            server?.respond(
                stream, with: Self.trailersOnly(.unimplemented, "no such method; reflection lists what there is"))
            return stream.discard()
        }
        streams[stream] = ControlStream(ControlCall(method, services: services))
        if events.contains(.oversized) {
            refuse(stream, .resourceExhausted, "the metadata is too large")
        }
    }

    private func refuse(_ stream: StreamPointer, _ status: GRPCStatus, _ text: StaticString) {
        guard let call = streams[stream] else { return }
        perform(call.call.failed(status, text), on: stream, call)
    }

    /// Takes what has come in, as long as the answers do not pile up; returns whether anything went out.
    private func pump(_ stream: StreamPointer, _ call: ControlStream) -> Bool {
        var hasAnswered = false
        while !call.call.isFinished, call.waitingBytes < ControlStream.maxWaitingBytes {
            let actions: [ControlCall.Action]
            switch call.reader.next() {
            case .message(let message): actions = call.call.messageArrived(message, readiness: board.readiness)
            case .failed(let status, let text): actions = call.call.failed(status, text)
            case .incomplete:
                if call.receive(from: stream, pool) { continue }
                guard stream.pointee.hasEnded, !call.hasEnded else { return hasAnswered }
                call.hasEnded = true
                actions =
                    call.reader.isAmidMessage
                    ? call.call.failed(.internal, "the last message is cut short")
                    : call.call.requestEnded(readiness: board.readiness)
            }
            hasAnswered = !actions.isEmpty || hasAnswered
            perform(actions, on: stream, call)
        }
        return hasAnswered
    }

    private func perform(_ actions: [ControlCall.Action], on stream: StreamPointer, _ call: ControlStream) {
        guard let server, !stream.pointee.isClosed else { return }
        for action in actions {
            switch action {
            case .send(let message):
                if call.source == nil {
                    let source = pool.makeSource()
                    call.source = source
                    server.respond(stream, head: Self.head, bodyOf: source)
                }
                guard let source = call.source else { continue }
                GRPCMessageReader.framed(message).withUnsafeBytes { pool.append($0, to: source) }
                stream.resume()
            case .finish(let status, let text):
                if call.source == nil {
                    server.respond(stream, with: Self.trailersOnly(status, text))
                } else {
                    call.trailers = LocalFields(Self.trailers(status, text))
                }
                stream.discard()
            case .perform(let message): perform(message, on: call)
            }
            server.session.markDirty()
        }
    }

    /// The answer comes as mail; by then the stream may be closed, or this connection gone.
    private func perform(_ message: [UInt8], on call: ControlStream) {
        call.isAsked = true
        guard let switches = services.switches else { return answered(.failure(Self.noControl), call) }
        let (mailbox, carried) = (loop.pointee.mailbox, Carried(connection: self, stream: call))
        switches.answer(call.call.method, message, by: caller, call.ticket) { result in
            mailbox.post {
                guard let connection = carried.connection, let stream = carried.stream else { return }
                connection.answered(result, stream)
            }
        }
    }

    private static var noControl: ControlFault { ControlFault(.unimplemented, "switches are not changed here") }

    private func answered(_ result: Result<[UInt8], ControlFault>, _ call: ControlStream) {
        guard let stream = streams.first(where: { $0.value === call })?.key else { return }
        perform(call.call.answered(result), on: stream, call)
    }

    private struct Carried: @unchecked Sendable {
        // Sendable because only the loop's thread looks into it.
        weak var connection: ControlConnection?
        weak var stream: ControlStream?
    }

    private func forget(_ stream: StreamPointer) {
        let call = streams.removeValue(forKey: stream)
        call?.ticket.drop()
        if let source = call?.source { pool.recycle(source) }
        pool.recycle(stream)
    }

    // MARK: - Fields

    private static var headFields: [(name: String, value: String)] {
        [(":status", "200"), ("content-type", "application/grpc")]
    }
    private static var head: LocalFields { LocalFields(headFields) }

    private static func trailers(_ status: GRPCStatus, _ text: String) -> [(name: String, value: String)] {
        let code = (name: "grpc-status", value: String(status.rawValue))
        return text.isEmpty ? [code] : [code, (name: "grpc-message", value: encoded(text))]
    }

    private static func encoded(_ text: String) -> String {
        let bytes = Array(text.utf8.prefix(messageBytesAtMost))
        return bytes.withUnsafeBytes { bytes in
            String(unsafeUninitializedCapacity: PercentEncoding.encodedCount(bytes)) {
                PercentEncoding.encode(bytes, into: UnsafeMutableRawBufferPointer($0))
            }
        }
    }

    /// What a client takes as metadata.
    private static let messageBytesAtMost = 4096

    private static func trailersOnly(_ status: GRPCStatus, _ text: String) -> LocalFields {
        LocalFields(headFields + trailers(status, text))
    }
}

/// A call of the control socket with its bytes in and out.
final class ControlStream {
    var call: ControlCall
    var reader = GRPCMessageReader()
    /// Where the answer's messages are put; nil before the first.
    var source: StreamPointer?
    /// What ends the answer once its messages are on their way.
    var trailers: LocalFields?
    var hasEnded = false
    /// What it asks is being worked out, or was.
    var isAsked = false
    let ticket = CommandTicket()

    /// Answers that wait for their reader; requests are not read while there are more.
    static let maxWaitingBytes = 256 << 10

    init(_ call: ControlCall) { self.call = call }

    var waitingBytes: Int { source?.pointee.body.count ?? 0 }
    var isDrained: Bool { waitingBytes == 0 }

    /// Moves what has come in to the reader; false when there was nothing.
    func receive(from stream: StreamPointer, _ pool: UnsafeMutablePointer<SessionPool>) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            let count = pool.takeBody(of: stream, into: buffer)
            reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return count > 0
        }
    }
}
