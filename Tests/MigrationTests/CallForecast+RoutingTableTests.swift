import Testing
import WireFormat

@testable import Migration

/// The contract's routing table, cell by cell: what is asked when both sides have the record (of an insert: when
/// neither has it), and after a bar what is asked when the first does not have it.
@Suite struct CallForecastRoutingTableTests {
    struct Cell: Sendable, CustomTestStringConvertible {
        let row: String
        let stage: Stage
        let forecast: String

        var testDescription: String { "\(row) at \(stage.name)" }
    }

    /// Rows and columns as in the contract, section 3.
    private static let table: [(row: String, cells: [String])] = [
        ("single query", ["old", "old | old, new", "new | new, old", "new", "new"]),
        (
            "multi query",
            [
                "old", "old and new, merged by what old says", "old and new, merged by what new says", "new", "new",
            ]
        ),
        (
            "update",
            [
                "old", "old, new is given the record if it has one | old, new",
                "new, old is given the record if it has one | new, old", "new, old is given the record | new", "new",
            ]
        ),
        (
            "delete",
            [
                "old", "look up on old, new, old | look up on old, new",
                "look up on new, old, new | look up on new, old",
                "new, old", "new",
            ]
        ),
        (
            "delete between stores",
            [
                "old", "try on old, look up on new, new, old | try on old, new",
                "try on new, look up on old, old, new | try on new, old", "new, old", "new",
            ]
        ),
        (
            "insert, inserts: new",
            [
                "old", "look up on old, new", "look up on old, new", "look up on old, new, old is given the record",
                "new",
            ]
        ),
        (
            "insert, inserts: both",
            [
                "old", "old, new is given the record", "look up on old, new, old is given the record",
                "look up on old, new, old is given the record", "new",
            ]
        ),
        (
            "insert, inserts: old",
            ["old", "old", "old", "look up on old, new, old is given the record", "new"]
        ),
        (
            "insert, insert_guard: off",
            ["old", "new", "new", "new, old is given the record", "new"]
        ),
        (
            "upsert",
            [
                "old",
                "look up on old, old, new is given the record if it has one | look up on old, look up on new, new",
                "look up on new, new, old is given the record if it has one | look up on new, look up on old, old",
                "look up on new, new, old is given the record", "new",
            ]
        ),
        ("pass-through", ["old", "old", "old", "new", "new"]),
        ("write of several records", ["old", refused, refused, refused, "new"]),
    ]
    private static let refused = "refused, since it writes several records"

    static let cells = table.flatMap { row, cells in
        zip(Stage.allCases, cells).map { Cell(row: row, stage: $0, forecast: $1) }
    }

    @Test func theTableIsWhole() {
        for row in Self.table { #expect(row.cells.count == Stage.allCases.count, "\(row.row)") }
        let kinds = Set(Self.table.compactMap { try? Self.plan($0.row).kind })
        #expect(kinds == Set(CallKind.allCases))
    }

    @Test(arguments: cells) func cellIsWhatTheMachinesDo(_ cell: Cell) throws {
        let forecast = CallForecast(try Self.plan(cell.row), write: try Self.write(cell.row), at: cell.stage)
        let absent = forecast.absent.map { " | " + $0.joined(separator: ", ") } ?? ""
        #expect(forecast.usual.joined(separator: ", ") + absent == cell.forecast)
    }

    private static func key() throws -> KeyPlan { try KeyPlan([KeyField(path: FieldPath("1"), type: .string)]) }

    private static func plan(_ row: String) throws -> CallPlan {
        let kind: CallKind =
            switch row {
            case "single query": .singleQuery
            case "multi query": .multiQuery
            case "update", "write of several records": .update
            case "delete", "delete between stores": .delete
            case "upsert": .upsert
            case "pass-through": .passThrough
            default: .insert
            }
        switch kind {
        case .singleQuery:
            return CallPlan(
                singleQuery: try key(), absent: .notFound, grayFallback: true, timeoutNanoseconds: 1,
                migrationIndex: 0, methodIndex: 0)
        case .multiQuery:
            return CallPlan(multiQuery: nil, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0)
        case .passThrough: return CallPlan(passThrough: .read, migrationIndex: 0, methodIndex: 0)
        case .update, .upsert, .insert, .delete:
            return CallPlan(
                write: kind, key: try key(), absent: .notFound, timeoutNanoseconds: 1, migrationIndex: 0,
                methodIndex: 0)
        }
    }

    private static func write(_ row: String) throws -> WritePlan {
        let request = DerivedRequest(path: "/a.B/C", template: MessageTemplate([]))
        let rule = InsertRule.allCases.first { row == "insert, inserts: \($0.name)" } ?? .new
        return WritePlan(
            recordKey: try key(), inserts: rule, guardsInserts: row != "insert, insert_guard: off", lookUp: request,
            put: request, putOrInsert: request, tries: row == "delete between stores",
            element: row == "write of several records" ? ElementPlan(field: 1, grayKey: nil) : nil)
    }
}
