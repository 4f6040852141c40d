/// Where the records of an entity are on one side: a database, a table, and what column each field is.
package struct StoreConfiguration: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
        package let name: String
        package let storage: ColumnStorage

        package init(name: String, storage: ColumnStorage = .plain) {
            self.name = name
            self.storage = storage
        }
    }

    /// A column that no field is, and what is written into it with each new row.
    package struct Constant: Sendable, Equatable {
        package let column: String
        package let value: ConstantValue

        package init(column: String, value: ConstantValue) {
            self.column = column
            self.value = value
        }
    }

    package enum ConstantValue: Sendable, Equatable {
        case null
        case bool(Bool)
        case integer(Int64)
        case real(Double)
        case text(String)
    }

    package let path: String
    package let entity: RecordEntity
    package let table: String
    /// One for each of the entity's fields.
    package let columns: [Column]
    package let constants: [Constant]
    /// Whether SQLite enforces foreign keys for what is written here.
    package let enforcesForeignKeys: Bool
    /// Whether the configuration says so itself.
    package let isForeignKeysSaid: Bool
    package let limits: StoreLimits

    /// What cannot be a mapping, in words for the person who configured it.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(
        path: String, entity: RecordEntity, table: String, columns: [Column], constants: [Constant] = [],
        enforcesForeignKeys: Bool? = nil, limits: StoreLimits = StoreLimits()
    ) throws(Fault) {
        self.path = path
        self.entity = entity
        self.table = table
        self.columns =
            zip(columns, entity.fields).map { $0.normalized(for: $1.type) } + columns.dropFirst(entity.fields.count)
        self.constants = constants
        self.enforcesForeignKeys = enforcesForeignKeys ?? true
        isForeignKeysSaid = enforcesForeignKeys != nil
        self.limits = limits
        try check()
    }

    private func check() throws(Fault) {
        guard columns.count == entity.fields.count else {
            throw Fault(
                description: "\(entity.fields.count) fields have \(columns.count) columns; map each field to one")
        }
        for (field, column) in zip(entity.fields, columns) {
            if let fault = column.fault(of: field) { throw fault }
        }
        var names: Set<[UInt8]> = []
        for name in [table] + columns.map(\.name) + constants.map(\.column) {
            guard !name.isEmpty, !name.utf8.contains(0) else { throw Fault(description: "a name is empty") }
        }
        for name in columns.map(\.name) + constants.map(\.column) {
            guard names.insert(Self.folded(name)).inserted else {
                throw Fault(description: "column \(name) is mapped twice; a column is one field or one constant")
            }
        }
    }
}

extension StoreConfiguration {
    /// A name as SQLite compares it: without the case of ASCII letters, and of no others.
    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}

extension StoreConfiguration.Column {
    /// The same with the one form that "as text" means for a uuid.
    fileprivate func normalized(for type: ValueType) -> Self {
        guard type == .uuid, storage == .text else { return self }
        return Self(name: name, storage: .uuidText(.canonical))
    }

    /// Why a field cannot be in this column; nil if it can.
    package func fault(of field: RecordEntity.Field) -> StoreConfiguration.Fault? {
        if case .scaled(let scale) = storage, !(0...18).contains(scale) {
            return StoreConfiguration.Fault(description: "\(field.name) has scale \(scale); write 0 to 18")
        }
        if case .real(let scale) = storage, !(0...15).contains(scale) {
            return StoreConfiguration.Fault(
                description: "\(field.name) has scale \(scale) in a float, which has 15 digits; write 0 to 15")
        }
        guard storage.form(field.type) == nil else { return nil }
        let advice =
            switch field.type {
            case .decimal:
                "say how the column stores it: as an integer with a scale, as a float with a scale, or as text"
            case .timestamp:
                "say how the column stores it: seconds, milliseconds, microseconds, or an example of its text"
            default: "a column of type \(field.type.name) is not stored so"
            }
        return StoreConfiguration.Fault(description: "\(field.name) is of type \(field.type.name); \(advice)")
    }
}
