import Foundation
import GRDB
import TestSupport
import Testing

@testable import Sidecar

/// What `init` writes for two tables: all of it is accepted but what a person has to decide.
@Suite struct StarterConfigurationTests {
    /// The text that is made of two databases with the table `t`.
    private static func text(_ old: String, _ new: String, table: String = "t") throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("starter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, sql) in [("old.db", old), ("new.db", new)] {
            let queue = try DatabaseQueue(path: folder.path + "/" + name)
            try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
            try queue.close()
        }
        return try StarterConfiguration.text(
            old: StarterConfiguration.Table(path: folder.path + "/old.db", name: table),
            new: StarterConfiguration.Table(path: folder.path + "/new.db", name: table))
    }

    /// Lines, and what `check` says of the text beyond what is left to decide.
    private static func made(_ text: String) -> (lines: [String], errors: [String], undecided: [String]) {
        let lines = text.split(separator: "\n").map(String.init)
        let errors = ConfigurationCheckTests.errors(text)
        let undecided = errors.filter { $0.contains("is the mark of switchover init") }
        return (lines, errors.filter { !undecided.contains($0) }, undecided)
    }

    private static func line(_ begin: String, _ text: String) -> String? {
        text.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix(begin) }.map {
            $0.split(separator: " ").joined(separator: " ")
        }
    }

    static let odd = [
        "2fa", "null", "decide", "true", "off", "日本", "中国", "É", "é", "unit price", "unit_price", "unit-price",
        "a: b # c", "q\"uo'te\\n\nnew", "%s", "-", "_x", "{", "- a", "x\u{7f}y\u{e000}\u{feff}\u{2028}", "Key", "\u{1}",
        String(repeating: "long", count: 60), String(repeating: "long", count: 61), "select", "version", "field_",
    ]

    private static func column(_ name: String) -> String {
        "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\" TEXT"
    }

    @Test(arguments: ["", " STRICT", " WITHOUT ROWID", " STRICT, WITHOUT ROWID"])
    func oddNamesAreFieldsOfTheirOwn(option: String) throws {
        let columns = Self.odd.map(Self.column).joined(separator: ", ")
        let sql = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, store_id TEXT NOT NULL, \(columns))\(option)"
        let made = Self.made(try Self.text(sql, sql))
        #expect(made.errors == [] && made.undecided == [])
        // Every column is mapped, and no line of text was broken by a name.
        #expect(!made.lines.contains { $0.contains("not mapped") })
    }

    @Test func randomNamesAreFieldsOfTheirOwn() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let signs = Array("ab_ -.:#'\"\\\n\t0日É🙂{}[]&*!|>%@`~\u{85}\u{200b}")
            var names: Set<String> = []
            for _ in 0..<12 {
                let count = Int.random(in: 1...4, using: &random)
                names.insert(String((0..<count).map { _ in signs.randomElement(using: &random)! }))
            }
            let columns = names.sorted().map(Self.column).joined(separator: ", ")
            let made = Self.made(
                try Self.text(
                    "CREATE TABLE t (id INTEGER PRIMARY KEY, store_id TEXT, \(columns))",
                    "CREATE TABLE t (id INTEGER PRIMARY KEY, store_id TEXT, \(columns))"))
            #expect(made.errors == [] && made.undecided == [], "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("Ü", "records"), ("off", "f_off"), ("2024 orders", "f_2024_orders"), ("a.b-c", "a.b-c"),
        (String(repeating: "t", count: 200), String(repeating: "t", count: 48)),
    ])
    func oddTables(table: String, name: String) throws {
        let sql = "CREATE TABLE \"\(table)\" (id INTEGER PRIMARY KEY, store_id TEXT)"
        let text = try Self.text(sql, sql, table: table)
        #expect(Self.made(text).errors == [])
        #expect(text.contains("\nmigrations:\n  \(name):\n"))
    }

    @Test func tablesAreSpelledAsTheDatabaseDoes() throws {
        let text = try Self.text("CREATE TABLE T (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
        #expect(text.contains("        table: T\n") && text.contains("        table: t\n"))
    }

    @Test func viewsAreRefused() throws {
        #expect {
            try Self.text("CREATE TABLE a (id); CREATE VIEW t AS SELECT 1 AS id", "CREATE TABLE t (id)")
        } throws: {
            "\($0)".hasSuffix("t is a view, whose rows cannot be written; name one of a")
        }
    }

    struct Key: Sendable, CustomTestStringConvertible {
        let old: String
        var new: String?
        let line: String

        var testDescription: String { old }
    }

    @Test(arguments: [
        Key(old: "id INTEGER PRIMARY KEY", line: "key: id"),
        Key(old: "id INTEGER PRIMARY KEY", new: "t_id INTEGER PRIMARY KEY", line: "key: t_id"),
        Key(old: "a TEXT, b INTEGER, PRIMARY KEY (b, a)", line: "key: [b, a]"),
        Key(old: "a TEXT NOT NULL UNIQUE", line: "key: a # guess: unique on both sides"),
        Key(old: "a TEXT, b TEXT", line: "key: decide"),
        Key(old: "a INTEGER PRIMARY KEY", new: "a INTEGER", line: "key: a # decide: t needs UNIQUE (a)"),
        Key(old: "a INTEGER PRIMARY KEY", new: "a TEXT PRIMARY KEY", line: "key: decide"),
        Key(old: "a REAL PRIMARY KEY", line: "key: decide"),
        Key(old: "a DECIMAL(20) PRIMARY KEY", line: "key: a"),
        Key(old: "a, b, c, d, e, PRIMARY KEY (a, b, c, d, e)", line: "key: decide"),
        Key(old: "id TEXT PRIMARY KEY", new: "other TEXT, id TEXT", line: "key: id # decide: t needs UNIQUE (id)"),
    ])
    func keys(sample: Key) throws {
        let text = try Self.text(
            "CREATE TABLE t (store_id TEXT, \(sample.old))",
            "CREATE TABLE t (store_id TEXT, \(sample.new ?? sample.old))")
        #expect(Self.made(text).errors == [])
        #expect(Self.line("key:", text)?.hasPrefix(sample.line) == true, "\(text)")
    }

    @Test func whatAPersonDecidesIsRefusedUntilThen() throws {
        let text = try Self.text(
            """
            CREATE TABLE s (id TEXT PRIMARY KEY);
            CREATE TABLE t (
                id INTEGER PRIMARY KEY, code TEXT REFERENCES s (id), price INTEGER, total TEXT, created INTEGER,
                status STRING, gone TEXT)
            """,
            """
            CREATE TABLE t (
                id INTEGER PRIMARY KEY, code TEXT, price NUMERIC(10,2), total_net TEXT, total_gross TEXT,
                created TEXT, status STRING, source TEXT NOT NULL, email TEXT UNIQUE);
            INSERT INTO t (id, created, source) VALUES (1, '2017-01-01T11:53:26Z', '');
            """)
        let made = Self.made(text)
        #expect(made.errors == [])
        let places = made.undecided.map { $0.split(separator: " ")[1].dropFirst("migrations.t.records.".count) }
        #expect(
            places.sorted() == [
                "fields.status:", "fields.total:", "gray_key:", "new.columns.total:", "new.constants.source:",
                "old.columns.created.stored:", "old.columns.price.scale:", "old.foreign_keys:",
            ])
        #expect(text.contains("# decide: UNIQUE (email) holds in this table only"))
        #expect(text.contains("# decide: gone: t has no such column"))
        #expect(Self.line("price: { column: price, stored: real", text) != nil)
    }

    @Test func anIndexOfTheGrayKeyIsMissed() throws {
        let text = try Self.text(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, store_id TEXT); CREATE INDEX i ON t (store_id)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, store_id TEXT)")
        #expect(!text.contains("no index of old") && text.contains("# decide: no index of new begins with store_id"))
    }

    @Test func generatedColumnsAreNotMapped() throws {
        let sql =
            "CREATE TABLE t (id INTEGER PRIMARY KEY, store_id TEXT, g INTEGER AS (id * 2), h INTEGER AS (1) STORED)"
        let text = try Self.text(sql, sql)
        #expect(Self.made(text).errors == [])
        #expect(Self.line("# not mapped: g", text) == "# not mapped: g, which is generated")
        #expect(Self.line("# not mapped: h", text) != nil)
    }

    @Test func aMarkIsRefusedWhereverItIs() throws {
        let right = RecordsCheckTests.right
        for (text, by) in [
            ("order_id: int64", "order_id: decide"), ("key: order_id", "key: [decide]"),
            ("foreign_keys: off", "foreign_keys: decide"), ("kind: 7", "kind: decide"),
            ("address: 127.0.0.1:1", "address: decide"),
        ] {
            let errors = ConfigurationCheckTests.errors(right.replacing(text, with: by))
            #expect(errors.contains { $0.contains("is the mark of switchover init") }, "\(by)")
        }
        #expect(ConfigurationCheckTests.errors(right.replacing("kind: 7", with: "kind: \"decide\"")) == [])
    }
}
