import Compression
import EventLoop
import HTTP2
import Migration
import WireFormat

/// One call between a client's stream and the streams ("legs") on which the sides are asked. Pooled, one a client
/// stream.
///
///     receiving --message complete--> asking --reply--> answering --both streams closed--> recycled
///     receiving --key not needed----> asking
///     any of them --refused, deadline, client gone--> over --both streams closed--> recycled
///
/// Which side is asked and whose reply counts is `SingleQuery`'s to say; this is the shell that carries it out.
struct Call {
    enum Phase: UInt8 {
        /// The gray key is needed and the message is not complete.
        case receiving
        /// A connection or the leg's reply is awaited, or the reply is held until it is known to be the answer.
        case asking
        /// The leg's reply goes to the client as it comes.
        case answering
        /// A write whose key is moving waits for the end of the change.
        case waiting
        /// An operation asks the sides.
        case operating
        /// The client has its answer or is gone; streams are still to close, or an operation still runs.
        case over
    }

    let worker: WorkerPointer
    /// Text of the metadata that the sidecar adds; must live until the leg is closed.
    let scratch: UnsafeMutablePointer<UInt8>
    var timer: Timer
    var phase = Phase.receiving
    var client: StreamPointer
    /// Nil once the client's stream is closed.
    var connection: ClientConnectionPointer?
    var route: UnsafePointer<Route>
    var machine = SingleQuery(stage: .old, grayFallback: false)
    var side = Side.old
    var stage: Stage?
    var epoch: UInt64 = 0
    /// Of the worker's running queries; nil before a query is decided, once it is over, and for what is no query.
    var generation: UInt32?
    /// What it is as a write of one side.
    var write = OneSidedWrite.none
    /// What its request says of its records, where that is not read again and again: there may be many, or the message
    /// is compressed.
    var named: NamedRecords?
    /// The records by which it counts, once it does.
    var counted: CountedWrite?
    /// The message of what waits to be decided anew, where the client's stream does not hold it any more.
    var message: [UInt8]?
    /// Its place in the line of what waits for the end of a change.
    var waitingPlace = 0

    var leg: Leg
    /// The first side's reply, *absent*, while the other side is asked.
    var held: StreamPointer?
    /// What asks the sides where more is to be done than to hand a request on.
    var operation: (any Operation)?
    /// Bytes of the message that an operation holds, or that waits to be decided anew after it.
    var heldMessage = 0
    var hasRetried = false
    var hasAnswered = false
    /// What the client was told, for metrics; `unknown` until then.
    var status = GRPCStatus.unknown

    var arrivedAt: UInt64 = 0
    var askedAt: UInt64 = 0
    /// How long a side was being asked, until `sidesUntil`; nanoseconds.
    var sideNanoseconds: UInt64 = 0
    var sidesUntil: UInt64 = 0
    /// Monotonic nanoseconds; 0 where there is none.
    var deadline: UInt64 = 0

    /// Link of the free list.
    var next: CallPointer?

    /// The message is needed again: the other side may have to be asked with it, or it tells the records of a write.
    var needsMessage: Bool { phase == .receiving || phase != .answering && machine.holdsReply || write.keepsMessage }

}

typealias CallPointer = UnsafeMutablePointer<Call>

// MARK: - From the client

extension CallPointer {
    /// A request's head is complete: refuse it, or find out what to do with it.
    func begin(_ events: StreamEvents) {
        let worker = pointee.worker
        let head = RequestHead(pointee.client.pointee.fields)
        pointee.route = worker.pointee.routes.pointee.route(for: head.path)
        worker.pointee.counters.callStarted(method: pointee.route.pointee.counterIndex)
        if events.contains(.oversized) { return refuse(.metadataTooLarge(limit: worker.pointee.limits.metadataBytes)) }
        if let refusal = head.refusal { return refuse(refusal) }
        if let timeout = head.timeout { setDeadline(timeout) }
        if pointee.route.pointee.entitiesPointer != nil {
            if head.hasForeignEncoding { return refuse(.compressedMessage) }
            return pointee.client.retainBody(upTo: worker.pointee.limits.messageBytes + GRPCPrefix.byteCount)
        }
        guard let plan = pointee.route.pointee.planPointer else {
            worker.note(unnamed: head.path)
            return refuse(.unknownMethod)
        }
        guard let switches = worker.switches(of: plan.pointee.migrationIndex) else { return refuse(.noSwitches) }
        let isUndeclared = plan.pointee.kind == .passThrough && plan.pointee.effect == .undeclared
        if isUndeclared, !takes(undeclared: head, plan, switches) { return }
        if let stage = situation(plan, switches).stageAtHead { return decide(stage, switches) }
        if head.hasForeignEncoding { return forwardUnread(or: .compressedMessage) }
        // Kept whole: the other side may have to be asked with it too.
        pointee.client.retainBody(upTo: worker.pointee.limits.messageBytes + GRPCPrefix.byteCount)
    }

    /// Notes a call of a method that the configuration does not list. False, and refused, where its path is no method's
    /// name and keys are enrolled: a side might read it as a method that it is not routed as.
    private func takes(
        undeclared head: RequestHead, _ plan: UnsafePointer<CallPlan>, _ switches: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        if switches.pointee.stageWithoutKey != .old, !head.namesMethod {
            refuse(.noMethodName)
            return false
        }
        let worker = pointee.worker
        if pointee.route == worker.pointee.routes.pointee.unmatchedRoute {
            worker.note(unnamed: head.path)
        } else {
            worker.note(unlisted: head.path, plan)
        }
        return true
    }

    /// More of the request came, or its end, or the end of the client.
    func clientProgressed(_ events: StreamEvents) {
        if events.contains(.closed) { return clientClosed() }
        if let refusal = refusalOfTrailers(events) { return refuse(refusal) }
        switch pointee.phase {
        case .receiving:
            if holdsTooMuch { return refuse(.buffersFull) }
            pointee.client.creditAll()
            readMessage()
        case .asking, .answering:
            if holdsTooMuch { return refuse(.buffersFull) }
            pointee.leg.stream?.resume()
        case .waiting: if holdsTooMuch { refuse(.buffersFull) }
        case .operating, .over: break
        }
    }

    private func refusalOfTrailers(_ events: StreamEvents) -> Refusal? {
        guard events.contains(.end), pointee.phase != .over else { return nil }
        if events.contains(.oversized) { return .metadataTooLarge(limit: pointee.worker.pointee.limits.metadataBytes) }
        let trailers = pointee.client.pointee.trailers
        return trailers.isEmpty ? nil : RequestHead.refusal(ofTrailers: trailers)
    }

    /// The client's stream is closed: answered, reset by the client, or lost with its connection.
    func clientClosed() {
        guard pointee.connection != nil else { return }
        writeGivenUp()
        if !pointee.client.pointee.hasSentEnd {
            pointee.status = .cancelled
            pointee.worker.pointee.counters.add(.clientCancellations)
        }
        leaveConnection()
        end()
        cancelLeg()
        // An operation may have to go on; the call is its to finish.
        if let operation = pointee.operation { operation.clientLeft() } else { finishIfClosed() }
    }

    /// The change that the write waited for has been made, or taken back.
    func holdEnded(refused: Bool) {
        guard pointee.phase == .waiting else { return }
        // Not in the worker's list any more.
        if let operation = pointee.operation {
            pointee.phase = .operating
            return operation.holdEnded(refused: refused)
        }
        pointee.phase = .receiving
        if refused { return refuse(.keyMoving) }
        readMessage()
    }

    func setDeadline(_ timeout: UInt64) {
        let (deadline, overflow) = pointee.arrivedAt.addingReportingOverflow(timeout)
        pointee.deadline = overflow ? .max : deadline
        pointee.worker.pointee.loop.arm(timerPointer, at: pointee.deadline)
    }

    func clearDeadline() {
        pointee.deadline = 0
        pointee.worker.pointee.loop.disarm(timerPointer)
    }

    var timerPointer: UnsafeMutablePointer<Timer> {
        withUnsafeMutablePointer(to: &pointee.timer) { $0 }
    }

    func deadlinePassed() {
        guard pointee.phase != .over else { return }
        let operation = pointee.operation
        refuse(.deadlinePassed)
        operation?.deadlinePassed()
    }

    /// Whether too much waits even without what is kept for second tries that only a refused stream would need.
    var holdsTooMuch: Bool {
        guard isOverBuffer, let connection = pointee.connection else { return false }
        connection.giveUpSecondTries()
        return isOverBuffer
    }

    /// Whether more waits for this client than it may make us hold.
    private var isOverBuffer: Bool {
        let worker = pointee.worker
        guard let connection = pointee.connection, let account = pointee.client.pointee.account else { return false }
        let (held, limit) = (account.pointee.bytes, worker.pointee.limits.connectionBuffer)
        // No more than a quarter: then others give way first, so that an upstream that stands still and holds what is
        // sent to it leaves room for the calls to other ones.
        if held > limit / 4, connection.heldBytes > limit { return true }
        let workerLimit = worker.pointee.limits.workerBuffer
        guard held > 1 << 18, worker.pointee.sessions.pointee.buffered.bytes > workerLimit else { return false }
        return worker.heldBytes(ofUpstream: account - connection.pointee.accounts) > workerLimit / 4
    }
}

// MARK: - The end

extension CallPointer {
    /// The sidecar's own answer, or the end of one that has begun.
    func refuse(_ refusal: Refusal) {
        guard pointee.phase != .over else { return }
        let refusal = sentWrite.map(refusal.afterWrite) ?? refusal
        writeGivenUp()
        pointee.status = refusal.status
        if let connection = pointee.connection {
            if pointee.hasAnswered {
                connection.pointee.server.end(pointee.client, with: refusal.trailers)
            } else if case .plainHTTP(let status, let text) = refusal, !isHead {
                let body = "This is Switchover's gRPC port: \(text).\n"
                answer(body, under: refusal.plainHead(status: status, length: body.utf8.count), on: connection)
            } else {
                connection.pointee.server.respond(pointee.client, with: refusal.response)
            }
            pointee.client.discard()
        }
        pointee.hasAnswered = true
        pointee.worker.pointee.counters.refused(refusal.code)
        end()
        cancelLeg()
    }

    /// The side that has been sent a write, as far as is known, and whose word about it has not reached the client.
    private var sentWrite: Side? {
        // The answer is there, and waits for the client or for the end of the batch.
        if pointee.hasAnswered, pointee.route.pointee.planPointer?.pointee.mayWrite == true {
            return pointee.stage?.authority ?? pointee.side
        }
        if let operation = pointee.operation { return operation.sentWrite }
        guard pointee.leg.stream != nil, pointee.route.pointee.planPointer?.pointee.mayWrite == true else { return nil }
        return pointee.side
    }

    /// A peer that does not speak gRPC is told so in the body, where any HTTP client shows it.
    private func answer(_ text: String, under head: LocalFields, on connection: ClientConnectionPointer) {
        let pool = pointee.worker.pointee.sessions
        let source = pool.makeSource()
        Array(text.utf8).withUnsafeBytes { pool.append($0, to: source) }
        pool.finish(source)
        pointee.held = source
        connection.pointee.server.respond(pointee.client, head: head, bodyOf: source)
    }

    /// An answer to HEAD has no body (RFC 9110, 9.3.2).
    private var isHead: Bool {
        pointee.client.pointee.fields.first(.method)?.valueBytes.elementsEqual("HEAD".utf8) ?? false
    }

    func end() {
        let worker = pointee.worker
        if pointee.phase == .waiting, let plan = pointee.route.pointee.planPointer {
            worker.stopWaiting(pointee.waitingPlace, plan.pointee.migrationIndex)
        }
        queryOver()
        if pointee.leg.isQueued { worker.upstream(of: pointee.route, pointee.side).leaveQueue(legPointer) }
        pointee.phase = .over
        worker.pointee.loop.disarm(timerPointer)
    }

    /// A query reads nothing more of any side.
    func queryOver() {
        guard let generation = pointee.generation, let plan = pointee.route.pointee.planPointer else { return }
        pointee.generation = nil
        pointee.worker.queryEnded(plan.pointee.migrationIndex, generation: generation)
    }

    /// A change of the switches would wait for it.
    func cutOff() {
        let operation = pointee.operation
        refuse(.keyMoving)
        operation?.deadlinePassed()
    }

    private func cancelLeg() {
        guard let leg = pointee.leg.stream, let connection = pointee.leg.connection, !leg.pointee.isClosed else {
            return
        }
        connection.cancel(legPointer, leg)
    }

    /// The client's connection must not be named any more: it may be gone before the leg is.
    private func leaveConnection() {
        let pool = pointee.worker.pointee.sessions
        pointee.client.pointee.account?.pointee.bytes -= pointee.heldMessage
        pointee.client.leaveAccount()
        pointee.leg.stream?.leaveAccount()
        pointee.held?.leaveAccount()
        pointee.client.stopRetainingBody(in: pool)
        pointee.connection = nil
    }

    func finishIfClosed() {
        guard pointee.connection == nil, pointee.leg.connection == nil, pointee.operation == nil else { return }
        let worker = pointee.worker
        worker.pointee.loop.disarm(timerPointer)
        worker.pointee.counters.callFinished(
            method: pointee.route.pointee.counterIndex, stage: pointee.stage?.rawValue ?? 5,
            status: pointee.status.rawValue,
            nanoseconds: worker.pointee.loop.pointee.now &- pointee.arrivedAt, sideNanoseconds: pointee.sideNanoseconds
        )
        queryOver()
        writeOver()
        releaseMessage()
        if worker.pointee.accessLog != nil { worker.logAccess(self) }
        let pool = worker.pointee.sessions
        if let leg = pointee.leg.stream { pool.recycle(leg) }
        if let held = pointee.held { pool.recycle(held) }
        pool.recycle(pointee.client)
        worker.recycle(self)
    }
}

/// HTTP/2 error codes that the sidecar sends or looks for (RFC 9113, 7).
enum HTTP2Code {
    static var noError: UInt32 { 0x0 }
    static var refusedStream: UInt32 { 0x7 }
    static var cancel: UInt32 { 0x8 }
    static var enhanceYourCalm: UInt32 { 0xb }
}
