import EventLoop
import Glibc
import SwiftProtobuf
import SwitchoverProtocol
import Synchronization
import Testing

@testable import HTTP2
@testable import Sidecar

@Suite struct ControlServerTests {
    /// A control server on a thread of its own.
    private final class Running {
        let path = "/tmp/switchover-control-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let board = StatusBoard(migrations: ["orders"])
        private let thread: LoopThread
        private let server: ControlServer

        init(_ commands: (any Commands)? = nil) throws {
            thread = try LoopThread(name: "control")
            server = try ControlServer(
                path: path, loop: thread.loop, migrations: ["orders"], board: board, switches: commands)
            try thread.start()
        }

        deinit {
            thread.stop()
            thread.join()
            server.close()
        }

        func client() throws -> ControlClient { try ControlClient(path: path) }
    }

    /// Begins with none of its commands.
    private final class Busy: Commands {
        let tickets = Mutex<[CommandTicket]>([])

        func answer(
            _ method: ControlCall.Method, _ message: [UInt8], by: String, _ ticket: CommandTicket,
            _ reply: @escaping @Sendable (Result<[UInt8], ControlFault>) -> Void
        ) {
            tickets.withLock { $0.append(ticket) }
        }

        var dropped: [Bool] { tickets.withLock { $0.map(\.isDropped) } }
    }

    private static func check(_ service: String) -> [UInt8] {
        Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }.bytes
    }

    private static let list = Grpc_Reflection_V1_ServerReflectionRequest.with { $0.listServices = "" }.bytes

    @Test func theSocketIsItsOwnersAndIsRemoved() throws {
        let path: String
        do {
            let running = try Running()
            path = running.path
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) {
                let loop = try EventLoop.make()
                defer { loop.destroy() }
                _ = try ControlServer(path: path, loop: loop, migrations: [], board: running.board)
            }
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func aPathThatIsTooLongIsRefused() throws {
        let loop = try EventLoop.make()
        defer { loop.destroy() }
        let path = "/tmp/" + String(repeating: "x", count: 200)
        #expect(throws: SystemError(call: "bind", code: ENAMETOOLONG)) {
            try ControlServer(path: path, loop: loop, migrations: [], board: StatusBoard(migrations: []))
        }
    }

    @Test func checkAnswersWithMessageAndTrailers() throws {
        let running = try Running()
        let client = try running.client()
        let call = client.call("/grpc.health.v1.Health/Check", [Self.check("orders")])
        client.pump { call.pointee.isClosed }
        #expect(client.value(.status, call.pointee.fields) == "200")
        #expect(client.messages(call) == [HealthService.response(.notServing)])
        #expect(client.value(.grpcStatus, call.pointee.trailers) == "0")
    }

    /// Clients that somebody left open keep no operator out; those that wait for an answer stay.
    @Test func theOldestIdleConnectionMakesRoom() throws {
        let running = try Running()
        let watching = try running.client()
        let watch = watching.call("/grpc.health.v1.Health/Watch", [Self.check("orders")])
        watching.pump { watching.messages(watch).count == 1 }
        let idle = try (0..<ControlServer.maxConnections).map { _ in try running.client() }
        for _ in 0..<5 {
            let client = try running.client()
            let call = client.call("/grpc.health.v1.Health/Check", [Self.check("orders")])
            client.pump { call.pointee.isClosed }
            #expect(client.messages(call) == [HealthService.response(.notServing)])
        }
        #expect(!watch.pointee.isClosed && idle.count == ControlServer.maxConnections)
    }

    /// Watching takes no connection from whoever has something to ask.
    @Test func theOldestThatOnlyWatchesMakesRoom() throws {
        let running = try Running()
        let watching = try (0..<ControlServer.maxConnections).map { _ in
            let client = try running.client()
            let watch = client.call("/grpc.health.v1.Health/Watch", [Self.check("orders")])
            client.pump { client.messages(watch).count == 1 }
            return client
        }
        let client = try running.client()
        let call = client.call("/grpc.health.v1.Health/Check", [Self.check("orders")])
        client.pump { call.pointee.isClosed }
        #expect(client.messages(call) == [HealthService.response(.notServing)])
        #expect(watching.count == ControlServer.maxConnections)
    }

    @Test func refusalsAreTrailersOnly() throws {
        let running = try Running()
        let client = try running.client()
        for (path, message, status) in [
            ("/grpc.health.v1.Health/Check", Self.check("none"), "5"), ("/grpc.health.v1.Health/None", [], "12"),
            ("/grpc.health.v1.Health/Check", [0xff, 0xff], "3"),
            ("/grpc.health.v1.Health/Check", [UInt8](repeating: 0, count: 70_000), "8"),
        ] as [(String, [UInt8], String)] {
            let call = client.call(path, [message])
            client.pump { call.pointee.isClosed }
            #expect(client.value(.grpcStatus, call.pointee.fields) == status, "\(path)")
            #expect(client.messages(call) == [])
        }
    }

    @Test func whatIsNotGRPCIsAnsweredAsHTTP() throws {
        let running = try Running()
        let client = try running.client()
        let call = client.call("/grpc.health.v1.Health/Check", [], contentType: "application/json")
        client.pump { call.pointee.isClosed }
        #expect(client.value(.status, call.pointee.fields) == "415")
    }

    @Test func watchHearsOfChangesUntilItIsCancelled() throws {
        let running = try Running()
        let client = try running.client()
        let call = client.call("/grpc.health.v1.Health/Watch", [Self.check("")])
        client.pump { client.messages(call).count == 1 }
        running.board.set(state: .serving)
        running.board.set(switches: [StatsFixture.summary()])
        client.pump { client.messages(call).count == 2 }
        running.board.set(switches: [nil])
        client.pump { client.messages(call).count == 3 }
        #expect(client.messages(call) == [.notServing, .serving, .notServing].map { HealthService.response($0) })
        call.reset(8)
        running.board.set(switches: [StatsFixture.summary()])
        let other = client.call("/grpc.health.v1.Health/Check", [Self.check("")])
        client.pump { other.pointee.isClosed && call.pointee.isClosed }
        #expect(client.messages(other) == [HealthService.response(.serving)])
        #expect(client.messages(call).count == 3)
    }

    /// A thousand answers of the health file: far more than the server holds back for one reader.
    @Test(arguments: ["v1", "v1alpha"])
    func reflectionAnswersMoreThanItBuffers(version: String) throws {
        let running = try Running()
        let client = try running.client()
        let request = Grpc_Reflection_V1_ServerReflectionRequest.with {
            $0.fileContainingSymbol = "grpc.health.v1.Health"
        }
        let path = "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo"
        let call = client.call(path, Array(repeating: request.bytes, count: 1000) + [Self.list])
        client.pump { call.pointee.isClosed }
        let messages = client.messages(call)
        #expect(messages.count == 1001)
        #expect(messages.dropLast().allSatisfy { $0 == messages[0] })
        #expect(messages.joined().count > 2 * ControlStream.maxWaitingBytes)
        let last = try Grpc_Reflection_V1_ServerReflectionResponse(serializedBytes: try #require(messages.last))
        #expect(last.listServicesResponse.service.count == 4)
        #expect(client.value(.grpcStatus, call.pointee.trailers) == "0")
    }

    @Test func garbageEndsItsConnectionAlone() throws {
        let running = try Running()
        let client = try running.client()
        let noise = try running.client()
        noise.write(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        noise.readToEnd()
        let call = client.call("/grpc.health.v1.Health/Check", [Self.check("")])
        client.pump { call.pointee.isClosed }
        #expect(client.value(.grpcStatus, call.pointee.trailers) == "0")
    }

    /// Whoever gives up must keep nobody waiting: what has not begun for him is not done.
    @Test func commandsOfAClientThatIsGoneAreDropped() throws {
        let busy = Busy()
        let running = try Running(busy)
        func sends(_ calls: Int) throws -> ControlClient {
            let client = try running.client()
            for _ in 0..<calls { _ = client.call("/switchover.v1.Control/GetStatus", [[]]) }
            let check = client.call("/grpc.health.v1.Health/Check", [Self.check("orders")])
            client.pump { check.pointee.isClosed }
            return client
        }
        let stays = try sends(1)
        var leaves: ControlClient? = try sends(3)
        #expect(busy.dropped == [false, false, false, false])
        withExtendedLifetime(leaves) {}
        leaves = nil
        let patience = MonotonicClock.nanoseconds + 20_000_000_000
        while busy.dropped.count(where: { $0 }) < 3, MonotonicClock.nanoseconds < patience { sched_yield() }
        #expect(busy.dropped == [false, true, true, true])
        withExtendedLifetime(stays) {}
    }

    @Test func aClientThatGoesAwayAmidCallsIsForgotten() throws {
        let running = try Running()
        for _ in 0..<20 {
            let client = try running.client()
            let call = client.call("/grpc.health.v1.Health/Watch", [Self.check("orders")])
            _ = client.call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", [Self.list])
            client.pump { client.messages(call).count == 1 }
        }
        running.board.set(state: .serving)
        running.board.set(switches: [StatsFixture.summary()])
        let client = try running.client()
        let call = client.call("/grpc.health.v1.Health/Check", [Self.check("orders")])
        client.pump { call.pointee.isClosed }
        #expect(client.messages(call) == [HealthService.response(.serving)])
    }
}

/// A gRPC client on a blocking Unix socket: our own client session, fed by hand.
private final class ControlClient {
    private let pool = SessionPool.make(limits: SessionLimits())
    private let session: ClientSession
    private let descriptor: Int32
    private var streams: [StreamPointer] = []
    private var sources: [StreamPointer] = []
    private var fields: [LocalFields] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

    init(path: String) throws {
        let address = try #require(SocketAddress(unixPath: path))
        descriptor = try Sockets.connect(to: address)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        session = ClientSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
    }

    deinit {
        close(descriptor)
        _ = session.session.destroy()
        for stream in streams + sources { pool.recycle(stream) }
        pool.destroy()
        buffer.deallocate()
    }

    /// A call with all its messages and its end.
    func call(_ path: String, _ messages: [[UInt8]], contentType: String = "application/grpc") -> StreamPointer {
        let source = pool.makeSource()
        sources.append(source)
        for message in messages {
            GRPCMessageReader.framed(message).withUnsafeBytes { pool.append($0, to: source) }
        }
        source.pointee.hasEnded = true
        let head = LocalFields([
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("content-type", contentType), ("te", "trailers"),
        ])
        fields.append(head)
        pool.pointee.writer.removeAll()
        head.write(to: &pool.pointee.writer)
        guard let stream = session.request(bodyOf: source) else { preconditionFailure("a new session takes requests") }
        streams.append(stream)
        return stream
    }

    /// Sends and receives until `isDone`; fails the test when the server is silent or gone before.
    func pump(until isDone: () -> Bool) {
        while !isDone() {
            while case let count = session.session.send(into: buffer), count > 0 { write(Array(buffer[..<count])) }
            takeEvents()
            if isDone() { return }
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else {
                Issue.record("the server said nothing more")
                return
            }
            #expect(session.session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count])) == nil)
            takeEvents()
        }
    }

    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    func readToEnd() { while recv(descriptor, buffer.baseAddress, buffer.count, 0) > 0 {} }

    func messages(_ stream: StreamPointer) -> [[UInt8]] {
        var reader = GRPCMessageReader()
        reader.append(stream.pointee.body.bytes)
        var messages: [[UInt8]] = []
        while case .message(let message) = reader.next() { messages.append(message) }
        return messages
    }

    func value(_ token: FieldToken, _ fields: FieldList) -> String? {
        fields.first(token).map { String(decoding: $0.valueBytes, as: UTF8.self) }
    }

    private func takeEvents() {
        while let stream = session.session.nextTouched() {
            _ = stream.takeEvents()
            stream.creditAll()
        }
    }
}
