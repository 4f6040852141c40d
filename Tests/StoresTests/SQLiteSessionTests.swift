import GRDB
import Testing

@testable import Stores

/// Expected values: contract, 4.5 ("A store that rolled back ... nothing written") and errors.md: a write of which a
/// store says that it was given up is not there, and nothing is left of it.
///
/// SQLite asks whether to give up at the end of a step too, every thousandth instruction of a statement: one of some
/// hundred runs of a statement is asked when its work is done.
@Suite struct SQLiteSessionTests {
    private func withSession(_ body: (SQLiteSession, Database) throws -> Void) throws {
        let folder = try TestFolder()
        let configuration = try Orders.old(folder.database("old.db", Orders.oldTable))
        let queue = try SQLiteSession.open(configuration, isReadOnly: false)
        try queue.inDatabase { database in
            try database.execute(sql: "CREATE TABLE notes (number INTEGER)")
            let check = SQLiteTableCheck(database: database, configuration: configuration, setsMode: false)
            let table = CurrentTable(.init(try check.table(), version: 0))
            try body(try #require(SQLiteSession(database, table)), database)
        }
    }

    @Test func aDeadlineThatPassesBeforeTheCommitTellsTheTruth() throws {
        try withSession { session, database in
            for number in 0..<3000 {
                session.limit(until: .max)
                var isMade = true
                do {
                    try session.transaction { () throws(StoreFault) in
                        try session.run("INSERT INTO notes VALUES (\(number % 2))")
                        session.limit(until: 1)
                    }
                } catch {
                    isMade = false
                }
                let rows = try Int.fetchOne(database, sql: "SELECT count(*) FROM notes")
                try #require(rows == (isMade ? 1 : 0), "write \(number)")
                try #require(!database.isInsideTransaction, "write \(number)")
                try database.execute(sql: "DELETE FROM notes")
            }
        }
    }

    @Test func aDeadlineThatPassesAtTheBeginningLeavesNothingOpen() throws {
        try withSession { session, database in
            for number in 0..<3000 {
                session.limit(until: 1)
                try? session.transaction { () throws(StoreFault) in }
                try #require(!database.isInsideTransaction, "transaction \(number)")
            }
        }
    }
}
