import WireFormat

/// Reads a `Filter`, within its bounds.
struct FilterReader {
    private let entity: RecordEntity
    private var conditions = 0
    private var values = 0

    init(_ entity: RecordEntity) { self.entity = entity }

    private static let filter = MessageShape(
        name: "Filter", lengths: MessageShape.numbers(1, 2, 3, 4, 5, 6, 7), isOneOf: true)
    private static let filters = MessageShape(
        name: "Filters", lengths: MessageShape.numbers(1), repeated: MessageShape.numbers(1))
    private static let comparison = MessageShape(
        name: "Comparison", varints: MessageShape.numbers(2), lengths: MessageShape.numbers(1, 3))
    private static let among = MessageShape(
        name: "Among", lengths: MessageShape.numbers(1, 2), repeated: MessageShape.numbers(2))
    private static let isNull = MessageShape(name: "IsNull", lengths: MessageShape.numbers(1))
    private static let prefix = MessageShape(name: "Prefix", lengths: MessageShape.numbers(1, 2))

    /// Recursion ends with `RequestLimits.filterDepth`.
    mutating func read(_ message: UnsafeRawBufferPointer, depth: Int = 1) throws(StoreFault) -> RecordFilter {
        guard depth <= RequestLimits.filterDepth else {
            throw .invalid("a filter has at most \(RequestLimits.filterDepth) levels")
        }
        conditions += 1
        guard conditions <= RequestLimits.filterConditions else {
            throw .invalid("a filter has at most \(RequestLimits.filterConditions) conditions")
        }
        var reader = MessageReader(message, Self.filter)
        guard let field = try reader.next() else {
            throw .invalid("a filter needs one kind; leave the filter out to let all records through")
        }
        let filter = try read(reader.content(field), kind: field.number, depth: depth)
        _ = try reader.next()
        return filter
    }

    private mutating func read(
        _ content: UnsafeRawBufferPointer, kind: UInt32, depth: Int
    ) throws(StoreFault) -> RecordFilter {
        do throws(StoreFault) {
            switch kind {
            case 1: return .all(try readAll(content, depth))
            case 2: return .any(try readAll(content, depth))
            case 3: return .negated(try read(content, depth: depth + 1))
            case 4: return try readComparison(content)
            case 5: return try readAmong(content)
            case 6: return try readIsNull(content)
            default: return try readPrefix(content)
            }
        } catch {
            let kinds = ["", "all", "any", "negated", "comparison", "among", "is_null", "prefix"]
            throw error.within(kinds[Int(kind)])
        }
    }

    private mutating func readAll(_ message: UnsafeRawBufferPointer, _ depth: Int) throws(StoreFault) -> [RecordFilter]
    {
        var reader = MessageReader(message, Self.filters)
        var filters: [RecordFilter] = []
        while let field = try reader.next() {
            do throws(StoreFault) {
                filters.append(try read(reader.content(field), depth: depth + 1))
            } catch {
                throw error.within("[\(filters.count)]")
            }
        }
        return filters
    }

    private mutating func readComparison(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RecordFilter {
        var reader = MessageReader(message, Self.comparison)
        var name: UnsafeRawBufferPointer?
        var kind: UInt64 = 0
        var content: UnsafeRawBufferPointer?
        while let field = try reader.next() {
            switch field.number {
            case 1: name = reader.content(field)
            case 2: kind = try reader.varint(field)
            default: content = reader.content(field)
            }
        }
        let position = try entity.position(ofNamed: name)
        guard let comparison = RecordFilter.Comparison(rawValue: kind) else {
            throw .invalid("operator \(kind) is none; write EQUAL (1) to GREATER_OR_EQUAL (6)")
        }
        return .comparison(position, comparison, try value(content, position))
    }

    private mutating func readAmong(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RecordFilter {
        // The field's name may stand behind the values, whose type it gives.
        var names = MessageReader(message, Self.among)
        var name: UnsafeRawBufferPointer?
        while let field = try names.next() {
            if field.number == 1 { name = names.content(field) }
        }
        let position = try entity.position(ofNamed: name)
        var reader = MessageReader(message, Self.among)
        var found: [RecordValue] = []
        while let field = try reader.next() {
            guard field.number == 2 else { continue }
            found.append(try value(reader.content(field), position))
        }
        guard !found.isEmpty else { throw .invalid("values is empty; write at least one") }
        return .among(position, found)
    }

    private func readIsNull(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RecordFilter {
        var reader = MessageReader(message, Self.isNull)
        let name = try reader.next().map(reader.content)
        _ = try reader.next()
        return .isNull(try entity.position(ofNamed: name))
    }

    private func readPrefix(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RecordFilter {
        var reader = MessageReader(message, Self.prefix)
        var name: UnsafeRawBufferPointer?
        var prefix = UnsafeRawBufferPointer(start: reader.base, count: 0)
        while let field = try reader.next() {
            if field.number == 1 { name = reader.content(field) } else { prefix = try reader.text(field) }
        }
        let position = try entity.position(ofNamed: name)
        guard entity.fields[position].type == .text else {
            throw .invalid("\(entity.fields[position].name) is not of type text; only text has a prefix")
        }
        return .prefix(position, prefix)
    }

    private mutating func value(_ content: UnsafeRawBufferPointer?, _ position: Int) throws(StoreFault) -> RecordValue {
        values += 1
        guard values <= RequestLimits.filterValues else {
            throw .invalid("a filter has at most \(RequestLimits.filterValues) values")
        }
        let field = entity.fields[position]
        guard field.type != .json else { throw .invalid("\(field.name) is JSON, which is not compared") }
        do throws(StoreFault) {
            let value = try content.map { content throws(StoreFault) in try RecordValue.read(content, field.type) }
            guard let value, !value.isNull else { throw .invalid("nothing compares with NULL; write is_null") }
            return value
        } catch {
            throw error.within(field.name)
        }
    }
}

extension RecordEntity {
    /// The position of a field that a request names; a fault says which names there are.
    func position(ofNamed name: UnsafeRawBufferPointer?) throws(StoreFault) -> Int {
        guard let name, !name.isEmpty else { throw .invalid("field is empty; write one of \(fieldNames)") }
        if let position = position(of: name) { return position }
        throw .invalid("\(self.name) has no field \(Self.shown(name)); write one of \(fieldNames)")
    }

    /// A request's text for a message to a person: cut, and only if it is harmless.
    static func shown(_ text: UnsafeRawBufferPointer) -> String {
        let cut = text.prefix(RequestLimits.textBytesInWords)
        guard cut.allSatisfy({ (0x20...0x7e).contains($0) }) else { return "of \(text.count) bytes" }
        return "\"\(String(decoding: cut, as: UTF8.self))\"" + (cut.count < text.count ? "…" : "")
    }
}
