import Migration
import Testing
import WireFormat

@testable import Sidecar

/// What a preview says of calls: those that the change moves, not all traffic.
@Suite struct MovedCallsTests {
    private static let form = GrayKeyForm(components: [.text])

    private func calls(
        decided: UInt64 = 100, passed: UInt64 = 40, sampled: Int = 0, movedOfSample: Int = 0,
        from: SwitchState, to: SwitchState, keys: [String] = []
    ) throws -> MovedCalls {
        var list = KeyList()
        for key in keys { list.add { $0 += Array(key.utf8) } }
        let delta = KeyDelta(
            from: try Self.switches(from), to: try Self.switches(to), lists: [list], form: Self.form)
        return MovedCalls(
            decided: decided, passed: passed, sampled: sampled, movedOfSample: movedOfSample, delta: delta, from: from,
            to: to)
    }

    private static func switches(_ state: SwitchState) throws -> MigrationSwitches {
        func set(_ selection: KeySelection) throws -> GraySet {
            let cohort = Cohort(migration: "orders")
            if selection.everything { return GraySet(everything: true, cohort: cohort) }
            let keys = try KeySet(keys: selection.allow.map { Array($0.components[0].utf8) })
            return GraySet(allow: keys, percentTimes100: selection.percentTimes100, cohort: cohort)
        }
        return MigrationSwitches(
            epoch: 1, phase: state.phase, enrolled: try set(state.enrolled), gray: try set(state.gray))
    }

    private static func migrating(_ enrolled: KeySelection, _ gray: KeySelection = .none) -> SwitchState {
        SwitchState(phase: .migrating, enrolled: enrolled, gray: gray)
    }

    private static var five: KeySelection {
        var set = KeySelection()
        set.setShare(500)
        return set
    }

    @Test func everyKeyMovesEveryCallThatAKeyDecides() throws {
        let calls = try calls(from: Self.migrating(.none), to: Self.migrating(.all))
        #expect((calls.movable, calls.moved, calls.elsewhere) == (100, 100, 40))
    }

    @Test func aShareIsKnownFromASampleAlone() throws {
        let (from, to) = (Self.migrating(.all), Self.migrating(.all, Self.five))
        #expect(try calls(from: from, to: to).moved == nil)
        let sampled = try calls(sampled: 20, movedOfSample: 2, from: from, to: to)
        #expect((sampled.movable, sampled.moved, sampled.elsewhere) == (100, 10, 40))
    }

    @Test func wherePassThroughMovesItsCallsCount() throws {
        let (from, to) = (Self.migrating(.all, .all), SwitchState(phase: .mirrored, enrolled: .all, gray: .all))
        let calls = try calls(from: from, to: to)
        #expect((calls.movable, calls.moved, calls.elsewhere) == (140, 140, 0))
        let back = try self.calls(from: to, to: from)
        #expect((back.movable, back.moved, back.elsewhere) == (140, 140, 0))
    }

    /// A mistyped service: all calls pass through, and no key moves one of them.
    @Test func callsThatPassThroughAreNotMovedByKeys() throws {
        let calls = try calls(decided: 0, from: Self.migrating(.all), to: Self.migrating(.all, .all))
        #expect((calls.movable, calls.moved, calls.elsewhere) == (0, 0, 40))
    }

    @Test func aChangeThatMovesNoKeyMovesNoCall() throws {
        let idle = SwitchState(phase: .idle, enrolled: .none, gray: .none)
        let calls = try calls(from: idle, to: Self.migrating(.none))
        #expect((calls.movable, calls.moved, calls.elsewhere) == (100, 0, 40))
    }

    @Test func aListedKeyThatStaysIsNotMovedWithAllOthers() throws {
        var seven = KeySelection()
        seven.add([["7"]])
        let calls = try calls(from: Self.migrating(seven), to: Self.migrating(.all), keys: ["7"])
        #expect(calls.moved == nil)
    }
}
