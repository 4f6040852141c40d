import TestSupport
import Testing

@testable import HTTP2

/// A session with a shell that does nothing but write down what it is told.
class Peer {
    let session: SessionPointer
    let pool: UnsafeMutablePointer<SessionPool>
    /// All that was noticed so far.
    private(set) var notices = Session.Notices(rawValue: 0)
    /// All events of each stream so far.
    private(set) var events: [StreamPointer: StreamEvents] = [:]
    /// Streams in the order in which they first had events.
    private(set) var streams: [StreamPointer] = []
    /// All bytes that were sent.
    private(set) var sent: [UInt8] = []
    private(set) var fault: SessionFault?
    private var loose: [StreamPointer] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    fileprivate init(_ session: SessionPointer) {
        self.session = session
        pool = session.pointee.pool
    }

    /// Ends the session with whatever is open; afterwards nothing may be counted as waiting.
    deinit {
        var left = Set(streams).union(loose)
        var next = session.destroy()
        while let stream = next {
            next = stream.takeNextOpen()
            left.insert(stream)
        }
        for stream in left { pool.recycle(stream) }
        #expect(pool.pointee.buffered.bytes == 0)
        #expect(pool.pointee.firstDirty == nil)
        pool.destroy()
        buffer.deallocate()
    }

    /// Everything that the session has to say just now.
    func send() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let count = session.send(into: buffer)
            if count == 0 { break }
            bytes += UnsafeRawBufferPointer(rebasing: buffer[..<count])
        }
        sent += bytes
        hear()
        return bytes
    }

    /// Takes bytes in pieces of `size`, each in memory of exactly its length.
    func receive(_ bytes: [UInt8], inPiecesOf size: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty, fault == nil {
            let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(size, rest.count), alignment: 1)
            piece.copyBytes(from: rest.prefix(piece.count))
            rest = rest.dropFirst(piece.count)
            fault = session.receive(UnsafeRawBufferPointer(piece))
            piece.deallocate()
            hear()
        }
    }

    /// The stream with this number.
    func stream(_ id: Int32) -> StreamPointer? { streams.first { $0.pointee.id == id } }

    var frames: [Frame] { Frame.all(in: sent) }

    /// Gives a closed stream back.
    func recycle(_ stream: StreamPointer) {
        streams.removeAll { $0 == stream }
        events[stream] = nil
        pool.recycle(stream)
    }

    /// A body of the test's own making, to be named as the source of a stream.
    func body(_ bytes: [UInt8] = [], ended: Bool = true) -> StreamPointer {
        let body = pool.newStream()
        loose.append(body)
        append(bytes, to: body)
        body.pointee.hasEnded = ended
        return body
    }

    /// Gives a body of the test's own making back; nothing may name it any more.
    func release(_ body: StreamPointer) {
        loose.removeAll { $0 == body }
        pool.recycle(body)
    }

    func append(_ bytes: [UInt8], to body: StreamPointer) {
        guard !bytes.isEmpty else { return }
        let before = body.pointee.body.held
        bytes.withUnsafeBytes { body.pointee.body.append($0.baseAddress!, count: $0.count) }
        body.settleAccount(from: before, to: body.pointee.body.held, in: pool)
    }

    private func hear() {
        notices.formUnion(session.takeNotices())
        while let stream = session.nextTouched() {
            let new = stream.takeEvents()
            #expect(new != .none)
            if events[stream] == nil { streams.append(stream) }
            events[stream, default: .none].formUnion(new)
        }
    }
}

final class ServerPeer: Peer {
    let server: ServerSession

    init(_ limits: SessionLimits = SessionLimits()) {
        let pool = SessionPool.make(limits: limits)
        server = ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
        super.init(server.session)
    }
}

final class ClientPeer: Peer {
    let client: ClientSession

    init(_ limits: SessionLimits = SessionLimits()) {
        let pool = SessionPool.make(limits: limits)
        client = ClientSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
        super.init(client.session)
    }

    /// Requests' fields live until their streams are closed.
    private var kept: [LocalFields] = []

    /// A gRPC request with these fields beside the usual ones.
    func request(_ body: StreamPointer) -> StreamPointer? { request(LocalFields([]), body) }

    func request(_ fields: LocalFields, _ body: StreamPointer) -> StreamPointer? {
        pool.pointee.writer.removeAll()
        pool.pointee.writer.append(name: ":method", value: "POST")
        pool.pointee.writer.append(name: ":scheme", value: "http")
        pool.pointee.writer.append(name: ":path", value: "/s/m")
        pool.pointee.writer.append(name: ":authority", value: "a")
        pool.pointee.writer.append(name: "content-type", value: "application/grpc")
        pool.pointee.writer.append(name: "te", value: "trailers")
        kept.append(fields)
        fields.write(to: &pool.pointee.writer)
        return client.request(bodyOf: body)
    }
}

/// Two peers whose bytes reach each other.
struct Joined {
    let client: ClientPeer
    let server: ServerPeer
    /// Size of the pieces in which bytes arrive.
    var piece = Int.max

    init(client: SessionLimits = SessionLimits(), server: SessionLimits = SessionLimits(), piece: Int = .max) {
        self.client = ClientPeer(client)
        self.server = ServerPeer(server)
        self.piece = piece
    }

    /// Carries bytes until neither has anything to say.
    func exchange() {
        while true {
            let fromClient = client.send()
            let fromServer = server.send()
            if fromClient.isEmpty, fromServer.isEmpty { return }
            server.receive(fromClient, inPiecesOf: piece)
            client.receive(fromServer, inPiecesOf: piece)
        }
    }
}

extension StreamPointer {
    /// The fields that came, as text.
    var head: [String] { pointee.fields.texts }
    var trailers: [String] { pointee.trailers.texts }
    var bytes: [UInt8] { Array(pointee.body.bytes) }
}

extension FieldList {
    var texts: [String] {
        (0..<count).map {
            String(decoding: self[$0].nameBytes, as: UTF8.self) + ": "
                + String(decoding: self[$0].valueBytes, as: UTF8.self)
        }
    }
}

/// Bytes that tell one place from another.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// The head of a gRPC reply, and its usual end.
let okHead = LocalFieldsBox([(":status", "200"), ("content-type", "application/grpc")])
let okEnd = LocalFieldsBox([("grpc-status", "0")])

/// Immutable, so that tests may share it.
struct LocalFieldsBox: @unchecked Sendable {
    let fields: LocalFields
    init(_ fields: [(name: String, value: String)]) { self.fields = LocalFields(fields) }
}
