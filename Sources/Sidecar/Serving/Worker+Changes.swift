import EventLoop
import HTTP2
import Migration

/// The switches as one worker has them, and the calls that a change concerns. Driven by `SwitchHandover`.
extension WorkerPointer {
    func switches(of migration: Int) -> UnsafePointer<MigrationSwitches>? { pointee.switches[migration].current }

    func heldSwitches(of migration: Int) -> UnsafePointer<MigrationSwitches>? { pointee.switches[migration].held }

    /// Whether some record of the migration keeps a stage of its own.
    @inline(__always) func hasPins(_ migration: Int) -> Bool { pointee.records.pins.isAny(of: migration) }

    /// Calls that arrive from now on are decided by `snapshot`; while `held` is there, writes of keys whose stage is
    /// another one in it wait. Without it those that wait are decided by `snapshot`, or refused.
    ///
    /// - Parameter isPending: whether a change goes on to be prepared for, though nothing is held.
    func take(
        _ migration: Int, _ snapshot: SwitchSnapshot, held: SwitchSnapshot?, refusesWaiting: Bool = false,
        isPending: Bool = false
    ) {
        let state = pointee.switches + migration
        if held == nil, !isPending { setLeaving(migration, nil, keeping: snapshot) }
        let replaced = (state.pointee.snapshot, state.pointee.heldSnapshot)
        if replaced.0?.summaries[migration] != snapshot.summaries[migration] { state.pointee.queries.turn() }
        state.pointee.current = snapshot.table[migration]
        state.pointee.held = held?.table[migration]
        state.pointee.snapshot = snapshot
        state.pointee.heldSnapshot = held
        let phase = snapshot.table[migration]?.pointee.phase
        state.pointee.readsWrites = held != nil || isPending || (phase != nil && phase != .idle && phase != .retired)
        for old in [replaced.0, replaced.1] {
            if let old, old !== snapshot, old !== held { pointee.logs.retire(old) }
        }
        // A change that still holds may be taken back; a fence may not.
        if held == nil {
            fenceRetired()
            releaseWaiting(migration, refused: refusesWaiting)
        }
    }

    /// The same switches in a newer snapshot.
    func refresh(_ migration: Int, _ snapshot: SwitchSnapshot) {
        let state = pointee.switches + migration
        guard state.pointee.held == nil else { return }
        if let old = state.pointee.snapshot, old !== snapshot { pointee.logs.retire(old) }
        state.pointee.current = snapshot.table[migration]
        state.pointee.snapshot = snapshot
    }

    private func setLeaving(_ migration: Int, _ next: SwitchSnapshot?, keeping kept: SwitchSnapshot? = nil) {
        let state = pointee.switches + migration
        if let last = state.pointee.leavingFor, last !== next, last !== kept { pointee.logs.retire(last) }
        state.pointee.leavingFor = next
    }

    /// The old side of what is retired has nothing more to do.
    private func fenceRetired() {
        for (upstream, migrations) in pointee.migrationsToRetire.enumerated() where !migrations.isEmpty {
            guard migrations.allSatisfy({ switches(of: $0)?.pointee.phase == .retired }) else { continue }
            (pointee.upstreams + upstream).fence()
        }
    }

    // MARK: - Before a change

    /// Reads all writes from now on, and calls `drained` when no query runs that was decided before the last change,
    /// now or later.
    ///
    /// - Parameter leaving: what the change leads to, where it takes keys from `old`. Writes that it may concern, and
    ///   whose records are not known, count as unread, and no other one begins.
    func prepare(_ migration: Int, leaving: SwitchSnapshot?, _ drained: @escaping @Sendable () -> Void) {
        let state = pointee.switches + migration
        state.pointee.readsWrites = true
        setLeaving(migration, leaving)
        if leaving != nil {
            pointee.unread[migration].countNamelessLost(at: pointee.loop.pointee.now)
            forEachCall(of: migration) { $0.noteNamelessWrite() }
        }
        state.pointee.whenDrained = drained
        lookWhetherDrained(migration)
    }

    /// A record takes a step while the switches stay: calls `drained` when no query runs that was decided before.
    func turn(_ migration: Int, _ drained: @escaping @Sendable () -> Void) {
        let state = pointee.switches + migration
        state.pointee.queries.turn()
        state.pointee.whenDrained = drained
        lookWhetherDrained(migration)
    }

    private func lookWhetherDrained(_ migration: Int) {
        let state = pointee.switches + migration
        guard state.pointee.queries.stale == 0, let drained = state.pointee.whenDrained else { return }
        state.pointee.whenDrained = nil
        drained()
    }

    /// Ends the queries that were decided before the last change.
    ///
    /// - Parameter unread: and requests that were forwarded unread and do not come to their end.
    func cutOff(_ migration: Int, unread: Bool) {
        let generation = pointee.switches[migration].queries.generation
        forEachCall(of: migration) { call in
            if let begun = call.pointee.generation, begun != generation { return call.cutOff() }
            if unread, call.pointee.write == .unread, !call.pointee.client.pointee.hasEnded { call.cutOff() }
        }
    }

    /// How many writes of one side are under way whose stage a change alters.
    func openWrites(_ migration: Int) -> Int {
        let state = pointee.switches + migration
        guard let current = state.pointee.current, let held = state.pointee.held else { return 0 }
        var count = 0
        forEachCall(of: migration) { call in
            guard call.pointee.write == .read, let stage = call.pointee.stage else { return }
            if call.isMoving(stage, from: current, to: held) { count += 1 }
        }
        return count
    }

    /// The records of writes of one side that are under way, and whose stage a change alters: they are to be pinned.
    func noteOpenWrites(_ migration: Int) {
        let state = pointee.switches + migration
        guard let current = state.pointee.current, let held = state.pointee.held else { return }
        forEachCall(of: migration) { call in
            guard call.pointee.write == .read, let stage = call.pointee.stage else { return }
            call.noteOpenWrite(stage, from: current, to: held)
        }
    }

    /// Writes of one side that are under way for a record are counted.
    func noteOpenWrites(of record: RecordTable.Key) {
        forEachCall(of: record.migration) { $0.noteOpenWrite(of: record) }
    }

    private func forEachCall(of migration: Int, _ body: (CallPointer) -> Void) {
        var calls: [CallPointer] = []
        var next = pointee.firstConnection
        while let connection = next {
            next = connection.pointee.next
            connection.pointee.server.session.forEachOpenStream { stream in
                guard let call = stream.pointee.owner?.assumingMemoryBound(to: Call.self),
                    call.pointee.route.pointee.planPointer?.pointee.migrationIndex == migration
                else { return }
                calls.append(call)
            }
        }
        // Each is ended by itself: none takes another with it.
        for call in calls { body(call) }
    }

    // MARK: - Queries that run

    /// A query is decided: returns what `queryEnded` is to be given.
    func queryDecided(_ migration: Int) -> UInt32 {
        let state = pointee.switches + migration
        state.pointee.queries.began()
        return state.pointee.queries.generation
    }

    func queryEnded(_ migration: Int, generation: UInt32) {
        let state = pointee.switches + migration
        state.pointee.queries.ended(generation: generation)
        if state.pointee.whenDrained != nil { lookWhetherDrained(migration) }
    }

    // MARK: - Writes that wait

    /// How many calls of those that waited go on at once; others have a turn between.
    private static var releasedAtOnce: Int { 64 }

    /// The write waits for the end of a change. Returns its place in the line.
    func wait(_ call: CallPointer, _ migration: Int) -> Int {
        let state = pointee.switches + migration
        state.pointee.waiting.append(call)
        return state.pointee.waiting.count - 1
    }

    func stopWaiting(_ place: Int, _ migration: Int) { pointee.switches[migration].waiting[place] = nil }

    private func releaseWaiting(_ migration: Int, refused: Bool) {
        let state = pointee.switches + migration
        var released = 0
        while state.pointee.firstWaiting < state.pointee.waiting.count, released < Self.releasedAtOnce {
            let place = state.pointee.firstWaiting
            state.pointee.firstWaiting += 1
            guard let call = state.pointee.waiting[place] else { continue }
            state.pointee.waiting[place] = nil
            released += 1
            call.holdEnded(refused: refused)
        }
        guard state.pointee.firstWaiting == state.pointee.waiting.count else {
            let worker = SendablePointer(self)
            pointee.loop.pointee.mailbox.post { worker.pointer.releaseRest(migration, refused: refused) }
            return
        }
        state.pointee.waiting = []
        state.pointee.firstWaiting = 0
    }

    /// Unless another change has begun meanwhile: then they wait for its end.
    private func releaseRest(_ migration: Int, refused: Bool) {
        guard pointee.switches[migration].held == nil else { return }
        releaseWaiting(migration, refused: refused)
    }
}
