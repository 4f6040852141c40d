import EventLoop
import Glibc
import TestSupport
import Testing

@testable import HTTP2

/// A peer's end of a connection to the worker: a descriptor, and the session that speaks over it.
final class Link {
    let peer: Peer
    private(set) var descriptor: Int32
    /// The worker has closed its end.
    private(set) var isClosed = false
    /// The peer does not read what arrives.
    var isDeaf = false
    private var unsent: [UInt8] = []
    /// Numbers of the streams that the test has taken.
    var taken: Set<Int32> = []

    init(_ descriptor: Int32, _ peer: Peer) {
        self.descriptor = descriptor
        self.peer = peer
    }

    deinit { close() }

    /// Lets go of the connection without a word.
    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Bytes beside what the session says.
    func write(_ bytes: [UInt8]) {
        unsent += bytes
        flush()
    }

    /// Sends what there is to send, takes what has come.
    func pump() {
        guard descriptor >= 0 else { return }
        unsent += peer.send()
        flush()
        guard !isDeaf else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 {
                if count == 0 || errno == ECONNRESET { isClosed = true }
                return
            }
            peer.receive(Array(buffer[..<count]))
        }
    }

    private func flush() {
        while !unsent.isEmpty, descriptor >= 0 {
            let count = unsent.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            unsent.removeFirst(count)
        }
    }
}

/// One end of a call as a peer sees it.
struct PeerCall {
    let link: Link
    let stream: StreamPointer

    var head: [String] { stream.head }
    var trailers: [String] { stream.trailers }
    var bytes: [UInt8] { stream.bytes }
    var isClosed: Bool { stream.pointee.isClosed }
    var hasEnded: Bool { stream.pointee.hasEnded }
    var code: UInt32 { stream.pointee.errorCode }

    func value(_ name: String) -> String? {
        (trailers + head).first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// `grpc-status`, wherever it stands.
    var status: Int? { value("grpc-status").flatMap { Int($0) } }
    var error: String? { value("switchover-error") }
}

/// A backend that does what the test says.
final class ScriptedUpstream {
    let address: SocketAddress
    private(set) var links: [Link] = []
    var limits = SessionLimits()
    /// Neither accepts nor reads.
    var isAsleep = false
    private var listener: Int32

    init() throws {
        listener = try Sockets.listen(on: try SocketAddress.resolve(host: "127.0.0.1", port: 0)[0])
        address = try SocketAddress.resolve(host: "127.0.0.1", port: Sockets.localPort(of: listener))[0]
    }

    deinit { stopListening() }

    func stopListening() {
        if listener >= 0 { Glibc.close(listener) }
        listener = -1
    }

    func listenAgain() throws { listener = try Sockets.listen(on: address) }

    func pump() {
        guard !isAsleep else { return }
        if listener >= 0, let accepted = try? Sockets.accept(from: listener, isUnix: false) {
            links.append(Link(accepted, ServerPeer(limits)))
        }
        for link in links { link.pump() }
    }

    /// Lets go of all connections.
    func hangUp() {
        for link in links { link.close() }
        forgetClosed()
    }

    func forgetClosed() { links.removeAll { $0.descriptor < 0 || $0.isClosed } }

    /// Calls that have arrived and were not taken before, in their order.
    var waiting: [PeerCall] {
        links.flatMap { link in
            link.peer.streams.filter { $0.pointee.isHeadComplete && !link.taken.contains($0.pointee.id) }.map {
                PeerCall(link: link, stream: $0)
            }
        }
    }

    func take() -> PeerCall? {
        guard let call = waiting.first else { return nil }
        call.link.taken.insert(call.stream.pointee.id)
        return call
    }

    /// RST_STREAM frames with this code that the worker sent here.
    func resets(_ code: UInt32) -> Int {
        links.reduce(0) { count, link in
            count + link.peer.streams.count { $0.pointee.isClosed && $0.pointee.errorCode == code }
        }
    }
}

extension PeerCall {
    private var server: ServerPeer { link.peer as! ServerPeer }

    /// The head of a reply and part of its body.
    func beginReply(_ bytes: [UInt8] = []) -> StreamPointer {
        let body = server.body(bytes, ended: false)
        server.server.respond(stream, head: okHead.fields, bodyOf: body)
        return body
    }

    func add(_ bytes: [UInt8], to body: StreamPointer) {
        server.append(bytes, to: body)
        stream.resume()
    }

    /// The end of a reply; its body must have left.
    func end(status: Int = 0) {
        server.server.end(stream, with: LocalFields([("grpc-status", "\(status)"), ("x-end", "1")]))
    }

    /// A reply of one message.
    func reply(_ bytes: [UInt8]) {
        let body = beginReply(bytes)
        link.pump()
        #expect(body.pointee.body.isEmpty)
        end()
    }

    /// A reply that is a status and nothing else.
    func fail(_ status: Int, _ more: [(name: String, value: String)] = []) {
        let head = [
            (name: ":status", value: "200"), (name: "content-type", value: "application/grpc"),
            (name: "grpc-status", value: "\(status)"),
        ]
        server.server.respond(stream, with: LocalFields(head + more))
    }

    func reset(_ code: UInt32) { stream.reset(code) }
}

/// An app that calls what the test says.
final class ScriptedClient {
    let link: Link
    private var peer: ClientPeer { link.peer as! ClientPeer }

    init(_ descriptor: Int32, _ limits: SessionLimits = SessionLimits()) {
        link = Link(descriptor, ClientPeer(limits))
    }

    /// Whether the worker has not asked the client to go.
    var takesRequests: Bool { peer.client.takesRequests && !link.isClosed }

    /// A call whose body may go on.
    func call(
        _ path: StaticString, _ bytes: [UInt8], ended: Bool = true, _ fields: [(name: String, value: String)] = []
    )
        throws -> (call: PeerCall, body: StreamPointer)
    {
        let body = peer.body(bytes, ended: ended)
        let pool = peer.pool
        pool.pointee.writer.removeAll()
        pool.pointee.writer.append(name: ":method", value: "POST")
        pool.pointee.writer.append(name: ":scheme", value: "http")
        pool.pointee.writer.append(name: ":path", value: path)
        pool.pointee.writer.append(name: ":authority", value: "shop")
        pool.pointee.writer.append(name: "content-type", value: "application/grpc")
        pool.pointee.writer.append(name: "te", value: "trailers")
        let own = LocalFields(fields)
        kept.append(own)
        own.write(to: &pool.pointee.writer)
        let stream = try #require(peer.client.request(bodyOf: body))
        return (PeerCall(link: link, stream: stream), body)
    }

    func unary(_ path: StaticString, _ message: [UInt8], _ fields: [(name: String, value: String)] = []) throws
        -> PeerCall
    {
        try call(path, framed(message), fields).call
    }

    func add(_ bytes: [UInt8], to body: StreamPointer, of call: PeerCall, ended: Bool = false) {
        peer.append(bytes, to: body)
        if ended { body.pointee.hasEnded = true }
        call.stream.resume()
    }

    /// A call whose block is these fields and no others.
    func raw(_ fields: [(name: String, value: String)], _ bytes: [UInt8] = [], ended: Bool = true) throws -> PeerCall {
        let own = LocalFields(fields)
        kept.append(own)
        peer.pool.pointee.writer.removeAll()
        own.write(to: &peer.pool.pointee.writer)
        let stream = try #require(peer.client.request(bodyOf: peer.body(bytes, ended: ended)))
        return PeerCall(link: link, stream: stream)
    }

    /// Fields live until the streams that they were sent on are closed.
    private var kept: [LocalFields] = []
}

/// A message with its five-byte prefix.
func framed(_ message: [UInt8], compressed: Bool = false) -> [UInt8] {
    let length = UInt32(message.count)
    return [compressed ? 1 : 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + message
}

/// A message whose field 1 is this text.
func keyed(_ key: String) -> [UInt8] { [0x0a, UInt8(key.utf8.count)] + key.utf8 }
