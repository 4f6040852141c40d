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

extension StoreFault {
    /// The same fault, met while committing: unless the commit was refused as such, it may have happened.
    var afterCommit: StoreFault {
        switch status {
        case .failedPrecondition, .deadlineExceeded: self
        default: StoreFault(.unknown, "the commit failed: \(words)", isOutcomeUnknown: true)
        }
    }
}
