import Migration
import Testing

@Suite struct StageTests {
    @Test func theAuthorityIsTheSideAStageReadsFirst() {
        let sides = Stage.allCases.map(\.authority)
        #expect(sides == [.old, .old, .new, .new, .new])
    }

    @Test func namesAreTheContracts() {
        #expect(Stage.allCases.map { "\($0.name)" } == ["old", "dualOld", "dualNew", "newMirrored", "new"])
        #expect(Side.allCases.map { "\($0.name)" } == ["old", "new"])
        #expect(Side.allCases.map(\.other) == [.new, .old])
    }
}
