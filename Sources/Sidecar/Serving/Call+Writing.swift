import EventLoop
import HTTP2
import Logging
import Migration
import WireFormat

/// What a call is as a write of one side: such writes take no lane, and count for their records only when a change of
/// the switches, or the loss of the answer, makes them.
enum OneSidedWrite: UInt8 {
    /// None, or its outcome is known.
    case none
    /// It was forwarded as it came, or names no record, and a change waits for it.
    case unread
    /// Its message is kept while it is under way, and tells its gray keys where it has some, but not all its records.
    /// Those that it names may know of it.
    case nameless
    /// Its message is kept while it is under way, and tells its records.
    case read
    /// Its records know of it.
    case counted

    var keepsMessage: Bool { self == .read || self == .nameless }
}

/// The records by which a write counts.
final class CountedWrite {
    let records: [RecordTable.Key]
    init(_ records: [RecordTable.Key]) { self.records = records }
}

/// A write of one side, from its decision to the moment that its outcome is known (rules P and L).
extension CallPointer {
    /// It goes to one side without being read, or with a message whose records are known.
    func writeBegins(read message: UnsafeRawBufferPointer?) {
        guard let plan = pointee.route.pointee.planPointer, plan.pointee.kind.isWrite,
            pointee.write == .none || pointee.write == .counted
        else { return }
        guard let message else {
            pointee.write = .unread
            return pointee.worker.pointee.unread[plan.pointee.migrationIndex].began()
        }
        if mayNameSeveral || isCompressed { keep(named(by: message)) }
        let isNamed = pointee.named?.areAllThere ?? recordKeyIsThere(message)
        if pointee.write == .none || !isNamed { pointee.write = isNamed ? .read : .nameless }
    }

    private var mayNameSeveral: Bool { pointee.route.pointee.writePointer?.pointee.plan.element != nil }

    /// As its client has sent it.
    private var isCompressed: Bool {
        let body = pointee.client.pointee.body.bytes
        guard body.count >= GRPCPrefix.byteCount, case .prefix(let prefix) = GRPCPrefix.parse(body) else {
            return false
        }
        return prefix.isCompressed
    }

    private func keep(_ named: NamedRecords?) {
        let count = (named?.records.count ?? 0) - (pointee.named?.records.count ?? 0)
        pointee.worker.pointee.namedRecords += count
        pointee.named = named
    }

    private func namesItsRecords(_ message: UnsafeRawBufferPointer) -> Bool {
        mayNameSeveral ? named(by: message).areAllThere : recordKeyIsThere(message)
    }

    private func recordKeyIsThere(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let key = pointee.route.pointee.recordKeyPointer,
            case .key = key.pointee.scan(message, scratch: pointee.worker.pointee.keyScratch)
        else { return false }
        return true
    }

    /// The side has answered to the end.
    func writeAnswered(_ leg: StreamPointer) {
        guard pointee.write != .none else { return }
        let absent = pointee.route.pointee.planPointer?.pointee.absent ?? .notFound
        let outcome = WriteOutcome(
            Reply.status(of: leg), absent: absent, isGRPC: Reply.isGRPC(leg), word: Reply.sidecarError(of: leg))
        if case .unknown = outcome { return writeLost() }
        if pointee.write == .unread { noteUnreadAnswer(outcome) }
        writeOver()
    }

    /// A change waits for what was forwarded unread, but not for ever. A write that ends after it has met the first
    /// double writes, or not: its record is not known.
    private func noteUnreadAnswer(_ outcome: WriteOutcome) {
        guard let plan = pointee.route.pointee.planPointer, plan.pointee.kind != .passThrough,
            let switches = pointee.worker.switches(of: plan.pointee.migrationIndex),
            switches.pointee.epoch != pointee.epoch, switches.pointee.stageWithoutKey != .old
        else { return }
        switch outcome {
        case .accepted, .ambiguous: break
        case .absent, .rejected, .unreachable, .unknown: return
        }
        count(.recordsDirty)
        let path = pointee.client.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) }
        pointee.worker.pointee.logs.post(
            .error,
            "a write that was sent to old before keys were enrolled has ended after it: the two sides of its record, "
                + "which is not known, may differ; raise limits.settle_after above what a write may take",
            [
                "path": "\(path ?? "")",
                "seconds": "\((pointee.worker.pointee.loop.pointee.now &- pointee.arrivedAt) / 1_000_000_000)",
            ])
    }

    /// The call ends for its client while the side has not answered to the end.
    func writeGivenUp() {
        guard pointee.write != .none else { return }
        // A store goes on with what it has begun, and says when it is done.
        if pointee.operation != nil { return countOpenWrite() }
        guard let leg = pointee.leg.stream else { return writeOver() }
        if leg.pointee.hasEnded { return writeAnswered(leg) }
        if isMessageCut { writeOver() } else { writeLost() }
    }

    /// The side cannot have begun with it: a part of its message has never come. Servers may begin before the stream
    /// ends.
    private var isMessageCut: Bool {
        guard !pointee.client.pointee.hasEnded, let body = pointee.client.pointee.body.whole else { return false }
        guard body.count >= GRPCPrefix.byteCount else { return true }
        guard case .prefix(let prefix) = GRPCPrefix.parse(body) else { return false }
        return body.count - GRPCPrefix.byteCount < Int(prefix.length)
    }

    /// It was sent, and nobody will hear what became of it.
    func writeLost() {
        guard let plan = pointee.route.pointee.planPointer else { return }
        let worker = pointee.worker
        let now = worker.pointee.loop.pointee.now
        let until = now &+ worker.pointee.limits.settleAfter
        switch pointee.write {
        case .none: return
        case .unread: worker.pointee.unread[plan.pointee.migrationIndex].lost(until: until)
        case .nameless: worker.pointee.unread[plan.pointee.migrationIndex].namelessLost(until: until)
        case .read, .counted: break
        }
        if pointee.write.keepsMessage, pointee.counted == nil {
            let stage = pointee.stage ?? .old
            for (record, grayKey) in namedRecords?.records ?? [] {
                let grayKey = grayKey.noted
                worker.pointee.records.lost(record, until: until, stage, grayKey: grayKey, now: now)
            }
        }
        for record in pointee.counted?.records ?? [] {
            worker.pointee.records.lost(record, until: until, pointee.stage ?? .old, grayKey: .unsaid, now: now)
        }
        writeOver()
    }

    /// Its outcome is known, or what may become of it is noted.
    func writeOver() {
        let worker = pointee.worker
        switch pointee.write {
        case .none: return
        case .unread:
            if let plan = pointee.route.pointee.planPointer {
                worker.pointee.unread[plan.pointee.migrationIndex].ended()
            }
        case .nameless, .read, .counted: break
        }
        if let counted = pointee.counted {
            let now = worker.pointee.loop.pointee.now
            for record in counted.records { worker.pointee.records.singleEnded(record, now: now) }
            pointee.counted = nil
        }
        if pointee.named != nil { keep(nil) }
        pointee.write = .none
    }

    // MARK: - Where its records are not known

    /// Whether it is not to begin, since a change is to take keys from `old` and would have to wait for it: its message
    /// has not been read (nil), or names no record, and the change alters its stage as far as it tells.
    func mayBeMoving(unread message: UnsafeRawBufferPointer?) -> Bool {
        guard let (current, next) = pendingChange else { return false }
        guard let message else { return true }
        return !namesItsRecords(message) && isMoving(nameless: named(by: message), from: current, to: next)
    }

    /// A change is to take keys from `old`, and waits for it where it may alter its stage.
    func noteNamelessWrite() {
        guard pointee.write == .nameless, let plan = pointee.route.pointee.planPointer,
            let (current, next) = pendingChange
        else { return }
        guard isMoving(nameless: namedRecords, from: current, to: next) else { return }
        pointee.write = .unread
        pointee.worker.pointee.unread[plan.pointee.migrationIndex].began()
    }

    private var pendingChange: (UnsafePointer<MigrationSwitches>?, UnsafePointer<MigrationSwitches>)? {
        guard let plan = pointee.route.pointee.planPointer else { return nil }
        let state = pointee.worker.pointee.switches + plan.pointee.migrationIndex
        guard let next = state.pointee.leavingFor?.table[plan.pointee.migrationIndex] else { return nil }
        return (state.pointee.current, next)
    }

    private func isMoving(
        nameless named: NamedRecords?, from last: UnsafePointer<MigrationSwitches>?,
        to next: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        guard let last, let named, !named.grayKeys.isEmpty else { return true }
        return named.grayKeys.contains { $0.present == nil || last.pointee.moves($0, at: .old, to: next) }
    }

    // MARK: - Counting it

    /// A change of the switches alters the stage of its records: they are to be pinned.
    func noteOpenWrite(
        _ stage: Stage, from last: UnsafePointer<MigrationSwitches>, to next: UnsafePointer<MigrationSwitches>
    ) {
        count(stage) { last.pointee.moves($0, at: stage, to: next) }
    }

    /// Whether a change of the switches alters the stage of a record that it writes.
    func isMoving(
        _ stage: Stage, from last: UnsafePointer<MigrationSwitches>, to next: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        namedRecords?.grayKeys.contains { last.pointee.moves($0, at: stage, to: next) } ?? false
    }

    /// A record is about to be moved to another stage.
    func noteOpenWrite(of record: RecordTable.Key) {
        guard pointee.write.keepsMessage, pointee.counted == nil, let stage = pointee.stage else { return }
        guard let named = namedRecords, named.records.contains(where: { $0.record == record }) else { return }
        count(stage, named) { _ in true }
    }

    /// Its client is gone, and with it the message.
    private func countOpenWrite() {
        guard pointee.write == .read, let stage = pointee.stage else { return }
        count(stage) { _ in true }
    }

    private func count(_ stage: Stage, where moves: (WriteGrayKeys) -> Bool) {
        if let named = namedRecords { count(stage, named, where: moves) }
    }

    private func count(_ stage: Stage, _ named: NamedRecords, where moves: (WriteGrayKeys) -> Bool) {
        let worker = pointee.worker
        let now = worker.pointee.loop.pointee.now
        guard !named.records.isEmpty, named.grayKeys.contains(where: moves) else { return }
        // For all of them: a later change asks for none that is counted.
        for (record, grayKey) in named.records {
            worker.pointee.records.singleFound(record, stage, grayKey: grayKey.noted, now: now)
        }
        pointee.counted = CountedWrite(named.records.map(\.record))
        if pointee.write != .nameless { pointee.write = .counted }
    }

    /// What the request says of its records, while its message is kept; nil where that cannot be read.
    private var namedRecords: NamedRecords? {
        pointee.named ?? keptMessage()?.withUnsafeBytes { named(by: $0) }
    }

    private func named(by message: UnsafeRawBufferPointer) -> NamedRecords {
        guard let plan = pointee.route.pointee.planPointer, let write = pointee.route.pointee.writePointer else {
            return NamedRecords()
        }
        return NamedRecords(
            message, plan, write.pointee.plan, grayKey: pointee.route.pointee.keyPointer,
            scratch: pointee.worker.pointee.keyScratch)
    }

    /// The request's message, while it is kept as it can be read.
    private func keptMessage() -> [UInt8]? {
        if let message = pointee.operation?.oneSidedMessage { return message }
        guard let body = pointee.client.pointee.body.whole, body.count >= GRPCPrefix.byteCount,
            case .prefix(let prefix) = GRPCPrefix.parse(body),
            body.count == GRPCPrefix.byteCount + Int(prefix.length)
        else { return nil }
        assert(!prefix.isCompressed, "a compressed message is read once")
        return prefix.isCompressed ? nil : Array(body[GRPCPrefix.byteCount...])
    }

    // MARK: - Pins

    /// What a write of one side is to do beside the pins of its records; nil where it is refused.
    func standing(of message: UnsafeRawBufferPointer, at stage: Stage) -> RecordTable.State.Standing {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer,
            worker.pointee.records.pins.isAnyOrMoves(of: plan.pointee.migrationIndex), let record = recordKey(message)
        else { return .free }
        let standing = worker.pointee.records.standing(record, now: worker.pointee.loop.pointee.now)
        if case .joins = standing {
            pointee.counted = CountedWrite([record])
            pointee.write = .counted
        }
        return standing
    }

    /// The stage that a record of a write of several is pinned to.
    func pinnedStage(ofElement element: UnsafeRawBufferPointer) -> Stage? {
        guard let plan = pointee.route.pointee.planPointer, let write = pointee.route.pointee.writePointer,
            pointee.worker.hasPins(plan.pointee.migrationIndex),
            let record = write.pointee.plan.recordKey.key(in: element, scratch: pointee.worker.pointee.keyScratch)
        else { return nil }
        let key = RecordTable.Key(plan, record: record)
        let now = pointee.worker.pointee.loop.pointee.now
        return pointee.worker.pointee.records.pinnedStage(key, now: now)
    }

    /// Whether one of the records of a write of several is being moved to another stage.
    func isBeingMoved(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let plan = pointee.route.pointee.planPointer,
            pointee.worker.pointee.records.pins.isAnyOrMoves(of: plan.pointee.migrationIndex)
        else { return false }
        return named(by: message).records.contains { pointee.worker.pointee.records.isBeingMoved($0.record) }
    }

    /// A write of several records beside pins counts for its records from the start.
    func joinPinned(_ message: UnsafeRawBufferPointer, at stage: Stage) {
        guard let plan = pointee.route.pointee.planPointer, pointee.worker.hasPins(plan.pointee.migrationIndex) else {
            return
        }
        count(stage, named(by: message)) { _ in true }
    }

    /// The record that the request names.
    func recordKey(_ message: UnsafeRawBufferPointer) -> RecordTable.Key? {
        guard let plan = pointee.route.pointee.planPointer, let key = pointee.route.pointee.recordKeyPointer,
            let record = key.pointee.key(in: message, scratch: pointee.worker.pointee.keyScratch)
        else { return nil }
        return RecordTable.Key(plan, record: record)
    }

    /// What the rows of a query that is decided now are judged by.
    func stages(_ switches: UnsafePointer<MigrationSwitches>) -> RecordStages {
        guard let plan = pointee.route.pointee.planPointer else { return RecordStages(switches: switches, pinned: [:]) }
        let pinned = pointee.worker.pointee.records.pins.view(
            of: plan.pointee.migrationIndex, entity: plan.pointee.entityIndex)
        return RecordStages(switches: switches, pinned: pinned)
    }

    /// The stage that the record of a query has.
    func stage(of message: UnsafeRawBufferPointer, bySwitches stage: Stage) -> Stage {
        guard let plan = pointee.route.pointee.planPointer, pointee.worker.hasPins(plan.pointee.migrationIndex),
            let record = recordKey(message)
        else { return stage }
        let worker = pointee.worker
        let now = worker.pointee.loop.pointee.now
        return worker.pointee.records.pinnedStage(record, now: now) ?? stage
    }
}

extension KeyPlan {
    /// The canonical key of a message; nil where there is none that can be read.
    func key(in message: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer) -> [UInt8]? {
        scan(message, scratch: scratch).copiedKey
    }
}

extension KeyScan {
    /// A copy of the key; nil where there is none that can be read.
    var copiedKey: [UInt8]? {
        guard case .key(let key) = self else { return nil }
        return Array(key)
    }
}
