/// What was written to a file since its last sync, each piece at a place of its own: any of it may have reached the
/// disk when the machine ends, in any order.
struct UnsyncedChanges {
    fileprivate struct Change {
        let offset: Int
        /// What was at that place before.
        let before: [UInt8]
        let sizeBefore: Int
        /// Nil: the file was cut there.
        let written: [UInt8]?
    }

    /// What a disk writes whole.
    fileprivate static let sectorBytes = 512

    private var changes: [Change] = []

    mutating func removeAll() { changes.removeAll() }

    mutating func noteWrite(_ written: UnsafeRawBufferPointer, at offset: Int, in bytes: [UInt8]) {
        let overlap = offset..<max(offset, min(offset + written.count, bytes.count))
        let before = offset < bytes.count ? Array(bytes[overlap]) : []
        changes.append(Change(offset: offset, before: before, sizeBefore: bytes.count, written: Array(written)))
    }

    mutating func noteCut(to size: Int, in bytes: [UInt8]) {
        let before = size < bytes.count ? Array(bytes[size...]) : []
        changes.append(Change(offset: size, before: before, sizeBefore: bytes.count, written: nil))
    }

    /// What is on the disk after a crash.
    mutating func crash(_ bytes: [UInt8], _ chance: inout Chance) -> [UInt8] {
        var bytes = bytes
        for change in changes.reversed() { change.undo(in: &bytes) }
        // All, most, half, or nothing.
        let kept = chance.pick([4, 3, 2, 0])
        for change in changes {
            for piece in change.pieces where chance.below(4) < kept { change.apply(piece, to: &bytes) }
        }
        changes = []
        return bytes
    }
}

extension UnsyncedChanges.Change {
    fileprivate func undo(in bytes: inout [UInt8]) {
        Self.resize(&bytes, to: max(sizeBefore, offset + before.count))
        bytes.replaceSubrange(offset..<(offset + before.count), with: before)
        Self.resize(&bytes, to: sizeBefore)
    }

    /// Parts of what was written that are in one sector each; a cut is one.
    fileprivate var pieces: [Range<Int>] {
        guard let written else { return [0..<0] }
        var pieces: [Range<Int>] = []
        var start = 0
        while start < written.count {
            let sector = UnsyncedChanges.sectorBytes
            let end = min(written.count, ((offset + start) / sector + 1) * sector - offset)
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }

    fileprivate func apply(_ piece: Range<Int>, to bytes: inout [UInt8]) {
        guard let written else { return Self.resize(&bytes, to: offset) }
        Self.resize(&bytes, to: max(bytes.count, offset + piece.upperBound))
        bytes.replaceSubrange((offset + piece.lowerBound)..<(offset + piece.upperBound), with: written[piece])
    }

    private static func resize(_ bytes: inout [UInt8], to size: Int) {
        if size < bytes.count {
            bytes.removeLast(bytes.count - size)
        } else {
            bytes += [UInt8](repeating: 0, count: size - bytes.count)
        }
    }
}
