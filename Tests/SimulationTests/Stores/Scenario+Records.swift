import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Calls of the Records service, as clients of a migration between databases make them.
extension Scenario {
    /// The same intent in the words of this service, which sets amounts and counts versions.
    func recordsKind(_ kind: Operation.Kind, _ record: Int64) -> Operation.Kind {
        let cents = Int64(history.count) * 1000 + 7
        switch kind {
        case .find, .remove, .assign, .upsert: return kind
        case .change:
            let known = seenVersions[record] ?? 1
            return .assign(cents, ifVersion: world.chance.happens(oneIn: 3) ? known : nil)
        case .save: return .upsert(cents)
        case .add: return .add(StoredEntry(cents: cents, version: 1).state)
        }
    }

    func recordsRequest(_ record: Int64, _ kind: Operation.Kind) -> (path: String, message: [UInt8]) {
        let key = StoredEntry.key(record)
        let store = Switchover_V1_Value.with { $0.text = Self.store(of: record) }
        // Without it the record is looked up.
        let known = world.chance.happens(oneIn: 2) ? store : nil
        switch kind {
        case .find:
            return Self.call("Get", Switchover_V1_GetRequest.self) {
                ($0.entity, $0.key) = ("entry", key)
                if let known { $0.grayKey = known }
            }
        case .assign(let cents, let version):
            return Self.call("Update", Switchover_V1_UpdateRequest.self) {
                ($0.entity, $0.key, $0.changes) = ("entry", key, StoredEntry.fields(cents))
                if let known { $0.grayKey = known }
                if let version { $0.expectedVersion = version }
            }
        case .upsert(let cents):
            return Self.call("Upsert", Switchover_V1_UpsertRequest.self) {
                ($0.entity, $0.key, $0.grayKey, $0.fields) = ("entry", key, store, StoredEntry.fields(cents))
            }
        case .remove:
            return Self.call("Delete", Switchover_V1_DeleteRequest.self) {
                ($0.entity, $0.key) = ("entry", key)
                if let known { $0.grayKey = known }
            }
        case .add(let state):
            return Self.call("Insert", Switchover_V1_InsertRequest.self) {
                ($0.entity, $0.key, $0.grayKey) = ("entry", key, store)
                $0.fields = StoredEntry.fields(StoredEntry(state: state).cents)
            }
        case .change, .save: preconditionFailure("the Records service has no such call: \(kind)")
        }
    }

    private static func call<Request: SwiftProtobuf.Message>(
        _ name: String, _ type: Request.Type, _ fill: (inout Request) -> Void
    ) -> (path: String, message: [UInt8]) {
        var request = Request()
        fill(&request)
        guard let bytes: [UInt8] = try? request.serializedBytes() else { preconditionFailure("it has no cycles") }
        return ("/switchover.v1.Records/\(name)", bytes)
    }

    func recordsResult(of answer: SimulatedClient.Answer, _ record: Int64, _ kind: Operation.Kind) -> Operation.Result {
        switch answer.status {
        case .ok:
            // Every answer has the record as its field 1.
            guard let response = try? Switchover_V1_GetResponse(serializedBytes: answer.message),
                let entry = StoredEntry(response.record)
            else {
                broken = broken ?? "record \(record) is no whole record: \(answer.message)"
                return .unknown
            }
            seenVersions[record] = entry.version
            return .done(entry.state)
        case .aborted where answer.error == "store": return .conflict
        case .resourceExhausted where answer.error == "store", .deadlineExceeded where answer.error == "store":
            return .refused
        default: return Self.result(of: answer)
        }
    }

    // MARK: - Many

    /// A walk through the records of a store or of all, page by page, or a look at some by their keys.
    func walk(_ client: SimulatedClient, _ number: Int, store: String?, then: @escaping () -> Void) {
        var walk = Walk(client: number, began: world.now, store: store)
        calls += 1
        if store == nil, world.chance.happens(oneIn: 2) {
            walk.keys = (0..<world.chance.within(2...6)).map { _ in Int64(world.chance.within(1...20)) }
            let (path, request) = Self.call("GetMany", Switchover_V1_GetManyRequest.self) { request in
                request.entity = "entry"
                request.keys = walk.keys?.map(StoredEntry.key) ?? []
            }
            return client.call(path, request, timeout: 4_000_000_000) { [self] answer in
                if note(answer, &walk) { finish(walk) }
                then()
            }
        }
        nextPage(client, walk, after: [], then)
    }

    private func nextPage(_ client: SimulatedClient, _ before: Walk, after token: [UInt8], _ then: @escaping () -> Void)
    {
        let (path, request) = Self.call("Query", Switchover_V1_QueryRequest.self) { request in
            request.entity = "entry"
            request.limit = 6
            request.pageToken = .init(token)
            if let store = before.store { request.grayKey = .with { $0.text = store } }
        }
        client.call(path, request, timeout: 4_000_000_000) { [self] answer in
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
    private func note(_ answer: SimulatedClient.Answer, _ walk: inout Walk) -> Bool {
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

    private func finish(_ walk: Walk) {
        lists += 1
        let place = walk.keys.map { "among \($0)" } ?? walk.store.map { "in the list of \($0)" } ?? "in the list of all"
        for record in walk.keys.map({ Set($0).sorted() }) ?? Array(Self.records) {
            guard walk.store == nil || walk.store == Self.store(of: record) else { continue }
            // What a partial list does not have may be on the side that is missing.
            if walk.isPartial, walk.seen[record] == nil { continue }
            var found = Operation(client: walk.client, record: record, kind: .find, began: walk.began)
            found.ended = world.now
            found.isListed = walk.keys == nil
            found.result = walk.seen[record].map { .done($0) } ?? .absent
            found.note = place
            history.append(found)
        }
    }

    /// What a walk has seen so far.
    private struct Walk {
        let client: Int
        let began: UInt64
        let store: String?
        /// Nil: all of them.
        var keys: [Int64]?
        var seen: [Int64: Int64] = [:]
        var isPartial = false
    }
}
