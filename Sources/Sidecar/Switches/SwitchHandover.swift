import EventLoop
import Logging
import Migration

/// Brings a change of the switches to all workers, step by step as `Handover` says. Confined to the admin loop.
///
/// A change that comes while another is under way waits for its end, and replaces one that waits already.
final class SwitchHandover: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone.

    private let workers: [WorkerThread]
    private let admin: LoopThread
    private let lanes: LaneTable
    /// The longest hold, nanoseconds.
    private let longestHold: UInt64
    private let logger: Logger
    private let opened: (SwitchSnapshot) -> Void
    private let timer: UnsafeMutablePointer<Timer>
    /// Looks again whether all lanes have settled.
    private let settleTimer: UnsafeMutablePointer<Timer>

    private var handover = Handover()
    private var current: SwitchSnapshot?
    private var target: SwitchSnapshot?
    private var next: SwitchSnapshot?
    /// Tells answers to this step from late ones.
    private var step = 0
    private var awaited = 0
    private var holdsSince: UInt64 = 0

    /// - Parameter opened: told whenever all calls are decided by another snapshot.
    init(
        workers: [WorkerThread], admin: LoopThread, lanes: LaneTable, longestHold: UInt64, logger: Logger,
        opened: @escaping (SwitchSnapshot) -> Void
    ) {
        self.workers = workers
        self.admin = admin
        self.lanes = lanes
        self.longestHold = longestHold
        self.logger = logger
        self.opened = opened
        timer = .allocate(capacity: 1)
        settleTimer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        timer.initialize(
            to: Timer(context: context) {
                Unmanaged<SwitchHandover>.fromOpaque($0).takeUnretainedValue().timerFired()
            })
        settleTimer.initialize(
            to: Timer(context: context) {
                Unmanaged<SwitchHandover>.fromOpaque($0).takeUnretainedValue().goOnWhenSettled()
            })
    }

    /// From any thread.
    func change(to snapshot: SwitchSnapshot) { admin.mailbox.post { self.begin(snapshot) } }

    private var now: UInt64 { admin.loop.pointee.now }

    private func begin(_ snapshot: SwitchSnapshot) {
        guard let current else { return open(snapshot) }
        guard !handover.isHolding else {
            next = snapshot
            return
        }
        // What was taken back and waits to be tried again is older than this.
        next = nil
        target = snapshot
        holdsSince = now
        perform(handover.change(goesToOld: snapshot.takesKeysToOld(from: current)))
    }

    private func perform(_ step: Handover.Step) {
        guard let current, let target else { return }
        self.step += 1
        switch step {
        case .holdX:
            admin.loop.arm(timer, at: holdsSince + longestHold)
            publish(current, held: target, awaiting: .writes)
        case .holdY: publish(target, held: current, awaiting: .queries)
        case .openY:
            admin.loop.disarm(timer)
            logger.info("switches changed", metadata: ["held_ms": "\((now - holdsSince) / 1_000_000)"])
            open(target)
        case .backToX:
            logger.error(
                """
                switches not changed: calls decided by the old ones still run, or the outcome of a write is unknown; \
                trying again in 1 s
                """)
            for worker in workers { worker.post { $0.take(current, held: nil, refusesWaiting: true) } }
            next = next ?? target
            admin.loop.arm(timer, at: now + 1_000_000_000)
        case .ignore: break
        }
    }

    private func publish(_ snapshot: SwitchSnapshot, held: SwitchSnapshot, awaiting drain: Drain) {
        let step = step
        awaited = workers.count
        for worker in workers {
            worker.post { [admin] worker in
                worker.take(snapshot, held: held)
                worker.watchDrain(drain) { admin.mailbox.post { self.drained(drain, step) } }
            }
        }
    }

    private func drained(_ drain: Drain, _ step: Int) {
        guard step == self.step, handover.isHolding else { return }
        awaited -= 1
        guard awaited == 0 else { return }
        if drain == .writes { goOnWhenSettled() } else { perform(handover.queriesDrained()) }
    }

    /// A write of unknown outcome is one that still runs; nothing but the clock tells when it no longer can.
    private func goOnWhenSettled() {
        guard awaited == 0, handover.isHolding else { return }
        if lanes.isAnyClosed(at: now) { return admin.loop.arm(settleTimer, at: now + 50_000_000) }
        perform(handover.writesDrained())
    }

    private func timerFired() {
        if handover.isHolding { return perform(handover.timedOut()) }
        beginNext()
    }

    private func open(_ snapshot: SwitchSnapshot) {
        current = snapshot
        target = nil
        for worker in workers { worker.post { $0.take(snapshot, held: nil) } }
        opened(snapshot)
        beginNext()
    }

    private func beginNext() {
        guard let snapshot = next else { return }
        next = nil
        begin(snapshot)
    }
}
