/// Guesses what a field, a column or a method is for by its name.
enum NameGuess {
    private static let grayWords = [
        "store", "shop", "tenant", "merchant", "seller", "branch", "site", "warehouse", "region", "account", "customer",
        "org", "organization", "company", "city", "country",
    ]
    private static let keyWords = ["id", "uuid", "key", "number", "no", "code", "name"]

    /// How well a name fits the dimension of a rollout, 0 the best; nil if it does not.
    static func grayRank(_ name: String) -> Int? {
        let parts = words(name).filter { !keyWords.contains($0) }
        guard parts.count == 1, let word = parts.first else { return nil }
        return grayWords.firstIndex(of: word)
    }

    /// How well a name fits what tells records apart, 0 the best; nil if it does not.
    static func keyRank(_ name: String) -> Int? {
        guard let last = words(name).last, let rank = keyWords.firstIndex(of: last) else { return nil }
        return words(name).count == 1 ? rank : keyWords.count + rank
    }

    /// Whether two names may mean the same: one has all words of the other, and they share more than `id` or `number`.
    static func areNear(_ one: String, _ other: String) -> Bool {
        let (words, others) = (Set(words(one)), Set(words(other)))
        let shared = words.intersection(others)
        return (shared == words || shared == others) && !shared.isSubset(of: keyWords)
    }

    enum MethodKind {
        case get, getMany, list, insert, update, upsert, delete, read, unknown
    }

    private static let verbs: [(kind: MethodKind, words: [String])] = [
        (.get, ["get", "find", "read", "fetch", "load", "lookup", "describe", "show"]),
        (.getMany, ["batch", "multi"]),
        (.list, ["list", "search", "query", "browse", "scan"]),
        (.insert, ["create", "add", "insert", "register", "new", "submit", "open"]),
        (.upsert, ["upsert", "save", "put", "replace", "store"]),
        (
            .update,
            ["update", "change", "set", "modify", "patch", "edit", "rename", "cancel", "confirm", "complete", "mark"]
        ),
        (.delete, ["delete", "remove", "erase", "purge", "drop"]),
        (.read, ["watch", "stream", "subscribe", "export", "download", "count", "check", "ping", "health"]),
    ]

    static func kind(ofMethod name: String) -> MethodKind {
        let parts = words(name)
        let kind = verbs.first { $0.words.contains(parts.first ?? "") }?.kind ?? .unknown
        let isMany = parts.contains("many") || parts.contains("batch")
        return kind == .get && isMany ? .getMany : kind
    }

    /// The words of `store_id`, `storeId` and `GetStore`, in small letters.
    static func words(_ name: String) -> [String] {
        var words: [String] = []
        var isAfterSmall = false
        for character in name {
            guard character.isLetter || character.isNumber else {
                words.append("")
                isAfterSmall = false
                continue
            }
            if words.isEmpty || (character.isUppercase && isAfterSmall) { words.append("") }
            words[words.count - 1].append(contentsOf: character.lowercased())
            isAfterSmall = !character.isUppercase
        }
        return words.filter { !$0.isEmpty }
    }

    /// The name that most groups have, the better fitting one of two; nil where none fits.
    static func common(_ groups: [[String]], rank: (String) -> Int?) -> String? {
        var counts: [String: Int] = [:]
        for group in groups { for name in Set(group) where rank(name) != nil { counts[name, default: 0] += 1 } }
        return counts.min { one, other in
            let (ranks, names) = ((rank(one.key) ?? 0, rank(other.key) ?? 0), (one.key, other.key))
            return (-one.value, ranks.0, names.0) < (-other.value, ranks.1, names.1)
        }?.key
    }
}
