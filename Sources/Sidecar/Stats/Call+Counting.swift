import EventLoop
import Migration

/// What calls count beside their beginning and end.
extension CallPointer {
    /// Counts for the migration that the call belongs to.
    func count(_ counter: WorkerCounters.MigrationCounter, _ amount: UInt64 = 1) {
        guard let plan = pointee.route.pointee.planPointer else { return }
        pointee.worker.pointee.counters.add(counter, migration: plan.pointee.migrationIndex, amount)
    }

    /// What a side was asked was cancelled by the sidecar itself, because the client left or the other side decided.
    func countCancelledAsk(of side: Side) { count(side == .old ? .oldAsksCancelled : .newAsksCancelled) }

    /// A page was merged of what both sides said.
    func count(_ tally: MergeTally) {
        count(.mergedPages, UInt64(tally.pages))
        count(.mergedRows, UInt64(tally.rows))
        count(.duplicatesDropped, UInt64(tally.duplicates))
        count(.suspectsLookedUp, UInt64(tally.suspectsLookedUp))
        count(.suspectsDropped, UInt64(tally.suspectsDropped))
        count(.suspectsKept, UInt64(tally.suspectsKept))
    }

    /// A side has answered, or nobody waits for it any more. Asks that overlap count once; for that they have to be
    /// begun in one go or after one another, as they are.
    func sideAnswered(askedAt: UInt64) {
        let now = pointee.worker.pointee.loop.pointee.now
        pointee.sideNanoseconds &+= now &- max(askedAt, pointee.sidesUntil)
        pointee.sidesUntil = now
    }
}
