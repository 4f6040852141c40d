import EventLoop
import HTTP2
import Migration
import WireFormat

/// A write that takes its record's lane: waits for its turn, is decided then, has its `WriteRun` carry it out, and
/// leaves the lane.
///
///     made --start--> waiting --lane free--> deciding --a change holds its key--> held --change made--> deciding
///                                            deciding --stage known--> running --end of the run--> over --> closed
///                                            deciding --it moves the record between stages--> searching --found no
///                                            write of one side under way--> deciding, --found some--> waiting
///                     waiting, held --client gone, too late, lane closed, change taken back--> over
///
/// Until a side has been asked for a change it is dropped with its client; from then on it runs to its end whether or
/// not somebody waits for the answer. Belongs to its call's loop.
final class WriteOperation: Operation {
    private enum Phase {
        case waiting
        /// It has its record's lane, and waits for the end of a change.
        case held
        /// It has the lane, and the workers look for writes of its record that take none.
        case searching
        case running
        case over
    }

    private let call: CallPointer
    private let route: UnsafePointer<WriteRoute>
    private let lane: RecordTable.Key
    private let id: UInt64
    private let message: [UInt8]
    private let grayKeys: WriteGrayKeys
    private var phase = Phase.waiting
    /// From its decision on.
    private var run: WriteRun?
    /// Writes of one side take the record's lane because of it, and those before were looked for.
    private var hasBegunMove = false
    private var isSearching = false
    /// Since when the lane is waited for, monotonic nanoseconds.
    private var waitsSince: UInt64?

    init(
        _ call: CallPointer, _ grayKeys: WriteGrayKeys, lane: RecordTable.Key, message: [UInt8],
        route: UnsafePointer<WriteRoute>
    ) {
        self.call = call
        self.grayKeys = grayKeys
        self.lane = lane
        self.message = message
        self.route = route
        id = call.pointee.worker.pointee.records.newID()
    }

    private var worker: WorkerPointer { call.pointee.worker }
    private var records: RecordTable { worker.pointee.records }
    private var now: UInt64 { worker.pointee.loop.pointee.now }

    var isClosed: Bool { phase == .over && !isSearching && run?.isClosed ?? true }
    var sentWrite: Side? { phase == .running ? run?.sentWrite : nil }

    func start() {
        let mailbox = worker.pointee.loop.pointee.mailbox
        let operation = LoopBound(self, to: worker.pointee.loop)
        let entry = records.enter(lane, id: id, now: now) { turn in
            mailbox.post { operation.value.laneCalled(turn) }
        }
        switch entry {
        case .entered: decide()
        case .waits:
            waitsSince = now
            call.count(.lanesWaited)
        case .full: leaveWaiting(.laneFull(limit: worker.pointee.limits.laneQueue))
        case .closed: leaveWaiting(.laneClosed)
        }
    }

    private func laneCalled(_ turn: RecordTable.Call) {
        endWait()
        switch (turn, phase) {
        case (.entered, .waiting): decide()
        // Given up while the word was on its way: the lane is the next one's.
        case (.entered, _): records.leave(lane, now: now)
        case (.closed, .waiting): leaveWaiting(.laneClosed)
        case (.closed, _): break
        }
    }

    private func leaveWaiting(_ refusal: Refusal?) {
        phase = .over
        endMove()
        if let refusal { call.refuse(refusal) }
        call.operationProgressed()
    }

    // MARK: - The client

    func clientLeft() {
        switch phase {
        case .waiting: abandon()
        case .held: finish()
        case .searching: phase = .over
        case .running: run?.clientLeft()
        case .over: call.operationProgressed()
        }
    }

    func deadlinePassed() {
        switch phase {
        case .waiting: abandon()
        case .held: finish()
        case .searching: phase = .over
        case .running, .over: break
        }
    }

    func holdEnded(refused: Bool) {
        guard phase == .held else { return }
        if !refused { return decide() }
        call.refuse(.keyMoving)
        finish()
    }

    private func endWait() {
        guard let since = waitsSince else { return }
        waitsSince = nil
        worker.pointee.counters.laneWaitEnded(migration: lane.migration, nanoseconds: now &- since)
    }

    private func abandon() {
        endWait()
        _ = records.abandon(lane, id: id)
        leaveWaiting(nil)
    }

    // MARK: - Its turn

    /// The switches and the record's pin decide now, and not when the write came: until then it did not count.
    private func decide() {
        phase = .running
        guard let switches = worker.switches(of: lane.migration) else {
            call.refuse(.noSwitches)
            return finish()
        }
        guard let bySwitches = stage(grayKeys.present, switches) else { return decideAnew() }
        let state = records.state(of: lane, at: now)
        let ofNext = grayKeys.next.map { switches.pointee.stage($0) }
        let isHeld = worker.heldSwitches(of: lane.migration).map { held in
            stage(grayKeys.present, held) != bySwitches || grayKeys.next.map { held.pointee.stage($0) } != ofNext
        }
        let isUpdate = call.pointee.route.pointee.planPointer?.pointee.kind == .update
        let next = ofNext ?? (isUpdate && route.pointee.erase != nil ? state.isToMoveTo : nil)
        let present = state.pin ?? bySwitches
        if let next, next != present, !next.isDouble || !present.isDouble {
            guard hasBegunMove else { return beginMove() }
            switch records.moveStanding(lane, now: now) {
            case .free: break
            case .singlesRun: return waitForSingles()
            case .unsettled:
                call.refuse(.laneClosed)
                return finish()
            }
        }
        let free = isHeld == true ? nil : bySwitches
        guard var stage = records.decide(lane, free, grayKey: grayKeys.noted, movesTo: next, now: now) else {
            phase = .held
            return call.waitForChange()
        }
        guard let plan = call.pointee.route.pointee.planPointer else { return }
        // What is inserted is where its key is, whatever was to happen to the record that was deleted.
        if plan.pointee.kind == .insert, let place = state.isToMoveTo { stage = place }
        call.pointee.stage = stage
        call.pointee.epoch = switches.pointee.epoch
        let isSingle = !stage.isDouble && (next ?? stage) == stage
        let machine = isSingle ? nil : route.pointee.plan.write(plan.pointee.kind, at: stage, to: next)
        call.count(.lanesEntered)
        let run = WriteRun(
            call, machine ?? Write(only: stage.authority), isSingle: isSingle, movesTo: next == stage ? nil : next,
            grayKeys: grayKeys, lane: lane, message: message, route: route
        ) { [unowned self] in runEnded($0) }
        self.run = run
        run.start()
    }

    /// Stages of one side take no lane: what is at work there must be over before the record is taken away from it, and
    /// what comes must wait until it is where it is to be.
    private func beginMove() {
        (phase, hasBegunMove, isSearching) = (.searching, true, true)
        let mailbox = worker.pointee.loop.pointee.mailbox
        let operation = LoopBound(self, to: worker.pointee.loop)
        records.beginMove(lane, now: now) { mailbox.post { operation.value.singlesFound() } }
    }

    private func singlesFound() {
        isSearching = false
        if phase == .searching { return decide() }
        finish()
    }

    private func waitForSingles() {
        let mailbox = worker.pointee.loop.pointee.mailbox
        let operation = LoopBound(self, to: worker.pointee.loop)
        let entry = records.waitForSingles(lane, id: id, now: now) { turn in
            mailbox.post { operation.value.laneCalled(turn) }
        }
        switch entry {
        case .entered: decide()
        case .waits:
            phase = .waiting
            waitsSince = now
        case .full, .closed:
            call.refuse(.laneFull(limit: worker.pointee.limits.laneQueue))
            finish()
        }
    }

    private func endMove() {
        if hasBegunMove { records.endMove(lane, now: now) }
        hasBegunMove = false
    }

    private func stage(_ key: [UInt8]?, _ switches: UnsafePointer<MigrationSwitches>) -> Stage? {
        if let stage = switches.pointee.stageWithoutKey { return stage }
        if grayKeys.hasNone { return switches.pointee.stage(ofKey: nil) }
        return key.map { switches.pointee.stage($0) }
    }

    /// The stage depends on a gray key by now that the request does not bear: it is to be looked up.
    private func decideAnew() {
        records.leave(lane, now: now)
        endMove()
        phase = .over
        call.pointee.operation = nil
        call.pointee.phase = .receiving
        call.decideAnew(message)
    }

    // MARK: - The end

    private func runEnded(_ outcome: WriteRun.Outcome) {
        call.count(.lanesLeft)
        noteMove(outcome)
        records.judged(lane, outcome.verdict, now: now) { [self] in stage(ofNoted: $0) }
        finish(outcome)
    }

    /// Another gray key than before, and so another stage.
    private func noteMove(_ outcome: WriteRun.Outcome) {
        guard let run, let stage = call.pointee.stage, grayKeys.isMove || run.movesTo != nil else { return }
        let key = outcome.verdict == .taken ? grayKeys.next ?? grayKeys.present : nil
        // A change that is being made may have pinned what was not at rest already.
        let switches = worker.heldSwitches(of: lane.migration) ?? worker.switches(of: lane.migration)
        let bySwitches = key.flatMap { switches?.pointee.stage($0) }
        if let kept = outcome.keeps {
            records.keep(lane, key, at: kept, bySwitches: bySwitches, now: now)
        } else if outcome.verdict == .taken, let key, let bySwitches {
            records.moved(lane, key, to: run.movesTo ?? stage, bySwitches: bySwitches, now: now)
        }
    }

    /// What the switches say of it; nil where that is not known, or is about to change.
    private func stage(ofNoted key: RecordTable.State.NotedKey) -> Stage? {
        guard let switches = worker.switches(of: lane.migration) else { return nil }
        func stage(_ switches: UnsafePointer<MigrationSwitches>) -> Stage? {
            switch key {
            case .has(let key): switches.pointee.stage(key)
            case .unsaid: self.stage(nil, switches)
            case .moves: switches.pointee.stageWithoutKey
            }
        }
        let bySwitches = stage(switches)
        if let held = worker.heldSwitches(of: lane.migration), stage(held) != bySwitches { return nil }
        return bySwitches
    }

    private func finish(_ outcome: WriteRun.Outcome = WriteRun.Outcome()) {
        phase = .over
        endMove()
        if outcome.isUnsettled, outcome.isDouble {
            records.close(lane, until: outcome.until, isDirty: outcome.isEqual == false, now: now)
        } else {
            if outcome.isUnsettled {
                records.lost(
                    lane, until: outcome.until, call.pointee.stage ?? .old, grayKey: grayKeys.noted, now: now)
            }
            // That a service has no record under one key does not say that it has none under another.
            let isInStores = call.pointee.route.pointee.recordsPointer != nil
            let isLeft = outcome.isDelete && !isInStores && records.state(of: lane, at: now).isKept
            records.leave(
                lane, isEqual: isLeft ? nil : outcome.isEqual, isGone: outcome.isDelete && isInStores, now: now)
        }
        call.operationProgressed()
    }
}

extension MigrationSwitches {
    /// The stage of a canonical gray key.
    fileprivate func stage(_ key: [UInt8]) -> Stage { key.withUnsafeBytes { stage(key: $0) } }

    /// The stage of a record by its canonical gray key; nil: it has none.
    func stage(of key: [UInt8]?) -> Stage {
        guard let key else { return stage(ofKey: nil) }
        return stage(key)
    }
}
