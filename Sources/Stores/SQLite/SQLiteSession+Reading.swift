import WireFormat

extension SQLiteSession {
    /// The present record, read by its key.
    struct PresentRecord {
        /// The fields of a Record.
        let content: [UInt8]
        let hasOtherGrayKey: Bool
        let version: Int64?
    }

    func get(_ request: RecordRequest) throws(StoreFault) -> [UInt8] {
        let record = try existing(request)
        return Self.response(record.content)
    }

    func getMany(_ request: (keys: [[RecordValue]], grayKey: RecordValue?)) throws(StoreFault) -> [UInt8] {
        try transaction("BEGIN") { () throws(StoreFault) in
            var writer = MessageWriter()
            for (index, key) in request.keys.enumerated() {
                try within("keys[\(index)]") { () throws(StoreFault) in
                    guard let record = try present(key, grayKey: request.grayKey) else { return }
                    if record.hasOtherGrayKey { throw Self.otherGrayKey }
                    writer.field(1, record.content)
                }
            }
            return writer.bytes
        }
    }

    func query(_ request: QueryRequest) throws(StoreFault) -> [UInt8] {
        var conditions = SQLiteConditions(table)
        if let filter = request.filter { try conditions.append(filter) }
        if let grayKey = request.grayKey { try conditions.append(.comparison(entity.grayKey, .equal, grayKey)) }
        try conditions.checkOrder(request.order)
        if let after = request.after {
            conditions.appendAfter(try RequestReader(entity).position(after: keep(after), request.order, keep: keep))
        }
        conditions.appendOrder(request.order)
        conditions.appendLimit(request.limit + 1)
        let statement = try statement(conditions.select)
        defer { statement.reset() }
        try statement.bind(conditions.parameters)
        return try page(statement, request)
    }

    /// The record of a request, which must exist and have its gray key, if the request gives one.
    func existing(_ request: RecordRequest) throws(StoreFault) -> PresentRecord {
        guard let record = try present(request.key, grayKey: request.grayKey) else {
            throw StoreFault(.notFound, entity.notFound)
        }
        if record.hasOtherGrayKey { throw Self.otherGrayKey }
        return record
    }

    func present(_ key: [RecordValue], grayKey: RecordValue?) throws(StoreFault) -> PresentRecord? {
        guard let parameters = keyParameters(key) else { return nil }
        let statement = try statement(table.selectByKey)
        defer { statement.reset() }
        try statement.bind(parameters)
        guard try statement.step() else { return nil }
        return try record(at: statement, grayKey: grayKey)
    }

    func record(at statement: PreparedStatement, grayKey: RecordValue?) throws(StoreFault) -> PresentRecord {
        let row = SQLiteRow(handle: statement.handle, table: table)
        var writer = MessageWriter()
        try row.write(to: &writer)
        var version: Int64?
        if let field = entity.version, case .int64(let number) = try row.value(field) { version = number }
        let isOther = try grayKey.map { grayKey throws(StoreFault) in try !row.value(entity.grayKey).isEqual(grayKey) }
        return PresentRecord(content: writer.bytes, hasOtherGrayKey: isOther ?? false, version: version)
    }

    /// What a record key is in its columns; nil if they cannot hold it, so that there is no such record.
    func keyParameters(_ key: [RecordValue]) -> [SQLiteParameter]? {
        var parameters: [SQLiteParameter] = []
        for (field, value) in zip(entity.key, key) {
            guard case .exact(let parameter) = ColumnFit(value, table.storage(field)) else { return nil }
            parameters.append(parameter)
            guard case .uuidText(let format) = table.storage(field),
                case .exact(let other) = ColumnFit(value, .uuidText(format.otherCase))
            else { continue }
            parameters.append(other)
        }
        return parameters
    }

    /// A response message with the record as field 1.
    static func response(_ content: [UInt8]) -> [UInt8] {
        var writer = MessageWriter()
        writer.field(1, content)
        return writer.bytes
    }

    static let otherGrayKey = StoreFault(
        .failedPrecondition, "the record has another gray key than gray_key says; read it again")

    private func page(_ statement: PreparedStatement, _ request: QueryRequest) throws(StoreFault) -> [UInt8] {
        let row = SQLiteRow(handle: statement.handle, table: table)
        var writer = MessageWriter()
        var last: [UInt8] = []
        var count = 0
        while try statement.step() {
            if count == request.limit || writer.count > table.configuration.limits.pageBytes {
                writer.field(2, PageToken.encode(last, of: request.digest))
                break
            }
            let record = writer.open(1)
            try row.write(to: &writer)
            last = try row.sortKey(request.order)
            writer.field(5, last)
            writer.close(record)
            count += 1
        }
        return writer.bytes
    }
}
