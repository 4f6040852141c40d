import EventLoop
import HTTP2
import Migration
import WireFormat

/// For whom a side is asked: what the request says of them, where it is counted, and who hears that it has moved on.
///
/// All of it is read when it is needed, as it is then: an ask may have waited for a connection.
enum AskOrigin {
    /// A client's call, whose operation keeps the ask. The client's own fields are handed on.
    case call(CallPointer)
    /// Nobody's call: work of the sidecar's own, which has a few fields of its own.
    case errand(Errand)

    var worker: WorkerPointer {
        switch self {
        case .call(let call): call.pointee.worker
        case .errand(let errand): errand.worker
        }
    }

    var migration: Int {
        switch self {
        case .call(let call):
            // Operations are made for planned calls only.
            call.pointee.route.pointee.planPointer.unsafelyUnwrapped.pointee.migrationIndex
        case .errand(let errand): errand.migration
        }
    }

    /// When it began, monotonic nanoseconds.
    var arrivedAt: UInt64 {
        switch self {
        case .call(let call): call.pointee.arrivedAt
        case .errand(let errand): errand.begunAt
        }
    }

    var epoch: UInt64 {
        switch self {
        case .call(let call): call.pointee.epoch
        case .errand(let errand): errand.epoch
        }
    }

    var stage: Stage? {
        switch self {
        case .call(let call): call.pointee.stage
        case .errand(let errand): errand.stage
        }
    }

    /// What a client has sent, to be handed on; empty where there is none.
    var clientFields: FieldList {
        switch self {
        case .call(let call): call.pointee.client.pointee.fields
        case .errand: FieldList()
        }
    }

    /// What is sent in its place.
    var ownFields: LocalFields? {
        switch self {
        case .call: nil
        case .errand(let errand): errand.fields
        }
    }

    /// Of all of them, as RFC 9113, 6.5.2 counts them.
    var fieldBytes: Int {
        switch self {
        case .call(let call): call.pointee.client.pointee.fields.bytes
        case .errand(let errand): errand.fields?.bytes ?? 0
        }
    }

    // MARK: - What becomes of the ask

    /// The side has answered, or is not waited for any more.
    func sideAnswered(_ side: Side, _ status: GRPCStatus, askedAt: UInt64) {
        guard case .call(let call) = self else { return }
        let worker = call.pointee.worker
        worker.pointee.counters.legFinished(
            method: call.pointee.route.pointee.counterIndex, side: side.rawValue, status: status.rawValue,
            nanoseconds: worker.pointee.loop.pointee.now &- askedAt)
        call.sideAnswered(askedAt: askedAt)
    }

    func countCancelled(_ side: Side) {
        if case .call(let call) = self { call.countCancelledAsk(of: side) }
    }

    /// An ask that had ended before is closed.
    func askClosed() {
        switch self {
        case .call(let call): call.operationProgressed()
        case .errand(let errand): errand.askClosed()
        }
    }
}
