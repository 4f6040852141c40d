import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// What asks the sides on behalf of a call, where more is to be done than to hand a request on. Belongs to its call's
/// loop.
protocol Operation: AnyObject {
    /// Nothing of it is in anybody's hands any more: the call may forget it.
    var isClosed: Bool { get }
    /// The side that has been asked for a change which it has not said the outcome of.
    var sentWrite: Side? { get }
    /// The request of a write of one side, by which its records are known.
    var oneSidedMessage: [UInt8]? { get }
    func clientLeft()
    /// The client has been told so already.
    func deadlinePassed()
    /// The change that it waited for has been made, or taken back.
    func holdEnded(refused: Bool)
}

extension Operation {
    func holdEnded(refused: Bool) {}
}

extension Operation {
    var sentWrite: Side? { nil }
    var oneSidedMessage: [UInt8]? { nil }
}

/// A call whose answer takes more than handing its request on: an operation asks the sides for it.
extension CallPointer {
    /// Begins a write that takes its record's lane; what it is decided by is known at its turn.
    ///
    /// - Parameter grayKeys: the one that the record has, where it is known, and the one that the update gives it.
    func operate(_ message: UnsafeRawBufferPointer, _ grayKeys: WriteGrayKeys) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer, let write = pointee.route.pointee.writePointer else {
            return refuse(.unknownMethod)
        }
        let recordKey = write.pointee.plan.recordKey
        switch recordKey.scan(message, scratch: worker.pointee.keyScratch) {
        case .key(let key):
            guard hold(message.count, for: .bothSides) else { return }
            pointee.phase = .operating
            let hasClientDeadline = pointee.deadline != 0
            if !hasClientDeadline { setDeadline(plan.pointee.timeoutNanoseconds) }
            let lane = RecordTable.Key(plan, record: Array(key))
            let operation = WriteRunner(
                self, plan.pointee.kind, grayKeys, lane: lane, message: Array(message), route: write,
                hasClientDeadline: hasClientDeadline)
            pointee.operation = operation
            operation.start()
        case let fault: refuse(fault, of: recordKey, "the record key")
        }
    }

    /// One side or both, as the request's gray key says; without one, as far as rows may be on either.
    func decideMultiQuery(_ message: UnsafeRawBufferPointer, _ switches: UnsafePointer<MigrationSwitches>) {
        guard let plan = pointee.route.pointee.planPointer else { return }
        let key = pointee.route.pointee.keyPointer
        let scan = key?.pointee.scan(message, scratch: pointee.worker.pointee.keyScratch)
        var grayKey: [UInt8]?
        let keyOfMany: CallSituation.KeyOfMany
        switch scan {
        case .key(let key):
            grayKey = Array(key)
            keyOfMany = .key(switches.pointee.stage(key: key))
        case nil, .missing: keyOfMany = .none
        default: keyOfMany = .unreadable
        }
        let course = situation(plan, switches).course(ofMany: keyOfMany) { sidesOfPinned(plan, grayKey) }
        switch course {
        case .merged(let sides, let stage, let mayMiss): query(message, sides, stage, mayMiss, switches)
        case .forwarded(let stage):
            if plan.pointee.hasOpaqueTokens, let refusal = refusalOfToken(message) { return refuse(refusal) }
            decide(stage, switches, message)
        case .unreadable: if let key, let scan { refuse(scan, of: key.pointee, "the gray key") }
        }
    }

    /// Old alone is asked, as the client asks it; but a page token that is the sidecar's own says nothing to it.
    private func refusalOfToken(_ message: UnsafeRawBufferPointer) -> Refusal? {
        guard let query = pointee.route.pointee.queryPointer else { return nil }
        return MultiQuery.refusalAtOld(Array(message), query.pointee.plan).map {
            Refusal($0, keyPath: keyPath(0))
        }
    }

    /// The sides that decide about pinned records which a page of that gray key may show; nil: a page of any.
    private func sidesOfPinned(_ plan: UnsafePointer<CallPlan>, _ grayKey: [UInt8]?) -> SideSet {
        guard pointee.worker.hasPins(plan.pointee.migrationIndex) else { return [] }
        return pointee.worker.pointee.records.pins.authorities(
            of: plan.pointee.migrationIndex, entity: plan.pointee.entityIndex, grayKey: grayKey)
    }

    private func query(
        _ message: UnsafeRawBufferPointer, _ sides: MultiQuery.Sides, _ stage: Stage?, _ mayMiss: SideSet,
        _ switches: UnsafePointer<MigrationSwitches>
    ) {
        let worker = pointee.worker
        guard let plan = pointee.route.pointee.planPointer,
            let snapshot = worker.pointee.switches[plan.pointee.migrationIndex].snapshot
        else { return refuse(.noSwitches) }
        guard hold(message.count, for: .bothSides) else { return }
        pointee.stage = stage
        pointee.epoch = switches.pointee.epoch
        pointee.phase = .operating
        pointee.generation = worker.queryDecided(plan.pointee.migrationIndex)
        if pointee.deadline == 0 { setDeadline(plan.pointee.timeoutNanoseconds) }
        if let records = pointee.route.pointee.recordsPointer, records.pointee.operation == .getMany {
            let merging = ManyMerge(
                plan: records.pointee.many, stage: stage, grayFallback: records.pointee.grayFallback)
            let operation = ManyOperation(
                self, message: Array(message), merging, mayMiss: mayMiss, switches: switches, keeping: snapshot)
            pointee.operation = operation
            return operation.start()
        }
        guard let query = pointee.route.pointee.queryPointer else { return refuse(.unknownMethod) }
        let operation = QueryOperation(
            self, sides, mayMiss: mayMiss, route: query, switches: switches, keeping: snapshot)
        pointee.operation = operation
        operation.start(Array(message))
    }

    /// When an answer that can do without a side is no longer kept waiting for it: so long before the deadline that the
    /// client still hears it. 0 where there is no deadline.
    var lastMoment: UInt64 {
        let (now, deadline) = (pointee.worker.pointee.loop.pointee.now, pointee.deadline)
        guard deadline > now else { return deadline }
        return deadline - min((deadline - now) / 4, 1_000_000_000)
    }

    /// A call about one record that does not bear its gray key: the record is looked up, and its own decides. False
    /// where that cannot be: the call makes a record, or the sides are no records.
    func findByRecordKey(
        _ message: UnsafeRawBufferPointer, _ switches: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        guard let plan = pointee.route.pointee.planPointer, let records = pointee.route.pointee.recordsPointer,
            let snapshot = pointee.worker.pointee.switches[plan.pointee.migrationIndex].snapshot
        else { return false }
        let isQuery = plan.pointee.kind == .singleQuery
        guard isQuery || plan.pointee.kind == .update || plan.pointee.kind == .delete else { return false }
        var request: [UInt8]? = Array(message)
        let lookUp = pointee.route.pointee.writePointer?.pointee.lookUp
        if !isQuery {
            request = lookUp.flatMap {
                try? $0.template.make(request: message, reply: UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
        guard let request else { return false }
        guard hold(message.count, for: .bothSides) else { return true }
        pointee.phase = .operating
        if isQuery {
            pointee.epoch = switches.pointee.epoch
            pointee.generation = pointee.worker.queryDecided(plan.pointee.migrationIndex)
        }
        if pointee.deadline == 0 { setDeadline(plan.pointee.timeoutNanoseconds) }
        let purpose: RecordSearch.Purpose =
            isQuery ? .record(grayFallback: records.pointee.grayFallback) : .grayKey
        let operation = SearchOperation(
            self, purpose, message: Array(message), asking: request, path: isQuery ? nil : lookUp?.path,
            plan: records.pointee.many, record: recordKey(message), switches: switches, keeping: snapshot)
        pointee.operation = operation
        operation.start()
        return true
    }

    /// The record that a write names has this gray key, or none.
    ///
    /// - Parameter naming: the gray key as a field of the request. Writes of one side take no turns: where the record
    ///   may be given another gray key meanwhile, the side is to refuse what was decided by this one.
    func found(grayKey: [UInt8]?, naming: [UInt8], message: [UInt8]) {
        guard pointee.phase == .operating, let plan = pointee.route.pointee.planPointer else { return }
        pointee.phase = .receiving
        pointee.operation = nil
        guard let switches = pointee.worker.switches(of: plan.pointee.migrationIndex) else {
            return refuse(.noSwitches)
        }
        let request =
            switches.pointee.stage(of: grayKey) == .old ? RecordsRoute.request(message, bearing: naming) : message
        let keys = WriteGrayKeys(present: grayKey, hasNone: grayKey == nil)
        request.withUnsafeBytes { decideWrite($0, keys, plan, switches, keyScan: nil) }
        // Looked up again then: the record may have another gray key.
        if pointee.phase == .waiting { pointee.message = message }
    }

    /// One side after the other, where its records are in stores; every stage at which one side has all say too.
    func askStores(_ message: [UInt8], _ machine: SingleQuery) {
        guard hold(message.count, for: .oneSide) else { return }
        pointee.phase = .operating
        if pointee.deadline == 0, let plan = pointee.route.pointee.planPointer {
            setDeadline(plan.pointee.timeoutNanoseconds)
        }
        let operation = SingleOperation(self, machine, message: message)
        pointee.operation = operation
        operation.start()
    }

    /// The Records service: the request's entity says which migration it belongs to.
    func chooseEntity(_ entities: UnsafePointer<EntityRoutes>, _ message: UnsafeRawBufferPointer) -> Bool {
        let worker = pointee.worker
        switch Self.entityKey.scan(message, scratch: worker.pointee.keyScratch) {
        case .key(let entity):
            guard let route = entities.pointee.route(of: entity) else { break }
            worker.pointee.counters.callMoved(
                from: pointee.route.pointee.counterIndex, to: route.pointee.counterIndex)
            pointee.route = route
            return true
        case .missing, .tooLong: break
        case .malformed(_, let offset, let fault):
            refuse(.unreadableField("1", fault, at: offset))
            return false
        }
        refuse(.unknownEntity(known: entities.pointee.names))
        return false
    }

    private static let entityKey: KeyPlan = {
        guard let path = try? FieldPath("1"), let plan = try? KeyPlan([KeyField(path: path, type: .string)]) else {
            preconditionFailure("field 1 is a key")
        }
        return plan
    }()

    /// The sidecar's own message is the answer.
    ///
    /// - Parameter missing: the side whose say is missing from it.
    func answer(message: [UInt8], partial missing: Side?, compresses: Bool) {
        guard let connection = pointee.connection, pointee.phase == .operating else { return }
        let pool = pointee.worker.pointee.sessions
        let source = pool.makeSource()
        // Sides compress what is worth it.
        let canRead = AcceptedCodings(pointee.client.pointee.fields).hasGzip
        let compressed = compresses && canRead ? try? pointee.worker.pointee.coder.deflate(message) : nil
        pool.append(message: compressed ?? message, isCompressed: compressed != nil, to: source)
        let partial = missing.map { [(name: "switchover-partial", value: "\($0.name)")] } ?? []
        pool.finish(source, trailers: LocalFields([(name: "grpc-status", value: "0")] + partial))
        guard takes(source) else { return }
        pointee.phase = .answering
        pointee.hasAnswered = true
        pointee.status = .ok
        pointee.held = source
        queryOver()
        pointee.client.stopRetainingBody(in: pool)
        let encoding = compressed == nil ? [] : [(name: "grpc-encoding", value: "gzip")]
        let head = [(name: ":status", value: "200"), (name: "content-type", value: "application/grpc")] + encoding
        connection.pointee.server.respond(pointee.client, head: LocalFields(head), bodyOf: source)
    }

    /// The reply of a side is the answer, whole; nil stands for none that could be kept.
    func answer(_ reply: Ask.Answer?) {
        switch reply {
        case .stream(let stream):
            guard pointee.connection != nil, pointee.phase == .operating else {
                return pointee.worker.pointee.sessions.recycle(stream)
            }
            guard takes(stream) else { return }
            pointee.held = stream
            answer(with: stream)
            queryOver()
        case .store(_, let reply) where reply.status == .ok:
            answer(message: reply.message, partial: nil, compresses: false)
        case .store(let side, let reply) where reply.isOutcomeUnknown:
            refuse(.outcomeUnknown(side, reply.status, words: reply.detail))
        case .store(_, let reply): refuse(.storeRefused(reply.status, reply.detail))
        case nil: refuse(.malformedAnswer(nil, "it was not kept"))
        }
    }

    /// The reply of a side is the answer, but for its message.
    func answer(_ reply: Ask.Answer?, saying message: [UInt8], compresses: Bool) {
        guard case .stream(let stream) = reply else {
            return answer(message: message, partial: nil, compresses: compresses)
        }
        guard let connection = pointee.connection, pointee.phase == .operating else {
            return pointee.worker.pointee.sessions.recycle(stream)
        }
        let pool = pointee.worker.pointee.sessions
        let compressed = compresses ? try? pointee.worker.pointee.coder.deflate(message) : nil
        pool.replaceBody(of: stream, with: compressed ?? message, isCompressed: compressed != nil)
        guard takes(stream) else { return }
        pointee.held = stream
        pointee.phase = .answering
        pointee.hasAnswered = true
        pointee.status = .ok
        pointee.client.stopRetainingBody(in: pool)
        // Its length was that of the other message.
        connection.pointee.server.respond(
            pointee.client, with: stream, except: FieldTokens(.switchover).with(.contentLength))
    }

    /// The operation, or one of its streams, has come to its end.
    func operationProgressed() {
        guard let operation = pointee.operation, operation.isClosed else { return }
        pointee.operation = nil
        releaseMessage()
        finishIfClosed()
    }
}

// MARK: - What waits in memory

extension CallPointer {
    /// An operation is about to keep the message, which counts as what waits for the client until it is over. False,
    /// and refused, where too much waits already.
    private func hold(_ bytes: Int, for share: BufferShare) -> Bool {
        // Decided anew: it is counted.
        guard pointee.heldMessage == 0, let connection = pointee.connection else { return true }
        pointee.client.leaveAccount()
        pointee.client.enterAccount(connection.account(of: share))
        // The client's stream has it still.
        if holdsTooMuch {
            refuse(.buffersFull)
            return false
        }
        pointee.heldMessage = bytes
        pointee.client.pointee.account?.pointee.bytes += bytes
        pointee.worker.pointee.sessions.count(bytes)
        return true
    }

    func releaseMessage() {
        let bytes = pointee.heldMessage
        guard bytes > 0 else { return }
        pointee.heldMessage = 0
        if pointee.connection != nil { pointee.client.pointee.account?.pointee.bytes -= bytes }
        pointee.worker.pointee.sessions.count(-bytes)
    }

    /// A whole answer waits in memory until the client reads it. False, and refused, where too much waits already, and
    /// the answer says nothing that could not be said again.
    private func takes(_ answer: StreamPointer) -> Bool {
        guard let account = pointee.client.pointee.account else { return true }
        answer.leaveAccount()
        answer.enterAccount(account)
        guard pointee.route.pointee.planPointer?.pointee.mayWrite == false, holdsTooMuch else { return true }
        answer.leaveAccount()
        pointee.worker.pointee.sessions.recycle(answer)
        refuse(.buffersFull)
        return false
    }
}
