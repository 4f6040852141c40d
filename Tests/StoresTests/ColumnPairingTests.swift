import Migration
import Testing

@testable import Stores

/// What field and what storage is guessed for two columns, and what is left to decide.
@Suite struct ColumnPairingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        /// Nil: none fits.
        let type: ValueType?
        var storage: (ColumnPairing.Storage, ColumnPairing.Storage) = (.known(.plain), .known(.plain))

        var testDescription: String { "\(old) | \(new)" }
    }

    /// `name TYPE = value`, without a value: no row.
    private static func column(_ text: String) throws -> SQLiteTableOutline.Column {
        let parts = text.split(separator: " = ").map(String.init)
        let row = parts.count > 1 ? "INSERT INTO t VALUES (\(parts[1]))" : ""
        let folder = try TestFolder()
        let path = try folder.database("test.db", "CREATE TABLE t (\(parts[0])); \(row)")
        return try SQLiteTableOutline(path: path, table: "t").columns[0]
    }

    private static let hundredths = ColumnPairing.Storage.known(.real(2))
    private static let iso = "2017-01-01T11:53:26Z"
    private static let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

    /// Money that is counted in other units on the other side is never taken for the same.
    static let numbers = [
        Case(old: "x INTEGER", new: "x BIGINT", type: .int64),
        Case(old: "x NUMERIC(10,2)", new: "x INTEGER", type: .decimal, storage: (hundredths, .undecidedScale)),
        Case(old: "x INTEGER = 1250", new: "x REAL = 12.5", type: .decimal, storage: (.undecidedScale, hundredths)),
        Case(old: "cents INTEGER", new: "x DECIMAL(8,2)", type: .decimal, storage: (.known(.scaled(2)), hundredths)),
        Case(old: "x NUMERIC(10,2)", new: "x DECIMAL(10, 4)", type: .decimal, storage: (hundredths, .known(.real(4)))),
        Case(old: "x NUMERIC", new: "x NUMERIC = 1.125", type: .decimal, storage: (.known(.real(3)), .known(.real(3)))),
        Case(old: "x NUMERIC(20)", new: "x INTEGER", type: .int64),
        Case(old: "x NUMERIC = 5", new: "x INTEGER", type: .int64),
        Case(old: "price NUMERIC = 5", new: "price INTEGER", type: .decimal, storage: (hundredths, .undecidedScale)),
        Case(old: "weight REAL", new: "weight REAL", type: .double),
        Case(old: "price REAL", new: "price REAL", type: .decimal, storage: (hundredths, hundredths)),
        Case(old: "x REAL", new: "x TEXT", type: .decimal, storage: (hundredths, .known(.text))),
        Case(old: "x INTEGER", new: "x TEXT = '12'", type: .decimal, storage: (.known(.scaled(0)), .known(.text))),
        Case(old: "x INTEGER", new: "x TEXT = 'a'", type: nil),
        Case(old: "x BOOLEAN", new: "x INTEGER", type: .bool),
        Case(old: "x INTEGER", new: "x BOOLEAN", type: .int64),
    ]

    static let others = [
        Case(old: "x TEXT", new: "x VARCHAR(10)", type: .text),
        Case(old: "x BLOB", new: "x BLOB", type: .bytes),
        Case(old: "x BLOB", new: "x TEXT", type: nil),
        Case(old: "x", new: "x", type: .text),
        Case(old: "x = 7", new: "x INTEGER", type: .int64),
        Case(old: "x", new: "x INTEGER", type: .int64),
        Case(old: "x STRING", new: "x TEXT", type: nil),
        Case(old: "x JSON = '{}'", new: "x JSON", type: nil),
        Case(old: "x TEXT = '\(uuid)'", new: "x TEXT", type: .text),
        Case(
            old: "x TEXT = '\(uuid)'", new: "x BLOB", type: .uuid, storage: (.example(uuid), .known(.plain))),
        Case(old: "x TEXT = '\(iso)'", new: "x DATETIME", type: .timestamp, storage: (.example(iso), .example(iso))),
        Case(old: "x TEXT = '\(iso)'", new: "x INTEGER", type: .timestamp, storage: (.example(iso), .undecidedTime)),
        Case(
            old: "x TEXT = '\(iso)'", new: "x INTEGER = 1500000000", type: .timestamp,
            storage: (.example(iso), .known(.seconds))),
        Case(
            old: "x DATETIME = 1500000000000", new: "x INTEGER = 1500000000000000", type: .timestamp,
            storage: (.known(.milliseconds), .known(.microseconds))),
        Case(old: "x DATETIME", new: "x DATETIME", type: .timestamp, storage: (.undecidedTime, .undecidedTime)),
        Case(old: "x TEXT = '\(iso)'", new: "x TEXT = 'soon'", type: .text),
        Case(old: "x DATETIME = '\(iso)'", new: "x TEXT = 'soon'", type: nil),
    ]

    @Test(arguments: numbers + others) func guesses(sample: Case) throws {
        let pairing = ColumnPairing(old: try Self.column(sample.old), new: try Self.column(sample.new))
        #expect(pairing.type == sample.type)
        if sample.type == nil {
            #expect(pairing.remark != nil, "a person is told why")
        } else {
            #expect((pairing.storage(.old), pairing.storage(.new)) == sample.storage)
        }
    }
}
