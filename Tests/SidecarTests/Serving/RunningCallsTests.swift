import Testing

@testable import Sidecar

@Suite struct RunningCallsTests {
    private var running = RunningCalls()

    @Test mutating func whatRunsAtAChangeIsStaleUntilItEnds() {
        running.began(isWrite: true)
        running.began(isWrite: false)
        let before = running.generation
        running.turn()
        #expect(running.staleWrites == 1 && running.staleQueries == 1)
        running.began(isWrite: true)
        running.ended(isWrite: true, generation: running.generation)
        #expect(running.staleWrites == 1, "a write of the new decision is another matter")
        running.ended(isWrite: true, generation: before)
        #expect(running.staleWrites == 0 && running.staleQueries == 1)
        running.ended(isWrite: false, generation: before)
        #expect(running.staleQueries == 0)
    }

    @Test mutating func stalenessAddsUpOverChanges() {
        running.began(isWrite: true)
        let first = running.generation
        running.turn()
        running.began(isWrite: true)
        let second = running.generation
        running.turn()
        #expect(running.staleWrites == 2)
        running.ended(isWrite: true, generation: second)
        running.ended(isWrite: true, generation: first)
        #expect(running.staleWrites == 0)
    }
}
