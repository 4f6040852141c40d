import EventLoop
import Foundation
import Glibc
import Testing

@testable import Sidecar

@Suite struct StatsServerTests {
    /// A stats server on a thread of its own, and plain blocking clients.
    final class Running {
        let fixture = StatsFixture()
        let thread: LoopThread
        let server: StatsServer
        var port: UInt16 { server.port }

        init(patienceNanoseconds: UInt64 = 60_000_000_000) throws {
            thread = try LoopThread(name: "stats")
            let any = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 0).first)
            let pages = StatsPages(
                names: fixture.names, workers: fixture.workers, board: fixture.board, configuration: "{}\n")
            server = try StatsServer(
                address: any, loop: thread.loop, pages: pages, patienceNanoseconds: patienceNanoseconds)
            fixture.counters.set(.heartbeat, MonotonicClock.nanoseconds)
            try thread.start()
        }

        deinit {
            thread.stop()
            thread.join()
            server.close()
        }

        func client() throws -> Client { try Client(port: port) }

        /// The status and body of one request on a connection of its own.
        func get(_ path: String, method: String = "GET") throws -> (status: Int, head: String, body: String) {
            let client = try client()
            client.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return Self.split(client.readToEnd())
        }

        static func split(_ answer: String) -> (status: Int, head: String, body: String) {
            let end = answer.range(of: "\r\n\r\n")
            let head = end.map { String(answer[..<$0.lowerBound]) } ?? answer
            let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
            return (status, head, end.map { String(answer[$0.upperBound...]) } ?? "")
        }
    }

    /// A blocking socket that gives up after 20 seconds.
    final class Client {
        private let descriptor: Int32

        init(port: UInt16) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var patience = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(status == 0)
        }

        deinit { close(descriptor) }

        func send(_ text: String) {
            let bytes = Array(text.utf8)
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }

        func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

        /// What comes until the server closes; fails the test when it resets instead.
        func readToEnd() -> String {
            var all: [UInt8] = []
            while let bytes = readSome() { all += bytes }
            return String(decoding: all, as: UTF8.self)
        }

        func read(until text: String) -> String {
            var all = ""
            while !all.hasSuffix(text), let bytes = readSome() { all += String(decoding: bytes, as: UTF8.self) }
            return all
        }

        /// How often it was answered `ok`, as far as answers are here.
        func answersSoFar() -> Int {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 {
                for byte in buffer[..<count] {
                    if last == UInt8(ascii: "k"), byte == UInt8(ascii: "\n") { answers += 1 }
                    last = byte
                }
            }
            return answers
        }

        private var answers = 0
        private var last: UInt8 = 0

        private func readSome() -> ArraySlice<UInt8>? {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var count = recv(descriptor, &buffer, buffer.count, 0)
            while count < 0, errno == EINTR { count = recv(descriptor, &buffer, buffer.count, 0) }
            #expect(count >= 0, "the server neither answered nor closed: \(String(cString: strerror(errno)))")
            return count > 0 ? buffer[..<count] : nil
        }
    }

    @Test func metricsAndStats() throws {
        let running = try Running()
        running.fixture.useEverything()
        let metrics = try running.get("/metrics")
        #expect(metrics.status == 200)
        #expect(metrics.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(metrics.head.contains("Content-Length: \(metrics.body.utf8.count)\r\n"))
        #expect(metrics.body.contains("\nswitchover_ready 0\n"))
        let stats = try running.get("/stats?x=1")
        #expect(stats.status == 200)
        #expect(stats.head.contains("Content-Type: application/json\r\n"))
        #expect(stats.body.hasPrefix("{") && stats.body.hasSuffix("}\n"))
    }

    @Test func headIsTheHeadAlone() throws {
        let running = try Running()
        let answer = try running.get("/healthz", method: "HEAD")
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer.head.contains("Content-Length: 3\r\n"))
    }

    @Test func unknownPathsListTheKnownOnes() throws {
        let answer = try Running().get("/")
        #expect(answer.status == 404)
        #expect(answer.body == "here are: /metrics /stats /config /healthz /readyz\n")
    }

    @Test func otherMethodsAreNotAllowed() throws {
        let running = try Running()
        let answer = try running.get("/metrics", method: "DELETE")
        #expect(answer.status == 405)
        #expect(answer.head.contains("\r\nAllow: GET, HEAD\r\n"))
        let client = try running.client()
        client.send(
            "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n"
                + String(repeating: "x", count: 500_000))
        #expect(Running.split(client.readToEnd()).status == 413, "the answer must survive the unread body")
    }

    @Test func readyzFollowsTheBoard() throws {
        let running = try Running()
        let board = running.fixture.board
        #expect(try running.get("/readyz") == (503, "starting\n"))
        board.set(state: .serving)
        #expect(try running.get("/readyz") == (503, "no switches for orders, stock\n"))
        board.set(switches: [StatsFixture.summary(), StatsFixture.summary()])
        #expect(try running.get("/readyz") == (200, "ready\n"))
        board.set(state: .draining)
        #expect(try running.get("/readyz") == (503, "draining\n"))
    }

    @Test func healthzWantsEveryWorkersHeartbeat() throws {
        let running = try Running()
        #expect(try running.get("/healthz") == (200, "ok\n"))
        running.fixture.counters.set(.heartbeat, MonotonicClock.nanoseconds - 6_000_000_000)
        #expect(try running.get("/healthz") == (503, "no sign of life for 5 seconds: worker 0\n"))
    }

    @Test func oneConnectionServesMany() throws {
        let running = try Running()
        let client = try running.client()
        for _ in 0..<20 {
            client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.read(until: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func pipelinedAnswersComeInOrder() throws {
        let running = try Running()
        let client = try running.client()
        var text = ""
        for path in ["/healthz", "/readyz", "/none", "/healthz"] { text += "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }
        client.send(
            text + "GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = client.readToEnd()
        let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
        #expect(statuses == ["200", "503", "404", "200", "503"])
    }

    /// Far more answers than the sockets hold, and nobody reads until all is asked: each waits for the one before.
    @Test func aSlowReaderGetsEverything() throws {
        let running = try Running()
        running.fixture.useEverything()
        let client = try running.client()
        let request = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"
        client.send(String(repeating: request, count: 200))
        client.endSending()
        let answer = client.readToEnd()
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 201)
        #expect(answer.utf8.count > 10_000_000)
    }

    /// One answer a turn: whoever asks for one thing waits for one of each other client at most.
    @Test func whoAsksForMuchAtOnceKeepsNobodyWaiting() throws {
        let loop = try EventLoop.make()
        let fixture = StatsFixture()
        let any = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 0).first)
        let pages = StatsPages(
            names: fixture.names, workers: fixture.workers, board: fixture.board, configuration: "{}\n")
        let server = try StatsServer(address: any, loop: loop, pages: pages, patienceNanoseconds: 60_000_000_000)
        fixture.counters.set(.heartbeat, MonotonicClock.nanoseconds)
        let request = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
        let greedy = try (0..<5).map { _ in try Client(port: server.port) }
        for client in greedy { client.send(String(repeating: request, count: 500)) }
        let modest = try Client(port: server.port)
        func answers(_ clients: [Client]) -> Int { clients.reduce(0) { $0 + $1.answersSoFar() } }
        while answers(greedy) < 20 { loop.turn() }
        modest.send(request)
        let before = answers(greedy)
        while modest.answersSoFar() == 0 { loop.turn() }
        #expect(answers(greedy) - before <= 10, "they have a turn in each batch, and not all at once")
        #expect(before < 40)
        while answers(greedy) < 2500 { loop.turn() }
        modest.send(request)
        while modest.answersSoFar() < 2 { loop.turn() }
        server.close()
        loop.destroy()
    }

    @Test func garbageIsAnsweredAndClosed() throws {
        let running = try Running()
        for text in ["\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let client = try running.client()
            client.send(text)
            let status = Running.split(client.readToEnd()).status
            #expect(status == 400 || status == 505)
        }
        let client = try running.client()
        client.send("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 9000))
        #expect(Running.split(client.readToEnd()).status == 431)
        #expect(try running.get("/healthz").status == 200)
    }

    @Test func theSixtyFifthConnectionIsClosed() throws {
        let running = try Running()
        let clients = try (0..<StatsServer.maxConnections).map { _ in try running.client() }
        for client in clients {
            client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.read(until: "ok\n").hasSuffix("ok\n"))
        }
        #expect(try running.client().readToEnd() == "")
        clients[0].send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(clients[0].read(until: "ok\n").hasSuffix("ok\n"))
    }

    @Test func idleAndSlowClientsAreClosed() throws {
        #expect(StatsServer.defaultPatienceNanoseconds == 10_000_000_000)
        let patience: UInt64 = 100_000_000
        let running = try Running(patienceNanoseconds: patience)
        let started = MonotonicClock.nanoseconds
        let clients = try (0..<3).map { _ in try running.client() }
        clients[1].send("GET /metrics HT")
        clients[2].send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        for client in clients { _ = client.readToEnd() }
        #expect(MonotonicClock.nanoseconds - started >= patience)
    }

    @Test func worksOverAUnixSocket() throws {
        let thread = try LoopThread(name: "stats")
        let fixture = StatsFixture()
        let path = "/tmp/switchover-stats-\(getpid()).sock"
        let address = try #require(SocketAddress(unixPath: path))
        let pages = StatsPages(
            names: fixture.names, workers: fixture.workers, board: fixture.board, configuration: "{}\n")
        let server = try StatsServer(address: address, loop: thread.loop, pages: pages)
        #expect(server.port == 0)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        server.close()
        unlink(path)
    }
}

private func == (one: (status: Int, head: String, body: String), other: (Int, String)) -> Bool {
    one.status == other.0 && one.body == other.1
}
