import GRDB

/// What a table declares and a sample of its rows, read for a configuration to start from.
package struct SQLiteTableOutline: Sendable {
    static let rowsAtMost = 500
    /// What is kept of a text: all forms that are looked for are shorter.
    private static let sampleCharacters = 64

    package struct Column: Sendable {
        package let name: String
        package let declaredType: String
        package let affinity: ColumnAffinity
        package let isNotNull: Bool
        package let hasDefault: Bool
        package let isGenerated: Bool
        /// 1 and up: the place in the table's own key; 0: none.
        package let keyPlace: Int
        /// Of the rows looked at.
        var sample = Sample()
    }

    /// What stands in a column in some rows.
    struct Sample: Sendable {
        var text: String?
        var integer: Int64?
        var hasReal = false
        var hasBlob = false
        /// The most digits that a number has after the point.
        var fractionDigits = 0

        var isEmpty: Bool { text == nil && integer == nil && !hasReal && !hasBlob }

        mutating func add(_ value: DatabaseValue) {
            switch value.storage {
            case .null: break
            case .int64(let number): integer = integer ?? number
            case .double(let number):
                hasReal = true
                fractionDigits = max(fractionDigits, Self.fractionDigits(number))
            case .string(let text): self.text = self.text ?? String(text.prefix(sampleCharacters))
            case .blob: hasBlob = true
            }
        }

        /// Of the shortest text that means the number.
        private static func fractionDigits(_ number: Double) -> Int {
            let text = "\(number)"
            guard !text.contains("e"), let point = text.firstIndex(of: ".") else { return 0 }
            let digits = text[point...].dropFirst()
            return digits == "0" ? 0 : digits.count
        }
    }

    package let path: String
    /// As the database spells it.
    package let table: String
    package let columns: [Column]
    /// The columns of each UNIQUE constraint or index, the table's own key included; nil for an expression.
    package let uniques: [[String?]]
    /// The first column of each index that holds all rows.
    package let firstIndexed: [String]
    /// Foreign keys of this table, and of others to it: `orders (store_id) to stores`.
    package let foreignKeys: [String]

    package init(path: String, table: String) throws(StoreOpeningFault) {
        let database = try SQLiteSession.openToRead(path)
        do {
            self = try database.inDatabase { try Self(path, table, $0) }
        } catch let fault as StoreOpeningFault {
            throw fault
        } catch {
            throw StoreOpeningFault("\(path): \(SQLiteSession.words(of: error))")
        }
    }

    private init(_ path: String, _ table: String, _ database: Database) throws {
        self.path = path
        self.table = try Self.spelling(of: table, path, database)
        columns = try Self.columns(of: self.table, database)
        let facts = try SQLiteTableFacts(database, table: self.table)
        uniques = facts.uniques
        firstIndexed = facts.firstIndexed
        foreignKeys = facts.foreignKeys.map(\.words)
    }

    /// SQLite takes a name in any case, and a configuration needs the table's own.
    private static func spelling(of name: String, _ path: String, _ database: Database) throws -> String {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT name, type FROM sqlite_master
                WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name
                """)
        let found = try Row.fetchOne(
            database,
            sql: "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE",
            arguments: [name])
        if let found, found["type"] == "table" { return found["name"] }
        let tables = rows.filter { $0["type"] == "table" }.map { $0["name"] as String }
        let known = tables.isEmpty ? "the database has none" : "name one of \(tables.joined(separator: ", "))"
        throw StoreOpeningFault(
            found == nil
                ? "\(path): there is no table \(name); \(known)"
                : "\(path): \(name) is a view, whose rows cannot be written; \(known)")
    }

    private static func columns(of table: String, _ database: Database) throws -> [Column] {
        let isStrict = try SQLiteTableCheck.isStrict(table, database)
        let rows = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(SQLiteTable.quoted(table)))")
        // 1: a column of a virtual table that is no part of its rows; 2 and 3: generated.
        var columns = rows.filter { $0["hidden"] != 1 }.map { row in
            let type = row["type"] as String? ?? ""
            return Column(
                name: row["name"], declaredType: type, affinity: ColumnAffinity(declaredType: type, isStrict: isStrict),
                isNotNull: row["notnull"] == 1, hasDefault: SQLiteTableCheck.isValue(row["dflt_value"]),
                isGenerated: row["hidden"] != 0, keyPlace: row["pk"])
        }
        let list = columns.map { SQLiteTable.quoted($0.name) }.joined(separator: ", ")
        let sample = try Row.fetchCursor(
            database, sql: "SELECT \(list) FROM \(SQLiteTable.quoted(table)) LIMIT \(rowsAtMost)")
        while let row = try sample.next() {
            for index in columns.indices { columns[index].sample.add(row[index]) }
        }
        return columns
    }
}
