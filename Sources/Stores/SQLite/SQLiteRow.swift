import GRDBSQLite
import WireFormat

/// The row at which a statement stands that selects or returns a table's columns in the order of the entity's fields.
struct SQLiteRow {
    let handle: OpaquePointer
    let table: SQLiteTable

    /// The value of a field; text and bytes are valid until the statement goes on.
    func value(_ field: Int) throws(StoreFault) -> RecordValue {
        let index = Int32(field)
        let type = table.type(field)
        let storage = table.storage(field)
        let found = sqlite3_column_type(handle, index)
        if found == SQLITE_NULL { return .null }
        let value: RecordValue? =
            switch (storage.form(type), found) {
            case (.integer, SQLITE_INTEGER): integer(sqlite3_column_int64(handle, index), type, storage)
            case (.real, SQLITE_FLOAT): double(sqlite3_column_double(handle, index))
            case (.real, SQLITE_INTEGER): Double(exactly: sqlite3_column_int64(handle, index)).flatMap(double)
            case (.text, SQLITE_TEXT): text(content(index), type, storage)
            case (.blob, SQLITE_BLOB): blob(content(index), type)
            default: nil
            }
        guard let value else { throw fault(field, found) }
        return value
    }

    /// Writes the row as the fields of a Record.
    func write(to writer: inout MessageWriter) throws(StoreFault) {
        let entity = table.entity
        let key = writer.open(1)
        for field in entity.key { try value(field).write(1, to: &writer) }
        writer.close(key)
        let gray = try value(entity.grayKey)
        if !gray.isNull { gray.write(2, to: &writer) }
        for field in entity.others {
            let start = writer.open(3)
            writer.field(1, table.fieldNames[field])
            try value(field).write(2, to: &writer)
            writer.close(start)
        }
        guard let version = entity.version, case .int64(let number) = try value(version) else { return }
        writer.varintField(4, UInt64(bitPattern: number))
    }

    /// The bytes by which a query orders the row.
    func sortKey(_ order: [RecordOrder]) throws(StoreFault) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in order {
            SortKey.append(try value(part.field), isDescending: part.isDescending, to: &bytes)
        }
        for field in table.entity.key { SortKey.append(try value(field), isDescending: false, to: &bytes) }
        return bytes
    }

    private func content(_ index: Int32) -> UnsafeRawBufferPointer {
        // The kind of the column was looked at: neither call converts anything.
        let start = sqlite3_column_blob(handle, index)
        let count = Int(sqlite3_column_bytes(handle, index))
        return UnsafeRawBufferPointer(start: start ?? UnsafeRawPointer(bitPattern: 1), count: start == nil ? 0 : count)
    }

    private func integer(_ value: Int64, _ type: ValueType, _ storage: ColumnStorage) -> RecordValue? {
        switch (type, storage) {
        case (.bool, _): return value == 0 || value == 1 ? .bool(value == 1) : nil
        case (.uint64, _): return UInt64(exactly: value).map { .uint64($0) }
        case (.decimal, .scaled(let scale)):
            let magnitude = UInt128(value.magnitude)
            return .decimal(DecimalNumber(isNegative: value < 0, magnitude: magnitude, scale: scale))
        case (.timestamp, .seconds): return instant(value, 1_000_000)
        case (.timestamp, .milliseconds): return instant(value, 1_000)
        case (.timestamp, _): return .timestamp(value)
        default: return .int64(value)
        }
    }

    private func instant(_ value: Int64, _ unit: Int64) -> RecordValue? {
        let (microseconds, overflows) = value.multipliedReportingOverflow(by: unit)
        return overflows ? nil : .timestamp(microseconds)
    }

    private func double(_ value: Double) -> RecordValue? { value.isNaN ? nil : .double(value == 0 ? 0 : value) }

    private func text(_ text: UnsafeRawBufferPointer, _ type: ValueType, _ storage: ColumnStorage) -> RecordValue? {
        switch (type, storage) {
        case (.timestamp, .formatted(let format)): return format.microseconds(text).map { .timestamp($0) }
        case (.decimal, _): return DecimalNumber(text).map { .decimal($0) }
        case (.uuid, _): return UUIDText.uuid(text).map { .uuid($0) }
        case (.json, _): return UTF8Text.isValid(text) ? .json(text) : nil
        default: return UTF8Text.isValid(text) ? .text(text) : nil
        }
    }

    private func blob(_ bytes: UnsafeRawBufferPointer, _ type: ValueType) -> RecordValue? {
        guard type == .uuid else { return .bytes(bytes) }
        return bytes.count == 16 ? .uuid(UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))) : nil
    }

    private func fault(_ field: Int, _ found: Int32) -> StoreFault {
        let kinds: [Int32: String] = [
            SQLITE_INTEGER: "an integer", SQLITE_FLOAT: "a float", SQLITE_TEXT: "a text", SQLITE_BLOB: "a blob",
        ]
        let configuration = table.configuration
        return StoreFault(
            .internal,
            "a row of \(configuration.table) has in column \(configuration.columns[field].name) "
                + "\(kinds[found] ?? "something") that is no \(configuration.entity.fields[field].type.name) "
                + "as the configuration declares it; correct the row or the column's type")
    }
}
