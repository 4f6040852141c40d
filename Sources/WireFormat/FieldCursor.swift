/// Why bytes are not a protobuf message.
@usableFromInline package enum ScanFault: UInt8, Error, Sendable, CaseIterable, CustomStringConvertible {
    /// The message, or a message inside it, ends within a field.
    case truncated
    /// A varint goes on after its tenth byte.
    case varintTooLong
    /// A field number of 0, or a tag that has no place in 32 bits and five bytes.
    case fieldNumber
    /// A group (wire types 3 and 4), which is refused.
    case group
    /// Wire types 6 and 7 do not exist.
    case wireType

    @usableFromInline package var description: String {
        switch self {
        case .truncated: "a field runs past the end of its message"
        case .varintTooLong: "a varint is longer than ten bytes"
        case .fieldNumber: "a field number is out of range"
        case .group: "groups are not supported"
        case .wireType: "a wire type does not exist"
        }
    }
}

/// A fault and the offset of the field that has it, counted from the start of the outermost message.
@usableFromInline package struct ScanError: Error {
    @usableFromInline package let offset: Int
    @usableFromInline package let reason: ScanFault

    @inlinable package init(offset: Int, reason: ScanFault) {
        self.offset = offset
        self.reason = reason
    }
}

/// The wire types that are read, by their numbers on the wire.
@usableFromInline package enum WireType {
    @usableFromInline package static let varint: UInt32 = 0
    @usableFromInline package static let fixed64: UInt32 = 1
    @usableFromInline package static let length: UInt32 = 2
    @usableFromInline package static let startGroup: UInt32 = 3
    @usableFromInline package static let endGroup: UInt32 = 4
    @usableFromInline package static let fixed32: UInt32 = 5
}

/// One field as it stands on the wire: its tag, and where its value is.
///
/// All offsets count from the start of the outermost message. `start..<end` are the bytes of the varint or of the
/// fixed-size number, or the content of a length-delimited field without its length.
@usableFromInline package struct WireField {
    @usableFromInline package let tag: UInt32
    /// Where the tag is.
    @usableFromInline package let offset: Int
    @usableFromInline package let start: Int
    @usableFromInline package let end: Int

    @inlinable init(tag: UInt32, offset: Int, start: Int, end: Int) {
        self.tag = tag
        self.offset = offset
        self.start = start
        self.end = end
    }

    @inlinable package var number: UInt32 { tag &>> 3 }
    @inlinable package var wireType: UInt32 { tag & 7 }
}

/// Walks over the fields of one message, or of one message inside another, without copying or decoding values.
///
/// It is as strict about form as protobuf's own parsers where they agree, and takes the strict side where they differ
/// (a tag has at most five bytes). Of a ten-byte varint the bits above the 64th are dropped, as the C++ and Java
/// parsers do: a peer that refuses such a message will do so itself.
@usableFromInline package struct FieldCursor {
    @usableFromInline package let base: UnsafeRawPointer
    @usableFromInline package var at: Int
    @usableFromInline package let end: Int

    /// - Parameter range: offsets from `base`, which must be readable up to `end`.
    @inlinable package init(base: UnsafeRawPointer, at: Int, end: Int) {
        self.base = base
        self.at = at
        self.end = end
    }

    /// The next field, or nil at the end of the message.
    @inlinable @inline(__always)
    package mutating func next() throws(ScanError) -> WireField? {
        guard at < end else { return nil }
        if let field = nextShortText() { return field }
        let fieldStart = at
        var tag = UInt32(byte(at))
        at &+= 1
        if tag >= 0x80 { tag = try longTag(fieldStart) }
        guard tag >= 8 else { throw ScanError(offset: fieldStart, reason: .fieldNumber) }
        if tag & 7 == WireType.length {
            let length = try lengthPrefix(fieldStart)
            let start = at
            at &+= length
            return WireField(tag: tag, offset: fieldStart, start: start, end: at)
        }
        let start = at
        try skipNumber(tag & 7, fieldStart)
        return WireField(tag: tag, offset: fieldStart, start: start, end: at)
    }

    /// The next field if it has the commonest form, a tag of one byte and fewer than 128 bytes of text; else nothing
    /// happens.
    @inlinable @inline(__always)
    mutating func nextShortText() -> WireField? {
        guard end &- at >= 2 else { return nil }
        let tag = byte(at)
        let length = byte(at &+ 1)
        guard tag & 0x87 == 2, tag > 2, length < 0x80 else { return nil }
        let start = at &+ 2
        guard end &- start >= Int(length) else { return nil }
        at = start &+ Int(length)
        return WireField(tag: UInt32(tag), offset: start &- 2, start: start, end: at)
    }

    @inlinable @inline(__always)
    mutating func skipNumber(_ wireType: UInt32, _ fieldStart: Int) throws(ScanError) {
        switch wireType {
        case WireType.varint: try skipVarint(fieldStart)
        case WireType.fixed64: try skip(8, fieldStart)
        case WireType.fixed32: try skip(4, fieldStart)
        case WireType.startGroup, WireType.endGroup: throw ScanError(offset: fieldStart, reason: .group)
        default: throw ScanError(offset: fieldStart, reason: .wireType)
        }
    }

    /// The length of a length-delimited field; what it counts is there.
    @inlinable @inline(__always)
    mutating func lengthPrefix(_ fieldStart: Int) throws(ScanError) -> Int {
        guard at < end else { throw ScanError(offset: fieldStart, reason: .truncated) }
        var length = UInt64(byte(at))
        if length < 0x80 {
            at &+= 1
        } else {
            length = try varint(fieldStart)
        }
        guard length <= UInt64(truncatingIfNeeded: end &- at) else {
            throw ScanError(offset: fieldStart, reason: .truncated)
        }
        return Int(truncatingIfNeeded: length)
    }

    @inlinable @inline(__always)
    mutating func skip(_ count: Int, _ fieldStart: Int) throws(ScanError) {
        guard end &- at >= count else { throw ScanError(offset: fieldStart, reason: .truncated) }
        at &+= count
    }

    @inlinable @inline(__always)
    mutating func skipVarint(_ fieldStart: Int) throws(ScanError) {
        let valueStart = at
        while at < end {
            let last = byte(at)
            at &+= 1
            if last < 0x80 { return }
            if at &- valueStart == 10 { throw ScanError(offset: fieldStart, reason: .varintTooLong) }
        }
        throw ScanError(offset: fieldStart, reason: .truncated)
    }

    /// A tag of two to five bytes, whose first byte has been read.
    @inlinable
    mutating func longTag(_ fieldStart: Int) throws(ScanError) -> UInt32 {
        at = fieldStart
        let tag = try varint(fieldStart)
        guard at &- fieldStart <= 5, tag <= UInt64(UInt32.max) else {
            throw ScanError(offset: fieldStart, reason: .fieldNumber)
        }
        return UInt32(truncatingIfNeeded: tag)
    }

    /// A varint of one to ten bytes; bits above the 64th are dropped.
    @inlinable
    package mutating func varint(_ fieldStart: Int) throws(ScanError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < end {
            let next = byte(at)
            at &+= 1
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 { return value }
            shift &+= 7
            if shift == 70 { throw ScanError(offset: fieldStart, reason: .varintTooLong) }
        }
        throw ScanError(offset: fieldStart, reason: .truncated)
    }

    @inlinable @inline(__always)
    func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }
}
