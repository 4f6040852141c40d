import Migration

/// The changes of one migration's switches that were made, as far as the audit file tells. Pure.
///
/// A change is put on record before it is made. One that could not be made is withdrawn by an entry of its own; there
/// is none where the process ended between the two files, or the disk was full. Such a change is known by what came
/// after it: the next change, or the switch file, starts from an older epoch.
struct SwitchHistory {
    /// Oldest first.
    private(set) var changes: [AuditEntry] = []
    /// Whether no older ones are left out.
    private let isWhole: Bool

    /// - Parameters:
    ///   - entries: of all migrations, oldest first.
    ///   - inFile: what the switch file says of this one.
    ///   - isWhole: whether no older entries are left out; what they may say counts as said then.
    init(_ entries: [AuditEntry], of migration: String, inFile: SwitchEntry, isWhole: Bool = true) {
        self.isWhole = isWhole
        for entry in entries where entry.migration == migration {
            switch entry.origin {
            case .withdrawn:
                drop { $0.epoch > entry.after.epoch }
                continue
            case .command, .rollback:
                if let before = entry.before { drop { $0.epoch > before.epoch } }
            case .file: drop { $0.epoch >= entry.after.epoch && $0 != entry.after }
            }
            changes.append(entry)
        }
        drop { $0.epoch > inFile.epoch }
    }

    /// What came into force by the file was in force for sure; a command's change may have been made or not.
    private mutating func drop(_ isLater: (SwitchEntry) -> Bool) {
        while let last = changes.last, last.origin != .file, isLater(last.after) { changes.removeLast() }
    }

    /// Why the last change is not on record, so that nobody can say what would undo it; nil where it is.
    ///
    /// - Parameter epoch: of the switch file. The first one is made without a change.
    func gap(before epoch: UInt64) -> String? {
        guard epoch > 1, changes.last?.after.epoch != epoch else { return nil }
        let newest = changes.last.map { "its newest is epoch \($0.after.epoch)" } ?? "it has none"
        return """
            The audit file does not have the change that made epoch \(epoch) (\(newest)): a line of it is damaged or \
            missing, or the change was made by hand and is not in force yet.
            """
    }

    /// Whether keys have left the enrolled set since the migration left `idle` by a command, which asks whether new is
    /// empty.
    ///
    /// - Parameter epoch: of the switch file.
    func leftEnrolled(before epoch: UInt64) -> LeftEnrolled {
        let start = changes.lastIndex {
            $0.origin == .command && $0.before?.state.phase == .idle && $0.after.state.phase == .migrating
        }
        let since = changes[(start ?? 0)...]
        let hasLeft = since.contains { entry in
            guard let before = entry.before else { return false }
            return entry.mayHaveLeft || before.state.beyondOld.mayGain(over: entry.after.state.beyondOld)
        }
        if hasLeft { return .yes }
        if gap(before: epoch) != nil {
            let newest = changes.last.map { "ends at epoch \($0.after.epoch)" } ?? "is empty"
            return .unknown("the audit file \(newest), the switch file is at \(epoch)")
        }
        if start == nil, !isWhole { return .unknown("it may stand in a part of the audit file that is not in memory") }
        if start == nil, let first = since.first, first.before.map({ $0.epoch > 1 }) ?? first.mayHaveLeft {
            return .unknown("the audit file begins at epoch \(first.after.epoch)")
        }
        for (last, next) in zip(since, since.dropFirst()) {
            guard let before = next.before, before.epoch <= last.after.epoch else {
                return .unknown("the audit file lacks what came after epoch \(last.after.epoch)")
            }
        }
        return .no
    }

    /// Whether the record begins with the first switches that there were, as far as whoever wrote it could tell.
    var hasNothingBefore: Bool {
        guard isWhole, let first = changes.first else { return false }
        return first.before == nil && !first.mayHaveLeft
    }

    /// Whether records were written on both sides at an epoch up to this one.
    func wroteBothSides(upTo epoch: UInt64) -> Bool {
        let found = changes.filter { $0.after.epoch <= epoch }.map(\.after.state)
        if found.isEmpty || !isWhole { return epoch > 1 }
        return found.contains { $0.phase != .idle && !($0.phase == .migrating && $0.enrolled.isNone) }
    }
}

/// What a rollback does, found in the changes that were made.
struct Undo: Equatable {
    /// The epoch of the change that is undone.
    let epoch: UInt64
    let target: SwitchState

    /// Undoes the last forward change of a migration that has not been undone, by a rollback or by other changes; nil
    /// where there is none.
    ///
    /// - Parameter after: changes of this epoch and before are left alone.
    init?(_ history: SwitchHistory, from present: SwitchState, after: UInt64) {
        let undone = Set(history.changes.compactMap(\.undoes))
        for entry in history.changes.reversed() where entry.origin != .rollback {
            guard entry.after.epoch > after, !undone.contains(entry.after.epoch), let before = entry.before,
                Move(from: before.state, to: entry.after.state, facts: MoveFacts()).isForward
            else { continue }
            let target = present.undoing(from: before.state, to: entry.after.state)
            guard target != present else { continue }
            epoch = entry.after.epoch
            self.target = target
            return
        }
        return nil
    }
}

extension AuditEntry {
    /// Whether a file of keys decides who is enrolled, before it or after.
    var isByFileOfKeys: Bool {
        [before, after].compactMap(\.self).contains {
            $0.state.phase == .migrating && ($0.state.enrolled.allowFile ?? $0.state.enrolled.denyFile) != nil
        }
    }

    /// What is put on record when switches come into force; nil where they are on record already.
    ///
    /// - Parameters:
    ///   - before: what was in force; nil at a start.
    ///   - last: the migration's newest entry.
    init?(
        inForce entry: SwitchEntry, of migration: String, after before: SwitchEntry?, last: AuditEntry?, time: String
    ) {
        guard last?.after != entry else { return nil }
        self.init(
            time: time, migration: migration, origin: .file, by: "file", reason: "", before: before ?? last?.after,
            after: entry)
        guard before == nil, let last, last.origin.isCommand else { return }
        if last.before == entry {
            origin = .withdrawn
            undoes = last.after.epoch
            reason = "it is not in the switch file"
        } else if last.after.epoch >= entry.epoch {
            self.before = last.before
        }
    }
}
