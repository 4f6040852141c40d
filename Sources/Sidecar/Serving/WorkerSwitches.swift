import EventLoop
import Migration
import Synchronization

/// The switches of one migration as one worker has them.
struct WorkerSwitches: ~Copyable {
    /// By which calls are decided; nil where there are none.
    var current: UnsafePointer<MigrationSwitches>?
    /// The other state while a change is under way: writes of keys that have another stage there wait.
    var held: UnsafePointer<MigrationSwitches>?
    /// Keep the memory behind them.
    var snapshot: SwitchSnapshot?
    var heldSnapshot: SwitchSnapshot?
    /// What a change leads to that takes keys from `old` and is not in force yet: no write may begin any more of which
    /// nobody could tell whether the change concerns it.
    var leavingFor: SwitchSnapshot?
    var queries = RunningQueries()
    /// Writes of one side are read, so that their records are known: in every phase that can be left, and from the
    /// moment that `idle` is to be left.
    var readsWrites = false
    /// Told when no query runs that was decided before the last change.
    var whenDrained: (@Sendable () -> Void)?
    /// Writes that wait for the end of a change, in the order in which they came; nil where one has given up.
    var waiting: [CallPointer?] = []
    var firstWaiting = 0
}

/// Writes of one migration that a worker forwards, or has forwarded, without knowing their records. Written by the
/// worker alone, read by the admin loop.
struct UnreadWrites: ~Copyable {
    let open = Atomic<Int>(0)
    /// How many there ever were: tells whether one has begun since somebody looked.
    let begun = Atomic<Int>(0)
    /// Until when one that was lost may still take effect, monotonic nanoseconds.
    let lostUntil = Atomic<UInt64>(0)
    /// The same of those whose gray keys are known; they count for changes that begin later.
    let namelessLostUntil = Atomic<UInt64>(0)

    // One writer: plain loads and stores.

    func began() {
        count(1)
        begun.store(begun.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    func ended() { count(-1) }

    /// A change begins: it may concern what was lost.
    func countNamelessLost(at now: UInt64) {
        let until = namelessLostUntil.load(ordering: .relaxed)
        guard until > now else { return }
        begun.store(begun.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        lost(until: until)
        namelessLostUntil.store(0, ordering: .relaxed)
    }

    /// Until when one of them may still take effect.
    var leftUntil: UInt64 {
        max(lostUntil.load(ordering: .relaxed), namelessLostUntil.load(ordering: .relaxed))
    }

    private func count(_ change: Int) { open.store(open.load(ordering: .relaxed) &+ change, ordering: .relaxed) }

    func lost(until: UInt64) {
        if until > lostUntil.load(ordering: .relaxed) { lostUntil.store(until, ordering: .relaxed) }
    }

    func namelessLost(until: UInt64) {
        if until > namelessLostUntil.load(ordering: .relaxed) { namelessLostUntil.store(until, ordering: .relaxed) }
    }
}
