import GRDB

/// The columns of a table, read for a configuration to start from.
package struct SQLiteTableOutline: Sendable {
    package struct Column: Sendable {
        package let name: String
        package let declaredType: String
        package let isNotNull: Bool
        package let hasDefault: Bool
        /// 1 and up: the place in the table's own key; 0: none.
        package let keyPlace: Int
        /// A text that some row has there; nil where the first that is there is none.
        package let textSample: String?
    }

    package let path: String
    package let table: String
    package let columns: [Column]

    package init(path: String, table: String) throws(StoreOpeningFault) {
        self.path = path
        self.table = table
        let database = try SQLiteSession.openToRead(path)
        do {
            columns = try database.inDatabase { try Self.columns($0, path, table) }
        } catch let fault as StoreOpeningFault {
            throw fault
        } catch {
            throw StoreOpeningFault("\(path): \(SQLiteSession.words(of: error))")
        }
    }

    private static func columns(_ database: Database, _ path: String, _ table: String) throws -> [Column] {
        let rows = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(SQLiteTable.quoted(table)))")
        guard !rows.isEmpty else {
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")
            let known =
                tables.isEmpty ? "the database has none" : "name one of \(tables.sorted().joined(separator: ", "))"
            throw StoreOpeningFault("\(path): there is no table \(table); \(known)")
        }
        return try rows.filter { $0["hidden"] == 0 }.map { row in
            let name: String = row["name"]
            let column = SQLiteTable.quoted(name)
            let sample = try String.fetchOne(
                database,
                sql: """
                    SELECT CASE typeof(\(column)) WHEN 'text' THEN \(column) END FROM \(SQLiteTable.quoted(table))
                    WHERE \(column) IS NOT NULL LIMIT 1
                    """)
            return Column(
                name: name, declaredType: row["type"] ?? "", isNotNull: row["notnull"] == 1,
                hasDefault: row["dflt_value"] as String? != nil, keyPlace: row["pk"], textSample: sample)
        }
    }
}
