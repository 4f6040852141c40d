import GRDB

/// What a table is made of, as far as it decides what writes and queries do: compared with itself at a later time.
package struct SQLiteTableShape: Sendable, Equatable {
    /// One part, by what a person calls it: `column note`, `trigger audit`.
    package struct Part: Sendable, Equatable {
        package let name: String
        let text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    package let path: String
    package let table: String
    /// Sorted by name; none where the table is gone.
    let parts: [Part]

    package init(path: String, table: String, parts: [Part]) {
        self.path = path
        self.table = table
        self.parts = parts.sorted { $0.name < $1.name }
    }

    /// Reads it on a connection of its own. Nil where the database cannot be read just now: that is no change.
    package static func read(_ configuration: StoreConfiguration) -> SQLiteTableShape? {
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
            return SQLiteTableShape(path: configuration.path, table: configuration.table, parts: columns + others)
        }
    }

    /// What is different now, a sentence each.
    package func changes(to now: SQLiteTableShape) -> [String] {
        let place = "table \(table) of \(path)"
        if now.parts.isEmpty { return parts.isEmpty ? [] : ["The \(place) is gone."] }
        let before = Dictionary(parts.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(now.parts.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        let changed = now.parts.compactMap { part -> String? in
            guard let text = before[part.name] else { return "\(part.name) was added to \(place)." }
            return text == part.text ? nil : "\(part.name) of \(place) was changed."
        }
        return (changed + parts.filter { after[$0.name] == nil }.map { "\($0.name) was removed from \(place)." }).map {
            $0.prefix(1).uppercased() + $0.dropFirst()
        }
    }
}
