import EventLoop
import WireFormat

/// The clients: each asks for one thing after the other, of all kinds, and notes what it was answered.
extension Scenario {
    func startClient(_ number: Int) {
        guard let address = try? SocketAddress.resolve(host: "127.0.0.1", port: 9000)[0],
            let client = try? SimulatedClient(name: "client-\(number)", to: address), (try? client.start()) != nil
        else { return say("client \(number) cannot start") }
        _ = Unmanaged.passRetained(client)
        client.thread.mailbox.post { [self] in call(client, number, Self.callsOfEach) }
    }

    private func call(_ client: SimulatedClient, _ number: Int, _ left: Int) {
        guard left > 0 else {
            clientsLeft -= 1
            return
        }
        let next = { [self] in
            let longest: UInt64 = world.chance.happens(oneIn: 10) ? 800_000_000 : 10_000_000
            client.after(world.chance.below(longest)) { [self] in call(client, number, left - 1) }
        }
        switch world.chance.below(24) {
        case 0: list(client, number, store: nil, then: next)
        case 1, 2: list(client, number, store: world.chance.pick(Self.stores), then: next)
        default: perform(client, number, anyRecord, anyKind, then: next)
        }
    }

    private var anyRecord: Int64 {
        Int64(world.chance.within(UInt64(Self.records.lowerBound)...UInt64(Self.records.upperBound)))
    }

    private var anyKind: Operation.Kind {
        // No two writes write the same.
        let value = Int64(history.count) * 1000 + 7
        return switch world.chance.below(12) {
        case 0...4: .find
        case 5...7: .change(world.chance.happens(oneIn: 2) ? 1 : 3)
        case 8: .save(value)
        case 9, 10: .add(value)
        default: .remove
        }
    }

    // MARK: - One record

    func perform(
        _ client: SimulatedClient, _ number: Int, _ record: Int64, _ kind: Operation.Kind, then: @escaping () -> Void
    ) {
        let index = history.count
        calls += 1
        var operation = Operation(client: number, record: record, kind: kind, began: world.now)
        if isOfDatabases { operation = recordsOperation(operation) }
        history.append(operation)
        let (path, request) = isOfDatabases ? recordsRequest(operation) : Self.request(record, kind)
        client.call(path, request, timeout: 4_000_000_000) { [self] answer in
            history[index].ended = world.now
            history[index].result =
                isOfDatabases ? recordsResult(of: answer, history[index]) : Self.result(of: answer)
            // The guard of inserts asks old, which may have missed a delete (contract, 3: not built otherwise).
            if history[index].result == .exists, answer.error != nil, hasLostWrite(record) {
                history[index].result = .refused
            }
            history[index].note = answer.note
            if answer.status == .unavailable { return client.after(world.chance.below(300_000_000), then) }
            then()
        }
    }

    private func hasLostWrite(_ record: Int64) -> Bool { history.contains { $0.record == record && $0.isLost } }

    private static func request(_ record: Int64, _ kind: Operation.Kind) -> (path: String, message: [UInt8]) {
        var name = Message.of(1, Array(store(of: record).utf8))
        FieldWriter.append(2, varint: UInt64(bitPattern: record), to: &name)
        func whole(_ cents: Int64) -> [UInt8] {
            Message.of(1, Entry(store: store(of: record), id: record, cents: cents).bytes)
        }
        switch kind {
        case .find: return ("/ledger.v1.Ledger/Find", name)
        case .change(let by):
            var message = Message.of(1, name)
            FieldWriter.append(2, varint: Message.zigzag(by), to: &message)
            return ("/ledger.v1.Ledger/Change", message)
        case .save(let to): return ("/ledger.v1.Ledger/Save", whole(to))
        case .add(let to): return ("/ledger.v1.Ledger/Add", whole(to))
        case .remove: return ("/ledger.v1.Ledger/Remove", name)
        case .assign, .upsert: preconditionFailure("the ledger has no such call: \(kind)")
        }
    }

    static func result(of answer: SimulatedClient.Answer) -> Operation.Result {
        switch answer.status {
        case .ok: .done(answer.message.isEmpty ? nil : Entry(Message(answer.message[...]).bytes(2)).cents)
        case .notFound: .absent
        case .alreadyExists: .exists
        case .unavailable where answer.error != nil && answer.error != "outcome-unknown": .refused
        case .deadlineExceeded where answer.error == "deadline": .refused
        case .resourceExhausted where answer.error == "lane-full": .refused
        default: .unknown
        }
    }

    // MARK: - Many

    /// A list says of each record whether it was there, and what it was: as many queries of one record, which ran at
    /// the same time.
    private func list(_ client: SimulatedClient, _ number: Int, store: String?, then: @escaping () -> Void) {
        if isOfDatabases { return walk(client, number, store: store, then: then) }
        let began = world.now
        let path = store == nil ? "ListAll" : "List"
        let request = store.map { Message.of(1, Array($0.utf8)) } ?? []
        calls += 1
        client.call("/ledger.v1.Ledger/\(path)", request, timeout: 4_000_000_000) { [self] answer in
            if answer.status == .ok { note(answer, number, began, store: store) }
            if answer.status == nil { lostLists += 1 }
            then()
        }
    }

    private func note(_ answer: SimulatedClient.Answer, _ number: Int, _ began: UInt64, store: String?) {
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
            var found = Operation(client: number, record: record, kind: .find, began: began)
            found.ended = world.now
            found.isListed = true
            found.result = seen[record].map { .done($0) } ?? .absent
            found.note = store.map { "in the list of \($0)" } ?? "in the list of all"
            history.append(found)
        }
    }
}
