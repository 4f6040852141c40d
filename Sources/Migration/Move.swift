/// A change of one migration's switches, held against the rules of the contract's section 2: what stands in its way.
///
/// One rung at a time; a move forward needs that nothing would be lost or shown stale by it, a move backward that
/// nothing disappears from sight. Whoever knows better says so, and the move goes through: `Obstacle.waiver`.
package struct Move: Sendable {
    package let from: SwitchState
    package let to: SwitchState
    private let facts: MoveFacts

    package init(from: SwitchState, to: SwitchState, facts: MoveFacts) {
        self.from = from
        self.to = to
        self.facts = facts
    }

    /// Whether some key goes towards new.
    package var isForward: Bool {
        if to.phase != from.phase { return to.phase.rawValue > from.phase.rawValue }
        guard to.phase == .migrating else { return false }
        if let moves = facts.moves { return moves.goForward }
        return to.enrolled.mayGain(over: from.enrolled) || to.gray.mayGain(over: from.gray)
    }

    /// What stands in its way, none where it may be made.
    package var obstacles: [MoveObstacle] {
        let ladder = from.phase == to.phase ? keyObstacles : phaseObstacles
        // Nothing else counts for a move that cannot be made.
        if case .severalRungs = ladder.first { return setObstacles + ladder }
        if case .retired = ladder.first { return setObstacles + ladder }
        let found = setObstacles + callObstacles + ladder
        guard !found.contains(where: { $0.waiver == .none }), let stages = severalStages else { return found }
        return [stages] + found
    }

    /// Why it is more than one step of the phase, whatever is known of the migration.
    package var phaseJump: MoveObstacle? {
        guard from.phase != to.phase else { return nil }
        if from.phase == .retired { return .retired }
        if let ladder = phaseObstacles.first, case .severalRungs = ladder { return ladder }
        return nil
    }

    /// Keys that would go over a stage.
    var severalStages: MoveObstacle? {
        let jump = facts.moves.map(\.jump) ?? StageJump(from: from, to: to)
        return jump.map { .severalStages($0) }
    }

    /// What the databases are to be asked before it can be judged.
    package enum Question: Sendable, Equatable {
        case none
        case whetherNewHoldsRecords
        /// Of the keys that go back to old.
        case whatNewAloneHas
    }

    package var question: Question {
        if from.phase == .idle, to.phase == .migrating { return .whetherNewHoldsRecords }
        return from.phase == .migrating && takesKeysToOld ? .whatNewAloneHas : .none
    }

    private var takesKeysToOld: Bool { facts.moves?.goToOld ?? from.beyondOld.mayGain(over: to.beyondOld) }

    private var takesKeysFromOld: Bool { facts.moves?.leaveOld ?? to.beyondOld.mayGain(over: from.beyondOld) }

    /// What follows from it that is easily overlooked; sentences.
    package var notes: [String] { phaseNotes + (to.phase == .migrating ? setNotes : []) + unknownNotes }

    private var phaseNotes: [String] {
        if from.phase == to.phase, to.phase != .migrating {
            let isIdle = to.phase == .idle
            return [
                isIdle
                    ? "The sets count only from phase migrating on: nothing moves now."
                    : "The sets count only in phase migrating: nothing moves now."
            ]
        }
        guard isForward, to.phase == .mirrored, !facts.totalSwitchMethods.isEmpty else { return [] }
        return ["From now on new answers \(facts.totalSwitchMethods.listed) too."]
    }

    private var setNotes: [String] {
        var notes: [String] = []
        let enrols = from.phase == .idle ? !to.enrolled.isNone : to.enrolled.mayGain(over: from.enrolled)
        if enrols { notes += enrolmentNotes }
        let grows = to.gray.mayGain(over: from.gray)
        if grows {
            notes.append(
                facts.fallsBackToOld
                    ? "New is asked first for these keys; what it does not have yet is still answered by old."
                    : "New alone is asked for these keys (gray_fallback: off): what it does not have yet is not found.")
        }
        if from.gray.mayGain(over: to.gray), !to.enrolled.isNone, facts.insertsIntoNewOnly {
            notes.append("Keys that stay enrolled are still inserted into new alone; what old lacks is read from new.")
        }
        if enrols || grows, !facts.totalSwitchMethods.isEmpty {
            notes.append(
                "These methods do not follow the gray switch: \(facts.totalSwitchMethods.listed). Old answers them "
                    + "until phase mirrored, so they do not show what new alone has.")
        }
        return notes
    }

    private var enrolmentNotes: [String] {
        var notes: [String] = []
        if facts.insertsIntoNewOnly {
            notes.append(
                "Inserts of these keys go to new alone from now on (inserts: new). Before the keys can leave enrolled "
                    + "again, those records have to be on old too.")
        }
        if !facts.passedWrites.isEmpty {
            notes.append(
                "\(facts.passedWrites.listed) \(facts.passedWrites.count == 1 ? "writes" : "write") on old alone "
                    + "(effect: unsafe_write): new does not get these writes.")
        }
        if !facts.methodsWithoutRest.isEmpty {
            notes.append(
                "Once a key is enrolled, answers of \(facts.methodsWithoutRest.listed) that are merged from both sides "
                    + "have rows and page token only: totals and other fields are dropped (rest: dropped).")
        }
        return notes
    }

    /// What a move forward relies on that the process cannot know.
    private var unknownNotes: [String] {
        guard isForward, let start = facts.unknownBefore, to.phase != from.phase || to.gray.mayGain(over: from.gray)
        else { return [] }
        return ["Whether a write was left on one side before \(start) is not known: the sidecar started then."]
    }

    /// What the sets may never say, whatever the phase is. A change that only takes keys out of gray is let through.
    private var setObstacles: [MoveObstacle] {
        var found: [MoveObstacle] = []
        if let changed = changedSet {
            if !facts.grayNotEnrolled.isEmpty { found.append(.notEnrolled(facts.grayNotEnrolled, by: changed)) }
            if to.gray.share > to.enrolled.share {
                found.append(.shareNotEnrolled(to.gray.share, to.enrolled.share, by: changed))
            }
        }
        let isMoreGray = to.gray.mayGain(over: from.gray) || (from.phase == .idle && to.phase == .migrating)
        if facts.insertsIntoOldOnly, isMoreGray, !to.gray.isNone { found.append(.insertsOld) }
        return found
    }

    /// The set whose change may put a gray key outside enrolled; nil where no change can.
    private var changedSet: MoveObstacle.ChangedSet? {
        if from.enrolled.mayGain(over: to.enrolled) { return .enrolled }
        if to.gray.mayGain(over: from.gray) || (from.phase == .idle && to.phase == .migrating) { return .gray }
        return nil
    }

    /// Calls that the sets do not decide, whatever they say.
    private var callObstacles: [MoveObstacle] {
        guard isForward else { return [] }
        var found: [MoveObstacle] = []
        if !facts.unlistedMethods.isEmpty { found.append(.unlistedMethods(facts.unlistedMethods)) }
        if !facts.servicesNeverCalled.isEmpty { found.append(.servicesNeverCalled(facts.servicesNeverCalled)) }
        if !facts.servicesNotNamed.isEmpty { found.append(.servicesNotNamed(facts.servicesNotNamed)) }
        return found
    }

    /// The phase stays; only while migrating do the sets move keys.
    private var keyObstacles: [MoveObstacle] {
        guard to.phase == .migrating else { return [] }
        var found: [MoveObstacle] = []
        if isForward, facts.dirtyRecords > 0 { found.append(.dirtyRecords(facts.dirtyRecords)) }
        if takesKeysFromOld {
            switch facts.leftEnrolled {
            case .no: break
            case .yes: found.append(.leftBefore(unknown: nil))
            case .unknown(let reason): found.append(.leftBefore(unknown: reason))
            }
        }
        return found + hiddenRecords
    }

    /// Whatever `inserts` says now: it may have said something else, and a write may have reached new alone.
    private var hiddenRecords: [MoveObstacle] {
        guard takesKeysToOld else { return [] }
        if let records = facts.newOnlyRecords {
            return records.count > 0 || facts.insertsIntoNewOnly ? [.recordsOnNewOnly(records)] : []
        }
        return facts.insertsIntoNewOnly || facts.hasUnseenWrites ? [.recordsOnNewOnly(nil)] : []
    }

    private var phaseObstacles: [MoveObstacle] {
        switch (from.phase, to.phase) {
        case (.retired, _): return [.retired]
        case (.idle, .migrating): return leavingIdle
        case (.migrating, .mirrored): return [.notVerified] + dirty
        case (.mirrored, .finished): return [.oldWillMissWrites] + dirty
        // A dirty record may be pinned to a stage where old is asked, and old is closed.
        case (.finished, .retired): return [.forGood] + dirty
        case (.migrating, .idle):
            return (to.gray.isNone ? [] : [.grayNotEmpty]) + hiddenRecords
        case (.mirrored, .migrating): return []
        case (.finished, .mirrored): return [.oldMissedWrites]
        default:
            let step = to.phase.rawValue > from.phase.rawValue ? 1 : -1
            return [.severalRungs(from: from.phase, to: to.phase, next: from.phase.rung(step) ?? from.phase)]
        }
    }

    private var dirty: [MoveObstacle] { facts.dirtyRecords > 0 ? [.dirtyRecords(facts.dirtyRecords)] : [] }

    private var leavingIdle: [MoveObstacle] {
        var found: [MoveObstacle] = []
        switch facts.newHoldsRecords {
        case nil: found.append(.newNotCounted)
        case true?: found.append(.newHoldsRecords)
        case false?: break
        }
        if !to.gray.isNone { found.append(.grayNotEmpty) }
        return found
    }
}

/// What is known of a migration beside its switches.
package struct MoveFacts: Sendable, Equatable {
    /// Some method inserts into new alone while records are written on both sides.
    package var insertsIntoNewOnly = false
    /// Some method inserts into old alone then.
    package var insertsIntoOldOnly = false
    /// At `dualNew` old is asked for what new does not have.
    package var fallsBackToOld = true
    /// Writes since the start after which the two sides of a record may differ.
    package var dirtyRecords: UInt64 = 0
    /// Nil where they cannot be counted.
    package var newHoldsRecords: Bool?
    /// Methods of the migration's services that were called and that the configuration does not list.
    package var unlistedMethods: [String] = []
    /// Services of the migration that have not been called, while other services were.
    package var servicesNeverCalled: [String] = []
    /// Services that were called, that no migration names, and whose calls pass through with this one unasked.
    package var servicesNotNamed: [String] = []
    /// Methods that read and follow the total switch alone: declared as pass-through, streams among them.
    package var totalSwitchMethods: [String] = []
    /// Methods declared as pass-through that write.
    package var passedWrites: [String] = []
    /// Multi queries whose answers lose what cannot be merged.
    package var methodsWithoutRest: [String] = []
    /// When the process started, where keys were written on both sides before; nil where it has seen all such writes.
    package var unknownBefore: String?
    /// Listed keys that are gray after the move, but not enrolled.
    package var grayNotEnrolled: [String] = []
    /// Where keys go, as the sets themselves say; nil where they were not asked.
    package var moves: StageMoves?
    /// Whether keys have left `enrolled` since the migration left `idle`: what new still has of them nobody maintained.
    package var leftEnrolled = LeftEnrolled.no
    /// Records were written on both sides before the process started, by whatever `inserts` said then.
    package var hasUnseenWrites = false

    /// Of the keys that go back to old; nil where they cannot be counted.
    package var newOnlyRecords: NewOnlyRecords?

    package init() {}
}

/// Whether keys have left `enrolled`, as far as is on record.
package enum LeftEnrolled: Sendable, Equatable {
    case no
    case yes
    /// Why it is not known, in words.
    case unknown(String)
}

/// Records that new has and old lacks.
package struct NewOnlyRecords: Sendable, Equatable {
    package let count: UInt64
    /// Some of their record keys, as a person writes them.
    package let examples: [String]

    package init(count: UInt64, examples: [String]) {
        self.count = count
        self.examples = examples
    }
}

extension [String] {
    /// The first ones, with commas between them.
    fileprivate var listed: String { prefix(8).joined(separator: ", ") + (count > 8 ? ", ..." : "") }
}
