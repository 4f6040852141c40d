import Migration
import Testing
import WireFormat

@Suite struct MigrationSwitchesTests {
    enum Keys: CaseIterable {
        case all
        case none
        /// `a` and `b` are in.
        case listed
        /// Everything but `a`.
        case allButA
        case everyBucket
        case half

        func set() throws -> GraySet {
            let cohort = Cohort(migration: "orders")
            return switch self {
            case .all: GraySet(everything: true, cohort: cohort)
            case .none: GraySet(cohort: cohort)
            case .listed: GraySet(allow: try KeySet(keys: ["a", "b"].map(\.utf8)), cohort: cohort)
            case .allButA: GraySet(everything: true, deny: try KeySet(keys: ["a".utf8]), cohort: cohort)
            case .everyBucket: GraySet(percentTimes100: 10_000, cohort: cohort)
            case .half: GraySet(percentTimes100: 5000, cohort: cohort)
            }
        }
    }

    static func stage(_ key: String, _ switches: borrowing MigrationSwitches) -> Stage {
        var key = key
        return key.withUTF8 { switches.stage(key: UnsafeRawBufferPointer($0)) }
    }

    /// What does not depend on a key, taken out of the switches, which cannot be copied into an expectation.
    struct Facts: Equatable {
        let needsKey: Bool
        let stageWithoutKey: Stage?
        let passThroughSide: Side
        let epoch: UInt64

        init(_ switches: borrowing MigrationSwitches) {
            needsKey = switches.needsKey
            stageWithoutKey = switches.stageWithoutKey
            passThroughSide = switches.passThroughSide
            epoch = switches.epoch
        }

        init(stageWithoutKey: Stage?, passThroughSide: Side) {
            needsKey = stageWithoutKey == nil
            self.stageWithoutKey = stageWithoutKey
            self.passThroughSide = passThroughSide
            epoch = 7
        }
    }

    static func switches(_ phase: Phase, enrolled: Keys, gray: Keys) throws -> MigrationSwitches {
        MigrationSwitches(epoch: 7, phase: phase, enrolled: try enrolled.set(), gray: try gray.set())
    }

    @Test(arguments: [
        (Phase.idle, Stage.old, Side.old), (.mirrored, .newMirrored, .new), (.finished, .new, .new),
        (.retired, .new, .new),
    ])
    func outsideMigratingThePhaseAloneDecides(phase: Phase, stage: Stage, side: Side) throws {
        for enrolled in Keys.allCases {
            for gray in Keys.allCases {
                let switches = try Self.switches(phase, enrolled: enrolled, gray: gray)
                let facts = Facts(switches)
                #expect(facts == Facts(stageWithoutKey: stage, passThroughSide: side))
                let found = Self.stage("a", switches)
                #expect(found == stage)
            }
        }
    }

    @Test(arguments: [
        (Keys.none, Keys.all, Stage.old), (.none, .none, .old), (.none, .listed, .old), (.none, .half, .old),
        (.all, .none, .dualOld), (.everyBucket, .none, .dualOld), (.all, .all, .dualNew),
        (.all, .everyBucket, .dualNew),
    ])
    func migratingNeedsNoKeyWhereAllKeysHaveOneStage(enrolled: Keys, gray: Keys, stage: Stage) throws {
        let switches = try Self.switches(.migrating, enrolled: enrolled, gray: gray)
        let facts = Facts(switches)
        #expect(facts == Facts(stageWithoutKey: stage, passThroughSide: .old))
        for key in ["", "a", "b", "c"] {
            let found = Self.stage(key, switches)
            #expect(found == stage)
        }
    }

    @Test(arguments: [
        (Keys.all, Keys.listed, [Stage.dualNew, .dualNew, .dualOld]),
        (.listed, .none, [.dualOld, .dualOld, .old]),
        (.listed, .all, [.dualNew, .dualNew, .old]),
        (.listed, .allButA, [.dualOld, .dualNew, .old]),
        (.allButA, .all, [.old, .dualNew, .dualNew]),
        (.allButA, .listed, [.old, .dualNew, .dualOld]),
        (.all, .allButA, [.dualOld, .dualNew, .dualNew]),
    ])
    func migratingDecidesKeyByKeyGrayWithinEnrolled(enrolled: Keys, gray: Keys, stages: [Stage]) throws {
        let switches = try Self.switches(.migrating, enrolled: enrolled, gray: gray)
        let facts = Facts(switches)
        #expect(facts == Facts(stageWithoutKey: nil, passThroughSide: .old))
        var found: [Stage] = []
        for key in ["a", "b", "c"] { found.append(Self.stage(key, switches)) }
        #expect(found == stages)
    }

    @Test func aPercentageSplitsByTheCohortsBucket() throws {
        let switches = try Self.switches(.migrating, enrolled: .all, gray: .half)
        let cohort = Cohort(migration: "orders")
        let facts = Facts(switches)
        #expect(facts == Facts(stageWithoutKey: nil, passThroughSide: .old))
        for number in 0..<1000 {
            var key = "\(number)"
            let isGray = key.withUTF8 { cohort.bucket(UnsafeRawBufferPointer($0)) } < 5000
            let found = Self.stage("\(number)", switches)
            #expect(found == (isGray ? .dualNew : .dualOld))
        }
    }

    /// What all keys have in common, without a change, and while one to each other state is under way.
    @Test func whatAllKeysHaveInCommon() throws {
        typealias State = (phase: Phase, enrolled: Keys, gray: Keys, stage: Stage?)
        let states: [State] = [
            (.idle, .none, .none, .old), (.migrating, .none, .none, .old), (.migrating, .all, .none, .dualOld),
            (.migrating, .all, .all, .dualNew), (.mirrored, .all, .all, .newMirrored), (.finished, .all, .all, .new),
            (.migrating, .listed, .none, nil), (.migrating, .all, .half, nil),
        ]
        for (phase, enrolled, gray, stage) in states {
            let switches = try Self.switches(phase, enrolled: enrolled, gray: gray)
            let alone = switches.forAllKeys(held: nil)
            #expect(alone == (stage.map { .stage($0) } ?? .byKey))
            for (phase, enrolled, gray, other) in states {
                let held = try Self.switches(phase, enrolled: enrolled, gray: gray)
                let found = withUnsafePointer(to: held) { switches.forAllKeys(held: $0) }
                switch (stage, other) {
                case (let stage?, let other?): #expect(found == (stage == other ? .stage(stage) : .moving))
                default: #expect(found == .byKey)
                }
            }
        }
    }

    /// Contract, 2: a change that takes keys away from `old` waits for what was forwarded unread, and no other does.
    @Test func whatTakesKeysFromOld() throws {
        for (lastPhase, lastKeys) in Self.states {
            for (nextPhase, nextKeys) in Self.states {
                let last = MigrationSwitches(
                    epoch: 1, phase: lastPhase, enrolled: try lastKeys.set(), gray: try Keys.none.set())
                let next = MigrationSwitches(
                    epoch: 2, phase: nextPhase, enrolled: try nextKeys.set(), gray: try Keys.none.set())
                let keys = ["a", "b"] + (0..<200).map { "\($0)" }
                let leaves = keys.contains { Self.stage($0, last) == .old && Self.stage($0, next) != .old }
                #expect(next.hasKeysBeyondOld == keys.contains { Self.stage($0, next) != .old })
                #expect(
                    next.takesKeysFromOld(since: last) == leaves,
                    "\(lastPhase) \(lastKeys) to \(nextPhase) \(nextKeys)")
            }
        }
    }

    private static let states: [(Phase, Keys)] = Phase.allCases.flatMap { phase in
        phase == .migrating ? Keys.allCases.map { (phase, $0) } : [(phase, .none)]
    }
}
