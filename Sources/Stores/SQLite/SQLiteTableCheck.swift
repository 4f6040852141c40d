import GRDB
import GRDBSQLite

/// Checks at opening that the table is what the configuration says, so that no call finds out later.
struct SQLiteTableCheck {
    private struct Column {
        let name: String
        let declaredType: String
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
        for constant in configuration.constants { _ = try column(constant.column, of: nil, in: columns) }
        let rowIDAlias = rowIDAlias(columns)
        try checkUnmapped(columns, rowIDAlias)
        try checkKeyIsUnique(columns, rowIDAlias)
        let isNeverNull = mapped.map { $0.isNotNull || $0.name == rowIDAlias }
        try checkKeysAreThere(isNeverNull)
        let triggers = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)",
            arguments: [configuration.table])
        return SQLiteTable(
            configuration, isBinary: mapped.map { isBinary($0.name) }, isNeverNull: isNeverNull,
            hasTriggers: triggers ?? 0 > 0)
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
        return rows.map { row in
            Column(
                name: row["name"], declaredType: row["type"] ?? "", isNotNull: row["notnull"] == 1,
                hasDefault: row["dflt_value"] as String? != nil, isGenerated: row["hidden"] != 0, keyPlace: row["pk"])
        }
    }

    private func column(_ name: String, of field: RecordEntity.Field?, in columns: [Column]) throws -> Column {
        guard let column = columns.first(where: { $0.name == name }) else {
            let known = columns.map(\.name).joined(separator: ", ")
            throw fault("table \(configuration.table) has no column \(name); write one of \(known)")
        }
        guard !column.isGenerated else {
            throw fault("column \(name) is generated and cannot be written; map another one")
        }
        guard let field, let storage = storage(field), let form = storage.form(field.type) else { return column }
        if let change = Self.change(of: form, in: column.declaredType) {
            throw fault(
                "column \(name) is declared \(column.declaredType), by which SQLite turns \(change); field "
                    + "\(field.name) is of type \(field.type.name): correct the type, or map another column")
        }
        return column
    }

    private func storage(_ field: RecordEntity.Field) -> ColumnStorage? {
        entity.fields.firstIndex(of: field).map { configuration.columns[$0].storage }
    }

    /// What a declared type does to values of a form (sqlite.org/datatype3.html, "Determination Of Column Affinity");
    /// nil if it keeps them.
    private static func change(of form: ColumnStorage.Form, in declaredType: String) -> String? {
        let type = declaredType.uppercased()
        let isInteger = type.contains("INT")
        let isText = !isInteger && ["CHAR", "CLOB", "TEXT"].contains(where: type.contains)
        let keepsAll = !isInteger && (type.isEmpty || type == "ANY" || type.contains("BLOB"))
        let isReal = !isInteger && ["REAL", "FLOA", "DOUB"].contains(where: type.contains)
        let isDate = type.contains("DATE") || type.contains("TIME")
        if keepsAll { return nil }
        switch form {
        case .integer: return isText ? "numbers to text" : isReal ? "integers to floats" : nil
        case .real: return isText ? "numbers to text" : nil
        // No text of a timestamp is a number, so that a date column keeps it.
        case .text: return isText || isDate ? nil : "text like 012 to numbers"
        case .blob: return nil
        }
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
            let isBinary = covered.allSatisfy { $1?.uppercased() == "BINARY" }
            if isBinary, covered.count == names.count, Set(covered.compactMap(\.0)) == names { return }
        }
        let list = entity.key.map { SQLiteTable.quoted(configuration.columns[$0].name) }.joined(separator: ", ")
        throw fault(
            "nothing in table \(configuration.table) makes the record key unique byte by byte; "
                + "CREATE UNIQUE INDEX ... ON \(SQLiteTable.quoted(configuration.table)) (\(list)), "
                + "with COLLATE BINARY where a column has another collation")
    }

    /// SQLite lets NULL into unique columns, even into a table's own key; such a row is no record.
    private func checkKeysAreThere(_ isNeverNull: [Bool]) throws {
        for field in entity.key where !isNeverNull[field] {
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
