import Migration

/// Decides what a reading of the switch file means for the switches in force.
///
///     unknown --usable, no epoch lower than what is on record, no other switches under it--> known
///     unknown --anything else--> unknown: not ready, every call is refused
///     known   --usable, no epoch lower, no switches changed under their epoch, no jump--> known (the new ones)
///     known   --anything else--> known (the old ones, loudly)
///
/// A sidecar never invents a stage: nothing but a usable file makes switches known, and nothing makes them unknown
/// again, since the last good state is what the other sidecars and the operator believe to be in force.
///
/// What was taken may come into force later, or be replaced before it does. So a jump is one from whatever may be in
/// force when the next switches are: what is, and what was taken since.
struct SwitchFile {
    enum Reading: Equatable {
        /// By the migration's position in the configuration; nil where the file does not name it.
        case usable([SwitchSummary?])
        case missing
        case broken(String)
    }

    enum Decision: Equatable {
        /// The switches read are in force from now on.
        case swap
        /// They say what is in force already.
        case keep
        /// They are not taken; the last good ones stay in force.
        case refuse(String)
        /// There are no good ones yet.
        case notReady(String)
    }

    private enum State {
        case unknown
        case known([SwitchSummary?])
    }

    /// Something that may be in force, or come into force.
    private struct Rung {
        let epoch: UInt64
        let state: SwitchState
    }

    private let migrationNames: [String]
    private let epochsOnRecord: [EpochOnRecord]
    private var state = State.unknown
    /// By the migration's position; one of each phase.
    private var rungs: [[Rung]]

    /// - Parameter epochsOnRecord: what was in force before this process started, by the migration's position.
    init(migrationNames: [String], epochsOnRecord: [EpochOnRecord]) {
        self.migrationNames = migrationNames
        self.epochsOnRecord = epochsOnRecord
        rungs = Array(repeating: [], count: migrationNames.count)
    }

    /// - Parameters:
    ///   - states: what the reading says in full, by the migration's position; nil or left out where a jump cannot be
    ///     told.
    ///   - inForce: what calls are decided by; nil: what was taken last.
    mutating func read(
        _ reading: Reading, states: [SwitchState?] = [], inForce: [SwitchSummary?]? = nil
    ) -> Decision {
        if case .known(let known) = state { forget(before: inForce ?? known) }
        switch (state, reading) {
        case (.unknown, .missing):
            return .notReady(
                "there is no switch file; create it, or write back what was in force last, with: "
                    + "switchover init-switches"
            )
        case (.unknown, .broken(let reason)):
            return .notReady(reason)
        case (.known, .missing):
            return .refuse("the switch file is gone; write it back as it is in force with: switchover init-switches")
        case (.known, .broken(let reason)):
            return .refuse(reason)
        case (.unknown, .usable(let found)):
            if let reason = objection(atStart: found, states) { return .notReady(reason) }
            take(found, states)
            return .swap
        case (.known(let known), .usable(let found)):
            if known == found { return .keep }
            if let reason = objection(to: found, states, after: known, inForce ?? known) { return .refuse(reason) }
            if let reason = jump(to: found, states, after: known) { return .refuse(reason) }
            take(found, states)
            return .swap
        }
    }

    /// The process begins with these switches, before those that were read first.
    mutating func begins(with opening: [SwitchEntry?]) {
        for (index, entry) in opening.enumerated() {
            if let entry { remember(Rung(epoch: entry.epoch, state: entry.state), index) }
        }
    }

    private mutating func take(_ found: [SwitchSummary?], _ states: [SwitchState?]) {
        state = .known(found)
        for (index, (summary, state)) in zip(found, states).enumerated() {
            if let summary, let state { remember(Rung(epoch: summary.epoch, state: state), index) }
        }
    }

    private mutating func remember(_ rung: Rung, _ index: Int) {
        rungs[index].removeAll { $0.state.phase == rung.state.phase && $0.epoch <= rung.epoch }
        rungs[index].append(rung)
    }

    private mutating func forget(before inForce: [SwitchSummary?]) {
        for (index, now) in inForce.enumerated() {
            if let now { rungs[index].removeAll { $0.epoch < now.epoch } }
        }
    }

    /// What no command would do, whatever is typed for it.
    private func jump(
        to found: [SwitchSummary?], _ states: [SwitchState?], after known: [SwitchSummary?]
    ) -> String? {
        for (index, name) in migrationNames.enumerated() {
            guard index < states.count, let next = states[index], found[index] != known[index] else { continue }
            for rung in rungs[index] {
                guard let obstacle = Self.jump(from: rung.state, to: next) else { continue }
                let sentence = "migration \(name): \(obstacle.sentence(name))"
                guard let last = known[index], last.epoch > rung.epoch else {
                    return "\(sentence); or write back phase \(rung.state.phase.name), epoch \(rung.epoch)"
                }
                return """
                    \(sentence). Phase \(rung.state.phase.name) (epoch \(rung.epoch)) is in force until epoch \
                    \(last.epoch) is, and this file is looked at again then
                    """
            }
        }
        return nil
    }

    /// Why a change of a switch file is more than one step of the phase. Its sets may take keys over a stage, which no
    /// command does: whoever edits the file has decided that, the audit file says that nobody was asked, and records
    /// that are not at rest go rung by rung.
    static func jump(from last: SwitchState, to next: SwitchState) -> MoveObstacle? {
        Move(from: last, to: next, facts: MoveFacts()).phaseJump
    }

    private func objection(atStart found: [SwitchSummary?], _ states: [SwitchState?]) -> String? {
        for (index, now) in found.enumerated() {
            if let now, let objection = objection(toFirst: now, states, index) { return objection }
        }
        return nil
    }

    /// A migration that comes into the file later is held against the record as well.
    private func objection(toFirst now: SwitchSummary, _ states: [SwitchState?], _ index: Int) -> String? {
        let last = epochsOnRecord[index]
        if last.contradicts(now, index < states.count ? states[index] : nil) {
            return """
                migration \(migrationNames[index]): the switches or their files of keys are not those of epoch \
                \(now.epoch) that were in force by \(last.source). Put the last ones back; or write epoch \
                \(now.epoch + 1) if these are meant
                """
        }
        guard now.epoch < last.epoch else { return nil }
        return "migration \(migrationNames[index]): epoch \(now.epoch) is lower than \(last.epoch), which was in force "
            + "by \(last.source). Put the last switch file back; or remove this one and write what was in force, with: "
            + "switchover init-switches; or write epoch \(last.epoch + 1) if these switches are meant"
    }

    private func objection(
        to found: [SwitchSummary?], _ states: [SwitchState?], after known: [SwitchSummary?], _ inForce: [SwitchSummary?]
    ) -> String? {
        for (index, name) in migrationNames.enumerated() {
            let now = found[index]
            guard let before = known[index] else {
                if let now, let objection = objection(toFirst: now, states, index) { return objection }
                continue
            }
            guard let now else { return "migration \(name) is missing, its epoch was \(before.epoch); write it again" }
            if now.epoch < before.epoch {
                let standing =
                    inForce[index]?.epoch == before.epoch
                    ? "is in force" : "was taken from the file and comes into force (switchover rollback takes it back)"
                return "migration \(name): epoch \(now.epoch) is lower than \(before.epoch), which \(standing); "
                    + "write \(before.epoch + 1)"
            }
            if now.epoch == before.epoch, now != before {
                return "migration \(name): its switches changed, but not its epoch \(now.epoch); write \(now.epoch + 1)"
            }
        }
        return nil
    }
}
