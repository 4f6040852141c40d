/// Gives names of a starting configuration, made from whatever a database or a service calls things: each is legal, and
/// stands once.
struct StarterNames {
    private static let bytesAtMost = 48
    /// What some reader of YAML takes for another thing than a text, and the mark of what is undecided.
    private static let reserved: Set<String> = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", StarterConfiguration.undecided,
    ]

    private var taken: Set<String> = []

    /// The names of these columns' fields, in their order: who has a legal name already keeps it.
    static func fields(_ columns: [String]) -> [String] {
        var names = StarterNames()
        var fields: [String?] = columns.map { column in
            let name = identifier(column)
            return !name.isEmpty && name == column.lowercased() && names.taken.insert(name).inserted ? name : nil
        }
        for index in fields.indices where fields[index] == nil {
            let name = identifier(columns[index])
            fields[index] = names.unique(name.isEmpty ? "column_\(index + 1)" : name)
        }
        return fields.compactMap { $0 }
    }

    /// The name of a migration, its entity too.
    static func migration(_ name: String) -> String {
        let name = identifier(name, joining: "-_.")
        return name.isEmpty ? "records" : name
    }

    static func isReserved(_ name: String) -> Bool { reserved.contains(name.lowercased()) }

    private mutating func unique(_ name: String) -> String {
        var number = 1
        var candidate = name
        while !taken.insert(candidate).inserted {
            number += 1
            candidate = "\(name)_\(number)"
        }
        return candidate
    }

    /// Small letters, digits and `_`, beginning with a letter; empty where a name has none of them.
    ///
    /// - Parameter others: what may stand within it besides; its last sign is no part of the name.
    private static func identifier(_ name: String, joining others: String = "_") -> String {
        var word = ""
        for scalar in name.unicodeScalars {
            let isWord = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            if isWord || others.unicodeScalars.contains(scalar) {
                word.unicodeScalars.append(scalar)
            } else if word.last != "_" {
                word += "_"
            }
            if word.utf8.count == bytesAtMost { break }
        }
        word = word.lowercased()
        guard let first = word.first(where: { $0 != "_" }) else { return "" }
        return first.isLetter && word.first != "_" && !isReserved(word) ? word : "f_" + word
    }
}
