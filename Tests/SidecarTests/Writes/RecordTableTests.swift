import Migration
import Synchronization
import Testing
import WireFormat

@testable import Sidecar

@Suite struct RecordTableTests {
    private let table = RecordTable(limit: 100, migrations: 2)
    private let key = RecordTable.Key(migration: 0, entity: 0, record: [1])

    private func change(from last: Stage, to next: Stage, at now: UInt64) {
        table.change(of: 0, at: now, isRetired: false, isJump: { false }, stages: { _ in (last, next) })
        table.changeIsMade(of: 0, at: now)
    }

    /// The end of a write of both sides; one of unknown outcome keeps the lane closed until 100.
    private func end(_ key: RecordTable.Key, isEqual: Bool?, isUnsettled: Bool = false, now: UInt64) {
        var closing = WriteClosing(.dualOld)
        closing.verdict = isUnsettled ? .unclear : .taken
        (closing.isDouble, closing.isUnsettled, closing.isEqual) = (true, isUnsettled, isEqual)
        table.end(
            key, closing, WriteGrayKeys(), until: 100, ChangingSwitches(current: nil, held: nil), now: now)
    }

    private static func record(_ number: UInt8, migration: Int = 0) -> RecordTable.Key {
        RecordTable.Key(migration: migration, entity: 0, record: [number])
    }

    @Test func aRecordIsForgottenWhenItsLastHolderLeaves() {
        let said = Mutex<[RecordTable.Call]>([])
        #expect(table.enter(key, id: 1, now: 0) { _ in } == .entered)
        #expect(table.enter(key, id: 2, now: 0) { turn in said.withLock { $0.append(turn) } } == .waits)
        #expect(table.enter(Self.record(1, migration: 1), id: 3, now: 0) { _ in } == .entered, "another migration")
        #expect(table.count == 2)
        table.leave(key, now: 0)
        #expect(said.withLock { $0 } == [.entered])
        table.leave(key, now: 0)
        #expect(table.count == 1)
    }

    @Test func aClosedLaneTellsWhoWaitsAndIsForgottenInTime() {
        let said = Mutex<[RecordTable.Call]>([])
        _ = table.enter(key, id: 1, now: 0) { _ in }
        _ = table.enter(key, id: 2, now: 0) { turn in said.withLock { $0.append(turn) } }
        end(key, isEqual: nil, isUnsettled: true, now: 0)
        #expect(said.withLock { $0 } == [.closed])
        #expect(table.enter(key, id: 3, now: 50) { _ in } == .closed)
        #expect(table.count == 1)
        #expect(table.enter(key, id: 4, now: 100) { _ in } == .entered)
        table.leave(key, now: 100)
        #expect(table.count == 0)
    }

    @Test func whoGivesUpIsNotCalled() {
        _ = table.enter(key, id: 1, now: 0) { _ in }
        _ = table.enter(key, id: 2, now: 0) { _ in Issue.record("it gave up") }
        #expect(table.abandon(key, id: 2))
        #expect(!table.abandon(key, id: 2))
        table.leave(key, now: 0)
        #expect(table.count == 0)
    }

    @Test func numbersAreNotGivenTwice() {
        let ids = (0..<1000).map { _ in table.newID() }
        #expect(Set(ids).count == 1000 && !ids.contains(0))
    }

    @Test func pinsAreCountedWhileTheyLast() {
        table.lost(key, until: 100, .dualOld, grayKey: .has([7]), now: 0)
        #expect(!table.pins.isAny(of: 0), "at rest or not: while nothing changes nobody need look")
        change(from: .dualOld, to: .dualNew, at: 1)
        #expect(table.pins.count(of: 0) == 1 && !table.pins.isAny(of: 1))
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: nil) == .old)
        #expect(table.pinnedStage(key, now: 2) == .dualOld)
        #expect(table.pinnedStage(Self.record(2), now: 2) == nil)
        #expect(table.pinnedStage(key, now: 100) == nil, "its time has come, whoever looks")
        #expect(!table.pins.isAny(of: 0) && table.count == 0)
    }

    @Test func whatStaysBehindIsTold() {
        table.lost(key, until: 100, .dualOld, grayKey: .has([7]), now: 0)
        _ = table.enter(Self.record(2), id: 1, now: 0) { _ in }
        #expect(table.decide(Self.record(2), .dualOld, grayKey: .unsaid, now: 0) == .dualOld)
        _ = table.enter(Self.record(3), id: 2, now: 0) { _ in }
        #expect(table.decide(Self.record(3), .dualOld, grayKey: .unsaid, now: 0) == .dualOld)
        end(Self.record(3), isEqual: false, now: 0)
        change(from: .dualOld, to: .old, at: 1)
        let unrest = table.unrest(of: 0, pinned: true, at: 1)
        #expect(unrest.open == 1 && unrest.unsettled == 1 && unrest.dirty == 1 && unrest.unsettledUntil == 100)
        #expect(Set(unrest.examples.map(\.record)) == [[1], [2], [3]])
        #expect(table.running() == [Self.record(2)])
    }

    /// Contract, 2: what was sent may take effect until the quiet period is over, whatever else is known of the record.
    @Test func aDirtyRecordMayBeUnsettledToo() {
        let other = Self.record(2)
        for key in [key, other] {
            _ = table.enter(key, id: 1, now: 0) { _ in }
            #expect(table.decide(key, .dualOld, grayKey: .unsaid, now: 0) == .dualOld)
        }
        end(key, isEqual: false, isUnsettled: true, now: 0)
        end(other, isEqual: false, now: 0)
        var unrest = table.unrest(of: 0, pinned: false, at: 99)
        #expect(unrest.dirty == 2 && unrest.dirtyAndUnsettled == 1 && unrest.count == 2)
        #expect(unrest.unsettledUntil == 100)
        #expect(unrest.sentence(at: 99, ["Order"])?.contains("1 of those had a write whose answer was lost") == true)
        unrest = table.unrest(of: 0, pinned: false, at: 100)
        #expect(unrest.dirty == 2 && unrest.dirtyAndUnsettled == 0 && unrest.unsettledUntil == 0)
    }

    /// Contract, 2: a query is never decided anew halfway. What it was told of the pins holds to its end.
    @Test func aViewOfThePinsStaysAsItWas() {
        table.lost(key, until: 100, .dualNew, grayKey: .has([7]), now: 0)
        #expect(table.pins.view(of: 0, entity: 0).isEmpty)
        change(from: .dualNew, to: .dualOld, at: 1)
        let view = table.pins.view(of: 0, entity: 0)
        #expect(view == [[1]: .dualNew])
        #expect(table.pinnedStage(key, now: 100) == nil)
        #expect(table.pins.view(of: 0, entity: 0).isEmpty && view == [[1]: .dualNew])
    }

    /// Contract, I9 and 2: keys outside the delta notice nothing of a pin.
    @Test func onlyPagesThatMayShowAPinnedRecordAskForIt() {
        let (known, unknown) = (key, RecordTable.Key(migration: 0, entity: 0, record: [2]))
        table.lost(known, until: 100, .dualNew, grayKey: .has([7]), now: 0)
        change(from: .dualNew, to: .dualOld, at: 1)
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [7]) == .new)
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [8]).isEmpty)
        table.lost(unknown, until: 100, .dualOld, grayKey: .moves(from: nil, to: [8]), now: 2)
        change(from: .dualOld, to: .old, at: 3)
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [8]) == .old, "it may have any key")
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [7]) == [.old, .new])
        #expect(table.settle(0, at: 200))
        table.pins.turnBegins(0)
        table.pins.turnEnded(0)
        #expect(!table.settle(0, at: 200))
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [7]).isEmpty)
    }

    /// Contract, 1: ordering and repair work per (entity, record key).
    @Test func recordsOfTwoEntitiesHaveNothingInCommon() {
        let other = RecordTable.Key(migration: 0, entity: 1, record: key.record)
        #expect(table.enter(key, id: 1, now: 0) { _ in } == .entered)
        #expect(table.enter(other, id: 2, now: 0) { _ in } == .entered, "a lane of its own")
        _ = table.decide(key, .dualNew, grayKey: .has([7]), now: 0)
        _ = table.decide(other, .dualNew, grayKey: .has([7]), now: 0)
        end(key, isEqual: false, now: 0)
        end(other, isEqual: true, now: 0)
        #expect(table.dirty() == [key])
        change(from: .dualNew, to: .dualOld, at: 1)
        #expect(table.pinnedStage(key, now: 1) == .dualNew && table.pinnedStage(other, now: 1) == nil)
        #expect(table.pins.view(of: 0, entity: 0) == [[1]: .dualNew] && table.pins.view(of: 0, entity: 1).isEmpty)
        #expect(table.pins.isAny(of: 0, entity: 0) && !table.pins.isAny(of: 0, entity: 1))
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: nil) == .new)
        #expect(table.pins.authorities(of: 0, entity: 1, grayKey: nil).isEmpty)
        #expect(table.pins.authorities(of: 0, entity: 1, grayKey: [7]).isEmpty)
        #expect(table.unrest(of: 0, pinned: true, at: 1).examples == [key])
        end(other, isEqual: false, isUnsettled: true, now: 1)
        #expect(table.enter(key, id: 3, now: 1) { _ in } == .entered, "another record's lost answer closes nothing")
        let names = ["orders", "customers"]
        #expect("\(RecordText(other, of: names))" == "customers 0x01" && "\(RecordText(key, of: ["orders"]))" == "0x01")
    }

    /// Whoever makes it take the first rung: the second one waits for the queries of that time.
    @Test func aRecordOfSeveralRungsWaitsForATurnOfQueries() {
        table.lost(key, until: 10, .newMirrored, grayKey: .unsaid, now: 0)
        change(from: .newMirrored, to: .dualNew, at: 1)
        change(from: .dualNew, to: .dualOld, at: 2)
        #expect(table.pinnedStage(key, now: 20) == .dualNew, "the look itself lets it go on")
        #expect(table.settle(0, at: 21), "it has another rung to take")
        #expect(table.pinnedStage(key, now: 21) == .dualNew)
        table.pins.turnBegins(0)
        #expect(table.settle(0, at: 22) && table.pinnedStage(key, now: 22) == .dualNew)
        table.pins.turnEnded(0)
        #expect(!table.settle(0, at: 23))
        #expect(table.pinnedStage(key, now: 23) == nil && table.count == 0)
    }

    /// Decision 0017: queries see a record that moves where it was until it is where it is to be.
    @Test func aRecordThatMovesIsSeenWhereItWas() {
        _ = table.enter(key, id: 1, now: 0) { _ in }
        #expect(table.decide(key, .dualNew, grayKey: .moves(from: [7], to: [8]), movesTo: .dualOld, now: 0) == .dualNew)
        #expect(table.pins.isAny(of: 0) && table.pinnedStage(key, now: 1) == .dualNew)
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [7]) == .new, "whatever page it may be on")
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [8]) == .new)
        #expect(table.pins.authorities(of: 0, entity: 0, grayKey: [9]).isEmpty)
        var closing = WriteClosing(.dualNew)
        (closing.verdict, closing.isDouble, closing.isEqual, closing.leftAt) = (.taken, true, true, .dualOld)
        let keys = WriteGrayKeys(present: [7], next: [8])
        let cohort = Cohort(migration: "orders")
        let switches = MigrationSwitches(
            epoch: 1, phase: .migrating, enrolled: GraySet(everything: true, cohort: cohort),
            gray: GraySet(cohort: cohort))
        withUnsafePointer(to: switches) {
            table.end(key, closing, keys, until: 100, ChangingSwitches(current: $0, held: nil), now: 2)
        }
        #expect(!table.pins.isAny(of: 0) && table.count == 0)
    }

    /// Contract, 2: keys outside the delta notice nothing; a record that may have a key of it is not at rest for it.
    @Test func aChangeConcernsRecordsOfItsKeysAlone() {
        let notes: [UInt8: NotedKey] = [
            1: .has([7]), 2: .has([8]), 3: .unsaid, 4: .moves(from: [8], to: [9]), 5: .moves(from: [8], to: [7]),
        ]
        for (number, note) in notes {
            table.lost(Self.record(number), until: 100, .dualOld, grayKey: note, now: 0)
        }
        table.change(
            of: 0, at: 1, isRetired: false, isJump: { false },
            stages: { key in key == nil ? (nil, nil) : (.dualOld, key == [7] ? .dualNew : .dualOld) })
        let pinned = (UInt8(1)...5).filter { table.pinnedStage(Self.record($0), now: 2) != nil }
        #expect(pinned == [1, 3, 5])
        #expect(table.unrest(of: 0, pinned: false, at: 2).unsettled == 5, "all are as unsettled as they were")
        change(from: .dualOld, to: .dualOld, at: 100)
        #expect(table.count == 0, "their time is over")
    }

    @Test func retirementLetsGoOfEverything() {
        table.lost(key, until: 100, .newMirrored, grayKey: .has([7]), now: 0)
        change(from: .newMirrored, to: .new, at: 1)
        #expect(table.pins.isAny(of: 0))
        table.change(of: 0, at: 2, isRetired: true, isJump: { false }, stages: { _ in (.new, .new) })
        #expect(!table.pins.isAny(of: 0) && table.count == 0)
    }

    @Test func whatTimeAloneLetsGoOfIsForgottenByThoseWhoCome() {
        for record in 0..<10_000 {
            let key = RecordTable.Key(migration: 0, entity: 0, record: [UInt8(record >> 8), UInt8(record & 255)])
            table.lost(key, until: UInt64(record) + 10, .old, grayKey: .unsaid, now: UInt64(record))
        }
        #expect(table.count < 200, "each that comes takes a few with it whose time is over")
    }
}
