import EventLoop
import Migration

/// Reads a sample of one side's rows through the mapping: the first and the last by the record key. What cannot be
/// read, and
/// what could not be carried to the other side, is told with the keys of the first such rows.
struct SQLiteSample {
    static let rowsAtEachEnd = 2_000
    static let nanosecondsAtMost: UInt64 = 2_000_000_000

    private enum Kind: Hashable {
        case unreadable(String)
        case null
        case noGrayKey
        case nullOnOther
        case misfit
    }

    private struct Group: Hashable {
        let field: Int
        let kind: Kind
    }

    /// What was found of one kind in one column.
    private struct Rows {
        static let keysAtMost = 3

        var count = 0
        var keys: [String] = []

        mutating func add(_ key: @autoclosure () -> String) {
            count += 1
            if keys.count < Self.keysAtMost { keys.append(key()) }
        }
    }

    private let own: SQLiteInspection.Side
    private let other: SQLiteInspection.Side

    init(of own: SQLiteInspection.Side, other: SQLiteInspection.Side) {
        self.own = own
        self.other = other
    }

    private var entity: RecordEntity { own.table.entity }

    func findings() -> [StoreFinding] {
        var groups: [Group: Rows] = [:]
        var looked = 0
        own.session.limit(until: MonotonicClock.nanoseconds &+ Self.nanosecondsAtMost)
        for direction in ["ASC", "DESC"] where looked == 0 || looked == Self.rowsAtEachEnd {
            do throws(StoreFault) {
                try read(direction, &groups, &looked)
            } catch {
                // Time is up, or the table is in use: what was read is told.
                break
            }
        }
        let sorted = groups.sorted { ($0.key.field, "\($0.key.kind)") < ($1.key.field, "\($1.key.kind)") }
        return sorted.map { finding($0.key, $0.value, of: looked) }
    }

    private func read(_ direction: String, _ groups: inout [Group: Rows], _ looked: inout Int) throws(StoreFault) {
        let order = entity.key.map { "\(own.table.comparands[$0]) \(direction)" }.joined(separator: ", ")
        let sql = "SELECT \(own.table.columnList) FROM \(own.table.name) ORDER BY \(order) LIMIT \(Self.rowsAtEachEnd)"
        let statement = try own.session.statement(sql)
        defer { statement.reset() }
        while try statement.step() {
            looked += 1
            let row = SQLiteRow(handle: statement.handle, table: own.table)
            for field in entity.fields.indices {
                guard let kind = fault(of: field, row) else { continue }
                groups[Group(field: field, kind: kind), default: Rows()].add(row.keyText)
            }
        }
    }

    private func fault(of field: Int, _ row: SQLiteRow) -> Kind? {
        let value: RecordValue
        do throws(StoreFault) {
            value = try row.value(field)
        } catch {
            return .unreadable(row.kindText(field))
        }
        if value.isNull {
            if !entity.fields[field].isNullable, field != entity.version { return .null }
            if other.table.isNeverNull(field) { return .nullOnOther }
            return field == entity.grayKey ? .noGrayKey : nil
        }
        if case .exact = ColumnFit(value, other.table.storage(field)) { return nil }
        return .misfit
    }

    private func finding(_ group: Group, _ rows: Rows, of looked: Int) -> StoreFinding {
        let field = entity.fields[group.field]
        let column = own.column(group.field)
        let rowsText = "\(rows.count) of \(looked) rows looked at, first \(rows.keys.joined(separator: "; "))"
        let others = "column \(other.column(group.field)) of \(other.side.name)'s table \(other.name)"
        switch group.kind {
        case .unreadable(let found):
            return own.finding(
                .error,
                "column \(column) has \(found) that is no \(field.type.name) as the configuration declares it "
                    + "(\(rowsText)); "
                    + "calls that meet such a row fail. Correct the rows, or the field's type or stored")
        case .null where group.field == entity.grayKey:
            return own.finding(
                .error,
                "column \(column), the gray key, is NULL, and field \(field.name) is not nullable (\(rowsText)); give "
                    + "the rows "
                    + "a gray key, or write nullable: on: then they stay at stage old until every key is enrolled")
        case .noGrayKey:
            return own.finding(
                .warning,
                "column \(column), the gray key, is NULL (\(rowsText)); such records stay at stage old until every key "
                    + "is "
                    + "enrolled, and move with the total switch")
        case .null:
            return own.finding(
                .error,
                "column \(column) is NULL, and field \(field.name) is not nullable (\(rowsText)); give the rows a "
                    + "value, or "
                    + "write nullable: on")
        case .nullOnOther:
            return own.finding(
                .error,
                "column \(column) is NULL, and \(others) takes no NULL (\(rowsText)); such a record cannot be written "
                    + "there"
            )
        case .misfit:
            return own.finding(
                .error,
                "column \(column) has values that \(others) cannot hold: it holds "
                    + "\(other.table.storage(group.field).precision) (\(rowsText)); such a record "
                    + "cannot be written there"
            )
        }
    }
}
