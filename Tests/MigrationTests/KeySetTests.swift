import Glibc
import Testing

@testable import Migration

@Suite struct KeySetTests {
    @Test func theEmptySetHoldsNothing() throws {
        let set = HeldKeySet(KeySet())
        #expect(set.isEmpty)
        #expect(set.count == 0)
        #expect(!set.contains([]))
        #expect(!set.contains(Array("a".utf8)))
        #expect(!set.contains(UnsafeRawBufferPointer(start: nil, count: 0)))
        #expect(try HeldKeySet(keys: [[UInt8]]()).isEmpty)
    }

    @Test func theEmptyKeyIsAKey() throws {
        let set = try HeldKeySet(keys: [[UInt8]()])
        #expect(set.count == 1)
        #expect(set.contains([]))
        #expect(set.contains(UnsafeRawBufferPointer(start: nil, count: 0)))
        #expect(!set.contains([0]))
    }

    @Test func repeatedKeysCountOnce() throws {
        let keys = (0..<1_000).map { Array("\($0 % 10)".utf8) }
        let set = try HeldKeySet(keys: keys)
        #expect(set.count == 10)
        for digit in 0..<10 { #expect(set.contains(Array("\(digit)".utf8))) }
        #expect(!set.contains(Array("10".utf8)))
    }

    /// Every length up to the longest, and for each the keys that differ in one byte or in length.
    @Test func keysOfEveryLength() throws {
        let keys = (0...KeySet.maxKeyBytes).map { length in (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) } }
        let set = try HeldKeySet(keys: keys)
        #expect(set.count == keys.count)
        for key in keys {
            #expect(set.contains(key))
            for at in Set([0, 1, key.count / 2, key.count - 9, key.count - 8, key.count - 1])
            where key.indices.contains(at) {
                var other = key
                other[at] ^= 0x80
                #expect(!set.contains(other), "\(key.count) bytes, byte \(at)")
            }
        }
        #expect(!set.contains([UInt8](repeating: 0, count: KeySet.maxKeyBytes + 1)))
    }

    @Test func aKeyThatCanNeverMatchIsRefused() throws {
        let long = [UInt8](repeating: 1, count: KeySet.maxKeyBytes + 1)
        #expect(throws: KeySetError.keyTooLong(index: 1, bytes: long.count)) {
            let set = try HeldKeySet(keys: [[1], long])
            Issue.record("a set of \(set.count) keys was made")
        }
        #expect(KeySetError.keyTooLong(index: 1, bytes: 1_025).description.hasPrefix("key 2 has 1025 bytes"))
    }

    @Test(arguments: UInt64(1)...6)
    func agreesWithSwiftsSet(seed: UInt64) throws {
        var random = KeyRandom(seed: seed)
        let keys = (0..<5_000).map { _ in random.key() }
        let set = try HeldKeySet(keys: keys)
        let reference = Set(keys)
        #expect(set.count == reference.count, "seed \(seed)")
        for key in keys { #expect(set.contains(key), "seed \(seed)") }
        for _ in 0..<20_000 {
            let key = random.key()
            #expect(set.contains(key) == reference.contains(key), "seed \(seed), \(key)")
        }
    }

    /// Keys that resemble each other do not crowd: no search is longer than a simulation finds with random
    /// places: 19 lines for 50,000 keys, 15 for 2,000, 28 for a million.
    @Test(arguments: [
        "\u{0}", "store-\u{0}", "\u{0}-eu", "00000000\u{0}", "a rather long prefix that all keys share, \u{0}",
    ])
    func sequentialKeysDoNotCluster(pattern: String) throws {
        let parts = pattern.split(separator: "\u{0}", omittingEmptySubsequences: false)
        let keys = (0..<50_000).map { Array("\(parts[0])\($0)\(parts[1])".utf8) }
        let set = try HeldKeySet(keys: keys)
        #expect(set.count == keys.count)
        #expect(set.longestSearch <= 24)
    }

    /// Differences in one place only, at any place: as binary counters in either byte order, and as single bits.
    @Test func binaryKeysDoNotCluster() throws {
        let counters = (0..<50_000).map { number in withUnsafeBytes(of: UInt64(number).bigEndian) { Array($0) } }
        #expect(try HeldKeySet(keys: counters).longestSearch <= 24)
        let shifted = (0..<50_000).map { number in withUnsafeBytes(of: UInt64(number) << 40) { Array($0) } }
        #expect(try HeldKeySet(keys: shifted).longestSearch <= 24)
        let zeros = (0...KeySet.maxKeyBytes).map { [UInt8](repeating: 0, count: $0) }
        #expect(try HeldKeySet(keys: zeros).longestSearch <= 18)
        let bits = (0..<2_000).map { bit in (0..<250).map { $0 == bit / 8 ? UInt8(1) << UInt8(bit % 8) : 0 } }
        #expect(try HeldKeySet(keys: bits).longestSearch <= 18)
    }

    /// A million keys of 8 to 20 bytes: under 40 bytes a key. The time is printed, not asserted.
    @Test func aMillionKeys() throws {
        var random = KeyRandom(seed: 1)
        var keys: [[UInt8]] = []
        keys.reserveCapacity(1_000_000)
        for number in 0..<1_000_000 {
            let filler = random.chance(1, in: 2) ? "s" : "store-eu-west"
            let key = Array("\(filler)\(number + 1_000_000)".utf8)
            keys.append(key)
        }
        let set = try HeldKeySet(keys: keys)
        let keyBytes = keys.reduce(0) { $0 + $1.count }
        #expect(set.count == 1_000_000)
        #expect(set.bytes < 40 * set.count)
        #expect(set.longestSearch <= 32)
        let probes = Probes(keys, count: 1_000_000, &random)
        let bytes = "\(set.bytes / set.count) bytes a key, of which \(keyBytes / set.count) are the key"
        for (name, isHit) in [("present", true), ("absent", false)] {
            let before = Self.processorNanoseconds()
            let found = probes.count(in: set, altered: !isHit)
            let each = (Self.processorNanoseconds() - before) / probes.offsets.count
            #expect(isHit ? found == probes.offsets.count : found == 0)
            print("KeySet of 1,000,000 keys (\(Self.build)): \(bytes), \(name): \(each) ns of processor time")
        }
    }

    /// The processor time of this thread, which other load on the machine changes least.
    private static func processorNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    #if DEBUG
    private static let build = "unoptimised"
    #else
    private static let build = "optimised"
    #endif
}

/// Keys to ask for in random order, packed so that asking measures the set and not the asking.
private struct Probes {
    var packed: [UInt8] = []
    var altered: [UInt8] = []
    var offsets: [(start: Int, count: Int)] = []

    init(_ keys: [[UInt8]], count: Int, _ random: inout KeyRandom) {
        for _ in 0..<count {
            let key = keys[Int.random(in: keys.indices, using: &random)]
            offsets.append((packed.count, key.count))
            packed += key
        }
        altered = packed
        for probe in offsets { altered[probe.start] ^= 0x80 }
    }

    @inline(never)
    func count(in set: HeldKeySet, altered: Bool) -> Int {
        (altered ? self.altered : packed).withUnsafeBytes { bytes in
            var found = 0
            for probe in offsets {
                found +=
                    set.held.contains(UnsafeRawBufferPointer(rebasing: bytes[probe.start..<probe.start + probe.count]))
                    ? 1 : 0
            }
            return found
        }
    }
}

/// SplitMix64: the same seed gives the same keys everywhere, so that a failure replays.
private struct KeyRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func chance(_ one: Int, in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) < one }

    /// Short keys of few letters, so that many are asked that are nearly in the set.
    mutating func key() -> [UInt8] {
        let length = chance(1, in: 10) ? Int.random(in: 0...40, using: &self) : Int.random(in: 0...8, using: &self)
        return (0..<length).map { _ in UInt8.random(in: 0x30...0x33, using: &self) }
    }
}
