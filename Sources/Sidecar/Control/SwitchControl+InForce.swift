import Migration

/// A change of the switches is one step from what calls are decided by. What the switch file says is that, or comes
/// into force, or is not taken: it must not be brought along by the way.
extension SwitchControl {
    /// What is in force, and what was taken from the switch file.
    func known(of migration: String) -> PlannedChange.Known {
        guard let index = migrations.firstIndex(where: { $0.name == migration }) else { return .init() }
        return PlannedChange.Known(
            inForce: inForce[index], last: lastInFile(index), epoch: epochsGiven[index], isRefused: !problem.isEmpty)
    }

    /// Why no change can be made that starts from this file; nil where one can. What is refused there may be written
    /// over by a rollback.
    func refusal(of plan: PlannedChange) -> String? {
        guard let current = current[plan.index]?.summaries[plan.index], inForce[plan.index] == plan.before else {
            let isKnown = inForce[plan.index] != nil || problem.isEmpty
            return isKnown ? nil : "no switches are in force, and the switch file is not taken: \(problem)"
        }
        if let reason = refusal(of: plan, over: current.epoch) { return reason }
        guard plan.beforeDraft.summary.fingerprint != current.fingerprint,
            plan.after.state.namesLists || plan.before.state.enrolled.namesList
        else { return nil }
        let name = plan.migration.name
        let out = plan.before.state.enrolled.namesList ? "" : ", or let go of it with switchover gray \(name) none"
        return """
            a list of keys that the switch file names was changed without a new epoch, and that is not in force; this \
            command would bring it along. Put it back, or write epoch \(plan.inFile.epoch + 1) into the switch file \
            for it first\(out)
            """
    }

    /// Of a file that says something else than was taken from it.
    private func refusal(of plan: PlannedChange, over epoch: UInt64) -> String? {
        guard plan.standing == .refused else { return nil }
        let (name, path) = (plan.migration.name, book.name)
        if let pending = known(of: name).pending {
            guard plan.undoes == nil else { return nil }
            return """
                what the switch file says of \(name) (epoch \(plan.inFile.epoch)) is not taken. Epoch \
                \(pending.epoch) was taken from it before and comes into force; epoch \(epoch) is until then. Take \
                epoch \(pending.epoch) back with switchover rollback \(name); or remove \(path), then write what was \
                taken with: switchover init-switches
                """
        }
        let writeBack = "remove \(path), then write what is in force with: switchover init-switches"
        if plan.inFile.epoch < epoch {
            return """
                the switch file went back to epoch \(plan.inFile.epoch) and is not taken, epoch \(epoch) is in \
                force: \(writeBack)
                """
        }
        guard plan.undoes == nil else { return nil }
        return """
            what the switch file says of \(name) (epoch \(plan.inFile.epoch)) is not taken, epoch \(epoch) stays in \
            force\(problem.isEmpty ? "" : ": \(problem)"). Write over it with switchover rollback \(name), which \
            undoes the last forward change as well; or \(writeBack)
            """
    }

    /// Why the change has to wait for the one that is under way; nil where it need not, or takes that one back.
    func notYet(_ plan: PlannedChange) -> String? {
        guard plan.standing == .pending, plan.undoes == nil, plan.after.state != plan.before.state else { return nil }
        let reason = delays[plan.index].map { ": \($0.sentence)" } ?? ""
        return """
            epoch \(plan.inFile.epoch) is in the switch file and not in force yet\(reason). One step at a time: wait \
            for it, or take it back with switchover rollback \(plan.migration.name)
            """
    }
}
