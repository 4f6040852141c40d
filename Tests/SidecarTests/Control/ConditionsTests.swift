import Migration
import Testing

@testable import Sidecar

/// What a status ticks: what the process has seen, nothing else.
@Suite struct ConditionsTests {
    private func conditions(
        _ next: Phase, _ obstacles: [MoveObstacle] = [], movesServices: Bool = true, never: [String] = [],
        newHoldsRecords: Bool? = nil, before: Bool = false
    ) -> (met: String, unknown: String) {
        let known = Conditions(
            next: next, obstacles: obstacles, movesServices: movesServices, servicesNeverCalled: never,
            newHoldsRecords: newHoldsRecords, started: "START", wasWrittenBefore: before)
        return (known.met.joined(separator: "\n"), known.unknown.joined(separator: "\n"))
    }

    private static let methods = "Every method that was called since START is in the configuration."

    @Test func methodsAreTickedWhenEveryServiceWasCalled() {
        #expect(conditions(.migrating).met.contains(Self.methods))
        #expect(!conditions(.migrating, [.unlistedMethods(["a.B/C"])]).met.contains(Self.methods))
        #expect(!conditions(.migrating, [.servicesNotNamed(["a.C"])]).met.contains(Self.methods))
        #expect(!conditions(.migrating, [.servicesNeverCalled(["a.B"])], never: ["a.B"]).met.contains(Self.methods))
    }

    @Test func withoutCallsNothingIsKnownOfTheNames() {
        let known = conditions(.migrating, never: ["a.B"])
        #expect(!known.met.contains("method"))
        #expect(known.unknown.contains("a.B has not been called since START"))
        #expect(known.unknown.contains("check --descriptor"))
        #expect(conditions(.migrating, movesServices: false).unknown == "")
        #expect(!conditions(.migrating, movesServices: false).met.contains("method"), "records have no methods to name")
    }

    @Test func writesBeforeTheStartAreUnknown() {
        for next in [Phase.mirrored, .finished, .retired] {
            #expect(conditions(next).met.contains("No record is dirty now") && conditions(next).unknown == "")
            let restarted = conditions(next, before: true)
            #expect(restarted.met.contains("since the start at START"))
            #expect(restarted.unknown == "Whether a write was left on one side is unknown before the start at START.")
            let dirty = conditions(next, [.dirtyRecords(1)], before: true)
            #expect(!dirty.met.contains("No record is dirty") && dirty.unknown.contains("before the start"))
        }
        #expect(conditions(.migrating, before: true).unknown == "")
    }

    @Test func anEmptyNewIsTickedWhereItWasAsked() {
        #expect(conditions(.migrating, newHoldsRecords: false).met.contains("New holds no record yet."))
        #expect(!conditions(.migrating).met.contains("New holds"))
        #expect(!conditions(.migrating, [.grayNotEmpty]).met.contains("gray set"))
    }
}
