import Testing

@testable import Sidecar
@testable import Stores

/// Which column of new is which of old's.
@Suite struct ColumnMatchingTests {
    private static func columns(_ names: String) -> [SQLiteTableOutline.Column] {
        names.split(separator: " ").map { name in
            SQLiteTableOutline.Column(
                name: String(name.drop { $0 == "*" }), declaredType: "TEXT",
                affinity: ColumnAffinity(declaredType: "TEXT"), isNotNull: false, hasDefault: false, isGenerated: false,
                keyPlace: name.hasPrefix("*") ? 1 : 0)
        }
    }

    /// A star stands before a key.
    @Test(arguments: [
        ("a b", "b a", "a=a b=b", "", ""),
        ("total total_net", "total_net x", "total_net=total_net", "total", "x"),
        ("*id a", "*order_id a", "id=order_id a=a", "", ""),
        ("orderStatus", "order_status", "orderStatus=order_status?", "", ""),
        ("Name", "name", "Name=name", "", ""),
        ("total", "total_net total_gross", "total=total_net|total_gross", "", ""),
        ("total_net total_gross", "total", "total_net=total| total_gross=total|", "", ""),
        ("id a", "order_id store_id a", "a=a", "id", "order_id store_id"),
        ("% 日本", "price 中国", "", "% 日本", "price 中国"),
    ])
    func pairs(old: String, new: String, pairs: String, oldAlone: String, newAlone: String) {
        let matching = ColumnMatching(old: Self.columns(old), new: Self.columns(new))
        let found = matching.pairs.map { pair in
            switch pair.match {
            case .one(let column, let isGuess): "\(pair.old.name)=\(column.name)\(isGuess ? "?" : "")"
            case .several(let columns):
                "\(pair.old.name)=\(columns.map(\.name).joined(separator: "|"))\(columns.count == 1 ? "|" : "")"
            }
        }
        #expect(found.joined(separator: " ") == pairs)
        #expect(matching.oldAlone.map(\.name).joined(separator: " ") == oldAlone)
        #expect(matching.newAlone.map(\.name).joined(separator: " ") == newAlone)
    }
}
