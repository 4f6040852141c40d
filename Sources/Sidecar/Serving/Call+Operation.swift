import EventLoop
import HTTP2
import Migration
import WireFormat

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
