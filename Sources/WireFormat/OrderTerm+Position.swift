/// A row's place in its order as bytes that compare like it: unsigned, byte by byte, a prefix first.
///
/// Each term follows the one before. A term that can be null begins with 0 (null) or 1; bool is one byte; integers have
/// the size of their type, big-endian, signed ones with their sign bit inverted; floating point is ordered by value
/// with NaN last; text ends with 0 0, and a zero byte inside it becomes 0 255. A descending term has all its bytes
/// inverted. So one comparison of bytes decides, and the place can stand in a page token.
extension OrderTerm {
    /// Appends this term's part of a row's position.
    func append(of row: UnsafeRawBufferPointer, to position: inout [UInt8]) throws(ScanError) {
        let start = position.count
        var walk = PathWalk(KeyField(path: path, type: type.wire), message: row)
        try walk.run()
        let isNull = try isNull(walk, row)
        if absence != .isDefault { position.append(isNull ? 0 : 1) }
        if !isNull { append(walk, to: &position) }
        guard isDescending else { return }
        for index in start..<position.count { position[index] = ~position[index] }
    }

    private func isNull(_ walk: PathWalk, _ row: UnsafeRawBufferPointer) throws(ScanError) -> Bool {
        switch absence {
        case .isDefault: return false
        case .isNull: return !walk.isOnWire
        case .isNullWithoutHolder:
            guard !walk.isOnWire, let holder else { return false }
            var holderWalk = PathWalk(KeyField(path: holder, type: .bytes), message: row)
            try holderWalk.run()
            return !holderWalk.isOnWire
        }
    }

    private func append(_ walk: PathWalk, to position: inout [UInt8]) {
        let bits = walk.bits
        switch type {
        case .double: Self.append(Self.ordered(double: bits), to: &position)
        case .float: Self.append(Self.ordered(float: UInt32(truncatingIfNeeded: bits)), to: &position)
        case .scalar(let scalar):
            switch scalar {
            case .string, .bytes: Self.append(text: walk.text, to: &position)
            case .bool: position.append(bits == 0 ? 0 : 1)
            case .int32, .sfixed32: Self.append(Int32(truncatingIfNeeded: bits), to: &position)
            case .int64, .sfixed64: Self.append(Int64(bitPattern: bits), to: &position)
            case .uint32, .fixed32: Self.append(UInt32(truncatingIfNeeded: bits), to: &position)
            case .uint64, .fixed64: Self.append(bits, to: &position)
            case .sint32: Self.append(ZigZag.decode(UInt32(truncatingIfNeeded: bits)), to: &position)
            case .sint64: Self.append(ZigZag.decode(bits), to: &position)
            }
        }
    }

    private static func append(_ value: Int32, to position: inout [UInt8]) {
        append(UInt32(bitPattern: value) ^ 1 << 31, to: &position)
    }

    private static func append(_ value: Int64, to position: inout [UInt8]) {
        append(UInt64(bitPattern: value) ^ 1 << 63, to: &position)
    }

    private static func append(_ value: some FixedWidthInteger & UnsignedInteger, to position: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { position.append(contentsOf: $0) }
    }

    private static func append(text: UnsafeRawBufferPointer, to position: inout [UInt8]) {
        for byte in text {
            position.append(byte)
            if byte == 0 { position.append(0xff) }
        }
        position.append(0)
        position.append(0)
    }

    /// Negative numbers below positive ones, both zeros equal, every NaN the last.
    private static func ordered(double bits: UInt64) -> UInt64 {
        let value = Double(bitPattern: bits)
        if value.isNaN { return .max }
        if value == 0 { return 1 << 63 }
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }

    private static func ordered(float bits: UInt32) -> UInt32 {
        let value = Float(bitPattern: bits)
        if value.isNaN { return .max }
        if value == 0 { return 1 << 31 }
        return bits >> 31 == 1 ? ~bits : bits | 1 << 31
    }
}

/// The form of protobuf's `sint32` and `sint64`: small magnitudes of both signs as small numbers.
enum ZigZag {
    static func decode(_ bits: UInt32) -> Int32 { Int32(bitPattern: bits >> 1 ^ (0 &- bits & 1)) }
    static func decode(_ bits: UInt64) -> Int64 { Int64(bitPattern: bits >> 1 ^ (0 &- bits & 1)) }
}
