import Testing

@testable import Sidecar

@Suite struct ReadinessTests {
    @Test func readyMeansServingWithSwitchesForAll() {
        #expect(Readiness(state: .serving).isReady)
        #expect(Readiness(state: .serving).reason == "ready")
        for state in [Readiness.State.starting, .draining] { #expect(!Readiness(state: state).isReady) }
        #expect(Readiness(state: .starting).reason == "starting")
        #expect(Readiness(state: .draining, withoutSwitches: ["a"]).reason == "draining")
        let lacking = Readiness(state: .serving, withoutSwitches: ["orders", "stock"])
        #expect(!lacking.isReady)
        #expect(lacking.reason == "no switches for orders, stock")
    }

    @Test func oneMigrationsLackIsNotTheOthers() {
        let lacking = Readiness(state: .serving, withoutSwitches: ["orders"])
        #expect(!lacking.isReady(migration: "orders"))
        #expect(lacking.isReady(migration: "stock"))
        #expect(!Readiness(state: .draining).isReady(migration: "stock"))
    }
}
