import EventLoop
import Migration

/// Brings a change of the switches to all workers, step by step as `Handover` says. Confined to the admin loop.
final class SwitchHandover: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone.

    enum Event: Sendable {
        /// All calls are decided by these switches.
        case opened(SwitchSnapshot, heldNanoseconds: UInt64)
        /// What was in force stays so; the change is tried again soon.
        case tookTooLong(Reason)
    }

    /// Why a change had to be taken back.
    enum Reason: Sendable {
        /// Calls that were decided by the switches in force still run.
        case callsRunning
        /// A write may still happen whose outcome is not known.
        case outcomeUnknown

        var sentence: String {
            switch self {
            case .callsRunning: "calls that were decided by the old ones still run"
            case .outcomeUnknown: "the outcome of a write is unknown, it may still happen"
            }
        }
    }

    private static let retryNanoseconds: UInt64 = 1_000_000_000

    private let workers: [WorkerThread]
    private let admin: LoopThread
    private let lanes: LaneTable
    /// The longest hold, nanoseconds.
    private let longestHold: UInt64
    private let tell: (Event) -> Void
    private let timer: UnsafeMutablePointer<Timer>
    /// Looks again whether all lanes have settled.
    private let settleTimer: UnsafeMutablePointer<Timer>

    private var handover = Handover<SwitchSnapshot> { $1.takesKeysToOld(from: $0) }
    /// Tells answers to this step from late ones.
    private var step = 0
    private var awaited = 0
    private var holdsSince: UInt64 = 0
    private var isFirst = true

    /// - Parameter tell: called on the admin loop.
    init(
        workers: [WorkerThread], admin: LoopThread, lanes: LaneTable, longestHold: UInt64,
        tell: @escaping (Event) -> Void
    ) {
        self.workers = workers
        self.admin = admin
        self.lanes = lanes
        self.longestHold = longestHold
        self.tell = tell
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
        if !handover.isHolding { holdsSince = now }
        perform(handover.change(to: snapshot))
    }

    private func perform(_ step: Handover<SwitchSnapshot>.Step) {
        if case .ignore = step { return }
        self.step += 1
        switch step {
        case .holdX(let current, let target):
            admin.loop.arm(timer, at: holdsSince + longestHold)
            publish(current, held: target, awaiting: .writes)
        case .holdY(let target, let current): publish(target, held: current, awaiting: .queries)
        case .open(let snapshot):
            admin.loop.disarm(timer)
            open(snapshot)
        case .backToX(let current):
            tell(.tookTooLong(lanes.isAnyClosed(at: now) ? .outcomeUnknown : .callsRunning))
            for worker in workers { worker.post { $0.take(current, held: nil, refusesWaiting: true) } }
            admin.loop.arm(timer, at: now + Self.retryNanoseconds)
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
        holdsSince = now
        perform(handover.retryTimePassed())
    }

    private func open(_ snapshot: SwitchSnapshot) {
        for worker in workers { worker.post { $0.take(snapshot, held: nil) } }
        tell(.opened(snapshot, heldNanoseconds: isFirst ? 0 : now - holdsSince))
        isFirst = false
        holdsSince = now
        perform(handover.nextChange())
    }
}
