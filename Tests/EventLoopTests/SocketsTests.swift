import EventLoop
import Glibc
import Testing

@Suite struct SocketsTests {
    /// A folder that is removed with what is in it.
    private final class Folder {
        let path: String

        init() throws {
            var template = Array("/tmp/switchover-test-XXXXXX".utf8CString)
            let made = mkdtemp(&template)
            path = String(cString: try #require(made))
        }

        deinit {
            for name in ["socket", "file", "link"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        func address(_ name: String = "socket") throws -> SocketAddress {
            try #require(SocketAddress(unixPath: "\(path)/\(name)"))
        }
    }

    private static func mode(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : .max
    }

    @Test func aUnixSocketIsItsOwnersAlone() throws {
        let folder = try Folder()
        let descriptor = try Sockets.listen(on: folder.address())
        defer { close(descriptor) }
        #expect(Self.mode("\(folder.path)/socket") == 0o600)
        let open = try Folder()
        let other = try Sockets.listen(on: open.address(), mode: 0o666)
        defer { close(other) }
        #expect(Self.mode("\(open.path)/socket") == 0o666)
    }

    @Test func anAbandonedSocketFileIsReplaced() throws {
        let folder = try Folder()
        close(try Sockets.listen(on: folder.address()))
        #expect(Self.mode("\(folder.path)/socket") == 0o600, "the file outlives its socket")
        let descriptor = try Sockets.listen(on: folder.address())
        defer { close(descriptor) }
        let client = try Sockets.connect(to: folder.address())
        defer { close(client) }
        #expect(try Sockets.accept(from: descriptor, isUnix: true) != nil)
    }

    @Test func aLiveSocketIsLeftAlone() throws {
        let folder = try Folder()
        let descriptor = try Sockets.listen(on: folder.address())
        defer { close(descriptor) }
        #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) { try Sockets.listen(on: folder.address()) }
        close(try Sockets.connect(to: folder.address()))
    }

    /// A path that was meant for something else must never cost its file.
    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let folder = try Folder()
        let path = "\(folder.path)/file"
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644))
        // Tests beside this one listen on Unix sockets, with a mask that the whole process has meanwhile.
        try #require(chmod(path, 0o644) == 0)
        #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) { try Sockets.listen(on: folder.address("file")) }
        #expect(Self.mode(path) == 0o644)
        #expect(symlink(path, "\(folder.path)/link") == 0)
        #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) { try Sockets.listen(on: folder.address("link")) }
        #expect(Self.mode("\(folder.path)/link") != .max && Self.mode(path) == 0o644)
    }

    @Test func theKernelChoosesAPort() throws {
        let one = try Sockets.listen(on: Loopback.address(port: 0))
        defer { close(one) }
        let port = Sockets.localPort(of: one)
        #expect(port != 0)
        #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) {
            try Sockets.listen(on: Loopback.address(port: port))
        }
    }

    private static var machineHasIPv6: Bool { access("/proc/net/if_inet6", F_OK) == 0 }

    @Test(.enabled(if: machineHasIPv6)) func ipv6LoopbackWorks() throws {
        let address = try #require(try SocketAddress.resolve(host: "::1", port: 0).first)
        let listening = try Sockets.listen(on: address)
        defer { close(listening) }
        let target = try #require(try SocketAddress.resolve(host: "::1", port: Sockets.localPort(of: listening)).first)
        let client = try Sockets.connect(to: target)
        defer { close(client) }
        var poll = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
        #expect(Glibc.poll(&poll, 1, 10_000) == 1)
        let accepted = try #require(try Sockets.accept(from: listening, isUnix: false))
        close(accepted)
    }
}
