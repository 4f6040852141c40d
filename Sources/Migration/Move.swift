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
        return to.enrolled.mayGain(over: from.enrolled) || to.gray.mayGain(over: from.gray)
    }

    /// What stands in its way, none where it may be made.
    package var obstacles: [MoveObstacle] {
        setObstacles + (from.phase == to.phase ? keyObstacles : phaseObstacles)
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
        let hidesRecords = obstacles.contains { if case .recordsOnNewOnly = $0 { true } else { false } }
        return hidesRecords ? .whatNewAloneHas : .none
    }

    /// What follows from it that is easily overlooked; sentences.
    package var notes: [String] {
        guard to.phase == .migrating else { return [] }
        var notes: [String] = []
        let enrols = from.phase == .idle ? !to.enrolled.isNone : to.enrolled.mayGain(over: from.enrolled)
        if enrols, facts.insertsIntoNewOnly {
            notes.append(
                "Inserts of these keys go to new alone from now on (inserts: new): before the keys can leave enrolled "
                    + "again, those records have to be on old too.")
        }
        if to.gray.mayGain(over: from.gray) {
            notes.append(
                facts.fallsBackToOld
                    ? "New is asked first for these keys; what it does not have yet is still answered by old."
                    : "New alone is asked for these keys (gray_fallback: off): what it does not have yet is not found.")
        }
        if from.gray.mayGain(over: to.gray), !to.enrolled.isNone, facts.insertsIntoNewOnly {
            notes.append("Keys that stay enrolled are still inserted into new alone; what old lacks is read from new.")
        }
        return notes
    }

    /// What the sets may never say, whatever the phase is.
    private var setObstacles: [MoveObstacle] {
        guard from.gray != to.gray || from.enrolled != to.enrolled || from.phase != to.phase else { return [] }
        var found: [MoveObstacle] = []
        if !facts.grayNotEnrolled.isEmpty { found.append(.notEnrolled(facts.grayNotEnrolled)) }
        if to.gray.share > to.enrolled.share { found.append(.shareNotEnrolled(to.gray.share, to.enrolled.share)) }
        if facts.insertsIntoOldOnly, !to.gray.isNone { found.append(.insertsOld) }
        return found
    }

    /// The phase stays; only while migrating do the sets move keys.
    private var keyObstacles: [MoveObstacle] {
        guard to.phase == .migrating else { return [] }
        var found: [MoveObstacle] = []
        if isForward, facts.dirtyRecords > 0 { found.append(.dirtyRecords(facts.dirtyRecords)) }
        if to.enrolled.mayGain(over: from.enrolled), facts.hasLeftEnrolled { found.append(.leftBefore) }
        if from.enrolled.mayGain(over: to.enrolled), facts.insertsIntoNewOnly {
            found.append(.recordsOnNewOnly(facts.newOnlyRecords))
        }
        return found
    }

    private var phaseObstacles: [MoveObstacle] {
        switch (from.phase, to.phase) {
        case (.retired, _): return [.retired]
        case (.idle, .migrating): return leavingIdle
        case (.migrating, .mirrored): return [.notVerified] + dirty
        case (.mirrored, .finished): return [.oldWillMissWrites] + dirty
        case (.finished, .retired): return [.forGood]
        case (.migrating, .idle):
            let hidesRecords = facts.insertsIntoNewOnly && !from.enrolled.isNone
            return (to.gray.isNone ? [] : [.grayNotEmpty])
                + (hidesRecords ? [.recordsOnNewOnly(facts.newOnlyRecords)] : [])
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
        if !facts.unlistedMethods.isEmpty { found.append(.unlistedMethods(facts.unlistedMethods)) }
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
    /// Listed keys that are gray after the move, but not enrolled.
    package var grayNotEnrolled: [String] = []
    /// Keys have left `enrolled` since the migration left `idle`: what new still has of them nobody maintained.
    package var hasLeftEnrolled = false

    /// Of the keys that go back to old; nil where they cannot be counted.
    package var newOnlyRecords: NewOnlyRecords?

    package init() {}
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
