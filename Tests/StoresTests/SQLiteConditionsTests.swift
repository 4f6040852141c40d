import GRDB
import Testing

@testable import Stores

/// A query's SQL: where a page begins is found by an index, and no name comes from anywhere but the configuration.
@Suite struct SQLiteConditionsTests {
    private struct Sample {
        let folder: TestFolder
        let database: DatabaseQueue
        let table: SQLiteTable

        init() throws {
            folder = try TestFolder()
            let sql = Orders.oldTable + "; CREATE INDEX by_store ON t_order (store, created, id)"
            let path = try folder.database("old.db", sql)
            database = try DatabaseQueue(path: path)
            let configuration = try Orders.old(path)
            table = try database.inDatabase {
                try SQLiteTableCheck(database: $0, configuration: configuration).table()
            }
        }

        func plan(_ conditions: SQLiteConditions) throws -> String {
            try database.inDatabase { database in
                let unbound = StatementArguments(repeatElement(nil as Int?, count: conditions.parameters.count))
                return try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + conditions.select, arguments: unbound)
                    .map { $0["detail"] as String }.joined(separator: "; ")
            }
        }
    }

    private static let text = Array("a".utf8)

    /// A page of an order, after a record, of one gray key where `inStore`.
    private static func page(
        _ table: SQLiteTable, _ order: [RecordOrder], _ values: [RecordValue], inStore: Bool = false
    ) throws -> SQLiteConditions {
        try text.withUnsafeBytes { text in
            var conditions = SQLiteConditions(table)
            if inStore { try conditions.append(.comparison(1, .equal, .text(text))) }
            let parts = order + [RecordOrder(field: 0, isDescending: false)]
            conditions.appendAfter(Array(zip(parts, values)).map { (order: $0, value: $1) })
            conditions.appendOrder(order)
            conditions.appendLimit(10)
            return conditions
        }
    }

    @Test func aPageBeginsByAnIndex() throws {
        let sample = try Sample()
        let created = RecordOrder(field: 5, isDescending: false)
        let byKey = try Self.page(sample.table, [], [.int64(1)])
        #expect(try sample.plan(byKey) == "SEARCH t_order USING INTEGER PRIMARY KEY (rowid>?)")
        let inStore = try Self.page(sample.table, [created], [.timestamp(0), .int64(1)], inStore: true)
        #expect(try sample.plan(inStore) == "SEARCH t_order USING INDEX by_store (store=? AND created>?)")
    }

    @Test func descendingPagesBeginByAnIndexToo() throws {
        let sample = try Sample()
        let order = [RecordOrder(field: 1, isDescending: true)]
        let text = Array("a".utf8)
        let conditions = try text.withUnsafeBytes { try Self.page(sample.table, order, [.text($0), .int64(1)]) }
        #expect(try sample.plan(conditions).hasPrefix("SEARCH t_order USING INDEX by_store (store<?)"))
    }

    /// A collation is named only where the column has another: it would keep SQLite from using an index.
    @Test func collations() throws {
        let table = try Sample().table
        #expect(table.comparands[1] == "\"store\"")
        #expect(table.comparands[6] == "\"note\" COLLATE BINARY")
    }

    @Test func namesAreQuoted() {
        #expect(SQLiteTable.quoted("orders \"new\"; --") == "\"orders \"\"new\"\"; --\"")
        #expect(SQLiteTable.quoted("\"") == "\"\"\"\"")
    }
}
