/// One field by which a query orders: NULL first, false before true, numbers by value, text by its UTF-8 bytes.
/// `descending` reverses all of it.
public struct RecordOrder: Sendable, Hashable {
    public let field: String
    public let isDescending: Bool

    public static func ascending(_ field: String) -> RecordOrder { RecordOrder(field: field, isDescending: false) }
    public static func descending(_ field: String) -> RecordOrder { RecordOrder(field: field, isDescending: true) }
}
