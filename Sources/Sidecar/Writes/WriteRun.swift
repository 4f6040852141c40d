import EventLoop
import HTTP2
import Logging
import Migration
import Stores
import WireFormat

/// A write whose turn has come and whose stage is known: asks the sides as its machine says, answers its client, and
/// says what it leaves behind.
///
///     made --start--> asking --machine's end, too little time left--> over --streams closed--> closed
///
/// Until a side has been asked for a change it is dropped with its client; from then on it runs to its end whether or
/// not somebody waits for the answer. Run by `WriteOperation`, which holds the record's lane meanwhile.
final class WriteRun {
    /// What the write leaves behind, once its client has been answered.
    struct Outcome {
        var isDouble = false
        /// It may still take effect, until then, monotonic nanoseconds.
        var isUnsettled = false
        var until: UInt64 = 0
        /// Whether both sides have the record now, or neither; nil: as before.
        var isEqual: Bool?
        var isDelete = false
        /// The record is found under its new gray key at this stage alone.
        var keeps: Stage?
        var verdict = RecordTable.State.Verdict.refused
    }

    /// Less time than this is not worth beginning with, nanoseconds.
    private static let leastTime: UInt64 = 5_000_000

    private let call: CallPointer
    private let route: UnsafePointer<WriteRoute>
    private let lane: RecordTable.Key
    private let message: [UInt8]
    private var machine: Write
    /// It goes to one side alone: nobody follows.
    private let isSingle: Bool
    /// The stage of the gray key that it gives the record, where that is another one.
    let movesTo: Stage?
    private let grayKeys: WriteGrayKeys
    private let ended: (Outcome) -> Void
    private var isOver = false
    private var lastWasPut = false
    private var asks: [Ask] = []
    /// The ask whose answer the machine waits for.
    private var current: Ask?
    /// By side, the reply that the client may be given: to its own call, or a refusal.
    private var replies: [Side: Ask] = [:]
    /// The last reply to the client's call that a side accepted: what the record is now.
    private var written: Ask?
    /// What the look-up found: what the record was.
    private var found: Ask?
    private var hasAskedForChange = false
    /// The first side refuses what the second cannot hold.
    private var checksFollower = true
    /// The follower has changed what it was given.
    private var isKeptOtherwise = false
    /// Sides that do not have the record any more, and whether one of them had it.
    private var gone: SideSet = []
    private var hasErased = false
    /// The side that could not be given the record, and why.
    private var notMade: (side: Side, words: String)?

    /// - Parameter ended: called once, when the client has been answered.
    init(
        _ call: CallPointer, _ machine: Write, isSingle: Bool, movesTo: Stage?, grayKeys: WriteGrayKeys,
        lane: RecordTable.Key, message: [UInt8], route: UnsafePointer<WriteRoute>, ended: @escaping (Outcome) -> Void
    ) {
        self.call = call
        self.machine = machine
        self.isSingle = isSingle
        self.movesTo = movesTo
        self.grayKeys = grayKeys
        self.lane = lane
        self.message = message
        self.route = route
        self.ended = ended
    }

    private var worker: WorkerPointer { call.pointee.worker }
    private var now: UInt64 { worker.pointee.loop.pointee.now }
    private var kind: CallKind { call.pointee.route.pointee.planPointer?.pointee.kind ?? .update }

    /// Nothing of it is in anybody's hands any more.
    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }
    /// The side asked last, or else the first that was; nil while none was asked for a change.
    var sentWrite: Side? { hasAskedForChange ? current?.request.side ?? asks.last?.request.side : nil }

    func start() {
        if call.pointee.deadline != 0, call.pointee.deadline < now &+ Self.leastTime {
            call.refuse(.deadlinePassed)
            return finish()
        }
        if let refusal = refusalOfSides {
            call.refuse(refusal)
            return finish()
        }
        if !isSingle { call.count(.doubleWrites) }
        perform(machine.start())
    }

    func clientLeft() { if !hasAskedForChange { current?.cancel(.cancelled) } }

    /// Where both sides are written, and one would not be sent what it is to be asked, neither is asked. A side that
    /// cannot be reached is another matter: the authority does not depend on it.
    private var refusalOfSides: Refusal? {
        guard let stage = call.pointee.stage, !isSingle, call.pointee.route.pointee.recordsPointer == nil else {
            return nil
        }
        let isForOneSide = kind == .insert && stage != .newMirrored && route.pointee.plan.inserts != .both
        guard !isForOneSide else { return nil }
        let bytes = call.pointee.client.pointee.fields.bytes
        for side in [stage.authority, stage.authority.other] {
            let upstream = worker.upstream(of: call.pointee.route, side)
            if bytes > upstream.maxMetadataBytes {
                return .metadataTooLargeForSide(side, limit: upstream.maxMetadataBytes)
            }
            if upstream.isFull { return .queueFull(side) }
        }
        return nil
    }

    // MARK: - The machine

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
        case .place(let side): place(side)
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
            noteGone(side, outcome)
        }
    }

    private func noteGone(_ side: Side, _ outcome: WriteOutcome) {
        guard kind == .delete else { return }
        switch outcome {
        case .accepted: (gone, hasErased) = (gone.union(SideSet(side)), true)
        case .absent: gone.formUnion(SideSet(side))
        default: break
        }
    }

    /// The store that is given the record of an update once this side has it; nil where nobody is.
    private func follower(of side: Side) -> (any Store)? {
        guard !isSingle, kind == .update || kind == .upsert, side == call.pointee.stage?.authority else { return nil }
        return call.pointee.route.pointee.recordsPointer?.pointee.store(side.other)
    }

    /// What the other side cannot hold matters only if it has the record, or would be given it: else the call is made
    /// as it is.
    private func misfits(_ refused: Ask) {
        guard call.pointee.stage != .newMirrored, movesTo == nil, let derived = route.pointee.lookUp,
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
        // A delete that has no such method is itself one.
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
        guard isOfLane(made, derived) else { return refuseForeign(side) }
        ask(
            Ask.Request(
                side: side, path: derived.path, message: made, deadline: putDeadline, operation: .remove(condition)),
            absent: derived.absent
        ) { [unowned self] ask, outcome in
            keep(ask, outcome)
            noteGone(side, outcome)
        }
    }

    private func lookUp(_ side: Side) {
        guard let derived = route.pointee.lookUp, let made = make(derived, of: nil) else {
            return replied(.rejected(.internal))
        }
        let deadline = call.pointee.deadline
        ask(
            Ask.Request(side: side, path: derived.path, message: made, deadline: deadline, operation: .get),
            absent: derived.absent,
            note: { [unowned self] ask, outcome in
                found = outcome == .accepted ? ask : nil
                if outcome != .accepted { keep(ask, outcome) }
            },
            then: { [unowned self] outcome in
                if outcome == .accepted, isAnotherRecord(on: side) { return refuseAnother(side) }
                replied(outcome)
            })
    }

    /// Whether what a store has under the record's key is no row of this record that a write has missed, but a record
    /// in its own right: it has another gray key, by which it is found there.
    private func isAnotherRecord(on side: Side) -> Bool {
        guard kind == .delete || movesTo != nil, grayKeys.present != nil || grayKeys.hasNone,
            let records = call.pointee.route.pointee.recordsPointer, let answer = found?.replyMessage,
            let key = try? records.pointee.many.grayKey(ofFirst: answer),
            let switches = worker.switches(of: lane.migration), !worker.pointee.records.isDirty(lane)
        else { return false }
        var bytes: [UInt8]?
        if case .grayKey(let key) = key { bytes = key }
        return bytes != grayKeys.present && switches.pointee.stage(of: bytes).authority == side
    }

    /// Nothing has changed yet.
    private func refuseAnother(_ side: Side) {
        let status = kind == .delete ? GRPCStatus.failedPrecondition : .aborted
        let words =
            "\(side.name) has another record of this key, of another gray key, which the \(kind.name) would take or "
            + "write over; nothing was written; read the record, and give one of the two another key"
        notMade = (side, words)
        let end = WriteEnd(answer: .fail(side, .failed(status)), effects: .none)
        note(end)
        worker.pointee.logs.post(
            .error, "two records of one key",
            [
                "migration": "\(route.pointee.migration)",
                "record": "\(RecordText(lane, of: route.pointee.entities))", "words": "\(words)",
            ])
        call.refuse(.storeRefused(status, words, by: side))
        finish()
    }

    /// Gives a side the record in place of what the look-up found there.
    private func place(_ side: Side) {
        lastWasPut = true
        // What the look-up has said is no answer to a write.
        replies[side] = nil
        let content = found?.replyMessage.flatMap(RecordsRoute.record)
        let condition = content.map { StoreCondition.equal($0) } ?? .absent
        put(route.pointee.putOrInsert, as: .put(.upsert, condition), to: side)
    }

    private func put(_ derived: WriteRoute.Derived?, as operation: StoreOperation, to side: Side) {
        guard beginsChange() else { return }
        // What cannot be made of the other side's reply cannot be given to this one.
        guard let derived, let record = written?.replyMessage, let made = make(derived, of: record) else {
            notMade = (side, "the answer of \(side.other.name) has no record that it could be given")
            return replied(.rejected(.internal))
        }
        guard isOfLane(made, derived) else { return refuseForeign(side) }
        ask(
            Ask.Request(side: side, path: derived.path, message: made, deadline: putDeadline, operation: operation),
            absent: derived.absent
        ) { [unowned self] ask, outcome in
            keep(ask, outcome)
            isKeptOtherwise = outcome == .accepted && keepsOtherwise(ask)
        }
    }

    /// Whether a request that was made names the record whose lane is held, as far as that can be told: whatever it
    /// named else would be written without its lane.
    private func isOfLane(_ made: [UInt8], _ derived: WriteRoute.Derived) -> Bool {
        guard let plan = derived.recordKey else { return true }
        return made.withUnsafeBytes { plan.key(in: $0, scratch: worker.pointee.keyScratch) } == lane.record
    }

    private func refuseForeign(_ side: Side) {
        notMade = (side, "the answer of \(side.other.name) is of another record than the request")
        replied(.rejected(.internal))
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
        finish()
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
        var outcome = Outcome(isDouble: !isSingle, isUnsettled: end.effects.contains(.unsettled), isEqual: isEqual(end))
        outcome.until = now &+ worker.pointee.limits.settleAfter
        outcome.verdict = verdict(of: end)
        outcome.isDelete = kind == .delete
        if movesTo != nil || grayKeys.isMove {
            if case .partial(let missing) = end.answer {
                outcome.keeps = missing == .new ? .dualOld : .dualNew
            } else if outcome.verdict == .unclear, let stage = call.pointee.stage, stage.isDouble {
                // Its authority has it under the one key or the other.
                outcome.keeps = stage
            }
        }
        finish(outcome)
    }

    private func verdict(of end: WriteEnd) -> RecordTable.State.Verdict {
        if case .partial = end.answer { return .taken }
        if case .reply = end.answer, status(of: end) == .ok { return .taken }
        if case .outcomeUnknown = end.answer { return .unclear }
        return end.effects.isDisjoint(with: [.dirty, .unsettled]) ? .refused : .unclear
    }

    private func finish(_ outcome: Outcome = Outcome()) {
        isOver = true
        ended(outcome)
    }

    /// Whether the sides cannot differ now: both have the record, or one at most; nil: as before.
    private func isEqual(_ end: WriteEnd) -> Bool? {
        if isSingle { return nil }
        if end.effects.contains(.dirty) { return false }
        // What was not copied is on one side alone: that says nothing of a record that was to be on both.
        if end.effects.contains(.notCopied) { return nil }
        if hasErased, gone == SideSet.both { return true }
        guard case .reply = end.answer, written != nil, status(of: end) == .ok else { return nil }
        let isOnOneSide = movesTo.map { !$0.isDouble } ?? false
        return lastWasPut || kind == .delete || isOnOneSide ? true : nil
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
            if let refusal = asks.last(where: { $0.request.side == side })?.refusal { return call.refuse(refusal) }
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
        worker.pointee.records.recentWrites.note(
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
                "migration": "\(route.pointee.migration)", "record": "\(RecordText(lane, of: route.pointee.entities))",
                "kind": "\(kind.name)", "end": "\(end.answer)", "stuck": "\(effects.contains(.stuck))",
                "words": "\(words)",
            ])
    }
}
