/// Builds a query's SELECT: names come from the configuration, values are parameters, and nothing of a request's text
/// gets into the SQL.
struct SQLiteConditions {
    private let table: SQLiteTable
    private var sql = ""
    private var conditionCount = 0
    private(set) var parameters: [SQLiteParameter] = []

    init(_ table: SQLiteTable) { self.table = table }

    var select: String { "SELECT \(table.columnList) FROM \(table.name)" + sql }

    /// Lets only records through for which the filter is true.
    mutating func append(_ filter: RecordFilter) throws(StoreFault) {
        do throws(StoreFault) {
            begin()
            try write(filter)
        } catch {
            throw error.within("filter")
        }
    }

    mutating func appendOrder(_ order: [RecordOrder]) {
        let named = order.map(\.field)
        let terms =
            order.map { table.comparands[$0.field] + ($0.isDescending ? " DESC" : "") }
            + table.entity.key.filter { !named.contains($0) }.map { table.comparands[$0] }
        sql += " ORDER BY \(terms.joined(separator: ", "))"
    }

    mutating func appendLimit(_ count: Int) {
        sql += " LIMIT ?"
        parameters.append(.integer(Int64(count)))
    }

    /// Refuses an order by what its column does not keep in order.
    func checkOrder(_ order: [RecordOrder]) throws(StoreFault) {
        for (index, part) in order.enumerated() {
            do throws(StoreFault) {
                try checkComparable(part.field)
            } catch {
                throw error.within("order[\(index)]")
            }
        }
    }

    private func checkComparable(_ field: Int) throws(StoreFault) {
        guard table.type(field) == .decimal, table.storage(field) == .text else { return }
        throw .invalid(
            "\(table.entity.fields[field].name) is stored as text, whose order is not that of the numbers, so it is "
                + "neither compared nor ordered; store it as an integer with a scale")
    }

    private mutating func begin() {
        sql += conditionCount == 0 ? " WHERE " : " AND "
        conditionCount += 1
    }

    /// Recursion ends with the filter, which has `RequestLimits.filterDepth` levels.
    private mutating func write(_ filter: RecordFilter) throws(StoreFault) {
        switch filter {
        case .all(let filters): try write(filters, joint: " AND ", empty: "1")
        case .any(let filters): try write(filters, joint: " OR ", empty: "0")
        case .negated(let filter):
            sql += "NOT "
            try write(.all([filter]))
        case .comparison(let field, let comparison, let value):
            try checkComparable(field)
            write(field, comparison, ColumnFit(value, table.storage(field)))
        case .among(let field, let values):
            try checkComparable(field)
            write(field, among: values)
        case .isNull(let field): sql += "\(table.comparands[field]) IS NULL"
        case .prefix(let field, let prefix): write(field, prefix: prefix)
        }
    }

    private mutating func write(_ filters: [RecordFilter], joint: String, empty: String) throws(StoreFault) {
        guard !filters.isEmpty else {
            sql += empty
            return
        }
        sql += "("
        for (index, filter) in filters.enumerated() {
            if index > 0 { sql += joint }
            try write(filter)
        }
        sql += ")"
    }

    private mutating func write(_ field: Int, _ comparison: RecordFilter.Comparison, _ fit: ColumnFit) {
        switch (fit, comparison) {
        case (.exact(let parameter), _): write(field, comparison.sql, parameter)
        case (.above, .equal): writeNever(field)
        case (.above, .notEqual): writeAlways(field)
        case (.above(let parameter), .less), (.above(let parameter), .lessOrEqual): write(field, "<=", parameter)
        case (.above(let parameter), .greater), (.above(let parameter), .greaterOrEqual): write(field, ">", parameter)
        case (.belowAll, .greater), (.belowAll, .greaterOrEqual), (.belowAll, .notEqual): writeAlways(field)
        case (.aboveAll, .less), (.aboveAll, .lessOrEqual), (.aboveAll, .notEqual): writeAlways(field)
        case (.belowAll, _), (.aboveAll, _): writeNever(field)
        }
    }

    private mutating func write(_ field: Int, among values: [RecordValue]) {
        var found: [SQLiteParameter] = values.compactMap { value in
            guard case .exact(let parameter) = ColumnFit(value, table.storage(field)) else { return nil }
            return parameter
        }
        guard let last = found.last else { return writeNever(field) }
        // Few shapes for many lengths, so that the statements kept are few.
        while found.count & (found.count - 1) != 0 { found.append(last) }
        let marks = repeatElement("?", count: found.count).joined(separator: ",")
        sql += "\(table.comparands[field]) IN (\(marks))"
        parameters += found
    }

    /// The texts from the prefix on, up to the first that is greater than all with it.
    private mutating func write(_ field: Int, prefix: UnsafeRawBufferPointer) {
        guard let last = prefix.last else { return writeAlways(field) }
        sql += "("
        write(field, ">=", .text(prefix))
        sql += " AND "
        // The last byte of UTF-8 is at most 0xF4.
        write(field, "<", .ownText(prefix.dropLast() + [last + 1]))
        sql += ")"
    }

    private mutating func write(_ field: Int, _ comparison: String, _ parameter: SQLiteParameter) {
        sql += "\(table.comparands[field]) \(comparison) ?"
        parameters.append(parameter)
    }

    /// False, or unknown where the field is NULL.
    private mutating func writeNever(_ field: Int) { sql += "\(table.columns[field]) <> \(table.columns[field])" }

    /// True, or unknown where the field is NULL.
    private mutating func writeAlways(_ field: Int) { sql += "\(table.columns[field]) = \(table.columns[field])" }
}

extension SQLiteConditions {
    /// Lets only records through that stand strictly after a position in the query's order, the record key last.
    mutating func appendAfter(_ position: [(order: RecordOrder, value: RecordValue)]) {
        begin()
        var terms: [Term] = []
        for part in position where !terms.contains(where: { $0.field == part.order.field }) {
            terms.append(Term(part.order, part.value, table))
        }
        if writeRowValue(terms) { return }
        // An index on the first field finds where to begin by this alone.
        if let first = terms.first, first.bounds {
            write(first.field, first.isDescending ? "<=" : ">=", first.parameter)
            sql += " AND "
        }
        write(after: terms[...])
    }

    /// What comes after one value in the order.
    private struct Term {
        let field: Int
        let isDescending: Bool
        let fit: ColumnFit
        let isNull: Bool
        let canBeNull: Bool

        init(_ order: RecordOrder, _ value: RecordValue, _ table: SQLiteTable) {
            field = order.field
            isDescending = order.isDescending
            fit = ColumnFit(value, table.storage(order.field))
            isNull = value.isNull
            canBeNull = !table.isNeverNull(order.field)
        }

        var parameter: SQLiteParameter {
            if case .exact(let parameter) = fit { return parameter }
            return .null
        }

        var isExact: Bool {
            if case .exact = fit { return true }
            return false
        }

        /// Whether "at or after the value" is one comparison.
        var bounds: Bool { isExact && !isNull && (!isDescending || !canBeNull) }
    }

    /// `(a, b) > (?, ?)`, which an index on both serves best, where it says the same.
    private mutating func writeRowValue(_ terms: [Term]) -> Bool {
        guard terms.allSatisfy({ $0.isExact && !$0.isNull && !$0.isDescending }) else { return false }
        let names = terms.map { table.comparands[$0.field] }.joined(separator: ", ")
        let marks = repeatElement("?", count: terms.count).joined(separator: ", ")
        sql += "(\(names)) > (\(marks))"
        parameters += terms.map(\.parameter)
        return true
    }

    /// Recursion ends with the terms: an order's fields and a record key's parts.
    private mutating func write(after terms: ArraySlice<Term>) {
        guard let term = terms.first else {
            sql += "0"
            return
        }
        sql += "("
        writeStrictly(after: term)
        if term.isExact, terms.count > 1 {
            sql += " OR (\(table.comparands[term.field]) IS ? AND "
            parameters.append(term.parameter)
            write(after: terms.dropFirst())
            sql += ")"
        }
        sql += ")"
    }

    private mutating func writeStrictly(after term: Term) {
        let column = table.comparands[term.field]
        if term.isNull {
            sql += term.isDescending ? "0" : "\(column) IS NOT NULL"
            return
        }
        switch (term.fit, term.isDescending) {
        case (.exact(let parameter), false), (.above(let parameter), false): write(term.field, ">", parameter)
        case (.exact(let parameter), true): write(term.field, "<", parameter)
        case (.above(let parameter), true): write(term.field, "<=", parameter)
        case (.belowAll, false): sql += "\(column) IS NOT NULL"
        case (.aboveAll, true): sql += "\(column) IS NOT NULL"
        case (.aboveAll, false), (.belowAll, true): sql += "0"
        }
        // Descending, NULL comes last.
        if term.isDescending, term.canBeNull { sql += " OR \(column) IS NULL" }
    }
}

extension RecordFilter.Comparison {
    fileprivate var sql: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }
}
