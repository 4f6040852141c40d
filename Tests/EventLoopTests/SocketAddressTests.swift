import EventLoop
import Glibc
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80", true), ("127.255.0.9", "127.255.0.9:80", true),
        ("128.0.0.1", "128.0.0.1:80", false),
        ("0.0.0.0", "0.0.0.0:80", false), ("10.0.0.1", "10.0.0.1:80", false),
        ("::1", "[::1]:80", true), ("::", "[::]:80", false), ("::2", "[::2]:80", false), ("1::1", "[1::1]:80", false),
        ("fe80::1", "[fe80::1]:80", false), ("2001:db8::7", "[2001:db8::7]:80", false),
    ])
    func numericAddresses(host: String, description: String, isLoopback: Bool) throws {
        let address = try #require(try SocketAddress.resolve(host: host, port: 80).first)
        #expect(address.description == description)
        #expect(address.isLoopback == isLoopback)
        #expect(!address.isUnix)
        #expect(address.family == (host.contains(":") ? AF_INET6 : AF_INET))
    }

    @Test func theNameOfThisMachine() throws {
        let addresses = try SocketAddress.resolve(host: "localhost", port: 7400)
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.isLoopback })
    }

    @Test(arguments: ["", "no-such-host.invalid", "1.2.3.4.5", "::1::", "256.1.1.1", "a b"])
    func whatIsNoAddressSaysSo(host: String) {
        let error = #expect(throws: ResolutionError.self) { try SocketAddress.resolve(host: host, port: 1) }
        #expect(error?.host == host)
        #expect(error?.description.hasPrefix("cannot resolve \(host): ") == true)
    }

    @Test func unixPaths() throws {
        let address = try #require(SocketAddress(unixPath: "/run/switchover.sock"))
        #expect(address.description == "unix:/run/switchover.sock")
        #expect(address.isUnix && address.isLoopback && address.family == AF_UNIX)
        #expect(SocketAddress(unixPath: "") == nil)
        #expect(SocketAddress(unixPath: "a\0b") == nil)
        #expect(SocketAddress(unixPath: String(repeating: "a", count: 107)) != nil)
        #expect(SocketAddress(unixPath: String(repeating: "a", count: 108)) == nil)
    }

    @Test func equalWhenTheKernelSeesTheSame() throws {
        let one = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 80).first)
        let same = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 80).first)
        let other = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 81).first)
        #expect(one == same && one.hashValue == same.hashValue)
        #expect(one != other)
    }
}
