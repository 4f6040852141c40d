import EventLoop
import HTTP2
import Logging
import Migration
import Stores
import WireFormat

/// A write that takes its record's lane: waits for its turn, is decided then, asks the sides as its machine says,
/// answers, and leaves the lane.
///
///     made --start--> waiting --lane free--> deciding --a change holds its key--> held --change made--> deciding
///                                            deciding --stage known--> running --machine's end--> over --> closed
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

    /// Less time than this is not worth beginning with, nanoseconds.
    private static let leastTime: UInt64 = 5_000_000

    private let call: CallPointer
    private let route: UnsafePointer<WriteRoute>
    private let lane: RecordTable.Key
    private let id: UInt64
    private let message: [UInt8]
    private let grayKeys: WriteGrayKeys
    /// Nothing is known of it before it is decided.
    private var machine = Write(only: .old)
    /// It goes to one side alone: nobody follows.
    private var isSingle = false
    private var lastWasPut = false
    private var phase = Phase.waiting
    private var asks: [Ask] = []
    /// The ask whose answer the machine waits for.
    private var current: Ask?
    /// By side, the reply that the client may be given: to its own call, or a refusal.
    private var replies: [Side: Ask] = [:]
    /// The last reply to the client's call that a side accepted: what the record is now.
    private var written: Ask?
    /// It gives the record a gray key of another stage.
    private var movesBetweenStages = false
    /// Writes of one side take the record's lane because of it, and those before were looked for.
    private var hasBegunMove = false
    private var isSearching = false
    /// The follower has changed what it was given.
    private var isKeptOtherwise = false
    /// What the look-up found: what the record was.
    private var found: Ask?
    private var hasAskedForChange = false
    /// The first side refuses what the second cannot hold.
    private var checksFollower = true
    /// The side that could not be given the record, and why.
    private var notMade: (side: Side, words: String)?
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
    private var kind: CallKind { call.pointee.route.pointee.planPointer?.pointee.kind ?? .update }

    var isClosed: Bool { phase == .over && !isSearching && asks.allSatisfy(\.isClosed) }
    /// The side asked last, or else the first that was.
    var sentWrite: Side? {
        guard phase == .running, hasAskedForChange else { return nil }
        return current?.request.side ?? asks.last?.request.side
    }

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
        case .held: finish(isUnsettled: false, isEqual: nil)
        case .searching: phase = .over
        case .running: if !hasAskedForChange { current?.cancel(.cancelled) }
        case .over: call.operationProgressed()
        }
    }

    func deadlinePassed() {
        switch phase {
        case .waiting: abandon()
        case .held: finish(isUnsettled: false, isEqual: nil)
        case .searching: phase = .over
        case .running, .over: break
        }
    }

    func holdEnded(refused: Bool) {
        guard phase == .held else { return }
        if !refused { return decide() }
        call.refuse(.keyMoving)
        finish(isUnsettled: false, isEqual: nil)
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
            return finish(isUnsettled: false, isEqual: nil)
        }
        guard let bySwitches = stage(grayKeys.present, switches) else { return decideAnew() }
        let next = grayKeys.next.map { switches.pointee.stage($0) }
        let isHeld = worker.heldSwitches(of: lane.migration).map { held in
            stage(grayKeys.present, held) != bySwitches || grayKeys.next.map { held.pointee.stage($0) } != next
        }
        if let next, next != bySwitches, !next.isDouble || !bySwitches.isDouble {
            guard hasBegunMove else { return beginMove() }
            switch records.moveStanding(lane, now: now) {
            case .free: break
            case .singlesRun: return waitForSingles()
            case .unsettled:
                call.refuse(.laneClosed)
                return finish(isUnsettled: false, isEqual: nil)
            }
        }
        let free = isHeld == true ? nil : bySwitches
        guard let stage = records.decide(lane, free, grayKey: grayKeys.noted, now: now) else {
            phase = .held
            return call.waitForChange()
        }
        guard let plan = call.pointee.route.pointee.planPointer else { return }
        call.pointee.stage = stage
        call.pointee.epoch = switches.pointee.epoch
        movesBetweenStages = (next ?? stage) != stage
        isSingle = !stage.isDouble && !movesBetweenStages
        machine =
            isSingle
            ? Write(only: stage.authority)
            : route.pointee.plan.write(plan.pointee.kind, at: stage, to: next) ?? Write(only: stage.authority)
        run()
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
        finish(isUnsettled: false, isEqual: nil)
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
            finish(isUnsettled: false, isEqual: nil)
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

    // MARK: - The machine

    private func run() {
        call.count(.lanesEntered)
        if call.pointee.deadline != 0, call.pointee.deadline < now &+ Self.leastTime {
            call.refuse(.deadlinePassed)
            return finish(isUnsettled: false, isEqual: nil)
        }
        if !isSingle { call.count(.doubleWrites) }
        perform(machine.start())
    }

    private func perform(_ action: WriteAction) {
        if case .end = action {} else { lastWasPut = false }
        switch action {
        case .call(let side): callSide(side)
        case .erase(let side): erase(side)
        case .lookUp(let side): lookUp(side)
        case .put(let side, let mode):
            lastWasPut = true
            let overwrites = mode == .overwrite
            put(
                overwrites ? route.pointee.put : route.pointee.putOrInsert,
                as: .put(overwrites ? .overwriteExisting : .upsert, .none), to: side)
        case .tryCall(let side): tryCall(side)
        case .eraseFound(let side): eraseFound(side)
        case .end(let end): self.end(end)
        case .ignore: break
        }
    }

    /// The client's patience does not count any more once one side has the write.
    private var putDeadline: UInt64 { now &+ worker.pointee.limits.followerTimeout }

    /// What the client's own call is to a store; nil where it goes to a service.
    private var operation: StoreOperation? {
        call.pointee.route.pointee.recordsPointer?.pointee.operation(message)
    }

    private func callSide(_ side: Side) {
        let isFirst = !hasAskedForChange
        guard beginsChange() else { return }
        // The second side is asked to the end, however little time the client has left.
        let deadline = isFirst ? call.pointee.deadline : max(call.pointee.deadline, putDeadline)
        var request = Ask.Request(side: side, path: nil, message: message, deadline: deadline, operation: operation)
        if isFirst, checksFollower { request.follower = follower(of: side) }
        ask(request) { [unowned self] ask, outcome in
            replies[side] = ask
            if outcome == .accepted { written = ask }
        }
    }

    /// The store that is given the record of an update once this side has it; nil where nobody is.
    private func follower(of side: Side) -> SQLiteStore? {
        guard !isSingle, kind == .update || kind == .upsert, side == call.pointee.stage?.authority else { return nil }
        return call.pointee.route.pointee.recordsPointer?.pointee.store(side.other)
    }

    /// What the other side cannot hold matters only if it has the record, or would be given it: else the call is made
    /// as it is.
    private func misfits(_ refused: Ask) {
        guard call.pointee.stage != .newMirrored, let derived = route.pointee.lookUp,
            let made = make(derived, of: nil)
        else { return replied(.rejected(.failedPrecondition)) }
        let (side, deadline) = (refused.request.side, call.pointee.deadline)
        let request = Ask.Request(
            side: side.other, path: derived.path, message: made, deadline: deadline, operation: .get)
        ask(
            request, note: { _, _ in },
            then: { [unowned self] outcome in
                if outcome == .accepted { return replied(.rejected(.failedPrecondition)) }
                checksFollower = false
                hasAskedForChange = false
                callSide(side)
            })
    }

    private func tryCall(_ side: Side) {
        guard let trial = operation?.trial else { return replied(.rejected(.internal)) }
        let request = Ask.Request(
            side: side, path: nil, message: message, deadline: call.pointee.deadline, operation: trial)
        ask(request) { [unowned self] ask, outcome in
            replies[side] = ask
            if outcome == .accepted { written = ask }
        }
    }

    private func erase(_ side: Side) {
        guard let derived = route.pointee.erase else { return callSide(side) }
        erase(side, derived, .none)
    }

    private func eraseFound(_ side: Side) {
        guard let derived = route.pointee.erase, let found = found?.replyMessage,
            let content = RecordsRoute.record(of: found)
        else { return erase(side) }
        erase(side, derived, .equal(content))
    }

    private func erase(_ side: Side, _ derived: WriteRoute.Derived, _ condition: StoreCondition) {
        guard beginsChange() else { return }
        guard let made = make(derived, of: written?.replyMessage) else { return replied(.rejected(.internal)) }
        ask(
            Ask.Request(
                side: side, path: derived.path, message: made, deadline: putDeadline, operation: .remove(condition)),
            absent: derived.absent
        ) { [unowned self] ask, outcome in keep(ask, outcome) }
    }

    private func lookUp(_ side: Side) {
        guard let derived = route.pointee.lookUp, let made = make(derived, of: nil) else {
            return replied(.rejected(.internal))
        }
        let deadline = call.pointee.deadline
        ask(
            Ask.Request(side: side, path: derived.path, message: made, deadline: deadline, operation: .get),
            absent: derived.absent
        ) { [unowned self] ask, outcome in
            if outcome == .accepted { found = ask } else { keep(ask, outcome) }
        }
    }

    private func put(_ derived: WriteRoute.Derived?, as operation: StoreOperation, to side: Side) {
        guard beginsChange() else { return }
        // What cannot be made of the other side's reply cannot be given to this one.
        guard let derived, let record = written?.replyMessage, let made = make(derived, of: record) else {
            notMade = (side, "the answer of \(side.other.name) has no record that it could be given")
            return replied(.rejected(.internal))
        }
        ask(
            Ask.Request(side: side, path: derived.path, message: made, deadline: putDeadline, operation: operation),
            absent: derived.absent
        ) { [unowned self] ask, outcome in
            keep(ask, outcome)
            isKeptOtherwise = outcome == .accepted && keepsOtherwise(ask)
        }
    }

    /// Whether a store says that its row is not what it was given: a trigger of its table changes it.
    private func keepsOtherwise(_ put: Ask) -> Bool {
        guard call.pointee.route.pointee.recordsPointer != nil, let given = written?.replyMessage,
            let kept = put.replyMessage
        else { return false }
        return RecordsRoute.record(of: given) != RecordsRoute.record(of: kept)
    }

    /// Whether a side may be asked for a change: the first one only while its client waits and has time left.
    private func beginsChange() -> Bool {
        if hasAskedForChange { return true }
        let isLate = call.pointee.deadline != 0 && call.pointee.deadline < now &+ Self.leastTime
        guard call.pointee.phase == .over || isLate else {
            hasAskedForChange = true
            return true
        }
        call.refuse(.deadlinePassed)
        finish(isUnsettled: false, isEqual: nil)
        return false
    }

    /// A reply to a request of the sidecar's own is the answer where the side refuses it, or has said nothing else.
    private func keep(_ ask: Ask, _ outcome: WriteOutcome) {
        switch outcome {
        case .accepted, .absent: if replies[ask.request.side] == nil { replies[ask.request.side] = ask }
        case .rejected, .unreachable, .ambiguous: replies[ask.request.side] = ask
        case .unknown: break
        }
    }

    private func make(_ derived: WriteRoute.Derived, of reply: [UInt8]?) -> [UInt8]? {
        message.withUnsafeBytes { request in
            (reply ?? []).withUnsafeBytes { reply in try? derived.template.make(request: request, reply: reply) }
        }
    }

    /// - Parameter absent: by what status the method that is asked says that there is no such record; nil: it is the
    ///   client's.
    private func ask(
        _ request: Ask.Request, absent: GRPCStatus? = nil, _ note: @escaping (Ask, WriteOutcome) -> Void
    ) {
        ask(request, absent: absent, note: note, then: { [unowned self] in replied($0) })
    }

    private func ask(
        _ request: Ask.Request, absent: GRPCStatus? = nil, note: @escaping (Ask, WriteOutcome) -> Void,
        then proceed: @escaping (WriteOutcome) -> Void
    ) {
        let absent = absent ?? call.pointee.route.pointee.planPointer?.pointee.absent ?? .notFound
        var request = request
        request.awaitsStatus = true
        let ask = Ask(request, for: call) { [unowned self] ask, result in
            let outcome = ask.writeOutcome(result, absent: absent)
            note(ask, outcome)
            if ask.storeReply?.isMisfit == true { return misfits(ask) }
            proceed(outcome)
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
        var end = end
        if isKeptOtherwise { end.effects.formUnion(.dirty) }
        if !isSingle { note(end) }
        answer(end.answer)
        if case .partial(let missing) = end.answer, movesBetweenStages {
            records.keep(lane, at: missing == .new ? .dualOld : .dualNew, now: now)
        }
        finish(isUnsettled: end.effects.contains(.unsettled), isEqual: isEqual(end))
    }

    /// Whether the sides cannot differ now: both have the record, or one at most; nil: as before.
    private func isEqual(_ end: WriteEnd) -> Bool? {
        if isSingle { return nil }
        if end.effects.contains(.dirty) { return false }
        guard case .reply = end.answer, written != nil, status(of: end) == .ok else { return nil }
        return lastWasPut || kind == .delete || end.effects.contains(.notCopied) ? true : nil
    }

    private func answer(_ answer: WriteAnswer) {
        switch answer {
        case .reply(let side):
            guard let reply = replies[side], !reply.hasLostReply else {
                return call.refuse(.answerTooLarge(side, limit: worker.pointee.limits.messageBytes))
            }
            call.answer(reply.takeReply())
        case .alreadyExists(let side): call.refuse(.alreadyExists(side))
        case .fail(let side, let failure): refuse(side, failure)
        case .partial(let side): call.refuse(.partialWrite(missing: side, words: words(of: side)))
        case .outcomeUnknown(let side, let status):
            call.refuse(.outcomeUnknown(side, status, words: words(of: side)))
        }
    }

    /// Nothing was written. A store, or a sidecar behind this one, says so in words of its own.
    private func refuse(_ side: Side, _ failure: SingleQuery.SideFailure) {
        let reply = replies[side]
        if let store = reply?.storeReply {
            return call.refuse(.storeRefused(store.status, store.detail, by: side))
        }
        switch failure {
        case .failed(let status): call.refuse(.sideFailed(side, reply?.sideWords ?? SideWords(status, words(of: side))))
        case .unreachable:
            if let answer = reply?.takeReply() { return call.answer(answer) }
            let words = words(of: side)
            call.refuse(.sideUnreachable(side, (words.isEmpty ? "" : "\(words); ") + "nothing was written"))
        }
    }

    /// What the side has said last.
    private func words(of side: Side) -> String {
        if let notMade, notMade.side == side { return notMade.words }
        return SideWords.shortened(asks.last { $0.request.side == side }?.words ?? "")
    }

    private func finish(isUnsettled: Bool, isEqual: Bool?) {
        if phase == .running { call.count(.lanesLeft) }
        phase = .over
        // The side was told the deadline of the ask, and may use it.
        let until = max(now &+ worker.pointee.limits.settleAfter, asks.last?.request.deadline ?? 0)
        endMove()
        if isUnsettled, !isSingle {
            records.close(lane, until: until, isDirty: isEqual == false, now: now)
        } else {
            if isUnsettled {
                records.lost(
                    lane, until: until, call.pointee.stage ?? .old, grayKey: grayKeys.noted, now: now)
            }
            records.leave(lane, isEqual: isEqual, now: now)
        }
        call.operationProgressed()
    }

    /// What the client is told where a side's own reply is the answer.
    private func status(of end: WriteEnd) -> GRPCStatus {
        guard case .reply(let side) = end.answer else { return .ok }
        return replies[side]?.status ?? .ok
    }

    /// Why the write did not end well, in the words of the side that it failed on.
    private func words(of end: WriteEnd) -> String {
        switch end.answer {
        case .reply where isKeptOtherwise:
            "the follower's row is not what it was given: a trigger of its table changes what is written"
        case .reply(let side): status(of: end) == .ok ? "" : SideWords.shortened(replies[side]?.words ?? "")
        case .alreadyExists: ""
        case .fail(let side, _), .partial(let side), .outcomeUnknown(let side, _): words(of: side)
        }
    }

    /// What the write leaves behind is counted, and logged with the record's key: nobody repairs it yet.
    private func note(_ end: WriteEnd) {
        let effects = end.effects
        let words = words(of: end)
        records.recentWrites.note(
            lane, kind: kind, stage: call.pointee.stage, epoch: call.pointee.epoch, end, status(of: end), words)
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
                "kind": "\(kind.name)", "end": "\(end.answer)", "stuck": "\(effects.contains(.stuck))",
                "words": "\(words)",
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

extension MigrationSwitches {
    /// The stage of a canonical gray key.
    fileprivate func stage(_ key: [UInt8]) -> Stage { key.withUnsafeBytes { stage(key: $0) } }
}
