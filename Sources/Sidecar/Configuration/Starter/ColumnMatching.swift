import Stores

/// Which column of new is which of old's, by their names. Every column is in one pair at most; what may be several is
/// left to a person.
struct ColumnMatching {
    typealias Column = SQLiteTableOutline.Column

    struct Pair {
        let old: Column
        let match: Match
    }

    enum Match {
        case one(Column, isGuess: Bool)
        /// Somebody has to choose, and perhaps none is right. One alone is another column's candidate too.
        case several([Column])

        var candidates: [Column] {
            switch self {
            case .one(let column, isGuess: _): [column]
            case .several(let columns): columns
            }
        }
    }

    /// In old's order.
    private(set) var pairs: [Pair] = []
    private(set) var oldAlone: [Column] = []
    private(set) var newAlone: [Column] = []

    init(old: [Column], new: [Column]) {
        var found: [String: Match] = [:]
        var rest = new
        func take(_ column: Column, _ match: Column, isGuess: Bool) {
            found[column.name] = .one(match, isGuess: isGuess)
            rest.removeAll { $0.name == match.name }
        }
        for column in old {
            if let same = rest.first(where: { $0.name == column.name }) { take(column, same, isGuess: false) }
        }
        for column in old where found[column.name] == nil {
            let isAlike = { (other: Column) in other.name.lowercased() == column.name.lowercased() }
            if let same = rest.first(where: isAlike) { take(column, same, isGuess: false) }
        }
        let keys = [old, new].map { $0.count { $0.keyPlace > 0 } }
        for column in old where found[column.name] == nil && column.keyPlace > 0 && keys[0] == keys[1] {
            guard let key = rest.first(where: { $0.keyPlace == column.keyPlace }) else { continue }
            take(column, key, isGuess: keys[0] > 1)
        }
        let open = old.filter { found[$0.name] == nil }
        for column in open {
            let near = rest.filter { NameGuess.areNear(column.name, $0.name) }
            guard let first = near.first else { continue }
            let isOnly = near.count == 1 && open.count { NameGuess.areNear($0.name, first.name) } == 1
            found[column.name] = isOnly ? .one(first, isGuess: true) : .several(near)
        }
        pairs = old.compactMap { column in found[column.name].map { Pair(old: column, match: $0) } }
        oldAlone = old.filter { found[$0.name] == nil }
        let matched = Set(found.values.flatMap(\.candidates).map(\.name))
        newAlone = new.filter { !matched.contains($0.name) }
    }
}
