import Synchronization

/// Which gray keys the recent calls of one worker had: a sample, by which a change of the switches can say beforehand
/// how many calls it moves.
///
/// The worker takes at most one key each `intervalNanoseconds`, so that the lock is nothing on the way of a call; where
/// fewer calls come, every one is in it. Anyone may read it.
final class KeySample: Sendable {
    static let intervalNanoseconds: UInt64 = 50_000_000
    private static let entriesAtMost = Int(RecentTraffic.spanNanoseconds / intervalNanoseconds)

    private struct Entry {
        let at: UInt64
        let migration: Int
        let key: [UInt8]
    }

    private struct Ring {
        var entries: [Entry] = []
        var next = 0
    }

    private let ring = Mutex(Ring())

    /// - Parameters:
    ///   - migration: its position in the configuration.
    ///   - now: monotonic nanoseconds.
    func note(_ key: UnsafeRawBufferPointer, of migration: Int, at now: UInt64) {
        let entry = Entry(at: now, migration: migration, key: Array(key))
        ring.withLock { ring in
            if ring.entries.count < Self.entriesAtMost {
                ring.entries.append(entry)
            } else {
                ring.entries[ring.next] = entry
                ring.next = (ring.next + 1) % Self.entriesAtMost
            }
        }
    }

    /// The keys of a migration's calls that have been noted within the last minute, in canonical form.
    func keys(of migration: Int, at now: UInt64) -> [[UInt8]] {
        ring.withLock { ring in
            ring.entries.filter { $0.migration == migration && $0.at + RecentTraffic.spanNanoseconds > now }.map(\.key)
        }
    }
}
