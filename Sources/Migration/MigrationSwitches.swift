/// The switches of one migration as one change left them: which stage a gray key has. Immutable, shared by all loops.
///
/// `gray` counts within `enrolled` only, so a key that is gray but not enrolled stays at stage `old`.
package struct MigrationSwitches: ~Copyable, Sendable {
    /// The number of the last change.
    package let epoch: UInt64
    package let phase: Phase
    /// Keys written on both sides while migrating.
    package let enrolled: GraySet
    /// Keys read from new while migrating.
    package let gray: GraySet
    /// The stage of every key, where the switches name one for all; nil while the stage depends on the key.
    package let stageWithoutKey: Stage?
    /// Where calls of no declared kind go: the total switch alone decides.
    package let passThroughSide: Side

    package init(epoch: UInt64, phase: Phase, enrolled: consuming GraySet, gray: consuming GraySet) {
        stageWithoutKey = MigrationSwitches.commonStage(phase: phase, enrolled: enrolled, gray: gray)
        passThroughSide = phase == .idle || phase == .migrating ? .old : .new
        self.epoch = epoch
        self.phase = phase
        self.enrolled = enrolled
        self.gray = gray
    }

    /// Whether a call's gray key must be read before its stage is known.
    @inlinable package var needsKey: Bool { stageWithoutKey == nil }

    /// Whether some key may be at stage `old`.
    package var hasKeysAtOld: Bool { phase == .idle || (phase == .migrating && !enrolled.isAll) }

    /// Whether some key may be at another stage than `old`.
    package var hasKeysBeyondOld: Bool { phase != .idle && (phase != .migrating || !enrolled.isNone) }

    /// Whether a change to these switches takes some key away from stage `old`. It looks at every listed key.
    package func takesKeysFromOld(since last: borrowing MigrationSwitches) -> Bool {
        guard last.hasKeysAtOld else { return false }
        switch phase {
        case .idle: return false
        case .migrating: return last.phase == .idle ? !enrolled.isNone : !enrolled.isSubset(of: last.enrolled)
        case .mirrored, .finished, .retired: return true
        }
    }

    /// The stage of a canonical gray key.
    @inlinable package func stage(key: UnsafeRawBufferPointer) -> Stage {
        if let stageWithoutKey { return stageWithoutKey }
        if !enrolled.contains(key) { return .old }
        return gray.contains(key) ? .dualNew : .dualOld
    }

    /// The stage of a key that no list names, by its cohort's bucket.
    package func stage(bucket: UInt32) -> Stage {
        if let stageWithoutKey { return stageWithoutKey }
        if !enrolled.everything, bucket >= enrolled.percentTimes100 { return .old }
        return gray.everything || bucket < gray.percentTimes100 ? .dualNew : .dualOld
    }

    /// Whether something holds of every key that a list names; a key may come several times.
    func allSatisfyListed(_ holds: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        enrolled.deny.allSatisfy(holds) && enrolled.allow.allSatisfy(holds)
            && gray.deny.allSatisfy(holds) && gray.allow.allSatisfy(holds)
    }

    /// The stage of a record that has no gray key: it is in a set where every key is that the set does not deny.
    package var stageOfNoKey: Stage {
        if let stageWithoutKey { return stageWithoutKey }
        guard enrolled.hasNoKey else { return .old }
        return gray.hasNoKey ? .dualNew : .dualOld
    }

    /// The stage of a record by its gray key; nil where it has none.
    package func stage(ofKey key: UnsafeRawBufferPointer?) -> Stage { key.map { stage(key: $0) } ?? stageOfNoKey }

    /// What holds for every key while a change may be under way.
    package enum ForAllKeys: Sendable, Equatable {
        /// Every key has this stage, and keeps it.
        case stage(Stage)
        /// The change alters the stage of every key.
        case moving
        /// Each gray key decides.
        case byKey
    }

    /// - Parameter held: the switches that a change under way leads to or comes from; nil while there is none.
    package func forAllKeys(held: UnsafePointer<MigrationSwitches>?) -> ForAllKeys {
        guard let stage = stageWithoutKey else { return .byKey }
        guard let held else { return .stage(stage) }
        guard let other = held.pointee.stageWithoutKey else { return .byKey }
        return other == stage ? .stage(stage) : .moving
    }

    /// The stage that calls of no declared kind have: they follow the total switch.
    package var stageOfPassThrough: Stage {
        switch phase {
        case .idle, .migrating: .old
        case .mirrored: .newMirrored
        case .finished, .retired: .new
        }
    }

    private static func commonStage(phase: Phase, enrolled: borrowing GraySet, gray: borrowing GraySet) -> Stage? {
        switch phase {
        case .idle: return .old
        case .mirrored: return .newMirrored
        case .finished, .retired: return .new
        case .migrating:
            if enrolled.isNone { return .old }
            guard enrolled.isAll else { return nil }
            if gray.isAll { return .dualNew }
            return gray.isNone ? .dualOld : nil
        }
    }
}
