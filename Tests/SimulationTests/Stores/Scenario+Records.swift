import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Calls of the Records service, as clients of a migration between databases make them.
extension Scenario {
    /// Records that clients give other stores. Where stores are written on one side alone, a record that new alone has
    /// can be inserted into old under another store (decision 0017): such records are not inserted then.
    private func moves(_ record: Int64) -> Bool { record % 3 == 0 }

    /// The same intent in the words of this service, which sets amounts and counts versions.
    func recordsOperation(_ operation: Operation) -> Operation {
        var operation = operation
        operation.isStored = true
        let record = operation.record
        let cents = Int64(history.count) * 1000 + 7
        let seen = seenEntries[record] ?? StoredEntry(cents: 0, store: Self.store(of: record), version: 1)
        // Without it the record is looked up.
        operation.store = world.chance.happens(oneIn: 2) ? seen.store : nil
        if moves(record), world.chance.happens(oneIn: 20) { operation.store = world.chance.pick(Self.stores) }
        switch operation.kind {
        case .find, .remove, .assign, .upsert: break
        case .save where !moves(record) || isCopied:
            operation.store = seen.store
            operation.kind = .upsert(cents)
        case .add where !moves(record) || isCopied:
            operation.store = nil
            operation.kind = .add(StoredEntry(cents: cents, store: Self.store(of: record), version: 1).state)
        case .change, .save, .add:
            let version = world.chance.happens(oneIn: 3) ? seen.version : nil
            let next = moves(record) && world.chance.happens(oneIn: 3) ? world.chance.pick(Self.stores) : nil
            operation.kind = .assign(cents, ifVersion: version, store: next)
        }
        return operation
    }

    func recordsRequest(_ operation: Operation) -> (path: String, message: [UInt8]) {
        let key = StoredEntry.key(operation.record)
        let store = operation.store.map(StoredEntry.text)
        switch operation.kind {
        case .find:
            return Self.call("Get", Switchover_V1_GetRequest.self) {
                ($0.entity, $0.key) = ("entry", key)
                if let store { $0.grayKey = store }
            }
        case .assign(let cents, let version, let next):
            return Self.call("Update", Switchover_V1_UpdateRequest.self) {
                ($0.entity, $0.key, $0.changes) = ("entry", key, StoredEntry.fields(cents))
                if let store { $0.grayKey = store }
                if let version { $0.expectedVersion = version }
                if let next { $0.newGrayKey = StoredEntry.text(next) }
            }
        case .upsert(let cents):
            return Self.call("Upsert", Switchover_V1_UpsertRequest.self) {
                ($0.entity, $0.key, $0.fields) = ("entry", key, StoredEntry.fields(cents))
                if let store { $0.grayKey = store }
            }
        case .remove:
            return Self.call("Delete", Switchover_V1_DeleteRequest.self) {
                ($0.entity, $0.key) = ("entry", key)
                if let store { $0.grayKey = store }
            }
        case .add(let state):
            let entry = StoredEntry(state: state)
            return Self.call("Insert", Switchover_V1_InsertRequest.self) {
                ($0.entity, $0.key, $0.grayKey) = ("entry", key, StoredEntry.text(entry.store))
                $0.fields = StoredEntry.fields(entry.cents)
            }
        case .change, .save: preconditionFailure("the Records service has no such call: \(operation.kind)")
        }
    }

    static func call<Request: SwiftProtobuf.Message>(
        _ name: String, _ type: Request.Type, _ fill: (inout Request) -> Void
    ) -> (path: String, message: [UInt8]) {
        var request = Request()
        fill(&request)
        guard let bytes: [UInt8] = try? request.serializedBytes() else { preconditionFailure("it has no cycles") }
        return ("/switchover.v1.Records/\(name)", bytes)
    }

    func recordsResult(of answer: SimulatedClient.Answer, _ operation: Operation) -> Operation.Result {
        let record = operation.record
        let isOfStore = answer.error == "store"
        switch answer.status {
        case .ok:
            // Every answer has the record as its field 1.
            guard let response = try? Switchover_V1_GetResponse(serializedBytes: answer.message),
                let entry = StoredEntry(response.record)
            else {
                broken = broken ?? "record \(record) is no whole record: \(answer.message)"
                return .unknown
            }
            seenEntries[record] = entry
            return .done(entry.state)
        case .aborted where isOfStore:
            // Without a version it is a move that met another row.
            if case .assign(_, .some, _) = operation.kind { return .conflict }
            return .refused
        case .failedPrecondition where isOfStore: return .elsewhere
        case .resourceExhausted where isOfStore, .deadlineExceeded where isOfStore: return .refused
        default: return Self.result(of: answer)
        }
    }

    // MARK: - Many

    /// A walk through the records of a store or of all, page by page, or a look at some by their keys.
    func walk(_ client: SimulatedClient, _ number: Int, store: String?, then: @escaping () -> Void) {
        var walk = Walk(call: newCall("list"), client: number, began: world.now, store: store)
        if store == nil, world.chance.happens(oneIn: 2) {
            walk.keys = (0..<world.chance.within(2...6)).map { _ in Int64(world.chance.within(1...20)) }
            let (path, request) = Self.call("GetMany", Switchover_V1_GetManyRequest.self) { request in
                request.entity = "entry"
                request.keys = walk.keys?.map(StoredEntry.key) ?? []
            }
            return client.call(path, request, number: walk.call, timeout: 4_000_000_000) { [self] answer in
                if note(answer, &walk) { finish(walk) }
                then()
            }
        }
        if world.chance.happens(oneIn: 3) { return search(client, walk, then) }
        nextPage(client, walk, after: [], then)
    }

    private func nextPage(_ client: SimulatedClient, _ before: Walk, after token: [UInt8], _ then: @escaping () -> Void)
    {
        let (path, request) = Self.call("Query", Switchover_V1_QueryRequest.self) { request in
            request.entity = "entry"
            request.limit = 6
            request.pageToken = .init(token)
            if let store = before.store { request.grayKey = StoredEntry.text(store) }
        }
        client.call(path, request, number: before.call, timeout: 4_000_000_000) { [self] answer in
            var walk = before
            guard note(answer, &walk), let page = try? Switchover_V1_QueryResponse(serializedBytes: answer.message)
            else {
                return then()
            }
            guard !page.nextPageToken.isEmpty else {
                finish(walk)
                return then()
            }
            nextPage(client, walk, after: Array(page.nextPageToken), then)
        }
    }

    /// Whether the answer has records, each of which was there at some moment of the call.
    func note(_ answer: SimulatedClient.Answer, _ walk: inout Walk) -> Bool {
        if answer.status == nil { lostLists += 1 }
        guard answer.status == .ok, let page = try? Switchover_V1_QueryResponse(serializedBytes: answer.message) else {
            return false
        }
        walk.isPartial = walk.isPartial || answer.isPartial
        for record in page.records {
            let id = record.key.parts.first?.int64 ?? 0
            guard let entry = StoredEntry(record) else {
                broken = broken ?? "a list has record \(id) in parts: \(record.fields)"
                continue
            }
            let isTwice = walk.seen.updateValue(entry.state, forKey: id) != nil
            if isTwice, walk.keys == nil { broken = broken ?? "a list has record \(id) twice (I6)" }
        }
        return true
    }

    func finish(_ walk: Walk) {
        lists += 1
        let place = walk.keys.map { "among \($0)" } ?? walk.store.map { "in the list of \($0)" } ?? "in the list of all"
        for record in walk.keys.map({ Set($0).sorted() }) ?? Array(Self.records) {
            // What a partial list does not have may be on the side that is missing.
            if walk.isPartial, walk.seen[record] == nil { continue }
            var found = Operation(call: walk.call, client: walk.client, record: record, kind: .find, began: walk.began)
            found.ended = world.now
            found.isListed = walk.keys == nil
            found.result = walk.seen[record].map { .done($0) } ?? .absent
            found.note = place
            (found.store, found.isStored) = (walk.store, true)
            history.append(found)
        }
    }

    /// What a walk has seen so far.
    struct Walk {
        let call: Int
        let client: Int
        let began: UInt64
        let store: String?
        /// Nil: all of them, or those that a filter lets through.
        var keys: [Int64]?
        var seen: [Int64: Int64] = [:]
        var isPartial = false
    }
}
