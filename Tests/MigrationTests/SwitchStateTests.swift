import Migration
import Testing

/// What a rollback makes of the sets.
@Suite struct SwitchStateTests {
    private func state(gray: KeySelection) -> SwitchState { SwitchState(phase: .migrating, enrolled: .all, gray: gray) }

    private var allBut406: KeySelection {
        var set = KeySelection.all
        set.remove([["406"]])
        return set
    }

    /// A key is let in again, then all keys are; what is undone is the former.
    @Test func aKeyThatIsTakenOutAgainIsDeniedWhereTheSetIsAllByNow() {
        var letIn = allBut406
        letIn.add([["406"]])
        let target = state(gray: .all).undoing(from: state(gray: allBut406), to: state(gray: letIn))
        #expect(target == state(gray: allBut406))
        #expect(!target.gray.isAll)
    }

    @Test func aFileOfDeniedKeysCountsAgainWhereTheSetIsAllByNow() {
        var (before, after) = (KeySelection(), KeySelection())
        before.setShare(10_000)
        before.denyFile = "stores.txt"
        after.setShare(10_000)
        let target = state(gray: .all).undoing(from: state(gray: before), to: state(gray: after))
        #expect(target == state(gray: before))
    }
}
