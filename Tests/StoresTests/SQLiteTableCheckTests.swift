import Testing

@testable import Stores

/// What opening refuses, and in which words.
@Suite struct SQLiteTableCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        var columns = ["id", "store", "amount"]
        var type = ValueType.int64
        var storage = ColumnStorage.plain
        /// What the words must hold; nil: it opens.
        let words: String?

        var testDescription: String { sql }
    }

    private static func open(_ sample: Case) throws {
        let folder = try TestFolder()
        let path = try folder.database("test.db", sample.sql)
        let entity = try RecordEntity(
            name: "orders",
            fields: [
                .init(name: "id", type: .int64), .init(name: "store", type: .text),
                .init(name: "amount", type: sample.type),
            ], key: ["id"], grayKey: "store")
        let columns = sample.columns.enumerated().map { position, name in
            StoreConfiguration.Column(name: name, storage: position == 2 ? sample.storage : .plain)
        }
        let store = try SQLiteStore(
            StoreConfiguration(path: path, entity: entity, table: "orders", columns: columns))
        store.close()
    }

    @Test(arguments: [
        Case(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT)", words: nil),
        Case(sql: "CREATE TABLE orders (id BIGINT PRIMARY KEY, store TEXT, amount NUMERIC)", words: nil),
        Case(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount ANY) STRICT", words: nil),
        Case(sql: "CREATE TABLE orders (id, store, amount); CREATE UNIQUE INDEX i ON orders (id)", words: nil),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT, more TEXT NOT NULL DEFAULT '')",
            words: nil),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount DATETIME)", type: .timestamp,
            storage: .formatted(TimestampFormat(example: "2017-01-01T11:53:26Z")!), words: nil),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, store TEXT, amount INT)",
            words: nil),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT "
                + "UNIQUE On /**/ conflict\nreplace); "
                + "CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END",
            words: "table orders has triggers and a constraint with ON CONFLICT REPLACE"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT DEFAULT 'on conflict replace', amount INT "
                + "UNIQUE ON CONFLICT IGNORE /* on conflict replace */); "
                + "CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END", words: nil),
        Case(sql: "CREATE TABLE other (id INTEGER)", words: "there is no table orders; write one of other"),
        Case(sql: "SELECT 1", words: "there is no table orders; the database has none"),
        Case(sql: "CREATE VIEW orders AS SELECT 1 AS id, '' AS store, 1 AS amount", words: "there is no table orders"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, total INT)",
            words: "table orders has no column amount; write one of id, store, total"),
        Case(sql: "CREATE TABLE orders (id INT, store TEXT, amount INT)", words: "makes the record key unique"),
        Case(
            sql: "CREATE TABLE orders (id INT, store TEXT, amount INT); "
                + "CREATE UNIQUE INDEX i ON orders (id) WHERE amount > 0", words: "makes the record key unique"),
        Case(
            sql: "CREATE TABLE orders (id INT, store TEXT, amount INT, UNIQUE (id, store))",
            words: "makes the record key unique"),
        Case(
            sql: "CREATE TABLE orders (id INT COLLATE NOCASE PRIMARY KEY, store TEXT, amount INT)",
            words: "with COLLATE BINARY"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT, more TEXT NOT NULL)",
            words: "column more must not be NULL and has no default"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT GENERATED ALWAYS AS (id + 1))",
            words: "column amount is generated"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount VARCHAR(9))",
            words: "column amount is declared VARCHAR(9), by which SQLite turns numbers to text"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount DOUBLE)",
            words: "turns integers to floats"),
        Case(
            sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store INTEGER, amount INT)",
            words: "column store is declared INTEGER, by which SQLite turns text like 012 to numbers"),
        Case(
            sql: "CREATE TABLE orders (id BIGINT PRIMARY KEY, store TEXT, amount INT); "
                + "INSERT INTO orders VALUES (NULL, 'a', 1)",
            words: "has rows whose id, a part of the record key, is NULL"),
        Case(
            sql: "PRAGMA encoding = 'UTF-16'; CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT, amount INT)",
            words: "its text is stored as UTF-16le"),
    ])
    func opening(sample: Case) throws {
        guard let words = sample.words else { return try Self.open(sample) }
        let fault = try #require(throws: StoreOpeningFault.self) { try Self.open(sample) }
        #expect(fault.description.contains(words), "\(fault.description)")
        #expect(fault.description.contains("/test.db: "))
    }

    @Test func aDatabaseThatIsNone() throws {
        let folder = try TestFolder()
        let missing = try Orders.old(folder.path + "/none.db")
        let fault = try #require(throws: StoreOpeningFault.self) { _ = try SQLiteStore(missing) }
        #expect(fault.description.contains("there is no such database; create it"))
        let directory = try Orders.old(folder.path)
        #expect(throws: StoreOpeningFault.self) { _ = try SQLiteStore(directory) }
    }
}
