/// What a table says of a field's column.
package struct ColumnTraits: Sendable, Equatable {
    /// Whether it compares text by its bytes without being told to.
    var isBinary = true
    /// Whether it can hold no NULL.
    var isNeverNull = false
    /// Whether a row that leaves it out gets a value there.
    var hasDefault = false
    /// Whether uuids may stand there in lower case and in upper case.
    var hasBothCases = false
}

/// Why a column cannot hold a value as it is.
enum Misfit {
    case null
    case finer
    case outOfRange
}

extension ColumnTraits {
    /// Nil where the column, which stores its values so, holds the value as it is.
    func misfit(of value: RecordValue, stored storage: ColumnStorage) -> Misfit? {
        if value.isNull { return isNeverNull ? .null : nil }
        return switch ColumnFit(value, storage) {
        case .exact: nil
        case .above: .finer
        case .belowAll, .aboveAll: .outOfRange
        }
    }
}
