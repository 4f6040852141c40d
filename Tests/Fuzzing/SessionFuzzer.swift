import HTTP2

/// Feeds arbitrary bytes to a session, as a client or as an upstream would, answers what it can, and checks that
/// nothing is left behind.
///
/// First byte: bit 0 chooses the role, bit 1 whether a good opening goes before; the second is the size of the pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard bytes.count > 2 else { return 0 }
    let harness = SessionHarness(isServer: bytes[0] & 1 == 0)
    if bytes[0] & 2 == 0 { harness.open() }
    harness.feed(UnsafeRawBufferPointer(rebasing: bytes[2...]), piece: Int(bytes[1]) + 1)
    harness.finish()
    return 0
}

private final class SessionHarness {
    private let pool: UnsafeMutablePointer<SessionPool>
    private let session: SessionPointer
    private let server: ServerSession?
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    /// Where the requests of a client session come from: a server session with one complete request.
    private var asking: (session: SessionPointer, request: StreamPointer)?
    private var live: Set<StreamPointer> = []

    init(isServer: Bool) {
        pool = SessionPool.make(limits: SessionLimits())
        if isServer {
            let server = ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
            self.server = server
            session = server.session
        } else {
            let client = ClientSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
            server = nil
            session = client.session
            asking = receiveRequest()
            for _ in 0..<3 { ask(client) }
        }
        send()
    }

    private func receiveRequest() -> (SessionPointer, StreamPointer)? {
        let other = ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool)).session
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        // POST, http, / of the static table, and the authority x, in HEADERS that end the request.
        let headers: [UInt8] = [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x83, 0x86, 0x84, 0x41, 1, 0x78]
        let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings + headers
        let fault = bytes.withUnsafeBytes { other.receive($0) }
        precondition(fault == nil, "the harness's own request is refused")
        guard let request = other.nextTouched() else { return nil }
        _ = request.takeEvents()
        return (other, request)
    }

    private func ask(_ client: ClientSession) {
        pool.pointee.writer.removeAll()
        for (name, value) in [(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), (":authority", "x")]
            as [(StaticString, StaticString)]
        {
            pool.pointee.writer.append(name: name, value: value)
        }
        if let request = asking?.request, let leg = client.request(bodyOf: request) { live.insert(leg) }
    }

    /// What a well-behaved peer sends first.
    func open() {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let opening = server == nil ? settings : preface + settings
        opening.withUnsafeBytes { feed($0, piece: $0.count) }
    }

    func feed(_ bytes: UnsafeRawBufferPointer, piece: Int) {
        var at = 0
        while at < bytes.count {
            let end = min(at + piece, bytes.count)
            pool.pointee.now += 1_000_000
            let fault = session.receive(UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
            drain()
            send()
            if fault != nil || session.hasFinished { return }
            at = end
        }
    }

    private func send() {
        while session.send(into: output) > 0 {}
        drain()
    }

    private func drain() {
        _ = session.takeNotices()
        while let stream = session.nextTouched() {
            let events = stream.takeEvents()
            live.insert(stream)
            if events.contains(.closed) {
                live.remove(stream)
                pool.recycle(stream)
            } else {
                act(on: stream, events)
            }
        }
    }

    /// Every kind of answer, by the stream's number.
    private func act(on stream: StreamPointer, _ events: StreamEvents) {
        guard let server, events.contains(.head) else { return stream.creditAll() }
        switch stream.pointee.id / 2 % 4 {
        case 0: server.respond(stream, with: LocalFields([(":status", "200"), ("grpc-status", "5")]))
        case 1: server.respond(stream, head: LocalFields([(":status", "200")]), bodyOf: stream)
        case 2: stream.reset(8)
        default: stream.discard()
        }
        stream.resume()
    }

    func finish() {
        var next = session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            live.remove(stream)
            pool.recycle(stream)
        }
        precondition(live.isEmpty, "a stream was never closed")
        if let asking {
            _ = asking.session.destroy()
            pool.recycle(asking.request)
        }
        precondition(pool.pointee.buffered.bytes == 0, "bytes are counted that nobody holds")
        pool.destroy()
        output.deallocate()
    }
}
