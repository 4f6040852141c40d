import CLinux
import EventLoop
import Glibc
import Testing

@Suite struct ListenerTests {
    /// What a listener handed over.
    final class Door {
        private(set) var connections: [Int32] = []
        var listener: UnsafeMutablePointer<Listener>?
        let port: UInt16

        init(_ loop: UnsafeMutablePointer<EventLoop>) throws {
            let descriptor = try Sockets.listen(on: Loopback.address(port: 0))
            port = Sockets.localPort(of: descriptor)
            listener = try Listener.make(
                descriptor: descriptor, isUnix: false, loop: loop, context: Unmanaged.passUnretained(self).toOpaque()
            ) { context, connection in
                Unmanaged<Door>.fromOpaque(context).takeUnretainedValue().connections.append(connection)
            }
        }

        deinit {
            listener?.close()
            for connection in connections { close(connection) }
        }
    }

    @Test func handsOverEveryConnectionReadyForUse() throws {
        let test = try TestLoop()
        let door = try Door(test.loop)
        let clients = try (0..<200).map { _ in try Sockets.connect(to: Loopback.address(port: door.port)) }
        test.run(until: { door.connections.count == clients.count })
        let accepted = try #require(door.connections.first)
        #expect(fcntl(accepted, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(accepted, F_GETFD) & FD_CLOEXEC != 0)
        var noDelay: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, &size)
        #expect(noDelay == 1)
        #expect(door.listener?.pointee.refusals == 0)
        for client in clients { close(client) }
    }

    @Test func closedListenerRefuses() throws {
        let test = try TestLoop()
        let door = try Door(test.loop)
        door.listener?.close()
        door.listener = nil
        let client = try Sockets.connect(to: Loopback.address(port: door.port))
        let socket = try TestSocket(test.loop, client, .writable)
        var error: SystemError?
        socket.ready = { socket, _ in
            error = socket.socket?.connectionError()
            socket.socket = nil
        }
        test.run(until: { error != nil })
        #expect(error?.code == ECONNREFUSED)
    }

    @Test func aDescriptorThatCannotBeWatchedIsClosed() throws {
        let test = try TestLoop()
        let regular = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
        #expect(throws: SystemError(call: "epoll_ctl", code: EPERM)) {
            try Listener.make(descriptor: regular, isUnix: false, loop: test.loop, context: test.loop) { _, _ in }
        }
        #expect(!Descriptors.isOpen(regular, on: "/etc/passwd"))
    }

    /// In a process of its own: while it lasts, nobody in the process can open anything.
    @Test func descriptorsExhaustedMeansPauseNotDeath() async {
        await #expect(processExitsWith: .success) {
            let test = try TestLoop()
            let door = try Door(test.loop)
            let clients = try (0..<5).map { _ in try Sockets.connect(to: Loopback.address(port: door.port)) }
            var limit = rlimit(rlim_cur: 256, rlim_max: 256)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var hoard: [Int32] = []
            while true {
                let copy = dup(0)
                if copy < 0 { break }
                hoard.append(copy)
            }
            #expect(errno == EMFILE && hoard.count > 100)
            var batches = 0
            test.run(until: {
                batches += 1
                return (door.listener?.pointee.refusals ?? 0) >= 3
            })
            #expect(door.connections.isEmpty)
            #expect(batches < 20, "it pauses, it does not spin")
            let refusals = door.listener?.pointee.refusals
            for descriptor in hoard { close(descriptor) }
            test.run(until: { door.connections.count == 5 })
            #expect(door.listener?.pointee.refusals == refusals)
            for client in clients { close(client) }
        }
    }
}
