/// Canonical keys and their numbers: 0 for the first key that was added, and so on, equal keys having one number.
///
/// Open addressing over one block of bytes, so that a page of keys costs a few allocations, not one for each.
package struct KeyTable: Sendable {
    private struct Entry {
        let hash: UInt64
        let start: Int
        let end: Int
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    /// Numbers of entries; -1 is free. At most half of the slots are taken.
    private var slots: [Int32] = []

    package init() {}

    package var count: Int { entries.count }

    package subscript(number: Int) -> ArraySlice<UInt8> { bytes[entries[number].start..<entries[number].end] }

    /// The key's number, new or known.
    package mutating func insert(_ key: UnsafeRawBufferPointer) -> Int {
        if 2 * (entries.count + 1) > slots.count { grow() }
        let hash = Self.hash(key)
        let slot = slot(of: key, hash: hash)
        if slots[slot] >= 0 { return Int(slots[slot]) }
        slots[slot] = Int32(truncatingIfNeeded: entries.count)
        entries.append(Entry(hash: hash, start: bytes.count, end: bytes.count + key.count))
        bytes.append(contentsOf: key)
        return entries.count - 1
    }

    /// The number of a key that was added.
    package func find(_ key: UnsafeRawBufferPointer) -> Int? {
        guard !entries.isEmpty else { return nil }
        let number = slots[slot(of: key, hash: Self.hash(key))]
        return number < 0 ? nil : Int(number)
    }

    /// Where the key is, or the free slot where it belongs.
    private func slot(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] >= 0, !isKey(key, hash, at: Int(slots[slot])) { slot = (slot + 1) & mask }
        return slot
    }

    private func isKey(_ key: UnsafeRawBufferPointer, _ hash: UInt64, at number: Int) -> Bool {
        let entry = entries[number]
        guard entry.hash == hash, entry.end - entry.start == key.count else { return false }
        return bytes.withUnsafeBytes { known in
            ByteOrder.compare(UnsafeRawBufferPointer(rebasing: known[entry.start..<entry.end]), key) == 0
        }
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: max(16, 2 * slots.count))
        let mask = slots.count - 1
        for (number, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(truncatingIfNeeded: number)
        }
    }

    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var hash = ByteHash()
        hash.add(key)
        return hash.value
    }
}
