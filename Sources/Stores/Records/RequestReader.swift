import WireFormat

/// Reads the Records service's requests for one entity.
struct RequestReader {
    private let entity: RecordEntity

    init(_ entity: RecordEntity) { self.entity = entity }

    private static let key = MessageShape(
        name: "Key", lengths: MessageShape.numbers(1), repeated: MessageShape.numbers(1))
    private static let field = MessageShape(name: "Field", lengths: MessageShape.numbers(1, 2))
    private static let order = MessageShape(
        name: "Order", varints: MessageShape.numbers(2), lengths: MessageShape.numbers(1))
    private static let getMany = MessageShape(
        name: "GetManyRequest", lengths: MessageShape.numbers(1, 2, 3), repeated: MessageShape.numbers(2))
    private static let query = MessageShape(
        name: "QueryRequest", varints: MessageShape.numbers(5), lengths: MessageShape.numbers(1, 2, 3, 4, 6),
        repeated: MessageShape.numbers(4))
    private static let record = MessageShape(
        name: "Record", varints: MessageShape.numbers(4), lengths: MessageShape.numbers(1, 2, 3, 5),
        repeated: MessageShape.numbers(3))

    static let get = MessageShape(name: "GetRequest", lengths: MessageShape.numbers(1, 2, 3))
    static let insert = MessageShape(
        name: "InsertRequest", lengths: MessageShape.numbers(1, 2, 3, 4), repeated: MessageShape.numbers(4),
        kind: .makes)
    static let update = MessageShape(
        name: "UpdateRequest", varints: MessageShape.numbers(5), lengths: MessageShape.numbers(1, 2, 3, 4, 6),
        repeated: MessageShape.numbers(4), kind: .changes)
    static let upsert = MessageShape(
        name: "UpsertRequest", lengths: MessageShape.numbers(1, 2, 3, 4), repeated: MessageShape.numbers(4),
        kind: .makes)
    static let delete = MessageShape(
        name: "DeleteRequest", varints: MessageShape.numbers(5), lengths: MessageShape.numbers(1, 2, 3))

    /// Reads a request about one record, of one of the shapes above, and checks what it says as a whole.
    func one(_ message: UnsafeRawBufferPointer, _ shape: MessageShape) throws(StoreFault) -> RecordRequest {
        var request = RecordRequest()
        var reader = MessageReader(message, shape)
        var names = FieldNames(word: shape.varints == 0 ? "fields" : "changes")
        var isNamed = false
        while let field = try reader.next() {
            switch field.number {
            case 1: isNamed = try isEntity(reader.content(field))
            case 2: request.key = try key(reader.content(field), "key")
            case 3: request.grayKey = try grayKey(reader.content(field), "gray_key")
            case 4: request.fields.append(try names.read(reader.content(field), self))
            case 5: request.expectedVersion = Int64(bitPattern: try reader.varint(field))
            default: request.newGrayKey = try grayKey(reader.content(field), "new_gray_key")
            }
        }
        try require(isNamed, request.key)
        if request.expectedVersion != nil, entity.version == nil {
            throw .invalid("\(entity.name) has no version; the configuration may name a field (version:)")
                .within("expected_version")
        }
        try RequestRules(entity: entity).check(request, shape)
        return request
    }

    /// Reads a whole record; fields that it does not name are left out of the result.
    func record(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RecordRequest {
        var request = RecordRequest()
        var reader = MessageReader(message, Self.record)
        var names = FieldNames(word: "fields")
        while let field = try reader.next() {
            switch field.number {
            case 1: request.key = try key(reader.content(field), "key")
            case 2: request.grayKey = try grayKey(reader.content(field), "gray_key")
            case 3: request.fields.append(try names.read(reader.content(field), self))
            case 4: request.expectedVersion = Int64(bitPattern: try reader.varint(field))
            default: break
            }
        }
        try require(true, request.key)
        try RequestRules(entity: entity).checkGrayKey(request.grayKey, of: request.key)
        return request
    }

    func many(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> (keys: [[RecordValue]], grayKey: RecordValue?) {
        var keys: [[RecordValue]] = []
        var gray: RecordValue?
        var isNamed = false
        var reader = MessageReader(message, Self.getMany)
        while let field = try reader.next() {
            switch field.number {
            case 1: isNamed = try isEntity(reader.content(field))
            case 2: keys.append(try key(reader.content(field), "keys[\(keys.count)]"))
            default: gray = try grayKey(reader.content(field), "gray_key")
            }
            guard keys.count <= RequestLimits.keys else {
                throw .invalid("at most \(RequestLimits.keys) keys can be asked for at once").within("keys")
            }
        }
        if !isNamed { _ = try isEntity(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let rules = RequestRules(entity: entity)
        try rules.checkLength(of: [gray].compactMap { $0 }, "gray_key")
        for (index, key) in keys.enumerated() {
            try rules.checkLength(of: key, "keys[\(index)]")
            try rules.checkGrayKey(gray, of: key)
        }
        return (keys, gray)
    }

    func query(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> QueryRequest {
        var request = QueryRequest(digest: try digest(message))
        var isNamed = false
        var token: UnsafeRawBufferPointer?
        var reader = MessageReader(message, Self.query)
        while let field = try reader.next() {
            switch field.number {
            case 1: isNamed = try isEntity(reader.content(field))
            case 2: request.filter = try filter(reader.content(field))
            case 3: request.grayKey = try grayKey(reader.content(field), "gray_key")
            case 4: request.order.append(try order(reader.content(field), request.order))
            case 5: request.limit = try limit(try reader.varint(field))
            default: token = reader.content(field)
            }
        }
        if !isNamed { _ = try isEntity(UnsafeRawBufferPointer(start: nil, count: 0)) }
        try RequestRules(entity: entity).checkLength(of: [request.grayKey].compactMap { $0 }, "gray_key")
        if let token, !token.isEmpty { request.after = try sortKey(of: token, request.digest) }
        return request
    }

    private func digest(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> RequestDigest {
        do throws(RowFault) {
            return try RequestDigest(of: message, withoutLimit: 5, withoutToken: 6)
        } catch {
            throw .invalid("QueryRequest is not well-formed at byte \(error.offset)")
        }
    }

    /// A merge's position of a record is its sort key, so that it does not matter who made the token.
    private func sortKey(of token: UnsafeRawBufferPointer, _ digest: RequestDigest) throws(StoreFault) -> [UInt8] {
        guard let sortKey = PageToken.position(in: token, of: digest) else {
            throw StoreFault.invalid("it was not made for this query: begin again without it", .pageToken)
                .within("page_token")
        }
        return sortKey
    }

    private static let alteredToken = StoreFault.invalid("it was altered: begin again without it", .pageToken)
        .within("page_token")

    /// The values after which a page begins, in the query's order, the record key last.
    ///
    /// - Parameter keep: see `SortKeyReader.next`.
    func position(
        after sortKey: UnsafeRawBufferPointer, _ order: [RecordOrder], keep: ([UInt8]) -> UnsafeRawBufferPointer
    ) throws(StoreFault) -> [(order: RecordOrder, value: RecordValue)] {
        var reader = SortKeyReader(sortKey)
        var position: [(order: RecordOrder, value: RecordValue)] = []
        for part in order + entity.key.map({ RecordOrder(field: $0, isDescending: false) }) {
            let type = entity.fields[part.field].type
            guard let value = reader.next(type, isDescending: part.isDescending, keep: keep) else {
                throw Self.alteredToken
            }
            position.append((part, value))
        }
        guard reader.isAtEnd else { throw Self.alteredToken }
        return position
    }

    private func isEntity(_ name: UnsafeRawBufferPointer) throws(StoreFault) -> Bool {
        guard entity.name.utf8.count == name.count, entity.name.utf8.elementsEqual(name) else {
            let found = name.isEmpty ? "it is empty" : "there is no entity \(RecordEntity.shown(name)) here"
            throw .invalid("\(found); write \(entity.name)").within("entity")
        }
        return true
    }

    private func require(_ isNamed: Bool, _ key: [RecordValue]) throws(StoreFault) {
        if !isNamed { _ = try isEntity(UnsafeRawBufferPointer(start: nil, count: 0)) }
        guard !key.isEmpty else { throw StoreFault.invalid("it is missing; \(keyAdvice)", .missingKey).within("key") }
    }

    private func key(
        _ message: UnsafeRawBufferPointer, _ part: @autoclosure () -> String
    ) throws(StoreFault) -> [RecordValue] {
        try within(part()) { () throws(StoreFault) in
            var parts: [RecordValue] = []
            var reader = MessageReader(message, Self.key)
            while let field = try reader.next() {
                guard parts.count < entity.key.count else { throw .invalid("it has too many parts; \(keyAdvice)") }
                parts.append(try keyPart(reader.content(field), parts.count))
            }
            guard parts.count == entity.key.count else {
                throw .invalid("it has \(parts.count) of \(entity.key.count) parts; \(keyAdvice)")
            }
            return parts
        }
    }

    private func keyPart(_ content: UnsafeRawBufferPointer, _ part: Int) throws(StoreFault) -> RecordValue {
        try within("parts[\(part)]") { () throws(StoreFault) in
            let value = try RecordValue.read(content, entity.fields[entity.key[part]].type)
            guard !value.isNull else { throw .invalid("a part of a key is never NULL; \(keyAdvice)") }
            return value
        }
    }

    private var keyAdvice: String {
        let parts = entity.key.map { "\(entity.fields[$0].name) (\(entity.fields[$0].type.name))" }
        return "write the record key: \(parts.joined(separator: ", "))"
    }

    private func grayKey(_ content: UnsafeRawBufferPointer, _ part: String) throws(StoreFault) -> RecordValue? {
        try within(part) { () throws(StoreFault) in
            let value = try RecordValue.read(content, entity.fields[entity.grayKey].type)
            return value.isNull ? nil : value
        }
    }

    private func filter(_ content: UnsafeRawBufferPointer) throws(StoreFault) -> RecordFilter {
        try within("filter") { () throws(StoreFault) in
            var reader = FilterReader(entity)
            return try reader.read(content)
        }
    }

    private func order(_ message: UnsafeRawBufferPointer, _ before: [RecordOrder]) throws(StoreFault) -> RecordOrder {
        try within("order[\(before.count)]") { () throws(StoreFault) in
            guard before.count < RequestLimits.orderFields else {
                throw .invalid("an order has at most \(RequestLimits.orderFields) fields")
            }
            var reader = MessageReader(message, Self.order)
            var name: UnsafeRawBufferPointer?
            var isDescending = false
            while let field = try reader.next() {
                if field.number == 1 {
                    name = reader.content(field)
                } else {
                    isDescending = try reader.varint(field) != 0
                }
            }
            let position = try entity.position(ofNamed: name)
            guard entity.fields[position].type != .json else {
                throw .invalid("\(entity.fields[position].name) is JSON, which has no order")
            }
            guard !before.contains(where: { $0.field == position }) else {
                throw .invalid("\(entity.fields[position].name) stands in the order already; write it once")
            }
            return RecordOrder(field: position, isDescending: isDescending)
        }
    }

    private func limit(_ number: UInt64) throws(StoreFault) -> Int {
        guard number <= RequestLimits.pageRecords else {
            throw .invalid("a page has at most \(RequestLimits.pageRecords) records").within("limit")
        }
        return number == 0 ? RequestLimits.defaultPageRecords : Int(number)
    }

    /// The fields of one record, each of which may be named once.
    private struct FieldNames {
        private let word: String
        private var named: Set<Int> = []
        private var count = 0

        init(word: String) { self.word = word }

        mutating func read(
            _ message: UnsafeRawBufferPointer, _ requests: RequestReader
        ) throws(StoreFault) -> (field: Int, value: RecordValue) {
            do throws(StoreFault) {
                let (position, value) = try requests.field(message)
                guard named.insert(position).inserted else {
                    throw .invalid("\(requests.entity.fields[position].name) is named twice; write it once")
                }
                count += 1
                return (position, value)
            } catch {
                throw error.within("\(word)[\(count)]")
            }
        }
    }

    private func field(_ message: UnsafeRawBufferPointer) throws(StoreFault) -> (Int, RecordValue) {
        var reader = MessageReader(message, Self.field)
        var name: UnsafeRawBufferPointer?
        var content = UnsafeRawBufferPointer(start: reader.base, count: 0)
        while let field = try reader.next() {
            if field.number == 1 { name = reader.content(field) } else { content = reader.content(field) }
        }
        let position = try entity.position(ofNamed: name)
        let field = entity.fields[position]
        try checkPlace(position)
        let value = try within(field.name) { () throws(StoreFault) in try RecordValue.read(content, field.type) }
        guard !value.isNull || field.isNullable else {
            throw .invalid("it cannot be NULL: the field is not nullable").within(field.name)
        }
        return (position, value)
    }

    /// Key, gray key and version have places of their own in a request.
    private func checkPlace(_ position: Int) throws(StoreFault) {
        let name = entity.fields[position].name
        if entity.key.contains(position) {
            throw .invalid("\(name) is a part of the record key, which stands in key and cannot be changed")
        }
        if position == entity.grayKey {
            throw .invalid("\(name) is the gray key; write it in gray_key, or to change it in new_gray_key")
        }
        if position == entity.version { throw .invalid("\(name) is the version, which the store counts itself") }
    }
}
