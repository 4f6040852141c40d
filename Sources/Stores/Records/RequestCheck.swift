/// Whether both sides of a migration can do what a request says, decided before any side is asked: what is right at one
/// stage is right at every other, and a value that one side cannot hold is written to neither.
///
/// It looks at the request, the mappings and the tables as they are known to be, never at a record.
package struct RequestCheck: Sendable {
    private struct Side: Sendable {
        let name: String
        let configuration: StoreConfiguration
        let store: any Store

        init(_ name: String, _ store: any Store) {
            self.name = name
            configuration = store.configuration
            self.store = store
        }

        func isNeverNull(_ field: Int) -> Bool { store.columns[field].isNeverNull }
        func hasDefault(_ field: Int) -> Bool { store.columns[field].hasDefault }
        func type(_ field: Int) -> ValueType { configuration.entity.fields[field].type }
        func storage(_ field: Int) -> ColumnStorage { configuration.columns[field].storage }

        func column(_ field: Int) -> String {
            "column \(configuration.columns[field].name) of \(name)'s table \(configuration.table)"
        }
    }

    private let entity: RecordEntity
    private let sides: [Side]

    package init(old: any Store, new: any Store) {
        entity = old.configuration.entity
        sides = [Side("old", old), Side("new", new)]
    }

    /// Why the request is refused; nil when it is not.
    package func fault(of operation: StoreOperation, _ message: UnsafeRawBufferPointer) -> StoreFault? {
        do throws(StoreFault) {
            try check(operation, message)
            return nil
        } catch {
            return error
        }
    }

    /// What a store is asked for a request that has no fault: an upsert makes a record only where both sides can hold
    /// it.
    package func operation(_ operation: StoreOperation, _ message: UnsafeRawBufferPointer) -> StoreOperation {
        guard case .upsert = operation else { return operation }
        do throws(StoreFault) {
            try checkLeftOut(try RequestReader(entity).one(message, RequestReader.upsert))
            return .upsert(ifAbsent: nil)
        } catch {
            return .upsert(ifAbsent: error)
        }
    }

    private func check(_ operation: StoreOperation, _ message: UnsafeRawBufferPointer) throws(StoreFault) {
        let requests = RequestReader(entity)
        switch operation {
        case .get: _ = try requests.one(message, RequestReader.get)
        case .getMany: _ = try requests.many(message)
        case .query: try check(try requests.query(message), requests)
        case .insert:
            let request = try requests.one(message, RequestReader.insert)
            try checkWrite(request, "fields", namesRecord: true)
            try checkLeftOut(request)
        // What it leaves out matters where there is no such record: `operation(_:_:)`.
        case .upsert: try checkWrite(try requests.one(message, RequestReader.upsert), "fields", namesRecord: true)
        case .update: try checkWrite(try requests.one(message, RequestReader.update), "changes", namesRecord: false)
        case .delete: _ = try requests.one(message, RequestReader.delete)
        // The sidecar's own, made of what a side has answered.
        case .tryUpdate, .tryDelete, .put, .remove: break
        }
    }

    // MARK: - Queries

    private func check(_ request: QueryRequest, _ requests: RequestReader) throws(StoreFault) {
        if let filter = request.filter {
            try within("filter") { () throws(StoreFault) in try check(filter) }
        }
        for (index, part) in request.order.enumerated() {
            try within("order[\(index)]") { () throws(StoreFault) in try checkComparable(part.field) }
        }
        guard let after = request.after else { return }
        var memory = OperationMemory()
        let sortKey = memory.keep(after)
        _ = try requests.position(after: sortKey, request.order) { memory.keep($0) }
    }

    /// Recursion ends with the filter, which has `RequestLimits.filterDepth` levels.
    private func check(_ filter: RecordFilter) throws(StoreFault) {
        switch filter {
        case .all(let filters), .any(let filters): for filter in filters { try check(filter) }
        case .negated(let filter): try check(filter)
        case .comparison(let field, _, _), .among(let field, _): try checkComparable(field)
        case .isNull, .prefix: break
        }
    }

    private func checkComparable(_ field: Int) throws(StoreFault) {
        for side in sides where side.type(field) == .decimal && side.storage(field) == .text {
            throw .invalid(
                "\(entity.fields[field].name) is neither compared nor ordered: \(side.column(field)) stores it as "
                    + "text, "
                    + "whose order is not that of the numbers; a column of integers or floats with a scale has it")
        }
    }

    // MARK: - Writes

    private func checkWrite(
        _ request: RecordRequest, _ part: String, namesRecord: Bool
    ) throws(StoreFault) {
        for (index, field) in entity.key.enumerated() where namesRecord {
            try check(request.key[index], field, "key.parts[\(index)]")
        }
        if namesRecord, let grayKey = request.grayKey, !entity.key.contains(entity.grayKey) {
            try check(grayKey, entity.grayKey, "gray_key")
        }
        if let grayKey = request.newGrayKey { try check(grayKey, entity.grayKey, "new_gray_key") }
        for (index, (field, value)) in request.fields.enumerated() { try check(value, field, "\(part)[\(index)]") }
    }

    private func check(_ value: RecordValue, _ field: Int, _ part: String) throws(StoreFault) {
        for side in sides {
            guard let words = misfit(value, field, side) else { continue }
            throw .invalid(words).within(entity.fields[field].name).within(part)
        }
    }

    private func misfit(_ value: RecordValue, _ field: Int, _ side: Side) -> String? {
        switch side.store.columns[field].misfit(of: value, stored: side.storage(field)) {
        case nil: nil
        case .null: "\(side.column(field)) takes no NULL"
        case .finer: "\(side.column(field)) holds \(side.storage(field).precision), and the value is finer"
        case .outOfRange: "\(side.column(field)) cannot hold a value of this size"
        }
    }

    /// What a new record does not say is NULL, or its column's default, on the side that has it first, and is carried
    /// to the other as it is.
    private func checkLeftOut(_ request: RecordRequest) throws(StoreFault) {
        let given = Set(request.fields.map(\.field))
        for field in entity.others where !given.contains(field) {
            guard sides.contains(where: { !$0.hasDefault(field) }),
                let side = sides.first(where: { $0.isNeverNull(field) })
            else { continue }
            throw StoreFault.invalid("it must be given: \(side.column(field)) takes no NULL")
                .within(entity.fields[field].name).within("fields")
        }
    }
}

extension ColumnStorage {
    /// How fine the values of a column are, for a person.
    var precision: String {
        switch self {
        case .scaled(let scale), .real(let scale):
            scale == 1 ? "1 digit after the point" : "\(scale) digits after the point"
        case .seconds: "whole seconds"
        case .milliseconds: "whole milliseconds"
        case .formatted(let format): format.precision
        case .plain, .microseconds, .text, .uuidText: "values of its own form"
        }
    }
}

extension TimestampFormat {
    fileprivate var precision: String {
        if isDate { return "whole days" }
        return fractionDigits == 0 ? "whole seconds" : "\(fractionDigits) digits of a second's fraction"
    }
}
