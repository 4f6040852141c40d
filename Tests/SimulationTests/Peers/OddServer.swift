import EventLoop
import HTTP2
import WireFormat

/// A gRPC server that answers as a request's metadata `x-how` tells it to, and echoes streams: what a side can do to a
/// sidecar that it should not. On a loop of its own.
///
/// `x-how` is one of the words of `Way`, or `old:` or `new:` and one, for that side alone.
final class OddServer: @unchecked Sendable {
    // Sendable because everything is touched on the loop's thread alone, after `start`.

    enum Way: String, CaseIterable {
        case plain
        /// Reset before anything was done; reset amid.
        case refuse, reset
        /// An answer before the request has ended, or none ever.
        case early, silent
        /// A page of some proxy; a head that is larger than anybody takes.
        case page, long
        /// Bodies that are not one message: none, two, a part of one.
        case none, twice, part
        /// What no message is, rows in the wrong order, an answer larger than the limit.
        case garbage, unsorted, large
        /// Compressed by gzip.
        case gzip
        /// Statuses of the service's own.
        case denied, lost
    }

    /// Longer than the limit of the simulated sidecars, in this traffic.
    static let largeBytes = 200_000

    private struct Open {
        let way: Way
        let isStream: Bool
        var source: StreamPointer?
        var isAnswered = false
    }

    private let name: String
    let thread: LoopThread
    private let pool: UnsafeMutablePointer<SessionPool>
    private var listener: UnsafeMutablePointer<Listener>?
    private var connections: [ObjectIdentifier: PeerConnection] = [:]
    private var open: [StreamPointer: Open] = [:]

    /// - Parameter name: old or new.
    init(name: String, port: UInt16) throws {
        self.name = name
        thread = try LoopThread(name: "odd-\(name)")
        pool = SessionPool.make(limits: SessionLimits())
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: port)[0]
        let context = Unmanaged.passUnretained(self).toOpaque()
        listener = try Listener.make(
            descriptor: try Sockets.listen(on: address), isUnix: false, loop: thread.loop, context: context
        ) { Unmanaged<OddServer>.fromOpaque($0).takeUnretainedValue().accepted($1) }
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<OddServer>.fromOpaque($0).takeUnretainedValue().flush()
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
        made.gone = { [unowned self, unowned made] in
            let kept = connections.removeValue(forKey: ObjectIdentifier(made))
            thread.mailbox.post { [kept = UncheckedBox(kept)] in _ = kept }
        }
    }

    private func progressed(_ connection: PeerConnection, _ stream: StreamPointer, _ events: StreamEvents) {
        if events.contains(.head), open[stream] == nil, !stream.pointee.isClosed { begin(connection, stream) }
        if let one = open[stream], !stream.pointee.isClosed {
            if let source = one.source, one.isStream {
                echo(stream, to: source)
            } else if stream.pointee.hasEnded, !one.isAnswered {
                open[stream]?.isAnswered = true
                answer(connection, stream, one.way)
            } else {
                stream.creditAll()
            }
        }
        guard events.contains(.closed) else { return }
        if let source = open.removeValue(forKey: stream)?.source { pool.recycle(source) }
        pool.recycle(stream)
    }

    private static var head: LocalFields { LocalFields([(":status", "200"), ("content-type", "application/grpc")]) }
    private static func head(_ status: GRPCStatus) -> LocalFields {
        LocalFields([
            (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "\(status.rawValue)"),
            ("grpc-message", "as%20asked%20for"),
        ])
    }

    private func begin(_ connection: PeerConnection, _ stream: StreamPointer) {
        let path = stream.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) } ?? ""
        let isStream = ["/Listen", "/Tell", "/Unlisted", "/Talk"].contains { path.hasSuffix($0) }
        let way = way(of: stream)
        open[stream] = Open(way: way, isStream: isStream)
        guard let server = connection.server else { return }
        switch way {
        case .refuse: return stream.reset(0x7)
        case .reset: return stream.reset(0x2)
        case .early:
            open[stream]?.isAnswered = true
            return server.respond(stream, with: Self.head(.failedPrecondition))
        default: break
        }
        guard isStream, way != .silent else { return }
        let source = pool.makeSource()
        open[stream]?.source = source
        open[stream]?.isAnswered = true
        server.respond(stream, head: Self.head, bodyOf: source)
    }

    private func way(of stream: StreamPointer) -> Way {
        let fields = stream.pointee.fields
        for index in 0..<fields.count where fields[index].nameBytes.elementsEqual("x-how".utf8) {
            let words = String(decoding: fields[index].valueBytes, as: UTF8.self).split(separator: ":")
            if words.count == 2, words[0] != name[...] { return .plain }
            return words.last.flatMap { Way(rawValue: String($0)) } ?? .plain
        }
        return .plain
    }

    private func echo(_ stream: StreamPointer, to source: StreamPointer) {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            while case let count = pool.takeBody(of: stream, into: buffer), count > 0 {
                pool.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: source)
            }
        }
        if stream.pointee.hasEnded { pool.finish(source, trailers: LocalFields([("grpc-status", "0")])) }
        stream.resume()
    }

    private func answer(_ connection: PeerConnection, _ stream: StreamPointer, _ way: Way) {
        guard let server = connection.server else { return }
        let body = stream.pointee.body.bytes
        let request = body.count > GRPCPrefix.byteCount ? Array(body[GRPCPrefix.byteCount...]) : []
        let path = stream.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) } ?? ""
        stream.creditAll()
        switch way {
        case .silent: return
        case .page:
            return server.respond(stream, with: LocalFields([(":status", "502"), ("content-type", "text/html")]))
        case .long:
            let fields = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "0")]
            return server.respond(
                stream, with: LocalFields(fields + [("x-long", String(repeating: "x", count: 20_000))]))
        case .denied: return server.respond(stream, with: Self.head(.permissionDenied))
        case .lost: return server.respond(stream, with: Self.head(.dataLoss))
        default: break
        }
        let source = pool.makeSource()
        open[stream]?.source = source
        let message = Odd.answer(path, request, isSorted: way != .unsorted)
        write(message, way, to: source)
        pool.finish(source, trailers: LocalFields([("grpc-status", "0")]))
        let coding = way == .gzip ? [("grpc-encoding", "gzip")] : []
        server.respond(
            stream, head: LocalFields([(":status", "200"), ("content-type", "application/grpc")] + coding),
            bodyOf: source)
    }

    private func write(_ message: [UInt8], _ way: Way, to source: StreamPointer) {
        switch way {
        case .none: break
        case .twice:
            pool.append(message: message, isCompressed: false, to: source)
            pool.append(message: message, isCompressed: false, to: source)
        case .part: [UInt8]([0, 0, 0, 0, 9, 1]).withUnsafeBytes { pool.append($0, to: source) }
        case .garbage: pool.append(message: [0xFF, 0xFF, 0xFF], isCompressed: false, to: source)
        case .large:
            pool.append(message: [UInt8](repeating: 0x78, count: Self.largeBytes), isCompressed: false, to: source)
        // Of an empty message.
        case .gzip: pool.append(message: Odd.gzipOfNothing, isCompressed: true, to: source)
        default: pool.append(message: message, isCompressed: false, to: source)
        }
    }
}

/// What odd servers have: some rows, the same on both sides, that no write changes.
enum Odd {
    static let rowCount: Int64 = 12
    static let gzipOfNothing: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    /// Of a request for record 5 of store 7.
    static let gzipOfFive: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 227, 96, 151, 98, 76, 84, 96, 5, 0, 221, 56, 145, 141, 7, 0, 0, 0,
    ]

    static func store(of record: Int64) -> Int64 { [7, 9, 406][Int(record) % 3] }
    static func region(of record: Int64) -> [UInt8] { record % 2 == 0 ? [0x61] : [0x62, 0xFF] }

    /// A row, and a request that names it: gray key in fields 1 to 3, record key in 4.
    static func request(of record: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        FieldWriter.append(1, varint: UInt64(store(of: record)), to: &bytes)
        FieldWriter.append(3, region(of: record), to: &bytes)
        FieldWriter.append(4, varint: UInt64(record), to: &bytes)
        return bytes
    }

    static func answer(_ path: String, _ request: [UInt8], isSorted: Bool) -> [UInt8] {
        let message = Message(request[...])
        guard path.hasSuffix("/Pages") else {
            let record = Int64(message.value(4))
            return path.hasSuffix("/Get") && record > 0 ? Message.of(1, Odd.request(of: record)) : []
        }
        let limit = message.value(10) == 0 ? 5 : Int64(min(message.value(10), 100))
        let first = (Int64(String(decoding: message.bytes(11), as: UTF8.self)) ?? 0) + 1
        let last = min(first + limit - 1, rowCount)
        var rows = first <= last ? Array(first...last) : []
        if !isSorted { rows.reverse() }
        var bytes = rows.flatMap { Message.of(1, Odd.request(of: $0)) }
        if last < rowCount { FieldWriter.append(2, Array("\(last)".utf8), to: &bytes) }
        return bytes
    }
}
