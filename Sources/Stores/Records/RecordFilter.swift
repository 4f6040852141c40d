/// A condition on the records of an entity, with fields by their position in it.
indirect enum RecordFilter {
    case all([RecordFilter])
    case any([RecordFilter])
    case negated(RecordFilter)
    case comparison(Int, Comparison, RecordValue)
    case among(Int, [RecordValue])
    case isNull(Int)
    /// What a text field begins with.
    case prefix(Int, UnsafeRawBufferPointer)

    /// By the numbers of `switchover.v1.Comparison.Operator`.
    enum Comparison: UInt64 {
        case equal = 1
        case notEqual = 2
        case less = 3
        case lessOrEqual = 4
        case greater = 5
        case greaterOrEqual = 6
    }
}

/// One field of a query's order.
struct RecordOrder {
    let field: Int
    let isDescending: Bool
}
