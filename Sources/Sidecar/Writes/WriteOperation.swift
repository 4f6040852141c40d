import EventLoop
import HTTP2
import Logging
import Migration
import Stores
import WireFormat

/// A write of one record at a stage of double writes: waits for the record's lane, asks the sides as its machine says,
/// answers, and leaves the lane.
///
///     made --start--> waiting --lane free--> running --machine's end--> over --streams closed--> closed
///                     waiting --client gone, too late, lane closed--> over
///
/// Until a side has been asked for a change it is dropped with its client; from then on it runs to its end whether or
/// not somebody waits for the answer. Belongs to its call's loop.
final class WriteOperation: Operation {
    private enum Phase {
        case waiting
        case running
        case over
    }

    /// Less time than this is not worth beginning with, nanoseconds.
    private static let leastTime: UInt64 = 5_000_000

    private let call: CallPointer
    private let route: UnsafePointer<WriteRoute>
    private let lane: LaneTable.Key
    private let id: UInt64
    private let message: [UInt8]
    private var machine: Write
    private var phase = Phase.waiting
    private var asks: [Ask] = []
    /// The ask whose answer the machine waits for.
    private var current: Ask?
    /// The last replies to the client's own call, by side.
    private var replies: [Side: Ask] = [:]
    /// The last reply to the client's call that a side accepted: what the record is now.
    private var written: Ask?
    /// What the look-up found: what the record was.
    private var found: Ask?
    private var hasAskedForChange = false
    /// What the sides said of the client's own call.
    private var statuses: [Side: GRPCStatus] = [:]
    /// Since when the lane is waited for, monotonic nanoseconds.
    private var waitsSince: UInt64?

    init(
        _ call: CallPointer, _ machine: Write, lane: LaneTable.Key, message: [UInt8],
        route: UnsafePointer<WriteRoute>
    ) {
        self.call = call
        self.machine = machine
        self.lane = lane
        self.message = message
        self.route = route
        id = call.pointee.worker.pointee.lanes.newID()
    }

    private var worker: WorkerPointer { call.pointee.worker }
    private var lanes: LaneTable { worker.pointee.lanes }
    private var now: UInt64 { worker.pointee.loop.pointee.now }
    private var kind: CallKind { call.pointee.route.pointee.planPointer?.pointee.kind ?? .update }

    var isClosed: Bool { phase == .over && asks.allSatisfy(\.isClosed) }

    func start() {
        let mailbox = worker.pointee.loop.pointee.mailbox
        let operation = LoopBound(self, to: worker.pointee.loop)
        let entry = lanes.enter(lane, id: id, now: now) { turn in
            mailbox.post { operation.value.laneCalled(turn) }
        }
        switch entry {
        case .entered: run()
        case .waits:
            waitsSince = now
            call.count(.lanesWaited)
        case .full: leaveWaiting(.laneFull(limit: worker.pointee.limits.laneQueue))
        case .closed: leaveWaiting(.laneClosed)
        }
    }

    private func laneCalled(_ turn: LaneTable.Call) {
        endWait()
        switch (turn, phase) {
        case (.entered, .waiting): run()
        // Given up while the word was on its way: the lane is the next one's.
        case (.entered, _): lanes.leave(lane)
        case (.closed, .waiting): leaveWaiting(.laneClosed)
        case (.closed, _): break
        }
    }

    private func leaveWaiting(_ refusal: Refusal?) {
        phase = .over
        if let refusal { call.refuse(refusal) }
        call.operationProgressed()
    }

    // MARK: - The client

    func clientLeft() {
        switch phase {
        case .waiting: abandon()
        case .running: if !hasAskedForChange { current?.cancel(.cancelled) }
        case .over: call.operationProgressed()
        }
    }

    func deadlinePassed() {
        if phase == .waiting { abandon() }
    }

    private func endWait() {
        guard let since = waitsSince else { return }
        waitsSince = nil
        worker.pointee.counters.laneWaitEnded(migration: lane.migration, nanoseconds: now &- since)
    }

    private func abandon() {
        endWait()
        _ = lanes.abandon(lane, id: id)
        leaveWaiting(nil)
    }

    // MARK: - The machine

    private func run() {
        phase = .running
        call.count(.lanesEntered)
        if call.pointee.deadline != 0, call.pointee.deadline < now &+ Self.leastTime {
            call.refuse(.deadlinePassed)
            return finish(closing: false)
        }
        call.count(.doubleWrites)
        perform(machine.start())
    }

    private func perform(_ action: WriteAction) {
        switch action {
        case .call(let side): callSide(side)
        case .erase(let side): erase(side)
        case .lookUp(let side): lookUp(side)
        case .put(let side, let mode):
            let overwrites = mode == .overwrite
            put(
                written, overwrites ? route.pointee.put : route.pointee.putOrInsert,
                as: .put(overwrites ? .overwriteExisting : .upsert, .none), to: side)
        case .restore(let side): put(found, route.pointee.putOrInsert, as: .put(.upsert, .none), to: side)
        case .end(let end): self.end(end)
        case .ignore: break
        }
    }

    /// The client's patience does not count any more once one side has the write.
    private var putDeadline: UInt64 { now &+ worker.pointee.limits.followerTimeout }

    private func callSide(_ side: Side) {
        // The second side is asked to the end, however little time the client has left.
        let deadline = hasAskedForChange ? max(call.pointee.deadline, putDeadline) : call.pointee.deadline
        hasAskedForChange = true
        let operation = call.pointee.route.pointee.recordsPointer?.pointee.operation
        let request = Ask.Request(side: side, path: nil, message: message, deadline: deadline, operation: operation)
        ask(request) { [unowned self] ask, outcome in
            replies[side] = ask
            statuses[side] = outcome.status
            if outcome == .accepted { written = ask }
        }
    }

    private func erase(_ side: Side) {
        guard let derived = route.pointee.erase else { return callSide(side) }
        guard let made = make(derived, of: written?.replyMessage) else { return replied(.rejected(.internal)) }
        hasAskedForChange = true
        let request = Ask.Request(
            side: side, path: derived.path, message: made, deadline: putDeadline, operation: .remove(.none))
        ask(request) { [unowned self] ask, _ in
            // Of a delete it is an answer that the client may be given.
            if written == nil { replies[side] = ask }
        }
    }

    private func lookUp(_ side: Side) {
        guard let derived = route.pointee.lookUp, let made = make(derived, of: nil) else {
            return replied(.rejected(.internal))
        }
        let deadline = call.pointee.deadline
        ask(Ask.Request(side: side, path: derived.path, message: made, deadline: deadline, operation: .get)) {
            [unowned self] ask, outcome in
            if outcome == .accepted { found = ask }
        }
    }

    private func put(_ source: Ask?, _ derived: WriteRoute.Derived?, as operation: StoreOperation, to side: Side) {
        // What cannot be made of the other side's reply cannot be given to this one.
        guard let derived, let record = source?.replyMessage, let made = make(derived, of: record) else {
            return replied(.rejected(.internal))
        }
        ask(
            Ask.Request(side: side, path: derived.path, message: made, deadline: putDeadline, operation: operation)
        ) { _, _ in }
    }

    private func make(_ derived: WriteRoute.Derived, of reply: [UInt8]?) -> [UInt8]? {
        message.withUnsafeBytes { request in
            (reply ?? []).withUnsafeBytes { reply in try? derived.template.make(request: request, reply: reply) }
        }
    }

    private func ask(_ request: Ask.Request, _ note: @escaping (Ask, WriteOutcome) -> Void) {
        let absent = call.pointee.route.pointee.planPointer?.pointee.absent ?? .notFound
        var request = request
        request.awaitsStatus = true
        let ask = Ask(request, for: call) { [unowned self] ask, result in
            let outcome: WriteOutcome =
                switch result {
                case .replied(let status): WriteOutcome(status, absent: absent)
                case .decided(.ok): .accepted
                case .decided(absent): .absent
                case .decided(let status): .rejected(status)
                case .unreachable: .unreachable
                case .lost(let status): .unknown(status)
                }
            note(ask, outcome)
            replied(outcome)
        }
        asks.append(ask)
        current = ask
        ask.start()
    }

    private func replied(_ outcome: WriteOutcome) {
        current = nil
        perform(machine.replied(outcome))
    }

    // MARK: - The end

    private func end(_ end: WriteEnd) {
        note(end)
        answer(end.answer)
        finish(closing: end.effects.contains(.unsettled))
    }

    private func answer(_ answer: WriteAnswer) {
        switch answer {
        case .reply(let side):
            guard let reply = replies[side], !reply.hasLostReply else {
                return call.refuse(.answerTooLarge(side, limit: worker.pointee.limits.messageBytes))
            }
            call.answer(reply.takeReply())
        case .alreadyExists(let side): call.refuse(.alreadyExists(side))
        case .fail(let side, .unreachable): call.refuse(.sideUnreachable(side, "nothing was written"))
        case .fail(let side, .failed(let status)): call.refuse(.sideFailed(side, status))
        case .partial(let side): call.refuse(.partialWrite(missing: side))
        case .outcomeUnknown(let side, let status): call.refuse(.outcomeUnknown(side, status))
        }
    }

    private func finish(closing: Bool) {
        phase = .over
        call.count(.lanesLeft)
        if closing {
            lanes.close(lane, until: now &+ worker.pointee.limits.settleAfter)
        } else {
            lanes.leave(lane)
        }
        call.operationProgressed()
    }

    /// What the client is told where a side's own reply is the answer.
    private func status(of end: WriteEnd) -> GRPCStatus {
        guard case .reply(let side) = end.answer else { return .ok }
        return statuses[side] ?? .ok
    }

    /// What the write leaves behind is counted, and logged with the record's key: nobody repairs it yet.
    private func note(_ end: WriteEnd) {
        let effects = end.effects
        lanes.recentWrites.note(
            lane, kind: kind, stage: call.pointee.stage, epoch: call.pointee.epoch, end, status(of: end))
        if effects.contains(.unmigrated) { call.count(.unmigratedWrites) }
        if effects.contains(.notCopied) { call.count(.recordsNotCopied) }
        if effects.contains(.stuck) { call.count(.recordsStuck) }
        if effects.contains(.unsettled) { call.count(.writesUnsettled) }
        if case .partial = end.answer { call.count(.followerFailures) }
        guard effects.contains(.dirty) else { return }
        call.count(.recordsDirty)
        worker.pointee.logs.post(
            .error, "the two sides of a record may differ",
            [
                "migration": "\(route.pointee.migration)", "record": "\(RecordKeyText(lane.record))",
                "end": "\(end.answer)", "stuck": "\(effects.contains(.stuck))",
            ])
    }
}

/// A canonical record key as a person can read it: text where it is text, else hexadecimal.
struct RecordKeyText: CustomStringConvertible {
    let bytes: [UInt8]
    init(_ key: [UInt8]) { bytes = key }

    var description: String {
        if bytes.allSatisfy({ (0x20...0x7e).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        return "0x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

extension WriteOutcome {
    fileprivate var status: GRPCStatus {
        switch self {
        case .accepted: .ok
        case .absent: .notFound
        case .rejected(let status), .unknown(let status): status
        case .unreachable: .unavailable
        }
    }
}
