import EventLoop
import Migration
import Synchronization

/// What is kept of all records that are not at rest (`RecordState`), and of those that are being written: process-wide,
/// entered from every loop.
///
/// Sharded by the record's hash, each shard behind a lock of its own that is held for a few dictionary operations. A
/// record is in it while there is something to keep. Whether any record of a migration is pinned is one atomic read;
/// only then do queries and writes of one side look a record up.
final class RecordTable: Sendable {
    /// What is said to who waits.
    enum Call: Sendable {
        /// The lane is held by you.
        case entered
        /// The lane was closed: the outcome of the write before is unknown.
        case closed
    }

    typealias Ticket = @Sendable (Call) -> Void
    typealias State = RecordState<Ticket>

    struct Key: Hashable, Sendable {
        let migration: Int
        /// Position among the migration's entities: records of two of them may have equal keys.
        let entity: Int
        /// Canonical.
        let record: [UInt8]

        init(migration: Int, entity: Int, record: [UInt8]) {
            self.migration = migration
            self.entity = entity
            self.record = record
        }

        /// A record of the entity that the method is of.
        init(_ plan: UnsafePointer<CallPlan>, record: [UInt8]) {
            self.init(migration: plan.pointee.migrationIndex, entity: plan.pointee.entityIndex, record: record)
        }
    }

    /// Records of one migration that are not at rest, of those the pinned ones, why they are and until when at most.
    struct Unrest: Sendable, Equatable {
        var open = 0
        var unsettled = 0
        var dirty = 0
        /// Of the dirty ones, those that a write whose answer was lost may still change.
        var dirtyAndUnsettled = 0
        /// Of those that are dirty too; monotonic nanoseconds, 0: nothing is unsettled.
        var unsettledUntil: UInt64 = 0
        /// Some of them.
        var examples: [Key] = []

        var count: Int { open + unsettled + dirty }
    }

    private struct Shard {
        var records: [Key: State] = [:]
        /// Records that time alone may let go of, in the order in which they came.
        var timed: [(key: Key, until: UInt64)] = []
        var firstTimed = 0

        /// A few of those whose time has come.
        mutating func forgetSome(at now: UInt64, _ pins: Pins) {
            for _ in 0..<4 {
                guard firstTimed < timed.count, timed[firstTimed].until <= now else { break }
                let key = timed[firstTimed].key
                firstTimed += 1
                change(key, at: now, pins) { _ in }
            }
            if firstTimed > 64, firstTimed * 2 > timed.count {
                timed.removeFirst(firstTimed)
                firstTimed = 0
            }
        }

        /// Changes a record's state, takes its pin as far as it may go, and forgets it if there is nothing to keep.
        mutating func change<Result>(
            _ key: Key, at now: UInt64, _ pins: Pins, _ body: (inout State) -> Result
        ) -> Result {
            var state = records[key] ?? State()
            let before = Pins.Pin(state)
            let result = body(&state)
            _ = state.settle(at: now, pins.turns(of: key.migration))
            pins.changed(of: key, from: before, to: Pins.Pin(state))
            records[key] = state.isForgettable(at: now) ? nil : state
            return result
        }
    }

    private static let shardCount = 64

    /// What became of the last writes.
    let recentWrites = RecentWrites()
    /// How many records of a migration are pinned.
    let pins: Pins
    private let shards: [Locked<Shard>]
    private let lastID = Atomic<UInt64>(0)
    private let searches = Locked<[Search]>([])
    private let limit: Int

    /// - Parameter limit: how many writes of one record may wait.
    init(limit: Int, migrations: Int) {
        self.limit = limit
        pins = Pins(migrations: migrations)
        shards = (0..<Self.shardCount).map { _ in Locked(Shard()) }
    }

    /// A number by which a waiting write is known; never 0.
    func newID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    private func box(_ key: Key) -> Locked<Shard> { shards[key.hashValue & (Self.shardCount - 1)] }

    private func change<Result>(_ key: Key, at now: UInt64, _ body: (inout State) -> Result) -> Result {
        box(key).withLock { shard in
            shard.forgetSome(at: now, pins)
            return shard.change(key, at: now, pins, body)
        }
    }

    private func read<Result>(_ key: Key, _ body: (State?) -> Result) -> Result {
        box(key).withLock { body($0.records[key]) }
    }
}

// MARK: - Lanes

extension RecordTable {
    /// - Parameter now: monotonic nanoseconds.
    func enter(_ key: Key, id: UInt64, now: UInt64, _ ticket: @escaping Ticket) -> LaneEntry {
        change(key, at: now) { $0.enter(id: id, ticket, now: now, limit: limit) }
    }

    /// The stage of the record whose lane is held, at the turn of its write: the one function that says it.
    ///
    /// - Parameter bySwitches: the stage of its gray key; nil while a change holds it.
    /// - Returns: nil where the record is not pinned and a change holds it.
    func decide(
        _ key: Key, _ bySwitches: Stage?, grayKey: NotedKey, movesTo: Stage? = nil, now: UInt64
    ) -> Stage? {
        change(key, at: now) { $0.decide(bySwitches, grayKey: grayKey, movesTo: movesTo) }
    }

    /// The decided write that holds the lane is over, and leaves it: see `RecordState.end`.
    func end(
        _ key: Key, _ closing: WriteClosing, _ grayKeys: WriteGrayKeys, until: UInt64, _ switches: ChangingSwitches,
        now: UInt64
    ) {
        let left = box(key).withLock { shard in
            shard.forgetSome(at: now, pins)
            if closing.isUnsettled { shard.timed.append((key, until)) }
            return shard.change(key, at: now, pins) {
                $0.end(closing, grayKeys, until: until, switches)
            }
        }
        switch left {
        case .toNext(let ticket): ticket?(.entered)
        case .closed(let tickets): for ticket in tickets { ticket(.closed) }
        }
    }

    /// Nothing is known of the record that was not known before.
    func leave(_ key: Key, now: UInt64) { change(key, at: now) { $0.leave(isEqual: nil) }?(.entered) }

    /// False if the write does not wait any more: it holds the lane, or is about to hear that it was closed.
    func abandon(_ key: Key, id: UInt64) -> Bool {
        box(key).withLock { $0.records[key]?.abandon(id: id) ?? false }
    }

    /// Whether its sides may differ, as far as this process knows.
    func isDirty(_ key: Key) -> Bool { read(key) { $0?.isDirty ?? false } }

    /// What one record's lane is like now.
    func state(
        of key: Key, at now: UInt64
    ) -> (isHeld: Bool, waiting: Int, closedNanoseconds: UInt64, pin: Stage?) {
        read(key) { state in
            guard let state else { return (false, 0, 0, nil) }
            return (
                state.lane.isHeld, state.lane.waitingCount, state.lane.closedNanoseconds(at: now), state.pin
            )
        }
    }

    /// What is known of a record whose lane is held, beside what the switches say.
    func complete(_ situation: inout WriteSituation, of key: Key, now: UInt64) {
        read(key) { state in
            guard let state else { return }
            situation.pin = state.pin
            situation.isToMoveTo = state.isToMoveTo
            situation.moves = state.moveStanding(at: now)
        }
    }

    /// Records that are kept, for the stats.
    var count: Int { shards.reduce(0) { $0 + $1.withLock { $0.records.count } } }
}

// MARK: - Updates that move a record to another stage

extension RecordTable {
    /// Has a worker count its writes of one side that are under way for a record (`singleFound`), then calls back.
    typealias Search = @Sendable (Key, @escaping @Sendable () -> Void) -> Void

    /// Before the workers take calls.
    func addWorker(_ search: @escaping Search) { searches.withLock { $0.append(search) } }

    /// From now on writes of one side take the record's lane, and all that are under way are counted when `found` is
    /// called, on some worker's thread.
    func beginMove(_ key: Key, now: UInt64, found: @escaping @Sendable () -> Void) {
        pins.count(moves: 1, of: key.migration)
        change(key, at: now) { $0.beginMove() }
        let searches = searches.withLock { $0 }
        if searches.isEmpty { return found() }
        let left = Countdown(searches.count)
        for search in searches {
            search(key) { if left.next() { found() } }
        }
    }

    func endMove(_ key: Key, now: UInt64) {
        change(key, at: now) { $0.endMove() }
        pins.count(moves: -1, of: key.migration)
    }

    func waitForSingles(_ key: Key, id: UInt64, now: UInt64, _ ticket: @escaping Ticket) -> LaneEntry {
        change(key, at: now) { $0.waitForSingles(id: id, ticket) }
    }
}

/// Tells the last of several.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func next() -> Bool { left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}

// MARK: - Writes of one side, and queries

extension RecordTable {
    /// The stage that a record is pinned to, or moved away from; nil where the switches decide. Ask only while `pins`
    /// says that there are any.
    func pinnedStage(_ key: Key, now: UInt64) -> Stage? {
        box(key).withLock { shard in
            guard let state = shard.records[key], state.seenAt != nil else { return nil }
            shard.change(key, at: now, pins) { _ in }
            return shard.records[key]?.seenAt
        }
    }

    /// Whether an update is about to take the record to another stage, or does so.
    func isBeingMoved(_ key: Key) -> Bool { read(key) { $0?.isBeingMoved ?? false } }

    /// What a write of one side is to do.
    func standing(_ key: Key, now: UInt64) -> State.Standing {
        box(key).withLock { shard in
            guard shard.records[key] != nil else { return .free }
            return shard.change(key, at: now, pins) { state in
                _ = state.settle(at: now, pins.turns(of: key.migration))
                return state.standing(at: now)
            }
        }
    }

    /// A change of the switches finds a write of one side under way.
    func singleFound(_ key: Key, _ stage: Stage, grayKey: NotedKey, now: UInt64) {
        change(key, at: now) { $0.singleFound(stage, grayKey: grayKey) }
    }

    /// A write that was found, or joined, is over.
    func singleEnded(_ key: Key, now: UInt64) {
        change(key, at: now) { $0.singleEnded() }?(.entered)
    }

    /// A write of one side was sent and not answered.
    func lost(_ key: Key, until: UInt64, _ stage: Stage, grayKey: NotedKey, now: UInt64) {
        box(key).withLock { shard in
            shard.forgetSome(at: now, pins)
            shard.timed.append((key, until))
            shard.change(key, at: now, pins) { $0.lost(until: until, stage, grayKey: grayKey) }
        }
    }
}

// MARK: - Changes of the switches

extension RecordTable {
    /// The switches of a migration change, while no write whose stage they alter can be decided: what is not at rest is
    /// pinned.
    ///
    /// - Parameters:
    ///   - isJump: whether some key goes over a stage; asked only where the gray key of a record is not known.
    ///   - stages: what the switches say of a gray key (nil: of one that is not known), before and after.
    /// - Returns: the records whose sides may differ once they are released.
    @discardableResult
    func change(
        of migration: Int, at now: UInt64, isRetired: Bool, isJump: () -> Bool,
        stages: (_ grayKey: [UInt8]?) -> (last: Stage?, next: Stage?)
    ) -> [Key] {
        var differing: [Key] = []
        // What it leaves alone is only looked at: few keys may move beside many records that are not at rest.
        func concerns(_ state: State) -> Bool {
            guard !isRetired, state.pin == nil, let keys = state.possibleGrayKeys else { return true }
            return keys.contains { key in
                let (last, next) = stages(key)
                return last == nil || last != next
            }
        }
        forEach(of: migration, at: now, where: concerns) { key, state in
            if isRetired { return state.forget() }
            guard let keys = state.possibleGrayKeys else {
                let (last, next) = stages(nil)
                if state.change(from: last, to: next, isJump: isJump(), at: now) { differing.append(key) }
                return
            }
            // Of two that it may have, neither counts for both; it stays where it is if the change alters neither.
            let moves = keys.map { stages($0) }
            if keys.count > 1, moves.allSatisfy({ $0.last == $0.next }) { return }
            let isKnown = keys.count == 1
            let (last, next) = isKnown ? moves[0] : (nil, nil)
            if state.change(from: last, to: next, isJump: !isKnown && isJump(), at: now) { differing.append(key) }
        }
        return differing
    }

    /// All queries of a migration that begin from now on are decided by the newest switches.
    func changeIsMade(of migration: Int, at now: UInt64) {
        guard pins.isAny(of: migration) else { return }
        func isPinned(_ state: State) -> Bool { state.pin != nil }
        forEach(of: migration, at: now, where: isPinned) { $1.changeIsMade() }
    }

    /// Lets go of what is at rest by now.
    ///
    /// - Returns: whether some record has further rungs to take, and waits for queries to end (`Pins.turnBegins`).
    func settle(_ migration: Int, at now: UInt64) -> Bool {
        let turns = pins.turns(of: migration)
        var waits = false
        for key in pins.movable(of: migration) {
            box(key).withLock { shard in
                guard let state = shard.records[key], state.unrest(at: now) == nil || state.waitsForTurn(turns)
                else { return }
                shard.change(key, at: now, pins) { _ = $0.settle(at: now, turns) }
                if shard.records[key]?.waitsForTurn(turns) == true { waits = true }
            }
        }
        return waits
    }

    private func forEach(
        of migration: Int, at now: UInt64, where concerns: (State) -> Bool, _ body: (Key, inout State) -> Void
    ) {
        for box in shards {
            box.withLock { shard in
                let keys = shard.records.compactMap { key, state in
                    key.migration == migration && (state.isForgettable(at: now) || concerns(state)) ? key : nil
                }
                for key in keys {
                    shard.change(key, at: now, pins) { body(key, &$0) }
                }
            }
        }
    }

    /// The records of a migration that are not at rest.
    ///
    /// - Parameter pinned: those alone that keep a stage of their own.
    func unrest(of migration: Int, pinned: Bool, at now: UInt64) -> Unrest {
        var unrest = Unrest()
        for box in shards {
            box.withLock { shard in
                for (key, state) in shard.records where key.migration == migration {
                    guard let why = state.unrest(at: now), !pinned || state.pin != nil else { continue }
                    unrest.unsettledUntil = max(unrest.unsettledUntil, state.unsettledUntil(at: now))
                    switch why {
                    case .dirty:
                        unrest.dirty += 1
                        if state.unsettledUntil(at: now) > 0 { unrest.dirtyAndUnsettled += 1 }
                    case .unsettled: unrest.unsettled += 1
                    case .open: unrest.open += 1
                    }
                    if unrest.examples.count < 3 { unrest.examples.append(key) }
                }
            }
        }
        return unrest
    }

    /// Records that are being written on both sides just now.
    func running() -> [Key] {
        shards.flatMap { box in box.withLock { $0.records.filter { $1.isRunning }.map(\.key) } }
    }

    /// Records whose two sides may differ, and of which no write is under way.
    func dirty() -> [Key] {
        shards.flatMap { box in box.withLock { $0.records.filter { $1.isDirty && !$1.isRunning }.map(\.key) } }
    }
}
