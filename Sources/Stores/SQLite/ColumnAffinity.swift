/// What SQLite does to values on their way into a column, by its declared type (sqlite.org/datatype3.html, 3.1).
package struct ColumnAffinity: Sendable, Equatable {
    private enum Kind {
        case integer
        case text
        /// Also of columns without a type, and of ANY in a STRICT table: keeps everything.
        case blob
        case real
        case numeric
    }

    private let kind: Kind
    /// Whether a value of another kind is refused where it cannot be converted.
    private let isStrict: Bool

    package init(declaredType: String, isStrict: Bool = false) {
        let type = declaredType.uppercased()
        self.isStrict = isStrict && type != "ANY"
        kind =
            if type.contains("INT") {
                .integer
            } else if ["CHAR", "CLOB", "TEXT"].contains(where: type.contains) {
                .text
            } else if type.isEmpty || type.contains("BLOB") || (isStrict && type == "ANY") {
                .blob
            } else if ["REAL", "FLOA", "DOUB"].contains(where: type.contains) {
                .real
            } else {
                .numeric
            }
    }

    package var isInteger: Bool { kind == .integer }
    package var isText: Bool { kind == .text }
    /// Whether a number of SQL's NUMERIC or DECIMAL is kept as an integer or a float, whichever it is.
    package var isNumeric: Bool { kind == .numeric }
    package var isReal: Bool { kind == .real }

    /// What becomes of values of a form, in words that go on after "SQLite"; nil if they are kept.
    ///
    /// - Parameter isLikeNumber: whether a text may look like a number.
    func change(of form: ColumnStorage.Form, isLikeNumber: Bool) -> String? {
        switch (form, kind) {
        case (_, .blob): isStrict && form != .blob ? "refuses what is no blob" : nil
        case (.integer, .text), (.real, .text): "turns numbers to text"
        case (.integer, .real): "turns integers to floats"
        case (.integer, .integer), (.integer, .numeric), (.real, .real), (.real, .numeric), (.text, .text): nil
        case (.real, .integer): "keeps integers, which may count another unit, like cents"
        case (.text, _): isStrict ? "refuses text" : isLikeNumber ? "turns text like 012 to numbers" : nil
        case (.blob, _): isStrict ? "refuses blobs" : nil
        }
    }
}

extension ColumnStorage {
    /// Whether a text of a column may look like a number to SQLite, as no timestamp does and no uuid with hyphens.
    var isLikeNumber: Bool {
        switch self {
        case .formatted: false
        case .uuidText(let format): !format.hasHyphens
        default: true
        }
    }
}
