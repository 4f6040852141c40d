import EventLoop
import HTTP2
import Migration
import WireFormat

/// What asks the sides on behalf of a call, where more is to be done than to hand a request on. Belongs to its call's
/// loop.
protocol Operation: AnyObject {
    /// Nothing of it is in anybody's hands any more: the call may forget it.
    var isClosed: Bool { get }
    func clientLeft()
    /// The client has been told so already.
    func deadlinePassed()
}

/// A call whose answer takes more than handing its request on: an operation asks the sides for it.
extension CallPointer {
    /// Begins the write of a record that lives on both sides.
    func operate(_ message: UnsafeRawBufferPointer, _ stage: Stage, _ switches: UnsafePointer<MigrationSwitches>) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer, let write = pointee.route.pointee.writePointer else {
            return refuse(.unknownMethod)
        }
        let recordKey = write.pointee.plan.recordKey
        switch recordKey.scan(message, scratch: worker.pointee.keyScratch) {
        case .key(let key):
            guard let machine = write.pointee.plan.write(plan.pointee.kind, at: stage) else {
                return refuse(.unknownMethod)
            }
            pointee.stage = stage
            pointee.epoch = switches.pointee.epoch
            pointee.phase = .operating
            pointee.generation = worker.callDecided(plan)
            if pointee.deadline == 0 { setDeadline(plan.pointee.timeoutNanoseconds) }
            let lane = LaneTable.Key(migration: plan.pointee.migrationIndex, record: Array(key))
            let operation = WriteOperation(self, machine, lane: lane, message: Array(message), route: write)
            pointee.operation = operation
            operation.start()
        case .missing(let component): refuse(.missingRecordKey(path: recordKey[component].path.description))
        case .tooLong(let component):
            refuse(.malformedMessage("the record key, field \(recordKey[component].path), is too long"))
        case .malformed(let component, let offset, let fault):
            refuse(.unreadableField(recordKey[component].path.description, fault, at: offset))
        }
    }

    /// One side or both, as the request's gray key says; without one, as far as rows may be on either.
    func decideMultiQuery(_ message: UnsafeRawBufferPointer, _ switches: UnsafePointer<MigrationSwitches>) {
        let scan = pointee.route.pointee.keyPointer?.pointee.scan(message, scratch: pointee.worker.pointee.keyScratch)
        switch scan {
        case .key(let key):
            let stage = switches.pointee.stage(key: key)
            if stage == .dualOld || stage == .dualNew { return query(message, .both(stage), [], switches) }
            decide(stage, switches)
        case nil, .missing:
            // While no key is read from new, whoever names none is not to suffer from new.
            let mayMiss: SideSet = switches.pointee.gray.isNone ? .new : []
            query(message, .both(switches.pointee.stageWithoutKey), mayMiss, switches)
        case .tooLong(let component):
            refuse(.malformedMessage("the gray key, field \(keyPath(component)), is too long"))
        case .malformed(let component, let offset, let fault):
            refuse(.unreadableField(keyPath(component), fault, at: offset))
        }
    }

    private func query(
        _ message: UnsafeRawBufferPointer, _ sides: MultiQuery.Sides, _ mayMiss: SideSet,
        _ switches: UnsafePointer<MigrationSwitches>
    ) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer, let query = pointee.route.pointee.queryPointer,
            let snapshot = worker.pointee.snapshots.current
        else { return refuse(.noSwitches) }
        if case .both(let stage) = sides { pointee.stage = stage }
        pointee.epoch = switches.pointee.epoch
        pointee.phase = .operating
        pointee.generation = worker.callDecided(plan)
        if pointee.deadline == 0 { setDeadline(plan.pointee.timeoutNanoseconds) }
        let operation = QueryOperation(
            self, sides, mayMiss: mayMiss, route: query, switches: switches, keeping: snapshot)
        pointee.operation = operation
        operation.start(Array(message))
    }

    /// The sidecar's own message is the answer.
    ///
    /// - Parameter missing: the side whose say is missing from it.
    func answer(message: [UInt8], partial missing: Side?, compresses: Bool) {
        guard let connection = pointee.connection, pointee.phase == .operating else { return }
        let pool = pointee.worker.pointee.sessions
        let source = pool.makeSource()
        let compressed = compresses ? try? pointee.worker.pointee.coder.deflate(message) : nil
        pool.append(message: compressed ?? message, isCompressed: compressed != nil, to: source)
        let partial = missing.map { [(name: "switchover-partial", value: "\($0.name)")] } ?? []
        pool.finish(source, trailers: LocalFields([(name: "grpc-status", value: "0")] + partial))
        pointee.phase = .answering
        pointee.hasAnswered = true
        pointee.status = .ok
        pointee.held = source
        pointee.client.stopRetainingBody(in: pool)
        let encoding = compressed == nil ? [] : [(name: "grpc-encoding", value: "gzip")]
        let head = [(name: ":status", value: "200"), (name: "content-type", value: "application/grpc")] + encoding
        connection.pointee.server.respond(pointee.client, head: LocalFields(head), bodyOf: source)
    }

    /// The reply of a side is the answer, whole.
    func answer(whole reply: StreamPointer) {
        guard pointee.connection != nil, pointee.phase == .operating else {
            return pointee.worker.pointee.sessions.recycle(reply)
        }
        pointee.held = reply
        answer(with: reply)
    }

    /// The operation, or one of its streams, has come to its end.
    func operationProgressed() {
        guard let operation = pointee.operation, operation.isClosed else { return }
        pointee.operation = nil
        finishIfClosed()
    }
}
