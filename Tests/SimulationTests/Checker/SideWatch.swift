import WireFormat

/// What the two sides see of the sidecars' writes, whoever asked for them: which are at work at the same time, and
/// which of the clients' calls each side has carried out.
///
/// A write of both sides has its record to itself, on both sides, from its first ask until nothing that was sent for it
/// may still take effect (contract, 4.1, 4.5). Beside it no write of one side runs either: a change of the switches
/// leaves it alone until it is over (contract, 2). Writes of one side may run beside each other.
final class SideWatch {
    struct Ask: Hashable, CustomStringConvertible {
        let side: String
        let path: String
        /// Of the client.
        let call: Int
        let record: Int64
        let stage: String
        /// Of the switches that the call was decided by.
        let epoch: UInt64
        /// The sidecar that asks.
        let process: Int32

        var isOfBoth: Bool { Stages.areDouble.contains(stage) }
        var description: String { "\(path) of call \(call) at \(stage) on \(side)" }
    }

    private static let writes: Set<String> = ["Change", "Save", "Add", "Remove", "Overwrite", "Place", "Erase"]

    /// Requests that a side has and has not carried out yet.
    private(set) var atWork: [Ask] = []
    /// How often each side has carried out a call itself (not what is made of its answer), and what it came to.
    private var carriedOut: [Int: [String: Int]] = [:]
    private var changed: [Int: Set<String>] = [:]
    /// By which calls were decided.
    private(set) var stages: [Int: String] = [:]
    private(set) var asksOfCall: [Int: Int] = [:]
    /// Calls of which a side has said that their time is over.
    private var toldLate: Set<Int> = []
    /// The sides that a call has asked for a change.
    private var asked: [Int: Set<String>] = [:]
    /// When a side was done with a call last.
    private var ends: [Int: UInt64] = [:]
    /// Until when nobody may write a record, and the sidecar that has lost the answer of a write.
    private var closed: [Int64: (process: Int32, until: UInt64)] = [:]
    private var processes: [Int: Int32] = [:]
    private var rules = AskRules()
    private(set) var broken: String?
    /// What each side was asked for a record and when it was done, for people.
    private(set) var trace: [Int64: [String]] = [:]

    static func isWrite(_ path: String) -> Bool { writes.contains(path) }

    /// - Parameter call: what a client has begun; nil: the sidecar asks by itself.
    func began(_ ask: Ask, of call: AskRules.Call?, at time: UInt64) {
        tell(ask, "begins \(ask)", time)
        asksOfCall[ask.call, default: 0] += 1
        stages[ask.call] = ask.stage
        processes[ask.call] = ask.process
        if ask.isOfBoth, Self.isWrite(ask.path), let closed = closed[ask.record], closed.process == ask.process,
            time < closed.until
        {
            broken = broken ?? "a record is written within the quiet period of a lost answer (contract, 4.5): \(ask)"
        }
        if let fault = call.flatMap({ rules.began(ask, of: $0, at: time) }) { broken = broken ?? fault }
        if Self.isWrite(ask.path) { asked[ask.call, default: []].insert(ask.side) }
        if Self.isWrite(ask.path), ask.record != 0,
            let other = atWork.first(where: {
                Self.isWrite($0.path) && $0.record == ask.record && $0.process == ask.process
                    && ($0.isOfBoth || ask.isOfBoth)
            })
        {
            broken = broken ?? "two writes of record \(ask.record) are at work at once: \(other), and \(ask)"
        }
        atWork.append(ask)
    }

    private func tell(_ ask: Ask, _ text: String, _ time: UInt64) {
        trace[ask.record, default: []].append("  \(Double(time / 1000) / 1000) ms: \(text)")
    }

    func ended(_ ask: Ask, _ status: GRPCStatus, at time: UInt64) {
        let hasChanged = status == .ok
        tell(ask, "\(status) is what \(ask) comes to", time)
        if let index = atWork.firstIndex(of: ask) { atWork.remove(at: index) }
        rules.ended(ask, status)
        ends[ask.call] = time
        guard Self.isWrite(ask.path), hasChanged else { return }
        changed[ask.call, default: []].insert(ask.side)
        let key = "\(ask.side) \(ask.path)"
        let count = carriedOut[ask.call, default: [:]][key, default: 0] + 1
        carriedOut[ask.call, default: [:]][key] = count
        if count > 1 { broken = broken ?? "a side has made one write twice: \(ask)" }
    }

    func saysLate(_ ask: Ask) { toldLate.insert(ask.call) }
    func wasToldLate(_ call: Int) -> Bool { toldLate.contains(call) }

    /// The operator was told that the switches of this epoch are in force.
    func isInForce(_ epoch: UInt64, at time: UInt64) { rules.isInForce(epoch, at: time) }

    func isWriting(_ call: Int) -> Bool { atWork.contains { $0.call == call && Self.isWrite($0.path) } }

    /// A client was told that the outcome of its write is unknown. That of both sides closes the record's lane.
    func isUnknown(_ call: Int, of record: Int64, until end: UInt64) {
        guard let process = processes[call], Stages.areDouble.contains(stages[call] ?? "") else { return }
        closed[record] = (process, end)
    }

    func workEnded(_ call: Int) -> UInt64 { ends[call] ?? 0 }

    func sides(askedBy call: Int) -> Set<String> { asked[call] ?? [] }

    /// The sides that a call has changed something on.
    func sides(changedBy call: Int) -> Set<String> { changed[call] ?? [] }

    func isFirst(_ ask: Ask) -> Bool { asksOfCall[ask.call] == 1 }
}

enum Stages {
    static let all = ["old", "dualOld", "dualNew", "newMirrored", "new"]
    static let areDouble: Set<String> = ["dualOld", "dualNew", "newMirrored"]
}
