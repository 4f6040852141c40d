import Migration

/// Decides what a reading of the switch file means for the switches in force.
///
///     unknown --usable, no epoch lower than what is on record--> known
///     unknown --anything else--> unknown: not ready, every call is refused
///     known   --usable, no epoch lower, no switches changed under their epoch, no jump--> known (the new ones)
///     known   --anything else--> known (the old ones, loudly)
///
/// A sidecar never invents a stage: nothing but a usable file makes switches known, and nothing makes them unknown
/// again, since the last good state is what the other sidecars and the operator believe to be in force.
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
        case known([SwitchSummary?], [SwitchState?])
    }

    private let migrationNames: [String]
    private let epochsOnRecord: [EpochOnRecord]
    private var state = State.unknown

    /// - Parameter epochsOnRecord: what was in force before this process started, by the migration's position.
    init(migrationNames: [String], epochsOnRecord: [EpochOnRecord]) {
        self.migrationNames = migrationNames
        self.epochsOnRecord = epochsOnRecord
    }

    /// - Parameters:
    ///   - states: what the reading says in full, by the migration's position; nil or left out where a jump cannot be
    ///     told.
    mutating func read(_ reading: Reading, states: [SwitchState?] = []) -> Decision {
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
            if let reason = objection(atStart: found) { return .notReady(reason) }
            state = .known(found, states)
            return .swap
        case (.known(let known, let before), .usable(let found)):
            if known == found { return .keep }
            if let reason = objection(to: found, after: known) { return .refuse(reason) }
            if let reason = jump(to: states, from: before, epochs: known) { return .refuse(reason) }
            state = .known(found, states)
            return .swap
        }
    }

    /// What no command would do, whatever is typed for it.
    private func jump(
        to states: [SwitchState?], from before: [SwitchState?], epochs: [SwitchSummary?]
    ) -> String? {
        for (index, name) in migrationNames.enumerated() {
            guard index < states.count, index < before.count, let last = before[index], let next = states[index],
                let obstacle = Self.jump(from: last, to: next)
            else { continue }
            let epoch = epochs[index].map { "; or write back phase \(last.phase.name), epoch \($0.epoch)" } ?? ""
            return "migration \(name): \(obstacle.sentence(name))\(epoch)"
        }
        return nil
    }

    /// Why a change of a switch file is more than one step of the phase. Its sets may take keys over a stage, which no
    /// command does: whoever edits the file has decided that, the audit file says that nobody was asked, and records
    /// that are not at rest go rung by rung.
    static func jump(from last: SwitchState, to next: SwitchState) -> MoveObstacle? {
        Move(from: last, to: next, facts: MoveFacts()).phaseJump
    }

    private func objection(atStart found: [SwitchSummary?]) -> String? {
        for (index, now) in found.enumerated() {
            if let now, let objection = objection(toFirst: now, index) { return objection }
        }
        return nil
    }

    /// A migration that comes into the file later is held against the record as well.
    private func objection(toFirst now: SwitchSummary, _ index: Int) -> String? {
        let last = epochsOnRecord[index]
        guard now.epoch < last.epoch else { return nil }
        return "migration \(migrationNames[index]): epoch \(now.epoch) is lower than \(last.epoch), which was in force "
            + "by \(last.source). Put the last switch file back; or remove this one and write what was in force, with: "
            + "switchover init-switches; or write epoch \(last.epoch + 1) if these switches are meant"
    }

    private func objection(to found: [SwitchSummary?], after known: [SwitchSummary?]) -> String? {
        for (index, name) in migrationNames.enumerated() {
            let now = found[index]
            guard let before = known[index] else {
                if let now, let objection = objection(toFirst: now, index) { return objection }
                continue
            }
            guard let now else { return "migration \(name) is missing, its epoch was \(before.epoch); write it again" }
            if now.epoch < before.epoch {
                return "migration \(name): epoch \(now.epoch) is lower than \(before.epoch), which is in force; "
                    + "write \(before.epoch + 1)"
            }
            if now.epoch == before.epoch, now != before {
                return "migration \(name): its switches changed, but not its epoch \(now.epoch); write \(now.epoch + 1)"
            }
        }
        return nil
    }
}
