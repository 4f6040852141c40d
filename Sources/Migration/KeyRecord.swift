/// A key as it lies in a line of `KeyLines`: 21 bytes, held in three words of which the last two overlap.
///
/// Byte 0 is 0 in a free record, the length plus 1 of a key of at most 20 bytes, or 255 for a longer one. The key's
/// bytes follow, padded with zeros; of a longer key eight bytes of hash and four that say where it lies.
struct KeyRecord {
    static let bytes = 21
    /// The longest key that a record holds itself.
    static let mostInline = 20
    private static let long: UInt64 = 255

    let hash: UInt64
    /// Bytes 0 to 7.
    private let first: UInt64
    /// Bytes 8 to 15.
    private let second: UInt64
    /// Bytes 13 to 20.
    private let third: UInt64

    /// - Parameter key: at most `mostInline` bytes.
    @inline(__always)
    init(short key: UnsafeRawBufferPointer) {
        let words = KeyWords(key)
        hash = KeyHash.hash(words, count: key.count)
        first = UInt64(truncatingIfNeeded: key.count &+ 1) | words.first &<< 8
        second = words.first &>> 56 | words.second &<< 8
        third = words.second &>> 32 | words.third &<< 32
    }

    init(long key: UnsafeRawBufferPointer) {
        hash = KeyHash.hash(long: key)
        first = Self.long | hash &<< 8
        second = hash &>> 56
        third = 0
    }

    /// Whether one of the three records at the start of a line is this one, which is no long one.
    @inline(__always)
    func isAmong(_ line: UnsafeRawPointer) -> Bool {
        let differences = (
            difference(line), difference(line + Self.bytes), difference(line + 2 * Self.bytes)
        )
        return differences.0 == 0 || differences.1 == 0 || differences.2 == 0
    }

    @inline(__always)
    private func difference(_ other: UnsafeRawPointer) -> UInt64 {
        let firstDifference = first ^ Self.word(other)
        let secondDifference = second ^ Self.word(other + 8)
        let thirdDifference = third ^ Self.word(other + 13)
        return firstDifference | secondDifference | thirdDifference
    }

    static func isFree(_ record: UnsafeRawPointer) -> Bool { record.load(as: UInt8.self) == 0 }

    /// How long the key is that the record holds itself; nil where it lies elsewhere. It is not free.
    static func inlineCount(_ record: UnsafeRawPointer) -> Int? {
        let first = record.load(as: UInt8.self)
        return UInt64(first) == long ? nil : Int(first) - 1
    }

    /// Where the key of a long record lies.
    static func longOffset(_ record: UnsafeRawPointer) -> Int {
        Int(UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 9, as: UInt32.self)))
    }

    /// Where the key lies if this long record is the one at `other`, apart from that place.
    func longOffset(at other: UnsafeRawPointer) -> Int? {
        guard Self.word(other) == first, other.load(fromByteOffset: 8, as: UInt8.self) == UInt8(second) else {
            return nil
        }
        return Self.longOffset(other)
    }

    /// - Parameter longOffset: where the key of a long record lies, else 0.
    func store(to record: UnsafeMutableRawPointer, longOffset: UInt32) {
        record.storeBytes(of: first.littleEndian, as: UInt64.self)
        record.storeBytes(of: third.littleEndian, toByteOffset: 13, as: UInt64.self)
        record.storeBytes(of: (second | UInt64(longOffset) &<< 8).littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    @inline(__always)
    private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }
}

/// The bytes of a key of at most 20 bytes as three little-endian words, padded with zeros.
///
/// Nothing is read beyond the key: where a word is not whole, one that ends with the key is read and shifted.
struct KeyWords {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0

    @inline(__always)
    init(_ key: UnsafeRawBufferPointer) {
        guard let base = key.baseAddress else { return }
        let count = key.count
        if count > 16 {
            first = Self.word(base)
            second = Self.word(base + 8)
            third = Self.word(base + count - 8) &>> UInt64(8 &* (24 &- count))
        } else if count > 8 {
            first = Self.word(base)
            second = Self.word(base + count - 8) &>> UInt64(8 &* (16 &- count))
        } else if count >= 4 {
            let low = UInt32(littleEndian: base.loadUnaligned(as: UInt32.self))
            let high = UInt32(littleEndian: (base + count - 4).loadUnaligned(as: UInt32.self))
            // Both halves whole at 8 bytes; the overlap at fewer is the same bytes in the same place.
            first = UInt64(high) &<< UInt64(8 &* (count &- 4)) | UInt64(low)
        } else {
            for at in 0..<count {
                first |= UInt64(base.load(fromByteOffset: at, as: UInt8.self)) &<< UInt64(8 &* at)
            }
        }
    }

    @inline(__always)
    private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }
}

/// The hash that spreads keys over lines: eight bytes at a time, each word folded into the state by a full 64 x 64 bit
/// multiplication (the mixing of wyhash), so that keys which differ in one digit have nothing in common.
///
/// It is not the cohort's hash, which goes byte by byte as the contract fixes it: this one needs a fifth of the time,
/// and most sets are either a list or a percentage, seldom both.
enum KeyHash {
    private static let start: UInt64 = 0xa076_1d64_78bd_642f
    private static let factor: UInt64 = 0xe703_7ed1_a0b4_28db

    @inline(__always)
    static func hash(_ words: KeyWords, count: Int) -> UInt64 {
        var state = fold(start ^ UInt64(truncatingIfNeeded: count) ^ words.first)
        state = fold(state ^ words.second)
        return fold(fold(state ^ words.third))
    }

    /// - Parameter key: more than `KeyRecord.mostInline` bytes; the last word overlaps the one before it.
    static func hash(long key: UnsafeRawBufferPointer) -> UInt64 {
        var state = start ^ UInt64(truncatingIfNeeded: key.count)
        var at = 0
        while key.count - at > 8 {
            state = fold(state ^ UInt64(littleEndian: key.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        let last = key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self)
        return fold(fold(state ^ UInt64(littleEndian: last)))
    }

    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
