import Foundation
import Migration
import Testing

@testable import Stores

/// What `check` finds in two databases before calls do.
@Suite struct SQLiteInspectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var old = "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT); CREATE INDEX i ON t (store)"
        var new = "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT); CREATE INDEX i ON t (store)"
        var type = ValueType.text
        var storage: (old: ColumnStorage, new: ColumnStorage) = (.plain, .plain)
        var isNullable = true
        var foreignKeys: Bool?
        /// What the finding must say; empty: there is none.
        let words: [String]

        var testDescription: String { name }
    }

    private static let table =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT); CREATE INDEX i ON t (store); "
    private static let parent = """
        PRAGMA foreign_keys = OFF;
        CREATE TABLE p (id INTEGER PRIMARY KEY);
        CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x INTEGER REFERENCES p (id) ON DELETE CASCADE);
        CREATE INDEX i ON t (store);
        """

    private static func typed(_ declared: String) -> String {
        "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x \(declared)); CREATE INDEX i ON t (store); "
    }

    private static let structure: [Case] = [
        Case(name: "nothing to say", words: []),
        Case(
            name: "unique beyond the key", old: table + "CREATE UNIQUE INDEX u ON t (x)",
            words: ["warning old: table t: UNIQUE (x) holds within this table only"]),
        Case(
            name: "unique with the key in it", old: table + "CREATE UNIQUE INDEX u ON t (x, id)", words: []),
        Case(
            name: "no index on the gray key", new: "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT)",
            words: [
                "warning new: table t: no index begins with the gray key",
                "CREATE INDEX \"t_store\" ON \"t\" (\"store\", \"id\")",
            ]),
        Case(
            name: "a partial index is none",
            new: typed("TEXT").replacingOccurrences(of: "(store);", with: "(store) WHERE id > 5;"),
            words: ["warning new: table t: no index begins"]),
        Case(
            name: "money in a float", old: typed("NUMERIC(10,2)"), new: typed("REAL"), type: .double,
            words: ["warning old: table t: column x, declared NUMERIC(10,2), looks like money"]),
        Case(
            name: "a float in a column of integers", new: typed("INTEGER"), type: .double,
            words: ["error new: ", "column x is declared INTEGER", "which may count another unit, like cents"]),
        Case(
            name: "foreign keys, nothing said", old: parent, new: typed("INTEGER"), type: .int64,
            words: ["warning old: table t: there are foreign keys: t (x) to p"]),
        Case(
            name: "foreign keys, said", old: parent, new: typed("INTEGER"), type: .int64, foreignKeys: true, words: []),
        Case(
            name: "foreign keys that nobody keeps", old: parent + "INSERT INTO t VALUES (7, 's', 99)",
            new: typed("INTEGER"),
            type: .int64, foreignKeys: true,
            words: [
                "error old: table t: 1 rows refer to a row of p that is not there (first: id=7)", "foreign_keys: off",
            ]),
        Case(
            name: "a parent that is not there", old: typed("INTEGER REFERENCES gone (id)"), new: typed("INTEGER"),
            type: .int64, words: ["error old: table t: it refers to table gone, which is not there"]),
        Case(
            name: "actions that are not done", old: parent + "INSERT INTO t VALUES (7, 's', 99)", new: typed("INTEGER"),
            type: .int64, foreignKeys: false,
            words: ["warning old: table t: with foreign_keys: off a delete leaves the rows of t"]),
    ]

    private static let columns: [Case] = [
        Case(
            name: "columns of old that nobody named",
            old: "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT, a TEXT, g TEXT AS (x), b TEXT); "
                + "CREATE INDEX i ON t (store)",
            words: ["warning old: table t: no field is in a, b, so that what stands there is not carried to new"]),
        Case(
            name: "columns of new that nobody named",
            new: "CREATE TABLE t (id INTEGER PRIMARY KEY, store TEXT, x TEXT, a TEXT); CREATE INDEX i ON t (store)",
            words: []),
    ]

    private static let rows: [Case] = [
        Case(
            name: "NULL in a field that is not nullable", old: table + "INSERT INTO t VALUES (7, 's', NULL)",
            isNullable: false,
            words: [
                "error old: table t: column x is NULL, and field x is not nullable (1 of 1 rows looked at, first id=7)"
            ]),
        Case(
            name: "NULL where the other side takes none", old: table + "INSERT INTO t VALUES (7, 's', NULL)",
            new: typed("TEXT NOT NULL DEFAULT ''"),
            words: ["error old: table t: column x is NULL, and column x of new's table t takes no NULL"]),
        Case(
            name: "no gray key", old: table + "INSERT INTO t VALUES (7, NULL, 'a')",
            words: ["error old: table t: column store, the gray key, is NULL, and field store is not nullable"]),
        Case(
            name: "a value that is none of its type", old: typed("TEXT") + "INSERT INTO t VALUES (7, 's', 'soon')",
            type: .timestamp, storage: (iso, iso),
            words: ["error old: table t: column x has a text that is no timestamp", "first id=7"]),
        Case(
            name: "a value that the other side cannot hold",
            old: typed("INTEGER") + "INSERT INTO t VALUES (7, 's', 12345)",
            new: typed("INTEGER"), type: .decimal, storage: (.scaled(4), .scaled(2)),
            words: [
                "error old: table t: column x has values that column x of new's table t cannot hold", "2 digits after",
            ]),
        Case(
            name: "uuids in upper case",
            old: table + "INSERT INTO t VALUES (7, 's', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')",
            type: .uuid, storage: (.text, .text),
            words: ["warning old: table t: column x has uuids in another case", "stored: \"A0EEBC99-9C0B-4EF8-BB6D"]),
        Case(
            name: "another unit", old: typed("REAL") + "INSERT INTO t VALUES (7, 's', 12.5)",
            new: typed("INTEGER") + "INSERT INTO t VALUES (7, 's', 125000)", type: .decimal,
            storage: (.real(2), .scaled(2)),
            words: [
                "warning old: table t: field x differs between the sides in 1 of 1 records compared",
                "12.5 on old, 1250 on new",
            ]),
    ]

    private static let iso = ColumnStorage.formatted(TimestampFormat(example: "2017-01-01T11:53:26Z")!)

    @Test(arguments: structure + columns + rows) func finds(sample: Case) throws {
        let folder = try TestFolder()
        let entity = try RecordEntity(
            name: "orders",
            fields: [
                .init(name: "id", type: .int64), .init(name: "store", type: .text),
                .init(name: "x", type: sample.type, isNullable: sample.isNullable),
            ], key: ["id"], grayKey: "store")
        func store(_ name: String, _ sql: String, _ storage: ColumnStorage, _ foreignKeys: Bool?) throws
            -> StoreConfiguration
        {
            try StoreConfiguration(
                path: folder.database(name, sql), entity: entity, table: "t",
                columns: [.init(name: "id"), .init(name: "store"), .init(name: "x", storage: storage)],
                enforcesForeignKeys: foreignKeys)
        }
        let inspection = SQLiteInspection(
            old: try store("old.db", sample.old, sample.storage.old, sample.foreignKeys),
            new: try store("new.db", sample.new, sample.storage.new, nil))
        let said = inspection.findings().map { "\($0.weight) \($0.side.name): \($0.words)" }
        #expect(sample.words.isEmpty == said.isEmpty, "\(said)")
        for words in sample.words { #expect(said.contains { $0.contains(words) }, "\(said)") }
    }

    @Test func whatIsMissingIsOneErrorEach() throws {
        let folder = try TestFolder()
        let old = try Orders.old(folder.path + "/none.db")
        let new = try Orders.new(folder.database("new.db", "SELECT 1"))
        let findings = SQLiteInspection(old: old, new: new).findings()
        #expect(findings.map(\.weight) == [.error, .error])
        #expect(findings.map(\.side) == [.old, .new])
    }
}
