import Testing

@testable import Stores

/// What is told of a table that was changed beside the sidecar.
@Suite struct TableShapeTests {
    private static func shape(_ parts: [(String, String)]) -> TableShape {
        TableShape(
            path: "old.db", table: "orders", parts: parts.map { TableShape.Part(name: $0.0, text: $0.1) })
    }

    private static let first = shape([("column id", "INTEGER"), ("index by_store", "CREATE INDEX ...")])

    @Test func nothingChanged() { #expect(Self.first.changes(to: Self.first) == []) }

    @Test func eachPartIsNamed() {
        let now = Self.shape([
            ("column id", "TEXT"), ("column note", "TEXT"), ("trigger audit", "CREATE TRIGGER ..."),
        ])
        #expect(
            Self.first.changes(to: now) == [
                "Column id of table orders of old.db was changed.", "Column note was added to table orders of old.db.",
                "Trigger audit was added to table orders of old.db.",
                "Index by_store was removed from table orders of old.db.",
            ])
    }

    @Test func aTableThatIsGone() {
        #expect(Self.first.changes(to: Self.shape([])) == ["The table orders of old.db is gone."])
    }
}
