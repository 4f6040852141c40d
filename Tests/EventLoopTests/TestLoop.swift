import EventLoop
import Glibc
import Synchronization
import Testing

/// A loop that a test runs on its own thread, step by step: until something has happened, never for a time.
final class TestLoop {
    let loop: UnsafeMutablePointer<EventLoop>
    private var guardTimer: Alarm?

    /// What a test gives up after; nothing that passes comes near it.
    private static let patienceNanoseconds: UInt64 = 30_000_000_000

    init() throws {
        loop = try EventLoop.make()
    }

    deinit { loop.destroy() }

    /// Runs the loop until `isDone` says so; asked after each batch. Records an issue when it never does.
    func run(until isDone: @escaping () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        let condition = Condition(loop: loop, isDone: isDone)
        let guardTimer = Alarm(loop) { [loop] in
            Issue.record("the loop waited in vain", sourceLocation: sourceLocation)
            loop.stop()
        }
        guardTimer.arm(at: MonotonicClock.nanoseconds + Self.patienceNanoseconds)
        loop.afterEachBatch(context: Unmanaged.passUnretained(condition).toOpaque()) {
            Unmanaged<Condition>.fromOpaque($0).takeUnretainedValue().stopIfDone()
        }
        withExtendedLifetime(condition) { loop.run() }
        guardTimer.disarm()
    }

    /// Lets the loop go round `count` times.
    func turn(_ count: Int = 1) {
        var left = count
        let alarm = Alarm(loop) {}
        alarm.fired = {
            left -= 1
            if left > 0 { alarm.arm(at: 0) }
        }
        alarm.arm(at: 0)
        run(until: { left <= 0 })
        alarm.fired = {}
    }

    private final class Condition {
        let loop: UnsafeMutablePointer<EventLoop>
        let isDone: () -> Bool
        private var isOver = false

        init(loop: UnsafeMutablePointer<EventLoop>, isDone: @escaping () -> Bool) {
            self.loop = loop
            self.isDone = isDone
        }

        func stopIfDone() {
            guard !isOver, isDone() else { return }
            isOver = true
            loop.stop()
        }
    }
}

/// A timer that runs a closure.
final class Alarm {
    private let loop: UnsafeMutablePointer<EventLoop>
    private let timer: UnsafeMutablePointer<Timer>
    var fired: () -> Void

    init(_ loop: UnsafeMutablePointer<EventLoop>, _ fired: @escaping () -> Void) {
        self.loop = loop
        self.fired = fired
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<Alarm>.fromOpaque($0).takeUnretainedValue().fired()
            }
        )
    }

    deinit {
        loop.disarm(timer)
        timer.deallocate()
    }

    var isArmed: Bool { timer.pointee.isArmed }
    func arm(at nanoseconds: UInt64) { loop.arm(timer, at: nanoseconds) }
    func disarm() { loop.disarm(timer) }
}

/// Watches a descriptor with a closure.
final class TestWatch {
    private let loop: UnsafeMutablePointer<EventLoop>
    private var watch: UnsafeMutablePointer<Watch>?
    private let ready: (UInt32) -> Void

    init(
        _ loop: UnsafeMutablePointer<EventLoop>, _ descriptor: Int32, _ interest: EventLoop.Interest,
        _ ready: @escaping (UInt32) -> Void
    ) throws {
        self.loop = loop
        self.ready = ready
        let context = Unmanaged.passUnretained(self).toOpaque()
        watch = try loop.watch(descriptor, for: interest, context: context) { context, events in
            Unmanaged<TestWatch>.fromOpaque(context).takeUnretainedValue().ready(events)
        }
    }

    deinit { close() }

    var isOpen: Bool { watch != nil }

    func close() {
        if let watch { loop.close(watch) }
        watch = nil
    }

    func setInterest(_ interest: EventLoop.Interest) {
        if let watch { loop.setInterest(interest, of: watch) }
    }
}

/// A `StreamSocket` of a test, with what it heard.
final class TestSocket {
    var socket: StreamSocket?
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var failure: SystemError?
    private(set) var wakeUps = 0
    /// Bytes taken by each `receive`.
    var bufferSize = 1 << 16
    /// What happens on readiness; by default all that is there is read, and a kept rest is sent.
    var ready: ((TestSocket, UInt32) -> Void)?

    init(_ loop: UnsafeMutablePointer<EventLoop>, _ descriptor: Int32, _ interest: EventLoop.Interest = .readable)
        throws
    {
        socket = try StreamSocket(
            descriptor: descriptor, loop: loop, interest: interest,
            context: Unmanaged.passUnretained(self).toOpaque()
        ) { context, events in
            Unmanaged<TestSocket>.fromOpaque(context).takeUnretainedValue().wake(events)
        }
    }

    private func wake(_ events: UInt32) {
        wakeUps += 1
        if let ready { return ready(self, events) }
        if events & 4 != 0, socket?.isBlocked == true { resume() }
        if events & ~4 != 0 { receiveAll() }
    }

    func resume() {
        if case .failed(let error) = socket?.resume() { failure = error }
    }

    /// One receive; returns whether there may be more.
    @discardableResult
    func receiveOnce() -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 1)
        defer { buffer.deallocate() }
        switch socket?.receive(into: buffer) {
        case .bytes(let count):
            received += buffer[..<count]
            return true
        case .wouldBlock, nil: return false
        case .ended:
            hasEnded = true
            socket?.setReading(false)
            return false
        case .failed(let error):
            failure = error
            socket = nil
            return false
        }
    }

    func receiveAll() { while receiveOnce() {} }

    func send(_ bytes: [UInt8]) -> StreamSocket.Sent? {
        bytes.withUnsafeBytes { socket?.send($0) }
    }
}

/// A thread of a test's own; signals can be sent to it.
final class TestThread: @unchecked Sendable {
    // Sendable because `handle` is the creator's alone and `body` the thread's.
    private var handle = pthread_t()
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
        pthread_create(
            &handle, nil,
            { context in
                Unmanaged<TestThread>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    func signal(_ number: Int32) { pthread_kill(handle, number) }
    func join() { pthread_join(handle, nil) }

    /// Signals that `interrupt` has seen handled.
    static let handled = Atomic<Int>(0)

    /// Makes SIGUSR2 interrupt system calls (no SA_RESTART), and counts each.
    static func catchInterrupts() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in TestThread.handled.add(1, ordering: .relaxed) }
        sigaction(SIGUSR2, &action, nil)
    }

    /// Sends SIGUSR2 until the thread has handled `count` of them while it was in the kernel's hands.
    func interrupt(_ count: Int) {
        for _ in 0..<count {
            waitUntilAsleep()
            let before = Self.handled.load(ordering: .relaxed)
            signal(SIGUSR2)
            while Self.handled.load(ordering: .relaxed) == before { sched_yield() }
        }
    }

    private let identifier = Atomic<Int>(0)
    /// Called by the body, so that `interrupt` can see it sleep, and reach it: new threads inherit their maker's
    /// blocked signals.
    func announce() {
        var interrupts = sigset_t()
        sigemptyset(&interrupts)
        sigaddset(&interrupts, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &interrupts, nil)
        var target = [UInt8](repeating: 0, count: 64)
        let count = target.withUnsafeMutableBytes {
            readlink("/proc/thread-self", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let id = String(decoding: target[..<max(count, 0)], as: UTF8.self).split(separator: "/").last.flatMap {
            Int($0)
        }
        identifier.store(id ?? 0, ordering: .releasing)
    }

    /// Until the kernel says that the thread waits in a system call.
    private func waitUntilAsleep() {
        while true {
            let id = identifier.load(ordering: .acquiring)
            if id != 0, Self.state(of: id) == "S" { return }
            sched_yield()
        }
    }

    private static func state(of id: Int) -> Character? {
        guard let file = fopen("/proc/self/task/\(id)/stat", "r") else { return nil }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 512)
        let count = fread(&line, 1, line.count, file)
        let text = String(decoding: line[..<count], as: UTF8.self)
        return text.split(separator: ")").last?.dropFirst().first
    }
}

enum Descriptors {
    /// Whether `descriptor` is still open on that file. Its number alone says nothing: tests run side by side in one
    /// process, and another may have it by now.
    static func isOpen(_ descriptor: Int32, on path: String) -> Bool {
        var open = stat()
        var file = stat()
        guard fstat(descriptor, &open) == 0, stat(path, &file) == 0 else { return false }
        return open.st_dev == file.st_dev && open.st_ino == file.st_ino
    }
}
