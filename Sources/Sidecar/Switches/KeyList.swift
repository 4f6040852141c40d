/// Canonical gray keys of one list of a switch file, end to end in one block of memory.
struct KeyList: Sequence, Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// Of the keys as a set: their order does not matter.
    private(set) var fingerprint: UInt64 = 0

    var count: Int { ends.count }

    /// Adds the key that `append` puts behind the bytes; what it appends is taken back when it throws.
    mutating func add<Failure: Error>(_ append: (inout [UInt8]) throws(Failure) -> Void) throws(Failure) {
        let start = bytes.count
        do {
            try append(&bytes)
        } catch {
            bytes.removeLast(bytes.count - start)
            throw error
        }
        fingerprint &+= Fingerprint.of(bytes[start...])
        ends.append(bytes.count)
    }

    func makeIterator() -> Iterator { Iterator(list: self) }

    struct Iterator: IteratorProtocol {
        let list: KeyList
        var index = 0

        mutating func next() -> ArraySlice<UInt8>? {
            guard index < list.ends.count else { return nil }
            defer { index += 1 }
            return list.bytes[(index == 0 ? 0 : list.ends[index - 1])..<list.ends[index]]
        }
    }
}

/// FNV-1a, 64 bits, with a final mix: tells readings of the same file apart, not attackers.
enum Fingerprint {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return hash ^ (hash >> 33)
    }
}
