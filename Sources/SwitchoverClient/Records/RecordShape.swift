import SwitchoverProtocol

/// Where an entity's key, gray key and version stand among its fields: the wire has places of their own for them, a
/// struct has fields. Pure.
struct RecordShape: Sendable, Equatable {
    let entity: String
    let key: [String]
    let grayKey: String
    let version: String?

    /// The fields of a reply's record by name.
    func fields(of record: Switchover_V1_Record) throws(SwitchoverError) -> [String: RecordValue] {
        guard record.key.parts.count == key.count else {
            throw SwitchoverError(
                .internal,
                "a record key of \(entity) has \(record.key.parts.count) parts, and \(key.joined(separator: ", ")) "
                    + "is not as many: name the key fields of the configuration", mayRetry: .no)
        }
        var fields: [String: RecordValue] = [:]
        fields.reserveCapacity(record.fields.count + key.count + 2)
        for field in record.fields { fields[field.name] = try value(field.value, field.name) }
        for (name, part) in zip(key, record.key.parts) { fields[name] = try value(part, name) }
        fields[grayKey] = try value(record.grayKey, grayKey)
        if let version { fields[version] = record.hasVersion ? .int64(record.version) : .null }
        return fields
    }

    private func value(_ wire: Switchover_V1_Value, _ name: String) throws(SwitchoverError) -> RecordValue {
        guard let value = RecordValue(wire) else {
            throw SwitchoverError(
                .internal, "field \(name) of \(entity) has a value that this version cannot read", mayRetry: .no)
        }
        return value
    }

    /// A key's parts in the order of the configuration.
    func wire(_ recordKey: RecordKey) throws(SwitchoverError) -> Switchover_V1_Key {
        let parts: [RecordValue]
        if let names = recordKey.names {
            guard names.count == key.count, Set(names) == Set(key) else {
                throw .invalid("a record key of \(entity) is \(key.joined(separator: ", ")), not \(recordKey)")
            }
            parts = key.compactMap { name in names.firstIndex(of: name).map { recordKey.parts[$0] } }
        } else {
            parts = recordKey.parts
        }
        var wire = Switchover_V1_Key()
        for part in parts { wire.parts.append(try part.wire()) }
        return wire
    }

    /// A record to be written, taken apart; its version is the sidecar's to give.
    func parts(
        of fields: [(name: String, value: RecordValue)]
    ) throws(SwitchoverError) -> (key: Switchover_V1_Key, grayKey: Switchover_V1_Value, fields: [Switchover_V1_Field]) {
        var key = Switchover_V1_Key()
        for name in self.key { key.parts.append(try required(name, "record key", fields)) }
        let gray = try required(grayKey, "gray key", fields)
        var others: [Switchover_V1_Field] = []
        for field in fields where !self.key.contains(field.name) && field.name != grayKey && field.name != version {
            others.append(try wire(field))
        }
        return (key, gray, others)
    }

    /// Changes of a record, the gray key's apart.
    func changes(
        _ changes: RecordChanges
    ) throws(SwitchoverError) -> (fields: [Switchover_V1_Field], newGrayKey: Switchover_V1_Value?) {
        var fields: [Switchover_V1_Field] = []
        var gray: Switchover_V1_Value?
        for change in changes.fields {
            if key.contains(change.name) {
                throw .invalid("\(change.name) is in the record key, which cannot change; insert another record")
            }
            if change.name == version {
                throw .invalid("\(change.name) is the version, which counts by itself; see expectedVersion")
            }
            if change.name == grayKey {
                if change.value == .null { throw .invalid("\(grayKey) is the gray key, which is never NULL") }
                gray = try change.value.wire()
            } else {
                fields.append(try wire(change))
            }
        }
        return (fields, gray)
    }

    private func required(
        _ name: String, _ role: String, _ fields: [(name: String, value: RecordValue)]
    ) throws(SwitchoverError) -> Switchover_V1_Value {
        guard let value = fields.first(where: { $0.name == name })?.value, value != .null else {
            throw .invalid("the record has no \(name), which is in the \(role) of \(entity)")
        }
        return try value.wire()
    }

    private func wire(_ field: (name: String, value: RecordValue)) throws(SwitchoverError) -> Switchover_V1_Field {
        var wire = Switchover_V1_Field()
        wire.name = field.name
        if field.value != .null { wire.value = try field.value.wire() }
        return wire
    }
}
