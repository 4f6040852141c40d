import GRDBSQLite
import WireFormat

/// What SQLite's result codes mean to a caller. The whole mapping is here.
enum SQLiteFailure {
    /// - Parameter isLate: whether the operation's deadline has passed.
    static func fault(extendedCode: Int32, code: Int32, words: String, isLate: Bool) -> StoreFault {
        switch code & 0xff {
        case SQLITE_INTERRUPT: StoreFault(.deadlineExceeded, "the deadline passed; nothing was written")
        case SQLITE_BUSY, SQLITE_LOCKED:
            isLate
                ? StoreFault(.deadlineExceeded, "the deadline passed while the database was locked")
                : StoreFault(.unavailable, "the database is locked by another process: \(words)")
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH: StoreFault(.failedPrecondition, words)
        case SQLITE_TOOBIG, SQLITE_NOMEM: StoreFault(.resourceExhausted, words)
        case SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_PROTOCOL:
            StoreFault(.unavailable, "\(words) (SQLite error \(extendedCode))")
        case SQLITE_CORRUPT, SQLITE_NOTADB: StoreFault(.dataLoss, words)
        default: StoreFault(.internal, "\(words) (SQLite error \(extendedCode))")
        }
    }
}

extension SQLiteFailure {
    /// Not imported: SQLite writes it as a sum.
    private static let notNull = SQLITE_CONSTRAINT | 5 << 8

    /// What of a record is missing, in the words of its caller, who knows fields and no columns; nil for other
    /// failures.
    static func missingField(extendedCode: Int32, words: String, _ configuration: StoreConfiguration) -> StoreFault? {
        guard extendedCode == notNull else { return nil }
        let fields = zip(configuration.columns, configuration.entity.fields)
        guard let (column, field) = fields.first(where: { words.hasSuffix("." + $0.0.name) }) else { return nil }
        return StoreFault(
            .failedPrecondition,
            "\(field.name) must be given: column \(column.name) of table \(configuration.table) takes no NULL")
    }
}

extension StoreFault {
    /// The same fault, met in a commit that may have happened all the same.
    var afterCommit: StoreFault { StoreFault(.unknown, "the commit failed: \(words)", isOutcomeUnknown: true) }
}
