import Migration
import Testing
import WireFormat

@testable import Sidecar

@Suite struct SwitchSnapshotTests {
    private static func snapshot(keys: Int) throws -> SwitchSnapshot {
        let summary = SwitchFileTests.summary(2, .migrating)
        return try SwitchSnapshot(summaries: [summary, nil]) { (index) throws(KeySetError) in
            guard index == 0 else { return nil }
            let cohort = Cohort(migration: "orders")
            return MigrationSwitches(
                epoch: 2, phase: .migrating, enrolled: GraySet(everything: true, cohort: cohort),
                gray: GraySet(allow: try KeySet(keys: (0..<keys).map { Array("\($0)".utf8) }), cohort: cohort))
        }
    }

    private static func stage(_ snapshot: SwitchSnapshot, _ key: String) -> Stage? {
        Array(key.utf8).withUnsafeBytes { snapshot.table[0]?.pointee.stage(key: $0) }
    }

    /// Let go of by several at once, the large ones on threads of their own; the sanitizers watch.
    @Test(arguments: [10, 200_000])
    func aSnapshotIsReadUntilTheLastHolderLetsGo(keys: Int) async throws {
        let shared = try Self.snapshot(keys: keys)
        await withTaskGroup(of: Bool.self) { group in
            for key in 0..<8 {
                group.addTask { Self.stage(shared, "\(key)") == .dualNew && Self.stage(shared, "x\(key)") == .dualOld }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
