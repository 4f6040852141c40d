import EventLoop
import WireFormat

/// The clients: each asks for one thing after the other, or for some at once, of all kinds, and notes what it was
/// answered.
extension Scenario {
    func startClient(_ number: Int) {
        guard let client = makeClient("client-\(number)") else { return }
        clients.append(client)
        client.thread.mailbox.post { [self] in call(client, number, Self.callsOfEach) }
    }

    func makeClient(_ name: String) -> SimulatedClient? {
        guard let address = try? SocketAddress.resolve(host: "127.0.0.1", port: 9000)[0],
            let client = try? SimulatedClient(name: name, to: address), (try? client.start()) != nil
        else {
            say("\(name) cannot start")
            return nil
        }
        _ = Unmanaged.passRetained(client)
        return client
    }

    func call(_ client: SimulatedClient, _ number: Int, _ left: Int) {
        guard left > 0 else {
            clientsLeft -= 1
            return
        }
        let atOnce = min(left, world.chance.happens(oneIn: 6) ? 3 : 1)
        let isLong = world.chance.happens(oneIn: 12)
        let waiting = Done()
        waiting.count = atOnce
        let next = { [self] in
            waiting.count -= 1
            guard waiting.count == 0 else { return }
            let longest: UInt64 = isLong ? 600_000_000 : 10_000_000
            client.after(world.chance.below(longest)) { [self] in call(client, number, left - atOnce) }
        }
        let record = anyRecord
        for _ in 0..<atOnce {
            switch world.chance.below(24) {
            case 0: list(client, number, store: nil, then: next)
            case 1: list(client, number, store: world.chance.pick(Self.stores), then: next)
            case 2 where !isOfDatabases: stray(client, record, then: next)
            default: perform(client, number, record, anyKind, then: next)
            }
        }
    }

    private var anyRecord: Int64 {
        guard world.chance.happens(oneIn: 3) else { return world.chance.pick(hotRecords) }
        return Int64(world.chance.within(UInt64(Self.records.lowerBound)...UInt64(Self.records.upperBound)))
    }

    private var anyKind: Operation.Kind {
        // No two writes write the same.
        let value = Int64(calls.count) * 1000 + Int64(world.chance.below(4))
        return switch world.chance.below(12) {
        case 0...4: .find
        case 5...7: .change(world.chance.happens(oneIn: 2) ? 1 : 3)
        case 8: .save(value)
        case 9, 10: .add(value)
        default: .remove
        }
    }

    func newCall(_ kind: String) -> Int {
        calls.append(AskRules.Call(kind: kind, began: world.now))
        return calls.count - 1
    }

    // MARK: - One record

    func perform(
        _ client: SimulatedClient, _ number: Int, _ record: Int64, _ kind: Operation.Kind, then: @escaping () -> Void
    ) {
        let call = newCall(kind.name)
        let index = history.count
        let isCalm = isSteady
        var operation = Operation(call: call, client: number, record: record, kind: kind, began: world.now)
        if isOfDatabases { operation = recordsOperation(operation) }
        history.append(operation)
        var (path, request) = isOfDatabases ? recordsRequest(operation) : Self.request(record, kind)
        // Some are longer than a side takes at once.
        if !isOfDatabases, world.chance.happens(oneIn: isSteady ? 25 : 15) {
            FieldWriter.append(15, [UInt8](repeating: 7, count: 90_000), to: &request)
        }
        let isShort = !isCalm && world.chance.happens(oneIn: 4)
        let timeout = isShort ? 10_000_000 + world.chance.below(400_000_000) : 4_000_000_000
        client.call(path, request, number: call, timeout: timeout) { [self] answer in
            history[index].ended = world.now
            history[index].result =
                isOfDatabases ? recordsResult(of: answer, history[index]) : Self.result(of: answer)
            history[index].note = answer.note
            judge(answer, history[index], timeout)
            // The guard of inserts asks old, which may have missed a delete (contract, 3: not built otherwise).
            if history[index].result == .exists, answer.error != nil, wasFinished || hasLostWrite(record) {
                history[index].result = .refused
            }
            if answer.status == .unavailable { return client.after(world.chance.below(300_000_000), then) }
            then()
        }
        guard !isCalm, world.chance.happens(oneIn: 60) else { return }
        client.after(world.chance.below(30_000_000)) { client.cancel(call) }
    }

    private func hasLostWrite(_ record: Int64) -> Bool { history.contains { $0.record == record && $0.isLost } }

    /// What an answer shows by itself.
    private func judge(_ answer: SimulatedClient.Answer, _ operation: Operation, _ timeout: UInt64) {
        // With too little time left nothing is begun (contract, 7).
        let isEarly = world.now + 6_000_000 < operation.began + timeout
        let isOfSide = answer.error != "deadline" && watch.wasToldLate(operation.call)
        if answer.status == .deadlineExceeded, answer.error != "store", isEarly, !isOfSide {
            broken = broken ?? "a deadline passed that has not come: \(operation)"
        }
        // Who waits is a client that gets no turn, or a sidecar that gets none.
        if answer.sentAt != 0, operation.ended > answer.sentAt + timeout + Self.longestDelay {
            broken = broken ?? "answered after the deadline (contract, 7): \(operation)"
        }
        // At its deadline a client is told so of a write that runs on, too.
        if answer.error == "outcome-unknown", answer.status == .unknown {
            watch.isUnknown(
                operation.call, of: operation.record, until: operation.ended + Self.settleAfter - Self.longestDelay)
        }
        if operation.isWrite, operation.result != .unknown, watch.isWriting(operation.call),
            !isOfNewAlone(operation)
        {
            broken = broken ?? "answered while a side is at work on it (contract, 4.4): \(operation)"
        }
        // A client that gets no turn hears of a loss late.
        let (from, until) = (operation.began &- 200_000_000, operation.ended)
        // Whoever is turned away at the door may not hear why.
        let isTurnedAway = operation.began < crowdedUntil && watch.stages[operation.call] == nil
        if answer.words == "lost", !isTurnedAway, !losses.contains(where: { from <= $0 && $0 <= until }) {
            broken = broken ?? "a call has no answer, and nobody has cut its connection (contract, 9): \(operation)"
        }
    }

    /// At `newMirrored` new alone says whether there is a record to delete, whatever becomes of old's row (4.7).
    private func isOfNewAlone(_ operation: Operation) -> Bool {
        operation.kind == .remove && operation.result == .absent && watch.stages[operation.call] == "newMirrored"
    }

    /// Under a store that the record is not of: nothing comes of it, for this record nor for any other.
    func stray(_ client: SimulatedClient, _ record: Int64, then: @escaping () -> Void) {
        let store = world.chance.pick(Self.stores.filter { $0 != Self.store(of: record) })
        let kind = isMisnaming ? world.chance.pick([Operation.Kind.find, .change(5), .remove]) : .find
        if kind != .find { misnamed.insert(record) }
        let (path, request) = Self.request(record, kind, store: store)
        let call = newCall(kind.name)
        client.call(path, request, number: call, timeout: 4_000_000_000) { [self] answer in
            if answer.status == .ok { broken = broken ?? "record \(record) was found as one of store \(store)" }
            if answer.status != .notFound {
                say("\(kind) of record \(record) under store \(store): \(answer.note)")
            }
            then()
        }
    }

    static func request(
        _ record: Int64, _ kind: Operation.Kind, store: String? = nil, service: String = "ledger.v1.Ledger"
    ) -> (path: String, message: [UInt8]) {
        var name = Message.of(1, Array((store ?? Self.store(of: record)).utf8))
        FieldWriter.append(2, varint: UInt64(bitPattern: record), to: &name)
        func whole(_ cents: Int64) -> [UInt8] {
            Message.of(1, Entry(store: Self.store(of: record), id: record, cents: cents).bytes)
        }
        switch kind {
        case .find: return ("/\(service)/Find", name)
        case .change(let by):
            var message = Message.of(1, name)
            FieldWriter.append(2, varint: Message.zigzag(by), to: &message)
            return ("/\(service)/Change", message)
        case .save(let to): return ("/\(service)/Save", whole(to))
        case .add(let to): return ("/\(service)/Add", whole(to))
        case .remove: return ("/\(service)/Remove", name)
        case .assign, .upsert: preconditionFailure("the ledger has no such call: \(kind)")
        }
    }

    /// Protocol/errors.md, "written".
    static func result(of answer: SimulatedClient.Answer) -> Operation.Result {
        switch answer.status {
        case .ok: .done(answer.message.isEmpty ? nil : Entry(Message(answer.message[...]).bytes(2)).cents)
        case .notFound: .absent
        case .alreadyExists: .exists
        case .failedPrecondition: .rejected
        case .unavailable where answer.error != nil: .refused
        case .deadlineExceeded where answer.error == "deadline": .refused
        case .resourceExhausted where ["lane-full", "queue-full", "buffers-full"].contains(answer.error): .refused
        default: .unknown
        }
    }

    // MARK: - Many

    /// A list says of each record whether it was there, and what it was: as many queries of one record, which ran at
    /// the same time.
    private func list(_ client: SimulatedClient, _ number: Int, store: String?, then: @escaping () -> Void) {
        if isOfDatabases { return walk(client, number, store: store, then: then) }
        let began = world.now
        let call = newCall("list")
        let isCalm = isPeaceful
        let path = store == nil ? "ListAll" : "List"
        let request = store.map { Message.of(1, Array($0.utf8)) } ?? []
        client.call("/ledger.v1.Ledger/\(path)", request, number: call, timeout: 4_000_000_000) { [self] answer in
            if answer.status == .ok { note(answer, call, number, began, store: store) }
            if answer.status == nil { lostLists += 1 }
            if isCalm, answer.status != .ok || answer.isPartial {
                broken = broken ?? "a list is not answered in peace: \(answer.note)"
            }
            then()
        }
    }

    private func note(
        _ answer: SimulatedClient.Answer, _ call: Int, _ number: Int, _ began: UInt64, store: String?
    ) {
        var seen: [Int64: Int64] = [:]
        for field in Message(answer.message[...]).fields where field.number == 1 {
            let entry = Entry(field.bytes)
            if seen.updateValue(entry.cents, forKey: entry.id) != nil {
                broken = broken ?? "a list has record \(entry.id) twice"
            }
        }
        lists += 1
        for record in Self.records where store == nil || Self.store(of: record) == store {
            // What a partial list does not have may be on the side that is missing.
            if answer.isPartial, seen[record] == nil { continue }
            var found = Operation(call: call, client: number, record: record, kind: .find, began: began)
            found.ended = world.now
            found.isListed = true
            found.result = seen[record].map { .done($0) } ?? .absent
            found.note = store.map { "in the list of \($0)" } ?? "in the list of all"
            history.append(found)
        }
    }
}

/// Something that several count down.
final class Done: @unchecked Sendable {
    // Sendable because one thread of the world runs at a time.
    var count = 0
}
