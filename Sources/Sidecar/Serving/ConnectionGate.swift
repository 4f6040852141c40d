import EventLoop
import Glibc
import Logging

/// Where an accepted connection goes, and how there is room for it. Confined to the first worker's loop, which accepts
/// for all.
///
/// It goes to the worker with the fewest calls. With `limits.connections` open, the one that has been idle longest, on
/// whatever worker, is told to go (GOAWAY) and closed, so that nobody's idle connections lock others out. Only when all
/// have calls is the new one refused, and the sidecar is not ready until there is room again.
final class ConnectionGate: @unchecked Sendable {
    // Sendable because everything mutable is touched on the first worker's loop alone.

    /// Connections that may wait for room; the next is refused.
    private static let waitingAtMost = 256
    private static let recheckNanoseconds: UInt64 = 1_000_000_000

    private let workers: [WorkerThread]
    private let limit: Int
    private let board: StatusBoard
    private let logger: Logger
    private let first: WorkerPointer
    private let timer: UnsafeMutablePointer<Timer>
    private var waiting: [Int32] = []
    /// What the workers have said of their longest idle connection in the present round; nil between rounds.
    private var round: IdleRound?
    private var isTurningAway = false
    private var isClosed = false
    private var closings = RareLog()
    private var refusals = RareLog()
    private var starvings = RareLog()

    /// On the first worker's loop.
    init(workers: [WorkerThread], first: WorkerPointer, limit: Int, board: StatusBoard, logger: Logger) {
        self.workers = workers
        self.first = first
        self.limit = limit
        self.board = board
        self.logger = logger
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<ConnectionGate>.fromOpaque($0).takeUnretainedValue().lookForRoom()
            })
    }

    /// Nothing is taken any more. On the first worker's loop.
    func close() {
        isClosed = true
        first.pointee.loop.disarm(timer)
        for descriptor in waiting { Kernel.close(descriptor) }
        waiting = []
    }

    func accepted(_ descriptor: Int32) {
        if isClosed {
            _ = Kernel.close(descriptor)
            return
        }
        if waiting.isEmpty, open < limit { return hand(descriptor) }
        guard waiting.count < Self.waitingAtMost else { return refuse(descriptor) }
        waiting.append(descriptor)
        ask()
    }

    /// The process is out of descriptors or memory: connections wait in the kernel, and the idle give way.
    func starved(_ error: SystemError) {
        ask()
        guard let count = starvings.event(at: now) else { return }
        logger.error(
            """
            client connections cannot be accepted (\(count) times): \(error); they wait, and idle ones are closed. \
            Raise the limit of file descriptors (ulimit -Hn, LimitNOFILE) or lower limits.connections
            """)
    }

    private var now: UInt64 { first.pointee.loop.pointee.now }
    private var open: Int { workers.reduce(0) { $0 + $1.openConnections } }

    private func hand(_ descriptor: Int32) {
        let target = workers[WorkerShare.fewest(workers.map(\.share))]
        target.accept(descriptor, isOnItsLoop: target === workers[0])
        setTurningAway(false)
    }

    // MARK: - Room

    /// Asks all workers for the time since when their longest idle connection has been so.
    private func ask() {
        guard round == nil, !isClosed else { return }
        round = IdleRound(workers: workers.count)
        for (index, worker) in workers.enumerated() {
            worker.post { [self] worker in
                let idle = worker.longestIdle?.pointee.lastCallAt
                workers[0].post { [self] _ in answered(index, idle) }
            }
        }
    }

    private func answered(_ worker: Int, _ idleSince: UInt64?) {
        guard var round else { return }
        round.answered(worker, idleSince)
        self.round = round
        guard round.isComplete else { return }
        self.round = nil
        guard !waiting.isEmpty else { return roomSeen(round.longestIdle != nil || open < limit) }
        let descriptor = waiting.removeFirst()
        if open < limit {
            hand(descriptor)
        } else if let worker = round.longestIdle {
            workers[worker].closeLongestIdle()
            if let count = closings.event(at: now) {
                logger.warning(
                    """
                    limits.connections (\(limit)) are open: to let another client in, the connection that was idle \
                    longest was closed (\(count) \(count == 1 ? "time" : "times")); clients connect again when they \
                    call. Raise limits.connections if so many are in use
                    """)
            }
            hand(descriptor)
        } else {
            refuse(descriptor)
        }
        if !waiting.isEmpty { ask() }
    }

    private func refuse(_ descriptor: Int32) {
        first.pointee.counters.add(.clientConnectionsRefused)
        RefusedConnection.end(descriptor)
        setTurningAway(true)
        guard let count = refusals.event(at: now) else { return }
        logger.error(
            """
            limits.connections (\(limit)) are open and all have calls: \(count) \
            \(count == 1 ? "connection was" : "connections were") refused. Raise limits.connections
            """)
    }

    // MARK: - Readiness

    private func setTurningAway(_ isOn: Bool) {
        guard isOn != isTurningAway else { return }
        isTurningAway = isOn
        board.set(isTurningAway: isOn)
        let loop = first.pointee.loop
        if isOn { loop.arm(timer, at: loop.pointee.now + Self.recheckNanoseconds) } else { loop.disarm(timer) }
    }

    private func lookForRoom() {
        guard isTurningAway else { return }
        let loop = first.pointee.loop
        loop.arm(timer, at: loop.pointee.now + Self.recheckNanoseconds)
        ask()
    }

    private func roomSeen(_ isThere: Bool) { if isThere { setTurningAway(false) } }
}

/// The answers of one round of questions.
struct IdleRound {
    private var answers: [UInt64??]

    init(workers: Int) { answers = Array(repeating: .none, count: workers) }

    /// - Parameter idleSince: monotonic nanoseconds; nil where no connection is idle.
    mutating func answered(_ worker: Int, _ idleSince: UInt64?) { answers[worker] = .some(idleSince) }

    var isComplete: Bool { answers.allSatisfy { $0 != nil } }

    /// The worker whose connection has been idle longest; nil where none is.
    var longestIdle: Int? {
        let idle = answers.enumerated().compactMap { index, answer in (answer ?? nil).map { (index, $0) } }
        return idle.min { $0.1 < $1.1 }?.0
    }
}

/// What a worker has to do, for choosing one.
struct WorkerShare: Equatable {
    let calls: Int
    let connections: Int

    /// The position of the one with the fewest calls; of those, with the fewest connections, which bring calls later.
    static func fewest(_ shares: [WorkerShare]) -> Int {
        shares.indices.min { one, other in
            (shares[one].calls, shares[one].connections) < (shares[other].calls, shares[other].connections)
        } ?? 0
    }
}

/// Lets through one log line a minute, with the number of events that it stands for.
struct RareLog {
    private static let intervalNanoseconds: UInt64 = 60_000_000_000
    private var count = 0
    private var nextAt: UInt64 = 0

    /// How many events there were since the last line; nil while it is too early for another.
    mutating func event(at now: UInt64) -> Int? {
        count += 1
        guard now >= nextAt else { return nil }
        nextAt = now + Self.intervalNanoseconds
        defer { count = 0 }
        return count
    }
}

/// What a connection is told that cannot be taken.
enum RefusedConnection {
    private static let reason: StaticString = "limits.connections are open and all have calls"

    /// SETTINGS (empty), then GOAWAY: last stream 0, ENHANCE_YOUR_CALM, the reason (RFC 9113, 6.5 and 6.8).
    static var frames: [UInt8] {
        let text = Array(UnsafeBufferPointer(start: reason.utf8Start, count: reason.utf8CodeUnitCount))
        let goAway = [0, 0, 0, 0, 0, 0, 0, UInt8(HTTP2Code.enhanceYourCalm)] + text
        return [0, 0, 0, 4, 0, 0, 0, 0, 0] + [0, 0, UInt8(goAway.count), 7, 0, 0, 0, 0, 0] + goAway
    }

    static func end(_ descriptor: Int32) {
        // What the client sent already is taken: unread, it would make the kernel reset the connection.
        var scratch = [UInt8](repeating: 0, count: 1 << 14)
        _ = Kernel.receive(descriptor, &scratch, scratch.count)
        _ = frames.withUnsafeBytes { Kernel.send(descriptor, $0.baseAddress, $0.count) }
        Kernel.shutDownWriting(descriptor)
        Kernel.close(descriptor)
    }
}
