import Testing
import WireFormat

@testable import Migration

/// What a write leaves behind is judged by the switches that it may have been decided by.
@Suite struct ChangingSwitchesTests {
    private let key: [UInt8] = [7]

    private func with<Result>(
        _ body: (_ enrolled: UnsafePointer<MigrationSwitches>, _ gray: UnsafePointer<MigrationSwitches>) -> Result
    ) -> Result {
        let cohort = Cohort(migration: "orders")
        let enrolled = MigrationSwitches(
            epoch: 4, phase: .migrating, enrolled: GraySet(everything: true, cohort: cohort),
            gray: GraySet(cohort: cohort))
        let gray = MigrationSwitches(
            epoch: 5, phase: .migrating, enrolled: GraySet(everything: true, cohort: cohort),
            gray: GraySet(everything: true, cohort: cohort))
        return withUnsafePointer(to: enrolled) { enrolled in
            withUnsafePointer(to: gray) { gray in body(enrolled, gray) }
        }
    }

    @Test func theLaterOnesCount() {
        with { enrolled, gray in
            #expect(ChangingSwitches(current: enrolled, held: nil).later(of: key) == .dualOld)
            #expect(ChangingSwitches(current: enrolled, held: gray).later(of: key) == .dualNew)
            // Taken back: those in force are the later ones.
            #expect(ChangingSwitches(current: gray, held: enrolled).later(of: key) == .dualNew)
            #expect(ChangingSwitches(current: enrolled, held: gray).later(of: nil) == nil)
            #expect(ChangingSwitches(current: nil, held: nil).later(of: key) == nil)
        }
    }

    @Test func whereTheChangeMakesADifferenceNothingIsKnown() {
        with { enrolled, gray in
            let (known, keys) = (NotedKey.has(key), WriteGrayKeys(present: key))
            #expect(ChangingSwitches(current: enrolled, held: nil).both(of: known, keys) == .dualOld)
            #expect(ChangingSwitches(current: enrolled, held: enrolled).both(of: known, keys) == .dualOld)
            #expect(ChangingSwitches(current: enrolled, held: gray).both(of: known, keys) == nil)
            #expect(ChangingSwitches(current: nil, held: gray).both(of: known, keys) == nil)
        }
    }
}
