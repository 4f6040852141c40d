import Migration
import WireFormat

/// Finds out of which entity each method of a migration is: records of two entities may have equal keys, and lanes,
/// dirt and pins are kept apart.
///
/// A method says so itself, or its migration does. Else the entity is named after the service, for the two sides of a
/// service hold the same records. Services of which one asks the other for a record, or gives it one (`look_up`, `put`
/// and so on), hold the same ones too, and have the first one's name.
struct EntityCheck {
    let migration: MigrationDraft
    let issues: Issues
    /// The service and the name of a method of the migration; nil when it is none, which is reported elsewhere.
    let fullName: (String) -> (service: String, name: String)?

    struct Result {
        /// In the order in which they are first named.
        var names: [String] = []
        /// By the place of the method among the draft's; 0 for those that are of none.
        var indices: [Int] = []
    }

    private struct Method {
        let draft: MethodDraft
        let service: String
        let path: String
        /// What it says of itself.
        let said: String?
        /// The methods that it has the sidecar ask.
        let asked: [(key: String, place: Place, service: String, path: String)]
    }

    func result() -> Result {
        let methods = migration.methods.map(method)
        let groups = groups(methods.compactMap { $0 })
        let names = methods.map { method in
            method.map { $0.said ?? groups[$0.service] ?? $0.service }
        }
        checkAsked(methods, names)
        warnOfGuesses(methods, names)
        var result = Result()
        for name in names {
            if let name, !result.names.contains(name) { result.names.append(name) }
            result.indices.append(name.flatMap(result.names.firstIndex) ?? 0)
        }
        return result
    }

    /// Nil for methods that name no record.
    private func method(_ draft: MethodDraft) -> Method? {
        guard let routing = draft.rule.routing, let (service, name) = fullName(draft.name) else { return nil }
        let asked = Self.asked(draft.rule).compactMap { key, method in
            fullName(method.value).map { (key, method.place, $0.service, "\($0.service)/\($0.name)") }
        }
        return Method(
            draft: draft, service: service, path: "\(service)/\(name)",
            said: (routing.entity ?? migration.entity)?.value, asked: asked)
    }

    private static func asked(_ rule: MethodDraft.Rule) -> [(key: String, method: Placed<String>)] {
        switch rule {
        case .write(let write):
            let derived = [
                ("look_up", write.lookUp), ("put", write.put), ("put_or_insert", write.putOrInsert),
                ("erase", write.erase),
            ]
            return derived.compactMap { key, request in request.map { (key, $0.method) } }
        case .multiQuery(let query):
            if case .method(let method, _) = query.lookUp { return [("confirm", method)] }
            return []
        case .singleQuery, .passThrough: return []
        }
    }

    /// By the service, the name of its entity where nothing is said of it.
    private func groups(_ methods: [Method]) -> [String: String] {
        var names: [String: String] = [:]
        let services = migration.services.map(\.value)
        for service in services { names[service] = service }
        for method in methods where method.said == nil {
            for asked in method.asked where methods.first(where: { $0.path == asked.path })?.said == nil {
                guard let one = names[method.service], let other = names[asked.service], one != other else { continue }
                let first = services.first { $0 == one || $0 == other } ?? one
                for (service, name) in names where name == one || name == other { names[service] = first }
            }
        }
        return names
    }

    /// A record that is pinned or dirty must be so for each method that the sidecar itself takes for the same record's.
    private func checkAsked(_ methods: [Method?], _ names: [String?]) {
        for (method, name) in zip(methods, names) {
            for asked in method?.asked ?? [] {
                guard let name, let index = methods.firstIndex(where: { $0?.path == asked.path }),
                    let other = names[index], other != name
                else { continue }
                issues.error(
                    asked.place,
                    "\(asked.key) asks \(asked.path) about records of the entity \(name), and that method is one of "
                        + "\(other); write entity: \(name) there too")
            }
        }
    }

    /// Two services without a word of each other may hold the same records all the same.
    private func warnOfGuesses(_ methods: [Method?], _ names: [String?]) {
        let found = zip(methods, names).compactMap { method, name in method.flatMap { $0.said == nil ? name : nil } }
        let guessed = migration.services.filter { found.contains($0.value) }
        guard guessed.count > 1, methods.contains(where: { $0?.draft.rule.isWrite == true }) else { return }
        issues.warn(
            guessed[1].place,
            "the records of \(guessed.map(\.value).joined(separator: " and ")) are taken for different ones, although "
                + "their keys may be equal; write entity: NAME in the methods (or in the migration, where all are of "
                + "one entity)")
    }
}

extension MethodDraft.Rule {
    fileprivate var isWrite: Bool { if case .write = self { true } else { false } }
}
