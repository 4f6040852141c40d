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
        let hasPins = switches.hasPins
        let pinned = KeyMemory.with([1]) { switches.pinnedStage(recordKey: $0) }
        #expect(!hasPins)
        #expect(pinned == nil)
    }
}
