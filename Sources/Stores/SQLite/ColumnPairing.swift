package import Migration

/// What fits two columns that are to hold the same: a field's type, and how each side stores it. Guessed from what the
/// tables declare and from a sample of rows, for a configuration to start from.
///
/// A unit that nothing tells is left to a person: a wrong guess would be off by 100, or by 1,000, and nobody would see.
package struct ColumnPairing: Sendable {
    package enum Storage: Sendable, Equatable {
        case known(ColumnStorage)
        /// A text of the form that the column has.
        case example(String)
        /// An integer that counts in a unit which nothing tells.
        case undecidedScale
        /// A time in a form which nothing tells.
        case undecidedTime
    }

    /// Nil where no type fits both columns.
    package let type: ValueType?
    /// What to say of the type; of an obstacle where there is none.
    package let remark: String?
    private let old: Storage
    private let new: Storage

    package func storage(_ side: Side) -> Storage { side == .old ? old : new }

    package init(old: SQLiteTableOutline.Column, new: SQLiteTableOutline.Column) {
        let contents = (ColumnContent(old), ColumnContent(new))
        let guess =
            switch contents {
            case (.unknown, .unknown): Guess(.text)
            case (.unknown, let content), (let content, .unknown): Self.guess(old, content, new, content)
            case (let one, let other): Self.guess(old, one, new, other)
            }
        let obstacle =
            guess.type.flatMap { Self.change(of: guess.old, $0, old) ?? Self.change(of: guess.new, $0, new) }
        type = obstacle == nil ? guess.type : nil
        remark =
            obstacle ?? guess.remark
            ?? (guess.type == nil ? "old holds \(contents.0.words), new \(contents.1.words)" : nil)
        self.old = guess.old
        self.new = guess.new
    }

    private struct Guess {
        let type: ValueType?
        var old = Storage.known(.plain)
        var new = Storage.known(.plain)
        var remark: String?

        init(
            _ type: ValueType?, _ old: Storage = .known(.plain), _ new: Storage = .known(.plain),
            _ remark: String? = nil
        ) {
            self.type = type
            self.old = old
            self.new = new
            self.remark = remark
        }
    }

    private static func guess(
        _ old: SQLiteTableOutline.Column, _ one: ColumnContent, _ new: SQLiteTableOutline.Column,
        _ other: ColumnContent
    ) -> Guess {
        switch (one, other) {
        case (.text, .text), (.uuid, .uuid), (.uuid, .text), (.text, .uuid): return Guess(.text)
        case (.text, .time(_, let sample?)) where old.sample.text == nil,
            (.time(_, let sample?), .text) where new.sample.text == nil:
            return Guess(.timestamp, .example(sample), .example(sample), "guess: no row tells how both store it")
        case (.text, .time), (.time, .text): return Guess(old.affinity.isText && new.affinity.isText ? .text : nil)
        case (.time, _), (_, .time): return time(old, one, new, other)
        case (.bool, .bool), (.bool, .integer): return Guess(.bool)
        case (.bytes, .bytes): return Guess(.bytes)
        case (.uuid(let example), .bytes): return Guess(.uuid, .example(example), .known(.plain), "guess")
        case (.bytes, .uuid(let example)): return Guess(.uuid, .known(.plain), .example(example), "guess")
        case (.integer, .integer), (.integer, .bool): return integers(old, new)
        default: return numbers(old, one, new, other)
        }
    }

    private static func time(
        _ old: SQLiteTableOutline.Column, _ one: ColumnContent, _ new: SQLiteTableOutline.Column,
        _ other: ColumnContent
    ) -> Guess {
        guard let first = one.timeStorage(old, other), let second = other.timeStorage(new, one) else {
            return Guess(nil)
        }
        return Guess(.timestamp, first, second, "guess")
    }

    private static func integers(_ old: SQLiteTableOutline.Column, _ new: SQLiteTableOutline.Column) -> Guess {
        let isSame = MoneyName.saysHundredths(old.name) == MoneyName.saysHundredths(new.name)
        let remark = isSame ? nil : "guess: both count in the same unit, see the names"
        return Guess(.int64, .known(.plain), .known(.plain), remark)
    }

    private static func numbers(
        _ old: SQLiteTableOutline.Column, _ one: ColumnContent, _ new: SQLiteTableOutline.Column,
        _ other: ColumnContent
    ) -> Guess {
        let isMoney = MoneyName.isLike(old.name) || MoneyName.isLike(new.name)
        if case (.real, .real) = (one, other), !isMoney { return Guess(.double) }
        let scale = one.scale ?? other.scale ?? min(15, max(2, old.sample.fractionDigits, new.sample.fractionDigits))
        guard let first = one.numberStorage(old, other, scale), let second = other.numberStorage(new, one, scale) else {
            return Guess(nil)
        }
        return Guess(.decimal, first, second, "guess")
    }

    /// What SQLite would make of the values in this column, in words; nil if it keeps them.
    private static func change(of storage: Storage, _ type: ValueType, _ column: SQLiteTableOutline.Column) -> String? {
        let known: ColumnStorage? =
            switch storage {
            case .known(let storage): storage
            case .example(let text):
                TimestampFormat(example: text).map { .formatted($0) } ?? UUIDFormat(example: text).map { .uuidText($0) }
            case .undecidedScale: .scaled(2)
            case .undecidedTime: nil
            }
        guard let known, let form = known.form(type),
            let change = column.affinity.change(of: form, isLikeNumber: known.isLikeNumber)
        else { return nil }
        return "\(column.declaredType) \(change)"
    }
}

/// What a column holds, by its declared type as SQLite reads it (sqlite.org/datatype3.html, 3.1) and by its rows.
private enum ColumnContent {
    case bool
    case integer
    /// A number of a declared scale.
    case exact(scale: Int?)
    case real
    case text
    case uuid(example: String)
    /// A time, as an integer or as a text that some row has.
    case time(integer: Int64?, text: String?)
    case bytes
    /// Nothing declared, and no row.
    case unknown

    init(_ column: SQLiteTableOutline.Column) {
        let type = column.declaredType.uppercased()
        let sample = column.sample
        if let text = sample.text, TimestampFormat(example: text) != nil {
            self = .time(integer: nil, text: text)
        } else if let text = sample.text {
            self = UUIDFormat(example: text) == nil ? .text : .uuid(example: text)
        } else if type.contains("BOOL") {
            self = .bool
        } else if column.affinity.isInteger {
            self = .integer
        } else if column.affinity.isText {
            self = .text
        } else if type.contains("DATE") || type.contains("TIME") {
            self = .time(integer: sample.integer, text: nil)
        } else if column.affinity.isNumeric {
            self = Self.numeric(type, column)
        } else if column.affinity.isReal {
            self = .real
        } else if type.contains("BLOB") || sample.hasBlob {
            self = .bytes
        } else {
            self = sample.hasReal ? .real : sample.integer == nil ? .unknown : .integer
        }
    }

    /// `DECIMAL(10,2)`; without a fraction it is an integer.
    private static func numeric(_ type: String, _ column: SQLiteTableOutline.Column) -> ColumnContent {
        let numbers = type.split(separator: "(").dropFirst().first?.prefix { $0 != ")" }.split(separator: ",").map {
            Int($0.filter { !$0.isWhitespace }) ?? 2
        }
        if column.sample.hasBlob { return .bytes }
        if let numbers, !numbers.isEmpty {
            let scale = numbers.count > 1 ? min(15, max(0, numbers[1])) : 0
            if scale > 0 || column.sample.hasReal { return .exact(scale: scale > 0 ? scale : nil) }
            return .integer
        }
        if column.sample.hasReal || MoneyName.isLike(column.name) || type.contains("MONEY") {
            return .exact(scale: nil)
        }
        if column.sample.integer != nil { return .integer }
        // STRING and the like, which SQLite takes for numbers, and nobody else does.
        return type.contains("DEC") || type.contains("NUM") ? .exact(scale: nil) : .unknown
    }

    var scale: Int? { if case .exact(let scale) = self { scale } else { nil } }

    /// In words for a person, after "holds".
    var words: String {
        switch self {
        case .bool: "truth values"
        case .integer: "integers"
        case .exact, .real: "numbers"
        case .text: "texts"
        case .uuid: "uuids"
        case .time: "times"
        case .bytes: "bytes"
        case .unknown: "anything"
        }
    }

    func timeStorage(
        _ column: SQLiteTableOutline.Column, _ other: ColumnContent
    ) -> ColumnPairing.Storage? {
        switch self {
        case .time(_, let text?): return .example(text)
        case .time(let integer?, nil): return Self.unit(of: integer)
        // Nothing is there yet: as the other side has it, where it has a text.
        case .time(nil, nil):
            if case .time(_, let text?) = other { return .example(text) } else { return .undecidedTime }
        case .integer: return column.sample.integer.map(Self.unit) ?? .undecidedTime
        default: return nil
        }
    }

    /// The unit in which an integer is a time of these decades.
    private static func unit(of integer: Int64) -> ColumnPairing.Storage {
        switch integer.magnitude {
        case 100_000_000..<100_000_000_000: .known(.seconds)
        case 100_000_000_000..<100_000_000_000_000: .known(.milliseconds)
        case 100_000_000_000_000..<100_000_000_000_000_000: .known(.microseconds)
        default: .undecidedTime
        }
    }

    func numberStorage(
        _ column: SQLiteTableOutline.Column, _ other: ColumnContent, _ scale: Int
    ) -> ColumnPairing.Storage? {
        switch (self, other) {
        case (.exact(let own), _): .known(.real(own ?? scale))
        case (.real, _): .known(.real(scale))
        case (.integer, .text): .known(.scaled(0))
        case (.integer, _): MoneyName.saysHundredths(column.name) ? .known(.scaled(2)) : .undecidedScale
        case (.text, _): column.sample.text.map { Double($0) == nil } == true ? nil : .known(.text)
        default: nil
        }
    }
}

/// Names of columns that hold money.
enum MoneyName {
    private static let words = ["price", "amount", "total", "cost", "money", "balance", "tax", "fee"]

    static func isLike(_ name: String) -> Bool { words.contains(where: name.lowercased().contains) }

    static func saysHundredths(_ name: String) -> Bool { name.lowercased().contains("cent") }
}
