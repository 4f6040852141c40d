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
            case (.real, SQLITE_FLOAT): real(sqlite3_column_double(handle, index), storage)
            case (.real, SQLITE_INTEGER):
                Double(exactly: sqlite3_column_int64(handle, index)).flatMap { real($0, storage) }
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

    private func real(_ value: Double, _ storage: ColumnStorage) -> RecordValue? {
        if case .real(let scale) = storage { return DecimalNumber(real: value, scale: scale).map { .decimal($0) } }
        return value.isNaN ? nil : .double(value == 0 ? 0 : value)
    }

    private func text(_ text: UnsafeRawBufferPointer, _ type: ValueType, _ storage: ColumnStorage) -> RecordValue? {
        switch (type, storage) {
        case (.timestamp, .formatted(let format)): return format.microseconds(text).map { .timestamp($0) }
        case (.decimal, _): return DecimalNumber(text).map { .decimal($0) }
        case (.uuid, .uuidText(let format)): return format.uuid(text).map { .uuid($0) }
        case (.json, _): return UTF8Text.isValid(text) ? .json(text) : nil
        default: return UTF8Text.isValid(text) ? .text(text) : nil
        }
    }

    private func blob(_ bytes: UnsafeRawBufferPointer, _ type: ValueType) -> RecordValue? {
        guard type == .uuid else { return .bytes(bytes) }
        return bytes.count == 16 ? .uuid(UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))) : nil
    }

    private func fault(_ field: Int, _ found: Int32) -> StoreFault {
        let configuration = table.configuration
        // A key that cannot be read names no row.
        let key = table.entity.key.contains(field) ? "" : " (\(keyText))"
        return StoreFault(
            .internal,
            "a row of \(configuration.table)\(key) has in column \(configuration.columns[field].name) "
                + "\(Self.kindText(found)) that is no \(configuration.entity.fields[field].type.name) "
                + "as the configuration declares it; correct the row or the column's type")
    }

    /// What kind of value stands in a field's column.
    func kindText(_ field: Int) -> String { Self.kindText(sqlite3_column_type(handle, Int32(field))) }

    private static func kindText(_ found: Int32) -> String {
        switch found {
        case SQLITE_INTEGER: "an integer"
        case SQLITE_FLOAT: "a float"
        case SQLITE_TEXT: "a text"
        case SQLITE_BLOB: "a blob"
        default: "something"
        }
    }

    /// The row's record key for a person: `id=7`.
    var keyText: String {
        table.entity.key.map { field in
            let value = (try? value(field))?.shown ?? "?"
            return "\(table.configuration.columns[field].name)=\(value)"
        }.joined(separator: ", ")
    }
}
