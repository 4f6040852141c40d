import TestSupport
import Testing

@testable import Sidecar

@Suite struct HTTPRequestParserTests {
    private static func parse(_ text: String) -> HTTPRequestParser.Outcome {
        var parser = HTTPRequestParser()
        parser.append(text.utf8)
        return parser.next()
    }

    private static func get(
        _ path: String = "/metrics", method: HTTPRequest.Method = .get, keepsAlive: Bool = true
    ) -> HTTPRequestParser.Outcome {
        .request(HTTPRequest(method: method, path: path, keepsAlive: keepsAlive))
    }

    /// What real clients send: curl, Prometheus, HTTP/1.0 probes, proxies.
    @Test(arguments: [
        ("GET /metrics HTTP/1.1\r\nHost: localhost:7401\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n", get()),
        ("GET /metrics HTTP/1.1\r\nhost:h\r\nAccept-Encoding: gzip\r\nX-Empty:\r\nX: \u{e9}\r\n\r\n", get()),
        ("HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n", get("/healthz", method: .head)),
        ("GET /stats?pretty=1 HTTP/1.1\r\nHost: h\r\n\r\n", get("/stats")),
        ("GET http://h:7401/readyz?x HTTP/1.1\r\nHost: h\r\n\r\n", get("/readyz")),
        ("GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n", get("/")),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", get("/", keepsAlive: false)),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade , close\r\n\r\n", get("/", keepsAlive: false)),
        ("GET / HTTP/1.0\r\n\r\n", get("/", keepsAlive: false)),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", get("/")),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", get("/")),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", get("/")),
        ("POST /metrics HTTP/1.1\r\nHost: h\r\n\r\n", get(method: .other)),
        ("get /metrics HTTP/1.1\r\nHost: h\r\n\r\n", get(method: .other)),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", get("*", method: .other)),
    ])
    func requests(text: String, outcome: HTTPRequestParser.Outcome) {
        #expect(Self.parse(text) == outcome)
    }

    /// Where two readers could disagree about what the request is or where it ends, none is taken.
    @Test(arguments: [
        "GET /metrics HTTP/1.1\r\n\r\n",  // no Host
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\tfolded: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{7f}c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET metrics HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET  HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\r\nHost: h\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / http/1.1\r\nHost: h\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",  // a TLS hello
    ])
    func illFormedRequests(text: String) {
        #expect(Self.parse(text) == .rejected(.badRequest))
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
    ])
    func bodiesAreRefused(text: String) {
        #expect(Self.parse(text) == .rejected(.contentTooLarge))
    }

    @Test(arguments: [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", "GET / HTTP/3\r\nHost: h\r\n\r\n",
    ])
    func otherVersions(text: String) {
        #expect(Self.parse(text) == .rejected(.versionNotSupported))
    }

    @Test func theLimitIsOnTheWholeHead() {
        func request(bytes: Int) -> String {
            let head = "GET / HTTP/1.1\r\nHost: h\r\nX: "
            return head + String(repeating: "x", count: bytes - head.utf8.count - 4) + "\r\n\r\n"
        }
        #expect(Self.parse(request(bytes: 8192)) == Self.get("/"))
        #expect(Self.parse(request(bytes: 8193)) == .rejected(.headersTooLarge))
        #expect(Self.parse(String(repeating: "G", count: 8192)) == .incomplete)
        #expect(Self.parse(String(repeating: "G", count: 8193)) == .rejected(.headersTooLarge))
    }

    @Test func everyTruncationIsIncompleteAndEverySplitTheSame() {
        let text = "GET /stats HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        let bytes = Array(text.utf8)
        for cut in 0..<bytes.count {
            var parser = HTTPRequestParser()
            parser.append(bytes[..<cut])
            #expect(parser.next() == .incomplete, "after \(cut) bytes")
            #expect(parser.isAmidRequest == (cut > 0))
            parser.append(bytes[cut...])
            #expect(parser.next() == Self.get("/stats", keepsAlive: false), "split at \(cut)")
            #expect(parser.next() == .incomplete)
            #expect(!parser.isAmidRequest)
        }
        var parser = HTTPRequestParser()
        for byte in bytes.dropLast() {
            parser.append([byte])
            #expect(parser.next() == .incomplete)
        }
        parser.append(bytes.suffix(1))
        #expect(parser.next() == Self.get("/stats", keepsAlive: false))
    }

    @Test func pipelinedRequestsComeInOrderWhateverTheSplit() {
        let texts = ["/a", "/b", "/metrics"].map { "GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n" }
        let bytes = Array(texts.joined(separator: "\r\n").utf8)
        for cut in 0...bytes.count {
            var parser = HTTPRequestParser()
            var outcomes: [HTTPRequestParser.Outcome] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                parser.append(part)
                while case let outcome = parser.next(), outcome != .incomplete { outcomes.append(outcome) }
            }
            #expect(outcomes == [Self.get("/a"), Self.get("/b"), Self.get()], "split at \(cut)")
        }
    }

    /// No bytes make it trap, and none make it keep more than its limit without a word.
    @Test(arguments: UInt64(1)...20)
    func garbageIsRefusedOrAwaited(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let words = [
            "GET ", "/", " HTTP/1.1", "\r\n", "\r", "\n", "Host: h", ":", " ", "\0", "\u{ff}", "HTTP/",
            "Content-Length: 1",
            "\r\n\r\n", "http://", "?", "PRI * HTTP/2.0",
        ]
        for _ in 0..<500 {
            var parser = HTTPRequestParser()
            var count = 0
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let word = Array(words.randomElement(using: &random)!.utf8)
                count += word.count
                parser.append(word)
                let outcome = parser.next()
                if case .rejected = outcome { break }
                if case .request(let request) = outcome { #expect(request.path.utf8.count <= count) }
            }
        }
    }
}
