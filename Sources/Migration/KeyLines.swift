/// The memory of a key set: an open-addressing hash table whose buckets are whole cache lines.
///
/// A line is 64 bytes: three records of 21 bytes, and a byte that says whether a key which wanted to be here is in
/// the next line. A record holds a key of at most 20 bytes itself, padded with zeros, so that a question costs one
/// cache miss, where a table of pointers or offsets costs two, and one comparison of 21 bytes per record without a
/// branch in between. Of a longer key it holds the hash and where the key lies behind the lines.
///
/// Three fifths of the records are in use, hence 36 bytes a key. As some line always has a free record, an insertion
/// always finds room and a search always finds an end.
struct KeyLines {
    static let lineBytes = 64
    static let recordsPerLine = 3
    /// Where in a line the mark is that a search goes on in the next line.
    private static let markAt = 63

    private let base: UnsafeMutableRawPointer
    private let lineCount: Int
    /// Lines and long keys.
    let byteCount: Int
    private var longBytesUsed = 0

    /// - Parameter keyCount: how many keys there will be at most.
    /// - Parameter longBytes: what those of them that need it take behind the lines: two bytes and the key for each.
    init(keyCount: Int, longBytes: Int) {
        lineCount = keyCount * 5 / (3 * Self.recordsPerLine) + 1
        byteCount = lineCount * Self.lineBytes + longBytes
        base = .allocate(byteCount: byteCount, alignment: Self.lineBytes)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    func deallocate() { base.deallocate() }

    func contains(_ key: UnsafeRawBufferPointer) -> Bool {
        guard key.count <= KeyRecord.mostInline else { return containsLong(key, KeyRecord(long: key)) }
        let record = KeyRecord(short: key)
        var line = firstLine(record)
        while true {
            let start = UnsafeRawPointer(base) + line * Self.lineBytes
            if record.isAmong(start) { return true }
            guard start.load(fromByteOffset: Self.markAt, as: UInt8.self) != 0 else { return false }
            line = next(line)
        }
    }

    /// Adds a key; false if it is there already.
    mutating func insert(_ key: UnsafeRawBufferPointer) -> Bool {
        guard !contains(key) else { return false }
        let isLong = key.count > KeyRecord.mostInline
        let record = isLong ? KeyRecord(long: key) : KeyRecord(short: key)
        var line = firstLine(record)
        while true {
            let start = base + line * Self.lineBytes
            for slot in 0..<Self.recordsPerLine where KeyRecord.isFree(start + slot * KeyRecord.bytes) {
                record.store(to: start + slot * KeyRecord.bytes, longOffset: isLong ? keep(key) : 0)
                return true
            }
            start.storeBytes(of: 1, toByteOffset: Self.markAt, as: UInt8.self)
            line = next(line)
        }
    }

    /// Whether something holds of every key.
    func allSatisfy(_ holds: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        for line in 0..<lineCount {
            for slot in 0..<Self.recordsPerLine {
                let record = UnsafeRawPointer(base) + line * Self.lineBytes + slot * KeyRecord.bytes
                if KeyRecord.isFree(record) { continue }
                if !holds(key(record)) { return false }
            }
        }
        return true
    }

    private func key(_ record: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        if let count = KeyRecord.inlineCount(record) { return UnsafeRawBufferPointer(start: record + 1, count: count) }
        return longKey(at: KeyRecord.longOffset(record))
    }

    private func longKey(at offset: Int) -> UnsafeRawBufferPointer {
        let kept = UnsafeRawPointer(base) + lineCount * Self.lineBytes + offset
        return UnsafeRawBufferPointer(start: kept + 2, count: Int(kept.loadUnaligned(as: UInt16.self)))
    }

    /// The most neighbouring lines that one search can read.
    var longestSearch: Int {
        var longest = 1
        var run = 1
        for line in 0..<(2 * lineCount) {
            let mark = base.load(fromByteOffset: line % lineCount * Self.lineBytes + Self.markAt, as: UInt8.self)
            run = mark != 0 ? run + 1 : 1
            longest = max(longest, run)
        }
        return longest
    }

    private func containsLong(_ key: UnsafeRawBufferPointer, _ record: KeyRecord) -> Bool {
        var line = firstLine(record)
        while true {
            let start = UnsafeRawPointer(base) + line * Self.lineBytes
            for slot in 0..<Self.recordsPerLine {
                guard let offset = record.longOffset(at: start + slot * KeyRecord.bytes) else { continue }
                if longKey(at: offset).elementsEqual(key) { return true }
            }
            guard start.load(fromByteOffset: Self.markAt, as: UInt8.self) != 0 else { return false }
            line = next(line)
        }
    }

    /// Keeps a long key behind the lines, two bytes of length before it; returns how far behind.
    private mutating func keep(_ key: UnsafeRawBufferPointer) -> UInt32 {
        let offset = longBytesUsed
        let kept = base + lineCount * Self.lineBytes + offset
        kept.storeBytes(of: UInt16(key.count), as: UInt16.self)
        UnsafeMutableRawBufferPointer(start: kept + 2, count: key.count).copyMemory(from: key)
        longBytesUsed += 2 + key.count
        return UInt32(offset)
    }

    /// The hash scaled to the number of lines by its high bits, without a division.
    private func firstLine(_ record: KeyRecord) -> Int {
        Int(truncatingIfNeeded: record.hash.multipliedFullWidth(by: UInt64(lineCount)).high)
    }

    private func next(_ line: Int) -> Int { line + 1 == lineCount ? 0 : line + 1 }
}
