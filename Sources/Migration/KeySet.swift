/// A set of keys, made once from a switch file and asked on every call: is this gray key listed?
///
/// Keys lie one behind the other in one block of memory, ordered by the hash bucket they fall into: two bytes of length, then the key. A
/// table of offsets, one entry per bucket and on average one key per bucket, says where each bucket begins; the next
/// entry says where it ends. A question reads two neighbouring entries and the few keys between them: the table of a million
/// keys has 4 MiB and mostly stays in cache, which leaves one cache miss, where open addressing with keys held
/// apart has two and spends more memory on its empty slots. Six bytes a key are spent beyond the keys themselves.
///
/// Clients choose what is asked, never what the set holds: the longest search is fixed when the set is made.
///
/// `@unchecked Sendable`: the memory is written in `init` only, and freed when the one owner goes.
@usableFromInline package struct KeySet: ~Copyable, @unchecked Sendable {
    /// The longest key that can be held; no longer one ever comes out of a scan.
    package static let maxKeyBytes = 1024

    /// How many different keys there are.
    package let count: Int
    /// The memory that the set holds, in bytes.
    package let bytes: Int
    private let bucketCount: Int
    private let block: UnsafeMutableRawPointer

    /// Makes a set; keys may occur several times.
    package init<Keys: Sequence>(keys: Keys) throws(KeySetError) where Keys.Element: Sequence<UInt8> {
        var builder = KeySetBuilder()
        for key in keys { try builder.append(key) }
        self = builder.build()
    }

    /// Makes the empty set.
    package init() { self = KeySetBuilder().build() }

    /// Sorts `keys` into buckets in memory of its own.
    ///
    /// Two passes, no array per bucket: sizes are counted and added up to offsets, then keys are put where they belong, and
    /// gaps that repeated keys left are closed.
    fileprivate init(_ keys: borrowing KeySetBuilder) {
        bucketCount = max(keys.count, 1)
        let headBytes = (bucketCount + 1) * MemoryLayout<UInt32>.stride
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: headBytes + keys.packedBytes, alignment: 8)
        defer { scratch.deallocate() }
        var filler = BucketFiller(bucketCount: bucketCount, scratch: scratch, headBytes: headBytes)
        keys.visit { filler.reserve($0) }
        filler.sumUp()
        var distinct = 0
        keys.visit { distinct += filler.insert($0) ? 1 : 0 }
        let packedBytes = filler.closeGaps()
        count = distinct
        bytes = headBytes + packedBytes
        block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
        block.copyMemory(from: scratch, byteCount: bytes)
    }

    deinit { block.deallocate() }

    package var isEmpty: Bool { count == 0 }

    /// Whether the key is in the set.
    package func contains(_ key: UnsafeRawBufferPointer) -> Bool {
        guard count > 0, key.count <= Self.maxKeyBytes else { return false }
        let bucket = KeyHash.bucket(key, of: bucketCount)
        let offsets = UnsafeRawPointer(block).assumingMemoryBound(to: UInt32.self)
        return PackedKeys.contains(key, in: block, from: Int(offsets[bucket]), to: Int(offsets[bucket + 1]))
    }

    /// The most keys that fall into one bucket, for tests.
    var longestBucket: Int {
        let offsets = UnsafeRawPointer(block).assumingMemoryBound(to: UInt32.self)
        var longest = 0
        for bucket in 0..<bucketCount {
            var length = 0
            var at = Int(offsets[bucket])
            while at < Int(offsets[bucket + 1]) {
                at += PackedKeys.stride(in: block, at: at)
                length += 1
            }
            longest = max(longest, length)
        }
        return longest
    }
}

/// Why keys cannot be held in a set; `index` counts the keys from 0.
package enum KeySetError: Error, Equatable, CustomStringConvertible {
    case keyTooLong(index: Int, bytes: Int)
    case tooLarge

    package var description: String {
        switch self {
        case .keyTooLong(let index, let bytes):
            "key \(index + 1) has \(bytes) bytes; at most \(KeySet.maxKeyBytes) can ever match"
        case .tooLarge: "the keys need more than \(KeySetBuilder.maxPackedBytes) bytes; split the set"
        }
    }
}

/// Collects the keys of a set, for callers that read them from a file piece by piece.
package struct KeySetBuilder: ~Copyable {
    /// Offsets have 32 bits; the table of offsets needs at most two bytes per byte of keys.
    static let maxPackedBytes = 1 << 30

    private(set) var count = 0
    private var packed: [UInt8] = []

    package init() {}

    package mutating func append(_ key: some Sequence<UInt8>) throws(KeySetError) {
        let start = packed.count
        packed.append(0)
        packed.append(0)
        packed.append(contentsOf: key)
        let length = packed.count - start - PackedKeys.lengthBytes
        guard length <= KeySet.maxKeyBytes else { throw .keyTooLong(index: count, bytes: length) }
        guard packed.count <= Self.maxPackedBytes else { throw .tooLarge }
        packed[start] = UInt8(truncatingIfNeeded: length)
        packed[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        count += 1
    }

    package consuming func build() -> KeySet { KeySet(self) }

    fileprivate var packedBytes: Int { packed.count }

    fileprivate func visit(_ body: (UnsafeRawBufferPointer) -> Void) {
        packed.withUnsafeBytes { packed in
            guard let base = packed.baseAddress else { return }
            var at = 0
            while at < packed.count {
                body(PackedKeys.key(in: base, at: at))
                at += PackedKeys.stride(in: base, at: at)
            }
        }
    }
}

/// Keys one behind the other, each two bytes of length (little-endian) and its bytes.
private enum PackedKeys {
    static let lengthBytes = 2

    static func length(in base: UnsafeRawPointer, at offset: Int) -> Int {
        Int(UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    static func stride(in base: UnsafeRawPointer, at offset: Int) -> Int { lengthBytes + length(in: base, at: offset) }

    static func key(in base: UnsafeRawPointer, at offset: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + offset + lengthBytes, count: length(in: base, at: offset))
    }

    static func contains(
        _ key: UnsafeRawBufferPointer, in base: UnsafeRawPointer, from start: Int, to end: Int
    ) -> Bool {
        var at = start
        while at < end {
            let length = length(in: base, at: at)
            if length == key.count, isEqual(key, base + at + lengthBytes) { return true }
            at += lengthBytes + length
        }
        return false
    }

    /// Compares eight bytes at a time; the last eight overlap the ones before them.
    private static func isEqual(_ key: UnsafeRawBufferPointer, _ other: UnsafeRawPointer) -> Bool {
        guard let base = key.baseAddress else { return true }
        let count = key.count
        guard count >= 8 else { return isShortEqual(base, other, count) }
        var at = 0
        while at < count - 8 {
            guard isWordEqual(base + at, other + at) else { return false }
            at += 8
        }
        return isWordEqual(base + count - 8, other + count - 8)
    }

    /// Compares fewer than eight bytes.
    private static func isShortEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
        for at in 0..<count {
            guard left.load(fromByteOffset: at, as: UInt8.self) == right.load(fromByteOffset: at, as: UInt8.self)
            else { return false }
        }
        return true
    }

    private static func isWordEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
        left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
    }
}

/// The offsets and keys of a set while it is made.
private struct BucketFiller {
    let bucketCount: Int
    let scratch: UnsafeMutableRawPointer
    let headBytes: Int
    let starts: UnsafeMutablePointer<UInt32>
    /// How far each bucket is filled.
    var ends: [UInt32]

    init(bucketCount: Int, scratch: UnsafeMutableRawPointer, headBytes: Int) {
        self.bucketCount = bucketCount
        self.scratch = scratch
        self.headBytes = headBytes
        starts = scratch.bindMemory(to: UInt32.self, capacity: bucketCount + 1)
        starts.initialize(repeating: 0, count: bucketCount + 1)
        ends = []
    }

    func reserve(_ key: UnsafeRawBufferPointer) {
        starts[KeyHash.bucket(key, of: bucketCount)] += UInt32(PackedKeys.lengthBytes + key.count)
    }

    /// Turns sizes into offsets.
    mutating func sumUp() {
        var at = UInt32(headBytes)
        for bucket in 0...bucketCount {
            let size = starts[bucket]
            starts[bucket] = at
            at += size
        }
        ends = Array(UnsafeBufferPointer(start: starts, count: bucketCount))
    }

    /// Puts a key into its bucket; false if it is there already.
    mutating func insert(_ key: UnsafeRawBufferPointer) -> Bool {
        let bucket = KeyHash.bucket(key, of: bucketCount)
        let end = Int(ends[bucket])
        guard !PackedKeys.contains(key, in: scratch, from: Int(starts[bucket]), to: end) else { return false }
        scratch.storeBytes(of: UInt16(key.count).littleEndian, toByteOffset: end, as: UInt16.self)
        let room = UnsafeMutableRawBufferPointer(start: scratch + end + PackedKeys.lengthBytes, count: key.count)
        room.copyMemory(from: key)
        ends[bucket] += UInt32(PackedKeys.lengthBytes + key.count)
        return true
    }

    /// Moves every bucket down to the end of the one before it; returns how many bytes of keys there are.
    func closeGaps() -> Int {
        var at = headBytes
        for bucket in 0..<bucketCount {
            let size = Int(ends[bucket]) - Int(starts[bucket])
            (scratch + at).copyMemory(from: scratch + Int(starts[bucket]), byteCount: size)
            starts[bucket] = UInt32(at)
            at += size
        }
        starts[bucketCount] = UInt32(at)
        return at - headBytes
    }
}

/// The hash that spreads keys over buckets: eight bytes at a time, each word folded into the state by a full 64 x 64 bit
/// multiplication (the mixing of wyhash), so that keys which differ in one digit have nothing in common.
///
/// It is not the cohort's hash, which goes byte by byte as the contract fixes it: this one needs a fifth of the time, and most
/// sets are either a list or a percentage, seldom both.
private enum KeyHash {
    private static let first: UInt64 = 0xa076_1d64_78bd_642f
    private static let second: UInt64 = 0xe703_7ed1_a0b4_28db

    /// The bucket of a key: the hash scaled to the range by its high bits, without a division.
    static func bucket(_ key: UnsafeRawBufferPointer, of bucketCount: Int) -> Int {
        Int(truncatingIfNeeded: hash(key).multipliedFullWidth(by: UInt64(bucketCount)).high)
    }

    static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        let count = key.count
        var state = first ^ UInt64(count)
        guard let base = key.baseAddress, count > 0 else { return fold(state, second) }
        var at = 0
        while count - at > 8 {
            state = fold(state ^ word(base + at), second)
            at += 8
        }
        let last = count >= 8 ? word(base + count - 8) : shortWord(base, count)
        return fold(fold(state ^ last, second), first)
    }

    private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }

    /// One to seven bytes.
    private static func shortWord(_ base: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var word: UInt64 = 0
        for at in 0..<count { word = word << 8 | UInt64(base.load(fromByteOffset: at, as: UInt8.self)) }
        return word
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
