import Testing

@testable import Sidecar

@Suite struct RunningQueriesTests {
    private var running = RunningQueries()

    @Test mutating func whatRunsAtAChangeIsStaleUntilItEnds() {
        running.began()
        let before = running.generation
        running.turn()
        #expect(running.stale == 1)
        running.began()
        running.ended(generation: running.generation)
        #expect(running.stale == 1, "a query of the new decision is another matter")
        running.ended(generation: before)
        #expect(running.stale == 0)
    }

    @Test mutating func stalenessAddsUpOverChanges() {
        running.began()
        let first = running.generation
        running.turn()
        running.began()
        let second = running.generation
        running.turn()
        #expect(running.stale == 2)
        running.ended(generation: second)
        running.ended(generation: first)
        #expect(running.stale == 0)
    }
}
