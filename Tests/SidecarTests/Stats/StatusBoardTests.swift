import EventLoop
import Testing

@testable import Sidecar

@Suite struct StatusBoardTests {
    @Test func beginsWithoutSwitches() {
        let board = StatusBoard(migrations: ["orders", "stock"])
        #expect(board.readiness == Readiness(state: .starting, withoutSwitches: ["orders", "stock"]))
        #expect(board.status.switches.count == 2)
    }

    @Test func switchesMakeAMigrationReadyAndTheirLossUnready() {
        let board = StatusBoard(migrations: ["orders", "stock"])
        board.set(state: .serving)
        board.set(switches: [nil, StatsFixture.summary()])
        #expect(board.readiness.reason == "no switches for orders")
        board.set(switches: [StatsFixture.summary(), StatsFixture.summary()])
        #expect(board.readiness.isReady)
        board.set(switches: [StatsFixture.summary(), nil])
        #expect(board.readiness.reason == "no switches for stock")
        board.set(state: .draining)
        #expect(board.readiness.reason == "draining")
        board.set(state: .serving)
        #expect(board.readiness.reason == "draining", "there is no way back")
    }

    @Test func changesAreCountedOnceTheyAreInForce() {
        let board = StatusBoard(migrations: ["orders", "stock"])
        board.set(switches: [StatsFixture.summary(epoch: 1), nil], time: 100)
        #expect(board.status.changes.made == 0, "the first reading changes nothing")
        #expect(board.status.changes.lastTimes == [100, nil])
        board.noteTakenBack()
        board.noteTakenBack()
        #expect(board.status.changes.isWaiting)
        board.set(
            switches: [StatsFixture.summary(epoch: 1), StatsFixture.summary(epoch: 4)], heldNanoseconds: 7, time: 200)
        #expect(board.status.changes.made == 1)
        #expect(board.status.changes.lastTimes == [100, 200])
        #expect(board.status.changes.lastHoldNanoseconds == 7)
        #expect(board.status.changes.takenBackCount == 2)
        #expect(!board.status.changes.isWaiting)
    }

    @Test func aRefusedSwitchFileIsNotedUntilItIsRightAgain() {
        let board = StatusBoard(migrations: ["orders"])
        for isRefused in [true, true, false] { board.set(switchFileRefused: isRefused) }
        #expect(board.status.changes.fileRefusals == 2)
        #expect(!board.status.changes.isFileRefused)
        board.set(switchFileRefused: true)
        #expect(board.status.changes.isFileRefused)
    }

    @Test func watchersHearOfEachChangeInOrderAndOfNothingElse() throws {
        let board = StatusBoard(migrations: ["orders"])
        let thread = try LoopThread(name: "board")
        let heard = Locked<[String]>([])
        board.watch(on: thread.mailbox) { readiness in heard.withLock { $0.append(readiness.reason) } }
        try thread.start()
        board.set(state: .starting)
        board.set(switches: [nil])
        board.set(state: .serving)
        board.set(switches: [StatsFixture.summary(epoch: 1)])
        board.set(switches: [StatsFixture.summary(epoch: 2)])
        board.set(state: .draining)
        thread.stop()
        thread.join()
        #expect(heard.withLock { $0 } == ["no switches for orders", "ready", "draining"])
    }
}
