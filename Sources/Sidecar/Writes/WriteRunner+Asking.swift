import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// The requests of a write: made of the client's message and of the replies that there are, and what comes back.
extension WriteRunner {
    /// Asks a side. False where the request cannot be made, or would be of another record than the one whose lane is
    /// held.
    func ask(_ ask: WriteAsk) -> Bool {
        let side = ask.side
        switch ask.request {
        case .call(let checksFollower):
            let follower = checksFollower ? worker.backend(side.other, of: lane.migration).store : nil
            begin(ask, path: nil, message, operation, absent: nil, follower: follower)
        case .trial:
            guard let trial = operation?.trial else { return false }
            begin(ask, path: nil, message, trial, absent: nil)
        case .lookUp:
            guard let derived = route.pointee.lookUp, let made = make(derived, of: nil) else { return false }
            begin(ask, path: derived.path, made, .get, absent: derived.absent)
        case .put(let mode):
            let isUpsert = mode == .overwriteOrInsert
            return put(
                ask, isUpsert ? route.pointee.putOrInsert : route.pointee.put,
                .put(isUpsert ? .upsert : .overwriteExisting, .none))
        case .place:
            let condition = content(of: ask.found).map { StoreCondition.equal($0) } ?? .absent
            return put(ask, route.pointee.putOrInsert, .put(.upsert, condition))
        case .erase: return erase(ask, .none)
        case .eraseFound: return erase(ask, content(of: ask.found).map { .equal($0) } ?? .none)
        }
        return true
    }

    /// What cannot be made of the other side's reply cannot be given to this one.
    private func put(_ ask: WriteAsk, _ derived: WriteRoute.Derived?, _ operation: StoreOperation) -> Bool {
        guard let derived, let record = reply(ask.of), let made = make(derived, of: record) else {
            notMade = (ask.side, "the answer of \(ask.side.other.name) has no record that it could be given")
            return false
        }
        return begin(ask, derived, made, operation)
    }

    private func erase(_ ask: WriteAsk, _ condition: StoreCondition) -> Bool {
        guard let derived = route.pointee.erase, let made = make(derived, of: reply(ask.of)) else { return false }
        return begin(ask, derived, made, .remove(condition))
    }

    /// Whatever a request that was made names beside the record whose lane is held would be written without its lane.
    private func begin(
        _ ask: WriteAsk, _ derived: WriteRoute.Derived, _ made: [UInt8], _ operation: StoreOperation
    ) -> Bool {
        guard isOfLane(made, derived) else {
            notMade = (ask.side, "the answer of \(ask.side.other.name) is of another record than the request")
            return false
        }
        begin(ask, path: derived.path, made, operation, absent: derived.absent)
        return true
    }

    /// As far as that can be told.
    private func isOfLane(_ made: [UInt8], _ derived: WriteRoute.Derived) -> Bool {
        guard let plan = derived.recordKey else { return true }
        return made.withUnsafeBytes { plan.key(in: $0, scratch: worker.pointee.keyScratch) } == lane.record
    }

    private func make(_ derived: WriteRoute.Derived, of reply: [UInt8]?) -> [UInt8]? {
        message.withUnsafeBytes { request in
            (reply ?? []).withUnsafeBytes { reply in try? derived.template.make(request: request, reply: reply) }
        }
    }

    /// - Parameter absent: by what status the method that is asked says that there is no such record; nil: it is the
    ///   client's.
    private func begin(
        _ what: WriteAsk, path: UnsafeBufferPointer<UInt8>?, _ message: [UInt8], _ operation: StoreOperation?,
        absent: GRPCStatus?, follower: (any Store)? = nil
    ) {
        let absent = absent ?? call.pointee.route.pointee.planPointer?.pointee.absent ?? .notFound
        let request = Ask.Request(
            side: what.side, path: path, message: message, deadline: deadline(what.deadline), operation: operation,
            follower: follower, awaitsStatus: true)
        let ask = Ask(request, for: .call(call)) { [unowned self] ask, result in
            replied(reply(of: ask, to: what, ask.writeOutcome(result, absent: absent)))
        }
        asks.append(ask)
        ask.start()
    }

    private func deadline(_ deadline: WriteAsk.Deadline) -> UInt64 {
        let ofFollower = now &+ worker.pointee.limits.followerTimeout
        return switch deadline {
        case .client: call.pointee.deadline
        case .follower: ofFollower
        case .clientOrFollower: max(call.pointee.deadline, ofFollower)
        }
    }

    // MARK: - Replies

    private func reply(of ask: Ask, to what: WriteAsk, _ outcome: WriteOutcome) -> WriteReply {
        var reply = WriteReply(outcome, ask.status)
        reply.isMisfit = ask.storeReply?.isMisfit ?? false
        guard outcome == .accepted else { return reply }
        switch what.request {
        case .put, .place: reply.isKeptOtherwise = isKeptOtherwise(ask, given: self.reply(what.of))
        case .lookUp(readsGrayKey: true): reply.otherKey = otherKey(in: ask)
        default: break
        }
        return reply
    }

    /// Whether a store says that its row is not what it was given: a trigger of its table changes it.
    private func isKeptOtherwise(_ put: Ask, given: [UInt8]?) -> Bool {
        guard put.storeReply != nil, let given, let kept = put.replyMessage else { return false }
        return RecordsRoute.record(of: given) != RecordsRoute.record(of: kept)
    }

    /// The gray key of the row that a store has, where it is not the write's.
    private func otherKey(in ask: Ask) -> OtherKey? {
        guard let records = call.pointee.route.pointee.recordsPointer, let answer = ask.replyMessage,
            let key = try? records.pointee.many.grayKey(ofFirst: answer),
            let switches = worker.switches(of: lane.migration)
        else { return nil }
        var bytes: [UInt8]?
        if case .grayKey(let key) = key { bytes = key }
        guard bytes != grayKeys.present else { return nil }
        return OtherKey(stage: switches.pointee.stage(of: bytes), mayBeMissed: self.records.isDirty(lane))
    }

    private func reply(_ number: UInt8?) -> [UInt8]? { number.flatMap { asks[Int($0)].replyMessage } }

    /// The record in a reply, as conditions of a store take it.
    private func content(of number: UInt8?) -> [UInt8]? { reply(number).flatMap(RecordsRoute.record) }

    /// What the client's own call is to a store; nil where it goes to a service.
    private var operation: StoreOperation? {
        call.pointee.route.pointee.recordsPointer?.pointee.operation(message)
    }
}
