import GRDB
import GRDBSQLite

/// Checks at opening that the table is what the configuration says, so that no call finds out later.
struct SQLiteTableCheck {
    private struct Column {
        let name: String
        let declaredType: String
        let affinity: ColumnAffinity
        let isNotNull: Bool
        let hasDefault: Bool
        let isGenerated: Bool
        /// 1 and up: the place in the table's own key; 0: none.
        let keyPlace: Int
    }

    let database: Database
    let configuration: StoreConfiguration
    /// Whether the database may be put into the mode that it is served in.
    var setsMode = true

    private var entity: RecordEntity { configuration.entity }

    func table() throws -> SQLiteTable {
        try checkDatabase()
        let columns = try columns()
        let mapped = try zip(entity.fields, configuration.columns).map { try column($1.name, of: $0, in: columns) }
        for constant in configuration.constants {
            try check(constant, in: try column(constant.column, of: nil, in: columns))
        }
        let rowIDAlias = rowIDAlias(columns)
        try checkUnmapped(columns, rowIDAlias)
        try checkKeyIsUnique(columns, rowIDAlias)
        let traits = try mapped.indices.map { field in
            let column = mapped[field]
            return ColumnTraits(
                isBinary: isBinary(column.name), isNeverNull: column.isNotNull || column.name == rowIDAlias,
                hasDefault: column.hasDefault, hasBothCases: try hasBothCases(field))
        }
        try checkKeysAreThere(traits)
        let triggers = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)",
            arguments: [configuration.table])
        let hasTriggers = triggers ?? 0 > 0
        if hasTriggers { try checkConflictClauses() }
        return SQLiteTable(configuration, traits: traits, hasTriggers: hasTriggers)
    }

    /// The row that such a constraint takes would go on living on the other side.
    private func checkConflictClauses() throws {
        let sql = try String.fetchOne(
            database, sql: "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?",
            arguments: [configuration.table])
        guard ConflictClause.replaces(sql ?? "") else { return }
        throw fault(
            "table \(configuration.table) has triggers and a constraint with ON CONFLICT REPLACE, by which writing one "
                + "record deletes another unseen; declare the constraint without it")
    }

    /// Whether a row has a uuid in the case that is not the configured one, or may have for all that can be said in
    /// time.
    private func hasBothCases(_ field: Int) throws -> Bool {
        guard case .uuidText(let format) = configuration.columns[field].storage else { return false }
        let column = SQLiteTable.quoted(configuration.columns[field].name)
        let pattern = format.isUpper ? "*[a-f]*" : "*[A-F]*"
        let sql = "SELECT 1 FROM \(SQLiteTable.quoted(configuration.table)) WHERE \(column) GLOB '\(pattern)' LIMIT 1"
        return try BoundedQuery(database).rows(sql)?.isEmpty != true
    }

    /// Whether a column's declared collation is that of bytes.
    private func isBinary(_ column: String) -> Bool {
        var collation: UnsafePointer<CChar>?
        let status = sqlite3_table_column_metadata(
            database.sqliteConnection, nil, configuration.table, column, nil, &collation, nil, nil, nil)
        guard status == SQLITE_OK, let collation else { return false }
        return String(cString: collation).uppercased() == "BINARY"
    }

    private func checkDatabase() throws {
        let encoding = try String.fetchOne(database, sql: "PRAGMA encoding") ?? ""
        guard encoding == "UTF-8" else {
            throw fault(
                "its text is stored as \(encoding), whose order is not that of UTF-8; copy it into a new database")
        }
        guard setsMode else { return }
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") ?? ""
        guard mode == "wal" else {
            throw fault("it cannot be put into WAL mode (it is in mode \(mode)); see that it is a file on a local disk")
        }
    }

    private func columns() throws -> [Column] {
        let tables = try String.fetchAll(
            database,
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")
        guard tables.contains(configuration.table) else {
            let known =
                tables.isEmpty ? "the database has none" : "write one of \(tables.sorted().joined(separator: ", "))"
            throw fault("there is no table \(configuration.table); \(known)")
        }
        let rows = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(SQLiteTable.quoted(configuration.table)))")
        let isStrict = try Self.isStrict(configuration.table, database)
        return rows.map { row in
            let type: String = row["type"] ?? ""
            return Column(
                name: row["name"], declaredType: type,
                affinity: ColumnAffinity(declaredType: type, isStrict: isStrict), isNotNull: row["notnull"] == 1,
                hasDefault: Self.isValue(row["dflt_value"]), isGenerated: row["hidden"] != 0, keyPlace: row["pk"])
        }
    }

    static func isStrict(_ table: String, _ database: Database) throws -> Bool {
        let rows = try Row.fetchAll(database, sql: "PRAGMA table_list(\(SQLiteTable.quoted(table)))")
        return rows.contains { $0["schema"] == "main" && $0["strict"] == 1 }
    }

    /// Whether a default's SQL says a value; `DEFAULT NULL` is none.
    static func isValue(_ sql: String?) -> Bool { sql.map { $0.uppercased() != "NULL" } ?? false }

    private func column(_ name: String, of field: RecordEntity.Field?, in columns: [Column]) throws -> Column {
        guard let column = columns.first(where: { $0.name == name }) else {
            let known = columns.map(\.name).joined(separator: ", ")
            throw fault("table \(configuration.table) has no column \(name); write one of \(known)")
        }
        guard !column.isGenerated else {
            throw fault("column \(name) is generated and cannot be written; map another one")
        }
        guard let field, let storage = storage(field), let form = storage.form(field.type) else { return column }
        if let change = column.affinity.change(of: form, isLikeNumber: storage.isLikeNumber) {
            throw fault(
                "column \(name) is declared \(column.declaredType), by which SQLite \(change); field "
                    + "\(field.name) is of type \(field.type.name): \(Self.advice(field, column.affinity))")
        }
        return column
    }

    private static func advice(_ field: RecordEntity.Field, _ affinity: ColumnAffinity) -> String {
        switch field.type {
        case .double,
            .decimal where affinity.isInteger:
            "write type decimal with the column's scale, or type int64"
        case .text where affinity.isNumeric:
            "write type timestamp with an example of its text (stored: \"2017-01-01\") where it holds dates, type "
                + "decimal "
                + "where it holds numbers, or map another column"
        default: "correct the type, or map another column"
        }
    }

    /// A constant is stored as it is written, or refused: what a column makes of it otherwise is nobody's intention.
    private func check(_ constant: StoreConfiguration.Constant, in column: Column) throws {
        let isChanged: Bool
        switch constant.value {
        case .null:
            guard column.isNotNull else { return }
            throw fault("column \(column.name) takes no NULL, and its constant is null; write a value")
        case .bool: isChanged = column.affinity.change(of: .integer, isLikeNumber: true) != nil
        // Written in one way only, an integer is the same as a text or as a float.
        case .integer: isChanged = false
        case .real: isChanged = column.affinity.isText
        case .text(let text):
            let isLikeNumber = Double(text.filter { !$0.isWhitespace }) != nil
            isChanged = column.affinity.change(of: .text, isLikeNumber: isLikeNumber) != nil
        }
        guard isChanged else { return }
        throw fault(
            "column \(column.name) is declared \(column.declaredType), which does not keep its constant as it is "
                + "written; write a text in quotes for a column of text, a number without them for one of numbers")
    }

    private func storage(_ field: RecordEntity.Field) -> ColumnStorage? {
        entity.fields.firstIndex(of: field).map { configuration.columns[$0].storage }
    }

    private func checkUnmapped(_ columns: [Column], _ rowIDAlias: String?) throws {
        let mapped = Set(configuration.columns.map(\.name) + configuration.constants.map(\.column))
        for column in columns where !mapped.contains(column.name) && !column.isGenerated {
            guard column.isNotNull, !column.hasDefault, column.name != rowIDAlias else { continue }
            throw fault(
                "column \(column.name) must not be NULL and has no default, so that no record could be inserted; "
                    + "map it to a field, or give it a constant")
        }
    }

    /// The column that is the table's row id, which is never NULL and unique.
    private func rowIDAlias(_ columns: [Column]) -> String? {
        let key = columns.filter { $0.keyPlace > 0 }
        guard key.count == 1, key[0].declaredType.uppercased() == "INTEGER" else { return nil }
        return key[0].name
    }

    private func checkKeyIsUnique(_ columns: [Column], _ rowIDAlias: String?) throws {
        let names = Set(entity.key.map { configuration.columns[$0].name })
        if names == Set([rowIDAlias].compactMap { $0 }) { return }
        let indexes = try Row.fetchAll(database, sql: "PRAGMA index_list(\(SQLiteTable.quoted(configuration.table)))")
        for index in indexes where index["unique"] == 1 && index["partial"] == 0 {
            let name: String = index["name"]
            let parts = try Row.fetchAll(database, sql: "PRAGMA index_xinfo(\(SQLiteTable.quoted(name)))")
                .filter { $0["key"] == 1 }
            let covered = parts.map { ($0["name"] as String?, $0["coll"] as String?) }
            let isBytewise = covered.allSatisfy { $1?.uppercased() == "BINARY" || isUUIDText($0) }
            if isBytewise, covered.count == names.count, Set(covered.compactMap(\.0)) == names { return }
        }
        let list = entity.key.map { SQLiteTable.quoted(configuration.columns[$0].name) }.joined(separator: ", ")
        throw fault(
            "nothing in table \(configuration.table) makes the record key unique byte by byte; "
                + "CREATE UNIQUE INDEX ... ON \(SQLiteTable.quoted(configuration.table)) (\(list)), "
                + "with COLLATE BINARY where a column has another collation")
    }

    /// Whether a column holds uuids as text, of which two that differ in case are one.
    private func isUUIDText(_ column: String?) -> Bool {
        configuration.columns.contains { mapped in
            if case .uuidText = mapped.storage { mapped.name == column } else { false }
        }
    }

    /// SQLite lets NULL into unique columns, even into a table's own key; such a row is no record.
    private func checkKeysAreThere(_ traits: [ColumnTraits]) throws {
        for field in entity.key where !traits[field].isNeverNull {
            let name = configuration.columns[field].name
            let column = SQLiteTable.quoted(name)
            let table = SQLiteTable.quoted(configuration.table)
            let found = try Int.fetchOne(database, sql: "SELECT 1 FROM \(table) WHERE \(column) IS NULL LIMIT 1")
            if found != nil {
                throw fault(
                    "table \(configuration.table) has rows whose \(name), a part of the record key, is NULL; "
                        + "delete them or give them a key")
            }
        }
    }

    private func fault(_ words: String) -> StoreOpeningFault { StoreOpeningFault("\(configuration.path): \(words)") }
}
