import EventLoop
import GRDB
import GRDBSQLite

/// Runs queries that may have to read a whole table, each for a bounded time.
struct BoundedQuery {
    static let nanosecondsAtMost: UInt64 = 2_000_000_000

    private let database: Database
    private let nanoseconds: UInt64

    init(_ database: Database, nanoseconds: UInt64 = Self.nanosecondsAtMost) {
        self.database = database
        self.nanoseconds = nanoseconds
    }

    /// Nil when the time was over first.
    func rows(_ sql: String) throws -> [Row]? { try run { try Row.fetchAll(database, sql: sql) } }

    /// Calls `body`, whose statements are interrupted when the time is over; nil then.
    func run<Result>(_ body: () throws -> Result) throws -> Result? {
        var end = MonotonicClock.nanoseconds &+ nanoseconds
        return try withUnsafeMutablePointer(to: &end) { end in
            sqlite3_progress_handler(
                database.sqliteConnection, 1_000,
                { end in
                    guard let end = end?.assumingMemoryBound(to: UInt64.self) else { return 0 }
                    return MonotonicClock.nanoseconds >= end.pointee ? 1 : 0
                }, end)
            defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
            do {
                return try body()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
                return nil
            }
        }
    }
}
