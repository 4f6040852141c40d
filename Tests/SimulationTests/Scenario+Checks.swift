import EventLoop
import Glibc
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// What must be so: at the end, in peace, and of the whole history.
extension Scenario {
    // MARK: - In peace

    /// Nothing goes wrong any more: every call has an answer, whatever was before. False where that cannot be.
    func callInPeace() -> Bool {
        let first = history.count
        isPeaceful = true
        clientsLeft = clients.count
        for (number, client) in clients.enumerated() {
            client.thread.mailbox.post { [self] in call(client, number, Self.lastCallsOfEach) }
        }
        if let client = operatorClient { client.thread.mailbox.post { [self] in change(client, 4) } }
        for guest in guests { guest() }
        guard holds({ [self] in clientsLeft == 0 && changesLeft == 0 && guestsLeft == 0 }) else {
            broken =
                broken
                ?? "\(clientsLeft) clients wait for an answer in peace, \(changesLeft) changes, \(guestsLeft) guests"
            return false
        }
        if let late = history[first...].first(where: { !isAnswered($0) }) {
            broken = broken ?? "not answered though nothing is wrong any more: \(late)"
        }
        return broken == nil
    }

    private func isAnswered(_ operation: Operation) -> Bool {
        switch operation.result {
        case .done, .absent, .exists, .conflict, .elsewhere: true
        // Old keeps some entries.
        case .rejected, .unknown: operation.kind == .remove
        // The guard of inserts: see `perform`.
        case .refused: operation.note.contains("alreadyExists")
        }
    }

    /// Reads every record, sees what is left of what was under way, and has the sidecar end.
    func endInPeace() -> String? {
        if seed % 8 == 1 { startRival() }
        readAll()
        // The reader may have taken the place of another client, which is just told to go.
        world.sleep(nanoseconds: 3_000_000_000)
        if broken == nil { lookForLeaks() }
        let isNoisy = world.chance.happens(oneIn: 2)
        if isNoisy {
            takeTurns()
            comeLate()
        }
        let end = world.now
        if broken == nil { _ = terminate() }
        // Nothing is under way: it ends when the clients have gone (contract, 9).
        let took = world.now - end
        if broken == nil, took >= Self.longestLeave {
            broken = "the sidecar takes \(took / 1_000_000) ms to end, though nothing is under way"
        }
        return broken
    }

    /// Every record once more, when nothing is under way.
    private func readAll() {
        let left = Done()
        left.count = Self.records.count
        world.start(world.makeProcess("reader")) { [self] in
            guard let client = makeClient("reader") else { return }
            client.thread.mailbox.post { [self] in
                for record in Self.records { perform(client, Self.clientCount, record, .find) { left.count -= 1 } }
            }
        }
        guard holds({ left.count == 0 }) else {
            broken = broken ?? "\(left.count) records cannot be read at the end"
            return
        }
        if let late = history.last(where: { $0.client == Self.clientCount && !isAnswered($0) }) {
            broken = broken ?? "not answered though nothing is wrong any more: \(late)"
        }
    }

    // MARK: - Changes

    /// No write and no side keeps a change from landing (contract, 2): it waits for the queries of the change before,
    /// at most three quarters of `handover_wait`, for the quiet period after a start that follows another one, and on
    /// the way out of `old` for writes that were forwarded unread at `idle`.
    func judgeChange(
        _ answer: SimulatedClient.Answer, _ response: Switchover_V1_ChangeSwitchesResponse?, _ name: String,
        since began: UInt64
    ) {
        if let response, answer.status == .ok { watch.isInForce(response.after.epoch, at: world.now) }
        let quietUntil = sidecars.count > 1 ? startedAt + Self.settleAfter : 0
        if switches.phase == "idle" { idleUntil = world.now }
        let longest = max(began, quietUntil, idleUntil + Self.settleAfter) + Self.longestChange
        guard answer.status != nil, world.now > longest else { return }
        broken = broken ?? "a change took \((world.now - began) / 1_000_000) ms (contract, 2): \(name): \(answer.note)"
    }

    // MARK: - Leaks

    private func descriptors(of process: SimulatedProcess) -> [Descriptor] {
        world.descriptors.values.filter { $0.process === process }
    }

    /// Its clients', accepted or not.
    func connections(of process: SimulatedProcess) -> [StreamDescriptor] {
        descriptors(of: process).compactMap { $0 as? StreamDescriptor }.filter { $0.link == "127.0.0.1:9000" }
    }

    /// What the sidecar has open beside connections, by its type.
    func descriptorKinds() -> [String: Int] {
        var kinds: [String: Int] = [:]
        for descriptor in descriptors(of: sidecar) where !(descriptor is StreamDescriptor) {
            kinds["\(type(of: descriptor))", default: 0] += 1
        }
        return kinds
    }

    private func lookForLeaks() {
        let kinds = descriptorKinds()
        if let baseline, kinds.contains(where: { $0.value > baseline[$0.key] ?? 0 }) {
            broken = "descriptors are left open: \(kinds.sorted { $0.key < $1.key }), at the start \(baseline)"
        }
        for case let stream as StreamDescriptor in descriptors(of: sidecar) where stream.peer?.isClosed != false {
            broken = broken ?? "a connection to nobody is left open (\(stream.link))"
        }
        let clients = connections(of: sidecar).map { $0.peerProcess?.name ?? "nobody" }
        // One that was to be closed for another may have got a call meanwhile.
        if clients.count > Self.connectionsAtMost + 1 {
            broken = broken ?? "\(clients.count) clients are connected, above the limit: \(clients.sorted())"
        }
        let left = Done()
        left.count = Self.records.count
        operatorClient?.thread.mailbox.post { [self] in
            for record in Self.records { lookAtLane(of: record) { left.count -= 1 } }
        }
        _ = holds { left.count == 0 }
        if left.count > 0 { broken = broken ?? "the sidecar does not say what it knows of \(left.count) records" }
    }

    /// Nobody holds it, waits in it or has closed it.
    private func lookAtLane(of record: Int64, then: @escaping () -> Void) {
        var request = Switchover_V1_ExplainRecordRequest()
        request.migration = "orders"
        var component = Switchover_V1_Value()
        component.int64 = record
        request.key.parts = [component]
        ask("ExplainRecord", request) { [self] answer in
            then()
            guard let response = try? Switchover_V1_ExplainRecordResponse(serializedBytes: answer.message),
                answer.status == .ok
            else { return say("record \(record) is not explained: \(answer.note)") }
            if response.beingWritten || response.waiting > 0 || response.closedMilliseconds > 0 {
                broken = broken ?? "something is left in the lane of record \(record): \(response.textFormatString())"
            }
        }
    }

    // MARK: - The history

    func check() -> String? {
        if let broken = broken ?? watch.broken { return broken }
        for record in Self.records {
            judged += 1
            if let fault = wordFault(record) ?? orderFault(record) ?? divergence(record) { return fault }
        }
        return waresFault()
    }

    /// An answer says whether something was written: the sides know it too.
    private func wordFault(_ record: Int64) -> String? {
        if isOfDatabases { return nil }
        for operation in history where operation.record == record && operation.isWrite {
            let sides = watch.sides(changedBy: operation.call)
            switch operation.result {
            case .refused, .rejected, .absent, .exists, .conflict, .elsewhere:
                guard !sides.isEmpty, !isLeftover(operation, sides) else { continue }
                return "told as not written, and \(sides.sorted()) has it: \(operation)\n" + account(of: record)
            case .done where sides.isEmpty:
                return "told as written, and no side has it (I1): \(operation)\n" + account(of: record)
            case .unknown where operation.note.contains("partial-write") && sides.isEmpty:
                return "told as written on one side, and none has it: \(operation)\n" + account(of: record)
            case .done, .unknown: continue
            }
        }
        return nil
    }

    /// At `newMirrored` new alone says whether there is a record; old loses a row that is left over (decision 0021).
    private func isLeftover(_ operation: Operation, _ sides: Set<String>) -> Bool {
        operation.result == .absent && operation.kind == .remove && sides == ["old"]
            && watch.stages[operation.call] == "newMirrored"
    }

    /// I1, I3, I5: the answers have an order. What the last process knew of a record whose sides may differ is gone
    /// with it (contract, 8 and 10, not built): what was answered before must have an order then.
    private func orderFault(_ record: Int64) -> String? {
        var operations = history.filter { $0.record == record }
        // What no side has made will not be made any more.
        operations.removeAll { !isOfDatabases && $0.isLost && watch.sides(changedBy: $0.call).isEmpty }
        let first =
            isOfDatabases
            ? StoredEntry(cents: Self.first(of: record), store: Self.store(of: record), version: 1).state
            : Self.first(of: record)
        if misnamed.contains(record) { return nil }
        guard let holds = Linearizability.holds(operations, initial: first) else {
            undecided += 1
            return nil
        }
        if holds { return nil }
        for end in oblivions {
            let before = operations.filter { $0.began < end }.map { $0.cut(at: end) }
            guard Linearizability.holds(before, initial: first) ?? true else { break }
            if before.contains(where: { $0.isLost && mayBeForgotten($0, at: end) }) { return nil }
        }
        return "record \(record) of store \(Self.store(of: record)) is not linearizable (I1, I3, I5):\n"
            + account(of: record)
    }

    /// Whether it left something that only the process knew which ended then: one side alone has it, or a side was
    /// still at work.
    private func mayBeForgotten(_ operation: Operation, at end: UInt64) -> Bool {
        if isOfDatabases { return true }
        if watch.workEnded(operation.call) > end { return true }
        return Stages.areDouble.contains(watch.stages[operation.call] ?? "")
            && watch.sides(changedBy: operation.call).count == 1
    }

    /// I2: what both sides have from the beginning, and every write gives both, is the same on both, or is told as
    /// different: in the answer of a write, and in the log. What was inserted into new alone is on new alone.
    private func divergence(_ record: Int64) -> String? {
        let (old, new) = (last("old", record), last("new", record))
        guard isCopied, !wasFinished, isWrittenOnBoth, old != new, insertsBoth || ![old, new].contains("nothing") else {
            return nil
        }
        let writes = history.filter { $0.record == record && $0.isWrite }
        if !writes.contains(where: { $0.isLost }) {
            return "the sides differ in record \(record), and no write of it was lost (I2):\n" + account(of: record)
        }
        guard losses.isEmpty, !sidecarLog.contains("record=\(record) ") else { return nil }
        return "the sides differ in record \(record), and the log does not say so (I2):\n" + account(of: record)
    }

    /// As the switch file says at the end: an answer to the operator may have been lost.
    private var isWrittenOnBoth: Bool {
        let text = world.disk.text("/sidecar/switches.json") ?? ""
        return ["\"migrating\"", "\"mirrored\""].contains { text.contains($0) }
    }

    private func account(of record: Int64) -> String {
        let lines = history.filter { $0.record == record }.map {
            "  \($0) changed \(watch.sides(changedBy: $0.call).sorted())"
        }
        return lines.joined(separator: "\n") + "\nthe sides were asked:\n"
            + (watch.trace[record] ?? []).joined(separator: "\n")
            + "\n  old has \(last("old", record)), new has \(last("new", record))"
    }
}
