/// Writes canonical key bytes into memory of the caller: decimal ASCII for integers, `true` or `false` for bool, text
/// as it is.
struct KeyWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private let limit: Int
    private(set) var count = 0

    /// - Precondition: `memory` has at least `limit` bytes.
    init(_ memory: UnsafeMutableRawBufferPointer, limit: Int) {
        self.memory = memory
        self.limit = limit
    }

    /// Leaves room for a component's length; false if there is none.
    mutating func reserveLength() -> Bool {
        guard limit - count >= 4 else { return false }
        count += 4
        return true
    }

    /// Writes the length of what was appended since `reserveLength`, four bytes, big-endian.
    mutating func setLength(at offset: Int) {
        let length = UInt32(truncatingIfNeeded: count - offset - 4)
        memory.storeBytes(of: length.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= limit - count else { return false }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
        return true
    }

    /// Appends a number or bool from its bits on the wire, cut and sign-extended to its type as protobuf does.
    mutating func append(bits: UInt64, _ type: ScalarType) -> Bool {
        switch type {
        case .string, .bytes: preconditionFailure("text has no bits; append its bytes")
        case .bool: return bits == 0 ? append("false") : append("true")
        case .int32, .sfixed32: return append(signed: Int64(Int32(truncatingIfNeeded: bits)))
        case .int64, .sfixed64: return append(signed: Int64(bitPattern: bits))
        case .uint32, .fixed32: return append(magnitude: UInt64(UInt32(truncatingIfNeeded: bits)), isNegative: false)
        case .uint64, .fixed64: return append(magnitude: bits, isNegative: false)
        case .sint32:
            let zigzag = UInt32(truncatingIfNeeded: bits)
            return append(signed: Int64(Int32(bitPattern: zigzag >> 1 ^ (0 &- zigzag & 1))))
        case .sint64: return append(signed: Int64(bitPattern: bits >> 1 ^ (0 &- bits & 1)))
        }
    }

    private mutating func append(_ text: StaticString) -> Bool {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(signed value: Int64) -> Bool {
        append(magnitude: value.magnitude, isNegative: value < 0)
    }

    private mutating func append(magnitude: UInt64, isNegative: Bool) -> Bool {
        let length = Decimal.digits(in: magnitude) + (isNegative ? 1 : 0)
        guard length <= limit - count else { return false }
        if isNegative { memory[count] = UInt8(ascii: "-") }
        Decimal.write(magnitude, endingAt: count + length, in: memory)
        count += length
        return true
    }
}
