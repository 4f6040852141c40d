import EventLoop
import Migration

/// What a worker is waiting for before the switches may go on.
enum Drain: UInt8, Sendable {
    /// Writes that were decided before the last change.
    case writes
    /// Queries that were decided before the last change.
    case queries
}

/// The switches as one worker has them, and the calls that a change concerns.
extension WorkerPointer {
    func switches(of migration: Int) -> UnsafePointer<MigrationSwitches>? { pointee.switches[migration] }

    /// The other state while a change is under way: writes of keys that have another stage there wait.
    func heldSwitches(of migration: Int) -> UnsafePointer<MigrationSwitches>? { pointee.held[migration] }

    /// Calls that arrive from now on are decided by `snapshot`; while `held` is there, writes of keys whose stage is
    /// another one in it wait. Without it those that wait are decided by `snapshot`, or refused.
    func take(_ snapshot: SwitchSnapshot, held: SwitchSnapshot?, refusesWaiting: Bool = false) {
        for index in 0..<pointee.migrationCount {
            pointee.switches[index] = snapshot.table[index]
            let isConcerned = held.map { $0.summaries[index] != snapshot.summaries[index] } ?? false
            pointee.held[index] = isConcerned ? held?.table[index] : nil
            pointee.running[index].turn()
        }
        let replaced = pointee.snapshots
        pointee.snapshots = (snapshot, held)
        for old in [replaced.current, replaced.held] {
            if let old, old !== snapshot, old !== held { pointee.logs.retire(old) }
        }
        guard held == nil else { return }
        fenceRetired(snapshot)
        release(refused: refusesWaiting)
    }

    /// How many writes go on before other calls have their turn.
    private var releasedAtOnce: Int { 64 }

    private func release(refused: Bool) {
        // Those of an earlier change are not refused by this one, nor let through by it.
        while pointee.refusesReleased != refused, let call = pointee.released.first {
            goOn(call, refused: pointee.refusesReleased)
        }
        let isUnderWay = pointee.released.first != nil
        pointee.refusesReleased = refused
        var next = pointee.waiting.first
        while let call = next {
            call.pointee.isReleased = true
            next = call.pointee.next
        }
        pointee.released.append(all: &pointee.waiting)
        if !isUnderWay { releaseSome() }
    }

    private func releaseSome() {
        for _ in 0..<releasedAtOnce {
            guard let call = pointee.released.first else { return }
            goOn(call, refused: pointee.refusesReleased)
        }
        guard pointee.released.first != nil else { return }
        let worker = SendablePointer(self)
        pointee.loop.pointee.mailbox.post { worker.pointer.releaseSome() }
    }

    private func goOn(_ call: CallPointer, refused: Bool) {
        pointee.released.remove(call)
        call.holdEnded(refused: refused)
    }

    /// The old side of what is retired has nothing more to do.
    private func fenceRetired(_ snapshot: SwitchSnapshot) {
        for (upstream, migrations) in pointee.migrationsToRetire.enumerated() where !migrations.isEmpty {
            guard migrations.allSatisfy({ snapshot.summaries[$0]?.phase == .retired }) else { continue }
            (pointee.upstreams + upstream).fence()
        }
    }

    /// Calls `drained` when no call of that kind runs that was decided before the last change, now or later.
    func watchDrain(_ drain: Drain, _ drained: @escaping @Sendable () -> Void) {
        pointee.drainWatch = (drain, drained)
        lookWhetherDrained()
    }

    private func lookWhetherDrained() {
        guard let (drain, drained) = pointee.drainWatch else { return }
        for index in 0..<pointee.migrationCount {
            let running = pointee.running[index]
            guard (drain == .writes ? running.staleWrites : running.staleQueries) == 0 else { return }
        }
        pointee.drainWatch = nil
        drained()
    }

    /// A call is decided: returns what `callEnded` is to be given.
    func callDecided(_ plan: UnsafePointer<CallPlan>) -> UInt32 {
        let running = pointee.running + plan.pointee.migrationIndex
        running.pointee.began(isWrite: plan.pointee.kind.isWrite)
        return running.pointee.generation
    }

    func callEnded(_ plan: UnsafePointer<CallPlan>, generation: UInt32) {
        let running = pointee.running + plan.pointee.migrationIndex
        running.pointee.ended(isWrite: plan.pointee.kind.isWrite, generation: generation)
        if pointee.drainWatch != nil { lookWhetherDrained() }
    }

    /// The write waits for the end of a change.
    func wait(_ call: CallPointer) { pointee.waiting.append(call) }

    func stopWaiting(_ call: CallPointer) {
        if call.pointee.isReleased { pointee.released.remove(call) } else { pointee.waiting.remove(call) }
    }
}
