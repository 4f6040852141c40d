import Migration

/// A change of the switches is one step from what calls are decided by. What the switch file says is that, or comes
/// into force, or is not taken: it must not be brought along by the way.
extension SwitchControl {
    /// What is in force, and what becomes of what the switch file says.
    func present(of migration: String) -> (SwitchEntry, isInFile: (SwitchEntry) -> PlannedChange.FileStanding)? {
        guard let index = migrations.firstIndex(where: { $0.name == migration }), let now = inForce[index] else {
            return nil
        }
        return (
            now,
            { [self] inFile in
                if inFile == now { return .inForce }
                // It may not have been looked at yet: then it is as good as taken.
                let isTaken = problem.isEmpty || lastInFile(index) == inFile
                return inFile.epoch > now.epoch && isTaken ? .pending : .refused
            }
        )
    }

    /// Why no change can be made that starts from this file; nil where one can. What is refused there may be written
    /// over by a rollback.
    func refusal(of plan: PlannedChange) -> String? {
        guard let current = current[plan.index]?.summaries[plan.index], inForce[plan.index] == plan.before else {
            return nil
        }
        let (name, path) = (plan.migration.name, configuration.switches)
        let writeBack = "remove \(path), then write what is in force with: switchover init-switches"
        if plan.inFile.epoch < current.epoch {
            return """
                the switch file went back to epoch \(plan.inFile.epoch) and is not taken, epoch \(current.epoch) is \
                in force: \(writeBack)
                """
        }
        if plan.standing == .refused, plan.undoes == nil {
            return """
                what the switch file says of \(name) (epoch \(plan.inFile.epoch)) is not taken, epoch \(current.epoch) \
                stays in force\(problem.isEmpty ? "" : ": \(problem)"). Write over it with switchover rollback \
                \(name), which undoes the last forward change as well; or \(writeBack)
                """
        }
        guard plan.beforeDraft.summary.fingerprint != current.fingerprint,
            plan.after.state.namesLists || plan.before.state.enrolled.namesList
        else { return nil }
        let out = plan.before.state.enrolled.namesList ? "" : ", or let go of it with switchover gray \(name) none"
        return """
            a list of keys that the switch file names was changed without a new epoch, and that is not in force; this \
            command would bring it along. Put it back, or write epoch \(plan.inFile.epoch + 1) into the switch file \
            for it first\(out)
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

extension SwitchState {
    fileprivate var namesLists: Bool { enrolled.namesList || gray.namesList }
}

extension KeySelection {
    /// Whether keys of it stand in a file of their own.
    fileprivate var namesList: Bool { allowFile != nil || denyFile != nil }
}
