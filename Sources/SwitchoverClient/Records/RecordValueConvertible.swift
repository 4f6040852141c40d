public import FoundationEssentials

/// A Swift value that stands for a `RecordValue`, by the same table as the fields of a struct, see `Records`.
public protocol RecordValueConvertible: Sendable {
    var recordValue: RecordValue { get }
}

extension RecordValue: RecordValueConvertible {
    public var recordValue: RecordValue { self }
}

extension Bool: RecordValueConvertible {
    public var recordValue: RecordValue { .bool(self) }
}

extension Int: RecordValueConvertible {
    public var recordValue: RecordValue { .int64(Int64(self)) }
}

extension Int8: RecordValueConvertible {
    public var recordValue: RecordValue { .int64(Int64(self)) }
}

extension Int16: RecordValueConvertible {
    public var recordValue: RecordValue { .int64(Int64(self)) }
}

extension Int32: RecordValueConvertible {
    public var recordValue: RecordValue { .int64(Int64(self)) }
}

extension Int64: RecordValueConvertible {
    public var recordValue: RecordValue { .int64(self) }
}

extension UInt: RecordValueConvertible {
    public var recordValue: RecordValue { .uint64(UInt64(self)) }
}

extension UInt8: RecordValueConvertible {
    public var recordValue: RecordValue { .uint64(UInt64(self)) }
}

extension UInt16: RecordValueConvertible {
    public var recordValue: RecordValue { .uint64(UInt64(self)) }
}

extension UInt32: RecordValueConvertible {
    public var recordValue: RecordValue { .uint64(UInt64(self)) }
}

extension UInt64: RecordValueConvertible {
    public var recordValue: RecordValue { .uint64(self) }
}

extension Float: RecordValueConvertible {
    public var recordValue: RecordValue { .double(Double(self)) }
}

extension Double: RecordValueConvertible {
    public var recordValue: RecordValue { .double(self) }
}

extension String: RecordValueConvertible {
    public var recordValue: RecordValue { .text(self) }
}

extension Decimal: RecordValueConvertible {
    public var recordValue: RecordValue { .decimal(self) }
}

extension Data: RecordValueConvertible {
    public var recordValue: RecordValue { .bytes([UInt8](self)) }
}

extension [UInt8]: RecordValueConvertible {
    public var recordValue: RecordValue { .bytes(self) }
}

extension Date: RecordValueConvertible {
    public var recordValue: RecordValue { .timestamp(self) }
}

extension UUID: RecordValueConvertible {
    public var recordValue: RecordValue { .uuid(self) }
}

extension JSONText: RecordValueConvertible {
    public var recordValue: RecordValue { .json(rawValue) }
}
