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
    private(set) var broken: String?
    /// What each side was asked for a record and when it was done, for people.
    private(set) var trace: [Int64: [String]] = [:]

    static func isWrite(_ path: String) -> Bool { writes.contains(path) }

    func began(_ ask: Ask, at time: UInt64) {
        tell(ask, "begins \(ask)", time)
        asksOfCall[ask.call, default: 0] += 1
        stages[ask.call] = ask.stage
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
        guard Self.isWrite(ask.path), hasChanged else { return }
        changed[ask.call, default: []].insert(ask.side)
        let key = "\(ask.side) \(ask.path)"
        let count = carriedOut[ask.call, default: [:]][key, default: 0] + 1
        carriedOut[ask.call, default: [:]][key] = count
        if count > 1 { broken = broken ?? "a side has made one write twice: \(ask)" }
    }

    /// The sides that a call has changed something on.
    func sides(changedBy call: Int) -> Set<String> { changed[call] ?? [] }

    func isFirst(_ ask: Ask) -> Bool { asksOfCall[ask.call] == 1 }
}

enum Stages {
    static let all = ["old", "dualOld", "dualNew", "newMirrored", "new"]
    static let areDouble: Set<String> = ["dualOld", "dualNew", "newMirrored"]
}
