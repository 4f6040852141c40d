/// A table as statements need it: names quoted, from the configuration alone, and the fixed statements.
struct SQLiteTable: Sendable {
    let configuration: StoreConfiguration
    let name: String
    /// The columns of the entity's fields, quoted.
    let columns: [String]
    /// The same for comparing and ordering: text by its bytes, whatever the table declares.
    let comparands: [String]
    /// What is known of each field's column.
    let traits: [ColumnTraits]
    /// Whether a row may be changed once more by a trigger after a statement has returned it.
    let hasTriggers: Bool
    /// The names of the fields as a Record has them.
    let fieldNames: [[UInt8]]

    let columnList: String
    let keyCondition: String
    let selectByKey: String
    let deleteByKey: String

    init(_ configuration: StoreConfiguration, traits: [ColumnTraits], hasTriggers: Bool) {
        self.configuration = configuration
        self.traits = traits
        self.hasTriggers = hasTriggers
        let entity = configuration.entity
        let columns = configuration.columns.map { Self.quoted($0.name) }
        let comparands = columns.indices.map { position in
            let form = configuration.columns[position].storage.form(entity.fields[position].type)
            // Digits of both cases stand in the order of their uuids by this collation only.
            if traits[position].hasBothCases { return columns[position] + " COLLATE NOCASE" }
            // Only where it says something: it keeps SQLite from finding a page's beginning by an index.
            let isBinary = traits[position].isBinary
            return form == .text && !isBinary ? columns[position] + " COLLATE BINARY" : columns[position]
        }
        name = Self.quoted(configuration.table)
        columnList = columns.joined(separator: ", ")
        keyCondition = entity.key.map { field in
            // One uuid is one record, in whichever case its text is.
            guard case .uuidText = configuration.columns[field].storage else { return "\(comparands[field]) = ?" }
            return "\(comparands[field]) IN (?, ?)"
        }.joined(separator: " AND ")
        selectByKey = "SELECT \(columnList) FROM \(name) WHERE \(keyCondition)"
        deleteByKey = "DELETE FROM \(name) WHERE \(keyCondition)"
        fieldNames = entity.fields.map { Array($0.name.utf8) }
        self.columns = columns
        self.comparands = comparands
    }

    var entity: RecordEntity { configuration.entity }

    func type(_ field: Int) -> ValueType { entity.fields[field].type }
    func storage(_ field: Int) -> ColumnStorage { configuration.columns[field].storage }

    func isNeverNull(_ field: Int) -> Bool { traits[field].isNeverNull }

    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
