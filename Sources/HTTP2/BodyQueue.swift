/// The bytes of one message stream between the session that receives them and the session that sends them on.
///
/// As long as it holds no more than `retentionLimit` bytes in all, nothing that was taken is thrown away: `rewind`
/// makes the whole readable again for a second try. Past that, taken bytes are gone and it cannot be rewound.
package struct BodyQueue {
    private var storage: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0
    /// Whether all that ever came is still there.
    package private(set) var isWhole = true
    /// So many bytes are kept for a second try.
    var retentionLimit = 1 << 16

    /// Storage that a recycled queue may keep.
    private static var keptCapacity: Int { 4096 }

    /// Bytes not taken yet.
    package var count: Int { end - start }
    package var isEmpty: Bool { start == end }
    /// Bytes that occupy memory: those not taken, and those kept for a second try.
    package var held: Int { isWhole ? end : end - start }
    /// Bytes not taken yet; valid until the next change.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage.map { UnsafeRawPointer($0 + start) }, count: count)
    }

    /// All that ever came, taken or not; nil once some of it is gone. Valid until the next change.
    package var whole: UnsafeRawBufferPointer? {
        isWhole ? UnsafeRawBufferPointer(start: storage.map { UnsafeRawPointer($0) }, count: end) : nil
    }

    mutating func append(_ source: UnsafeRawPointer, count added: Int) {
        if isWhole, end + added > retentionLimit { isWhole = false }
        if end + added > capacity { makeRoom(for: added) }
        storage.unsafelyUnwrapped.advanced(by: end).copyMemory(from: source, byteCount: added)
        end += added
    }

    /// Copies at most `limit` bytes to `target` and goes past them; returns how many.
    mutating func take(into target: UnsafeMutableRawPointer, limit: Int) -> Int {
        let taken = min(count, limit)
        guard taken > 0 else { return 0 }
        target.copyMemory(from: storage.unsafelyUnwrapped + start, byteCount: taken)
        start += taken
        if !isWhole, start == end {
            start = 0
            end = 0
        }
        return taken
    }

    /// Makes everything readable once more. Only while `isWhole`.
    mutating func rewind() {
        precondition(isWhole, "a body whose beginning is gone cannot be sent again")
        start = 0
    }

    /// Forgets everything.
    mutating func removeAll() {
        isWhole = false
        start = 0
        end = 0
    }

    /// Forgets what is kept and holds only what has not been taken from now on.
    mutating func stopRetaining() {
        isWhole = false
        if start == end {
            start = 0
            end = 0
        }
    }

    mutating func reset() {
        start = 0
        end = 0
        isWhole = true
        retentionLimit = 1 << 16
        if capacity > Self.keptCapacity { free() }
    }

    mutating func free() {
        storage?.deallocate()
        storage = nil
        capacity = 0
        start = 0
        end = 0
    }

    private mutating func makeRoom(for added: Int) {
        let dropped = isWhole ? 0 : start
        let kept = end - dropped
        if kept + added <= capacity, let storage {
            storage.copyMemory(from: storage + dropped, byteCount: kept)
        } else {
            let larger = max(256, (kept + added) + (kept + added) / 2)
            let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            if let storage {
                moved.copyMemory(from: storage + dropped, byteCount: kept)
                storage.deallocate()
            }
            storage = moved
            capacity = larger
        }
        start -= dropped
        end -= dropped
    }
}
