/// An entity of the Records service as its clients see it: the same for both sides of a migration.
package struct RecordEntity: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package let name: String
        package let type: ValueType
        /// Whether it may be written as NULL.
        package let isNullable: Bool

        package init(name: String, type: ValueType, isNullable: Bool = false) {
            self.name = name
            self.type = type
            self.isNullable = isNullable
        }
    }

    package static let maxKeyParts = 4
    package static let maxFields = 500

    package let name: String
    package let fields: [Field]
    /// Positions in `fields`, in the order of the record key's parts.
    package let key: [Int]
    /// Position of the gray key, which may be a part of the record key too.
    package let grayKey: Int
    /// Position of the version, an int64, if records have one.
    package let version: Int?
    /// Positions of the fields that have no place of their own in a Record.
    package let others: [Int]

    /// What cannot be an entity, in words for the person who configured it.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(
        name: String, fields: [Field], key: [String], grayKey: String, version: String? = nil
    ) throws(Fault) {
        guard !name.isEmpty else { throw Fault(description: "an entity needs a name") }
        guard fields.count <= Self.maxFields else {
            throw Fault(description: "\(name) has \(fields.count) fields; at most \(Self.maxFields) are taken")
        }
        self.name = name
        self.fields = fields
        self.key = try Self.key(key, fields)
        self.grayKey = try Self.position(of: grayKey, as: "gray key", fields)
        self.version = try Self.version(version, fields)
        let special = Set(self.key + [self.grayKey] + (self.version.map { [$0] } ?? []))
        others = fields.indices.filter { !special.contains($0) }
        if let version = self.version, self.key.contains(version) || self.grayKey == version {
            throw Fault(description: "\(fields[version].name) is the version, so that it cannot be a key too")
        }
    }

    /// The position of a field by its name's bytes.
    func position(of name: UnsafeRawBufferPointer) -> Int? {
        fields.firstIndex { field in field.name.utf8.count == name.count && field.name.utf8.elementsEqual(name) }
    }

    /// What a store says of a record that it does not have.
    package var notFound: String { "\(name) has no such record" }

    var fieldNames: String { fields.map(\.name).joined(separator: ", ") }

    private static func key(_ names: [String], _ fields: [Field]) throws(Fault) -> [Int] {
        guard (1...maxKeyParts).contains(names.count) else {
            throw Fault(description: "a record key has 1 to \(maxKeyParts) fields, found \(names.count)")
        }
        guard Set(names).count == names.count else {
            throw Fault(description: "a field stands twice in the record key; name each once")
        }
        var positions: [Int] = []
        for name in names { positions.append(try position(of: name, as: "record key", fields)) }
        return positions
    }

    private static func position(of name: String, as role: String, _ fields: [Field]) throws(Fault) -> Int {
        guard let position = fields.firstIndex(where: { $0.name == name }) else {
            let known = fields.map(\.name).joined(separator: ", ")
            throw Fault(description: "the \(role) names \(name), which is no field; write one of \(known)")
        }
        guard fields[position].type.canBeKey else {
            let type = fields[position].type.name
            throw Fault(
                description: "\(name) cannot be in the \(role): equal values of type \(type) have several forms")
        }
        return position
    }

    private static func version(_ name: String?, _ fields: [Field]) throws(Fault) -> Int? {
        guard let name else { return nil }
        let position = try position(of: name, as: "version", fields)
        guard fields[position].type == .int64 else {
            throw Fault(description: "the version \(name) is of type \(fields[position].type.name); it must be int64")
        }
        return position
    }
}
