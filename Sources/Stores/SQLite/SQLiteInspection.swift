import EventLoop
import GRDB
import Glibc
package import Migration

/// A look into both databases of a migration: whether they are what the configuration says, and what will fail, or be
/// silently different, once records are on both sides. Nothing is changed, and it ends soon however large the tables
/// are.
package struct SQLiteInspection {
    /// One side, opened to be read.
    struct Side {
        let side: Migration.Side
        let session: SQLiteSession
        let facts: SQLiteTableFacts

        var table: SQLiteTable { session.table }
        var name: String { table.configuration.table }

        func column(_ field: Int) -> String { table.configuration.columns[field].name }

        func finding(_ weight: StoreFinding.Weight, _ words: String) -> StoreFinding {
            StoreFinding(weight, side, "table \(name): \(words)")
        }
    }

    private let configurations: [(side: Migration.Side, store: StoreConfiguration)]
    /// Sides that are not written any more.
    private let areRetired: [Migration.Side]

    package init(old: StoreConfiguration, new: StoreConfiguration, retired: [Migration.Side] = []) {
        configurations = [(.old, old), (.new, new)]
        areRetired = retired
    }

    package func findings() -> [StoreFinding] {
        var findings: [StoreFinding] = []
        var databases: [(side: Migration.Side, queue: DatabaseQueue, table: SQLiteTable)] = []
        for (side, store) in configurations {
            if !areRetired.contains(side) { findings += rights(side, store.path) }
            do {
                databases.append(
                    (side, try SQLiteSession.open(store, isReadOnly: true), try SQLiteStore.table(of: store)))
            } catch {
                findings.append(StoreFinding(.error, side, error.description))
            }
        }
        guard databases.count == 2 else { return findings }
        let (old, new) = (databases[0], databases[1])
        return findings
            + old.queue.inDatabase { oldDatabase in
                new.queue.inDatabase { newDatabase in
                    Self.look(into: [(.old, oldDatabase, old.table), (.new, newDatabase, new.table)])
                }
            }
    }

    private static func look(
        into databases: [(side: Migration.Side, database: Database, table: SQLiteTable)]
    ) -> [StoreFinding] {
        do {
            let sides = try databases.compactMap { side, database, table -> (Side, Database)? in
                guard let session = SQLiteSession(database, CurrentTable(.init(table, version: 0))) else { return nil }
                let facts = try SQLiteTableFacts(database, table: table.configuration.table)
                return (Side(side: side, session: session, facts: facts), database)
            }
            guard sides.count == 2 else { return [] }
            var findings: [StoreFinding] = []
            for (side, database) in sides {
                findings += side.notMoved() + side.uniqueness() + side.grayKeyIndex() + side.uuidCases() + side.money()
                findings += try side.foreignKeys(database)
            }
            let (old, new) = (sides[0].0, sides[1].0)
            findings += SQLiteSample(of: old, other: new).findings() + SQLiteSample(of: new, other: old).findings()
            return findings + SQLiteComparison(old: old, new: new).findings()
        } catch {
            return [StoreFinding(.error, databases[0].side, SQLiteSession.words(of: error))]
        }
    }

    /// WAL needs a file beside the database.
    private func rights(_ side: Migration.Side, _ path: String) -> [StoreFinding] {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        for (name, place) in [("the database", path), ("its folder", folder)] {
            guard Kernel.isAccessible(path), !Kernel.isAccessible(place, W_OK) else { continue }
            let reason = String(cString: strerror(errno))
            let words =
                "\(path): \(name), \(place), cannot be written by this user (\(reason)), so that writes will fail; "
            return [
                StoreFinding(
                    .error, side, words + "give the user of the sidecar the right to write the file and its folder")
            ]
        }
        return []
    }
}

extension SQLiteInspection.Side {
    private var keyColumns: Set<String> { Set(table.entity.key.map { column($0) }) }

    /// What old has and nobody named stays behind.
    fileprivate func notMoved() -> [StoreFinding] {
        let mapped = Set(table.configuration.columns.map(\.name) + table.configuration.constants.map(\.column))
        let left = facts.columns.filter { !mapped.contains($0) }
        guard side == .old, !left.isEmpty else { return [] }
        return [
            finding(
                .warning,
                "no field is in \(left.joined(separator: ", ")), so that what stands there is not carried to new; map "
                    + "it to a field where new needs it")
        ]
    }

    /// UNIQUE beyond the record key holds within one table, and records are in two.
    fileprivate func uniqueness() -> [StoreFinding] {
        var said: Set<[String]> = []
        return facts.uniques.compactMap { parts in
            let names = parts.map { $0 ?? "an expression" }
            guard !keyColumns.isSubset(of: names), said.insert(names).inserted else { return nil }
            let other = side.other.name
            return finding(
                .warning,
                "UNIQUE (\(names.joined(separator: ", "))) holds within this table only. While records are on both "
                    + "sides, "
                    + "a value that only \(other) has is taken a second time here, and such a record cannot be "
                    + "written on "
                    + "both; keep it unique in the application, or write inserts: both, where each insert meets both "
                    + "tables"
            )
        }
    }

    fileprivate func grayKeyIndex() -> [StoreFinding] {
        let gray = column(table.entity.grayKey)
        guard !facts.firstIndexed.contains(gray) else { return [] }
        let columns = ([gray] + table.entity.key.map { column($0) }.filter { $0 != gray }).map(SQLiteTable.quoted)
        return [
            finding(
                .warning,
                "no index begins with the gray key, column \(gray), so that a query for one gray key reads the whole "
                    + "table; "
                    + "CREATE INDEX \(SQLiteTable.quoted("\(name)_\(gray)")) ON \(table.name) "
                    + "(\(columns.joined(separator: ", ")))")
        ]
    }

    fileprivate func uuidCases() -> [StoreFinding] {
        table.entity.fields.indices.filter { table.traits[$0].hasBothCases }.map { field in
            let format = if case .uuidText(let format) = table.storage(field) { format } else { UUIDFormat.canonical }
            return finding(
                .warning,
                "column \(column(field)) has uuids in another case than stored says (\(format.example)). They are "
                    + "found, and "
                    + "each look-up reads the whole table; write stored: \"\(format.otherCase.example)\" if all are "
                    + "so, else "
                    + "bring all rows into one case")
        }
    }

    /// Floats hold no hundredths, and another column may count in them.
    fileprivate func money() -> [StoreFinding] {
        table.entity.fields.indices.compactMap { field in
            let type = (facts.declaredTypes[column(field)] ?? "").uppercased()
            let isExact = ["DEC", "NUMERIC", "MONEY"].contains(where: type.contains)
            let isNamed = MoneyName.isLike(table.entity.fields[field].name)
            guard table.type(field) == .double, isExact || isNamed else { return nil }
            return finding(
                .warning,
                "column \(column(field)), declared \(type.isEmpty ? "without a type" : type), looks like money, and "
                    + "field "
                    + "\(table.entity.fields[field].name) is of type double; write type decimal with { column: "
                    + "\(column(field)), stored: real, scale: 2 }, and see that both sides count in the same unit")
        }
    }

    fileprivate func foreignKeys(_ database: Database) throws -> [StoreFinding] {
        guard !facts.foreignKeys.isEmpty else { return [] }
        guard table.configuration.enforcesForeignKeys else { return actionsNotDone() }
        let missing = facts.foreignKeys.filter { key in
            !facts.tables.contains { $0.lowercased() == key.parent.lowercased() }
        }
        if let key = missing.first {
            return [
                finding(
                    .error,
                    "it refers to table \(key.parent), which is not there. The sidecar keeps foreign keys "
                        + "(foreign_keys: "
                        + "on), so that writes would be refused; the application does not keep them: write "
                        + "foreign_keys: off"
                )
            ]
        }
        let found = try BoundedQuery(database).rows("PRAGMA foreign_key_check(\(table.name))") ?? []
        if let row = found.first {
            let parent: String = row["parent"]
            return [
                finding(
                    .error,
                    "\(found.count) rows refer to a row of \(parent) that is not "
                        + "there\(keyText(database, row["rowid"])). The "
                        + "sidecar keeps foreign keys (foreign_keys: on), so that writes of such rows would be "
                        + "refused. If "
                        + "the application does not run PRAGMA foreign_keys = ON, write foreign_keys: off; else "
                        + "correct "
                        + "the rows")
            ]
        }
        guard !table.configuration.isForeignKeysSaid else { return [] }
        let list = facts.foreignKeys.map(\.words)
        return [
            finding(
                .warning,
                "there are foreign keys: \(list.joined(separator: "; ")). The sidecar keeps them (foreign_keys: on), "
                    + "while "
                    + "SQLite by itself does not. Write foreign_keys: off if the application does not run PRAGMA "
                    + "foreign_keys = ON, or foreign_keys: on to say that it does")
        ]
    }

    private func actionsNotDone() -> [StoreFinding] {
        facts.foreignKeys.filter { ["CASCADE", "SET NULL", "SET DEFAULT"].contains($0.onDelete.uppercased()) }.map {
            key in
            finding(
                .warning,
                "with foreign_keys: off a delete leaves the rows of \(key.child) alone that refer to \(key.parent): "
                    + "ON DELETE "
                    + "\(key.onDelete) is not done. Write foreign_keys: on if the application runs PRAGMA "
                    + "foreign_keys = ON"
            )
        }
    }

    private func keyText(_ database: Database, _ rowID: Int64?) -> String {
        guard let rowID else { return "" }
        let columns = table.entity.key.map { column($0) }
        let list = columns.map(SQLiteTable.quoted).joined(separator: ", ")
        let row = try? Row.fetchOne(
            database, sql: "SELECT \(list) FROM \(table.name) WHERE rowid = ?", arguments: [rowID])
        guard let row else { return "" }
        let parts = columns.enumerated().map { "\($1)=\(row[$0] as DatabaseValue)" }
        return " (first: \(parts.joined(separator: ", ")))"
    }
}
