import Migration
import Stores

/// Checks a migration's `records:` against the upstreams and makes its configuration.
struct RecordsCheck {
    let draft: RecordsDraft
    let migration: MigrationDraft
    let upstreams: [UpstreamDraft]
    let issues: Issues

    /// Nil when something is wrong, which may have been reported earlier.
    func configuration() -> RecordsConfiguration? {
        checkMethods()
        let entity = entity()
        let old = records(.old, migration.old, draft.old, entity)
        let new = records(.new, migration.new, draft.new, entity)
        guard let entity, let old, let new else { return nil }
        checkSides(old, new)
        return RecordsConfiguration(entity: entity, old: old, new: new)
    }

    /// The Records service has its own methods, and says where their keys are.
    private func checkMethods() {
        let others: [(name: String, place: Place?)] = [
            ("services", migration.services.first?.place), ("methods", migration.methods.first?.place),
        ]
        for (name, place) in others {
            guard let place else { continue }
            issues.error(
                place,
                "a migration with records has no \(name), since its calls are those of "
                    + "\(RecordsConfiguration.service); remove them, or write another migration")
        }
        for case .plan(let plan) in [migration.grayKey, migration.recordKey] {
            issues.error(plan.place, "a migration with records names its keys in records; remove this")
        }
        if let entity = migration.entity {
            issues.error(entity.place, "a migration with records names its entity in records; write it there")
        }
    }

    private func entity() -> RecordEntity? {
        guard !draft.isIncomplete else { return nil }
        let names = draft.fields.map(\.value.name)
        var areKnown = true
        for name in draft.key + [draft.grayKey, draft.version].compactMap({ $0 }) where !names.contains(name.value) {
            let advice = Spelling.advice(for: name.value, among: names)
            issues.error(name.place, "unknown field \"\(name.value)\"; \(advice)")
            areKnown = false
        }
        guard areKnown, draft.hasKey, let grayKey = draft.grayKey else { return nil }
        do {
            return try RecordEntity(
                name: draft.entity?.value ?? migration.name, fields: draft.fields.map(\.value),
                key: draft.key.map(\.value), grayKey: grayKey.value, version: draft.version?.value)
        } catch {
            issues.error(draft.place, error.description)
            return nil
        }
    }

    private func records(
        _ side: Side, _ upstream: Placed<String>?, _ mapping: RecordsDraft.MappingDraft?, _ entity: RecordEntity?
    ) -> StoreConfiguration? {
        guard let upstream, let target = upstreams.first(where: { $0.name == upstream.value }) else { return nil }
        guard let path = target.database?.value else {
            // What could not be read may have been meant as either.
            guard target.address != nil else { return nil }
            issues.error(
                upstream.place,
                "\(target.name) is a service, and records are moved between databases; write an upstream with sqlite, "
                    + "or describe the service's methods by field numbers: services and methods in place of records")
            return nil
        }
        guard let mapping else {
            issues.error(
                draft.place,
                "key \"\(side.name)\" is missing, since \(target.name) is a database; "
                    + "write \(side.name): { table: ..., columns: { field: column } }")
            return nil
        }
        return entity.flatMap { store(path, mapping, $0) }
    }

    private func store(
        _ path: String, _ mapping: RecordsDraft.MappingDraft, _ entity: RecordEntity
    ) -> StoreConfiguration? {
        let isKnown = checkNames(mapping, entity)
        guard let table = mapping.table, isKnown, !mapping.isIncomplete else { return nil }
        let columns = entity.fields.map { field in column(of: field, mapping) }
        guard !columns.contains(nil) else { return nil }
        do {
            return try StoreConfiguration(
                path: path, entity: entity, table: table.value, columns: columns.compactMap { $0 },
                constants: mapping.constants.map(\.value), enforcesForeignKeys: mapping.enforcesForeignKeys)
        } catch {
            issues.error(mapping.place, error.description)
            return nil
        }
    }

    private func checkNames(_ mapping: RecordsDraft.MappingDraft, _ entity: RecordEntity) -> Bool {
        let names = entity.fields.map(\.name)
        let unknown = mapping.columns.map(\.field).filter { !names.contains($0.value) }
        for name in unknown {
            let advice = Spelling.advice(for: name.value, among: names)
            issues.error(name.place, "unknown field \"\(name.value)\"; \(advice)")
        }
        return unknown.isEmpty
    }

    /// A field that the mapping does not name is in the column of its name.
    private func column(
        of field: RecordEntity.Field, _ mapping: RecordsDraft.MappingDraft
    ) -> StoreConfiguration.Column? {
        let mapped = mapping.columns.first { $0.field.value == field.name }
        let column = mapped?.column ?? StoreConfiguration.Column(name: field.name)
        guard let fault = column.fault(of: field) else { return column }
        let example = field.type == .timestamp ? "stored: microseconds" : "scale: 2"
        let advice =
            [.timestamp, .decimal].contains(field.type)
            ? "; write \(field.name): { column: \(column.name), \(example) }" : "; remove stored or scale"
        issues.error(mapped?.field.place ?? mapping.place, fault.description + advice)
        return nil
    }

    /// One table cannot be both sides of a migration.
    private func checkSides(_ old: StoreConfiguration, _ new: StoreConfiguration) {
        guard let place = draft.new?.table?.place, old.path == new.path,
            old.table.lowercased() == new.table.lowercased()
        else { return }
        issues.error(place, "old and new are the same table, \(new.table) of \(new.path); name another one")
    }
}
