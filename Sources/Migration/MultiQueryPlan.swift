package import WireFormat

/// Everything the engine knows about a method that finds many records.
package struct MultiQueryPlan: Sendable, Equatable {
    /// What becomes of a response's fields beside rows and page token, such as totals, which cannot be merged exactly.
    package enum Rest: Sendable, Equatable {
        case dropped
        /// As this side says it; nothing where the side gives no answer.
        case taken(from: Side)
    }

    package let rows: RowPlan
    /// How suspects are confirmed; nil (`confirm: off`) shows them as they are, possibly stale.
    package let lookUp: LookUpPlan?
    package let rest: Rest

    package init(rows: RowPlan, lookUp: LookUpPlan?, rest: Rest = .dropped) {
        self.rows = rows
        self.lookUp = lookUp
        self.rest = rest
    }
}
