import EventLoop
import HTTP2
import Migration
import WireFormat

/// Runs a `RecordWrite`: carries its steps out, and tells it what came of them. Decides nothing.
///
/// Belongs to its call's loop. `WriteRunner+Asking` makes the requests, `WriteRunner+Answering` finds the words.
final class WriteRunner: Operation {
    let call: CallPointer
    let worker: WorkerPointer
    let route: UnsafePointer<WriteRoute>
    let lane: RecordTable.Key
    let message: [UInt8]
    let grayKeys: WriteGrayKeys
    let kind: CallKind
    private let id: UInt64
    private(set) var machine: RecordWrite
    /// By their numbers.
    var asks: [Ask] = []
    /// The side that could not be given the record, and why.
    var notMade: (side: Side, words: String)?
    /// What `checkRoom` found.
    private var noRoom: Refusal?
    /// Since when the lane is waited for, monotonic nanoseconds.
    private var waitsSince: UInt64?

    init(
        _ call: CallPointer, _ kind: CallKind, _ grayKeys: WriteGrayKeys, lane: RecordTable.Key, message: [UInt8],
        route: UnsafePointer<WriteRoute>, hasClientDeadline: Bool
    ) {
        self.call = call
        self.kind = kind
        self.grayKeys = grayKeys
        self.lane = lane
        self.message = message
        self.route = route
        worker = call.pointee.worker
        id = worker.pointee.records.newID()
        machine = RecordWrite(kind, route.pointee.means, grayKeys, hasClientDeadline: hasClientDeadline)
    }

    var records: RecordTable { worker.pointee.records }
    var now: UInt64 { worker.pointee.loop.pointee.now }
    private var moment: WriteMoment {
        WriteMoment(now: now, deadline: call.pointee.deadline, isOver: call.pointee.phase == .over)
    }

    var isClosed: Bool { machine.isOver && asks.allSatisfy(\.isClosed) }
    /// What waits for room on a connection is not sent.
    var sentWrite: Side? { machine.isFirstChange && asks.last?.isWaiting == true ? nil : machine.sentWrite }

    func start() { perform(machine.start()) }
    func clientLeft() { perform(machine.clientLeft()) }
    func deadlinePassed() { perform(machine.deadlinePassed()) }
    func holdEnded(refused: Bool) { perform(machine.changeEnded(isRefused: refused)) }

    /// An ask has ended.
    func replied(_ reply: WriteReply) { perform(machine.replied(reply, at: moment)) }

    private func perform(_ steps: WriteSteps) {
        for step in steps { perform(step) }
    }

    private func perform(_ step: WriteStep) {
        switch step {
        case .enterLane: entered(records.enter(lane, id: id, now: now, ticket))
        case .waitForSingles: entered(records.waitForSingles(lane, id: id, now: now, ticket))
        case .abandonLane:
            endWait()
            _ = records.abandon(lane, id: id)
        case .leaveLane: records.leave(lane, now: now)
        case .look: perform(machine.decide(situation))
        case .beginMove:
            let mailbox = worker.pointee.loop.pointee.mailbox
            let runner = LoopBound(self, to: worker.pointee.loop)
            records.beginMove(lane, now: now) { mailbox.post { runner.value.singlesFound() } }
        case .endMove: records.endMove(lane, now: now)
        case .claim(let bySwitches, let next):
            let stage = records.decide(lane, bySwitches, grayKey: grayKeys.noted, movesTo: next, now: now)
            perform(machine.claimed(stage, at: moment))
        case .waitForChange: call.waitForChange()
        case .decideAnew: decideAnew()
        case .decided(let stage): decided(stage)
        case .dropTimeout: call.clearDeadline()
        case .checkRoom(let first):
            noRoom = lackOfRoom(first)
            perform(machine.roomChecked(isThere: noRoom == nil, at: moment))
        case .beginDouble: call.count(.doubleWrites)
        case .ask(let ask): if !self.ask(ask) { perform(machine.notMade(at: moment)) }
        case .cancelAsk: if let ask = asks.last { ask.cancel(.cancelled) }
        case .note(let end): note(end)
        case .answer(let answer): self.answer(answer)
        case .refuse(let refusal): refuse(refusal)
        case .close(let closing): leaveBehind(closing)
        case .finish: call.operationProgressed()
        }
    }

    // MARK: - The lane

    /// What calls it when its turn comes.
    private var ticket: RecordTable.Ticket {
        let mailbox = worker.pointee.loop.pointee.mailbox
        let runner = LoopBound(self, to: worker.pointee.loop)
        return { turn in mailbox.post { runner.value.laneCalled(turn) } }
    }

    private func entered(_ entry: LaneEntry) {
        if entry == .waits {
            waitsSince = now
            call.count(.lanesWaited)
        }
        perform(machine.entered(entry))
    }

    private func laneCalled(_ turn: RecordTable.Call) {
        endWait()
        perform(machine.laneCalled(isOpen: turn == .entered))
    }

    private func endWait() {
        guard let since = waitsSince else { return }
        waitsSince = nil
        worker.pointee.counters.laneWaitEnded(migration: lane.migration, nanoseconds: now &- since)
    }

    private func singlesFound() { perform(machine.singlesFound()) }

    // MARK: - What decides

    private var situation: WriteSituation? {
        guard let switches = worker.switches(of: lane.migration) else { return nil }
        var situation = WriteSituation(stages(switches), pending: worker.heldSwitches(of: lane.migration).map(stages))
        records.complete(&situation, of: lane, now: now)
        return situation
    }

    private func stages(_ switches: UnsafePointer<MigrationSwitches>) -> WriteSituation.Stages {
        WriteSituation.Stages(
            present: switches.pointee.stage(of: grayKeys), next: grayKeys.next.map { switches.pointee.stage(of: $0) })
    }

    private func decided(_ stage: Stage) {
        call.pointee.stage = stage
        if let switches = worker.switches(of: lane.migration) { call.pointee.epoch = switches.pointee.epoch }
        call.count(.lanesEntered)
    }

    private func decideAnew() {
        call.pointee.operation = nil
        call.pointee.phase = .receiving
        call.decideAnew(message)
    }

    /// The first of two services that would not be sent a request just now.
    private func lackOfRoom(_ first: Side) -> Refusal? {
        let bytes = call.pointee.client.pointee.fields.bytes
        for side in [first, first.other] {
            let upstream = worker.upstream(of: call.pointee.route, side)
            if bytes > upstream.maxMetadataBytes {
                return .metadataTooLargeForSide(side, limit: upstream.maxMetadataBytes)
            }
            if upstream.isFull { return .queueFull(side) }
        }
        return nil
    }

    private func refuse(_ refusal: WriteRefusal) {
        switch refusal {
        case .noSwitches: call.refuse(.noSwitches)
        case .laneFull: call.refuse(.laneFull(limit: worker.pointee.limits.laneQueue))
        case .laneClosed: call.refuse(.laneClosed)
        case .keyMoving: call.refuse(.keyMoving)
        case .deadlinePassed: call.refuse(.deadlinePassed)
        case .noRoom: if let noRoom { call.refuse(noRoom) }
        case .anotherRecord(let side, let status): refuseAnother(on: side, status)
        }
    }

    // MARK: - The end

    private func leaveBehind(_ closing: WriteClosing) {
        call.count(.lanesLeft)
        let switches = ChangingSwitches(
            current: worker.switches(of: lane.migration), held: worker.heldSwitches(of: lane.migration))
        records.end(
            lane, closing, grayKeys, until: now &+ worker.pointee.limits.settleAfter, switches, now: now)
    }
}
