/// What is bound to a parameter of a statement. Slices must live until the statement is reset.
enum SQLiteParameter {
    case null
    case integer(Int64)
    case real(Double)
    case text(UnsafeRawBufferPointer)
    case blob(UnsafeRawBufferPointer)
    case ownText([UInt8])
    case ownBlob([UInt8])
}

/// Where a value stands among the values that a column can hold.
enum ColumnFit {
    case exact(SQLiteParameter)
    /// Above this one and below the next.
    case above(SQLiteParameter)
    case belowAll
    case aboveAll
}

extension ColumnFit {
    /// - Precondition: `value` is of the type that `storage` is for, and not NULL.
    init(_ value: RecordValue, _ storage: ColumnStorage) {
        switch value {
        case .null: self = .exact(.null)
        case .bool(let value): self = .exact(.integer(value ? 1 : 0))
        case .int64(let value): self = .exact(.integer(value))
        case .uint64(let value): self = Int64(exactly: value).map { .exact(.integer($0)) } ?? .aboveAll
        case .double(let value): self = .exact(.real(value))
        case .decimal(let value): self = Self.decimal(value, storage)
        case .text(let value), .json(let value): self = .exact(.text(value))
        case .bytes(let value): self = .exact(.blob(value))
        case .timestamp(let value): self = Self.timestamp(value, storage)
        case .uuid(let value): self = .exact(Self.uuid(value, storage))
        }
    }

    private static func decimal(_ value: DecimalNumber, _ storage: ColumnStorage) -> ColumnFit {
        switch storage {
        case .scaled(let scale):
            guard let units = value.units(scale: scale) else { return value.isNegative ? .belowAll : .aboveAll }
            return units.isExact ? .exact(.integer(units.value)) : .above(.integer(units.value))
        case .real(let scale):
            guard let units = value.units(scale: scale), let real = DecimalNumber.real(units.value, scale: scale) else {
                return value.isNegative ? .belowAll : .aboveAll
            }
            return units.isExact ? .exact(.real(real)) : .above(.real(real))
        default: return .exact(.ownText(value.text))
        }
    }

    private static func timestamp(_ value: Int64, _ storage: ColumnStorage) -> ColumnFit {
        switch storage {
        case .seconds: return floored(value, 1_000_000)
        case .milliseconds: return floored(value, 1_000)
        case .formatted(let format):
            guard TimestampFormat.range.contains(value) else { return value < 0 ? .belowAll : .aboveAll }
            let text = SQLiteParameter.ownText(format.text(value))
            return TimestampFormat.floored(value, by: format.unit).rest == 0 ? .exact(text) : .above(text)
        default: return .exact(.integer(value))
        }
    }

    private static func floored(_ value: Int64, _ unit: Int64) -> ColumnFit {
        let (units, rest) = TimestampFormat.floored(value, by: unit)
        return rest == 0 ? .exact(.integer(units)) : .above(.integer(units))
    }

    private static func uuid(_ value: UInt128, _ storage: ColumnStorage) -> SQLiteParameter {
        guard case .uuidText(let format) = storage else {
            return .ownBlob(withUnsafeBytes(of: value.bigEndian) { Array($0) })
        }
        return .ownText(format.text(value))
    }
}
