import GRDBSQLite

/// A connection of another process than the sidecar: the application's own, or the checker's.
final class SimulatedDatabase {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private var connection: OpaquePointer?

    init(_ path: String, isReadOnly: Bool = false) throws(Failure) {
        let flags = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        guard sqlite3_open_v2(path, &connection, flags | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK else { throw failure }
        sqlite3_busy_timeout(connection, 1000)
    }

    deinit { sqlite3_close(connection) }

    private var failure: Failure { Failure(description: String(cString: sqlite3_errmsg(connection))) }

    func run(_ sql: String) throws(Failure) {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    /// All rows of a statement, whose columns are numbers or text.
    func rows(_ sql: String) throws(Failure) -> [[String]] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { throw failure }
        defer { sqlite3_finalize(statement) }
        var rows: [[String]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                rows.append(
                    (0..<sqlite3_column_count(statement)).map { column in
                        sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL"
                    })
            case SQLITE_DONE: return rows
            default: throw failure
            }
        }
    }
}
