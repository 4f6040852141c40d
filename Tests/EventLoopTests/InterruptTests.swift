import EventLoop
import Glibc
import Synchronization
import Testing

/// Signals that interrupt system calls (EINTR). One after the other: the handler and its count are the process's.
@Suite(.serialized) struct InterruptTests {
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
