import WireFormat

/// What fields a message of the Records service has: bit n of a set stands for field number n.
struct MessageShape {
    let name: StaticString
    var varints: UInt32 = 0
    var doubles: UInt32 = 0
    var lengths: UInt32 = 0
    /// Of `lengths`, those that may stand more than once.
    var repeated: UInt32 = 0
    /// Whether at most one field may stand in it at all.
    var isOneOf = false
    var kind = Kind.neither

    /// What a request does with a record.
    enum Kind {
        /// It may make one, which needs a gray key.
        case makes
        case changes
        case neither
    }

    static func numbers(_ numbers: UInt32...) -> UInt32 { numbers.reduce(0) { $0 | 1 << $1 } }
}

/// Walks over the fields of a request's message, stricter than a parser: a field that the shape does not have, has with
/// another wire type, or has once and meets twice, is a fault. A parser would merge or pass over such a field, and a
/// route that was chosen by scanning could differ from what is then done.
struct MessageReader {
    let base: UnsafeRawPointer
    private let shape: MessageShape
    private var cursor: FieldCursor
    private var met: UInt32 = 0

    init(_ message: UnsafeRawBufferPointer, _ shape: MessageShape) {
        // Only an empty message has no address; nothing is read from it then.
        base = message.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        self.shape = shape
        cursor = FieldCursor(base: base, at: 0, end: message.count)
    }

    mutating func next() throws(StoreFault) -> WireField? {
        let field: WireField?
        do throws(ScanError) {
            field = try cursor.next()
        } catch {
            throw .invalid("\(shape.name) is not well-formed at byte \(error.offset): \(error.reason)")
        }
        guard let field else { return nil }
        try check(field)
        return field
    }

    private mutating func check(_ field: WireField) throws(StoreFault) {
        let bit: UInt32 = field.number < 32 ? 1 << field.number : 0
        guard bit & (shape.varints | shape.doubles | shape.lengths) != 0 else {
            throw .invalid("\(shape.name) has no field \(field.number) in this version")
        }
        let expected =
            if bit & shape.varints != 0 {
                WireType.varint
            } else if bit & shape.doubles != 0 {
                WireType.fixed64
            } else {
                WireType.length
            }
        guard field.wireType == expected else {
            throw .invalid("field \(field.number) of \(shape.name) has wire type \(field.wireType), not \(expected)")
        }
        guard bit & met & ~shape.repeated == 0 else {
            throw .invalid("field \(field.number) of \(shape.name) stands twice; write it once")
        }
        guard !shape.isOneOf || met == 0 else {
            throw .invalid("\(shape.name) has two kinds; write one")
        }
        met |= bit
    }

    /// The content of a length-delimited field.
    func content(_ field: WireField) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + field.start, count: field.end - field.start)
    }

    /// The content of a text field, which must be UTF-8, as protobuf demands.
    func text(_ field: WireField) throws(StoreFault) -> UnsafeRawBufferPointer {
        let bytes = content(field)
        guard UTF8Text.isValid(bytes) else { throw .invalid("field \(field.number) of \(shape.name) is not UTF-8") }
        return bytes
    }

    func varint(_ field: WireField) throws(StoreFault) -> UInt64 {
        var value = FieldCursor(base: base, at: field.start, end: field.end)
        do throws(ScanError) {
            return try value.varint(field.offset)
        } catch {
            throw .invalid("\(shape.name) is not well-formed at byte \(error.offset): \(error.reason)")
        }
    }

    func double(_ field: WireField) -> Double {
        let bits = base.loadUnaligned(fromByteOffset: field.start, as: UInt64.self)
        return Double(bitPattern: UInt64(littleEndian: bits))
    }
}
