import CLinux
import EventLoop
import Glibc
import Synchronization
import Testing

@Suite struct StreamSocketTests {
    /// Bytes that show when they are lost, doubled or swapped.
    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    private static func setBuffer(_ descriptor: Int32, _ option: Int32, _ bytes: Int32) {
        var value = bytes
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    @Test func nothingThereIsNotTheEnd() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        let reader = try TestSocket(test.loop, one)
        #expect(!reader.receiveOnce())
        #expect(!reader.hasEnded && reader.failure == nil)
        reader.socket = nil
        close(other)
    }

    @Test func shortReadsGiveEveryByteOnce() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        let bytes = Self.pattern(5000)
        let reader = try TestSocket(test.loop, one)
        reader.bufferSize = 7
        reader.ready = { reader, _ in reader.receiveOnce() }
        let writer = try TestSocket(test.loop, other)
        guard case .all = writer.send(bytes) else { return #expect(Bool(false), "5000 bytes fit a socket buffer") }
        test.run(until: { reader.received.count == bytes.count })
        #expect(reader.received == bytes)
        #expect(reader.wakeUps >= 5000 / 7)
    }

    /// More than the kernel takes at once: the rest is kept, and goes out when the reader has made room.
    @Test func shortWritesAreFinishedWhenThereIsRoom() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        Self.setBuffer(other, SO_SNDBUF, 4096)
        let bytes = Self.pattern(400_000)
        let writer = try TestSocket(test.loop, other)
        guard case .blocked = writer.send(bytes) else { return #expect(Bool(false), "the rest must be kept") }
        #expect(writer.socket?.isBlocked == true)
        let reader = try TestSocket(test.loop, one)
        test.run(until: { reader.received.count == bytes.count && writer.socket?.isBlocked == false })
        #expect(reader.received == bytes)
        #expect(writer.wakeUps > 1)
        let wakeUps = writer.wakeUps
        test.turn(3)
        #expect(writer.wakeUps == wakeUps, "a socket with nothing to send is not told that it could")
    }

    @Test func blockedSocketWithoutReaderDoesNotSpin() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        Self.setBuffer(other, SO_SNDBUF, 4096)
        let writer = try TestSocket(test.loop, other)
        guard case .blocked = writer.send(Self.pattern(400_000)) else { return #expect(Bool(false)) }
        test.turn(5)
        #expect(writer.wakeUps == 0)
        close(one)
        test.run(until: { writer.failure != nil || writer.hasEnded })
    }

    /// Sending the kept rest must not turn reading on again behind the owner's back.
    @Test func readingStaysOffThroughABlockedSend() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        Self.setBuffer(one, SO_SNDBUF, 4096)
        let bytes = Self.pattern(200_000)
        let slow = try TestSocket(test.loop, one)
        slow.socket?.setReading(false)
        guard case .blocked = slow.send(bytes) else { return #expect(Bool(false)) }
        let peer = try TestSocket(test.loop, other)
        guard case .all = peer.send([1, 2, 3]) else { return #expect(Bool(false)) }
        test.run(until: { peer.received.count == bytes.count && slow.socket?.isBlocked == false })
        test.turn(3)
        #expect(slow.received.isEmpty, "reading was off")
        slow.socket?.setReading(true)
        test.run(until: { slow.received.count == 3 })
        #expect(peer.received == bytes)
    }

    @Test func readingTurnedOffWhileBlockedKeepsTheRestGoing() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        Self.setBuffer(one, SO_SNDBUF, 4096)
        let bytes = Self.pattern(200_000)
        let slow = try TestSocket(test.loop, one)
        guard case .blocked = slow.send(bytes) else { return #expect(Bool(false)) }
        slow.socket?.setReading(false)
        let peer = try TestSocket(test.loop, other)
        guard case .all = peer.send([9]) else { return #expect(Bool(false)) }
        test.run(until: { peer.received.count == bytes.count && slow.socket?.isBlocked == false })
        test.turn(3)
        #expect(slow.received.isEmpty)
        slow.socket?.setReading(true)
        test.run(until: { slow.received == [9] })
    }

    @Test func halfCloseEndsOneDirection() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        let near = try TestSocket(test.loop, one)
        let far = try TestSocket(test.loop, other)
        guard case .all = near.send([1, 2]) else { return #expect(Bool(false)) }
        near.socket?.shutDownWriting()
        test.run(until: { far.hasEnded })
        #expect(far.received == [1, 2])
        guard case .all = far.send([3]) else { return #expect(Bool(false), "the other direction is open") }
        test.run(until: { near.received == [3] })
        #expect(!near.hasEnded)
        guard case .failed(let error) = near.send([4]) else { return #expect(Bool(false)) }
        #expect(error.code == EPIPE, "no SIGPIPE, an error")
    }

    @Test func resetIsAFailureNotAnEnd() throws {
        let test = try TestLoop()
        let (near, far) = try Loopback.connection()
        let socket = try TestSocket(test.loop, near)
        var linger = CLinux.linger(l_onoff: 1, l_linger: 0)
        setsockopt(far, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<CLinux.linger>.size))
        close(far)
        test.run(until: { socket.failure != nil || socket.hasEnded })
        #expect(socket.failure == SystemError(call: "recv", code: ECONNRESET))
    }

    @Test func sendAfterResetFailsWithoutASignal() throws {
        let test = try TestLoop()
        let (near, far) = try Loopback.connection()
        let socket = try TestSocket(test.loop, near, [])
        var linger = CLinux.linger(l_onoff: 1, l_linger: 0)
        setsockopt(far, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<CLinux.linger>.size))
        close(far)
        var woken = false
        socket.ready = { _, _ in
            woken = true
            socket.socket?.setReading(false)
        }
        test.run(until: { woken })
        var errors: [Int32] = []
        for _ in 0..<2 {
            if case .failed(let error) = socket.send([1]) { errors.append(error.code) }
        }
        #expect(errors == [ECONNRESET, EPIPE])
    }

    @Test func connectingToNobodyTellsWhy() throws {
        let test = try TestLoop()
        let port = try Loopback.unusedPort()
        let descriptor = try Sockets.connect(to: Loopback.address(port: port))
        let socket = try TestSocket(test.loop, descriptor, .writable)
        var outcome: SystemError??
        socket.ready = { socket, _ in
            outcome = .some(socket.socket?.connectionError())
            socket.socket = nil
        }
        test.run(until: { outcome != nil })
        #expect(outcome == .some(SystemError(call: "connect", code: ECONNREFUSED)))
    }

    @Test func connectingToSomebodySucceeds() throws {
        let test = try TestLoop()
        let listening = try Sockets.listen(on: Loopback.address(port: 0))
        defer { close(listening) }
        let descriptor = try Sockets.connect(to: Loopback.address(port: Sockets.localPort(of: listening)))
        let socket = try TestSocket(test.loop, descriptor, .writable)
        var isConnected = false
        socket.ready = { socket, _ in
            isConnected = socket.socket?.connectionError() == nil
            socket.ready = nil
        }
        test.run(until: { isConnected })
        let accepted = try #require(try Sockets.accept(from: listening, isUnix: false))
        let peer = try TestSocket(test.loop, accepted)
        guard case .all = socket.send(Self.pattern(100)) else { return #expect(Bool(false)) }
        test.run(until: { peer.received.count == 100 })
        #expect(try Sockets.accept(from: listening, isUnix: false) == nil)
    }

    @Test func aDescriptorThatCannotBeWatchedIsClosed() throws {
        let test = try TestLoop()
        // epoll refuses regular files.
        let file = open("/dev/null", O_RDWR | O_CLOEXEC)
        let regular = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(throws: SystemError(call: "epoll_ctl", code: EPERM)) { try TestSocket(test.loop, regular) }
        #expect(!Descriptors.isOpen(regular, on: "/proc/self/exe"))
    }
}

/// Connections over 127.0.0.1.
enum Loopback {
    static func address(port: UInt16) throws -> SocketAddress {
        try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
    }

    /// Two ends of a TCP connection, both non-blocking.
    static func connection() throws -> (near: Int32, far: Int32) {
        let listening = try Sockets.listen(on: address(port: 0))
        defer { close(listening) }
        let near = try Sockets.connect(to: address(port: Sockets.localPort(of: listening)))
        var poll = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
        Glibc.poll(&poll, 1, 10_000)
        return (near, try #require(try Sockets.accept(from: listening, isUnix: false)))
    }

    /// A port that is bound and not listened on for as long as the process lives, so that nobody else gets it.
    static func unusedPort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var any = sockaddr_in()
        any.sin_family = sa_family_t(AF_INET)
        any.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &any) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
        return Sockets.localPort(of: descriptor)
    }
}

/// Signals that interrupt system calls (EINTR). One after the other: the handler and its count are the process's.
@Suite(.serialized) struct Interrupts {
    init() { TestThread.catchInterrupts() }

    /// A pair that blocks: only a call that sleeps can be interrupted.
    private static func blockingPair() throws -> (Int32, Int32) {
        var pair: [Int32] = [0, 0]
        let status = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
        try #require(status == 0)
        return (pair[0], pair[1])
    }

    private final class Box: @unchecked Sendable {
        // Sendable because it is read after the thread that fills it was joined.
        var thread: TestThread?
        let isReady = Atomic<Bool>(false)
        var count = 0
        var isAll = false

        func start(_ body: @escaping () -> Void) -> TestThread {
            let thread = TestThread { [self] in
                while !isReady.load(ordering: .acquiring) { sched_yield() }
                self.thread?.announce()
                body()
            }
            self.thread = thread
            isReady.store(true, ordering: .releasing)
            return thread
        }
    }

    @Test func anInterruptedReceiveGoesOn() throws {
        let test = try TestLoop()
        let (one, other) = try Self.blockingPair()
        let socket = try TestSocket(test.loop, one)
        let box = Box()
        let hidden = Hidden(socket)
        let thread = box.start {
            hidden.value.receiveOnce()
            box.count = hidden.value.received.count
        }
        thread.interrupt(5)
        var byte: UInt8 = 1
        #expect(write(other, &byte, 1) == 1)
        thread.join()
        #expect(box.count == 1)
        #expect(socket.failure == nil && !socket.hasEnded)
        close(other)
    }

    @Test func anInterruptedSendGoesOn() throws {
        let test = try TestLoop()
        let (one, other) = try Self.blockingPair()
        let socket = Hidden(try TestSocket(test.loop, one))
        let box = Box()
        let thread = box.start {
            if case .all = socket.value.send([UInt8](repeating: 5, count: 2_000_000)) { box.isAll = true }
        }
        thread.interrupt(5)
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while total < 2_000_000 {
            let count = read(other, &buffer, buffer.count)
            guard count > 0 else { break }
            #expect(buffer[..<count].allSatisfy { $0 == 5 })
            total += count
        }
        thread.join()
        #expect(total == 2_000_000 && box.isAll)
        close(other)
    }

    @Test func anInterruptedWaitGoesOn() throws {
        let loop = Hidden(try EventLoop.make())
        let mailbox = loop.value.pointee.mailbox
        let box = Box()
        let thread = box.start { loop.value.run() }
        thread.interrupt(5)
        mailbox.post { box.count += 1 }
        mailbox.post { loop.value.stop() }
        thread.join()
        #expect(box.count == 1)
        loop.value.destroy()
    }

    /// What a test hands to a thread that it joins.
    private struct Hidden<Value>: @unchecked Sendable {
        // Sendable because only the thread that was started uses it until it is joined.
        let value: Value
        init(_ value: Value) { self.value = value }
    }
}
