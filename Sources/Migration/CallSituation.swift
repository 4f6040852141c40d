/// What a call is decided by, beside its message: its method, the switches, and what is known of records that are not
/// at rest. Where it goes is said by these functions; `Call+Deciding` of the sidecar takes it there.
package struct CallSituation {
    package let plan: UnsafePointer<CallPlan>
    package let switches: UnsafePointer<MigrationSwitches>
    /// Those that a change is about to put in force, or has put in force already elsewhere; nil: there is no change.
    package let pending: UnsafePointer<MigrationSwitches>?
    /// The request names its record, by a field that the configuration tells.
    package let namesRecord: Bool
    /// The sides are stores.
    package let isInStores: Bool
    /// Some record of the method's entity is pinned.
    package let hasPins: Bool
    /// A change is to take keys from `old`: the records of writes are to be known.
    package let readsWrites: Bool

    @inlinable package init(
        _ plan: UnsafePointer<CallPlan>, _ switches: UnsafePointer<MigrationSwitches>,
        pending: UnsafePointer<MigrationSwitches>?, namesRecord: Bool, isInStores: Bool, hasPins: Bool,
        readsWrites: Bool
    ) {
        self.plan = plan
        self.switches = switches
        self.pending = pending
        self.namesRecord = namesRecord
        self.isInStores = isInStores
        self.hasPins = hasPins
        self.readsWrites = readsWrites
    }

    // MARK: - The head

    /// The stage of a call whose message need not be read; nil: it is to be read.
    @inlinable package var stageAtHead: Stage? {
        if plan.pointee.kind == .passThrough { return switches.pointee.stageOfPassThrough }
        guard let stage = switches.pointee.stageWithoutKey, !mustRead(at: stage) else { return nil }
        return stage
    }

    /// The stage of a call whose message cannot be read: it goes on as it is where nothing depends on that. Nil: it is
    /// to be refused.
    package var stageUnread: Stage? {
        guard !isInStores, let stage = switches.pointee.stageWithoutKey, !isReadForItsAnswer(at: stage) else {
            return nil
        }
        return stage
    }

    /// Whether a call that has this stage whatever its key must be read all the same.
    @usableFromInline func mustRead(at stage: Stage) -> Bool {
        isReadForItsAnswer(at: stage) || plan.pointee.kind.isWrite && readsWrites
            || plan.pointee.hasOpaqueTokens && hasGivenTokens
    }

    /// Whether what is to be done depends on the message. Else it is read for the record table's sake alone, and may be
    /// forwarded unread where it cannot be.
    private func isReadForItsAnswer(at stage: Stage) -> Bool {
        if hasPins, plan.pointee.kind != .singleQuery || namesRecord { return true }
        return plan.pointee.mustRead(at: stage, isHeld: pending != nil)
    }

    /// Whether page tokens of both sides may be about: some key was enrolled, as far as the switches tell. Where they
    /// never were anything but `idle`, old alone has given tokens.
    private var hasGivenTokens: Bool { switches.pointee.phase != .idle || switches.pointee.epoch > 1 }

    // MARK: - Writes of one record

    /// Whether the stage of a write depends on its gray key.
    package var dependsOnKey: Bool {
        if case .byKey = switches.pointee.forAllKeys(held: pending) { true } else { false }
    }

    package enum WriteCourse: Equatable, Sendable {
        /// A change moves its key: it waits for the end of that.
        case waits
        /// It takes its record's lane, and is decided at its turn; this is its stage as it comes.
        case takesLane(Stage)
        /// It goes to one side at once, unless its record is pinned.
        case oneSide(Stage)
        /// Its gray key decides, and it bears none: the record is to be looked up.
        case looksUp
    }

    /// - Parameter keys: the record's gray key and the one that the write gives it, as far as the message tells.
    package func course(ofWrite keys: WriteGrayKeys) -> WriteCourse {
        switch switches.pointee.forAllKeys(held: pending) {
        case .stage(let stage): return stage.isDouble ? .takesLane(stage) : .oneSide(stage)
        case .moving: return .waits
        case .byKey: break
        }
        guard let stage = stage(of: keys, by: switches) else { return .looksUp }
        let next = keys.next.map { switches.pointee.stage(of: $0) } ?? stage
        if let pending {
            let later = self.stage(of: keys, by: pending)
            if later != stage || keys.next.map({ pending.pointee.stage(of: $0) }) ?? next != next { return .waits }
        }
        return stage.isDouble || next != stage ? .takesLane(stage) : .oneSide(stage)
    }

    private func stage(of keys: WriteGrayKeys, by switches: UnsafePointer<MigrationSwitches>) -> Stage? {
        if keys.hasNone { return switches.pointee.stage(ofKey: nil) }
        return keys.present.map { switches.pointee.stage(of: $0) }
    }

    // MARK: - Queries

    package enum QueryCourse: Equatable, Sendable {
        /// One side at a time is asked, as the client asks it.
        case forwarded(Stage)
        /// The sides are asked by the sidecar, and what they say is put together.
        ///
        /// - `stage`: of all rows; nil where each one's own gray key decides.
        /// - `mayMiss`: the sides that the answer may do without.
        case merged(MultiQuery.Sides, Stage?, mayMiss: SideSet)
        /// The gray key cannot be read, and decides.
        case unreadable
    }

    /// What a query for many records says of their gray key.
    package enum KeyOfMany: Equatable, Sendable {
        case key(Stage)
        /// The request names none.
        case none
        case unreadable
    }

    /// - Parameters:
    ///   - key: that all rows have.
    ///   - pinned: the sides that decide about pinned records which the page may show.
    package func course(ofMany key: KeyOfMany, pinned: () -> SideSet) -> QueryCourse {
        switch key {
        case .key(let stage): return course(ofMany: stage, mayMiss: [], pinned)
        case .none:
            let stage = switches.pointee.stageWithoutKey
            // While no key is read from new, whoever names none is not to suffer from new.
            let mayMiss: SideSet = switches.pointee.gray.isNone && !pinned().contains(.new) ? .new : []
            return course(ofMany: stage, mayMiss: mayMiss, pinned)
        case .unreadable:
            // Where nothing depends on it, old is to say so.
            guard switches.pointee.stageWithoutKey == .old else { return .unreadable }
            return course(ofMany: .old, mayMiss: [], pinned)
        }
    }

    private func course(ofMany stage: Stage?, mayMiss: SideSet, _ pinned: () -> SideSet) -> QueryCourse {
        guard let stage, !(stage == .dualOld || stage == .dualNew) else {
            return .merged(.both(stage), stage, mayMiss: mayMiss)
        }
        // A pinned record may be on the other side than the stage asks.
        let others = pinned()
        guard others.isEmpty else {
            let other = stage.authority.other
            return .merged(.both(stage), stage, mayMiss: others.contains(other) ? [] : SideSet(other))
        }
        if plan.pointee.readsToken(at: stage) { return .merged(.one(stage.authority), stage, mayMiss: []) }
        return .forwarded(stage)
    }
}
