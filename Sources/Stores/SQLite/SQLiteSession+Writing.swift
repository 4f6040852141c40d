import WireFormat

/// Every write reads the present record, checks what the request says of it, and writes, in one transaction.
extension SQLiteSession {
    func insert(_ request: RecordRequest) throws(StoreFault) -> [UInt8] {
        let row = try newRow(request)
        return try transaction { () throws(StoreFault) in
            guard try present(request.key, grayKey: nil) == nil else { throw alreadyExists }
            return try insert(row, key: request.key)
        }
    }

    func update(_ request: RecordRequest) throws(StoreFault) -> [UInt8] {
        let assignments = try assignments(request, counts: true)
        return try transaction { () throws(StoreFault) in
            let record = try existing(request)
            try checkVersion(record, request)
            return try update(assignments, key: request.key)
        }
    }

    func upsert(_ request: RecordRequest, _ ifAbsent: StoreFault?) throws(StoreFault) -> [UInt8] {
        let row = try newRow(request)
        let assignments = try assignments(request, counts: true)
        return try transaction { () throws(StoreFault) in
            guard let record = try present(request.key, grayKey: request.grayKey) else {
                if let ifAbsent { throw ifAbsent }
                return try insert(row, key: request.key)
            }
            if record.hasOtherGrayKey { throw Self.otherGrayKey }
            if assignments.isEmpty { return Self.response(record.content) }
            return try update(assignments, key: request.key)
        }
    }

    func delete(_ request: RecordRequest) throws(StoreFault) -> [UInt8] {
        try transaction { () throws(StoreFault) in
            let record = try existing(request)
            try checkVersion(record, request)
            return try delete(record, key: request.key)
        }
    }

    func put(_ record: RecordRequest, _ mode: PutMode, _ condition: StoreCondition) throws(StoreFault) -> [UInt8] {
        try checkIsWhole(record)
        var row = try columnValues(record, version: .given)
        try appendConstants(to: &row)
        let assignments = try assignments(record, counts: false)
        return try transaction { () throws(StoreFault) in
            let present = try present(record.key, grayKey: nil)
            try check(present, condition)
            guard let present else {
                if mode == .overwriteExisting { throw notFound }
                return try insert(row, key: record.key)
            }
            if mode == .insertIfAbsent { throw alreadyExists }
            if assignments.isEmpty { return Self.response(present.content) }
            return try update(assignments, key: record.key)
        }
    }

    func remove(_ record: RecordRequest, _ condition: StoreCondition) throws(StoreFault) -> [UInt8] {
        try transaction { () throws(StoreFault) in
            let present = try present(record.key, grayKey: nil)
            try check(present, condition)
            guard let present else { throw notFound }
            return try delete(present, key: record.key)
        }
    }
}

extension SQLiteSession {
    /// A column and what is written into it.
    typealias Assignment = (column: String, value: SQLiteParameter)

    private enum VersionRule {
        case first
        /// As the record says; NULL if it says none.
        case given
    }

    private var notFound: StoreFault { StoreFault(.notFound, entity.notFound) }
    private var alreadyExists: StoreFault { StoreFault(.alreadyExists, "\(entity.name) has this record already") }

    private func checkVersion(_ record: PresentRecord, _ request: RecordRequest) throws(StoreFault) {
        guard let expected = request.expectedVersion, record.version != expected else { return }
        let found = record.version.map { "\($0)" } ?? "NULL"
        throw StoreFault(.aborted, "the record has version \(found), not \(expected): read it again")
    }

    private func check(_ present: PresentRecord?, _ condition: StoreCondition) throws(StoreFault) {
        switch condition {
        case .none: return
        case .absent where present == nil: return
        case .equal(let content) where present?.content == content: return
        case .absent, .equal: throw StoreFault(.aborted, "the record is not what was expected: read it again")
        }
    }

    private func checkIsWhole(_ record: RecordRequest) throws(StoreFault) {
        let given = Set(record.fields.map(\.field))
        guard let missing = entity.others.first(where: { !given.contains($0) }) else { return }
        throw .invalid("\(entity.fields[missing].name) is missing; a record is written whole").within("fields")
    }

    private func newRow(_ request: RecordRequest) throws(StoreFault) -> [Assignment] {
        var row = try columnValues(request, version: .first)
        try appendConstants(to: &row)
        return row
    }

    private func columnValues(_ request: RecordRequest, version: VersionRule) throws(StoreFault) -> [Assignment] {
        var row: [Assignment] = []
        for (part, field) in entity.key.enumerated() {
            row.append(try assignment(field, request.key[part], "key.parts[\(part)]"))
        }
        if !entity.key.contains(entity.grayKey) { row.append(try grayKeyAssignment(request.grayKey)) }
        for (field, value) in request.fields { row.append(try assignment(field, value, "fields")) }
        if let field = entity.version {
            let number = version == .first ? 1 : request.expectedVersion
            row.append((table.columns[field], number.map { .integer($0) } ?? .null))
        }
        return row
    }

    /// - Parameter counts: whether the version goes up by one; else it is what the record says.
    private func assignments(_ request: RecordRequest, counts: Bool) throws(StoreFault) -> [Assignment] {
        var assignments: [Assignment] = []
        for (field, value) in request.fields { assignments.append(try assignment(field, value, "changes")) }
        if counts, let grayKey = request.newGrayKey {
            assignments.append(try assignment(entity.grayKey, grayKey, "new_gray_key"))
        } else if !counts, !entity.key.contains(entity.grayKey) {
            assignments.append(try grayKeyAssignment(request.grayKey))
        }
        if !counts, let field = entity.version {
            assignments.append((table.columns[field], request.expectedVersion.map { .integer($0) } ?? .null))
        }
        return assignments
    }

    private func grayKeyAssignment(_ grayKey: RecordValue?) throws(StoreFault) -> Assignment {
        if let grayKey { return try assignment(entity.grayKey, grayKey, "gray_key") }
        let field = entity.fields[entity.grayKey]
        guard field.isNullable else {
            throw .invalid("it is missing; write the record's \(field.name)").within("gray_key")
        }
        return (table.columns[entity.grayKey], .null)
    }

    private func assignment(_ field: Int, _ value: RecordValue, _ part: String) throws(StoreFault) -> Assignment {
        if value.isNull { return (table.columns[field], .null) }
        guard case .exact(let parameter) = ColumnFit(value, table.storage(field)) else {
            throw .invalid("the column cannot hold this value exactly: it is finer or larger than what is stored")
                .within(entity.fields[field].name).within(part)
        }
        return (table.columns[field], parameter)
    }

    private func appendConstants(to row: inout [Assignment]) throws(StoreFault) {
        for constant in table.configuration.constants {
            let value: SQLiteParameter =
                switch constant.value {
                case .null: .null
                case .bool(let value): .integer(value ? 1 : 0)
                case .integer(let value): .integer(value)
                case .real(let value): .real(value)
                case .text(let text): .ownText(Array(text.utf8))
                }
            row.append((SQLiteTable.quoted(constant.column), value))
        }
    }
}

extension SQLiteSession {
    private func insert(_ row: [Assignment], key: [RecordValue]) throws(StoreFault) -> [UInt8] {
        let columns = row.map(\.column).joined(separator: ", ")
        let marks = repeatElement("?", count: row.count).joined(separator: ", ")
        let sql = "INSERT\(orAbort) INTO \(table.name) (\(columns)) VALUES (\(marks))"
        return try written(sql, row.map(\.value), key: key)
    }

    private func update(_ assignments: [Assignment], key: [RecordValue]) throws(StoreFault) -> [UInt8] {
        var changes = assignments.map { "\($0.column) = ?" }
        if let field = entity.version, !assignments.contains(where: { $0.column == table.columns[field] }) {
            changes.append("\(table.columns[field]) = coalesce(\(table.columns[field]), 0) + 1")
        }
        let sql = "UPDATE\(orAbort) \(table.name) SET \(changes.joined(separator: ", ")) WHERE \(table.keyCondition)"
        return try written(sql, assignments.map(\.value) + (keyParameters(key) ?? []), key: key)
    }

    /// What a constraint refuses is refused, whatever its own ON CONFLICT says; triggers would have to obey this too.
    private var orAbort: String { table.hasTriggers ? "" : " OR ABORT" }

    private func delete(_ record: PresentRecord, key: [RecordValue]) throws(StoreFault) -> [UInt8] {
        try run(table.deleteByKey, keyParameters(key) ?? [])
        if table.hasTriggers, try present(key, grayKey: nil) != nil { throw lost }
        return Self.response(record.content)
    }

    /// Runs a write of one row and answers with the row as it is then.
    private func written(
        _ sql: String, _ parameters: [SQLiteParameter], key: [RecordValue]
    ) throws(StoreFault) -> [UInt8] {
        guard !table.hasTriggers else {
            try run(sql, parameters)
            // A trigger's `raise(ignore)` leaves the row as it was. What triggers change themselves is not counted.
            guard changedRows > 0 else { throw lost }
            return try writtenRow(table.selectByKey, keyParameters(key) ?? [])
        }
        return try writtenRow(sql + " RETURNING " + table.columnList, parameters)
    }

    private func writtenRow(_ sql: String, _ parameters: [SQLiteParameter]) throws(StoreFault) -> [UInt8] {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(parameters)
        guard try statement.step() else { throw lost }
        let record = try record(at: statement, grayKey: nil)
        if let follower { try checkFits(SQLiteRow(handle: statement.handle, table: table), follower) }
        try statement.finish()
        return Self.response(record.content)
    }

    /// What one side alone could keep is written on neither.
    private func checkFits(_ row: SQLiteRow, _ follower: any Store) throws(StoreFault) {
        let (configuration, columns) = (follower.configuration, follower.columns)
        for field in entity.fields.indices where field != entity.version {
            let value = try row.value(field)
            let storage = configuration.columns[field].storage
            guard let misfit = columns[field].misfit(of: value, stored: storage) else { continue }
            throw .misfit(entity.fields[field].name, configuration.table, misfit == .null)
        }
    }

    /// A trigger of the table has undone the write, or moved the record.
    private var lost: StoreFault {
        StoreFault(.failedPrecondition, "the table did not keep the write: one of its triggers undoes it")
    }
}
