/// A mapping of which every key must be known. What is wrong with it goes to `issues`; reading goes on with the rest.
struct Section {
    let place: Place
    let issues: Issues
    private var values: [String: DocumentValue] = [:]

    /// Nil when the node is no mapping.
    ///
    /// - Parameter example: what might be written here.
    init?(_ value: DocumentValue, keys known: [String], like example: String? = nil) {
        guard let entries = value.entries(like: example) else { return nil }
        place = value.place
        issues = value.issues
        for entry in entries {
            if known.contains(entry.key) {
                values[entry.key] = entry.value
            } else {
                let advice = Spelling.advice(for: entry.key, among: known)
                issues.error(entry.value.place, "unknown key \"\(entry.key)\"; \(advice)")
            }
        }
    }

    subscript(key: String) -> DocumentValue? { values[key] }

    /// The value of a key that must be there.
    func required(_ key: String, _ whatToWrite: String) -> DocumentValue? {
        if values[key] == nil { issues.error(place, "key \"\(key)\" is missing; write \(key): \(whatToWrite)") }
        return values[key]
    }
}
