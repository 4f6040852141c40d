import GRDB

/// What a table declares beyond its columns, for `check` to say: uniqueness, indexes, foreign keys.
struct SQLiteTableFacts {
    struct ForeignKey {
        /// The table that has it.
        let child: String
        let parent: String
        let columns: [String]
        /// `CASCADE`, `SET NULL`, ...
        let onDelete: String

        var words: String { "\(child) (\(columns.joined(separator: ", "))) to \(parent)" }
    }

    /// The columns of each UNIQUE constraint or index, the table's own key included; nil for an expression.
    let uniques: [[String?]]
    /// The first column of each index that holds all rows.
    let firstIndexed: [String]
    /// Foreign keys of this table, and of others to it.
    let foreignKeys: [ForeignKey]
    let tables: [String]
    /// That a row is written with.
    let columns: [String]
    /// By the column's name.
    let declaredTypes: [String: String]

    init(_ database: Database, table: String) throws {
        tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        var uniques: [[String?]] = []
        var firstIndexed: [String] = []
        for index in try Row.fetchAll(database, sql: "PRAGMA index_list(\(SQLiteTable.quoted(table)))") {
            let name: String = index["name"]
            let parts = try Row.fetchAll(database, sql: "PRAGMA index_xinfo(\(SQLiteTable.quoted(name)))")
                .filter { $0["key"] == 1 }.map { $0["name"] as String? }
            if index["unique"] == 1 { uniques.append(parts) }
            if index["partial"] == 0, let first = parts.first.flatMap({ $0 }) { firstIndexed.append(first) }
        }
        let columns = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(SQLiteTable.quoted(table)))")
        declaredTypes = Dictionary(columns.map { ($0["name"], $0["type"] ?? "") }) { first, _ in first }
        self.columns = columns.filter { $0["hidden"] == 0 }.map { $0["name"] }
        let key = columns.filter { $0["pk"] as Int > 0 }
        // The row id's other name is in no list of indexes.
        if key.count == 1, (key[0]["type"] as String?)?.uppercased() == "INTEGER" {
            let name: String = key[0]["name"]
            uniques.append([name])
            firstIndexed.append(name)
        }
        self.uniques = uniques
        self.firstIndexed = firstIndexed
        foreignKeys = try tables.flatMap { child in
            try Self.foreignKeys(database, of: child).filter {
                child.lowercased() == table.lowercased() || $0.parent.lowercased() == table.lowercased()
            }
        }
    }

    private static func foreignKeys(_ database: Database, of table: String) throws -> [ForeignKey] {
        let rows = try Row.fetchAll(database, sql: "PRAGMA foreign_key_list(\(SQLiteTable.quoted(table)))")
        return Dictionary(grouping: rows) { $0["id"] as Int }.sorted { $0.key < $1.key }.map { _, parts in
            ForeignKey(
                child: table, parent: parts[0]["table"],
                columns: parts.sorted { ($0["seq"] as Int) < $1["seq"] }.map { $0["from"] as String? ?? "?" },
                onDelete: parts[0]["on_delete"] as String? ?? "NO ACTION")
        }
    }
}
