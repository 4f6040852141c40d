import Testing
import WireFormat

@testable import Migration

/// What is done with a call, by its method, the switches and what is not at rest: contract, 1 to 4.
@Suite struct CallSituationTests {
    private typealias Keys = MigrationSwitchesTests.Keys

    /// What a situation points to, for the time of a test.
    private final class Fixture {
        let plan: UnsafeMutablePointer<CallPlan>
        let switches: UnsafeMutablePointer<MigrationSwitches>
        let pending: UnsafeMutablePointer<MigrationSwitches>?
        private let situation: CallSituation

        // The pointers are good while this object is.
        var stageAtHead: Stage? { withExtendedLifetime(self) { situation.stageAtHead } }
        var stageUnread: Stage? { withExtendedLifetime(self) { situation.stageUnread } }
        var dependsOnKey: Bool { withExtendedLifetime(self) { situation.dependsOnKey } }
        func course(ofWrite keys: WriteGrayKeys) -> CallSituation.WriteCourse {
            withExtendedLifetime(self) { situation.course(ofWrite: keys) }
        }
        func course(ofMany key: CallSituation.KeyOfMany, pinned: () -> SideSet) -> CallSituation.QueryCourse {
            withExtendedLifetime(self) { situation.course(ofMany: key, pinned: pinned) }
        }

        init(
            _ plan: CallPlan, _ state: (Phase, Keys, Keys), pending: (Phase, Keys, Keys)? = nil, epoch: UInt64 = 7,
            namesRecord: Bool = true, isInStores: Bool = false, hasPins: Bool = false, readsWrites: Bool = false
        ) throws {
            func allocated(_ state: (Phase, Keys, Keys)) throws -> UnsafeMutablePointer<MigrationSwitches> {
                let pointer = UnsafeMutablePointer<MigrationSwitches>.allocate(capacity: 1)
                pointer.initialize(
                    to: MigrationSwitches(
                        epoch: epoch, phase: state.0, enrolled: try state.1.set(), gray: try state.2.set()))
                return pointer
            }
            self.plan = .allocate(capacity: 1)
            self.plan.initialize(to: plan)
            switches = try allocated(state)
            self.pending = try pending.map(allocated)
            situation = CallSituation(
                self.plan, switches, pending: self.pending.map { UnsafePointer($0) }, namesRecord: namesRecord,
                isInStores: isInStores, hasPins: hasPins, readsWrites: readsWrites)
        }

        deinit {
            plan.deinitialize(count: 1)
            plan.deallocate()
            for pointer in [switches, pending].compactMap({ $0 }) {
                pointer.deinitialize(count: 1)
                pointer.deallocate()
            }
        }
    }

    private static func key() throws -> KeyPlan { try KeyPlan([KeyField(path: FieldPath("1"), type: .string)]) }

    private static func single() throws -> CallPlan {
        CallPlan(
            singleQuery: try key(), absent: .notFound, grayFallback: true, timeoutNanoseconds: 1, migrationIndex: 0,
            methodIndex: 0)
    }

    private static func many(hasOpaqueTokens: Bool = false) throws -> CallPlan {
        CallPlan(
            multiQuery: try key(), hasOpaqueTokens: hasOpaqueTokens, timeoutNanoseconds: 1, migrationIndex: 0,
            methodIndex: 0)
    }

    private static func write() throws -> CallPlan {
        CallPlan(
            write: .update, key: try key(), absent: .notFound, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0)
    }

    private static let idle = (Phase.idle, Keys.none, Keys.none)
    private static let listed = (Phase.migrating, Keys.listed, Keys.none)
    private static let dualOld = (Phase.migrating, Keys.all, Keys.none)
    private static let dualNew = (Phase.migrating, Keys.all, Keys.all)
    private static let mirrored = (Phase.mirrored, Keys.all, Keys.all)
    private static let finished = (Phase.finished, Keys.all, Keys.all)

    private static func keys(_ present: String?, to next: String? = nil, hasNone: Bool = false) -> WriteGrayKeys {
        WriteGrayKeys(present: present.map { Array($0.utf8) }, hasNone: hasNone, next: next.map { Array($0.utf8) })
    }

    // MARK: - The head

    @Test func aMessageIsReadWhereSomethingDependsOnIt() throws {
        let pass = CallPlan(passThrough: .read, migrationIndex: 0, methodIndex: 0)
        #expect(try Fixture(pass, Self.listed).stageAtHead == .old)
        #expect(try Fixture(pass, Self.mirrored).stageAtHead == .newMirrored)
        #expect(try Fixture(Self.single(), Self.listed).stageAtHead == nil)
        #expect(try Fixture(Self.single(), Self.dualOld).stageAtHead == .dualOld)
        #expect(try Fixture(Self.write(), Self.idle).stageAtHead == .old)
        #expect(try Fixture(Self.write(), Self.dualOld).stageAtHead == nil)
        #expect(try Fixture(Self.write(), Self.idle, pending: Self.listed).stageAtHead == nil)
        #expect(try Fixture(Self.write(), Self.idle, readsWrites: true).stageAtHead == nil)
        #expect(try Fixture(Self.single(), Self.idle, readsWrites: true).stageAtHead == .old)
    }

    /// Contract, 2: a pinned record is looked for by all its calls; a query that names no record cannot be of one.
    @Test func pinsAreLookedForInEveryCallThatMayBeOfThem() throws {
        #expect(try Fixture(Self.single(), Self.finished, hasPins: true).stageAtHead == nil)
        #expect(
            try Fixture(Self.single(), Self.finished, namesRecord: false, hasPins: true).stageAtHead == .new)
        #expect(try Fixture(Self.many(), Self.finished, namesRecord: false, hasPins: true).stageAtHead == nil)
        #expect(try Fixture(Self.write(), Self.idle, hasPins: true).stageAtHead == nil)
    }

    /// Page tokens of both sides are about once a key was enrolled.
    @Test func aTokenIsReadWhereBothSidesMayHaveGivenIt() throws {
        let plan = try Self.many(hasOpaqueTokens: true)
        #expect(try Fixture(plan, Self.idle, epoch: 1).stageAtHead == .old)
        #expect(try Fixture(plan, Self.idle, epoch: 2).stageAtHead == nil)
        #expect(try Fixture(plan, Self.finished).stageAtHead == nil)
        #expect(try Fixture(Self.many(), Self.finished).stageAtHead == .new)
    }

    @Test func whatCannotBeReadGoesOnWhereNothingDependsOnIt() throws {
        #expect(try Fixture(Self.write(), Self.idle).stageUnread == .old)
        #expect(try Fixture(Self.write(), Self.idle, readsWrites: true).stageUnread == .old)
        #expect(try Fixture(Self.write(), Self.idle, isInStores: true).stageUnread == nil)
        #expect(try Fixture(Self.write(), Self.dualOld).stageUnread == nil)
        #expect(try Fixture(Self.write(), Self.idle, pending: Self.listed).stageUnread == nil)
        #expect(try Fixture(Self.write(), Self.idle, hasPins: true).stageUnread == nil)
        #expect(try Fixture(Self.single(), Self.listed).stageUnread == nil)
    }

    // MARK: - Writes

    @Test func aWriteGoesWhereItsKeyIs() throws {
        let plan = try Self.write()
        let situation = { try Fixture(plan, $0) }
        #expect(try situation(Self.idle).course(ofWrite: Self.keys(nil)) == .oneSide(.old))
        #expect(try situation(Self.finished).course(ofWrite: Self.keys("a")) == .oneSide(.new))
        #expect(try situation(Self.mirrored).course(ofWrite: Self.keys("a")) == .takesLane(.newMirrored))
        let listed = try situation(Self.listed)
        #expect(listed.dependsOnKey)
        #expect(listed.course(ofWrite: Self.keys("a")) == .takesLane(.dualOld))
        #expect(listed.course(ofWrite: Self.keys("c")) == .oneSide(.old))
        #expect(listed.course(ofWrite: Self.keys(nil)) == .looksUp)
        #expect(listed.course(ofWrite: Self.keys(nil, hasNone: true)) == .oneSide(.old))
    }

    /// Decision 0017: an update that gives its record a key of another stage takes the lane whatever the two are.
    @Test func anUpdateBetweenStagesTakesTheLane() throws {
        let listed = try Fixture(Self.write(), Self.listed)
        #expect(listed.course(ofWrite: Self.keys("c", to: "d")) == .oneSide(.old))
        #expect(listed.course(ofWrite: Self.keys("c", to: "a")) == .takesLane(.old))
        #expect(listed.course(ofWrite: Self.keys("a", to: "c")) == .takesLane(.dualOld))
    }

    /// Contract, 2: while a change alters the stage of its key, or of the one that it gives, a write waits.
    @Test func whoseKeyMovesWaits() throws {
        let plan = try Self.write()
        let enrolling = try Fixture(plan, Self.idle, pending: Self.listed)
        #expect(enrolling.course(ofWrite: Self.keys("a")) == .waits)
        #expect(enrolling.course(ofWrite: Self.keys("c")) == .oneSide(.old))
        #expect(enrolling.course(ofWrite: Self.keys("c", to: "a")) == .waits)
        let all = try Fixture(plan, Self.dualNew, pending: Self.mirrored)
        #expect(all.course(ofWrite: Self.keys(nil)) == .waits, "whatever its key is")
    }

    @Test func aRecordWithoutAKeyMovesToo() throws {
        let moving = try Fixture(Self.write(), Self.idle, pending: (.migrating, .allButA, .none))
        #expect(moving.course(ofWrite: Self.keys("a")) == .oneSide(.old))
        #expect(moving.course(ofWrite: Self.keys(nil, hasNone: true)) == .waits)
    }

    // MARK: - Queries for many

    private static func course(
        _ state: (Phase, Keys, Keys), _ key: CallSituation.KeyOfMany, pinned: SideSet = [], tokens: Bool = false
    ) throws -> CallSituation.QueryCourse {
        try Fixture(many(hasOpaqueTokens: tokens), state).course(ofMany: key) { pinned }
    }

    @Test func rowsOfBothSidesAreMerged() throws {
        #expect(try Self.course(Self.listed, .key(.dualOld)) == .merged(.both(.dualOld), .dualOld, mayMiss: []))
        #expect(try Self.course(Self.listed, .key(.old)) == .forwarded(.old))
        #expect(try Self.course(Self.mirrored, .none) == .forwarded(.newMirrored))
        #expect(try Self.course(Self.dualNew, .none) == .merged(.both(.dualNew), .dualNew, mayMiss: []))
    }

    /// I9: while no key is read from new, its errors are not for whoever names none.
    @Test func whoNamesNoKeyDoesNotSufferFromNewTooSoon() throws {
        #expect(try Self.course(Self.listed, .none) == .merged(.both(nil), nil, mayMiss: .new))
        #expect(try Self.course(Self.listed, .none, pinned: .new) == .merged(.both(nil), nil, mayMiss: []))
        #expect(
            try Self.course((.migrating, .listed, .listed), .none) == .merged(.both(nil), nil, mayMiss: []))
    }

    @Test func pinnedRecordsAreLookedForOnTheOtherSide() throws {
        #expect(try Self.course(Self.finished, .none, pinned: .old) == .merged(.both(.new), .new, mayMiss: []))
        #expect(try Self.course(Self.finished, .none, pinned: .new) == .merged(.both(.new), .new, mayMiss: .old))
        #expect(try Self.course(Self.finished, .none, pinned: .both) == .merged(.both(.new), .new, mayMiss: []))
    }

    @Test func aTokenOfBothSidesIsNotForOneOfThem() throws {
        #expect(try Self.course(Self.finished, .none, tokens: true) == .merged(.one(.new), .new, mayMiss: []))
        #expect(try Self.course(Self.idle, .none, tokens: true) == .forwarded(.old))
    }

    @Test func aKeyThatCannotBeReadIsOldsToJudgeWhereOldIsAll() throws {
        #expect(try Self.course(Self.idle, .unreadable) == .forwarded(.old))
        #expect(try Self.course(Self.listed, .unreadable) == .unreadable)
        #expect(try Self.course(Self.finished, .unreadable) == .unreadable)
    }

    // MARK: - What a change alters

    @Test func aChangeMovesTheRecordsWhoseStageItAlters() throws {
        let change = try Fixture(Self.write(), Self.idle, pending: Self.listed)
        let next = UnsafePointer(try #require(change.pending))
        let moved = withExtendedLifetime(change) {
            [Self.keys("a"), Self.keys("c"), Self.keys("c", to: "b"), Self.keys("c", to: "d"), Self.keys(nil)].map {
                change.switches.pointee.moves($0, at: .old, to: next)
            }
        }
        #expect(moved == [true, false, true, false, true], "without a key any may be its own")
    }
}
