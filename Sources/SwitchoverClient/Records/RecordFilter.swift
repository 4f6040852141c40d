/// Which records a query finds.
///
///     .equal("store_id", "406") && .greater("total", Decimal(100)) && !.isNull("sent_at")
///
/// As in SQL, a comparison with a field that is NULL is unknown, and so is its negation; a record is found when the
/// whole is true. At most 16 levels, 256 conditions and 1,000 values.
public indirect enum RecordFilter: Sendable, Hashable {
    public enum Operator: Sendable, Hashable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    }

    /// True without any.
    case all([RecordFilter])
    /// False without any.
    case any([RecordFilter])
    case not(RecordFilter)
    case comparison(String, Operator, RecordValue)
    /// The field has one of the values.
    case among(String, [RecordValue])
    /// The only condition that finds NULL.
    case isNull(String)
    /// A field of type text begins so, byte for byte.
    case prefix(String, String)

    public static func equal(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .equal, value.recordValue)
    }

    public static func notEqual(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .notEqual, value.recordValue)
    }

    public static func less(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .less, value.recordValue)
    }

    public static func lessOrEqual(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .lessOrEqual, value.recordValue)
    }

    public static func greater(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .greater, value.recordValue)
    }

    public static func greaterOrEqual(_ field: String, _ value: any RecordValueConvertible) -> RecordFilter {
        .comparison(field, .greaterOrEqual, value.recordValue)
    }

    public static func && (one: RecordFilter, two: RecordFilter) -> RecordFilter {
        if case .all(let parts) = one { return .all(parts + [two]) }
        return .all([one, two])
    }

    public static func || (one: RecordFilter, two: RecordFilter) -> RecordFilter {
        if case .any(let parts) = one { return .any(parts + [two]) }
        return .any([one, two])
    }

    public static prefix func ! (filter: RecordFilter) -> RecordFilter { .not(filter) }
}
