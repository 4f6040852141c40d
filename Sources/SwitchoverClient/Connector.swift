import EventLoop
import HTTP2
import Synchronization

/// Gives calls a connection, on a thread of its own that runs one event loop.
///
///     idle --call--> connecting --open--> open --GOAWAY, lost--> idle
///     connecting --failed--> waiting --time--> connecting
///     any --close--> closed
final class Connector: @unchecked Sendable {
    // Sendable because everything mutable is touched on the loop's thread alone, `hasClosed` apart.

    private enum State {
        case idle
        case connecting(SidecarConnection)
        case open(SidecarConnection)
        /// Until the next attempt.
        case waiting
        case closed
    }

    private static let firstPause: UInt64 = 50_000_000
    private static let longestPause: UInt64 = 1_000_000_000

    private let address: Address
    private let options: ClientOptions
    private let thread: LoopThread
    private let pool: UnsafeMutablePointer<SessionPool>
    private let timer: UnsafeMutablePointer<Timer>
    private let hasClosed = Atomic<Bool>(false)
    private var state = State.idle
    /// Calls that no connection has yet, in the order in which they came.
    private var queue: [PendingCall] = []
    /// Every connection that has something open, the present one included.
    private var connections: [ObjectIdentifier: SidecarConnection] = [:]
    private var pause = Connector.firstPause
    private var attempts = 0

    init(to address: Address, _ options: ClientOptions) throws(SystemError) {
        self.address = address
        self.options = options
        thread = try LoopThread(name: "switchover")
        pool = SessionPool.make(limits: SessionLimits())
        timer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        timer.initialize(
            to: Timer(context: context) {
                Unmanaged<Connector>.fromOpaque($0).takeUnretainedValue().timePassed()
            })
        thread.loop.afterEachBatch(context: context) {
            Unmanaged<Connector>.fromOpaque($0).takeUnretainedValue().flush()
        }
        try thread.start()
    }

    deinit {
        pool.destroy()
        timer.deallocate()
    }

    // MARK: - From any thread

    func start(_ call: PendingCall, _ continuation: CheckedContinuation<PendingCall.Outcome, Never>) {
        let isTaken = thread.mailbox.post {
            call.tell(continuation)
            self.begin(call)
        }
        if !isTaken { continuation.resume(returning: .failure(Self.closedError)) }
    }

    func cancel(_ call: PendingCall) {
        thread.mailbox.post {
            self.end(call, .failure(SwitchoverError(.cancelled, "the task was cancelled", mayRetry: .ifIdempotent)))
        }
    }

    /// Ends everything and waits for the thread. A second call does nothing.
    func close() {
        guard !hasClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        thread.mailbox.post { self.closeAll() }
        thread.stop()
        // Whoever resumes a task where it was ended may drop the client on the loop's own thread, which cannot wait for
        // itself.
        if thread.isCurrent {
            Task.detached { self.thread.join() }
        } else {
            thread.join()
        }
    }

    // MARK: - On the loop

    private var loop: UnsafeMutablePointer<EventLoop> { thread.loop }
    private static var closedError: SwitchoverError {
        SwitchoverError(.unavailable, "the client is closed", mayRetry: .no)
    }

    private func begin(_ call: PendingCall) {
        if call.hasEnded { return }
        if case .closed = state { return call.end(.failure(Self.closedError)) }
        guard queue.count < options.waitingCalls else {
            return call.end(
                .failure(
                    SwitchoverError(
                        .resourceExhausted, "\(queue.count) calls wait for the sidecar already (waitingCalls)",
                        mayRetry: .yes)))
        }
        let (until, overflow) = MonotonicClock.nanoseconds.addingReportingOverflow(options.connectTimeout.nanoseconds)
        call.connectDeadline = overflow ? .max : until
        call.deadlinePassed = { [unowned self, unowned call] in deadlinePassed(call) }
        loop.arm(call.timer, at: call.deadline)
        queue.append(call)
        serveQueue()
        if case .idle = state { connect() }
    }

    private func deadlinePassed(_ call: PendingCall) {
        let isSent = call.stream != nil
        let text = isSent ? "no reply within the deadline" : "no connection to \(address) within the deadline"
        end(call, .failure(SwitchoverError(.deadlineExceeded, text, mayRetry: isSent ? .ifIdempotent : .yes)))
    }

    /// Its stream, if it has one, is reset and recycled when it has closed.
    func end(_ call: PendingCall, _ outcome: PendingCall.Outcome) {
        guard !call.hasEnded else { return }
        loop.disarm(call.timer)
        if let stream = call.stream {
            stream.reset(HTTP2Code.cancel)
        } else {
            queue.removeAll { $0 === call }
        }
        call.end(outcome)
    }

    private func connect() {
        do {
            let addresses = try address.resolve()
            guard !addresses.isEmpty else { return failed("the name has no address") }
            let next = addresses[attempts % addresses.count]
            attempts += 1
            let connection = try SidecarConnection(
                to: next, loop: loop, pool: pool, messageBytes: options.messageBytes, connector: self)
            connections[ObjectIdentifier(connection)] = connection
            state = .connecting(connection)
            // A peer that says nothing is given up like one that refuses.
            loop.arm(timer, at: MonotonicClock.nanoseconds + Self.longestPause * 5)
        } catch {
            failed("\(error)")
        }
    }

    func opened(_ connection: SidecarConnection) {
        guard case .connecting(let current) = state, current === connection else { return }
        loop.disarm(timer)
        pause = Self.firstPause
        state = .open(connection)
        serveQueue()
    }

    /// It takes no further calls.
    func left(_ connection: SidecarConnection) {
        guard case .open(let current) = state, current === connection else { return }
        state = .idle
        if !queue.isEmpty { connect() }
    }

    /// It is gone, with all its calls told.
    func ended(_ connection: SidecarConnection, _ reason: String) {
        connections[ObjectIdentifier(connection)] = nil
        switch state {
        case .connecting(let current) where current === connection: failed(reason)
        case .open(let current) where current === connection:
            state = .idle
            if !queue.isEmpty { connect() }
        default: break
        }
    }

    private func failed(_ reason: String) {
        state = .waiting
        let now = MonotonicClock.nanoseconds
        for call in queue where call.connectDeadline <= now + pause {
            let error = SwitchoverError(
                .unavailable, "cannot reach the sidecar at \(address): \(reason)", mayRetry: .yes)
            end(call, .failure(error))
        }
        loop.arm(timer, at: now + pause)
        pause = min(pause * 2, Self.longestPause)
    }

    private func timePassed() {
        switch state {
        case .connecting(let connection): connection.fail("no HTTP/2 SETTINGS came")
        case .waiting:
            state = .idle
            if !queue.isEmpty { connect() }
        case .idle, .open, .closed: break
        }
    }

    private func serveQueue() {
        guard case .open(let connection) = state else { return }
        while let call = queue.first, connection.take(call) { queue.removeFirst() }
    }

    /// A stream has closed: there may be room for another.
    func roomMade() { serveQueue() }

    private func flush() {
        while let session = pool.popDirty() {
            Unmanaged<SidecarConnection>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }

    private func closeAll() {
        state = .closed
        loop.disarm(timer)
        for call in queue { end(call, .failure(Self.closedError)) }
        for connection in connections.values { connection.fail("the client is closed") }
    }
}

/// HTTP/2 error codes that the client sends or looks for (RFC 9113, 7).
enum HTTP2Code {
    static var refusedStream: UInt32 { 0x7 }
    static var cancel: UInt32 { 0x8 }
}
