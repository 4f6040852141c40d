import SwitchoverProtocol

extension RecordFilter {
    func wire() throws(SwitchoverError) -> Switchover_V1_Filter {
        var wire = Switchover_V1_Filter()
        switch self {
        case .all(let filters): wire.all = try Self.wire(filters)
        case .any(let filters): wire.any = try Self.wire(filters)
        case .not(let filter): wire.negated = try filter.wire()
        case .comparison(let field, let comparison, let value):
            wire.comparison.field = field
            wire.comparison.operator = comparison.wire
            wire.comparison.value = try value.wire()
        case .among(let field, let values):
            wire.among.field = field
            for value in values { wire.among.values.append(try value.wire()) }
        case .isNull(let field): wire.isNull.field = field
        case .prefix(let field, let prefix):
            wire.prefix.field = field
            wire.prefix.prefix = prefix
        }
        return wire
    }

    private static func wire(_ filters: [RecordFilter]) throws(SwitchoverError) -> Switchover_V1_Filters {
        var wire = Switchover_V1_Filters()
        for filter in filters { wire.filters.append(try filter.wire()) }
        return wire
    }
}

extension RecordFilter.Operator {
    fileprivate var wire: Switchover_V1_Comparison.Operator {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        }
    }
}
