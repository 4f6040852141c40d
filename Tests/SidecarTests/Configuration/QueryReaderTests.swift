import Testing
import WireFormat

@testable import Migration
@testable import Sidecar

/// What a configuration says about methods that find many records, right and wrong.
@Suite struct QueryReaderTests {
    static let rows = "rows: { field: 1, key: { path: 2, type: int64 }, gray_key: { path: 1, type: string } }"
    static let pages = "pages: { tokens: opaque, limit: 3, default_limit: 50, request_token: 4, response_token: 2 }"
    static let confirm = """
        confirm: { method: GetMany, copied: [7], element: 1, parts: [{ path: 2, type: int64 }], rows: 1, \
        key: { path: 2, type: int64 } }
        """

    @Test func everyPartIsRead() throws {
        let text = WriteCheckTests.text(
            "List: { kind: multi_query, \(Self.rows), \(Self.pages), \(Self.confirm), rest: old, partial: new }")
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let method = configuration.migrations[0].methods[0]
        let query = try #require(method.query)
        #expect(method.plan.kind == .multiQuery)
        #expect(method.plan.key == nil, "the migration's gray key is not a multi query's")
        #expect(query.mayMiss == .new)
        #expect(query.plan.rest == .taken(from: .old))
        #expect(query.plan.rows.field == 1)
        #expect(query.plan.rows.order.map(\.path.description) == ["2"], "the record key ends every order")
        #expect(query.plan.rows.paging.tokens == .opaque)
        #expect(query.plan.rows.paging.defaultLimit == 50)
        #expect(query.plan.lookUp?.method == "/shop.v1.Orders/GetMany")
        #expect(query.plan.lookUp?.copied == [7])
    }

    @Test func aGrayKeyOfItsOwnMustBeOnTheWireToCount() throws {
        let text = WriteCheckTests.text(
            "List: { kind: multi_query, gray_key: { path: 1, type: string }, \(Self.rows), confirm: off }")
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let method = configuration.migrations[0].methods[0]
        #expect(method.plan.key?[0].presence == .required)
        #expect(method.query?.plan.lookUp == nil)
    }

    static let wrong: [(method: String, says: [String])] = [
        ("List: { kind: multi_query, confirm: off }", ["key \"rows\" is missing; write rows: { field: 1, key:"]),
        ("List: { kind: multi_query, \(rows) }", ["key \"confirm\" is missing; write confirm: off, or {"]),
        (
            "List: { kind: multi_query, rows: { key: { path: 2, type: int64 } }, confirm: off }",
            ["key \"field\" is missing; write field: a field number"]
        ),
        (
            "List: { kind: multi_query, \(rows), confirm: off, pages: { tokens: opaque, limit: 3 } }",
            ["page tokens need the field of the request and that of the response"]
        ),
        (
            "List: { kind: multi_query, \(rows), confirm: off, pages: { tokens: opake } }",
            ["unknown form \"opake\"; write one of none, keyset, opaque"]
        ),
        (
            "List: { kind: multi_query, \(rows), confirm: { method: GetMany } }",
            [
                "key \"element\" is missing", "key \"rows\" is missing", "key \"key\" is missing",
                "key \"parts\" is missing",
            ]
        ),
        (
            "List: { kind: multi_query, \(rows), confirm: off, absent: NOT_FOUND }",
            ["a method of kind multi_query has no absent; remove it, or write another kind"]
        ),
    ]

    @Test(arguments: wrong) func wrongOnesAreNamed(_ method: String, _ says: [String]) {
        let errors = ConfigurationCheckTests.errors(WriteCheckTests.text(method))
        #expect(errors.count == says.count, "\(errors)")
        for (error, text) in zip(errors.sorted(), says.sorted()) {
            #expect(error.hasPrefix("s.yaml:13: migrations.orders.methods.List"))
            #expect(says.contains { error.contains($0) }, "\(error), \(text)")
        }
    }
}
