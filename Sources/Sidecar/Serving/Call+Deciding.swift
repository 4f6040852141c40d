import Compression
import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// How a call is decided: its message is read where that matters, its key found, and the switches asked.
extension CallPointer {
    /// Whether a call that has this stage whatever its key must be read all the same.
    func mustRead(_ plan: UnsafePointer<CallPlan>, at stage: Stage) -> Bool {
        isReadForItsAnswer(plan, at: stage)
            || plan.pointee.kind.isWrite && pointee.worker.pointee.switches[plan.pointee.migrationIndex].readsWrites
            || plan.pointee.hasOpaqueTokens && hasGivenTokens(plan.pointee.migrationIndex)
    }

    /// Whether page tokens of both sides may be about: some key was enrolled, as far as the switches tell. Where they
    /// never were anything but `idle`, old alone has given tokens.
    private func hasGivenTokens(_ migration: Int) -> Bool {
        guard let switches = pointee.worker.switches(of: migration) else { return false }
        return switches.pointee.phase != .idle || switches.pointee.epoch > 1
    }

    /// Whether some record of the method's entity is pinned.
    private func hasPins(_ plan: UnsafePointer<CallPlan>) -> Bool {
        pointee.worker.hasPins(plan.pointee.migrationIndex)
            && pointee.worker.pointee.records.pins.isAny(
                of: plan.pointee.migrationIndex, entity: plan.pointee.entityIndex)
    }

    /// Whether what is to be done depends on the message. Else it is read for the record table's sake alone, and may be
    /// forwarded unread where it cannot be.
    private func isReadForItsAnswer(_ plan: UnsafePointer<CallPlan>, at stage: Stage) -> Bool {
        let migration = plan.pointee.migrationIndex
        if hasPins(plan), plan.pointee.kind != .singleQuery || pointee.route.pointee.hasRecordKey {
            return true
        }
        return plan.pointee.mustRead(at: stage, isHeld: pointee.worker.heldSwitches(of: migration) != nil)
    }

    /// A message that cannot be read: the call goes on as it is where nothing depends on it, else it is refused.
    func forwardUnread(or refusal: Refusal) {
        guard let plan = pointee.route.pointee.planPointer, pointee.route.pointee.recordsPointer == nil,
            let switches = pointee.worker.switches(of: plan.pointee.migrationIndex),
            let stage = switches.pointee.stageWithoutKey, !isReadForItsAnswer(plan, at: stage)
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
        if let element = pointee.route.pointee.writePointer?.pointee.plan.element, let key = element.grayKey {
            return decideSeveral(message, element, key, switches)
        }
        if plan.pointee.isAlwaysRead, !keepsGrayKey(message) { return }
        if plan.pointee.kind.isWrite {
            switch switches.pointee.forAllKeys(held: worker.heldSwitches(of: plan.pointee.migrationIndex)) {
            case .stage(let stage):
                let grayKey = pointee.route.pointee.keyPointer?.pointee.key(
                    in: message, scratch: worker.pointee.keyScratch)
                var keys = WriteGrayKeys(present: grayKey)
                guard readNewGrayKey(message, into: &keys) else { return }
                return route(stage, stage, message, switches, keys)
            case .moving: return waitForChange()
            case .byKey: break
            }
        } else if let stage = switches.pointee.stageWithoutKey {
            // Read for the pins' sake, or since its records are in stores.
            return decide(self.stage(of: message, bySwitches: stage), switches, message)
        }
        guard let key = pointee.route.pointee.keyPointer else { return refuse(.noSwitches) }
        switch key.pointee.scan(message, scratch: worker.pointee.keyScratch) {
        case .key(let key): decide(key: key, message)
        case .missing(let component):
            if !findByRecordKey(message, switches) {
                refuse(.missingKey("the gray key", path: keyPath(component)))
            }
        case let fault: refuse(fault, of: key.pointee, "the gray key")
        }
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

    func waitForChange() {
        guard let plan = pointee.route.pointee.planPointer else { return }
        pointee.phase = .waiting
        pointee.waitingPlace = pointee.worker.wait(self, plan.pointee.migrationIndex)
    }

    /// - Parameter key: the gray key, of the request or of the record that it names; nil where the record has none.
    func decide(key: UnsafeRawBufferPointer?, _ message: UnsafeRawBufferPointer) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer,
            let switches = worker.switches(of: plan.pointee.migrationIndex)
        else { return refuse(.noSwitches) }
        if let key { worker.sample(key, of: plan) }
        let stage = switches.pointee.stage(ofKey: key)
        guard plan.pointee.kind.isWrite else {
            return decide(self.stage(of: message, bySwitches: stage), switches, message)
        }
        let held = worker.heldSwitches(of: plan.pointee.migrationIndex)
        // Where that key lies may be written over from here on.
        var keys = WriteGrayKeys(present: key.map { Array($0) }, hasNone: key == nil)
        var isMoving = held.map { $0.pointee.stage(ofKey: key) != stage } ?? false
        var next = stage
        guard readNewGrayKey(message, into: &keys) else { return }
        if let newKey = keys.next {
            next = newKey.withUnsafeBytes { switches.pointee.stage(key: $0) }
            if let held, newKey.withUnsafeBytes({ held.pointee.stage(key: $0) }) != next { isMoving = true }
        }
        if isMoving { return waitForChange() }
        route(stage, next, message, switches, keys)
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

    /// A write whose stage is known goes to one side at once; where both are written, it takes its record's lane.
    ///
    /// - Parameter next: the stage of the gray key that the record has after it.
    private func route(
        _ stage: Stage, _ next: Stage, _ message: UnsafeRawBufferPointer, _ switches: UnsafePointer<MigrationSwitches>,
        _ keys: WriteGrayKeys
    ) {
        if let element = pointee.route.pointee.writePointer?.pointee.plan.element {
            let standing = element.standing(of: message, at: stage, pinned: pinnedStage(ofElement:))
            return decideSeveral(message, element, standing, switches)
        }
        if stage.isDouble || next != stage { return operate(message, keys) }
        switch standing(of: message, at: stage) {
        case .free: decide(stage, switches, message)
        case .joins(let pinned): decide(pinned, switches, message)
        case .queues: operate(message, keys)
        }
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
