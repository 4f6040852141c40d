import Compression
import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// How a call is decided: its message is read where that matters, its key found, and the switches asked.
extension CallPointer {
    /// What it is decided by just now, beside its message.
    @inline(__always)
    func situation(
        _ plan: UnsafePointer<CallPlan>, _ switches: UnsafePointer<MigrationSwitches>
    ) -> CallSituation {
        let (worker, migration) = (pointee.worker, plan.pointee.migrationIndex)
        let hasPins =
            worker.hasPins(migration)
            && worker.pointee.records.pins.isAny(of: migration, entity: plan.pointee.entityIndex)
        return CallSituation(
            plan, switches, pending: worker.heldSwitches(of: migration),
            namesRecord: pointee.route.pointee.hasRecordKey, isInStores: pointee.route.pointee.recordsPointer != nil,
            hasPins: hasPins, readsWrites: worker.pointee.switches[migration].readsWrites)
    }

    /// A message that cannot be read: the call goes on as it is where nothing depends on it, else it is refused.
    func forwardUnread(or refusal: Refusal) {
        guard let plan = pointee.route.pointee.planPointer,
            let switches = pointee.worker.switches(of: plan.pointee.migrationIndex),
            let stage = situation(plan, switches).stageUnread
        else { return refuse(refusal) }
        pointee.client.stopRetainingBody(in: pointee.worker.pointee.sessions)
        decide(stage, switches)
    }

    /// An operation has found out that the call is another one's to decide, and gives the message back.
    func decideAnew(_ message: [UInt8]) {
        message.withUnsafeBytes { decideByKey($0) }
        if pointee.phase == .waiting { pointee.message = message }
    }

    func readMessage() {
        if let message = pointee.message {
            pointee.message = nil
            return decideAnew(message)
        }
        let body = pointee.client.pointee.body.bytes
        let limit = pointee.worker.pointee.limits.messageBytes
        guard body.count >= GRPCPrefix.byteCount else {
            if pointee.client.pointee.hasEnded {
                forwardUnread(or: .malformedMessage("the request ends before its message"))
            }
            return
        }
        guard case .prefix(let prefix) = GRPCPrefix.parse(body) else {
            return forwardUnread(or: .malformedMessage("the message's compression flag is not 0 or 1"))
        }
        if prefix.length > limit { return forwardUnread(or: .messageTooLarge(limit: limit)) }
        let length = Int(prefix.length)
        if body.count > GRPCPrefix.byteCount + length {
            return forwardUnread(or: .malformedMessage("this method takes one message"))
        }
        guard pointee.client.pointee.hasEnded else { return }
        guard body.count == GRPCPrefix.byteCount + length else {
            return forwardUnread(or: .malformedMessage("the request ends within its message"))
        }
        let message = UnsafeRawBufferPointer(rebasing: body[GRPCPrefix.byteCount...])
        if prefix.isCompressed { inflate(message, limit: limit) } else { decideByKey(message) }
        // An operation has a copy.
        if pointee.phase == .operating { pointee.client.removeBody(in: pointee.worker.pointee.sessions) }
    }

    /// Reads a compressed message; what is handed on stays as it came.
    private func inflate(_ message: UnsafeRawBufferPointer, limit: Int) {
        guard pointee.client.pointee.fields.tokens.contains(.grpcEncoding) else {
            return forwardUnread(or: .compressedMessage)
        }
        let inflated: [UInt8]
        do throws(GzipFault) {
            inflated = try pointee.worker.pointee.coder.inflate(message, limit: limit)
        } catch {
            if case .tooLong = error { return forwardUnread(or: .messageTooLarge(limit: limit)) }
            return forwardUnread(or: .malformedMessage("the message is marked as compressed: \(error)"))
        }
        inflated.withUnsafeBytes { decideByKey($0) }
    }

    private func decideByKey(_ message: UnsafeRawBufferPointer) {
        let worker = pointee.worker
        if let entities = pointee.route.pointee.entitiesPointer, !chooseEntity(entities, message) { return }
        guard let plan = pointee.route.pointee.planPointer,
            let switches = worker.switches(of: plan.pointee.migrationIndex)
        else { return refuse(.noSwitches) }
        if !isPossible(message) { return }
        if plan.pointee.kind == .multiQuery { return decideMultiQuery(message, switches) }
        if let element = pointee.route.pointee.writePointer?.pointee.plan.element {
            if let excess = element.excess(in: message, underWay: worker.pointee.namedRecords) {
                return forwardUnread(or: Refusal(excess))
            }
            if let key = element.grayKey { return decideSeveral(message, element, key, switches) }
        }
        if plan.pointee.isAlwaysRead, !keepsGrayKey(message) { return }
        if plan.pointee.kind.isWrite { return decideWrite(message, plan, switches) }
        // Read for the pins' sake, or since its records are in stores.
        if let stage = switches.pointee.stageWithoutKey {
            return decide(self.stage(of: message, bySwitches: stage), switches, message)
        }
        guard let key = pointee.route.pointee.keyPointer else { return refuse(.noSwitches) }
        switch key.pointee.scan(message, scratch: worker.pointee.keyScratch) {
        case .key(let key):
            worker.sample(key, of: plan)
            decide(stage(of: message, bySwitches: switches.pointee.stage(key: key)), switches, message)
        case let fault: lookUp(message, switches, orRefuse: fault)
        }
    }

    private func decideWrite(
        _ message: UnsafeRawBufferPointer, _ plan: UnsafePointer<CallPlan>, _ switches: UnsafePointer<MigrationSwitches>
    ) {
        guard let key = pointee.route.pointee.keyPointer else {
            return decideWrite(message, WriteGrayKeys(), plan, switches, keyScan: nil)
        }
        let scan = key.pointee.scan(message, scratch: pointee.worker.pointee.keyScratch)
        var keys = WriteGrayKeys()
        if case .key(let key) = scan { keys.present = Array(key) }
        decideWrite(message, keys, plan, switches, keyScan: scan)
    }

    /// - Parameters:
    ///   - keys: the gray key of the request, or of the record that it names.
    ///   - scan: what became of looking for it in the request.
    func decideWrite(
        _ message: UnsafeRawBufferPointer, _ keys: WriteGrayKeys, _ plan: UnsafePointer<CallPlan>,
        _ switches: UnsafePointer<MigrationSwitches>, keyScan scan: KeyScan?
    ) {
        // Where the present key lies may be written over from here on.
        var keys = keys
        guard readNewGrayKey(message, into: &keys) else { return }
        let situation = situation(plan, switches)
        if situation.dependsOnKey, let key = keys.present {
            key.withUnsafeBytes { pointee.worker.sample($0, of: plan) }
        }
        switch situation.course(ofWrite: keys) {
        case .waits: waitForChange()
        case .looksUp: if let scan { lookUp(message, switches, orRefuse: scan) } else { refuse(.noSwitches) }
        case .takesLane(let stage):
            if !decideSeveral(message, at: stage, switches) { operate(message, keys) }
        case .oneSide(let stage):
            if decideSeveral(message, at: stage, switches) { return }
            switch standing(of: message, at: stage) {
            case .free: decide(stage, switches, message)
            case .joins(let pinned): decide(pinned, switches, message)
            case .queues: operate(message, keys)
            }
        }
    }

    /// Looks the record up whose gray key a request does not bear.
    private func lookUp(
        _ message: UnsafeRawBufferPointer, _ switches: UnsafePointer<MigrationSwitches>, orRefuse fault: KeyScan
    ) {
        guard let key = pointee.route.pointee.keyPointer else { return }
        if case .missing = fault, findByRecordKey(message, switches) { return }
        refuse(fault, of: key.pointee, "the gray key")
    }

    /// False, and refused, where a side cannot do what a call on records says, whichever side its stage asks.
    private func isPossible(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let records = pointee.route.pointee.recordsPointer,
            let fault = records.pointee.check.fault(of: records.pointee.operation, message)
        else { return true }
        refuse(.impossible(fault))
        return false
    }

    /// Refuses a request whose key cannot be read.
    ///
    /// - Parameter name: of the key, as `the gray key`.
    func refuse(_ fault: KeyScan, of plan: KeyPlan, _ name: String) {
        switch fault {
        case .key: break
        case .missing(let component): refuse(.missingKey(name, path: "\(plan[component].path)"))
        case .tooLong(let component):
            refuse(.malformedMessage("\(name), field \(plan[component].path), is too long"))
        case .malformed(let component, let offset, let fault):
            refuse(.unreadableField("\(plan[component].path)", fault, at: offset))
        }
    }

    /// False, and refused, where the update gives the record another gray key than it has.
    private func keepsGrayKey(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let write = pointee.route.pointee.writePointer, let new = write.pointee.plan.newGrayKey
        else { return true }
        let scratch = pointee.worker.pointee.keyScratch
        var present: [UInt8]?
        if case .key(let key) = pointee.route.pointee.keyPointer?.pointee.scan(message, scratch: scratch) {
            present = Array(key)
        }
        switch write.pointee.plan.newGrayKey(in: message, scratch: scratch) {
        case nil, .missing: return true
        case .key(let key):
            if let present, present.elementsEqual(key) { return true }
            refuse(.immutableKey(path: "\(new[0].path)"))
        case let fault?: refuse(fault, of: new, "the new gray key")
        }
        return false
    }

    /// A write of several records goes to one side as it is; nothing of it is written on both (decision 0018).
    private func decideSeveral(
        _ message: UnsafeRawBufferPointer, _ element: ElementPlan, _ key: KeyPlan,
        _ switches: UnsafePointer<MigrationSwitches>
    ) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer else { return }
        let held = worker.heldSwitches(of: plan.pointee.migrationIndex)
        let standing = element.standing(
            of: message, key, switches, held: held, scratch: worker.pointee.keyScratch,
            pinned: pinnedStage(ofElement:))
        decideSeveral(message, element, standing, switches)
    }

    private func decideSeveral(
        _ message: UnsafeRawBufferPointer, _ element: ElementPlan, _ standing: ElementPlan.Standing,
        _ switches: UnsafePointer<MigrationSwitches>
    ) {
        switch standing {
        case .noRecord: decide(switches.pointee.stageOfPassThrough, switches, message)
        case .stage(_, isMoving: true): waitForChange()
        case .stage(let stage, isMoving: false):
            if stage.isDouble { return refuse(.severalRecords(stage)) }
            if isBeingMoved(message) { return refuse(.keyMoving) }
            joinPinned(message, at: stage)
            decide(stage, switches, message)
        case .mixed(let one, let other): refuse(.mixedStages(one, other))
        case .keyMissing(let component):
            refuse(.missingKey("the gray key of an element", path: "\(element.field).\(keyPath(component))"))
        case .keyTooLong(let component):
            refuse(.malformedMessage("the gray key, field \(element.field).\(keyPath(component)), is too long"))
        case .unreadable(let fault): refuse(.malformedMessage("field \(element.field) cannot be read: \(fault)"))
        }
    }

    /// False where the write is of one record.
    private func decideSeveral(
        _ message: UnsafeRawBufferPointer, at stage: Stage, _ switches: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        guard let element = pointee.route.pointee.writePointer?.pointee.plan.element else { return false }
        let standing = element.standing(of: message, at: stage, pinned: pinnedStage(ofElement:))
        decideSeveral(message, element, standing, switches)
        return true
    }

    func waitForChange() {
        guard let plan = pointee.route.pointee.planPointer else { return }
        pointee.phase = .waiting
        pointee.waitingPlace = pointee.worker.wait(self, plan.pointee.migrationIndex)
    }

    /// The gray key that an update gives its record, if it does. False, and refused, where it cannot be read.
    private func readNewGrayKey(_ message: UnsafeRawBufferPointer, into keys: inout WriteGrayKeys) -> Bool {
        guard let write = pointee.route.pointee.writePointer, let plan = write.pointee.plan.newGrayKey
        else { return true }
        switch write.pointee.plan.newGrayKey(in: message, scratch: pointee.worker.pointee.keyScratch) {
        case .key(let key): keys.next = Array(key)
        case nil, .missing: break
        case let fault?:
            refuse(fault, of: plan, "the new gray key")
            return false
        }
        return true
    }

    func keyPath(_ component: Int) -> String {
        pointee.route.pointee.keyPointer.map { $0.pointee[component].path.description } ?? "?"
    }

    /// One side has all say, or is asked first.
    ///
    /// - Parameter message: nil where it has not been read.
    func decide(
        _ stage: Stage, _ switches: UnsafePointer<MigrationSwitches>, _ message: UnsafeRawBufferPointer? = nil
    ) {
        guard let plan = pointee.route.pointee.planPointer else { return }
        if plan.pointee.kind.isWrite, mayBeMoving(unread: message) { return refuse(.keyMoving) }
        pointee.stage = stage
        pointee.epoch = switches.pointee.epoch
        if plan.pointee.kind.isWrite {
            writeBegins(read: message)
        } else if plan.pointee.kind != .passThrough {
            pointee.generation = pointee.worker.queryDecided(plan.pointee.migrationIndex)
        }
        pointee.machine = SingleQuery(
            stage: stage, grayFallback: plan.pointee.grayFallback && plan.pointee.kind == .singleQuery)
        if pointee.route.pointee.recordsPointer != nil, let message {
            return askStores(Array(message), pointee.machine)
        }
        if pointee.deadline == 0, stage != .old, plan.pointee.timeoutNanoseconds > 0 {
            setDeadline(plan.pointee.timeoutNanoseconds)
        }
        if plan.pointee.kind == .singleQuery {
            pointee.client.retainBody(upTo: pointee.worker.pointee.limits.messageBytes + GRPCPrefix.byteCount)
        }
        perform(pointee.machine.start())
    }
}
