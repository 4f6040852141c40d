import Testing

@testable import EventLoop

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:7400", Address.tcp(host: "127.0.0.1", port: 7400)),
        ("localhost:1", .tcp(host: "localhost", port: 1)),
        ("orders.shop_v1.svc:65535", .tcp(host: "orders.shop_v1.svc", port: 65_535)),
        ("[::1]:80", .tcp(host: "::1", port: 80)),
        ("[fe80::1]:80", .tcp(host: "fe80::1", port: 80)),
        ("unix:/run/a.sock", .unix(path: "/run/a.sock")),
    ])
    func everyFormIsReadAndWrittenAsItWas(text: String, address: Address) throws {
        #expect(try Address(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        ("", "\"\" has no port; write host:port, [v6]:port or unix:/path"),
        ("[::1]", "\"[::1]\" has no port; write host:port, [v6]:port or unix:/path"),
        (":80", "\":80\" has no host; write host:port, [v6]:port or unix:/path"),
        ("::1:80", "\"::1:80\" is ambiguous; write an IPv6 address in brackets: [::1]:50051"),
        ("[::g]:80", "\"::g\" is no IPv6 address; write host:port, [v6]:port or unix:/path"),
        ("1.2.3:80", "\"1.2.3\" is no host name or IPv4 address; write host:port, [v6]:port or unix:/path"),
        ("-a:80", "\"-a\" is no host name or IPv4 address; write host:port, [v6]:port or unix:/path"),
        ("http://a:80", "\"http://a:80\" is a URL; write a:80 alone"),
        ("a:65536", "port \"65536\" of \"a:65536\" is none; write a number from 1 to 65535"),
        ("a:+1", "port \"+1\" of \"a:+1\" is none; write a number from 1 to 65535"),
        ("a:", "port \"\" of \"a:\" is none; write a number from 1 to 65535"),
        ("a:0", "port \"0\" of \"a:0\" is none; write a number from 1 to 65535"),
        ("unix:", "\"unix:\" needs a path; write unix:/run/switchover/name.sock"),
    ])
    func otherTextsAreRefusedWithWhatToWrite(text: String, problem: String) {
        #expect(throws: Address.Malformed(description: problem)) { try Address(text) }
    }

    @Test func port0IsTakenWhereSomethingListens() throws {
        #expect(try Address("127.0.0.1:0", allowsAnyPort: true) == .tcp(host: "127.0.0.1", port: 0))
    }

    @Test func aUnixPathCountsFromAFolderAndHasTheKernelsLength() throws {
        #expect(try Address("unix:a.sock", relativeTo: "etc") == .unix(path: "etc/a.sock"))
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(try Address("unix:" + longest) == .unix(path: longest))
        let problem = "the path of a Unix socket has at most 107 bytes, \(longest)a has 108"
        #expect(throws: Address.Malformed(description: problem)) { try Address("unix:\(longest)a") }
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true),
        ("localhost:1", true), ("unix:/a", true), ("0.0.0.0:1", false), ("[::]:1", false), ("128.0.0.1:1", false),
        ("[::ffff:10.0.0.1]:1", false), ("[::2]:1", false), ("example.com:1", false),
        ("localhost.example.com:1", false),
    ])
    func loopbackIsWhatNoOtherMachineReaches(text: String, isLoopback: Bool) throws {
        #expect(try Address(text).isLoopback == isLoopback)
    }
}
