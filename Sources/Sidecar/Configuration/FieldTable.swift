import Stores

/// Which column of each side a field is, and what becomes of its values between them, for a person.
struct FieldTable {
    struct Row: Encodable, Equatable {
        let field: String
        /// With the field's role: `text, gray key`.
        let type: String
        let old: String
        let new: String
        /// How both sides store it; empty where both store it as the type says.
        let conversion: String

        fileprivate var cells: [String] { [field, type, old, new, conversion] }
    }

    let rows: [Row]
    private let head: [String]

    init(_ records: RecordsConfiguration) {
        let entity = records.entity
        rows = entity.fields.indices.map { field in
            let (old, new) = (records.old.columns[field], records.new.columns[field])
            return Row(
                field: entity.fields[field].name, type: Self.type(of: field, entity), old: old.name, new: new.name,
                conversion: Self.conversion(old.storage, new.storage, entity.fields[field].type))
        }
        head = ["field", "type", "old: \(records.old.table)", "new: \(records.new.table)", "conversion"]
    }

    private static func type(of field: Int, _ entity: RecordEntity) -> String {
        let roles = [
            (entity.key.contains(field), "record key"), (entity.grayKey == field, "gray key"),
            (entity.version == field, "version"), (entity.fields[field].isNullable, "nullable"),
        ]
        return ([entity.fields[field].type.name] + roles.filter(\.0).map(\.1)).joined(separator: ", ")
    }

    private static func conversion(_ old: ColumnStorage, _ new: ColumnStorage, _ type: ValueType) -> String {
        if old == new { return old == .plain ? "" : old.words(of: type) }
        return "\(old.words(of: type)) <-> \(new.words(of: type))"
    }

    func text(indent: String) -> String {
        let lines = [head] + rows.map(\.cells)
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = indent + padded.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
