import GRDB
import GRDBSQLite

/// A statement of one connection, for binding and reading without a copy.
final class PreparedStatement {
    let handle: OpaquePointer
    /// Owns the handle.
    private let statement: Statement
    private let failure: (Int32) -> StoreFault

    init(_ statement: Statement, failure: @escaping (Int32) -> StoreFault) {
        self.statement = statement
        self.failure = failure
        handle = statement.sqliteStatement
    }

    func bind(_ parameters: [SQLiteParameter]) throws(StoreFault) {
        for (index, parameter) in parameters.enumerated() {
            let status = bind(parameter, Int32(index + 1))
            guard status == SQLITE_OK else { throw failure(status) }
        }
    }

    /// Goes to the next row; false at the end.
    func step() throws(StoreFault) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let status: throw failure(status)
        }
    }

    /// Goes to the end.
    func finish() throws(StoreFault) {
        while try step() {}
    }

    /// Ends the run, and forgets what was bound, which may be freed afterwards.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private func bind(_ parameter: SQLiteParameter, _ index: Int32) -> Int32 {
        switch parameter {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let value): sqlite3_bind_int64(handle, index, value)
        case .real(let value): sqlite3_bind_double(handle, index, value)
        case .text(let text): bindText(text, index, nil)
        case .blob(let bytes): bindBlob(bytes, index, nil)
        case .ownText(let text): text.withUnsafeBytes { bindText($0, index, Self.copied) }
        case .ownBlob(let bytes): bytes.withUnsafeBytes { bindBlob($0, index, Self.copied) }
        }
    }

    /// SQLITE_TRANSIENT, a macro that Swift cannot import: SQLite copies the bytes.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func bindText(_ text: UnsafeRawBufferPointer, _ index: Int32, _ owner: sqlite3_destructor_type?) -> Int32 {
        guard let start = text.baseAddress?.assumingMemoryBound(to: CChar.self), !text.isEmpty else {
            // Without an address SQLite would bind NULL.
            return sqlite3_bind_text(handle, index, "", 0, Self.copied)
        }
        return sqlite3_bind_text64(handle, index, start, UInt64(text.count), owner, UInt8(SQLITE_UTF8))
    }

    private func bindBlob(_ bytes: UnsafeRawBufferPointer, _ index: Int32, _ owner: sqlite3_destructor_type?) -> Int32 {
        guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
        return sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), owner)
    }
}
