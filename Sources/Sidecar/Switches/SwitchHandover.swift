import EventLoop
import Migration

/// Brings a change of the switches to all workers, step by step as `Handover` says. Confined to the admin loop.
final class SwitchHandover: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone.

    enum Event: Sendable {
        /// All calls are decided by these switches.
        case opened(SwitchSnapshot, heldNanoseconds: UInt64)
        /// What was in force stays so; the change is tried again soon.
        case tookTooLong(HandoverDelay)
    }

    private let workers: [WorkerThread]
    private let admin: LoopThread
    private let lanes: LaneTable
    private let tell: (Event) -> Void
    private let timer: UnsafeMutablePointer<Timer>

    private var handover: Handover<SwitchSnapshot>
    /// Tells answers to this step from late ones.
    private var step = 0
    private var awaited = 0

    /// - Parameters:
    ///   - longestHold: nanoseconds.
    ///   - tell: called on the admin loop.
    init(
        workers: [WorkerThread], admin: LoopThread, lanes: LaneTable, longestHold: UInt64,
        tell: @escaping (Event) -> Void
    ) {
        self.workers = workers
        self.admin = admin
        self.lanes = lanes
        handover = Handover(longestHold: longestHold) { $1.takesKeysToOld(from: $0) }
        self.tell = tell
        timer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        timer.initialize(
            to: Timer(context: context) {
                Unmanaged<SwitchHandover>.fromOpaque($0).takeUnretainedValue().timePassed()
            })
    }

    /// From any thread.
    func change(to snapshot: SwitchSnapshot) {
        admin.mailbox.post { self.perform(self.handover.change(to: snapshot, at: self.now)) }
    }

    private var now: UInt64 { admin.loop.pointee.now }

    /// A write of unknown outcome keeps its lane closed until it can no longer happen.
    private var isSettled: Bool { !lanes.isAnyClosed(at: now) }

    private func timePassed() { perform(handover.timePassed(isSettled: isSettled, at: now)) }

    private func perform(_ steps: [Handover<SwitchSnapshot>.Step]) {
        for step in steps { perform(step) }
        if let time = handover.wakeAt { admin.loop.arm(timer, at: time) } else { admin.loop.disarm(timer) }
    }

    private func perform(_ step: Handover<SwitchSnapshot>.Step) {
        self.step += 1
        switch step {
        case .holdX(let current, let target): publish(current, held: target, awaiting: .writes)
        case .holdY(let target, let current): publish(target, held: current, awaiting: .queries)
        case .open(let snapshot, let held):
            for worker in workers { worker.post { $0.take(snapshot, held: nil) } }
            tell(.opened(snapshot, heldNanoseconds: held))
        case .backToX(let current, let delay):
            tell(.tookTooLong(delay))
            for worker in workers { worker.post { $0.take(current, held: nil, refusesWaiting: true) } }
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
        guard step == self.step else { return }
        awaited -= 1
        guard awaited == 0 else { return }
        switch drain {
        case .writes: perform(handover.writesDrained(isSettled: isSettled, at: now))
        case .queries: perform(handover.queriesDrained(at: now))
        }
    }
}
