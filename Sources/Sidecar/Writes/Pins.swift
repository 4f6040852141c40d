import EventLoop
import Migration
import Synchronization

/// How many records of each migration are pinned or being moved to another stage, and of those how many to a stage
/// whose authority is each side. Read without a lock on the way of every call; which gray keys they have only where a
/// page of one gray key is asked for.
final class Pins: @unchecked Sendable {
    // Sendable because the cells are only touched as atomics, and nothing else changes.

    private struct Cell: ~Copyable {
        let all = Atomic<Int>(0)
        let moves = Atomic<Int>(0)
        let turnsBegun = Atomic<UInt64>(0)
        let turnsEnded = Atomic<UInt64>(0)
        /// By the entity.
        let pinned = Locked<[Int: Pinned]>([:])
    }

    private struct Pinned {
        /// By the canonical record key.
        var stages: [[UInt8]: Stage] = [:]
        /// Those that time, or the end of a write, may let go of: a dirty one waits for a write of its own.
        var movable: Set<RecordTable.Key> = []
        var ofOld = 0
        /// Nil: of records whose gray key is not known.
        var grayKeys: [[UInt8]?: (ofOld: Int, ofNew: Int)] = [:]

        mutating func count(_ change: Int, _ pin: Pin) {
            for key in pin.grayKeys {
                var count = grayKeys[key] ?? (0, 0)
                if pin.stage.authority == .old { count.ofOld += change } else { count.ofNew += change }
                grayKeys[key] = count == (0, 0) ? nil : count
            }
        }
    }

    /// What is known here of a record.
    struct Pin: Equatable {
        let stage: Stage
        /// That it may have; nil among them: any.
        let grayKeys: [[UInt8]?]
        let isDirty: Bool

        init?(_ state: RecordTable.State) {
            guard let stage = state.seenAt else { return nil }
            self.stage = stage
            isDirty = state.isDirty
            grayKeys = state.possibleGrayKeys ?? [nil]
        }
    }

    private let cells: UnsafeMutablePointer<Cell>
    private let count: Int

    init(migrations: Int) {
        count = migrations
        cells = .allocate(capacity: max(migrations, 1))
        for index in 0..<migrations { (cells + index).initialize(to: Cell()) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    @inline(__always) func isAny(of migration: Int) -> Bool { count(of: migration) > 0 }

    /// The same of one entity. Ask only while some record of the migration is pinned.
    func isAny(of migration: Int, entity: Int) -> Bool { cells[migration].pinned.withLock { $0[entity] != nil } }

    /// Whether a write of one side must look its record up: one is pinned, or is being moved between stages.
    @inline(__always) func isAnyOrMoves(of migration: Int) -> Bool {
        isAny(of: migration) || cells[migration].moves.load(ordering: .sequentiallyConsistent) > 0
    }

    func count(moves change: Int, of migration: Int) {
        cells[migration].moves.add(change, ordering: .sequentiallyConsistent)
    }

    // MARK: - Turns of queries

    func turns(of migration: Int) -> Turns {
        var turns = Turns()
        // In this order: what has ended has begun.
        turns.ended = cells[migration].turnsEnded.load(ordering: .sequentiallyConsistent)
        turns.begun = cells[migration].turnsBegun.load(ordering: .sequentiallyConsistent)
        return turns
    }

    func turnBegins(_ migration: Int) { cells[migration].turnsBegun.add(1, ordering: .sequentiallyConsistent) }

    /// All queries have ended that ran when the last turn began.
    func turnEnded(_ migration: Int) {
        let begun = cells[migration].turnsBegun.load(ordering: .sequentiallyConsistent)
        cells[migration].turnsEnded.store(begun, ordering: .sequentiallyConsistent)
    }

    func count(of migration: Int) -> Int { cells[migration].all.load(ordering: .relaxed) }

    /// The sides that decide about pinned records of an entity which may have that gray key.
    ///
    /// - Parameter grayKey: nil: any.
    func authorities(of migration: Int, entity: Int, grayKey: [UInt8]?) -> SideSet {
        cells[migration].pinned.withLock { entities in
            guard let pinned = entities[entity] else { return [] }
            var sides: SideSet = []
            guard let grayKey else {
                if pinned.ofOld > 0 { sides.formUnion(.old) }
                if pinned.ofOld < pinned.stages.count { sides.formUnion(.new) }
                return sides
            }
            for key in [grayKey, nil] {
                guard let count = pinned.grayKeys[key] else { continue }
                if count.ofOld > 0 { sides.formUnion(.old) }
                if count.ofNew > 0 { sides.formUnion(.new) }
            }
            return sides
        }
    }

    /// The pinned records of an entity with their stages, now. Who asks for them at once with the switches sees each
    /// record at one stage, however long it goes on.
    func view(of migration: Int, entity: Int) -> [[UInt8]: Stage] {
        isAny(of: migration) ? cells[migration].pinned.withLock { $0[entity]?.stages ?? [:] } : [:]
    }

    /// The pinned records that need be looked at.
    func movable(of migration: Int) -> [RecordTable.Key] {
        isAny(of: migration) ? cells[migration].pinned.withLock { $0.values.flatMap(\.movable) } : []
    }

    func changed(of key: RecordTable.Key, from before: Pin?, to after: Pin?) {
        guard before != after else { return }
        let migration = key.migration
        let change = (after == nil ? 0 : 1) - (before == nil ? 0 : 1)
        let ofOld = (after?.stage.authority == .old ? 1 : 0) - (before?.stage.authority == .old ? 1 : 0)
        cells[migration].pinned.withLock { entities in
            var pinned = entities.removeValue(forKey: key.entity) ?? Pinned()
            pinned.stages[key.record] = after?.stage
            pinned.ofOld += ofOld
            if let after, !after.isDirty {
                pinned.movable.insert(key)
            } else {
                pinned.movable.remove(key)
            }
            if let before { pinned.count(-1, before) }
            if let after { pinned.count(1, after) }
            entities[key.entity] = pinned.stages.isEmpty ? nil : pinned
        }
        if change != 0 { cells[migration].all.add(change, ordering: .relaxed) }
    }
}
