import Migration
import Synchronization
import Testing

@testable import Sidecar

@Suite struct LaneTableTests {
    private let table = LaneTable(limit: 100)
    private let key = LaneTable.Key(migration: 0, record: [1])

    @Test func aLaneIsForgottenWhenItsLastHolderLeaves() {
        let said = Mutex<[LaneTable.Call]>([])
        #expect(table.enter(key, id: 1, now: 0) { _ in } == .entered)
        #expect(table.enter(key, id: 2, now: 0) { turn in said.withLock { $0.append(turn) } } == .waits)
        #expect(table.enter(.init(migration: 1, record: [1]), id: 3, now: 0) { _ in } == .entered, "another migration")
        #expect(table.count == 2)
        table.leave(key)
        #expect(said.withLock { $0 } == [.entered])
        table.leave(key)
        #expect(table.count == 1)
    }

    @Test func aClosedLaneTellsWhoWaitsAndIsForgottenInTime() {
        let said = Mutex<[LaneTable.Call]>([])
        _ = table.enter(key, id: 1, now: 0) { _ in }
        _ = table.enter(key, id: 2, now: 0) { turn in said.withLock { $0.append(turn) } }
        table.close(key, until: 100)
        #expect(said.withLock { $0 } == [.closed])
        #expect(table.enter(key, id: 3, now: 50) { _ in } == .closed)
        #expect(table.count == 1)
        #expect(table.enter(key, id: 4, now: 100) { _ in } == .entered)
        table.leave(key)
        #expect(table.count == 0)
    }

    @Test func whoGivesUpIsNotCalled() {
        _ = table.enter(key, id: 1, now: 0) { _ in }
        _ = table.enter(key, id: 2, now: 0) { _ in Issue.record("it gave up") }
        #expect(table.abandon(key, id: 2))
        #expect(!table.abandon(key, id: 2))
        table.leave(key)
        #expect(table.count == 0)
    }

    @Test func numbersAreNotGivenTwice() {
        let ids = (0..<1000).map { _ in table.newID() }
        #expect(Set(ids).count == 1000)
    }
}
