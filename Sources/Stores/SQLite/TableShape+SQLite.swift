import GRDB

extension TableShape {
    /// Reads it on a connection of its own. Nil where the database cannot be read just now: that is no change.
    static func read(_ configuration: StoreConfiguration) -> TableShape? {
        guard let database = try? SQLiteSession.openToRead(configuration.path) else { return nil }
        return try? database.inDatabase { database in
            let columns = try Row.fetchAll(
                database, sql: "PRAGMA table_xinfo(\(SQLiteTable.quoted(configuration.table)))"
            ).map { row in
                let words = ["type", "notnull", "dflt_value", "pk", "hidden"].map {
                    "\(row[$0] as DatabaseValue? ?? .null)"
                }
                return Part(name: "column \(row["name"] as String? ?? "")", text: words.joined(separator: " "))
            }
            let others = try Row.fetchAll(
                database,
                sql: """
                    SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_master
                    WHERE lower(tbl_name) = lower(?) AND type IN ('index', 'trigger')
                    """, arguments: [configuration.table]
            ).map { Part(name: "\($0["type"] as String) \($0["name"] as String)", text: $0["sql"]) }
            return TableShape(path: configuration.path, table: configuration.table, parts: columns + others)
        }
    }
}
