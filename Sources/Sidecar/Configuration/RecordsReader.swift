import Stores

/// Reads a migration's `records:` into a draft.
struct RecordsReader {
    static let types = ValueType.allCases.map { (name: $0.name, value: $0) }

    func read(_ value: DocumentValue) -> RecordsDraft {
        var draft = RecordsDraft(place: value.place)
        let keys = ["entity", "fields", "key", "gray_key", "version", "old", "new"]
        guard let section = Section(value, keys: keys) else {
            draft.isIncomplete = true
            return draft
        }
        draft.entity = section["entity"].flatMap(readEntity)
        readFields(section, into: &draft)
        let key = section.required("key", "the field, or the list of fields, that identifies a record").flatMap(names)
        draft.hasKey = key != nil
        draft.key = key ?? []
        draft.grayKey = section.required("gray_key", "the field by which the rollout goes").flatMap(name)
        draft.version = section["version"].flatMap(name)
        draft.old = section["old"].flatMap(readMapping)
        draft.new = section["new"].flatMap(readMapping)
        return draft
    }

    private func readEntity(_ value: DocumentValue) -> Placed<String>? {
        guard let name = value.text("the name of an entity") else { return nil }
        Names.check(name, "entity", at: value)
        return value.placed(name)
    }

    private func name(_ value: DocumentValue) -> Placed<String>? { value.text("the name of a field").map(value.placed) }

    /// Nil where one of them is none, which has been reported.
    private func names(_ value: DocumentValue) -> [Placed<String>]? {
        guard case .sequence = value.node.content else { return name(value).map { [$0] } }
        let names = value.elements()?.map(name) ?? []
        return names.contains { $0 == nil } ? nil : names.compactMap { $0 }
    }

    private func readFields(_ section: Section, into draft: inout RecordsDraft) {
        let value = section.required("fields", "and below it each field as name: type, like order_id: int64")
        guard let value, let entries = value.entries() else {
            draft.isIncomplete = true
            return
        }
        if entries.isEmpty { value.fail("there is no field; write at least the key's and the gray key's") }
        for (name, value) in entries {
            guard let field = readField(name, value) else {
                draft.isIncomplete = true
                continue
            }
            draft.fields.append(value.placed(field))
        }
    }

    /// `total: int64`, or `total: { type: int64, nullable: on }`.
    private func readField(_ name: String, _ value: DocumentValue) -> RecordEntity.Field? {
        guard Names.isIdentifier(name[...]) else {
            value.fail("\"\(name)\" cannot name a field; write letters, digits and _, beginning with a letter")
            return nil
        }
        guard case .mapping = value.node.content else {
            return value.choice("type", Self.types).map { RecordEntity.Field(name: name, type: $0) }
        }
        guard let section = Section(value, keys: ["type", "nullable"]) else { return nil }
        let type = section.required("type", "int64, text, ...")?.choice("type", Self.types)
        var isNullable: Bool? = false
        if let value = section["nullable"] { isNullable = value.boolean() }
        guard let type, let isNullable else { return nil }
        return RecordEntity.Field(name: name, type: type, isNullable: isNullable)
    }

    private func readMapping(_ value: DocumentValue) -> RecordsDraft.MappingDraft? {
        var draft = RecordsDraft.MappingDraft(place: value.place)
        guard let section = Section(value, keys: ["table", "columns", "constants", "foreign_keys"]) else { return nil }
        draft.table = section.required("table", "the table's name").flatMap { value in
            value.text("the table's name").map(value.placed)
        }
        for (field, value) in section["columns"]?.entries() ?? [] {
            guard let column = readColumn(value) else {
                draft.isIncomplete = true
                continue
            }
            draft.columns.append(RecordsDraft.ColumnDraft(field: value.placed(field), column: column))
        }
        for (column, value) in section["constants"]?.entries() ?? [] {
            guard let constant = readConstant(value) else { continue }
            draft.constants.append(value.placed(StoreConfiguration.Constant(column: column, value: constant)))
        }
        draft.enforcesForeignKeys = section["foreign_keys"]?.boolean()
        return draft
    }

    /// `id`, or `{ column: total_cents, scale: 2 }`, or `{ column: created, stored: seconds }`.
    private func readColumn(_ value: DocumentValue) -> StoreConfiguration.Column? {
        guard case .mapping = value.node.content else {
            return value.text("the column's name").map { StoreConfiguration.Column(name: $0) }
        }
        guard let section = Section(value, keys: ["column", "scale", "stored"]) else { return nil }
        let name = section.required("column", "the column's name")?.text("the column's name")
        var storage: ColumnStorage? = .plain
        if let scale = section["scale"] {
            storage = scale.quantity(.count, in: 0...18).flatMap { readStorage(section["stored"], scale: Int($0)) }
        } else if let stored = section["stored"] {
            storage = readStorage(stored)
        }
        guard let name, let storage else { return nil }
        return StoreConfiguration.Column(name: name, storage: storage)
    }

    private static let storages: [(name: String, value: ColumnStorage)] = [
        ("seconds", .seconds), ("milliseconds", .milliseconds), ("microseconds", .microseconds), ("text", .text),
    ]

    /// With a scale a decimal is an integer, or a float where the column stores it so.
    private func readStorage(_ value: DocumentValue?, scale: Int) -> ColumnStorage? {
        guard let value else { return .scaled(scale) }
        guard case .scalar("real", isQuoted: _) = value.node.content else {
            value.fail("a column with a scale stores integers, or floats with stored: real; remove stored, or scale")
            return nil
        }
        return .real(scale)
    }

    private func readStorage(_ value: DocumentValue) -> ColumnStorage? {
        let names = Self.storages.map(\.name)
        let advice =
            "write \(names.joined(separator: ", ")), or an example like \"2017-01-01T11:53:26Z\", \"2017-01-01\" or, "
            + "of a "
            + "uuid, \"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\""
        guard let text = value.text("how the column stores its values; \(advice)") else { return nil }
        if let storage = Self.storages.first(where: { $0.name == text }) { return storage.value }
        if let format = TimestampFormat(example: text) { return .formatted(format) }
        if let format = UUIDFormat(example: text) { return .uuidText(format) }
        if text == "real" {
            value.fail("a decimal in a float needs its digits after the point; write scale: 2 beside stored: real")
            return nil
        }
        let near = Spelling.nearest(to: text, among: names).map { " (did you mean \($0)?)" } ?? ""
        value.fail("\"\(text)\" is no way to store values; \(advice)\(near)")
        return nil
    }

    private func readConstant(_ value: DocumentValue) -> StoreConfiguration.ConstantValue? {
        guard case .scalar(let text, let isQuoted) = value.node.content, isQuoted || !text.isEmpty else {
            value.fail("expected a text, a number, true, false or null, found \(value.node.kindName)")
            return nil
        }
        guard value.isDecided("what new rows have in this column") else { return nil }
        let constant = ConstantText.read(text, isQuoted: isQuoted)
        if constant == nil {
            value.fail(
                "\(text) may mean a text, a number or a truth value; write a text in quotes (\"\(text)\"), a number in "
                    + "its plain form (12, -1.5), or true, false or null")
        }
        return constant
    }
}
