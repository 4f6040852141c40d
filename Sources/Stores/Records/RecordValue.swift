import WireFormat

/// One value on its way from a request to a statement, or from a row to an answer.
///
/// Text and bytes are slices of the request or the row: a value must not outlive it.
enum RecordValue {
    case null
    case bool(Bool)
    case int64(Int64)
    case uint64(UInt64)
    /// Never NaN, never -0.
    case double(Double)
    case decimal(DecimalNumber)
    /// UTF-8.
    case text(UnsafeRawBufferPointer)
    case bytes(UnsafeRawBufferPointer)
    /// Microseconds since 1970 UTC.
    case timestamp(Int64)
    case uuid(UInt128)
    /// UTF-8.
    case json(UnsafeRawBufferPointer)

    var isNull: Bool {
        if case .null = self { return true }
        return false
    }
}

extension RecordValue {
    private static let shape = MessageShape(
        name: "Value", varints: MessageShape.numbers(1, 2, 3, 8), doubles: MessageShape.numbers(4),
        lengths: MessageShape.numbers(5, 6, 7, 9, 10), isOneOf: true)

    /// Reads a `Value` that must be NULL or of a field's type.
    static func read(_ message: UnsafeRawBufferPointer, _ type: ValueType) throws(StoreFault) -> RecordValue {
        var reader = MessageReader(message, shape)
        guard let field = try reader.next() else { return .null }
        guard let found = ValueType(rawValue: field.number), found == type else {
            let name = ValueType(rawValue: field.number)?.name ?? "nothing"
            throw .invalid("expected a value of type \(type.name), found \(name)")
        }
        let value = try read(field, type, reader)
        _ = try reader.next()
        return value
    }

    private static func read(
        _ field: WireField, _ type: ValueType, _ reader: MessageReader
    ) throws(StoreFault) -> RecordValue {
        switch type {
        case .bool: return .bool(try reader.varint(field) != 0)
        case .int64: return .int64(Int64(bitPattern: try reader.varint(field)))
        case .uint64: return .uint64(try reader.varint(field))
        case .timestamp: return .timestamp(Int64(bitPattern: try reader.varint(field)))
        case .double:
            let number = reader.double(field)
            guard !number.isNaN else { throw .invalid("NaN has no place in an order; write NULL or a number") }
            return .double(number == 0 ? 0 : number)
        case .decimal:
            guard let number = DecimalNumber(reader.content(field)) else {
                throw .invalid(
                    "a decimal is written like -12.5, with at most \(DecimalNumber.maxDigits) digits and no exponent")
            }
            return .decimal(number)
        case .text: return .text(try reader.text(field))
        case .json: return .json(try reader.text(field))
        case .bytes: return .bytes(reader.content(field))
        case .uuid:
            let content = reader.content(field)
            guard content.count == 16 else { throw .invalid("a uuid has 16 bytes, found \(content.count)") }
            return .uuid(UInt128(bigEndian: content.loadUnaligned(as: UInt128.self)))
        }
    }
}

extension RecordValue {
    /// Writes the value as a `Value` in a field; NULL is an empty message.
    func write(_ number: UInt32, to writer: inout MessageWriter) {
        let start = writer.open(number)
        switch self {
        case .null: break
        case .bool(let value): writer.varintField(1, value ? 1 : 0)
        case .int64(let value): writer.varintField(2, UInt64(bitPattern: value))
        case .uint64(let value): writer.varintField(3, value)
        case .double(let value): writer.doubleField(4, value)
        case .decimal(let value): writer.field(5, value.text)
        case .text(let value): writer.field(6, value)
        case .bytes(let value): writer.field(7, value)
        case .timestamp(let value): writer.varintField(8, UInt64(bitPattern: value))
        case .uuid(let value): withUnsafeBytes(of: value.bigEndian) { writer.field(9, $0) }
        case .json(let value): writer.field(10, value)
        }
        writer.close(start)
    }

    /// Whether two values of one field's type are equal; NULL equals NULL.
    func isEqual(_ other: RecordValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let two)): one == two
        case (.int64(let one), .int64(let two)): one == two
        case (.uint64(let one), .uint64(let two)): one == two
        case (.double(let one), .double(let two)): one == two
        case (.decimal(let one), .decimal(let two)): one == two
        case (.timestamp(let one), .timestamp(let two)): one == two
        case (.uuid(let one), .uuid(let two)): one == two
        case (.text(let one), .text(let two)), (.bytes(let one), .bytes(let two)), (.json(let one), .json(let two)):
            one.elementsEqual(two)
        default: false
        }
    }
}
