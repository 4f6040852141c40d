import EventLoop
import Migration
import Synchronization

/// Brings changes of the switches to all workers, each migration by itself and step by step as its `Handover` says.
/// Confined to the admin loop.
final class SwitchHandover: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone.

    enum Event: Sendable {
        /// All calls of a migration are decided by these switches; what is not at rest keeps the stage that it had.
        case opened(migration: Int, SwitchSnapshot, heldNanoseconds: UInt64, pinned: RecordTable.Unrest)
        /// Writes of these records may reach one side alone, since they keep a stage of one side while the others move.
        case differing(migration: Int, [RecordTable.Key])
        /// The change waits for what is said; it is not in force yet.
        case waits(migration: Int, HandoverDelay)
        /// What was in force stays so; the change is tried again soon.
        case tookTooLong(migration: Int, HandoverDelay)
    }

    /// One migration's way.
    private struct Way {
        var handover: Handover<SwitchSnapshot>
        /// Tells answers to this step from late ones.
        var step = 0
        var awaited = 0
        /// What it waits for was told.
        var hasToldDelay = false
        /// How many writes had been forwarded unread when it was looked last, and when they were found to be so many,
        /// monotonic nanoseconds: what is as old as that need not be waited for once more by later changes.
        var unreadBegun = 0
        var readsSince: UInt64 = 0
        /// Whether the change takes keys from a stage whose writes may have been forwarded unread.
        var leavesUnread = false
        /// Records that have taken a rung may take the next one when no query runs that was decided before it.
        var stepIsOut = false
        /// When what still runs of them is cut off, monotonic nanoseconds.
        var stepCutsOffAt: UInt64 = 0
    }

    private let workers: [WorkerThread]
    private let admin: LoopThread
    private let records: RecordTable
    private let settleAfter: UInt64
    private let longestHold: UInt64
    /// Until when a write of the process before may still take effect on old, for each migration; monotonic
    /// nanoseconds, 0: there is none.
    private let unsettledUntil: [UInt64]
    private let note: (_ migration: Int, SwitchSummary?) -> Void
    private let tell: (Event) -> Void
    private let timer: UnsafeMutablePointer<Timer>
    private var ways: [Way]

    /// How often it is looked whether pinned records are at rest.
    private static let lookNanoseconds: UInt64 = 50_000_000
    /// - Parameters:
    ///   - unsettledUntil: until when a write of the process before may take effect on old, for each migration;
    ///     monotonic nanoseconds.
    ///   - note: writes down what is in force from now on, for the next process; called on the admin loop, before any
    ///     call is decided by it.
    ///   - tell: called on the admin loop.
    init(
        workers: [WorkerThread], admin: LoopThread, records: RecordTable, migrations: Int, limits: Limits,
        unsettledUntil: [UInt64], note: @escaping (_ migration: Int, SwitchSummary?) -> Void,
        tell: @escaping (Event) -> Void
    ) {
        self.workers = workers
        self.admin = admin
        self.records = records
        settleAfter = limits.settleAfter
        longestHold = limits.handoverWait
        self.unsettledUntil = unsettledUntil
        ways = (0..<migrations).map { _ in Way(handover: Handover(longestHold: limits.handoverWait)) }
        self.note = note
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
        admin.mailbox.post { [self] in
            for index in ways.indices {
                if let target = ways[index].handover.target, target.summaries[index] == snapshot.summaries[index] {
                    refresh(index, snapshot)
                } else {
                    perform(ways[index].handover.change(to: snapshot, at: now), index)
                }
            }
            armTimer()
        }
    }

    /// The same switches of this migration in a newer snapshot: the older one need not be kept for them.
    private func refresh(_ index: Int, _ snapshot: SwitchSnapshot) {
        guard ways[index].handover.refresh(snapshot) else { return }
        for worker in workers { worker.post { $0.refresh(index, snapshot) } }
    }

    private var now: UInt64 { MonotonicClock.nanoseconds }

    private func timePassed() {
        for index in ways.indices {
            perform(ways[index].handover.timePassed(unreadUntil: unreadUntil(index), at: now), index)
            lookAfterPins(index)
        }
        armTimer()
    }

    private func armTimer() {
        var next = ways.compactMap(\.handover.wakeAt).min()
        if ways.indices.contains(where: { records.pins.isAny(of: $0) }) {
            next = min(next ?? .max, now &+ Self.lookNanoseconds)
        }
        if let next { admin.loop.arm(timer, at: next) } else { admin.loop.disarm(timer) }
    }

    // MARK: - Steps

    private func perform(_ steps: [Handover<SwitchSnapshot>.Step], _ index: Int) {
        for step in steps { perform(step, index) }
        guard let delay = ways[index].handover.delay else { return }
        if case .unreadWrites = delay, !ways[index].hasToldDelay {
            ways[index].hasToldDelay = true
            tell(.waits(migration: index, delay))
        }
    }

    private func perform(_ step: Handover<SwitchSnapshot>.Step, _ index: Int) {
        switch step {
        case .prepare(let target, let current):
            ways[index].hasToldDelay = false
            ways[index].leavesUnread = Self.leavesOld(current.table[index], target.table[index])
            let leaving = ways[index].leavesUnread ? target : nil
            askAll(index) { worker, done in
                worker.prepare(index, leaving: leaving, done)
            } then: { [self] in
                perform(ways[index].handover.prepared(unreadUntil: unreadUntil(index), at: now), index)
            }
        case .cutOff:
            for worker in workers { worker.post { $0.cutOff(index, unread: true) } }
        case .holdX(let current, let target):
            note(index, target.summaries[index])
            // However long the disk has taken: nothing was held meanwhile.
            ways[index].handover.holdBegins(at: now)
            askAll(index) { worker, done in
                worker.take(index, current, held: target)
                done()
            } then: { [self] in
                perform(ways[index].handover.allHold(unreadUntil: unreadUntil(index), at: now), index)
            }
        case .countWrites:
            let found = SharedCount()
            askAll(index) { worker, done in
                found.add(worker.openWrites(index))
                done()
            } then: { [self] in
                perform(ways[index].handover.openWrites(found.value, at: now), index)
            }
        case .pin(let current, let target):
            askAll(index) { worker, done in
                worker.noteOpenWrites(index)
                done()
            } then: { [self] in
                pin(index, current, target)
                perform(ways[index].handover.acknowledged(at: now), index)
            }
        case .release(let current):
            ways[index].step += 1
            note(index, current.summaries[index])
            for worker in workers { worker.post { $0.take(index, current, held: nil, isPending: true) } }
        case .holdY(let target, let current):
            take(index, target, held: current)
        case .open(let snapshot):
            records.changeIsMade(of: index, at: now)
            note(index, snapshot.summaries[index])
            take(index, snapshot, held: nil)
        case .opened(let snapshot, let held):
            ways[index].stepIsOut = false
            ways[index].leavesUnread = false
            let pinned = records.unrest(of: index, pinned: true, at: now)
            tell(.opened(migration: index, snapshot, heldNanoseconds: held, pinned: pinned))
        case .backToX(let current, let target):
            ways[index].step += 1
            if let target { pin(index, target, current) }
            note(index, current.summaries[index])
            tell(.tookTooLong(migration: index, .workerBusy))
            for worker in workers {
                worker.post { $0.take(index, current, held: nil, refusesWaiting: true, isPending: true) }
            }
        }
    }

    private func take(_ index: Int, _ snapshot: SwitchSnapshot, held: SwitchSnapshot?) {
        askAll(index) { worker, done in
            worker.take(index, snapshot, held: held)
            done()
        } then: { [self] in
            perform(ways[index].handover.acknowledged(at: now), index)
        }
    }

    /// Has all workers do something; `then` is called on the admin loop when all have said that they have, unless
    /// another step has begun meanwhile.
    private func askAll(
        _ index: Int, _ work: @escaping @Sendable (WorkerPointer, @escaping @Sendable () -> Void) -> Void,
        then: @escaping @Sendable () -> Void
    ) {
        ways[index].step += 1
        ways[index].awaited = workers.count
        let step = ways[index].step
        for worker in workers {
            worker.post { [admin] worker in
                work(worker) {
                    admin.mailbox.post {
                        guard step == self.ways[index].step else { return }
                        self.ways[index].awaited -= 1
                        guard self.ways[index].awaited == 0 else { return }
                        then()
                        self.armTimer()
                    }
                }
            }
        }
    }

    /// No write whose stage the change alters can be decided, in any worker.
    private func pin(_ index: Int, _ current: SwitchSnapshot, _ target: SwitchSnapshot) {
        guard let last = current.table[index], let next = target.table[index] else { return }
        let isRetired = next.pointee.phase == .retired
        lazy var isJump =
            StageMoves(from: last.pointee, to: next.pointee, onlyOld: true, written: { _ in "" }).jump != nil
        let differing = records.change(
            of: index, at: now, isRetired: isRetired, isJump: { isJump },
            stages: { grayKey in
                guard let grayKey else { return (last.pointee.stageWithoutKey, next.pointee.stageWithoutKey) }
                return grayKey.withUnsafeBytes { (last.pointee.stage(key: $0), next.pointee.stage(key: $0)) }
            })
        guard !differing.isEmpty else { return }
        let count = UInt64(differing.count)
        workers[0].post { $0.pointee.counters.add(.recordsDirty, migration: index, count) }
        tell(.differing(migration: index, differing))
    }

    // MARK: - Writes that were forwarded unread

    /// Whether some key may leave `old`.
    private static func leavesOld(
        _ current: UnsafePointer<MigrationSwitches>?, _ target: UnsafePointer<MigrationSwitches>?
    ) -> Bool {
        guard let target else { return false }
        // Any key may have been there.
        guard let current else { return target.pointee.hasKeysBeyondOld }
        return target.pointee.takesKeysFromOld(since: current.pointee)
    }

    /// Until when a write may take effect whose record is not known. What has begun cannot any more after the quiet
    /// period from now on; when all workers have prepared, no other one begins.
    private func unreadUntil(_ index: Int) -> UInt64 {
        guard ways[index].leavesUnread else { return 0 }
        let unread = workers.map { $0.unread + index }
        let begun = unread.reduce(0) { $0 &+ $1.pointee.begun.load(ordering: .relaxed) }
        if begun != ways[index].unreadBegun {
            ways[index].unreadBegun = begun
            ways[index].readsSince = now
        }
        let latest = ways[index].readsSince &+ settleAfter
        let isOpen = unread.contains { $0.pointee.open.load(ordering: .relaxed) > 0 }
        let lost = unread.map { $0.pointee.lostUntil.load(ordering: .relaxed) }.max() ?? 0
        return max(isOpen ? latest : min(lost, latest), unsettledUntil[index])
    }

    // MARK: - Pins

    /// Lets go of pinned records that are at rest by now. One that has several rungs to take takes one, and the next
    /// when no query runs any more that was decided before it.
    private func lookAfterPins(_ index: Int) {
        guard records.pins.isAny(of: index) else { return }
        if ways[index].stepIsOut, now >= ways[index].stepCutsOffAt {
            ways[index].stepCutsOffAt = .max
            for worker in workers { worker.post { $0.cutOff(index, unread: false) } }
        }
        let waits = records.settle(index, at: now)
        guard waits, !ways[index].stepIsOut, ways[index].handover.delay == nil else { return }
        ways[index].stepIsOut = true
        records.pins.turnBegins(index)
        ways[index].stepCutsOffAt = now &+ longestHold / 4 * 3
        askAll(index) { worker, done in
            worker.turn(index, done)
        } then: { [self] in
            ways[index].stepIsOut = false
            records.pins.turnEnded(index)
        }
    }
}

/// A sum that several threads add to.
private final class SharedCount: Sendable {
    private let sum = Atomic<Int>(0)

    func add(_ count: Int) { sum.add(count, ordering: .relaxed) }

    /// Once all have added.
    var value: Int { sum.load(ordering: .relaxed) }
}
