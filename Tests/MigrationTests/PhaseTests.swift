import Migration
import Testing

@Suite struct PhaseTests {
    @Test func namesAreTheContractsAndAreReadBack() {
        #expect(Phase.allCases.map(\.name) == ["idle", "migrating", "mirrored", "finished", "retired"])
        for phase in Phase.allCases { #expect(Phase(name: phase.name) == phase) }
        #expect(Phase(name: "Idle") == nil)
        #expect(Phase(name: "") == nil)
    }
}
