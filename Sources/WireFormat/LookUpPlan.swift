/// A part of the key by which a service looks records up: where a row has it, and where a request takes it.
package struct LookUpPart: Sendable, Equatable {
    /// The part's path in a row.
    package let path: FieldPath
    /// Its type; `bytes` for a whole message too.
    package let type: ScalarType
    /// The field of the request's element that takes it; nil when the element is the part itself.
    package let field: UInt32?

    package init(path: FieldPath, type: ScalarType, field: UInt32? = nil) {
        self.path = path
        self.type = type
        self.field = field
    }
}

/// How records are looked up by their keys in one call, and how the answer says which there are.
package struct LookUpPlan: Sendable, Equatable {
    /// The method's path, `/package.Service/Method`.
    package let method: String
    /// What the request begins with, as encoded fields.
    package let template: [UInt8]
    /// Fields of the query's own request that the look-up's request has too, by the same numbers.
    package let copied: [UInt32]
    /// The request's repeated field with an element for each key.
    package let element: UInt32
    package let parts: [LookUpPart]
    /// The answer's repeated message with a row for each record that exists.
    package let rows: UInt32
    /// The record key within such a row.
    package let key: KeyPlan

    package init(
        method: String, template: [UInt8] = [], copied: [UInt32] = [], element: UInt32, parts: [LookUpPart],
        rows: UInt32, key: KeyPlan
    ) throws(RowPlanError) {
        let numbers = [element, rows] + copied + parts.compactMap(\.field)
        for number in numbers where !FieldNumber.isValid(number) { throw .fieldNumber(number) }
        guard !parts.isEmpty, parts.allSatisfy({ $0.field != nil }) || parts.count == 1 else { throw .lookUpParts }
        self.method = method
        self.template = template
        self.copied = copied
        self.element = element
        self.parts = parts
        self.rows = rows
        self.key = key
    }

    /// What a look-up's request has before its keys.
    package func request(copyingFrom query: UnsafeRawBufferPointer) throws(RowFault) -> [UInt8] {
        var request = template
        guard !copied.isEmpty, let base = query.baseAddress else { return request }
        var cursor = FieldCursor(base: base, at: 0, end: query.count)
        while let field = try cursor.nextField() {
            guard copied.contains(field.number) else { continue }
            request.append(contentsOf: UnsafeRawBufferPointer(rebasing: query[field.offset..<field.end]))
        }
        return request
    }

    /// Adds the key of a row to a look-up's request.
    package func append(_ row: UnsafeRawBufferPointer, to request: inout [UInt8]) throws(RowFault) {
        if parts.count == 1, let part = parts.first, part.field == nil {
            return try append(part, of: row, as: element, to: &request)
        }
        var content: [UInt8] = []
        for part in parts { try append(part, of: row, as: part.field ?? element, to: &content) }
        FieldWriter.append(element, content, to: &request)
    }

    /// Where the rows of an answer are.
    package func rows(of answer: UnsafeRawBufferPointer) throws(RowFault) -> [Range<Int>] {
        try RepeatedField.ranges(of: rows, in: answer)
    }

    /// A value as it is on the wire; one that is not there is its default.
    private func append(
        _ part: LookUpPart, of row: UnsafeRawBufferPointer, as field: UInt32, to request: inout [UInt8]
    ) throws(RowFault) {
        var walk = PathWalk(KeyField(path: part.path, type: part.type), message: row)
        do throws(ScanError) {
            try walk.run()
        } catch {
            throw RowFault(offset: error.offset, reason: error.reason)
        }
        switch part.type {
        case .string, .bytes: FieldWriter.append(field, walk.text, to: &request)
        case .fixed32, .sfixed32:
            FieldWriter.append(field, fixed32: UInt32(truncatingIfNeeded: walk.bits), to: &request)
        case .fixed64, .sfixed64: FieldWriter.append(field, fixed64: walk.bits, to: &request)
        case .bool, .int32, .int64, .uint32, .uint64, .sint32, .sint64:
            FieldWriter.append(field, varint: walk.bits, to: &request)
        }
    }
}
