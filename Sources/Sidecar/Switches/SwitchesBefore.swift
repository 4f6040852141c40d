import Migration

/// The highest epoch of a migration that was in force before this process, and who says so.
struct EpochOnRecord: Sendable, Equatable {
    var epoch: UInt64 = 0
    /// For a sentence.
    var source = ""
    /// Of the switches under it; nil where that is not on record.
    var fingerprint: UInt64?
    /// The same as the audit file has it.
    var state: SwitchState?

    static let none = EpochOnRecord()

    /// Whether these are other switches under the same epoch. Keys that stand in a text which is the same may have been
    /// declared to be of another type since.
    func contradicts(_ now: SwitchSummary, _ state: SwitchState?) -> Bool {
        guard now.epoch == epoch, let fingerprint, now.fingerprint != fingerprint else { return false }
        return state == nil || state != self.state || state?.namesLists == true
    }
}

/// What the sidecars before left of a migration's switches in their lock file (decision 0033).
package struct LeftSwitches: Sendable, Equatable {
    /// What was in force last; nil where nobody has written it down.
    let inForce: OwnerNote.InForce?
    /// Who says so, for a sentence.
    let source: String
    /// Whether a write of theirs may still take effect.
    var isUnsettled: Bool

    package static let none = LeftSwitches([], "", isUnsettled: false)

    /// - Parameter notes: of the switch file's lock files, with their places; the one with the highest epoch counts.
    init(_ notes: [(place: String, note: OwnerNote)], _ migration: String, isUnsettled: Bool) {
        let found = notes.compactMap { place, note in note.inForce[migration].map { (place, $0) } }
        let last = found.max { $0.1.epoch < $1.1.epoch }
        inForce = last?.1
        source = last?.0 ?? ""
        self.isUnsettled = isUnsettled
    }

    /// As the lock files of a switch file say, whoever has them.
    init(switchFile: String, _ migration: String) {
        let notes = OwnerLock.places(of: switchFile).compactMap { place in
            OwnerLock.note(of: place).map { (place, $0) }
        }
        self.init(notes, migration, isUnsettled: false)
    }
}

/// All that is known of a migration's switches before this process. Pure.
struct SwitchesBefore: Sendable {
    var audit = AuditFile.Newest()
    var left = LeftSwitches.none

    /// A command's change is on record before it is made, so that the audit file alone does not tell whether it was in
    /// force.
    var epoch: EpochOnRecord {
        let byAudit = audit.entry?.epochInForce ?? 0
        if let inForce = left.inForce, inForce.epoch >= byAudit {
            let entry = audit.entry.flatMap { $0.after.epoch == inForce.epoch ? $0.after : nil }
            return EpochOnRecord(
                epoch: inForce.epoch, source: left.source, fingerprint: inForce.fingerprint, state: entry?.state)
        }
        return byAudit == 0 ? .none : EpochOnRecord(epoch: byAudit, source: "the audit file")
    }

    /// What a process begins with for a migration whose switch file says something else than was in force last, so that
    /// the change goes the way of every change: a write of the process before may arrive late.
    enum Opening: Equatable {
        /// With what the file says: nothing is late, or it says what was in force, or it leaves all keys at `old`.
        case asTheFileSays
        /// With one of these, whose fingerprint must be the one that is on record. Where none has it, with nothing.
        case withOneOf([SwitchEntry])
    }

    /// - Parameter isBeyondOld: whether the switch file has a key at another stage than `old`.
    func opening(to summary: SwitchSummary, isBeyondOld: Bool) -> Opening {
        guard left.isUnsettled else { return .asTheFileSays }
        // Any key may have been at `old`, and written there just before.
        guard let inForce = left.inForce else { return isBeyondOld ? .withOneOf([]) : .asTheFileSays }
        guard inForce.fingerprint != summary.fingerprint else { return .asTheFileSays }
        // A line that cannot be read may have been a change since.
        guard audit.unreadable == 0, let newest = audit.entry else { return .withOneOf([]) }
        return .withOneOf([newest.after, newest.before].compactMap(\.self).filter { $0.epoch == inForce.epoch })
    }
}
