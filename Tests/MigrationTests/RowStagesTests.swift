import Testing
import WireFormat

@testable import Migration

@Suite struct RowStagesTests {
    @Test func theSwitchesAloneSayTheStageOfAGrayKey() throws {
        let cohort = Cohort(migration: "orders")
        let enrolled = GraySet(allow: try KeySet(keys: [Array("a".utf8), Array("b".utf8)]), cohort: cohort)
        let gray = GraySet(allow: try KeySet(keys: [Array("b".utf8)]), cohort: cohort)
        let switches = MigrationSwitches(epoch: 1, phase: .migrating, enrolled: enrolled, gray: gray)
        let stages = ["a", "b", "c"].map { key in KeyMemory.with(Array(key.utf8)) { switches.stage(grayKey: $0) } }
        #expect(stages == [.dualOld, .dualNew, .old])
        let ofNoKey = switches.stageOfNoKey
        #expect(ofNoKey == .old)
        let hasPins = switches.hasPins
        let pinned = KeyMemory.with([1]) { switches.pinnedStage(recordKey: $0) }
        #expect(!hasPins)
        #expect(pinned == nil)
    }

    struct NoKey: Sendable, CustomTestStringConvertible {
        let name: String
        var phase = Phase.migrating
        /// Hundredths of a percent of the enrolled and of the gray keys.
        var percent: (enrolled: UInt32, gray: UInt32) = (0, 0)
        var isDenied = false
        let stage: Stage

        var testDescription: String { name }
    }

    /// A record without a gray key is in a set only where no list and no cohort would have to be asked.
    @Test(arguments: [
        NoKey(name: "idle", phase: .idle, stage: .old), NoKey(name: "none enrolled", stage: .old),
        NoKey(name: "a part enrolled", percent: (9_999, 0), stage: .old),
        NoKey(name: "all enrolled, a part gray", percent: (10_000, 5_000), stage: .dualOld),
        NoKey(name: "all gray", percent: (10_000, 10_000), stage: .dualNew),
        NoKey(name: "all gray but one", percent: (10_000, 10_000), isDenied: true, stage: .dualNew),
        NoKey(name: "mirrored", phase: .mirrored, stage: .newMirrored),
        NoKey(name: "finished", phase: .finished, stage: .new),
    ])
    func aRecordWithoutAGrayKey(sample: NoKey) throws {
        let cohort = Cohort(migration: "orders")
        let denied = sample.isDenied ? [Array("b".utf8)] : []
        let switches = MigrationSwitches(
            epoch: 1, phase: sample.phase, enrolled: GraySet(percentTimes100: sample.percent.enrolled, cohort: cohort),
            gray: GraySet(
                deny: try KeySet(keys: denied), percentTimes100: sample.percent.gray, cohort: cohort))
        let stages = (switches.stageOfNoKey, switches.stage(ofKey: nil))
        #expect(stages == (sample.stage, sample.stage))
    }
}
