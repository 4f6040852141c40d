/// A set of keys, made once from a switch file and asked on every call: is this gray key listed?
///
/// An open-addressing table of cache lines: `KeyLines` says how they are laid out. A question reads one line in most
/// cases, allocates nothing and takes no reference.
///
/// Clients choose what is asked, never what the set holds: the longest search is fixed when the set is made.
///
/// `@unchecked Sendable`: the memory is written before the set exists, and freed when the one owner goes.
@usableFromInline package struct KeySet: ~Copyable, @unchecked Sendable {
    /// The longest key that can be held; no longer one ever comes out of a scan.
    package static let maxKeyBytes = 1024

    /// How many different keys there are.
    package let count: Int
    private let lines: KeyLines

    /// Makes a set; keys may occur several times.
    package init<Keys: Sequence>(keys: Keys) throws(KeySetError) where Keys.Element: Sequence<UInt8> {
        var builder = KeySetBuilder()
        for key in keys { try builder.append(key) }
        self = builder.build()
    }

    /// Makes the empty set.
    package init() { self = KeySetBuilder().build() }

    fileprivate init(_ lines: KeyLines, count: Int) {
        self.lines = lines
        self.count = count
    }

    deinit { lines.deallocate() }

    package var isEmpty: Bool { count == 0 }

    /// The memory that the set holds, in bytes.
    package var bytes: Int { lines.byteCount }

    /// Whether the key is in the set.
    package func contains(_ key: UnsafeRawBufferPointer) -> Bool {
        guard count > 0, key.count <= Self.maxKeyBytes else { return false }
        return lines.contains(key)
    }

    /// Whether something holds of every key, in no order.
    package func allSatisfy(_ holds: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        count == 0 || lines.allSatisfy(holds)
    }

    /// The most lines that any question reads, for tests.
    var longestSearch: Int { lines.longestSearch }
}

/// Why keys cannot be held in a set; `index` counts the keys from 0.
package enum KeySetError: Error, Equatable, CustomStringConvertible {
    case keyTooLong(index: Int, bytes: Int)
    case tooLarge

    package var description: String {
        switch self {
        case .keyTooLong(let index, let bytes):
            "key \(index + 1) has \(bytes) bytes; at most \(KeySet.maxKeyBytes) can ever match"
        case .tooLarge: "the keys have more than \(KeySetBuilder.maxPackedBytes) bytes; split the set"
        }
    }
}

/// Collects the keys of a set, for callers that read them from a file piece by piece.
package struct KeySetBuilder: ~Copyable {
    static let maxPackedBytes = 1 << 30

    private var count = 0
    /// Two bytes of length (little-endian) and the key, one behind the other.
    private var packed: [UInt8] = []
    /// What the keys take that are too long for a record.
    private var longBytes = 0

    package init() {}

    package mutating func append(_ key: some Sequence<UInt8>) throws(KeySetError) {
        let start = packed.count
        packed.append(0)
        packed.append(0)
        packed.append(contentsOf: key)
        let length = packed.count - start - 2
        guard length <= KeySet.maxKeyBytes else { throw .keyTooLong(index: count, bytes: length) }
        guard packed.count <= Self.maxPackedBytes else { throw .tooLarge }
        packed[start] = UInt8(truncatingIfNeeded: length)
        packed[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        if length > KeyRecord.mostInline { longBytes += 2 + length }
        count += 1
    }

    package consuming func build() -> KeySet {
        var lines = KeyLines(keyCount: count, longBytes: longBytes)
        var distinct = 0
        packed.withUnsafeBytes { packed in
            var at = 0
            while at < packed.count {
                let length = Int(UInt16(littleEndian: packed.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
                let key = UnsafeRawBufferPointer(rebasing: packed[(at + 2)..<(at + 2 + length)])
                if lines.insert(key) { distinct += 1 }
                at += 2 + length
            }
        }
        return KeySet(lines, count: distinct)
    }
}
