import Migration
import Synchronization

/// The lanes of all records that are being written on both sides: process-wide, entered from every loop.
///
/// Sharded by the record's hash, each shard behind a lock of its own that is held for a few dictionary operations. A
/// lane exists while somebody holds it or while it is closed.
final class LaneTable: Sendable {
    /// What is said to who waits.
    enum Call: Sendable {
        /// The lane is held by you.
        case entered
        /// The lane was closed: the outcome of the write before is unknown.
        case closed
    }

    typealias Ticket = @Sendable (Call) -> Void

    struct Key: Hashable, Sendable {
        let migration: Int
        /// Canonical.
        let record: [UInt8]
    }

    private struct Shard {
        var lanes: [Key: Lane<Ticket>] = [:]
        /// Closed lanes in the order in which their time comes.
        var closed: [(key: Key, until: UInt64)] = []

        mutating func forgetClosed(at now: UInt64) {
            while let first = closed.first, first.until <= now {
                closed.removeFirst()
                if lanes[first.key]?.isIdle(at: now) == true { lanes[first.key] = nil }
            }
        }
    }

    private static let shardCount = 64

    /// What became of the last writes.
    let recentWrites = RecentWrites()
    private let shards: [ShardBox]
    private let lastID = Atomic<UInt64>(0)
    private let limit: Int

    private final class ShardBox: Sendable {
        let shard = Mutex(Shard())
    }

    /// - Parameter limit: how many writes of one record may wait.
    init(limit: Int) {
        self.limit = limit
        shards = (0..<Self.shardCount).map { _ in ShardBox() }
    }

    /// A number by which a waiting write is known.
    func newID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    /// - Parameter now: monotonic nanoseconds.
    func enter(_ key: Key, id: UInt64, now: UInt64, _ ticket: @escaping Ticket) -> Lane<Ticket>.Entry {
        shard(key).shard.withLock { shard in
            shard.forgetClosed(at: now)
            return shard.lanes[key, default: Lane()].enter(id: id, ticket, now: now, limit: limit)
        }
    }

    func leave(_ key: Key) {
        let next = shard(key).shard.withLock { shard -> Ticket? in
            guard let ticket = shard.lanes[key]?.leave() else {
                shard.lanes[key] = nil
                return nil
            }
            return ticket
        }
        next?(.entered)
    }

    /// False if the write does not wait any more: it holds the lane, or is about to hear that it was closed.
    func abandon(_ key: Key, id: UInt64) -> Bool {
        shard(key).shard.withLock { $0.lanes[key]?.abandon(id: id) ?? false }
    }

    /// Leaves the lane closed until then, monotonic nanoseconds.
    func close(_ key: Key, until: UInt64) {
        let waiting = shard(key).shard.withLock { shard -> [Ticket] in
            guard let waiting = shard.lanes[key]?.close(until: until) else { return [] }
            let index = shard.closed.firstIndex { $0.until > until } ?? shard.closed.endIndex
            shard.closed.insert((key, until), at: index)
            return waiting
        }
        for ticket in waiting { ticket(.closed) }
    }

    /// Whether the outcome of some write is unknown.
    func isAnyClosed(at now: UInt64) -> Bool {
        shards.contains { $0.shard.withLock { $0.closed.last.map { $0.until > now } ?? false } }
    }

    /// What one record's lane is like now.
    func state(of key: Key, at now: UInt64) -> (isHeld: Bool, waiting: Int, closedNanoseconds: UInt64) {
        shard(key).shard.withLock { shard in
            guard let lane = shard.lanes[key] else { return (false, 0, 0) }
            return (lane.isHeld, lane.waitingCount, lane.closedNanoseconds(at: now))
        }
    }

    /// Lanes that are held or closed, for the stats.
    var count: Int { shards.reduce(0) { $0 + $1.shard.withLock { $0.lanes.count } } }

    private func shard(_ key: Key) -> ShardBox { shards[key.hashValue & (Self.shardCount - 1)] }
}
