import SwiftProtobuf
import SwitchoverProtocol

/// Queries with a filter and an order of their own.
extension Scenario {
    /// What is asked for, and whether a record may be among the answer's.
    private typealias Search = (filter: Switchover_V1_Filter, lets: (StoredEntry) -> Bool)

    /// One page: a record whose amount changes during a walk by amount may be met twice or not at all.
    func search(_ client: SimulatedClient, _ before: Walk, _ then: @escaping () -> Void) {
        let search = anySearch
        let isDescending = world.chance.happens(oneIn: 2)
        let (path, request) = Self.call("Query", Switchover_V1_QueryRequest.self) { request in
            request.entity = "entry"
            request.limit = 100
            request.filter = search.filter
            request.order = [
                .with { ($0.field, $0.descending) = ("amount", isDescending) }, .with { $0.field = "store" },
            ]
            if let store = before.store { request.grayKey = StoredEntry.text(store) }
        }
        client.call(path, request, number: before.call, timeout: 4_000_000_000) { [self] answer in
            var walk = before
            // Who is not there may have been let through by no version of it.
            walk.isPartial = true
            guard note(answer, &walk), let page = try? Switchover_V1_QueryResponse(serializedBytes: answer.message)
            else { return then() }
            let entries = page.records.compactMap(StoredEntry.init)
            if let stray = entries.first(where: { !search.lets($0) }) {
                broken = broken ?? "the answer has \(stray), which the filter does not let through: \(search.filter)"
            }
            let amounts = entries.map { isDescending ? -$0.cents : $0.cents }
            if amounts != amounts.sorted() { broken = broken ?? "the answer is not in order: \(amounts)" }
            finish(walk)
            then()
        }
    }

    private var anySearch: Search {
        let cents = Int64(world.chance.below(UInt64(Self.first(of: 20))))
        let store = world.chance.pick(Self.stores)
        let above = Self.comparison("amount", .greaterOrEqual, .with { $0.decimal = StoredEntry.decimal(cents) })
        let others = Self.comparison("store", .notEqual, StoredEntry.text(store))
        let named = Switchover_V1_Filter.with {
            $0.among.field = "store"
            $0.among.values = [StoredEntry.text(store), StoredEntry.text("none")]
        }
        let noted = Switchover_V1_Filter.with { ($0.prefix.field, $0.prefix.prefix) = ("remark", "of ") }
        let blank = Switchover_V1_Filter.with { $0.isNull.field = "remark" }
        switch world.chance.below(4) {
        case 0: return (above, { $0.cents >= cents })
        case 1:
            return (.with { $0.all.filters = [noted, .with { $0.negated = above }] }, { $0.cents < cents })
        case 2: return (.with { $0.any.filters = [blank, named] }, { $0.store == store })
        default: return (.with { $0.all.filters = [others, above] }, { $0.store != store && $0.cents >= cents })
        }
    }

    private static func comparison(
        _ field: String, _ operation: Switchover_V1_Comparison.Operator, _ value: Switchover_V1_Value
    ) -> Switchover_V1_Filter {
        .with {
            $0.comparison.field = field
            $0.comparison.operator = operation
            $0.comparison.value = value
        }
    }
}
