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
    /// Of the worker's running calls; nil before the call is decided, and where nobody counts it.
    var generation: UInt32?

    var leg: Leg
    /// The first side's reply, *absent*, while the other side is asked.
    var held: StreamPointer?
    /// What asks the sides where more is to be done than to hand a request on.
    var operation: (any Operation)?
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

    /// The other side may have to be asked with the same message.
    var mayAskAgain: Bool { phase == .receiving || phase != .answering && machine.holdsReply }

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
        guard let plan = pointee.route.pointee.planPointer else { return refuse(.unknownMethod) }
        guard let switches = worker.switches(of: plan.pointee.migrationIndex) else { return refuse(.noSwitches) }
        if plan.pointee.kind == .passThrough {
            if plan.pointee.effect == .undeclared, pointee.route != worker.pointee.routes.pointee.unmatchedRoute {
                worker.note(unlisted: head.path, plan)
            }
            return decide(switches.pointee.stageOfPassThrough, switches)
        }
        if let stage = switches.pointee.stageWithoutKey, !mustRead(plan, stage) { return decide(stage, switches) }
        if head.hasForeignEncoding { return refuse(.compressedMessage) }
        // Kept whole: the other side may have to be asked with it too.
        pointee.client.retainBody(upTo: worker.pointee.limits.messageBytes + GRPCPrefix.byteCount)
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

    /// Whether a call that has the same stage whatever its key must be read all the same.
    private func mustRead(_ plan: UnsafePointer<CallPlan>, _ stage: Stage) -> Bool {
        if plan.pointee.kind == .multiQuery { return stage == .dualOld || stage == .dualNew || readsToken(at: stage) }
        guard plan.pointee.kind.isWrite else { return false }
        return plan.pointee.isAlwaysRead || mustOperate(plan, stage)
    }

    /// Whether a write that has the same stage whatever its key is more than one side's.
    private func mustOperate(_ plan: UnsafePointer<CallPlan>, _ stage: Stage) -> Bool {
        guard plan.pointee.kind.isWrite else { return false }
        return stage.isDouble || pointee.worker.heldSwitches(of: plan.pointee.migrationIndex) != nil
    }

    /// A page token of both sides is not for one of them to read (`walk-interrupted`); at stage `old` nothing is read.
    func readsToken(at stage: Stage) -> Bool {
        guard stage != .old, let query = pointee.route.pointee.queryPointer else { return false }
        return query.pointee.plan.rows.paging.tokens == .opaque
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
        pointee.phase = .receiving
        if refused { return refuse(.keyMoving) }
        readMessage()
    }

    private func readMessage() {
        let body = pointee.client.pointee.body.bytes
        let limit = pointee.worker.pointee.limits.messageBytes
        guard body.count >= GRPCPrefix.byteCount else {
            if pointee.client.pointee.hasEnded { refuse(.malformedMessage("the request ends before its message")) }
            return
        }
        guard case .prefix(let prefix) = GRPCPrefix.parse(body) else {
            return refuse(.malformedMessage("the message's compression flag is not 0 or 1"))
        }
        if prefix.length > limit { return refuse(.messageTooLarge(limit: limit)) }
        let length = Int(prefix.length)
        if body.count > GRPCPrefix.byteCount + length {
            return refuse(.malformedMessage("this method takes one message"))
        }
        guard pointee.client.pointee.hasEnded else { return }
        guard body.count == GRPCPrefix.byteCount + length else {
            return refuse(.malformedMessage("the request ends within its message"))
        }
        let message = UnsafeRawBufferPointer(rebasing: body[GRPCPrefix.byteCount...])
        if prefix.isCompressed { inflate(message, limit: limit) } else { decideByKey(message) }
    }

    /// Reads a compressed message; what is handed on stays as it came.
    private func inflate(_ message: UnsafeRawBufferPointer, limit: Int) {
        guard pointee.client.pointee.fields.tokens.contains(.grpcEncoding) else { return refuse(.compressedMessage) }
        let inflated: [UInt8]
        do throws(GzipFault) {
            inflated = try pointee.worker.pointee.coder.inflate(message, limit: limit)
        } catch {
            if case .tooLong = error { return refuse(.messageTooLarge(limit: limit)) }
            return refuse(.malformedMessage("the message is marked as compressed: \(error)"))
        }
        inflated.withUnsafeBytes { decideByKey($0) }
    }

    private func decideByKey(_ message: UnsafeRawBufferPointer) {
        let worker = pointee.worker
        if let entities = pointee.route.pointee.entitiesPointer, !chooseEntity(entities, message) { return }
        guard let plan = pointee.route.pointee.planPointer,
            let switches = worker.switches(of: plan.pointee.migrationIndex)
        else { return refuse(.noSwitches) }
        if plan.pointee.kind == .multiQuery { return decideMultiQuery(message, switches) }
        if plan.pointee.isAlwaysRead, !keepsGrayKey(message) { return }
        if pointee.route.pointee.recordsPointer != nil, let stage = switches.pointee.stageWithoutKey,
            !mustOperate(plan, stage)
        {
            return decide(stage, switches, message)
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
        guard let new = pointee.route.pointee.writePointer?.pointee.plan.newGrayKey else { return true }
        let scratch = pointee.worker.pointee.keyScratch
        var present: [UInt8]?
        if case .key(let key) = pointee.route.pointee.keyPointer?.pointee.scan(message, scratch: scratch) {
            present = Array(key)
        }
        switch new.scan(message, scratch: scratch) {
        case .missing: return true
        case .key(let key):
            if let present, present.elementsEqual(key) { return true }
            refuse(.immutableKey(path: "\(new[0].path)"))
        case let fault: refuse(fault, of: new, "the new gray key")
        }
        return false
    }

    /// - Parameter key: the gray key, of the request or of the record that it names.
    func decide(key: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer,
            let switches = worker.switches(of: plan.pointee.migrationIndex)
        else { return refuse(.noSwitches) }
        worker.sample(key, of: plan)
        let stage = switches.pointee.stage(key: key)
        guard plan.pointee.kind.isWrite else { return decide(stage, switches, message) }
        let held = worker.heldSwitches(of: plan.pointee.migrationIndex)
        // Where that key lies may be written over from here on.
        var isMoving = held.map { $0.pointee.stage(key: key) != stage } ?? false
        var next = stage
        if let plan = pointee.route.pointee.writePointer?.pointee.plan.newGrayKey {
            switch plan.scan(message, scratch: worker.pointee.keyScratch) {
            case .key(let newKey):
                next = switches.pointee.stage(key: newKey)
                if let held, held.pointee.stage(key: newKey) != next { isMoving = true }
            case .missing: break
            case let fault: return refuse(fault, of: plan, "the new gray key")
            }
        }
        if isMoving {
            pointee.phase = .waiting
            return worker.wait(self)
        }
        if stage.isDouble || next != stage { return operate(message, stage, next, switches) }
        decide(stage, switches, message)
    }

    func keyPath(_ component: Int) -> String {
        pointee.route.pointee.keyPointer.map { $0.pointee[component].path.description } ?? "?"
    }

    /// - Parameter message: of a call on stores, which must be read whatever its stage is.
    func decide(
        _ stage: Stage, _ switches: UnsafePointer<MigrationSwitches>, _ message: UnsafeRawBufferPointer? = nil
    ) {
        guard let plan = pointee.route.pointee.planPointer else { return }
        pointee.stage = stage
        pointee.epoch = switches.pointee.epoch
        if plan.pointee.kind != .passThrough { pointee.generation = pointee.worker.callDecided(plan) }
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

    func setDeadline(_ timeout: UInt64) {
        let (deadline, overflow) = pointee.arrivedAt.addingReportingOverflow(timeout)
        pointee.deadline = overflow ? .max : deadline
        pointee.worker.pointee.loop.arm(timerPointer, at: pointee.deadline)
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
    private var holdsTooMuch: Bool {
        guard isOverBuffer, let connection = pointee.connection else { return false }
        connection.giveUpSecondTries()
        return isOverBuffer
    }

    /// Whether more waits for this client than it may make us hold.
    private var isOverBuffer: Bool {
        let worker = pointee.worker
        guard let connection = pointee.connection else { return false }
        let held = connection.pointee.account.bytes
        if held > worker.pointee.limits.connectionBuffer { return true }
        // The worker as a whole is short: those who hold much give way.
        return worker.pointee.sessions.pointee.buffered.bytes > worker.pointee.limits.workerBuffer && held > 1 << 18
    }
}

// MARK: - To the sides

extension CallPointer {
    func perform(_ action: SingleQuery.Action) {
        switch action {
        case .ask(let side): ask(side)
        case .answer(let side): answer(with: side == pointee.side ? pointee.leg.stream : pointee.held)
        case .answerUnmigrated:
            count(.unmigratedReads)
            answer(with: pointee.leg.stream)
        case .fail(let side, .unreachable): refuse(.sideUnreachable(side, reasonUnreachable(side)))
        case .fail(let side, .failed(let status)): refuse(.sideFailed(side, status))
        case .ignore: break
        }
    }

    private func reasonUnreachable(_ side: Side) -> String {
        let upstream = pointee.worker.upstream(of: pointee.route, side)
        return upstream.pointee.schedule.failures > 0 ? upstream.pointee.reason : "the connection was lost"
    }

    private func ask(_ side: Side) {
        if let first = pointee.leg.stream {
            guard pointee.client.pointee.body.isWhole else {
                return refuse(.messageTooLarge(limit: pointee.worker.pointee.limits.messageBytes))
            }
            pointee.held = first
            pointee.leg.stream = nil
            pointee.client.rewindBody()
            count(.absentFallbacks)
        }
        pointee.side = side
        pointee.phase = .asking
        pointee.askedAt = pointee.worker.pointee.loop.pointee.now
        pointee.worker.upstream(of: pointee.route, side).take(legPointer)
    }

    /// There is no connection to the side, and will not be soon.
    func sideUnreachable() {
        legFinished(.unavailable)
        perform(pointee.machine.replied(.unreachable))
    }

    /// Too many calls wait for a connection to the side.
    func queueFull() { refuse(.queueFull(pointee.side)) }

    var legPointer: LegPointer { withUnsafeMutablePointer(to: &pointee.leg) { $0 } }

    /// Opens the leg on a connection that has room.
    func send(on connection: UpstreamConnectionPointer) {
        let worker = pointee.worker
        writeRequest(&worker.pointee.sessions.pointee.writer)
        guard let leg = connection.client.request(bodyOf: pointee.client) else {
            connection.leave()
            return worker.upstream(of: pointee.route, pointee.side).take(legPointer)
        }
        leg.pointee.owner = UnsafeMutableRawPointer(legPointer)
        if let client = pointee.connection { leg.enterAccount(client.accountPointer) }
        pointee.leg.stream = leg
        pointee.leg.connection = connection
    }

    private func writeRequest(_ writer: inout HeaderWriter) {
        let head = RequestHeadWriter(
            fields: pointee.client.pointee.fields, deadline: pointee.deadline, arrivedAt: pointee.arrivedAt,
            epoch: pointee.epoch, stage: pointee.stage)
        head.write(&writer, now: pointee.worker.pointee.loop.pointee.now, scratch: pointee.scratch)
    }
}

// MARK: - From the sides

extension CallPointer {
    /// The leg has news.
    func legProgressed(_ leg: StreamPointer, _ events: StreamEvents) {
        if events.contains(.closed) { legClosed(leg) }
        guard pointee.phase == .asking || pointee.phase == .answering else { return finishIfClosed() }
        if events.contains(.oversized) {
            return refuse(.metadataTooLarge(limit: pointee.worker.pointee.limits.metadataBytes))
        }
        if pointee.phase == .answering {
            pointee.client.resume()
            if leg.pointee.isClosed, !leg.pointee.hasEnded { return replyBroken(leg) }
            if leg.pointee.hasEnded { pointee.status = Reply.status(of: leg) }
            if holdsTooMuch { return refuse(.buffersFull) }
        } else if pointee.machine.holdsReply {
            hold(leg)
        } else if leg.pointee.isHeadComplete {
            answer(with: leg)
        } else if leg.pointee.isClosed {
            replyBroken(leg)
        }
        finishIfClosed()
    }

    /// A reply that may turn out not to be the answer waits until it is complete and its stream closed.
    private func hold(_ leg: StreamPointer) {
        let plan = pointee.route.pointee.planPointer
        guard leg.pointee.isClosed else {
            leg.creditAll()
            if holdsTooMuch { return refuse(.buffersFull) }
            // An answer before the request's end; its stream is to be closed before another side is asked.
            if leg.pointee.hasEnded { pointee.leg.connection?.reset(legPointer, leg) }
            // Larger than any message that says *absent*: it is the answer.
            if leg.pointee.body.count > pointee.worker.pointee.limits.messageBytes { answer(with: leg) }
            return
        }
        if leg.pointee.hasEnded {
            let status = Reply.status(of: leg)
            let outcome = plan.map { $0.pointee.outcome(of: status) } ?? .failed(status)
            return perform(pointee.machine.replied(outcome))
        }
        if retry(leg) { return }
        let outcome: SingleQuery.Outcome =
            leg.pointee.session == nil ? .unreachable : .failed(GRPCStatus(http2ErrorCode: leg.pointee.errorCode))
        perform(pointee.machine.replied(outcome))
    }

    /// A reply that ended without its end: tried again where the side has provably not seen the call, else passed on.
    private func replyBroken(_ leg: StreamPointer) {
        if retry(leg) { return }
        if leg.pointee.session == nil { return refuse(.sideUnreachable(pointee.side, "the connection was lost")) }
        forwardReset(leg)
    }

    /// Refused streams, and those above GOAWAY's last id, were not processed (RFC 9113, 8.7).
    private func retry(_ leg: StreamPointer) -> Bool {
        guard leg.pointee.errorCode == HTTP2Code.refusedStream, leg.pointee.session != nil, !leg.pointee.isHeadComplete,
            !pointee.hasRetried, pointee.client.pointee.body.isWhole
        else { return false }
        pointee.hasRetried = true
        pointee.worker.pointee.counters.add(.retries)
        pointee.leg.stream = nil
        pointee.worker.pointee.sessions.recycle(leg)
        pointee.client.rewindBody()
        pointee.worker.upstream(of: pointee.route, pointee.side).take(legPointer)
        return true
    }

    /// The reply of `leg` is the answer, complete or as it comes.
    func answer(with leg: StreamPointer?) {
        guard let leg, let connection = pointee.connection else { return }
        guard leg.pointee.isHeadComplete else { return forwardReset(leg) }
        pointee.phase = .answering
        pointee.hasAnswered = true
        if leg.pointee.hasEnded { pointee.status = Reply.status(of: leg) }
        pointee.client.stopRetainingBody(in: pointee.worker.pointee.sessions)
        connection.pointee.server.respond(pointee.client, with: leg)
        if leg.pointee.isClosed, !leg.pointee.hasEnded { forwardReset(leg) }
    }

    private func forwardReset(_ leg: StreamPointer) {
        pointee.status = GRPCStatus(http2ErrorCode: leg.pointee.errorCode)
        pointee.client.reset(leg.pointee.errorCode)
        end()
    }

    private func legClosed(_ leg: StreamPointer) {
        guard let connection = pointee.leg.connection, leg == pointee.leg.stream else { return }
        connection.legClosed(legPointer)
        pointee.leg.connection = nil
        let lost: GRPCStatus =
            leg.pointee.session == nil ? .unavailable : GRPCStatus(http2ErrorCode: leg.pointee.errorCode)
        legFinished(leg.pointee.hasEnded ? Reply.status(of: leg) : lost)
    }

    private func legFinished(_ status: GRPCStatus) {
        let worker = pointee.worker
        sideAnswered(askedAt: pointee.askedAt)
        worker.pointee.counters.legFinished(
            method: pointee.route.pointee.counterIndex, side: pointee.side.rawValue, status: status.rawValue,
            nanoseconds: worker.pointee.loop.pointee.now &- pointee.askedAt
        )
    }
}

// MARK: - The end

extension CallPointer {
    /// The sidecar's own answer, or the end of one that has begun.
    func refuse(_ refusal: Refusal) {
        guard pointee.phase != .over else { return }
        pointee.status = refusal.status
        if let connection = pointee.connection {
            if pointee.hasAnswered {
                connection.pointee.server.end(pointee.client, with: refusal.trailers)
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

    private func end() {
        let worker = pointee.worker
        if pointee.phase == .waiting { worker.stopWaiting(self) }
        if pointee.leg.isQueued { worker.upstream(of: pointee.route, pointee.side).leaveQueue(legPointer) }
        pointee.phase = .over
        worker.pointee.loop.disarm(timerPointer)
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
        if let generation = pointee.generation, let plan = pointee.route.pointee.planPointer {
            worker.callEnded(plan, generation: generation)
        }
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
