import WireFormat

/// What asks of services show by themselves: whom a call may ask at its stage, in which order, and by which switches.
struct AskRules {
    /// What a client has begun.
    struct Call {
        let kind: String
        let began: UInt64
    }

    /// A write by newer switches than any before it.
    private struct Write {
        let epoch: UInt64
        let stage: String
        let time: UInt64
    }

    /// By record, the newest last.
    private var newest: [Int64: [Write]] = [:]
    /// Changes that were told to be in force, the newest last.
    private var told: [(epoch: UInt64, time: UInt64)] = []
    /// What sides have answered, by call.
    private var ended: [Int: [Ended]] = [:]

    private struct Ended {
        let side: String
        let path: String
        let status: GRPCStatus
    }

    mutating func isInForce(_ epoch: UInt64, at time: UInt64) {
        if epoch > told.last?.epoch ?? 0 { told.append((epoch, time)) }
    }

    mutating func ended(_ ask: SideWatch.Ask, _ status: GRPCStatus) {
        ended[ask.call, default: []].append(Ended(side: ask.side, path: ask.path, status: status))
    }

    /// What is wrong with an ask; nil where nothing is.
    mutating func began(_ ask: SideWatch.Ask, of call: Call, at time: UInt64) -> String? {
        let fault = placeFault(ask, call) ?? orderFault(ask) ?? switchFault(ask, call)
        if ask.record != 0, SideWatch.isWrite(ask.path), ask.epoch > newest[ask.record]?.last?.epoch ?? 0 {
            newest[ask.record, default: []].append(Write(epoch: ask.epoch, stage: ask.stage, time: time))
        }
        return fault
    }

    /// Contract, 3: at the stages of one side nobody asks the other; at `newMirrored` a query asks new alone. A list
    /// has records of other stages.
    private func placeFault(_ ask: SideWatch.Ask, _ call: Call) -> String? {
        switch (ask.stage, ask.side) {
        case _ where call.kind == "list": return nil
        case ("old", "new"), ("new", "old"): return "the other side is asked at a stage of one (contract, 3): \(ask)"
        case ("newMirrored", "old") where call.kind == "find": return "old is asked by a query (contract, 3): \(ask)"
        default: return nil
        }
    }

    /// Contract, 4.3 and 4.7: a side is given a record when the other has made the write that it comes of; the follower
    /// loses a record before its authority at the stages that fall back, and after it at `newMirrored`.
    private func orderFault(_ ask: SideWatch.Ask) -> String? {
        guard ask.isOfBoth else { return nil }
        let others = (ended[ask.call] ?? []).filter { $0.side != ask.side }
        switch ask.path {
        case "Overwrite", "Place":
            if others.contains(where: { SideWatch.isWrite($0.path) && $0.status == .ok }) { return nil }
            return "a side is given a record before the other has made the write (contract, 4.3): \(ask)"
        case "Remove" where ask.side == (ask.stage == "dualNew" ? "new" : "old"):
            if others.contains(where: { $0.path == "Remove" }) { return nil }
            return "the sides lose a record in the wrong order (contract, 4.7): \(ask)"
        default: return nil
        }
    }

    /// Contract, 2: who begins after a change was told to be in force is decided by it; and who begins after a write of
    /// this record was decided by newer switches that give it another stage, since all workers have taken those before.
    private func switchFault(_ ask: SideWatch.Ask, _ call: Call) -> String? {
        if let last = told.last(where: { $0.time < call.began }), ask.epoch < last.epoch {
            return "decided by epoch \(ask.epoch) after \(last.epoch) was told to be in force: \(ask)"
        }
        guard ask.record != 0, !ask.stage.isEmpty,
            let write = newest[ask.record]?.last(where: { $0.time < call.began }), ask.epoch < write.epoch,
            ask.stage != write.stage
        else { return nil }
        return "decided by epoch \(ask.epoch), though a write was by \(write.epoch) at \(write.stage): \(ask)"
    }
}
